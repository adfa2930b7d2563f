#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares ONNX test folders with the JSON of the same cases, bit by bit:
read_onnx.py JSON_DIR ONNX_DIR. Exit code 0, or 1 if they differ.

The JSON must be of --convention onnx. Needs the package onnx. Everyday cases
are also compared with the formulas of BatchNormalization-15."""
import glob
import json
import math
import os
import struct
import sys

import onnx
from onnx import TensorProto, numpy_helper

TYPES = {"f64": TensorProto.DOUBLE, "f32": TensorProto.FLOAT,
         "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
INPUTS = ["x", "gamma", "beta", "running_mean", "running_var"]
OUTPUTS = ["y", "running_mean", "running_var"]
EVERYDAY = {"WorkedExample", "RunningSteps", "MomentumEighth", "MomentumOne"}


def require(truth, what):
    if not truth:
        raise ValueError(what)


def read_tensor(path):
    tensor = onnx.TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return tensor


def big_endian(tensor, wanted):
    width = len(wanted["bits"]) // 2 // math.prod(wanted["shape"])
    data = tensor.raw_data
    return b"".join(data[i:i + width][::-1]
                    for i in range(0, len(data), width)).hex()


def check_tensor(what, tensor, info, wanted):
    require(tensor.data_type == TYPES[wanted["dtype"]], what + ": type")
    require(list(tensor.dims) == wanted["shape"], what + ": shape")
    require(big_endian(tensor, wanted) == wanted["bits"], what + ": bits")
    type_ = info.type.tensor_type
    require(tensor.name == info.name and
            tensor.data_type == type_.elem_type and
            list(tensor.dims) == [d.dim_value for d in type_.shape.dim],
            what + ": differs from the model")


def compute(attributes, inputs):
    """The formulas of the operator, in doubles."""
    x, scale, bias, mean, var = [
        numpy_helper.to_array(t).astype(float) for t in inputs]
    axes = tuple(i for i in range(x.ndim) if i != 1)
    shape = [-1 if i == 1 else 1 for i in range(x.ndim)]
    running = []
    if attributes.get("training_mode", 0):
        now, old = (x.mean(axes), x.var(axes)), (mean, var)
        weight = attributes.get("momentum", 0.9)
        running = [a * weight + b * (1 - weight) for a, b in zip(old, now)]
        mean, var = now
    root = (var + attributes["epsilon"])**0.5
    y = (x - mean.reshape(shape)) / root.reshape(shape)
    return [y * scale.reshape(shape) + bias.reshape(shape)] + running


def check_case(folder, case):
    model = onnx.load(os.path.join(folder, "model.onnx"))
    onnx.checker.check_model(model, full_check=True)
    require(model.doc_string == case["comment"], "doc_string")
    require(model.opset_import[0].version == 15, "opset")
    node, = model.graph.node
    attributes = {a.name: onnx.helper.get_attribute_value(a)
                  for a in node.attribute}
    training = case["operation"] == "forward_training"
    require(attributes.get("training_mode", 0) == training, "training_mode")
    double = lambda digits: struct.unpack(
        ">d", bytes.fromhex(digits))[0]
    require(attributes["epsilon"] == double(case["epsilon"]), "epsilon")
    outputs = dict(case["expected"]["outputs"])
    if training:
        require(attributes["momentum"] == double(case["dialect"]["momentum"])
                == 1 - double(case["momentum"]), "momentum")
        outputs.update(case["dialect"]["outputs"])
    data = os.path.join(folder, "test_data_set_0")
    inputs = [read_tensor(os.path.join(data, f"input_{i}.pb"))
              for i in range(5)]
    for i, name in enumerate(INPUTS):
        if name in case["inputs"]:
            check_tensor(name, inputs[i], model.graph.input[i],
                         case["inputs"][name])
        else:
            values = numpy_helper.to_array(inputs[i])
            require((values == (name == "gamma")).all(), name + ": default")
    names = OUTPUTS if training else OUTPUTS[:1]
    require(len(glob.glob(os.path.join(data, "output_*"))) == len(names) ==
            len(model.graph.output), "outputs")
    given = [read_tensor(os.path.join(data, f"output_{i}.pb"))
             for i in range(len(names))]
    for i, name in enumerate(names):
        check_tensor(name, given[i], model.graph.output[i], outputs[name])
    if not EVERYDAY.intersection(case["labels"]) or any(
            t.data_type == TensorProto.BFLOAT16 for t in inputs):
        return False
    for name, tensor, wanted in zip(names, given,
                                    compute(attributes, inputs)):
        near = abs(numpy_helper.to_array(tensor).astype(float) - wanted)
        require((near <= 2e-3 * (1 + abs(wanted))).all(), name + ": formula")
    return True


def main():
    folder, other = sys.argv[1:]
    cases = {}
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as file:
            cases.update((c["id"], c) for c in json.load(file)["cases"])
    count = computed = trained = 0
    for name in sorted(os.listdir(other)):
        if name == "MANIFEST.sha256":
            continue
        try:
            computed += check_case(os.path.join(other, name), cases[name])
            trained += name.startswith("fwd")
            count += 1
        except (KeyError, ValueError, onnx.checker.ValidationError) as error:
            sys.exit(f"{name}: {error!r}")
    print(count, "cases are the same,", trained, "of training,", computed,
          "by the formulas too")
    sys.exit(0 if trained and computed else 1)


if __name__ == "__main__":
    main()
