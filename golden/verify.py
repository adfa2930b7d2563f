#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves a folder of vectors: verify.py DIR. Exit code 0, or 1 where wrong.

Needs Python alone, and shares nothing with the C++. verify_exact.py has the
exact values and verify_units.py the units of eta."""
import hashlib
import json
import math
import os
import sys
from fractions import Fraction as F

from verify_exact import (FORMATS, Channel, case_id, decode, is_residual,
                          is_rounded, require, sign, words)
from verify_units import D, statistic_parts, unit

GRADIENTS = ["dbeta", "dgamma", "dx"]
OUTPUTS = dict(forward_training=["invstd", "mean", "var", "y"],
               forward_inference=["y"], backward_training=GRADIENTS,
               backward_inference=GRADIENTS, jvp_training=["y_dot"],
               double_backward_training=["grad_dy", "grad_gamma", "grad_x"])
LIKE_X = ["y", "dx", "y_dot", "grad_dy", "grad_x"]
OFFSET = dict(y="beta", y_dot="beta_dot", grad_dy="ddbeta")
RULES = ["biased_running_variance", "keep_single_value",
         "zero_for_zero_variance", "flushed_subnormals"]

# Frameworks whose momentum is the weight of the old statistic; their running
# variance is biased, and that of BIASED. The others are as this project is.
OLD = ["keras", "onnx", "flax", "mxnet", "paddle"]
BIASED = OLD + ["onednn"]
OTHERS = ["pytorch", "tensorflow", "cudnn", "onednn"]


class Question:
    """A case, answered by a rule: "" or the name of a variation."""

    def __init__(self, case, rule):
        self.rule, shape = rule, case["inputs"]["x"]["shape"]
        wide = case["inputs"]["x"]["dtype"] == "f64"
        self.u = D(2)**(-53 if wide else -24)
        self.tiny = D(2)**(-1074 if wide else -149)
        self.inputs = {}
        for name, t in case["inputs"].items():
            least = 0
            if rule == "flushed_subnormals":
                least = F(2)**(1 - FORMATS[t["dtype"]][2])
            self.inputs[name] = [
                F(0) if v is not None and abs(v) < least else v
                for v in (decode(b, t["dtype"]) for b in words(t))]
        if rule == "flushed_subnormals":
            self.tiny *= D(2)**(52 if wide else 23)
        inner = math.prod(shape[case["channel_axis"] + 1:])
        channels = shape[case["channel_axis"]]
        self.of = [i // inner % channels for i in range(math.prod(shape))]
        self.weight = F(1, case.get("batches_tracked", 0) + 1)
        if case["momentum"] is not None:
            self.weight = decode(int(case["momentum"], 16), "f64")
        self.channels = [
            Channel(case["operation"], decode(int(case["epsilon"], 16), "f64"),
                    self.inputs, c,
                    [i for i, d in enumerate(self.of) if c == d])
            for c in range(channels)]

    def check(self, name, out):
        local, ch = name in LIKE_X, self.channels[0]
        limit = 8 + (0 if local and ch.frozen else 2 * math.sqrt(ch.m))
        require(out["eta_limit"] == math.ceil(limit * 1e4) / 1e4, "eta_limit")
        places = self.of if local else range(len(self.channels))
        n, r, bits = len(places), out["residual"], words(out)
        judged, exact = out.get("judged", "v" * n), out.get("exact", [None] * n)
        require("judged" not in out or judged.strip("v"), "judged")
        require([n] * 5 + [17 * n] == [len(v) for v in (
            bits, judged, out["eta_limit_unit"], exact, places, r)], "lengths")
        for i, c in enumerate(places):
            try:
                self.check_value(name, i, c, D(limit), out["dtype"],
                                 bits[i], r[17 * i:17 * i + 17], judged[i],
                                 out["eta_limit_unit"][i], exact[i])
            except ValueError as error:
                raise ValueError(f"{name}[{i}]: {error}") from error

    def check_value(self, name, i, c, limit, dtype, bits, r, judged, given,
                    exact):
        ch, biased = self.channels[c], self.rule == RULES[0]
        require(r[0] in "+-" and not r[1:].strip("0123456789abcdef"),
                "residual")
        zero = r == "+" + "0" * 16
        width, precision, emax = FORMATS[dtype]
        infinite = (2 * emax + 1) << (precision - 1)
        here = [self.inputs[n][i] if n in self.inputs and name in LIKE_X else 0
                for n in ("x", "dy", "x_dot" if "x_dot" in self.inputs
                          else "ddx")]
        old = self.inputs[name][c] if name.startswith("running") else F(0)
        by_w = name in LIKE_X or name in ("invstd", "dgamma", "grad_gamma")
        special = (not ch.finite or old is None or (by_w and ch.w <= 0) or
                   (name == "running_var" and ch.m == 1 and not biased))
        if special and judged != "v":  # a rule decides
            require(zero and given == 0 and exact is None and judged in "sfu",
                    "not as a rule has it")
            if decode(bits, dtype) is None:
                nan = infinite | 1 << (precision - 2)
                require(bits in (nan, infinite, infinite | 1 << (width - 1)),
                        "NaN or an infinity of other bits")
                return
            require(self.rule in RULES[1:3], "a number where none is")
            offset = self.inputs.get(OFFSET.get(name), [F(0)] * (c + 1))[c]
            require(is_rounded(bits, dtype, old if name == "running_var"
                               else offset, 0, 1), "bits")
            return
        x, dy, u = (F(0) if v is None else v for v in here)
        value = ch.surd(name, x, dy, u, old, self.weight, biased)
        p, q, w = value if isinstance(value, tuple) else (value, 0, 1)
        least = F(2)**(1 - emax)
        if self.rule == RULES[3] and judged == "s" and bits == 0:
            require(zero and given == 0 and exact is None, "flushed")
            require(sign(p - least, q, w) <= 0 <= sign(p + least, q, w), "bits")
            return
        require(is_rounded(bits, dtype, p, q, w), "bits")
        require(is_residual(r, bits, dtype, p, q, w), "residual")
        if not by_w:
            parts = statistic_parts(ch, name, old, self.weight, biased)
        else:
            parts = ch.units.parts(name, x, dy, u)
        units = unit(parts, limit, self.u, self.tiny)
        void = math.inf in units or (
            by_w and (name not in LIKE_X or not ch.frozen) and D("0.2") <=
            limit * (self.u * ch.units.kap + self.tiny / ch.units.w))
        overflow = decode(bits, dtype) is None
        require(judged == ("s" if overflow else "u" if void else "v"), "judged")
        units = units if judged == "v" else {0.0}
        require(given in units, f"eta_limit_unit {given}, proved {units}")
        require(exact is None or sign(p - F(exact), q, w) == 0, "exact")


def check_case(case):
    require(case["id"] == case_id(case), "id")
    if "reject" in case["expected"]:
        require(case["labels"] == ["Refused"], "a reason to refuse it")
        return
    names = OUTPUTS[case["operation"]] + [
        n for n in ("running_mean", "running_var")
        if n in case["inputs"] and case["operation"] == "forward_training"]
    require(sorted(names) == sorted(case["expected"]["outputs"]), "outputs")
    for key, answer in case.items():
        rule = key.removeprefix("variation:")
        if rule == key and key != "expected" or rule == "reject_single_value":
            continue
        require(rule == "expected" or rule in RULES, key)
        question = Question(case, "" if rule == "expected" else rule)
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
    other = case.get("variation:" + RULES[0], {"outputs": {}})["outputs"]
    require(case["dialect"]["outputs"] ==
            (other if framework in BIASED else {}), "dialect.outputs")


def check_file(path, ids):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    if vectors["schema"] == "exactbn/recipe/1":
        import recipe
        recipe.check(path)
        ids.add(path)
        return
    cases = vectors["cases"]
    require(vectors["schema"] == "exactbn/vectors/1", "schema")
    require(vectors["number_of_cases"] == len(cases), "number_of_cases")
    framework = vectors.get("convention", {"name": None})["name"]
    require(framework in [None] + OLD + OTHERS, "convention")
    used = {label for case in cases for label in case["labels"]}
    require(used == set(vectors["labels"]), "labels")
    for case in cases:
        try:
            require(case["id"] not in ids, "id given twice")
            ids.add(case["id"])
            check_case(case)
            check_dialect(case, framework)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"case {case['id']}: {error}") from error


def main(folder):
    manifest = os.path.join(folder, "MANIFEST.sha256")
    with open(manifest, encoding="utf-8") as file:
        listed = dict(reversed(line.split("  ")) for line in
                      file.read().splitlines())
    ids, failed = set(), 0
    for name in sorted({*os.listdir(folder), *listed} - {"MANIFEST.sha256"}):
        try:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            require(listed.get(name) == digest, "not of its digest")
            check_file(path, ids)
        except (ValueError, KeyError, TypeError, OSError) as error:
            failed += 1
            print(f"WRONG {name}: {error}")
    print(f"{len(ids)} cases, {failed} files wrong")
    return 1 if failed or not ids else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
