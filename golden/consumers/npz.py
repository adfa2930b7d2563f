# SPDX-License-Identifier: Apache-2.0
"""Reads proved answers with numpy, and judges others by them.

The reader, to copy, is read(), errors() and eta(); the rest counts and
prints."""
import json

import numpy as np


def read(path):
    arrays = dict(np.load(path))
    for case in json.loads(arrays["metadata"].item())["cases"]:
        yield case, lambda name, id=case["id"]: arrays[f"{id}/{name}"]


def eta(get, name, got):
    """Each error beyond half an ulp, in units of eta."""
    error, ulp = errors(get, name, got)
    beyond = np.maximum(error - ulp / 2, 0)
    return np.where(beyond > 0, beyond / get("eta_unit/" + name), 0)


def errors(get, name, got):
    """The distances from the exact values, and the ulp of each."""
    want = get("expected/" + name)
    ulp = spacing(want)
    return np.abs(got - numbers(want) - get("residual/" + name) * ulp), ulp


def numbers(array):
    """As doubles. numpy has no bf16: those arrays hold bits."""
    if array.dtype == np.uint16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(float)


def spacing(array):
    """The distance from each value to the next larger magnitude."""
    if array.dtype == np.uint16:
        return spacing(numbers(array).astype(np.float32)) * 2**16
    last = np.finfo(array.dtype).max
    size = np.minimum(np.abs(array), np.nextafter(last, 0, dtype=array.dtype))
    return np.spacing(size).astype(float)


class Report:
    """The results by operation, format and output."""

    def __init__(self, *rules):
        """`rules`: the variations that the implementation declares."""
        self.rules, self.found, self.refused = rules, {}, {}

    def refuse(self, why):
        self.refused[why] = self.refused.get(why, 0) + 1

    def judge(self, case, arrays, outputs, kind):
        """`outputs`: arrays by name; `kind` groups the rows."""
        for name, got in outputs.items():
            where, answer = "", case["expected"]
            for rule in self.rules:
                other = case.get(f"variation:{rule}", {"outputs": {}})
                if name in other["outputs"]:
                    where, answer = f"variation/{rule}/", other

            def get(key, where=where):
                return arrays(where + key)

            want = numbers(get("expected/" + name))
            judged = get("judged/" + name)
            limit = answer["outputs"][name]["eta_limit"]
            if got.shape != want.shape:
                raise ValueError(f"{case['id']} {name}: {got.shape}")
            with np.errstate(all="ignore"):
                found = eta(get, name, got)
                error, ulp = errors(get, name, got)
            same = (got == want) | (np.isnan(got) & np.isnan(want))
            right = np.select([judged == b"v", judged == b"f"],
                              [(error < ulp) | (found <= limit),
                               ~np.isfinite(got)], same)
            row = self.found.setdefault(f"{kind} {name}", dict(
                values=0, wrong=0, undecided=0, worst=0.0, where="-", ids=[]))
            row["values"] += got.size
            row["undecided"] += np.count_nonzero(judged == b"u")
            wrong = ~right & (judged != b"u")
            row["wrong"] += np.count_nonzero(wrong)
            if wrong.any():
                row["ids"].append(
                    f"{case['id']} [{' '.join(case['labels'])}]")
            worst = found[judged == b"v"]
            worst[np.isnan(worst)] = np.inf
            if worst.size and worst.max() > row["worst"]:
                row["worst"], row["where"] = worst.max(), case["id"]

    def print(self):
        """Returns the exit code: 0 if values were compared and are right."""
        for kind, row in self.found.items():
            print(f"{kind}: {row['values']} values, {row['wrong']} wrong, "
                  f"{row['undecided']} undecided, worst eta "
                  f"{row['worst']:.3g} ({row['where']})")
            if row["ids"]:
                print(f"  in {len(row['ids'])} cases:",
                      ", ".join(row["ids"][:4]))
        for why, count in self.refused.items():
            print(f"{count} cases refused: {why}")
        rows = self.found.values()
        return 1 if not rows or any(row["wrong"] for row in rows) else 0
