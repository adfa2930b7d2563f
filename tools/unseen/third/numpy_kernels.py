#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""numpy_kernels.py NAME: batch normalization in numpy, as a subject, with the
defect NAME, or `sound`. defects.json says what each defect does.

Everything is computed in float32, on a matrix with a row for each channel; f16
and bf16 are widened, and rounded once.
"""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "..", "adapters"))
from serve import bf16, serve, widened  # noqa: E402

NAMES = """
inf_gamma_twice invstd_is_std var_is_second_moment dx_adds_dgamma_term
dbeta_averaged_over_batch bwi_dx_by_training_formula jvp_invstd_frozen
dbl_grad_gamma_times_gamma bwi_dgamma_without_invstd running_var_takes_std
inf_shift_sign
eps_in_sum_of_squares saved_var_unbiased running_var_about_old_mean
dx_count_without_batch backward_relu_mask abs_gamma jvp_two_faults
dbl_grad_dy_lacks_ddgamma dbl_grad_x_term_tripled xhat_clipped
running_mean_of_last_sample short_mean_subtracted
momentum_zero_is_none cumulative_off_by_one least_epsilon absent_gamma_zero
gamma_along_last_axis gamma_index_mod_64 rank5_first_slice odd_m_drops_last
stale_statistics square_planes_transposed f16_loss_scale_left
""".split()

F = np.float32
DEFECT = sys.argv[1] if len(sys.argv) == 2 else ""
if DEFECT not in NAMES + ["sound"]:
    sys.exit("usage: numpy_kernels.py sound|" + "|".join(NAMES))


def bug(name):
    assert name in NAMES
    return DEFECT == name


def to_float(array):
    return widened(array).astype(F)


def col(per_channel):
    return per_channel[:, None]


def to_bf16(values):
    bits = values.view(np.uint32).astype(np.uint64)
    even = (bits >> np.uint64(16)) & np.uint64(1)
    bits = ((bits + even + np.uint64(0x7fff)) & np.uint64(0xffff0000))
    near = bits.astype(np.uint32).view(F)
    return bf16(np.where(np.isnan(values), values, near))


class Layer:
    """A case as matrices with a row for each channel."""

    def __init__(self, case):
        self.case, self.format = case, case.dtypes["x"]
        self.axis, self.shape = case.channel_axis, case.shape
        self.C = self.shape[self.axis]
        self.x = self.rows(case["x"])
        self.m = self.x.shape[1]
        self.eps = F(case.epsilon)

    def rows(self, tensor):
        by_channel = np.moveaxis(to_float(tensor), self.axis, 0)
        return np.ascontiguousarray(by_channel.reshape(self.C, -1))

    def rows_of(self, name):
        if name in self.case:
            return self.rows(self.case[name])
        return np.zeros_like(self.x)

    def vector(self, name, absent):
        if name in self.case:
            return to_float(self.case[name])
        return np.full(self.C, absent, F)

    def tensor(self, rows):
        moved = [self.C] + [e for i, e in enumerate(self.shape)
                            if i != self.axis]
        full = np.ascontiguousarray(
            np.moveaxis(rows.astype(F).reshape(moved), 0, self.axis))
        if self.format == "f16":
            return full.astype(np.float16)
        return to_bf16(full) if self.format == "bf16" else full

    def moments(self, x=None):
        x = self.x if x is None else x
        count = F(x.shape[1])
        mean = x.sum(1, dtype=F) / count
        centred = x - col(mean)
        return mean, (centred * centred).sum(1, dtype=F) / count

    def rsqrt(self, var, eps=None):
        return F(1) / np.sqrt(var + (self.eps if eps is None else eps))


def average(rows):
    return rows.sum(1, dtype=F) / F(rows.shape[1])


def project(v, xhat):
    """v without its components along 1 and xhat."""
    return v - col(average(v)) - xhat * col(average(v * xhat))


def forward_training(case):
    net = Layer(case)
    m, w = net.m, F(case.weight)
    seen = net.x
    if bug("rank5_first_slice") and len(net.shape) == 5 and net.axis == 1:
        seen = net.rows(case["x"][..., :1])
    mean, var = net.moments(seen)
    if bug("var_is_second_moment"):
        var = average(net.x * net.x)
    r = net.rsqrt(var)
    if bug("eps_in_sum_of_squares"):
        r = F(1) / np.sqrt((var * F(m) + net.eps) / F(m))

    gamma, beta = net.vector("gamma", 1), net.vector("beta", 0)
    if bug("abs_gamma"):
        gamma = np.abs(gamma)
    centre = mean
    if bug("short_mean_subtracted"):
        if net.format == "f16":
            centre = mean.astype(np.float16).astype(F)
        elif net.format == "bf16":
            centre = to_float(to_bf16(mean))
    xhat = (net.x - col(centre)) * col(r)
    if bug("xhat_clipped"):
        xhat = np.clip(xhat, F(-2), F(2))
    if (bug("gamma_along_last_axis") and net.axis != len(net.shape) - 1 and
            net.shape[-1] == net.C):
        wrong = net.rows(np.broadcast_to(gamma, net.shape).astype(F))
        y = xhat * wrong + col(beta)
    else:
        y = xhat * col(gamma) + col(beta)

    out = {"y": net.tensor(y), "mean": mean, "var": var, "invstd": r}
    if bug("invstd_is_std"):
        out["invstd"] = np.sqrt(var + net.eps)
    bessel = F(np.float64(m) / np.float64(m - 1))
    if bug("saved_var_unbiased"):
        out["var"] = var * bessel
    if bug("momentum_zero_is_none") and not case.momentum:
        w = F(1 / (case.batches_tracked + 1))
    if bug("cumulative_off_by_one") and case.momentum is None:
        w = F(1 / (case.batches_tracked + 2))
    if "running_mean" in case:
        new = mean
        if bug("running_mean_of_last_sample") and net.shape[0] > 1:
            new = average(net.x[:, -(m // net.shape[0]):])
        old = to_float(case["running_mean"])
        out["running_mean"] = (F(1) - w) * old + w * new
    if "running_var" in case:
        new = var * bessel
        if bug("running_var_takes_std"):
            new = np.sqrt(new)
        if bug("running_var_about_old_mean") and "running_mean" in case:
            gap = net.x - col(to_float(case["running_mean"]))
            new = (gap * gap).sum(1, dtype=F) / F(m) * bessel
        old = to_float(case["running_var"])
        out["running_var"] = (F(1) - w) * old + w * new
    return out


def forward_inference(case):
    net = Layer(case)
    gamma = net.vector("gamma", 0 if bug("absent_gamma_zero") else 1)
    beta = net.vector("beta", 0)
    mean, r = net.vector("running_mean", 0), net.rsqrt(
        net.vector("running_var", 1))
    scale = gamma * r
    if bug("inf_gamma_twice"):
        scale = scale * gamma
    if bug("inf_shift_sign"):
        return {"y": net.tensor(net.x * col(scale) + col(beta + mean * scale))}
    return {"y": net.tensor((net.x - col(mean)) * col(scale) + col(beta))}


kept = {}


def backward_training(case):
    net = Layer(case)
    dy, gamma, m = net.rows(case["dy"]), net.vector("gamma", 1), F(net.m)
    mean, var = net.moments()
    eps = net.eps
    if bug("least_epsilon"):
        eps = max(eps, F(1e-5))
    r = net.rsqrt(var, eps)
    if bug("stale_statistics"):
        mean, r = kept.setdefault((net.shape, net.axis), (mean, r))
    xhat = (net.x - col(mean)) * col(r)
    if bug("backward_relu_mask"):
        dy = np.where(xhat * col(gamma) > 0, dy, F(0))
    dbeta = dy.sum(1, dtype=F)
    dgamma = (dy * xhat).sum(1, dtype=F)
    if bug("dx_count_without_batch"):
        m = F(max(1, net.m // net.shape[0]))
    shared = col(dbeta) / m
    normal = xhat
    if (bug("square_planes_transposed") and net.axis == 1 and
            len(net.shape) == 4 and net.shape[2] == net.shape[3]):
        planes = xhat.reshape(net.C, net.shape[0], *net.shape[2:])
        normal = planes.swapaxes(2, 3).reshape(net.C, -1)
    along = normal * (col(dgamma) / m)
    if bug("dx_adds_dgamma_term"):
        along = -along
    dx = col(gamma * r) * (dy - shared - along)
    if bug("dbeta_averaged_over_batch"):
        dbeta = dbeta / F(net.shape[0])
    if bug("odd_m_drops_last") and net.m % 2 and net.m > 1:
        dbeta = dy[:, :-1].sum(1, dtype=F)
    return {"dx": net.tensor(dx), "dgamma": dgamma, "dbeta": dbeta}


def backward_inference(case):
    net = Layer(case)
    dy, gamma = net.rows(case["dy"]), net.vector("gamma", 1)
    mean = net.vector("running_mean", 0)
    r = net.rsqrt(net.vector("running_var", 1))
    xhat = (net.x - col(mean)) * col(r)
    dbeta = dy.sum(1, dtype=F)
    dgamma = (dy * xhat).sum(1, dtype=F)
    inner = dy
    if bug("bwi_dx_by_training_formula"):
        inner = project(dy, xhat)
    if bug("gamma_index_mod_64"):
        gamma = gamma[np.arange(net.C) % 64]
    dx = col(gamma * r) * inner
    if bug("bwi_dgamma_without_invstd"):
        dgamma = (dy * (net.x - col(mean))).sum(1, dtype=F)
    if bug("f16_loss_scale_left") and net.format == "f16":
        dgamma, dbeta = dgamma * F(128), dbeta * F(128)
    return {"dx": net.tensor(dx), "dgamma": dgamma, "dbeta": dbeta}


def jvp_training(case):
    net = Layer(case)
    mean, var = net.moments()
    r = net.rsqrt(var)
    xhat = (net.x - col(mean)) * col(r)
    x_dot = net.rows_of("x_dot")
    turned = project(x_dot, xhat)
    if bug("jvp_invstd_frozen"):
        turned = x_dot - col(average(x_dot))
    y_dot = col(net.vector("gamma", 1) * r) * turned
    gamma_dot, beta_dot = net.vector("gamma_dot", 0), net.vector("beta_dot", 0)
    if bug("jvp_two_faults"):
        y_dot = y_dot + col(gamma_dot * r) * net.x - col(beta_dot)
    else:
        y_dot = y_dot + col(gamma_dot) * xhat + col(beta_dot)
    return {"y_dot": net.tensor(y_dot)}


def double_backward_training(case):
    net = Layer(case)
    mean, var = net.moments()
    r = net.rsqrt(var)
    h = (net.x - col(mean)) * col(r)
    u, v = net.rows_of("ddx"), net.rows_of("dy")
    gamma = net.vector("gamma", 1)
    ddgamma, ddbeta = net.vector("ddgamma", 0), net.vector("ddbeta", 0)
    pu, pv = project(u, h), project(v, h)
    a, b = average(h * u), average(h * v)

    grad_gamma = r * (u * pv).sum(1, dtype=F)
    if bug("dbl_grad_gamma_times_gamma"):
        grad_gamma = grad_gamma * gamma
    grad_dy = col(gamma * r) * pu + col(ddbeta)
    if not bug("dbl_grad_dy_lacks_ddgamma"):
        grad_dy = grad_dy + col(ddgamma) * h
    factor = F(3 if bug("dbl_grad_x_term_tripled") else 1)
    inner = factor * h * col(average(u * pv)) + col(b) * pu + col(a) * pv
    grad_x = col(ddgamma * r) * pv - col(gamma * r * r) * inner
    return {"grad_dy": net.tensor(grad_dy), "grad_gamma": grad_gamma,
            "grad_x": net.tensor(grad_x)}


np.seterr(all="ignore")
serve("numpy rows, third series", [
    forward_training, forward_inference, backward_training,
    backward_inference, jvp_training, double_backward_training],
    dtypes=["f32", "f16", "bf16"], accumulation="f32")
