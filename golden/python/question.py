# SPDX-License-Identifier: Apache-2.0
"""Checks all that a file says of the answer to a case: bits and what verify.py
leaves out, which is residuals, short fractions, what is judged and what eta
forgives. For verify_all.py and recipe.py."""
import math
from fractions import Fraction as F

import verify
from verify import BIASED, FLUSHED, decode, require, sign, words
from verify_units import D, Units, statistic_parts, unit

ZERO_RESIDUAL = "+" + "0" * 16


def is_residual(text, bits, dtype, p, q, w):
    """Whether text is a sign and the residual of rounding, in 2^-64 ulp."""
    if decode(bits, dtype) is None:
        return text == ZERO_RESIDUAL
    side, k = (-1 if text[0] == "-" else 1), int(text[1:], 16)
    unit_of_k = verify.split(bits, dtype)[2] / 2**64
    p, q = side * (p - decode(bits, dtype)), side * q
    return (sign(p - k * unit_of_k, q, w) >= 0 >
            sign(p - (k + 1) * unit_of_k, q, w)
            and (k or side > 0 or sign(p, q, w)) != 0)


class Question(verify.Question):
    def __init__(self, case, rule):
        super().__init__(case, rule)
        wide = case["inputs"]["x"]["dtype"] == "f64"
        self.u = D(2)**(-53 if wide else -24)
        self.tiny = D(2)**(-1074 if wide else -149)
        if rule == FLUSHED:
            self.tiny *= D(2)**(52 if wide else 23)
        self.units = [Units(c) if c.w > 0 else None for c in self.channels]

    def limit(self, name):
        ch = self.channels[0]
        local = name in verify.LIKE_X and ch.frozen
        return 8 + (0 if local else 2 * math.sqrt(ch.m))

    def check(self, name, out):
        limit = self.limit(name)
        bits, r, units = words(out), out["residual"], out["eta_limit_unit"]
        n = len(bits)
        judged, exact = out.get("judged", "v" * n), out.get("exact", [None] * n)
        of = self.of if name in verify.LIKE_X else sorted({*self.of})
        require(out["eta_limit"] == math.ceil(limit * 1e4) / 1e4,
                f"{name}: eta_limit")
        require("judged" not in out or judged.strip("v"), f"{name}: judged")
        require([n] * 4 + [17 * n] == list(map(len, (
            of, judged, exact, units, r))), f"{name}: lengths")
        for i, c in enumerate(of):
            self.check_value(name, i, c, out["dtype"], bits[i], judged[i],
                             r[17 * i:17 * i + 17], units[i], exact[i])

    def check_value(self, name, i, c, dtype, bits, judged, r, given, exact):
        at, surd = f"{name}[{i}]", self.value(name, i, c, dtype, bits, judged)
        require(r[0] in "+-" and not r[1:].strip("0123456789abcdef"),
                f"{at}: residual")
        if surd is None:
            require(r == ZERO_RESIDUAL and given == 0 and exact is None and
                    judged in "sfu", f"{at}: differs from the rule")
            return
        p, q, w = surd
        require(is_residual(r, bits, dtype, p, q, w), f"{at}: residual")
        require(exact is None or sign(p - F(exact), q, w) == 0, f"{at}: exact")
        forgiven, void = self.forgiven(name, i, c)
        overflow = decode(bits, dtype) is None
        require(judged == ("s" if overflow else "u" if void else "v"),
                f"{at}: judged")
        forgiven = forgiven if judged == "v" else {0.0}
        require(given in forgiven, f"{at}: eta_limit_unit {given}, proved "
                f"{forgiven}")

    def forgiven(self, name, i, c):
        """The units of a value, and whether its bound is void."""
        ch, units, limit = self.channels[c], self.units[c], D(self.limit(name))
        by_w, void = name in verify.BY_W, False
        if by_w:
            x, dy, u = (self.inputs[n][i] or F(0) for n in verify.ROWS)
            parts = units.parts(name, x, dy, u)
            void = (name not in verify.LIKE_X or not ch.frozen) and limit * (
                self.u * units.kap + self.tiny / units.w) >= D("0.2")
        else:
            old = self.inputs[name][c] if name.startswith("running") else F(0)
            parts = statistic_parts(ch, name, old, self.weight,
                                    self.rule == BIASED)
        forgiven = unit(parts, limit, self.u, self.tiny)
        return forgiven, void or math.inf in forgiven
