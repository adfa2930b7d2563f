# SPDX-License-Identifier: Apache-2.0
"""Exact values, for verify.py: a value is p + q / sqrt(w) in fractions, and its
rounding is proved by comparing squares. Shares nothing with the C++."""
import math
from fractions import Fraction as F

from verify_units import Units

FORMATS = {"f64": (64, 53, 1023), "f32": (32, 24, 127), "f16": (16, 11, 15),
           "bf16": (16, 8, 127)}  # bits, precision, largest exponent
PREFIX = dict(forward_training="fwd", forward_inference="inf",
              backward_training="bwd", backward_inference="bwi",
              jvp_training="jvp", double_backward_training="dbw")


def require(truth, what):
    if not truth:
        raise ValueError(what)


def words(tensor):
    n, text = FORMATS[tensor["dtype"]][0] // 4, tensor["bits"]
    require(len(text) == n * math.prod(tensor["shape"])
            and not text.strip("0123456789abcdef"), "bits")
    return [int(text[i:i + n], 16) for i in range(0, len(text), n)]


def decode(bits, dtype):
    """A fraction; None of what is not finite."""
    width, precision, emax = FORMATS[dtype]
    exponent, fraction = divmod(bits % 2**(width - 1), 2**(precision - 1))
    if exponent > 2 * emax:
        return None
    value = (fraction + (2**(precision - 1) if exponent else 0)) * F(2)**(
        max(exponent, 1) + 1 - emax - precision)
    return -value if bits >> width - 1 else value


def sign(p, q, w):
    """That of p + q / sqrt(w)."""
    if p * q >= 0:
        return (p + q > 0) - (p + q < 0)
    square = p * p * w - q * q
    return (1 if p > 0 else -1) * ((square > 0) - (square < 0))


def is_rounded(bits, dtype, p, q, w):
    """Whether bits is the value nearest to p + q / sqrt(w), ties to even."""
    width, precision, emax = FORMATS[dtype]
    negative, n = divmod(bits, 2**(width - 1))
    infinite = (2 * emax + 1) << (precision - 1)
    if n > infinite or (n == 0 and negative != (sign(p, q, w) < 0)):
        return False
    p, q = (-p, -q) if negative else (p, q)

    def value(n):
        return F(2)**(emax + 1) if n == infinite else decode(n, dtype)

    low = (value(n) + value(n - 1)) / 2 if n else -value(1) / 2
    side = sign(p - low, q, w)
    if side < 0 or (side == 0 and n % 2):
        return False
    if n == infinite:
        return True
    side = sign(p - (value(n) + value(n + 1)) / 2, q, w)
    return side < 0 or (side == 0 and n % 2 == 0)


def is_residual(text, bits, dtype, p, q, w):
    """Whether text is a sign and what rounding took away, in 2^-64 ulp."""
    if decode(bits, dtype) is None:
        return text == "+" + "0" * 16
    width, precision, emax = FORMATS[dtype]
    exponent = bits % 2**(width - 1) >> (precision - 1)
    unit = F(2)**(max(exponent, 1) + 1 - emax - precision - 64)
    side, k = (-1 if text[0] == "-" else 1), int(text[1:], 16)
    p, q = side * (p - decode(bits, dtype)), side * q
    return (sign(p - k * unit, q, w) >= 0 > sign(p - (k + 1) * unit, q, w)
            and (k or side > 0 or sign(p, q, w)) != 0)


class Channel:
    """The sums of a channel. What is not finite counts as 0, and spoils it."""

    def __init__(self, op, eps, inputs, c, places):
        self.finite, self.m = True, len(places)

        def known(value):
            self.finite = self.finite and value is not None
            return value or F(0)

        def one(*names, absent=0):
            for name in names:
                if name in inputs:
                    return known(inputs[name][c])
            return F(absent)

        def row(*names):
            return [known(inputs[n][i]) for n in names for i in places
                    if n in inputs]

        m, self.frozen = self.m, op.endswith("inference")
        self.x, self.dy, self.u = row("x"), row("dy"), row("x_dot", "ddx")
        self.gamma, self.beta = one("gamma", absent=1), one("beta")
        self.along = (one("gamma_dot", "ddgamma"), one("beta_dot", "ddbeta"))
        self.mean, self.v = one("running_mean"), one("running_var")
        if not self.frozen:
            self.mean = sum(self.x) / m
            self.v = sum(x * x for x in self.x) / m - self.mean**2

        def dot(a, b):
            return sum((i * j for i, j in zip(a, b)), F(0))

        self.w, self.d1, self.u1 = self.v + eps, sum(self.dy), sum(self.u)
        self.t = dot(self.dy, self.x) - self.mean * self.d1
        self.p = dot(self.u, self.x) - self.mean * self.u1
        self.c = dot(self.u, self.dy) - F(self.d1 * self.u1) / m
        self.units = Units(self) if self.w > 0 else None

    def surd(self, name, x, dy, u, old, weight, biased):
        """p, q and w; README.md of ../reference has the formulas."""
        m, w, gamma, along = self.m, self.w, self.gamma, self.along
        if name in ("mean", "var", "dbeta"):
            return {"mean": self.mean, "var": self.v, "dbeta": self.d1}[name]
        if name == "running_mean":
            return (1 - weight) * old + weight * self.mean
        if name == "running_var":
            new = self.v if biased else self.v * F(m, m - 1)
            return (1 - weight) * old + weight * new
        xc, g, h = x - self.mean, dy - F(self.d1) / m, u - F(self.u1) / m
        t, p = self.t / (m * w), self.p / (m * w)
        if name in ("y_dot", "grad_dy"):
            return along[1], along[0] * xc + gamma * (h - xc * p), w
        return {
            "y": (self.beta, gamma * xc, w), "invstd": (0, 1, w),
            "dx": (0, gamma * (dy if self.frozen else g - xc * t), w),
            "dgamma": (0, self.t, w), "grad_gamma": (0, self.c - self.t * p, w),
            "grad_x": (0, along[0] * (g - xc * t) - gamma * (
                xc * (self.c / (m * w) - 3 * t * p) + g * p + h * t), w)}[name]


def case_id(case):
    """FNV-1a of everything in the problem, as case_id.cc has it."""
    parts = []

    def number(value, n=8):
        parts.append((value % 2**(8 * n)).to_bytes(n, "little"))

    def text(value):
        number(len(value))
        parts.append(value.encode())

    text(case["operation"])
    number(case["channel_axis"])
    number(int(case["epsilon"], 16))
    number(case["momentum"] is not None, 1)
    number(int(case["momentum"] or "0", 16))
    number(case.get("batches_tracked", 0))
    for name, tensor in sorted(case["inputs"].items()):
        text(name)
        text(tensor["dtype"])
        for extent in [len(tensor["shape"]), *tensor["shape"]]:
            number(extent)
        for bits in words(tensor):
            number(bits, FORMATS[tensor["dtype"]][0] // 8)
    state = 0xcbf29ce484222325
    for byte in b"".join(parts):
        state = (state ^ byte) * 0x100000001b3 % 2**64
    return "%s-%s-%08x" % (PREFIX[case["operation"]],
                           case["inputs"]["x"]["dtype"],
                           (state ^ state >> 32) % 2**32)
