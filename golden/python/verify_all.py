#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves all that a folder of vectors says: verify_all.py DIR. Exit code 0, or
1 where something is wrong.

What verify.py proves and, besides, ids, that no output is missing, residuals
and short fractions, what is judged and what eta forgives (verify_units.py),
dialects of frameworks, and recipes. Needs Python alone, too."""
import math
import sys
from fractions import Fraction as F

import recipe
import verify
from verify import (BIASED, FLUSHED, FORMATS, KEPT, ZERO, decode, require,
                    sign, words)
from verify_units import D, Units, statistic_parts, unit

OPERATIONS = dict(  # what ids begin with, and the outputs
    forward_training="fwd invstd mean var y", forward_inference="inf y",
    backward_training="bwd dbeta dgamma dx", jvp_training="jvp y_dot",
    backward_inference="bwi dbeta dgamma dx",
    double_backward_training="dbw grad_dy grad_gamma grad_x")
RULES = ["", BIASED, KEPT, ZERO, FLUSHED]
NOTHING = "+" + "0" * 16

# Frameworks whose momentum is the weight of the old statistic; their running
# variance is biased, and that of BIASED_ONES. The others are as this project.
OLD = ["keras", "onnx", "flax", "mxnet", "paddle"]
BIASED_ONES = OLD + ["onednn"]
OTHERS = ["pytorch", "tensorflow", "cudnn", "onednn"]


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
    return "%s-%s-%08x" % (OPERATIONS[case["operation"]].split()[0],
                           case["inputs"]["x"]["dtype"],
                           (state ^ state >> 32) % 2**32)


def is_residual(text, bits, dtype, p, q, w):
    """Whether text is a sign and what rounding took away, in 2^-64 ulp."""
    if decode(bits, dtype) is None:
        return text == NOTHING
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
            require(r == NOTHING and given == 0 and exact is None and
                    judged in "sfu", f"{at}: not as a rule has it")
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
        """The units of a value, and whether no bound means anything."""
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


def check_case(case):
    require(case["id"] == case_id(case), "id")
    if "reject" in case["expected"]:
        require(case["labels"] == ["Refused"], "a reason to refuse it")
        return
    names = OPERATIONS[case["operation"]].split()[1:] + [
        n for n in ("running_mean", "running_var")
        if n in case["inputs"] and case["operation"] == "forward_training"]
    require(sorted(names) == sorted(case["expected"]["outputs"]), "outputs")
    for key, answer in case.items():
        rule = "" if key == "expected" else key.removeprefix("variation:")
        if rule not in (key, "reject_single_value"):
            require(rule in RULES, key)
            question = Question(case, rule)
            for name, out in answer["outputs"].items():
                question.check(name, out)


def check_dialect(case, framework):
    """What a framework calls momentum, and what its running variance is."""
    updates = (framework is not None and "outputs" in case["expected"] and
               case["operation"] == "forward_training" and
               {"running_mean", "running_var"} & case["inputs"].keys())
    require(("dialect" in case) == bool(updates), "dialect")
    if not updates:
        return
    given, weight = case["dialect"]["momentum"], case["momentum"]
    if None in (given, weight):
        require((given, weight, framework) == (None, None, "pytorch"),
                "dialect.momentum")
    else:
        given, weight = (decode(int(m, 16), "f64") for m in (given, weight))
        require(given == (1 - weight if framework in OLD else weight),
                "dialect.momentum")
    other = case.get("variation:" + BIASED, {"outputs": {}})["outputs"]
    require(case["dialect"]["outputs"] ==
            (other if framework in BIASED_ONES else {}), "dialect.outputs")


def check_file(vectors, ids):
    if vectors["schema"] == "exactbn/recipe/1":
        recipe.check(vectors, Question)
        ids.add(str(vectors["recipe"]))
        return
    framework = vectors.get("convention", {"name": None})["name"]
    require(framework in [None] + OLD + OTHERS, "convention")

    def check(case):
        try:
            check_case(case)
            check_dialect(case, framework)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"case {case['id']}: {error}") from error

    verify.check_file(vectors, ids, check)


if __name__ == "__main__":
    sys.exit(verify.main("".join(sys.argv[1:2]), check_file))
