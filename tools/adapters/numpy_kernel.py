#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The textbook in numpy, as a subject: replace it with your own kernel.

f64 and f32 are computed in their own precision; f16 and bf16 in f32, rounded
once.
"""
import numpy as np

from serve import bf16, serve, widened


def wide(array):
    return np.float32(array) if array.dtype == np.float16 else widened(array)


def rounded(values, dtype):
    """Rounds float32 to the format of x, to nearest even."""
    if dtype == "f16":
        return values.astype(np.float16)
    if dtype == "bf16":
        bits = values.view(np.uint32)
        up = bits + 0x7fff + (bits >> 16 & 1) & np.uint32(0xffff0000)
        return bf16(np.where(np.isnan(values), values, up.view(np.float32)))
    return values


def parts(case, training):
    x, axes = wide(case["x"]), case.other_axes()
    along = case.along_channels

    def parameter(name, absent):
        array = wide(case[name]) if name in case else case.channels(absent)
        return array.astype(x.dtype)

    gamma, beta = parameter("gamma", 1), parameter("beta", 0)
    mean, var = parameter("running_mean", 0), parameter("running_var", 1)
    if training:
        mean = x.mean(axes)
        var = np.square(x - along(mean)).mean(axes)
    invstd = 1 / np.sqrt(var + x.dtype.type(case.epsilon))
    xhat = (x - along(mean)) * along(invstd)
    y = along(gamma) * xhat + along(beta)
    return x, gamma, mean, var, invstd, xhat, rounded(y, case.dtypes["x"])


def forward_training(case):
    x, _, mean, var, invstd, _, y = parts(case, True)
    out = {"y": y, "mean": mean, "var": var, "invstd": invstd}
    m = x.size // mean.size
    with np.errstate(divide="ignore"):
        unbiased = var * (np.float64(m) / np.float64(m - 1)).astype(x.dtype)
    w = x.dtype.type(case.weight)
    for name, new in ("running_mean", mean), ("running_var", unbiased):
        if name in case:
            out[name] = (1 - w) * wide(case[name]).astype(x.dtype) + w * new
    return out


def forward_inference(case):
    return {"y": parts(case, False)[-1]}


def gradients(case, training):
    x, gamma, _, _, invstd, xhat, _ = parts(case, training)
    dy, axes, along = wide(case["dy"]), case.other_axes(), case.along_channels
    dbeta, dgamma = dy.sum(axes), (dy * xhat).sum(axes)
    inner = dy
    if training:
        m = x.dtype.type(x.size // dbeta.size)
        inner = dy - (along(dbeta) + xhat * along(dgamma)) / m
    dx = along(gamma * invstd) * inner
    return {"dx": rounded(dx, case.dtypes["x"]), "dgamma": dgamma,
            "dbeta": dbeta}


def backward_training(case):
    return gradients(case, True)


def backward_inference(case):
    return gradients(case, False)


np.seterr(all="ignore")
serve("numpy_kernel.py, numpy " + np.__version__,
      [forward_training, forward_inference, backward_training,
       backward_inference])
