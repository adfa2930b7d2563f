# SPDX-License-Identifier: Apache-2.0
"""Units of eta, in decimals of 40 digits; ../../oracles/bounds.md derives each.

For verify_all.py; verify.py proves the values. Shares no code with the C++."""
from decimal import Decimal as D, getcontext
from fractions import Fraction as F

getcontext().prec = 40
getcontext().Emax, getcontext().Emin = 10**6, -10**6


# Also stands for larger units: no finite value is far enough off to be wrong.
LARGEST = 179e306


def dec(x):
    return D(x.numerator) / D(x.denominator)


def size(x):
    return abs(dec(x))


def products(a, b):
    return [i * j for i, j in zip(a, b)]


class Units:
    """The magnitudes of a channel (verify.py has its sums), w > 0."""

    def __init__(self, ch):
        self.ch, m = ch, ch.m

        def mean(values):
            return dec(sum((abs(v) for v in values), F(0)) / m)

        self.m, self.w, self.mean = D(m), dec(ch.w), ch.mean
        self.s = s = 1 / self.w.sqrt()
        xc = [x - ch.mean for x in ch.x]
        self.a = size(ch.mean) if ch.frozen else mean(ch.x)
        self.x2 = mean(products(ch.x, ch.x))
        self.cov = mean(products(xc, ch.x))
        self.kap = D(0) if ch.frozen else (self.x2 / self.w).sqrt()
        self.k = (dec(ch.v) / 2 if ch.frozen else self.cov) / self.w
        # With frozen statistics w is a sum, and sums do not underflow.
        self.per_w = 0 if ch.frozen else 1 / self.w
        self.udy = mean(products(ch.u, ch.dy))
        self.sq = mean(products(ch.dy, ch.dy)).sqrt()

        def factor(f, total, t):
            return (size(total) / m, size(t) * s / m, mean(f),
                    mean(products(f, ch.x)), s * mean(products(f, xc)))

        self.of_dy = factor(ch.dy, ch.d1, ch.t)
        self.of_u = factor(ch.u, ch.u1, ch.p)

    def affine(self, g, b, x, h):
        near = self.s * (x + self.a)
        return (g * (near + (self.k + 1) * h) + b,
                g * (4 * self.kap**2 * h + 2 * self.kap * near),
                1 + g * (1 + self.s + h * self.per_w) + x + self.a)

    def projected(self, g, f, of, x, h):
        s, a, k, kap = self.s, self.a, self.k, self.kap
        d, t, mean, fx, fh = of
        near, e, y = s * (x + a), f + d + t * h, s * (fx + d * a)
        return (g * s * ((1 + k) * e + t * (near + k * h)
                         + (y + t * k + fh) * h + f + mean),
                g * s * (23 * kap**2 * e + 8 * kap * (t * near + y * h)
                         + 3 * y * near),
                1 + e + g * near + g * (1 + s) * (1 + t + (1 + d) * h)
                + g * s * s * (t + (d + t) * h) + g * s / self.w * e)

    def parts(self, name, x, dy, u):
        """The factors of u, of u^2 limit, and of the smallest subnormal."""
        ch, m, s, a, k, kap = self.ch, self.m, self.s, self.a, self.k, self.kap
        gamma, beta = size(ch.gamma), size(ch.beta)
        along, along_beta = size(ch.along[0]), size(ch.along[1])
        h, x, dy, u = size(x - ch.mean) * s, size(x), size(dy), size(u)
        d, t, mean_dy, fx, fh = self.of_dy
        ud, p, mean_u, ux, uh = self.of_u
        if name == "y":
            return self.affine(gamma, beta, x, h)
        if name in ("y_dot", "grad_dy"):
            return add(self.affine(along, along_beta, x, h),
                       self.projected(gamma, u, self.of_u, x, h))
        if name == "dx" and ch.frozen:
            return gamma * s * (2 + k) * dy, 0, 1 + dy + gamma * (1 + dy)
        if name == "dx":
            return self.projected(gamma, dy, self.of_dy, x, h)
        if name == "invstd":
            return s * (k + 1), 4 * s * kap**2, 1 + s / self.w
        moved_t = 2 * (s * (fx + a * mean_dy) + kap * fh)
        moved_p = 2 * (s * (ux + a * mean_u) + kap * uh)
        if name == "dgamma":
            y = m * s * (fx + a * (mean_dy if ch.frozen else d))
            return (y + m * fh + m * t * (k + 1),
                    4 * m * t * kap**2 + 2 * kap * y + m * moved_t,
                    1 + m * (s * (d + 1) + mean_dy) + m * t * self.per_w)
        tau = s * (fx + d * a) + fh
        pi = s * (ux + ud * a) + uh
        c = size(ch.c) / m
        chi = 2 * self.udy + d * mean_u + ud * mean_dy
        mix = tau * p + pi * t
        moved_mix = moved_t * p + moved_p * t
        if name == "grad_gamma":
            return (m * s * (c * (1 + k) + chi + t * p * (1 + 3 * k) + mix),
                    m * s * (kap**2 * (4 * c + 23 * t * p)
                             + kap * (2 * chi + 8 * mix) + 3 * tau * pi
                             + moved_mix + 2 * mean_u * mean_dy),
                    1 + m * ((1 + s) * (1 + p * (1 + s * d)
                                        + t * (1 + s * ud))
                             + mean_dy + mean_u
                             + 2 * s * (c + t * p) / self.w))
        near, g, e = s * (x + a), dy + d, u + ud
        of_g, of_e = dy + mean_dy, u + mean_u
        three, five = c * h + p * g + t * e, 3 * t * p * h
        of3 = c * near + chi * h + p * of_g + pi * g + t * of_e + tau * e
        of5 = 3 * (t * p * near + mix * h)
        return add(
            (gamma * s * s * ((1 + 3 * k) * three + (1 + 5 * k) * five
                              + of3 + of5),
             gamma * s * s * (
                 kap**2 * (23 * three + 69 * five)
                 + kap * (8 * of3 + 17 * of5)
                 + 3 * (chi * near + pi * of_g + tau * of_e)
                 + 14 * (mix * near + tau * pi * h)
                 + 7 * pi * self.sq * near
                 + moved_t * e + moved_p * g
                 + h * (3 * moved_mix + 2 * mean_u * mean_dy)),
             1 + gamma * s * near + g + e + (1 + s) * (three + five)
             + gamma * (1 + s)**2 * (
                 1 + h + t + p + c + 3 * t * p
                 + (1 + s * ud) * (g + 3 * t * h)
                 + (1 + s * d) * (e + 3 * p * h))
             + 3 * gamma * s * s / self.w * (three + five)),
            self.projected(along, dy, self.of_dy, x, h))


