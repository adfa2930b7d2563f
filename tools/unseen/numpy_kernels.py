#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Batch normalization in numpy, correct or with one defect.

    python3 numpy_kernels.py             # the correct kernel
    python3 numpy_kernels.py DEFECT      # a class below, by its name

Sums and all other arithmetic are in the format of x. serve.py must be in
../tools/adapters or in PYTHONPATH.
"""
import math
import os
import random
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "..", "adapters"))
from serve import OPERATIONS, serve  # noqa: E402

ELEMENTWISE = ("y", "dx", "y_dot", "grad_dy", "grad_x")


def inner_size(case):
    """The number of values that lie together for one channel."""
    return math.prod(case.shape[case.channel_axis + 1:])


class Kernel:
    """The correct kernel. Inside, arrays have a row for each channel."""

    def rows(self, case, name):
        first = np.moveaxis(case[name], case.channel_axis, 0)
        return np.ascontiguousarray(first).reshape(len(first), -1).astype(
            case["x"].dtype)

    def whole(self, case, rows):
        shape = list(case.shape)
        shape.insert(0, shape.pop(case.channel_axis))
        return np.moveaxis(rows.reshape(shape), 0, case.channel_axis)

    def answer(self, case, out):
        return {name: self.whole(case, a) if name in ELEMENTWISE
                else a.reshape(-1) for name, a in out.items()}

    def vector(self, case, name, otherwise=0):
        given = case.get(name, case.channels(otherwise))
        return given.astype(case["x"].dtype).reshape(-1, 1)

    def gamma(self, case):
        return self.vector(case, "gamma", 1)

    def epsilon(self, case):
        if case["x"].dtype == np.float64:
            return case.epsilon
        return case.as_float32("epsilon", case.epsilon)

    def total(self, rows):
        return rows.sum(axis=1, keepdims=True)  # pairwise

    def average(self, rows):
        return self.total(rows) / rows.shape[1]

    def statistics(self, case, x):
        mean = self.average(x)
        return mean, self.average(np.square(x - mean))

    def invstd(self, case, var):
        return 1 / np.sqrt(var + case["x"].dtype.type(self.epsilon(case)))

    def normalized(self, case, x, mean, var, invstd):
        return (x - mean) * invstd

    def affine(self, case, xhat):
        return self.gamma(case) * xhat + self.vector(case, "beta")

    def weight(self, case, name):
        return case.weight

    def blended(self, case, name, new):
        weight, kind = self.weight(case, name), case["x"].dtype.type
        return kind(1 - weight) * self.vector(case, name) + kind(weight) * new

    def unbiased(self, case, var, m):
        return var * var.dtype.type(m / (m - 1) if m > 1 else math.nan)

    def running_updates(self, case, x, mean, var, invstd):
        return {"running_mean": mean,
                "running_var": self.unbiased(case, var, x.shape[1])}

    def forward_training(self, case):
        x = self.rows(case, "x")
        mean, var = self.statistics(case, x)
        invstd = self.invstd(case, var)
        out = {"mean": mean, "var": var, "invstd": invstd, "y": self.affine(
            case, self.normalized(case, x, mean, var, invstd))}
        for name, new in self.running_updates(case, x, mean, var,
                                              invstd).items():
            if name in case:
                out[name] = self.blended(case, name, new)
        return self.answer(case, out)

    def frozen(self, case, x):
        return (self.vector(case, "running_mean"),
                self.invstd(case, self.vector(case, "running_var")))

    def forward_inference(self, case):
        x = self.rows(case, "x")
        mean, invstd = self.frozen(case, x)
        return self.answer(case,
                           {"y": self.affine(case, (x - mean) * invstd)})

    def recomputed(self, case, x):
        """Mean and invstd for derivatives."""
        mean, var = Kernel.statistics(self, case, x)
        return mean, self.invstd(case, var)

    def sums(self, case, dy, xhat):
        """dbeta and dgamma."""
        return self.total(dy), self.total(dy * xhat)

    def dx(self, case, dy, xhat, invstd, dbeta, dgamma):
        m = dy.shape[1]
        return self.gamma(case) * invstd * (
            dy - dbeta / m - xhat * (dgamma / m))

    def backward_training(self, case):
        x, dy = self.rows(case, "x"), self.rows(case, "dy")
        mean, invstd = self.recomputed(case, x)
        xhat = (x - mean) * invstd
        dbeta, dgamma = self.sums(case, dy, xhat)
        return self.answer(case, {
            "dx": self.dx(case, dy, xhat, invstd, dbeta, dgamma),
            "dgamma": dgamma, "dbeta": dbeta})

    def backward_inference(self, case):
        x, dy = self.rows(case, "x"), self.rows(case, "dy")
        mean, invstd = self.frozen(case, x)
        return self.answer(case, {
            "dx": self.gamma(case) * invstd * dy, "dbeta": self.total(dy),
            "dgamma": self.total(dy * ((x - mean) * invstd))})

    def tangent(self, case, u, x, xhat, invstd, scale_dot, shift_dot):
        p = self.average(u * xhat)
        return scale_dot * xhat + shift_dot + self.gamma(case) * invstd * (
            u - self.average(u) - xhat * p)

    def jvp_training(self, case):
        x, u = self.rows(case, "x"), self.rows(case, "x_dot")
        mean, invstd = self.recomputed(case, x)
        return self.answer(case, {"y_dot": self.tangent(
            case, u, x, (x - mean) * invstd, invstd,
            self.vector(case, "gamma_dot"), self.vector(case, "beta_dot"))})

    CUBIC = 3

    def grad_gamma(self, case, m, invstd, c, t, p):
        return m * invstd * (c - t * p)

    def grad_x(self, case, first, second):
        return first - second

    def double_backward_training(self, case):
        x, dy, u = (self.rows(case, name) for name in ("x", "dy", "ddx"))
        mean, invstd = self.recomputed(case, x)
        xhat = (x - mean) * invstd
        dy0, u0 = dy - self.average(dy), u - self.average(u)
        t, p = self.average(dy * xhat), self.average(u * xhat)
        c = self.average(u0 * dy)
        first = self.vector(case, "ddgamma") * invstd * (dy0 - xhat * t)
        second = self.gamma(case) * (invstd * invstd) * (
            xhat * c + dy0 * p + u0 * t - self.CUBIC * (xhat * (t * p)))
        return self.answer(case, {
            "grad_dy": self.tangent(case, u, x, xhat, invstd,
                                    self.vector(case, "ddgamma"),
                                    self.vector(case, "ddbeta")),
            "grad_gamma": self.grad_gamma(case, x.shape[1], invstd, c, t, p),
            "grad_x": self.grad_x(case, first, second)})


# ---- wrong almost everywhere


class beta_scaled_by_gamma(Kernel):
    def affine(self, case, xhat):
        return self.gamma(case) * (xhat + self.vector(case, "beta"))


class fused_relu_left_on(Kernel):
    def affine(self, case, xhat):
        return np.maximum(super().affine(case, xhat), 0)


class dgamma_without_centering(Kernel):
    def backward_training(self, case):
        x, dy = self.rows(case, "x"), self.rows(case, "dy")
        invstd = self.recomputed(case, x)[1]
        return {**super().backward_training(case),
                "dgamma": (self.total(dy * x) * invstd).reshape(-1)}


class frozen_dx_subtracts_batch_terms(Kernel):
    def backward_inference(self, case):
        out = super().backward_inference(case)
        x, dy = self.rows(case, "x"), self.rows(case, "dy")
        mean, invstd = self.frozen(case, x)
        dx = self.dx(case, dy, (x - mean) * invstd, invstd,
                     out["dbeta"].reshape(-1, 1), out["dgamma"].reshape(-1, 1))
        return {**out, "dx": self.whole(case, dx)}


class unbiased_variance_normalizes(Kernel):
    """The saved variance is the biased one."""

    def forward_training(self, case):
        self.m = case["x"].size // case.shape[case.channel_axis]
        out = super().forward_training(case)
        self.m = 1
        return out

    m = 1

    def invstd(self, case, var):
        return super().invstd(case, var * (self.m / max(self.m - 1, 1)))


class reshape_without_transpose(Kernel):
    def statistics(self, case, x):
        return super().statistics(case, case["x"].reshape(x.shape))


class running_mean_gets_batch_sum(Kernel):
    def running_updates(self, case, x, mean, var, invstd):
        return {**super().running_updates(case, x, mean, var, invstd),
                "running_mean": self.total(x)}


class jvp_drops_projection(Kernel):
    def jvp_training(self, case):
        x, u = self.rows(case, "x"), self.rows(case, "x_dot")
        mean, invstd = self.recomputed(case, x)
        xhat = (x - mean) * invstd
        return self.answer(case, {"y_dot": (
            self.vector(case, "gamma_dot") * xhat
            + self.vector(case, "beta_dot")
            + self.gamma(case) * invstd * (u - self.average(u)))})


class variance_averaged_over_positions(Kernel):
    """The variance of each position over the batch, then their mean."""

    def statistics(self, case, x):
        mean, _ = super().statistics(case, x)
        at = np.moveaxis(case["x"], case.channel_axis, 0)
        within = at.var(axis=1).reshape(len(at), -1)
        return mean, self.average(within)


class dx_sums_not_divided_by_count(Kernel):
    def dx(self, case, dy, xhat, invstd, dbeta, dgamma):
        return self.gamma(case) * invstd * (dy - dbeta - xhat * dgamma)


class grad_x_only_of_gamma_direction(Kernel):
    """The path through dx was left for later."""

    def grad_x(self, case, first, second):
        return first


class inference_centers_on_batch_mean(Kernel):
    def forward_inference(self, case):
        x = self.rows(case, "x")
        return self.answer(case, {"y": self.affine(
            case, (x - self.average(x)) * self.frozen(case, x)[1])})


class statistics_of_first_sample(Kernel):
    def statistics(self, case, x):
        first = np.moveaxis(case["x"], case.channel_axis, 0)[:, 0]
        return super().statistics(case, np.ascontiguousarray(
            first.reshape(len(x), -1)))


# ---- wrong for many inputs


class shift_taken_from_channel_zero(Kernel):
    """One pass over shifted data, where one shift serves all channels."""

    def statistics(self, case, x):
        moved = x - x[0, 0]
        var = self.average(np.square(moved)) - np.square(self.average(moved))
        return self.average(x), np.maximum(var, 0)


class block_means_averaged_unweighted(Kernel):
    """The last block of 64 may be shorter."""

    def statistics(self, case, x):
        means = [self.average(np.ascontiguousarray(x[:, i:i + 64]))
                 for i in range(0, x.shape[1], 64)]
        mean = self.average(np.concatenate(means, axis=1))
        return mean, self.average(np.square(x - mean))


class dbeta_accumulated_in_half(Kernel):
    def backward_training(self, case):
        dy = self.rows(case, "dy")
        sums = np.add.accumulate(dy.astype(np.float16), axis=1)[:, -1]
        return {**super().backward_training(case),
                "dbeta": sums.astype(dy.dtype)}


class dgamma_products_in_tf32(Kernel):
    @staticmethod
    def tf32(a):
        bits = a.astype(np.float32).view(np.uint32) & np.uint32(0xffffe000)
        return bits.view(np.float32).astype(a.dtype)

    def backward_training(self, case):
        x, dy = self.rows(case, "x"), self.rows(case, "dy")
        mean, invstd = self.recomputed(case, x)
        dgamma = self.total(self.tf32(dy) * self.tf32((x - mean) * invstd))
        return {**super().backward_training(case), "dgamma": dgamma[:, 0]}


class count_reciprocal_in_half(Kernel):
    def statistics(self, case, x):
        mean = self.total(x) * x.dtype.type(np.float16(1 / x.shape[1]))
        return mean, self.average(np.square(x - mean))


class running_var_swaps_momentum_weights(Kernel):
    def weight(self, case, name):
        return 1 - case.weight if name == "running_var" else case.weight


class unbiased_factor_from_batch_axis(Kernel):
    """n/(n - 1) of the batch, without the positions."""

    def unbiased(self, case, var, m):
        n = case.shape[1 if case.channel_axis == 0 else 0]
        factor = n / max(n - 1, 1) if m > 1 else math.nan
        return var * var.dtype.type(factor)


class running_var_recovered_from_invstd(Kernel):
    """1/invstd^2 still contains epsilon."""

    def running_updates(self, case, x, mean, var, invstd):
        return super().running_updates(case, x, mean, 1 / np.square(invstd),
                                       invstd)


class square_planes_written_transposed(Kernel):
    def forward_inference(self, case):
        y = super().forward_inference(case)["y"]
        if y.ndim == 4 and case.channel_axis == 1 and (y.shape[2]
                                                       == y.shape[3]):
            y = y.swapaxes(2, 3)
        return {"y": y}


class row_end_uses_next_channel(Kernel):
    """The last value of a row of several values belongs to the next one."""

    def normalized(self, case, x, mean, var, invstd):
        xhat, inner = (x - mean) * invstd, inner_size(case)
        if inner > 1:
            after = np.append(np.arange(1, len(x)), len(x) - 1)
            ends = slice(inner - 1, None, inner)
            xhat[:, ends] = (x[:, ends] - mean[after]) * invstd[after]
        return xhat


class xhat_clipped_at_three(Kernel):
    def normalized(self, case, x, mean, var, invstd):
        return np.clip((x - mean) * invstd, -3, 3)


class gamma_direction_times_deviation(Kernel):
    """invstd is missing where gamma moves."""

    def jvp_training(self, case):
        x, u = self.rows(case, "x"), self.rows(case, "x_dot")
        mean, invstd = self.recomputed(case, x)
        zero = np.zeros_like(mean)
        y_dot = self.tangent(case, u, x, (x - mean) * invstd, invstd, zero,
                             self.vector(case, "beta_dot"))
        return self.answer(case, {
            "y_dot": y_dot + self.vector(case, "gamma_dot") * (x - mean)})


class cubic_term_counted_once(Kernel):
    CUBIC = 1


class epsilon_added_twice_in_backward(Kernel):
    """What forward saves as the variance already contains epsilon."""

    def recomputed(self, case, x):
        mean, var = Kernel.statistics(self, case, x)
        return mean, self.invstd(case, var + x.dtype.type(self.epsilon(case)))

    def jvp_training(self, case):
        return Kernel().jvp_training(case)

    def double_backward_training(self, case):
        return Kernel().double_backward_training(case)


# ---- wrong on narrow conditions


class zero_momentum_means_default(Kernel):
    def weight(self, case, name):
        return case.weight or 0.1


class beta_ignored_without_gamma(Kernel):
    def affine(self, case, xhat):
        return super().affine(case, xhat) if "gamma" in case else xhat


class zero_gamma_channel_skipped(Kernel):
    """dx is 0 there, but dgamma and dbeta are not."""

    def sums(self, case, dy, xhat):
        skipped = self.gamma(case) == 0
        return tuple(np.where(skipped, 0, a).astype(a.dtype)
                     for a in super().sums(case, dy, xhat))


class epsilon_printed_with_six_decimals(Kernel):
    """As by a generator that writes it into source text."""

    def epsilon(self, case):
        return float("%f" % super().epsilon(case))


class batch_of_one_uses_running_statistics(Kernel):
    def forward_training(self, case):
        out = super().forward_training(case)
        if (case.shape[0] == 1 and case.channel_axis != 0
                and "running_mean" in case and "running_var" in case):
            out["y"] = super().forward_inference(case)["y"]
        return out


class rank_five_sums_skip_last_slice(Kernel):
    def sums(self, case, dy, xhat):
        if len(case.shape) == 5 and case.channel_axis != 4:
            dy = dy.copy()
            dy[:, case.shape[4] - 1::case.shape[4]] = 0
        return super().sums(case, dy, xhat)


class running_statistics_stop_at_channel_256(Kernel):
    def blended(self, case, name, new):
        out = super().blended(case, name, new)
        out[256:] = self.vector(case, name)[256:]
        return out


class single_value_passes_through(Kernel):
    """Nothing to normalize, so it is not even centred."""

    def normalized(self, case, x, mean, var, invstd):
        return x if x.shape[1] == 1 else (x - mean) * invstd


class statistics_of_last_forward_reused(Kernel):
    """Saved under the shape; backward may be for other data."""

    def __init__(self):
        self.saved = {}

    def statistics(self, case, x):
        mean, var = super().statistics(case, x)
        self.saved[case.shape, case.channel_axis, x.dtype] = (
            mean, self.invstd(case, var))
        return mean, var

    def recomputed(self, case, x):
        return self.saved.get((case.shape, case.channel_axis, x.dtype),
                              super().recomputed(case, x))

    jvp_training = epsilon_added_twice_in_backward.jvp_training
    double_backward_training = (
        epsilon_added_twice_in_backward.double_backward_training)


class double_input_cast_to_float(Kernel):
    def forward_inference(self, case):
        x = self.rows(case, "x").astype(np.float32).astype(case["x"].dtype)
        mean, invstd = self.frozen(case, x)
        return self.answer(case,
                           {"y": self.affine(case, (x - mean) * invstd)})


class small_variance_taken_for_constant(Kernel):
    def normalized(self, case, x, mean, var, invstd):
        return np.where(var < 1e-6, 0, (x - mean) * invstd).astype(x.dtype)


class grad_gamma_divides_by_gamma(Kernel):
    """sum(dx ddx) / gamma, since dx is linear in gamma."""

    def grad_gamma(self, case, m, invstd, c, t, p):
        gamma = self.gamma(case)
        return gamma * super().grad_gamma(case, m, invstd, c, t, p) / gamma


class block_sum_lost_now_and_then(Kernel):
    """One call in ten loses an atomic addition to dbeta."""

    def sums(self, case, dy, xhat):
        dbeta, dgamma = super().sums(case, dy, xhat)
        if random.random() < 0.1 and dy.shape[1] >= 4:
            c = random.randrange(len(dy))
            dbeta[c] -= dy[c, :dy.shape[1] // 4].sum()
        return dbeta, dgamma


def defects():
    return {c.__name__: c for c in Kernel.__subclasses__()}


if __name__ == "__main__":
    chosen = defects()[sys.argv[1]] if len(sys.argv) > 1 else Kernel
    np.seterr(all="ignore")
    kernel = chosen()
    serve(f"numpy kernel {chosen.__name__}",
          [getattr(kernel, name) for name in OPERATIONS],
          dtypes=["f32", "f64"])
