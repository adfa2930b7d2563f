# SPDX-License-Identifier: Apache-2.0
import pytest

pytest_plugins = ["pytester"]

TEST = """
import numpy as np, pytest, sys
sys.path.insert(0, {here!r})
from kernels import forward

@pytest.mark.exactbn(operations=["forward_training"], dtypes=["f32"],
                     filter="WorkedExample"{more})
def test_kernel(batch_norm_case):
    q = batch_norm_case
    assert q.x.shape == q.shape and "WorkedExample" in q.labels
    q.assert_right(y=forward(q, outside={outside})["y"])
"""


def write(pytester, outside=False, more=""):
    import os
    pytester.makepyfile(TEST.format(
        here=os.path.dirname(os.path.abspath(__file__)), outside=outside,
        more=more))


def test_a_test_per_case(pytester):
    write(pytester)
    result = pytester.runpytest_subprocess("-v")
    result.stdout.fnmatch_lines(["*::test_kernel?fwd-f32-* PASSED*"])
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] > 1


def test_a_failure_is_the_diagnosis_and_a_line_that_repeats_it(pytester):
    write(pytester, outside=True)
    result = pytester.runpytest_subprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines([
        "FAIL forward_training f32  fwd-f32-*", "  where  y*",
        "  looks like  *", "*epsilon_outside_root*", "  tests  *WorkedExample*",
        "  again  pytest '*::test_kernel?fwd-f32-*'"])
    result.stdout.no_fnmatch_line("*Traceback*")
    again = next(line for line in result.outlines if "again" in line)
    node = again.split("'")[1]
    assert pytester.runpytest_subprocess(node).parseoutcomes() == {"failed": 1}


def test_the_report(pytester):
    write(pytester, outside=True)
    for name, text in (("page.html", "<html"), ("report.json", "exactbn/rep"),
                       ("report.xml", "<testsuite")):
        result = pytester.runpytest_subprocess(f"--exactbn-report={name}")
        assert result.ret == 1
        result.stdout.fnmatch_lines([f"written: {name}"])
        assert text in (pytester.path / name).read_text(encoding="utf-8")


def test_the_baseline(pytester):
    write(pytester, outside=True)
    flag = "--exactbn-baseline=known.jsonl"
    result = pytester.runpytest_subprocess(flag, "--exactbn-update-baseline")
    assert result.ret == 1
    failed = result.parseoutcomes()["failed"]
    assert "8 run, 4 passed, 1 failed, 0 missing, 3 undec" in result.stdout.str()
    result = pytester.runpytest_subprocess(flag)
    assert result.ret == 0
    assert result.parseoutcomes()["xfailed"] == failed
    # What is not in it fails, and so does a worse answer.
    file = pytester.path / "known.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[:1] + lines[2:]) + "\n", encoding="utf-8")
    result = pytester.runpytest_subprocess(flag)
    assert result.parseoutcomes()["failed"] == 1


@pytest.mark.parametrize("more, text", [
    (", dtypse=3", "the marker has no keyword 'dtypse'"),
    (", arrays='cupy'", "arrays: 'cupy', expected"),
    (", require='good'", "require: unknown grade 'good'"),
])
def test_bad_markers(pytester, more, text):
    write(pytester, more=more)
    result = pytester.runpytest_subprocess()
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*{text}*"])


@pytest.mark.parametrize("flags, text", [
    (["--exactbn-baseline=no.jsonl"], "no.jsonl: No such file"),
    (["--exactbn-update-baseline"], "needs --exactbn-baseline=FILE"),
])
def test_bad_flags(pytester, flags, text):
    write(pytester)
    result = pytester.runpytest_subprocess(*flags)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{text}*"])
