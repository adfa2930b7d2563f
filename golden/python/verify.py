#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the values in a folder of vectors: verify.py DIR. Exit code 0, 1 if
one is wrong, 2 if there is no folder. Needs only Python, shares no code with
the C++. A value is p + q / sqrt(w) in fractions; comparing squares proves its
rounding. verify_all.py proves everything else that a file says."""
import hashlib
import json
import math
import sys
from fractions import Fraction as F
from operator import mul
from pathlib import Path

FORMATS = {"f64": (64, 53, 1023), "f32": (32, 24, 127), "f16": (16, 11, 15),
           "bf16": (16, 8, 127)}  # bits, precision, largest exponent
LIKE_X = ["y", "dx", "y_dot", "grad_dy", "grad_x"]
BY_W = LIKE_X + ["invstd", "dgamma", "grad_gamma"]
ROWS = ["x", "dy", "x_dot"]
PARAMETERS = "gamma beta running_mean running_var gamma_dot beta_dot".split()
BIASED, KEPT = "biased_running_variance", "keep_single_value"
ZERO, FLUSHED = "zero_for_zero_variance", "flushed_subnormals"


def require(truth, what):
    if not truth:
        raise ValueError(what)


def words(tensor):
    n, text = FORMATS[tensor["dtype"]][0] // 4, tensor["bits"]
    require(len(text) == n * math.prod(tensor["shape"]) and
            not text.strip("0123456789abcdef"), "bits")
    return [int(text[i:i + n], 16) for i in range(0, len(text), n)]


def split(bits, dtype):
    """Sign, magnitude (infinity: the next power of two), ulp, least normal."""
    width, precision, emax = FORMATS[dtype]
    exponent, digits = divmod(bits % 2**(width - 1), 2**(precision - 1))
    ulp = F(2)**(max(exponent, 1) + 1 - emax - precision)
    digits += 2**(precision - 1) if exponent else 0
    return -1 if bits >> (width - 1) else 1, digits * ulp, ulp, F(2)**(1 - emax)


def decode(bits, dtype):
    """The value as a fraction; None if it is not finite."""
    side, size, _, least = split(bits, dtype)
    return side * size if size < 4 / least else None


def sign(p, q, w):
    """The sign of p + q / sqrt(w), and of the sum of the signed squares."""
    total = p * abs(p) * w + q * abs(q)
    return (total > 0) - (total < 0)


def is_rounded(bits, dtype, p, q, w):
    """Whether bits is the value nearest to p + q / sqrt(w), ties to even."""
    (side, here, ulp, least), negative = split(bits, dtype), sign(p, q, w) < 0
    p, q, top = side * p - here, side * q, 4 / least
    power = here != least and here / ulp == 2**(FORMATS[dtype][1] - 1)
    return (sign(p + ulp / (4 if power else 2), q, w) >= bits % 2 and
            (sign(p - ulp / 2, q, w) <= -(bits % 2) or here == top) and
            here <= top and (here or negative == (side < 0)))


class Channel:
    """The sums of a channel. Non-finite values count as 0, clear `finite`."""

    def __init__(self, case, inputs, c, of):
        def row(name):
            at = places if name in ROWS else [c]
            self.finite &= all(inputs[name][i] is not None for i in at)
            return [inputs[name][i] or F(0) for i in at]

        places = [i for i, d in enumerate(of) if d == c]
        self.finite, self.m = True, len(places)
        self.frozen = case["operation"].endswith("inference")
        self.x, self.dy, self.u = map(row, ROWS)
        self.gamma, self.beta, self.mean, self.v, *self.along = (
            row(name)[0] for name in PARAMETERS)
        if not self.frozen:
            self.mean = sum(self.x) / self.m
            self.v = sum(map(mul, self.x, self.x)) / self.m - self.mean**2
        self.w = self.v + decode(int(case["epsilon"], 16), "f64")
        self.d1, self.u1 = sum(self.dy), sum(self.u)
        self.t = sum(map(mul, self.dy, self.x)) - self.mean * self.d1
        self.p = sum(map(mul, self.u, self.x)) - self.mean * self.u1
        self.c = sum(map(mul, self.u, self.dy)) - self.d1 * self.u1 / self.m

    def surd(self, name, x, dy, u, old, biased, weight):
        """p, q and w; ../../reference/README.md has the formulas."""
        m, w, gamma, along = self.m, self.w, self.gamma, self.along
        if name not in BY_W:
            var = self.v if biased else self.v * F(m, max(m - 1, 1))
            new = dict(mean=self.mean, var=self.v, dbeta=self.d1,
                       running_mean=self.mean, running_var=var)[name]
            return (1 - weight) * old + weight * new, 0, 1
        xc, g, h = x - self.mean, dy - F(self.d1) / m, u - F(self.u1) / m
        t, p = self.t / (m * w), self.p / (m * w)
        return {
            "y": (self.beta, gamma * xc, w), "invstd": (0, 1, w),
            "dx": (0, gamma * (dy if self.frozen else g - xc * t), w),
            "dgamma": (0, self.t, w), "grad_gamma": (0, self.c - self.t * p, w),
            "grad_x": (0, along[0] * (g - xc * t) - gamma * (
                xc * (self.c / (m * w) - 3 * t * p) + g * p + h * t), w)}.get(
            name, (along[1], along[0] * xc + gamma * (h - xc * p), w))


class Question:
    """A case under a rule: "" or the name of a variation."""

    def __init__(self, case, rule):
        shape, axis = case["inputs"]["x"]["shape"], case["channel_axis"]
        inner, size = math.prod(shape[axis + 1:]), math.prod(shape)
        self.inputs = {n: [F(n == "gamma")] * size for n in ROWS + PARAMETERS}
        wide = case["inputs"]["x"]["dtype"] == "f64"
        least = split(0, "f64" if wide else "f32")[3] * (rule == FLUSHED)
        for name, t in case["inputs"].items():
            values = [decode(b, t["dtype"]) for b in words(t)]
            name = name[2:] + "_dot" if name.startswith("dd") else name
            self.inputs[name] = [v and v * (abs(v) >= least) for v in values]
        self.rule, self.id, momentum = rule, case.get("id"), case["momentum"]
        self.weight = decode(int(momentum, 16), "f64") if momentum else F(
            1, case.get("batches_tracked", 0) + 1)
        self.of = [i // inner % shape[axis] for i in range(size)]
        self.channels = [Channel(case, self.inputs, c, self.of)
                         for c in range(shape[axis])]

    def value(self, name, i, c, dtype, bits, judged):
        """p, q and w, which bits round; None if a rule decides the bits."""
        ch, biased = self.channels[c], self.rule == BIASED
        running = name.startswith("running")
        old = self.inputs[name][c] if running else F(0)
        by_rule = judged != "v" and (
            not ch.finite or old is None or name in BY_W and ch.w <= 0
            or name == "running_var" and ch.m == 1 and not biased)
        side, size, _, least = split(bits, dtype)
        if by_rule and size >= 4 / least:
            return require(size in (4 / least, side * 6 / least), "NaN bits")
        require(not by_rule or self.rule in (KEPT, ZERO), "expected NaN or inf")
        by_name = dict(y=ch.beta, y_dot=ch.along[1], grad_dy=ch.along[1])
        row = [self.inputs[n][i] or F(0) for n in ROWS]
        p, q, w = (old + by_name.get(name, 0), 0, 1) if by_rule else ch.surd(
            name, *row, old, biased, self.weight if running else 1)
        flushed = self.rule == FLUSHED and judged == "s" and bits == 0
        require(sign(p - least, q, w) <= 0 <= sign(p + least, q, w) if flushed
                else is_rounded(bits, dtype, p, q, w),
                f"case {self.id}: {name}[{i}] is not {bits:#x}")
        return None if by_rule or flushed else (p, q, w)


def check_case(case):
    for key, answer in case.items():
        rule = "" if key == "expected" else key.removeprefix("variation:")
        if rule != key and "reject" not in answer:
            require(rule in ("", BIASED, KEPT, ZERO, FLUSHED), key)
            question = Question(case, rule)
            for name, out in answer["outputs"].items():
                of = question.of if name in LIKE_X else sorted({*question.of})
                judged, bits = out.get("judged", "v" * len(of)), words(out)
                require(len(judged) == len(bits) == len(of), f"{name}: lengths")
                for i, c in enumerate(of):
                    question.value(name, i, c, out["dtype"], bits[i], judged[i])


def check_file(vectors, ids, check=check_case):
    require(vectors["schema"] == "exactbn/vectors/1", "schema")
    cases, labels = vectors["cases"], vectors["labels"]
    require(vectors["number_of_cases"] == len(cases), "number_of_cases")
    require({n for c in cases for n in c["labels"]} == {*labels}, "labels")
    for case in cases:
        require(case["id"] not in ids, f"duplicate case {case['id']}")
        ids.add(case["id"])
        check(case)


def main(folder="", check=check_file):
    manifest, ids, failed = Path(folder) / "MANIFEST.sha256", set(), 0
    if not manifest.is_file():
        print("usage: verify.py DIR, a folder with a MANIFEST.sha256")
        return 2
    lines = manifest.read_text("utf-8", "replace").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    names = {path.name for path in manifest.parent.iterdir()} | {*listed}
    for name in sorted(names - {manifest.name}):
        try:
            data = (manifest.parent / name).read_bytes()
            require(listed.get(name) == hashlib.sha256(data).hexdigest(),
                    "digest differs from the manifest")
            check(json.loads(data), ids)
        except (ValueError, KeyError, TypeError, OSError) as error:
            failed += 1
            print(f"WRONG {name}: {error}")
    print(f"{len(ids)} cases, {failed} files wrong")
    return 1 if failed or not ids else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
