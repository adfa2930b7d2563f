#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MNN.nn.batch_norm, f32, on the CPU: rank 4, channels at axis 1.

The parameters of the module are scale, bias, variance and mean. An absent one
is 1 or 0.
"""
import numpy as np

from serve import Unsupported, serve, take_standard_output

take_standard_output()  # MNN prints when it is imported
import MNN  # noqa: E402
import MNN.expr as expr  # noqa: E402
import MNN.nn as nn  # noqa: E402

ORDER = ("gamma", "beta", "running_var", "running_mean")


def variable(array):
    return expr.const(array.ravel().tolist(), list(array.shape), expr.NCHW)


def stored(found, shape):
    return np.array(expr.convert(found, expr.NCHW).read(),
                    np.float32).reshape(shape)


def run(case, training):
    if len(case.shape) != 4:
        raise Unsupported("rank 4")
    channels = case.shape[1]
    module = nn.batch_norm(channels, 4, case.as_float32(
        "momentum", case.momentum or 0.0), case.as_float32(
        "epsilon", case.epsilon))
    module.load_parameters([variable(case.parameter(n, "f32", True).reshape(
        1, channels, 1, 1)) for n in ORDER])
    module.train(training)
    found = {"y": stored(module(variable(case["x"])), case.shape)}
    if training:
        found.update({n: stored(p, channels) for n, p in zip(
            ORDER, module.parameters) if n in case and "running" in n})
    return found


def forward_training(case):
    return run(case, True)


def forward_inference(case):
    return run(case, False)


if __name__ == "__main__":
    serve(f"MNN {MNN.version()}", [forward_training, forward_inference],
          dtypes=["f32"], channel_axes=["1"], momentum="weight_of_old",
          running_variance="biased", zero_variance="nan",
          outputs={"forward_training": ["y", "running_mean", "running_var"]})
