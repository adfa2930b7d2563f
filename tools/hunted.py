# SPDX-License-Identifier: Apache-2.0
"""What `exactbn properties` found in the plugins of real frameworks:
golden/findings/hunted.jsonl. tools/findings shows it on its page.

  tools/findings hunt EXACTBN     run the hunt on what is installed, and record

A line of the file has an adapter and what it declared, `subject`. For a broken
law: `law`; in how many cases it was `decided`, and in how many of them
`broken`; what was `found` in the smallest shrunk counterexample; and its
`cases`, in the wire format, at least one of which fails. For the worst inputs:
`goal`, the largest `value` found, the largest that was only `drawn`, and the
case.
"""
import json
import os
import subprocess
import tempfile

import found

SEEDS = (1, 2, 3)
CASES = 2000
GOALS = ("y.eta", "y.ulp", "dx.eta", "dx.ulp")


def report(exactbn, adapter, *flags):
    """The JSON report; None if the adapter cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/report.json"
        ran = subprocess.run(
            [exactbn, "properties", adapter, "--domain", "all", "--json", file,
             *flags],
            capture_output=True, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"})
        if ran.returncode not in (0, 1, 3, 4) or not os.path.exists(file):
            return None
        with open(file, encoding="utf-8") as text:
            return json.load(text)


def laws_broken(exactbn, adapter):
    rows = {}
    for seed in SEEDS:
        r = report(exactbn, adapter, "--seed", str(seed), "--cases",
                   str(CASES), "--errors", "1000", "--save", "")
        if r is None:
            return []
        smallest = {c["law"]: c for c in r["counterexamples"]}
        for tally in r["laws"]:
            row = rows.setdefault(tally["law"], {
                "adapter": adapter, "subject": r["subject"],
                "law": tally["law"], "broken": 0, "decided": 0})
            row["broken"] += tally["broken"]
            row["decided"] += tally["broken"] + tally["held"]
            c = smallest.get(tally["law"])
            if c and c["values"] < row.get("values", 1 << 62):
                row.update(found=f"{c['output']}[{c['index']}] {c['found']}",
                           values=c["values"], cases=c["cases"])
    return [row for row in rows.values() if row["broken"]]


def worst_inputs(exactbn, adapter):
    for goal in GOALS:
        r = report(exactbn, adapter, "--maximize", goal, "--cases",
                   str(CASES), "--profile", "small")
        m = r and r.get("maximum")
        if not m or m["value"] is None:
            continue
        yield {"adapter": adapter, "subject": r["subject"], "goal": goal,
               "value": m["value"], "drawn": m["drawn"],
               "where": f"{m['output']}[{m['index']}]", "got": m["got"],
               "want": m["want"], "cases": [m["case"]]}


def hunt(exactbn):
    laws, worst = [], [*worst_inputs(exactbn, "double")]
    for adapter in found.PLUGINS:
        laws += laws_broken(exactbn, adapter)
        worst += worst_inputs(exactbn, adapter)
    return laws + worst


def cases_of(row):
    """The cases by name; each name is unique among all rows."""
    name = "-".join((row["adapter"], row.get("law") or row["goal"]))
    return {f"{name}-{i + 1}": case for i, case in enumerate(row["cases"])}


# ---- The page.

def value_text(number):
    return f"{number:.3g}"


def input_text(row, values):
    """The first case, in one line. `values` decodes a tensor."""
    case = row["cases"][0]
    parts = []
    for name, tensor in case["inputs"].items():
        shape = "x".join(map(str, tensor["shape"]))
        numbers = [value_text(v) for v in values(tensor)]
        if len(numbers) > 6:
            numbers[6:] = ["..."]
        parts.append(f"{name} {shape} = {' '.join(numbers)}")
    dtype = case["inputs"]["x"]["dtype"]
    return f"{case['operation']} {dtype}, {'; '.join(parts)}"


HEAD = """
## What the laws found

`exactbn properties ADAPTER --cases {cases}` with the seeds {seeds} broke these
laws. The table says in how many of the cases that decide a law it was broken,
and shows the smallest counterexample, shrunk. `hunted.jsonl` has these cases in
full, and `tools/findings check` runs them again. Most show the findings above
once more: the inputs are extreme on purpose, and squares overflow f32 first.

| adapter | law | broken | found | in |
|---|---|---|---|---|
"""

WORST = """
## The worst inputs

The largest error that `exactbn properties ADAPTER --profile small --maximize
GOAL` reached in {cases} cases; the command prints its input in full. `double`
is the textbook in 64 bits, for comparison. Overflow on the way to the answer
gives the largest errors, so the search finds it wherever it occurs.

| adapter | goal | largest | largest drawn | got, want | in |
|---|---|---|---|---|---|
"""


def section(rows, values):
    page = HEAD.format(cases=CASES, seeds=", ".join(map(str, SEEDS)))
    for r in rows:
        if "law" in r:
            page += (f"| {r['subject']} | `{r['law']}` | {r['broken']} of "
                     f"{r['decided']} | {r['found']} "
                     f"| {input_text(r, values)} |\n")
    page += WORST.format(cases=CASES)
    for r in rows:
        if "goal" in r:
            page += (f"| {r['subject']} | `{r['goal']}` "
                     f"| {value_text(r['value'])} | {value_text(r['drawn'])} "
                     f"| {r['where']}: {r['got']}, {r['want']} "
                     f"| {input_text(r, values)} |\n")
    return page
