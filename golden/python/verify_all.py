#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves everything that a folder of vectors says: verify_all.py DIR. Exit code
0, or 1 if something is wrong.

Proves what verify.py proves, and also ids, that no output is missing, residuals
and short fractions, what is judged and what eta forgives (verify_units.py),
dialects of frameworks, and recipes. Needs only Python, too."""
import sys

import recipe
import verify
from question import Question
from verify import (BIASED, FLUSHED, FORMATS, KEPT, ZERO, decode, require,
                    words)

OPERATIONS = dict(  # the prefix of ids, then the outputs
    forward_training="fwd invstd mean var y", forward_inference="inf y",
    backward_training="bwd dbeta dgamma dx", jvp_training="jvp y_dot",
    backward_inference="bwi dbeta dgamma dx",
    double_backward_training="dbw grad_dy grad_gamma grad_x")
RULES = ["", BIASED, KEPT, ZERO, FLUSHED]

# Frameworks whose momentum is the weight of the old or the new statistic, and
# frameworks whose running variance is biased. This project: new, not biased.
WEIGHT_OF_OLD = ["keras", "onnx", "flax", "mxnet", "paddle"]
BIASED_VARIANCE = WEIGHT_OF_OLD + ["onednn"]
WEIGHT_OF_NEW = ["pytorch", "tensorflow", "cudnn", "onednn"]


def case_id(case):
    """FNV-1a of the whole problem, as in case_id.cc."""
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
        require(case["labels"] == ["Refused"], "labels of a refused case")
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
    """Checks the momentum and the running variance of a framework."""
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
        require(given == (1 - weight if framework in WEIGHT_OF_OLD else weight),
                "dialect.momentum")
    other = case.get("variation:" + BIASED, {"outputs": {}})["outputs"]
    require(case["dialect"]["outputs"] ==
            (other if framework in BIASED_VARIANCE else {}), "dialect.outputs")


def check_file(vectors, ids):
    if vectors["schema"] == "exactbn/recipe/1":
        recipe.check(vectors)
        ids.add(str(vectors["recipe"]))
        return
    framework = vectors.get("convention", {"name": None})["name"]
    require(framework in [None] + WEIGHT_OF_OLD + WEIGHT_OF_NEW, "convention")

    def check(case):
        try:
            check_case(case)
            check_dialect(case, framework)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"case {case['id']}: {error}") from error

    verify.check_file(vectors, ids, check)


if __name__ == "__main__":
    sys.exit(verify.main("".join(sys.argv[1:2]), check_file))
