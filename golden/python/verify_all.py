#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves all that a folder of vectors says: verify_all.py DIR. Exit code 0, or
1 where something is wrong.

What verify.py proves and, besides, ids, that no output is missing, residuals
and short fractions, what is judged and what eta forgives (verify_units.py),
dialects of frameworks, and recipes. Needs Python alone, too."""
import sys

import recipe
import verify
from question import Question
from verify import (BIASED, FLUSHED, FORMATS, KEPT, ZERO, decode, require,
                    words)

OPERATIONS = dict(  # what ids begin with, and the outputs
    forward_training="fwd invstd mean var y", forward_inference="inf y",
    backward_training="bwd dbeta dgamma dx", jvp_training="jvp y_dot",
    backward_inference="bwi dbeta dgamma dx",
    double_backward_training="dbw grad_dy grad_gamma grad_x")
RULES = ["", BIASED, KEPT, ZERO, FLUSHED]

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
        recipe.check(vectors)
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
