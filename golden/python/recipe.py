#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs of a recipe again, and checks its digests, channels and
values: recipe.py FILE. Exit code 0, or 1 if something is wrong.

Needs only Python. To make inputs, copy the functions from mix() to bits()."""
import hashlib
import json
import math
import sys
from fractions import Fraction as F

from question import Question

M = 2**64
GOLDEN = 0x9e3779b97f4a7c15
STREAMS = ["x", "gamma", "beta", "running_mean", "running_var", "dy", "x_dot",
           "gamma_dot", "beta_dot", "ddx", "ddgamma", "ddbeta"]
LIKE_X = ["x", "dy", "x_dot", "ddx"]
FORMATS = {"f64": (64, 53), "f32": (32, 24), "f16": (16, 11), "bf16": (16, 8)}


def mix(z):
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 % M
    z = (z ^ z >> 27) * 0x94d049bb133111eb % M
    return z ^ z >> 31


def draw(seed, stream, i):
    key = mix((seed + stream * GOLDEN) % M)
    return mix((key + (i + 1) * GOLDEN) % M)


def triangular(r, a):
    return ((r >> 32) + r % 2**32 - (2**32 - 1)) >> (32 - a)


def values(name, dtype, shape, axis, seed):
    """Pairs (n, e): the values are n 2^e."""
    a = min(FORMATS[dtype][1] - 2, 32)
    k = STREAMS.index(name)
    inner = math.prod(shape[axis + 1:])
    for i in range(math.prod(shape) if name in LIKE_X else shape[axis]):
        r = draw(seed, 2 * k + 1, i)
        if name in LIKE_X:
            q = draw(seed, 2 * k + 2, i // inner % shape[axis])
            yield (triangular(r, a) + q % 2**(a + 1) - 2**a,
                   (q >> 62) - 2 - a)
        elif name in ("gamma", "running_var"):
            n = 2**a + (r >> (64 - a))
            yield (-n if name == "gamma" and r % 2 else n), -a
        else:
            yield triangular(r, a), -a


def bits(n, e, dtype):
    """The bits of n 2^e, which is a normal number of the format, or 0."""
    if n == 0:
        return 0
    width, precision = FORMATS[dtype]
    bias = 2**(width - precision - 1) - 1
    size = abs(n)
    shift = precision - size.bit_length()
    exponent = e - shift + precision - 1 + bias
    sign = 2**(width - 1) if n < 0 else 0
    return sign + (exponent << (precision - 1)) + (size << shift) - 2**(
        precision - 1)


def require(truth, what):
    if not truth:
        raise ValueError(what)


def check_samples(recipe, inputs, name, out):
    """Checks the values at `at`."""
    biased = name == "running_var_biased"
    question = Question(dict(recipe, inputs=inputs),
                        "biased_running_variance" if biased else "")
    name = "running_var" if biased else name
    width = FORMATS[out["dtype"]][0] // 4
    limit = question.limit(name)
    require(out["eta_limit"] == math.ceil(limit * 1e4) / 1e4, "eta_limit")
    for j, i in enumerate(out["at"]):
        local = out["shape"] == recipe["shape"]
        question.check_value(
            name, i, question.of[i] if local else i, out["dtype"],
            int(out["bits"][width * j:width * (j + 1)], 16), out["judged"][j],
            out["residual"][17 * j:17 * j + 17], out["eta_limit_unit"][j], None)


def check(wanted):
    recipe, inputs, exact = wanted["recipe"], {}, {}
    require(recipe["inputs"] == "counter/1", "recipe.inputs")
    for name, given in wanted["inputs"].items():
        dtype = given["dtype"]
        pairs = list(values(name, dtype, recipe["shape"],
                            recipe["channel_axis"], int(recipe["seed"], 16)))
        data = [bits(n, e, dtype) for n, e in pairs]
        width = FORMATS[dtype][0] // 8
        digest = hashlib.sha256(b"".join(b.to_bytes(width, "little")
                                         for b in data)).hexdigest()
        require(digest == given["sha256"], f"inputs.{name}")
        exact[name] = [n * F(2)**e for n, e in pairs]
        inputs[name] = dict(given, bits="".join(
            f"{b:0{2 * width}x}" for b in data))
    shape, axis = recipe["shape"], recipe["channel_axis"]
    inner = math.prod(shape[axis + 1:])
    for c, given in enumerate(wanted["channels"]):
        places = [i for i in range(math.prod(shape))
                  if i // inner % shape[axis] == c]
        x = [exact["x"][i] for i in places]
        m, s1, s2 = len(x), sum(x), sum(v * v for v in x)
        sums = dict(S1=s1, S2=s2, mean=s1 / m, var=s2 / m - (s1 / m)**2)
        if "dy" in exact:
            dy = [exact["dy"][i] for i in places]
            sums.update(D1=sum(dy), D2=sum(a * b for a, b in zip(x, dy)))
        require(given == {k: str(v) for k, v in sums.items()}, f"channels[{c}]")
    for name, out in wanted["outputs"].items():
        check_samples(recipe, inputs, name, out)


if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            check(json.load(file))
        print("all correct")
    except (KeyError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error!r}")
