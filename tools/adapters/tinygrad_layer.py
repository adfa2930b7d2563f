#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tinygrad.nn.BatchNorm, on the CPU. Gradients are by Tensor.gradient, the
double backward by the gradient of a gradient.
"""
import os
from importlib.metadata import version

os.environ.setdefault("DEV", "CPU")
import numpy as np  # noqa: E402
from tinygrad import Tensor, dtypes, nn  # noqa: E402
from tinygrad.helpers import Context  # noqa: E402

from serve import serve  # noqa: E402

STATISTICS = ("running_mean", "running_var")


def tensor(array):
    array = np.ascontiguousarray(array)
    if array.dtype == np.uint16:
        return Tensor(array).bitcast(dtypes.bfloat16)
    return Tensor(array)


def stored(found):
    if found.dtype == dtypes.bfloat16:
        return found.contiguous().bitcast(dtypes.uint16).numpy()
    return found.numpy()


def module(case, gamma, beta, running):
    made = nn.BatchNorm(case.shape[1], eps=case.float_epsilon(), affine=False,
                        track_running_stats=running, momentum=case.weight)
    made.weight, made.bias = gamma, beta
    if running:
        made.running_mean, made.running_var = (
            tensor(case.parameter(n, case.dtypes["x"], True))
            for n in STATISTICS)
    return made


def parameters(case, absent, *names):
    found = [case.parameter(n, case.dtypes["x"], absent) for n in names]
    return [None if a is None else tensor(a) for a in found]


def forward_training(case):
    running = any(n in case for n in STATISTICS)
    made = module(case, *parameters(case, False, "gamma", "beta"), running)
    with Context(TRAINING=1):
        y = stored(made(tensor(case["x"])))
    return {"y": y, **{n: stored(getattr(made, n)) for n in STATISTICS
                       if n in case}}


def forward_inference(case):
    made = module(case, *parameters(case, False, "gamma", "beta"), True)
    with Context(TRAINING=0):
        return {"y": stored(made(tensor(case["x"])))}


def first(case, training, x, gamma, beta, dy):
    made = module(case, gamma, beta, not training)
    with Context(TRAINING=int(training)):
        return made(x).gradient(x, gamma, beta, gradient=dy)


def backward(case, training):
    x, dy = tensor(case["x"]), tensor(case.like_x("dy"))
    gamma, beta = parameters(case, True, "gamma", "beta")
    found = first(case, training, x, gamma, beta, dy)
    return dict(zip(("dx", "dgamma", "dbeta"), map(stored, found)))


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def double_backward_training(case):
    x, dy = tensor(case["x"]), tensor(case.like_x("dy"))
    gamma, beta = parameters(case, True, "gamma", "beta")
    weights = [tensor(case.like_x("ddx")),
               *parameters(case, True, "ddgamma", "ddbeta")]
    found = first(case, True, x, gamma, beta, dy)
    total = sum(f.mul(w).sum() for f, w in zip(found, weights))
    by = total.gradient(dy, x, gamma)
    return dict(zip(("grad_dy", "grad_x", "grad_gamma"), map(stored, by)))


def formats():
    """Those that tinygrad's compiler has: an old clang has no bf16."""
    found = ["f64", "f32"]
    for name, dtype in ("f16", dtypes.float16), ("bf16", dtypes.bfloat16):
        try:
            (Tensor([1.0], dtype=dtypes.float32).cast(dtype) + 1).tolist()
            found.append(name)
        except Exception:  # a compiler's message, of any class
            pass
    return found


def main():
    serve(f"tinygrad {version('tinygrad')}", [
        forward_training, forward_inference, backward_training,
        backward_inference, double_backward_training],
        dtypes=formats(), channel_axes=["1"],
        outputs={"forward_training": ["y", *STATISTICS]},
        running_variance="unbiased", zero_variance="nan")


if __name__ == "__main__":
    main()
