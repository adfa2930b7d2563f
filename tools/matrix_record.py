#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records how the implementations that are installed here do on the core suite:
golden/findings/matrix.json, and its page MATRIX.md.

  tools/matrix_record.py run EXACTBN [--jobs N] [--limit SECONDS] [NAME...]
  tools/matrix_record.py history EXACTBN ADAPTER PACKAGE VERSION...
  tools/matrix_record.py render
  tools/matrix_record.py check

`run` judges each adapter of tools/adapters/found.py in a process of its own, so
that one that hangs or dies costs only itself, and keeps each report in
build/matrix, by the digest of the cases, of the adapter and of what it declares
(with its version). So it can be stopped and started again, and asks only what is
new. Rows of what is not installed here stay. `check` says whether the page is
what `render` writes, and whether each red cell has a cause.

A row of matrix.json has `adapter`, `subject`, the counts, the `red` outputs
(wrong in the ordinary domain) with the worst case of each, the number of cases
`beyond`, and what `disagrees` with the declaration. causes.json has the causes:
for an adapter, a list of `operations`, `dtypes` and `outputs` (an absent list
means all), and a `cause`, which is the name of a finding or a sentence.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools", "adapters"))
sys.dont_write_bytecode = True
import found  # noqa: E402

FOLDER = os.path.join(ROOT, "golden", "findings")
DATA, CAUSES, PAGE, FINDINGS = (os.path.join(FOLDER, n) for n in (
    "matrix.json", "causes.json", "MATRIX.md", "findings.jsonl"))
CACHE = os.path.join(ROOT, "build", "matrix")


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:16]


def content(path):
    with open(path, "rb") as file:
        return file.read()


