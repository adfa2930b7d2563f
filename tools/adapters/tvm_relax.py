#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TVM's relax.nn.batch_norm, compiled for the CPU by LLVM. An absent gamma
(beta) is scale=False (center=False)."""
import functools

import numpy as np
import tvm
from tvm import relax

from serve import Unsupported, serve

STATISTICS = ("running_mean", "running_var")
TYPES = {"f64": "float64", "f32": "float32", "f16": "float16"}


@functools.lru_cache(maxsize=64)
def compiled(shape, axis, dtype, epsilon, momentum, training, scale, center):
    builder = relax.BlockBuilder()

    def variable(name, shape):
        return relax.Var(name, relax.TensorType(shape, dtype))

    inputs = [variable("x", shape), *(
        variable(n, [shape[axis]]) for n in ("g", "b", "m", "v"))]
    with builder.function("main", inputs):
        builder.emit_func_output(builder.emit(relax.op.nn.batch_norm(
            *inputs, axis=axis, epsilon=epsilon, center=center, scale=scale,
            momentum=momentum, training=training)))
    return relax.VirtualMachine(tvm.compile(builder.get(), target="llvm"),
                                tvm.cpu())["main"]


def run(case, training):
    case.one_format()
    if case.dtypes["x"] not in TYPES:
        raise Unsupported("no such format")
    program = compiled(
        case.shape, case.channel_axis, TYPES[case.dtypes["x"]],
        case.float_epsilon(), case.weight if training else 0.0, training,
        "gamma" in case, "beta" in case)
    arrays = [case["x"], *(case.parameter(n, None, True) for n in (
        "gamma", "beta", *STATISTICS))]
    found = program(*(tvm.runtime.tensor(np.ascontiguousarray(a))
                      for a in arrays))
    return {n: t.numpy() for n, t in zip(("y", *STATISTICS), found)
            if n == "y" or training and n in case}


def forward_training(case):
    return run(case, True)


def forward_inference(case):
    return run(case, False)


if __name__ == "__main__":
    serve(f"TVM {tvm.__version__}, relax", [forward_training,
                                            forward_inference],
          dtypes=list(TYPES), zero_variance="nan", running_variance="biased",
          outputs={"forward_training": ["y", *STATISTICS]})