def add(a, b):
    return tuple(i + j for i, j in zip(a, b))


def statistic_parts(ch, name, old, weight, biased):
    """The same for outputs that have no division by w."""
    m = ch.m

    def mean(values):
        return dec(sum((abs(v) for v in values), F(0)) / m)

    if name == "dbeta":
        return m * mean(ch.dy), 0, 1
    a, x2 = mean(ch.x), mean(products(ch.x, ch.x))
    cov = mean(products([x - ch.mean for x in ch.x], ch.x))
    if name == "mean":
        return a, 0, 1
    if name == "var":
        return 2 * cov + dec(ch.v), x2, 1
    new, kept = size(weight), size(old) * (size(1 - weight) + size(weight))
    if name == "running_mean":
        return kept + new * (a + size(ch.mean)), 0, 2
    new *= 1 if biased else D(m) / max(m - 1, 1)
    return kept + new * 2 * (cov + dec(ch.v)), new * x2, 2 + new


def unit(parts, limit, u, tiny):
    """The unit in three digits, rounded up; also the neighbour, if the unit is
    so near a step that another precision may round it differently."""
    linear, quadratic, underflow = parts
    exact = u * linear + limit * u * u * quadratic + tiny * underflow
    if not exact:
        return {0.0}
    texts = set()
    for x in (exact, exact * (1 - D("1e-9")), exact * (1 + D("1e-9"))):
        step = D(10)**(x.adjusted() - 2)
        up = float((x / step).to_integral_value("ROUND_CEILING") * step)
        texts.add(min(up, LARGEST))
    return texts
