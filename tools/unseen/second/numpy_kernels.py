#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Batch normalization in numpy, sound or with one bug.

    numpy_kernels.py NAME

NAME is "sound" or a name of `DEFECTS`. Elements are float32; sums are taken in
double over rows of a [channels, samples] array, in two passes.
"""
import math
import os
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "..", "..", "adapters"))
from serve import Unsupported, serve, widened

DEFECTS = (
    "dx_bessel", "bwi_dgamma_batch_mean", "var_plus_eps_in_place",
    "dbl_gradx_no_ddgamma", "jvp_unnormalized_projection", "abs_gamma",
    "bessel_by_batch", "gamma_broadcast_last", "odd_batch_dropped",
    "count_nchw_in_nhwc", "sums_in_x_dtype", "running_in_x_dtype",
    "bf16_dy_as_f16", "mean_in_half", "jvp_gamma_dot_needs_gamma",
    "gradgamma_divides", "cumulative_off_by_one", "no_gamma_no_dgamma",
    "clip_xhat", "stale_fold", "var_floor", "nan_to_num")

DEFECT = "sound"
F = np.float32
FOLDED = {}  # of stale_fold


# ---- formats ---------------------------------------------------------------

def to_bf16_bits(values):
    """Rounds float32 to bf16, to nearest even."""
    bits = np.ascontiguousarray(values, F).view(np.uint32)
    rounded = (bits + np.uint32(0x7fff) + ((bits >> 16) & np.uint32(1))) >> 16
    nan = (bits >> 16) | np.uint32(0x40)
    return np.where(np.isnan(values), nan, rounded).astype(np.uint16)


def store(case, values):
    """Values in the format of x."""
    if case.dtypes["x"] == "f16":
        return values.astype(np.float16)
    if case.dtypes["x"] == "bf16":
        return to_bf16_bits(values)
    return values.astype(F)


def through_x(case, values):
    """Values rounded to the format of x, in float32."""
    return widened(store(case, values)).astype(F)


def load(case, name, otherwise=None):
    """An input in float32, or an array of `otherwise` for each channel."""
    if name in case:
        return widened(case[name]).astype(F)
    return np.full(case.shape[case.channel_axis], otherwise, F)


# ---- layout ----------------------------------------------------------------

def rows(case, array):
    """[channels, samples] of an array with the shape of x."""
    moved = np.moveaxis(array, case.channel_axis, 0)
    return np.ascontiguousarray(moved).reshape(moved.shape[0], -1)


def unrows(case, array):
    """The inverse of `rows`."""
    shape = list(case.shape)
    moved = [shape.pop(case.channel_axis)] + shape
    return np.ascontiguousarray(
        np.moveaxis(array.reshape(moved), 0, case.channel_axis))


def load_rows(case, name):
    return rows(case, load(case, name))


def sums(array):
    """Sum of each row, in double."""
    return array.astype(np.float64).sum(axis=1)


def col(array):
    return array[:, None]


# ---- statistics ------------------------------------------------------------

def inverse_std(case, var):
    return (1 / np.sqrt(np.asarray(var, np.float64) + case.epsilon)).astype(F)


def batch_statistics(case, x):
    """mean, var (both float64, unrounded) of rows."""
    m = x.shape[1]
    mean = sums(x) / m
    return mean, sums((x - col(mean.astype(F))).astype(np.float64)**2) / m


def normalized(case, x):
    """xhat and invstd with the statistics of the batch."""
    mean, var = batch_statistics(case, x)
    invstd = inverse_std(case, var)
    return (x - col(mean.astype(F))) * col(invstd), invstd


def updated(case, name, new):
    """The running statistic after the batch."""
    weight = case.weight
    if DEFECT == "cumulative_off_by_one" and case.momentum is None:
        weight = 1 / max(case.batches_tracked, 1)
    old = load(case, name).astype(np.float64)
    out = ((1 - weight) * old + weight * new).astype(F)
    if DEFECT == "running_in_x_dtype":
        out = through_x(case, out)
    return out


# ---- operations ------------------------------------------------------------

def checked(case):
    if "f64" in case.dtypes.values():
        raise Unsupported("no f64")


def forward_training(case):
    checked(case)
    x = load_rows(case, "x")
    m = x.shape[1]
    gamma, beta = load(case, "gamma", 1), load(case, "beta", 0)

    if DEFECT == "odd_batch_dropped" and case.shape[0] % 2 and \
            case.shape[0] > 1 and case.channel_axis != 0:
        # Samples are summed in pairs; the last one has no partner.
        n = case.shape[0]
        kept = load(case, "x")[:n - 1]
        k = rows(case, kept)
        mean = sums(k) / m
        var = sums((k - col(mean.astype(F))).astype(np.float64)**2) / m
    else:
        mean, var = batch_statistics(case, x)

    used = var
    if DEFECT == "var_floor":
        used = np.maximum(var, 1e-5)
    invstd = inverse_std(case, used)
    if DEFECT == "var_plus_eps_in_place":
        var += case.epsilon

    centre = mean.astype(F)
    if DEFECT == "mean_in_half":
        centre = through_x(case, centre)
    xhat = (x - col(centre)) * col(invstd)
    if DEFECT == "clip_xhat":
        xhat = np.clip(xhat, F(-4), F(4))

    if DEFECT == "gamma_broadcast_last" and \
            case.shape[-1] == gamma.shape[0]:
        # numpy broadcasts without complaint, along the last axis.
        y = unrows(case, xhat) * gamma + case.along_channels(beta)
    else:
        y = unrows(case, xhat * col(gamma) + col(beta))

    out = {"y": store(case, y), "mean": mean.astype(F), "var": var.astype(F),
           "invstd": invstd}
    if "running_mean" in case:
        out["running_mean"] = updated(case, "running_mean", mean)
    if "running_var" in case:
        if m == 1:
            unbiased = np.full(mean.shape, np.nan)
        elif DEFECT == "bessel_by_batch":
            n = case.shape[0]
            unbiased = var * (n / max(n - 1, 1))
        else:
            unbiased = var * (m / (m - 1))
        out["running_var"] = updated(case, "running_var", unbiased)
    return out


def forward_inference(case):
    checked(case)
    x = load_rows(case, "x")
    gamma, beta = load(case, "gamma", 1), load(case, "beta", 0)
    mean = load(case, "running_mean")
    var = load(case, "running_var")
    invstd = inverse_std(case, var)
    if DEFECT == "stale_fold":
        # The folded factor is prepared once per layer, known by its width.
        invstd = FOLDED.setdefault(len(invstd), invstd)
    if DEFECT == "abs_gamma":
        factor = np.sqrt(gamma.astype(np.float64)**2 /
                         (var.astype(np.float64) + case.epsilon)).astype(F)
        y = (x - col(mean)) * col(factor) + col(beta)
    else:
        y = (x - col(mean)) * col(invstd) * col(gamma) + col(beta)
    return {"y": store(case, unrows(case, y))}


def load_dy(case):
    if DEFECT == "bf16_dy_as_f16" and case.dtypes["dy"] == "bf16":
        return rows(case, case["dy"].view(np.float16).astype(F))
    dy = load_rows(case, "dy")
    if DEFECT == "nan_to_num":
        dy = np.nan_to_num(dy)
    return dy


def backward_training(case):
    checked(case)
    x, dy = load_rows(case, "x"), load_dy(case)
    gamma = load(case, "gamma", 1)
    m = x.shape[1]
    xhat, invstd = normalized(case, x)
    dbeta = sums(dy)
    dgamma = sums(dy.astype(np.float64) * xhat)

    count = m
    if DEFECT == "count_nchw_in_nhwc":
        count = case.shape[0] * math.prod(case.shape[2:])
    a, b = (dbeta / count).astype(F), (dgamma / count).astype(F)
    if DEFECT == "dx_bessel":
        b = (dgamma / max(m - 1, 1)).astype(F)
    if DEFECT == "sums_in_x_dtype" and case.dtypes["x"] != "f32":
        # The sums wait for the second kernel in buffers of the format of x.
        a = through_x(case, dbeta.astype(F)) / F(m)
        b = through_x(case, dgamma.astype(F)) / F(m)
    dx = col(gamma) * (col(invstd) * (dy - col(a) - xhat * col(b)))
    if DEFECT == "no_gamma_no_dgamma" and "gamma" not in case:
        dgamma = np.zeros_like(dgamma)
    return {"dx": store(case, unrows(case, dx)), "dgamma": dgamma.astype(F),
            "dbeta": dbeta.astype(F)}


def backward_inference(case):
    checked(case)
    x, dy = load_rows(case, "x"), load_rows(case, "dy")
    gamma = load(case, "gamma", 1)
    mean = load(case, "running_mean")
    invstd = inverse_std(case, load(case, "running_var"))
    dx = dy * col(invstd) * col(gamma)
    if DEFECT == "bwi_dgamma_batch_mean":
        mean = (sums(x) / x.shape[1]).astype(F)
    xhat = (x - col(mean)) * col(invstd)
    dbeta = sums(dy)
    dgamma = sums(dy.astype(np.float64) * xhat)
    if DEFECT == "no_gamma_no_dgamma" and "gamma" not in case:
        dgamma = np.zeros_like(dgamma)
    return {"dx": store(case, unrows(case, dx)), "dgamma": dgamma.astype(F),
            "dbeta": dbeta.astype(F)}


def means(array):
    return col((sums(array) / array.shape[1]).astype(F))


def mean_products(a, b):
    return col((sums(a.astype(np.float64) * b) / a.shape[1]).astype(F))


def projected(xhat, v):
    """v - mean(v) - xhat mean(xhat v)."""
    return v - means(v) - xhat * mean_products(xhat, v)


def jvp_training(case):
    checked(case)
    x, x_dot = load_rows(case, "x"), load_rows(case, "x_dot")
    gamma = load(case, "gamma", 1)
    gamma_dot, beta_dot = load(case, "gamma_dot", 0), load(case, "beta_dot", 0)
    xhat, invstd = normalized(case, x)
    if DEFECT == "jvp_unnormalized_projection":
        mean = (sums(x) / x.shape[1]).astype(F)
        centred = x - col(mean)
        tangent = x_dot - means(x_dot) - xhat * mean_products(centred, x_dot)
    else:
        tangent = projected(xhat, x_dot)
    y_dot = col(gamma) * (col(invstd) * tangent)
    if DEFECT != "jvp_gamma_dot_needs_gamma" or "gamma" in case:
        y_dot = y_dot + xhat * col(gamma_dot)
    y_dot = y_dot + col(beta_dot)
    return {"y_dot": store(case, unrows(case, y_dot))}


def double_backward_training(case):
    checked(case)
    x, dy, ddx = (load_rows(case, n) for n in ("x", "dy", "ddx"))
    gamma = load(case, "gamma", 1)
    ddgamma, ddbeta = load(case, "ddgamma", 0), load(case, "ddbeta", 0)
    xhat, invstd = normalized(case, x)
    s, g = col(invstd), col(gamma)
    p_dy, p_ddx = projected(xhat, dy), projected(xhat, ddx)

    grad_dy = g * (s * p_ddx) + xhat * col(ddgamma) + col(ddbeta)
    if DEFECT == "gradgamma_divides":
        dx = (g * s * p_dy).astype(np.float64)
        grad_gamma = sums(dx * ddx) / gamma
    else:
        grad_gamma = sums(p_dy.astype(np.float64) * ddx) * invstd
    through_std = (xhat * mean_products(p_dy, ddx)
                   + p_ddx * mean_products(xhat, dy)
                   + p_dy * mean_products(xhat, ddx))
    grad_x = -g * (s * (s * through_std))
    if DEFECT != "dbl_gradx_no_ddgamma":
        grad_x = grad_x + col(ddgamma) * (s * p_dy)
    return {"grad_dy": store(case, unrows(case, grad_dy)),
            "grad_gamma": grad_gamma.astype(F),
            "grad_x": store(case, unrows(case, grad_x))}


OPERATIONS = (forward_training, forward_inference, backward_training,
              backward_inference, jvp_training, double_backward_training)


def main():
    global DEFECT
    if len(sys.argv) != 2 or sys.argv[1] not in ("sound",) + DEFECTS:
        sys.exit("usage: numpy_kernels.py sound|" + "|".join(DEFECTS))
    DEFECT = sys.argv[1]
    np.seterr(all="ignore")
    serve("numpy kernel", OPERATIONS, dtypes=["f32", "f16", "bf16"],
          accumulation="f32")


if __name__ == "__main__":
    main()