def identity(exactbn, name, words):
    """What the answers depend on: the adapter and what it declares, with its
    version; of a plugin, the library."""
    adapter = found.ADAPTERS[name]
    if adapter == found.PLUGIN:
        return content(os.path.join(os.path.dirname(exactbn), "adapters",
                                    f"exactbn_{name}.so"))
    declaration = subprocess.run(
        ["sh", "-c", words[1] + " </dev/null"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, timeout=120).stdout
    return declaration + content(os.path.join(found.HERE, adapter.script))


def judged(exactbn, name, words, cases, limit):
    """The report of one adapter, from the cache if that has it; or why there is
    none, as `stopped`."""
    try:
        key = digest(cases, identity(exactbn, name, words))
    except subprocess.TimeoutExpired:
        return {"stopped": "no declaration within 120 s"}
    file = os.path.join(CACHE, f"{name}-{key}.json")
    for _ in range(2):  # a busy machine may not load a large library in time
        if os.path.exists(file):
            break
        begin = time.monotonic()
        made = f"{file}.{os.getpid()}"
        with open(f"{file[:-5]}.log", "w", encoding="utf-8") as log:
            run = subprocess.Popen(
                [exactbn, "validate", *words, "--errors", "0", "--jobs", "1",
                 "--json", made], stdout=log, stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1"})
            try:
                run.wait(limit)
            except subprocess.TimeoutExpired:
                run.kill()  # its keeper ends the subject
                run.wait()
                return {"stopped": f"not done after {limit:.0f} s"}
        if os.path.exists(made):
            os.replace(made, file)
            print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
    else:
        if not os.path.exists(file):
            return {"stopped": f"exit status {run.returncode}; see "
                               f"build/matrix/{name}-{key}.log"}
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def red(report):
    """The outputs with failures in the ordinary domain, and the worst of
    each."""
    failures = {f["case"]: f for f in report["failures"]}
    cells = {}
    for case in report["cases"]:
        if case["verdict"] != "failed":
            continue
        failure = failures.get(case["case"], {})
        output = failure.get("output") or "error"
        cell = cells.setdefault(
            (case["operation"], case["dtype"], output), {"cases": 0})
        cell["cases"] += 1
        eta = failure.get("eta")
        if "case" not in cell or (eta or 0) > (cell["eta"] or 0):
            cell.update(case=case["case"], eta=eta,
                        got=failure.get("got"), want=failure.get("want"))
    return [{"operation": o, "dtype": d, "output": out, **cell}
            for (o, d, out), cell in sorted(cells.items())]


def row(name, report):
    if "stopped" in report and "subject" not in report:
        return {"adapter": name, "stopped": report["stopped"]}
    return {"adapter": name, "subject": report["subject"],
            **{k: report["summary"][k] for k in (
                "run", "passed", "failed", "undecided", "beyond",
                "unsupported")},
            "red": red(report),
            "disagrees": [line["title"] for line in (report.get("card") or {})
                          .get("lines", []) if not line["agrees"]]}


def load(path, otherwise):
    if not os.path.exists(path):
        return otherwise
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def core_suite(exactbn):
    """The cases, in the wire format. Makes the cache for their reports."""
    os.makedirs(CACHE, exist_ok=True)
    return subprocess.run([exactbn, "list", "cases", "--wire"], check=True,
                          capture_output=True).stdout


def run(exactbn, names, jobs, limit):
    cases = core_suite(exactbn)

    def one(name):
        words, why = found.arguments(exactbn, name)
        if words is None:
            print(f"{name}: {why}; its row stays", flush=True)
            return None
        return row(name, judged(exactbn, name, words, cases, limit))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        made = [r for r in pool.map(one, names or found.MATRIX) if r]
    before = load(DATA, {"rows": []})
    save({**before, "cases": digest(cases)}, {
        r["adapter"]: r for r in [*before["rows"], *made]})
    return 0


def save(data, rows):
    order = list(found.ADAPTERS)
    with open(DATA, "w", encoding="utf-8") as out:
        json.dump({**data, "rows": sorted(
            rows.values(), key=lambda r: order.index(r["adapter"]))}, out,
            indent=1)
        out.write("\n")
    render()


def history(exactbn, name, package, *versions, limit):
    """Judges other versions, each in a folder before the environment's."""
    cases = core_suite(exactbn)
    data = load(DATA, {"rows": []})
    words, why = found.arguments(exactbn, name)
    if words is None:
        print(f"{name}: {why}", file=sys.stderr)
        return 2
    python = os.path.join(found.VENV, "bin", "python")
    for version in versions:
        folder = os.path.join(ROOT, "build", "history", f"{package}-{version}")
        if not os.path.isdir(folder):
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps",
                            "--disable-pip-version-check", "--target", folder,
                            f"{package}=={version}"], check=True)
        os.environ["PYTHONPATH"] = folder
        report = judged(exactbn, name, words, cases, limit)
        made = {**row(name, report), "version": version}
        past = [r for r in data.get("history", ()) if
                (r["adapter"], r["version"]) != (name, version)]
        data["history"] = sorted([*past, made], key=lambda r: (
            r["adapter"], [int(n) for n in re.findall(r"\d+", r["version"])]))
    save(data, {r["adapter"]: r for r in data["rows"]})
    return 0


# ---- The page.

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# The state of batch normalization

What the core suite of `exactbn`, {cases} cases, says about each implementation,
on the CPU. *wrong* counts the cases that fail in the ordinary domain, where
every intermediate of the usual algorithms stays in range: a sound kernel has 0
there. *beyond* counts those where it does not, such as overflowing squares;
*asked* are all that the implementation supports.

| implementation | wrong | asked | beyond | cause |
|---|---|---|---|---|
"""

HISTORY = """
## Other versions

| version | wrong | asked | beyond |
|---|---|---|---|
"""

DETAILS = """
## Details

