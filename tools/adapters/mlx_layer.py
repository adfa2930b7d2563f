#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mlx.nn.BatchNorm, on the CPU: channels last, rank 2 to 4, epsilon above 0.
Gradients are by mx.vjp, the forward derivative by mx.jvp, the double backward by
mx.vjp of mx.vjp.
"""
from importlib.metadata import version

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from serve import Rejected, Unsupported, serve, typed

# Without a type, mx.array would narrow f64.
TYPES = {"float64": mx.float64, "float32": mx.float32, "float16": mx.float16}
STATISTICS = ("running_mean", "running_var")


def tensor(array):
    array = np.ascontiguousarray(array)
    if array.dtype == np.uint16:
        return mx.array(array).view(mx.bfloat16)
    return mx.array(array, TYPES[array.dtype.name])


def stored(found):
    if found.dtype == mx.bfloat16:
        return np.array(mx.contiguous(found).view(mx.uint16))
    return np.array(found)


def module(case, gamma, beta, training, running):
    if case.epsilon == 0:
        raise Unsupported("MLX refuses an epsilon of 0")
    if len(case.shape) > 4:
        raise Unsupported("rank 2 to 4")
    made = nn.BatchNorm(case.shape[-1], eps=case.float_epsilon(),
                        momentum=case.weight, affine=gamma is not None,
                        track_running_stats=running)
    if gamma is not None:
        made.weight, made.bias = gamma, beta
    if running:
        made.running_mean, made.running_var = (
            tensor(case.parameter(n, case.dtypes["x"], True))
            for n in STATISTICS)
    return made.train(training)


def parameters(case, absent, *names):
    """Both or none: an affine layer has a weight and a bias."""
    if not absent and not any(n in case for n in names):
        return [None for _ in names]
    return [tensor(case.parameter(n, case.dtypes["x"], True)) for n in names]


def guarded(function):
    def run(case):
        try:
            return function(case)
        except ValueError as error:
            if "more than one value per channel" in str(error):
                raise Rejected(str(error)) from error
            raise
    run.__name__ = function.__name__
    return run


def forward_training(case):
    running = any(n in case for n in STATISTICS)
    made = module(case, *parameters(case, False, "gamma", "beta"), True,
                  running)
    y = made(tensor(case["x"]))
    return {"y": stored(y), **{n: stored(getattr(made, n)) for n in STATISTICS
                               if n in case}}


def forward_inference(case):
    made = module(case, *parameters(case, False, "gamma", "beta"), False, True)
    return {"y": stored(made(tensor(case["x"])))}


def function(case, training):
    """y as a function of x, gamma and beta; and these."""
    gamma, beta = parameters(case, True, "gamma", "beta")

    def call(x, gamma, beta):
        return module(case, gamma, beta, training, not training)(x)

    return call, [tensor(case["x"]), gamma, beta]


def backward(case, training):
    call, leaves = function(case, training)
    _, found = mx.vjp(call, leaves, [tensor(case.like_x("dy"))])
    return dict(zip(("dx", "dgamma", "dbeta"), map(stored, found)))


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def jvp_training(case):
    call, leaves = function(case, True)
    dots = [tensor(case.like_x("x_dot")),
            *parameters(case, True, "gamma_dot", "beta_dot")]
    return {"y_dot": stored(mx.jvp(call, leaves, dots)[1][0])}


def double_backward_training(case):
    call, leaves = function(case, True)
    weights = [tensor(case.like_x("ddx")),
               *parameters(case, True, "ddgamma", "ddbeta")]

    def first(x, gamma, beta, dy):
        return mx.vjp(call, [x, gamma, beta], [dy])[1]

    _, by = mx.vjp(first, [*leaves, tensor(case.like_x("dy"))], weights)
    return dict(zip(("grad_x", "grad_gamma", "grad_dy"),
                    (stored(by[i]) for i in (0, 1, 3))))


def main():
    mx.set_default_device(mx.cpu)
    serve(f"MLX {version('mlx')}, CPU", [guarded(f) for f in (
        forward_training, forward_inference, backward_training,
        backward_inference, jvp_training, double_backward_training)],
        dtypes=["f64", "f32", "f16", "bf16"], channel_axes=["last"],
        outputs={"forward_training": ["y", *STATISTICS]},
        running_variance="unbiased", single_value="reject")


if __name__ == "__main__":
    main()
