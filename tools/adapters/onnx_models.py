#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX's BatchNormalization: onnx_models.py onnxruntime|reference|openvino

Each case is a model of one BatchNormalization, opset 15, that ONNX Runtime, the
reference evaluator of onnx, or OpenVINO's ONNX frontend runs. An input that
ONNX requires and the case lacks is a tensor of 1 or 0.
"""
import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper

from serve import Unsupported, serve, typed

TYPES = {"f64": TensorProto.DOUBLE, "f32": TensorProto.FLOAT,
         "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
PLACES = {"gamma": "scale", "beta": "B", "running_mean": "input_mean",
          "running_var": "input_var"}
STATISTICS = ("running_mean", "running_var")
PAIRS = {"gamma": "beta", "beta": "gamma", "running_mean": "running_var",
         "running_var": "running_mean"}


def inputs(case):
    """The arrays by their names in ONNX, and their formats. gamma and beta have
    one format, and so have the statistics: ONNX's T1 and T2."""
    arrays, formats = {"X": typed(case["x"])}, {"X": case.dtypes["x"]}
    for name, place in PLACES.items():
        dtype = case.dtypes.get(name, case.dtypes.get(
            PAIRS[name], case.dtypes["x"]))
        if case.dtypes.get(PAIRS[name], dtype) != dtype:
            raise Unsupported(f"{name} and {PAIRS[name]} differ in format")
        arrays[place] = typed(case.parameter(name, dtype, True))
        formats[place] = dtype
    return arrays, formats


def model(case, training, arrays, formats):
    attributes = {"epsilon": case.as_float32("epsilon", case.epsilon)}
    outputs = [("Y", "X")]
    if training:
        attributes.update(training_mode=1, momentum=case.as_float32(
            "momentum", case.momentum or 0.0))
        outputs += [("running_mean", "input_mean"),
                    ("running_var", "input_var")]

    def described(name, like):
        return helper.make_tensor_value_info(name, TYPES[formats[like]],
                                             arrays[like].shape)

    node = helper.make_node("BatchNormalization", list(arrays),
                            [name for name, _ in outputs], **attributes)
    graph = helper.make_graph([node], "g", [described(n, n) for n in arrays],
                              [described(*o) for o in outputs])
    return helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 15)])


# ---- The engines: each returns a function of a model and its arrays.

def onnxruntime():
    import onnxruntime as ort
    ort.set_default_logger_severity(3)

    def run(made, arrays):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            session = ort.InferenceSession(made.SerializeToString(), options,
                                           ["CPUExecutionProvider"])
        except Exception as error:
            # ONNX Runtime has an exception class for each status.
            if type(error).__name__ in ("NotImplemented", "InvalidGraph"):
                raise Unsupported(str(error)) from error
            raise
        return session.run(None, arrays)

    return f"ONNX Runtime {ort.__version__}", run, {
        "dtypes": ["f64", "f32", "f16"], "subnormals": "keep"}


def reference():
    from onnx.reference import ReferenceEvaluator

    def run(made, arrays):
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(made).run(None, arrays)

    return f"onnx.reference {onnx.__version__}", run, {}


def openvino():
    import openvino as ov
    core = ov.Core()
    # Its ONNX frontend fails on f16 data with f32 parameters, and it computes
    # f64 in f32.

    def run(made, arrays):
        try:
            model = core.read_model(made.SerializeToString())
        except RuntimeError as error:
            if "OpConversionFailure" in str(error):
                raise Unsupported("the ONNX frontend does not convert it"
                                  ) from error
            raise
        compiled = core.compile_model(
            model, "CPU",
            {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
        found = compiled(list(arrays.values()))
        return [found[i].copy() for i in range(len(compiled.outputs))]

    return f"OpenVINO {ov.__version__.split('-')[0]}", run, {
        "dtypes": ["f64", "f32", "f16"], "operations": ["forward_inference"]}


ENGINES = {"onnxruntime": onnxruntime, "reference": reference,
           "openvino": openvino}


def answered(case, training):
    arrays, formats = inputs(case)
    found = RUN(model(case, training, arrays, formats), arrays)
    # An optional bf16 may come back as its bits.
    out = dict(zip(("y", *STATISTICS), map(np.asarray, found)))
    return {n: a for n, a in out.items() if n == "y" or n in case}


def forward_training(case):
    return answered(case, True)


def forward_inference(case):
    return answered(case, False)


def main():
    global RUN
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    name, RUN, more = ENGINES[parser.parse_args().engine]()
    declaration = {
        "channel_axes": ["1"], "momentum": "weight_of_old",
        "running_variance": "biased", "zero_variance": "nan",
        "outputs": {"forward_training": ["y", "running_mean", "running_var"]},
        **more}
    offered = declaration.pop("operations", None)
    serve(name, [f for f in (forward_training, forward_inference)
                 if not offered or f.__name__ in offered], **declaration)


if __name__ == "__main__":
    main()