What is wrong, in which operation and format, in how many cases, and the worst
of them by its error eta, in units of the working precision (a sound kernel has
8, or 8 + 2 sqrt(m) after long sums). `exactbn validate ADAPTER --filter CASE`
shows a case in full; [tools/adapters](../../tools/adapters/README.md) says what
each adapter is.
"""


def causes_of(causes, entry, cell):
    """The causes that hold for a red cell."""
    return [c["cause"] for c in causes.get(entry["adapter"], ())
            if all(cell[k] in c.get(k + "s", [cell[k]])
                   for k in ("operation", "dtype", "output"))]


def link(cause, findings):
    return f"[{cause}](README.md#{cause})" if cause in findings else cause


def finding_names():
    with open(FINDINGS, encoding="utf-8") as lines:
        return {json.loads(line)["finding"] for line in lines}


def rendered():
    data, causes, names = load(DATA, {"rows": []}), load(CAUSES, {}), \
        finding_names()
    total = max((r["run"] + r["unsupported"] for r in data["rows"]
                 if "run" in r), default=0)
    page, details = HEAD.format(cases=total), DETAILS
    rows = sorted(data["rows"], key=lambda r: (
        "stopped" in r, not r.get("failed"), r.get("subject", "").lower()))
    for r in rows:
        if "stopped" in r:
            page += f"| {r['adapter']} | | | | not judged: {r['stopped']} |\n"
            continue
        why = list(dict.fromkeys(
            c for cell in r["red"] for c in causes_of(causes, r, cell)))
        page += (f"| {r['subject']} | {r['failed'] or 'none'} | {r['run']} "
                 f"| {r['beyond']} "
                 f"| {', '.join(link(c, names) for c in why)} |\n")
        if r["red"]:
            details += (f"\n### {r['subject']}\n\nAdapter `{r['adapter']}`.\n\n"
                        "| output | cases | worst | eta | got | want | cause "
                        "|\n|---|---|---|---|---|---|---|\n")
        for cell in r["red"]:
            eta = "" if cell["eta"] is None else f"{cell['eta']:.3g}"
            details += (
                f"| {cell['operation']} {cell['dtype']} {cell['output']} "
                f"| {cell['cases']} | {cell['case']} | {eta} "
                f"| {cell['got'] or ''} | {cell['want'] or ''} | "
                + ", ".join(link(c, names)
                            for c in causes_of(causes, r, cell)) + " |\n")
    past = HISTORY if data.get("history") else ""
    for r in data.get("history", ()):
        if "run" in r:
            past += (f"| {r['subject']} | {r['failed'] or 'none'} "
                     f"| {r['run']} | {r['beyond']} |\n")
        else:
            past += f"| {r['adapter']} {r['version']} | | | {r['stopped']} |\n"
    return re.sub(r" +\|\n", " |\n", page + past + details)


def render():
    with open(PAGE, "w", encoding="utf-8") as out:
        out.write(rendered())
    return 0


def check():
    """Prints what is wrong."""
    wrong = []
    with open(PAGE, encoding="utf-8") as page:
        if page.read() != rendered():
            wrong.append("golden/findings/MATRIX.md is not what "
                         "`tools/matrix_record.py render` writes")
    causes, cells = load(CAUSES, {}), 0
    for r in load(DATA, {"rows": []})["rows"]:
        for cell in r.get("red", ()):
            cells += 1
            if not causes_of(causes, r, cell):
                wrong.append(f"no cause for {r['adapter']}: "
                             f"{cell['operation']} {cell['dtype']} "
                             f"{cell['output']}, {cell['case']}")
    print("\n".join([*wrong, f"{cells} red cells, {len(wrong)} wrong"]))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("verb", choices=("run", "history", "render",
                                         "check"))
    parser.add_argument("words", nargs="*", metavar="EXACTBN, NAME")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=float, default=1200)
    options = parser.parse_intermixed_args()
    if options.verb == "run":
        if not options.words:
            parser.error("run needs EXACTBN")
        unknown = set(options.words[1:]) - found.ADAPTERS.keys()
        if unknown:
            parser.error("unknown adapter " + ", ".join(sorted(unknown)))
        return run(options.words[0], options.words[1:], options.jobs,
                   options.limit)
    if options.verb == "history":
        if len(options.words) < 4 or options.words[1] not in found.ADAPTERS:
            parser.error("history needs EXACTBN ADAPTER PACKAGE VERSION...")
        return history(*options.words, limit=options.limit)
    return render() if options.verb == "render" else check()


if __name__ == "__main__":
    sys.exit(main())
