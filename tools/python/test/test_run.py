# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import sys

import kernels
import numpy as np
import pytest
from hypothesis import given, settings

import exactbn
from exactbn import strategies

HERE = os.path.dirname(os.path.abspath(__file__))


def test_a_right_function_passes():
    report = exactbn.validate(kernels.forward, dtype="f64")
    assert report and report.exit_code == 0
    assert report.json["schema"] == "exactbn/report/1"
    assert report.json["summary"]["run"] > 30
    assert report.text.endswith("unsupported\n")


def test_a_wrong_function_is_explained_with_what_repeats_it():
    report = exactbn.validate(kernels.epsilon_outside, dtype="f32", errors=1)
    assert not report and report.exit_code == 1
    assert "looks like  sqrt(var) + epsilon" in report.text
    line = next(l for l in report.text.splitlines() if l.startswith("  again"))
    command = line.split("again  ")[1]
    assert command.startswith("exactbn validate kernels:epsilon_outside ")
    again = subprocess.run(
        command.replace("exactbn", f"'{sys.executable}' -m exactbn", 1),
        shell=True, cwd=HERE, stdout=subprocess.PIPE, text=True, check=False)
    assert again.returncode == 1
    assert "1 run, 0 passed, 1 failed" in again.stdout


def test_a_local_function_is_repeated_by_a_call():
    def local(q):
        return kernels.epsilon_outside(q)
    report = exactbn.validate(
        local, errors=1, dtypes=["f32"], operations=["forward_training"],
        outputs={"forward_training": ["y"]}, filter="fwd-f32-70b1ae8d")
    assert "  again  exactbn.validate(local, " in report.text
    assert "filter='fwd-f32-70b1ae8d')" in report.text


def test_what_a_function_raises():
    def refuses(q):
        raise {"f64": exactbn.Unsupported, "f32": exactbn.Rejected,
               "f16": KeyError}[q.dtypes["x"]]("why it does")
    report = exactbn.validate(refuses, arrays=None, dtypes=[
        "f64", "f32", "f16"], operations="forward_inference", errors=99)
    assert "rejected: why it does" in report.text
    assert "error: KeyError: 'why it does'" in report.text
    assert report.json["summary"]["passed"] == 0

    def stops(q):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        exactbn.validate(stops)


def test_a_function_that_writes_to_its_input_fails():
    def writes(q):
        x = q.x
        y = kernels.forward(q)
        x[...] = 0
        return y
    report = exactbn.validate(
        writes, dtype="f32", **kernels.forward.exactbn_declaration)
    # Its arrays are copies, so nothing else sees that.
    assert report.passed


def test_properties_and_probe():
    report = exactbn.properties(kernels.epsilon_outside, cases=100, errors=1)
    assert report.exit_code == 1 and "BROKEN" in report.text
    assert not os.path.exists("counterexamples.jsonl")
    report = exactbn.properties(lambda q: kernels.epsilon_outside(q), cases=50,
                                errors=1, operation="forward_training",
                                dtype="f32", law="oracle")
    assert re.search(r"  again +exactbn\.properties\(<lambda>, operation='fo",
                     report.text)
    card = exactbn.probe(kernels.epsilon_outside)
    assert "outside the root" in card.text and card.exit_code == 1
    assert card.json["schema"] == "exactbn/probe/1"


def test_isolated_functions_and_command_lines():
    report = exactbn.validate(kernels.forward, isolated=True, arrays="numpy",
                              filter="ChannelsLast", dtype="f32")
    assert report.passed and report.json["summary"]["run"] > 2
    report = exactbn.validate(kernels.crashes, isolated=True, arrays=None,
                              filter="WorkedExample", dtype="f32")
    assert report.exit_code == 3 and "signal 6" in report.text
    report = exactbn.validate(
        [sys.executable, "-m", "exactbn.serve", "kernels:forward"],
        filter="ChannelsLast", dtype="f32", momentum="weight_of_new")
    assert report.passed
    report = exactbn.validate("exit 5")
    assert report.exit_code == 3 and "exited" in report.text
    with pytest.raises(ValueError, match="^isolated: .*cannot be imported"):
        exactbn.validate(lambda q: {}, isolated=True)


def test_every_input_survives_the_wire():
    from exactbn import serve
    for question in exactbn.cases("backward_training", arrays=None)[:40]:
        line = serve.line_of(question)
        other = serve.question_of(line, None)
        assert line == serve.line_of(other)
        assert repr(other) == repr(question)


@pytest.mark.parametrize("call, kind, text", [
    (lambda: exactbn.validate(3), TypeError, "subject: an int, expected"),
    (lambda: exactbn.validate(len, frobnicate=1), TypeError,
     "frobnicate: unknown; validate takes the flags filter"),
    (lambda: exactbn.validate(len, dtype="f33"), ValueError,
     "dtype: unknown format 'f33'"),
    (lambda: exactbn.validate(len, filter="no such"), ValueError,
     "no case is selected"),
    (lambda: exactbn.validate(len, rounding="sideways"), ValueError,
     "subject.declaration: rounding: "),
    (lambda: exactbn.validate("exit 3", time_limit=-1), ValueError,
     "time-limit: "),
])
def test_bad_calls(call, kind, text):
    with pytest.raises(kind, match="^" + text):
        call()


def test_cases():
    questions = exactbn.cases("backward_training", "f32")
    assert len({q.id for q in questions}) == len(questions) > 50
    q = questions[0]
    assert q.operation == "backward_training" and q.training
    assert q["x"].dtype == np.float32 and q.x.shape == q.shape == q.dy.shape
    assert q.outputs == ["dbeta", "dgamma", "dx"] and "dy" in q
    assert q.beta is None and q.get("beta", 7) == 7
    with pytest.raises(AttributeError):
        q.nothing
    right = exactbn.reference.backward_training(
        q.x, q.dy, q.gamma, epsilon=q.epsilon, channel_axis=q.channel_axis,
        dtype="f32")
    q.assert_right(**right)
    with pytest.raises(AssertionError, match=q.id):
        q.assert_right(dx=right["dx"] + 1)


@settings(max_examples=50, deadline=None)
@given(strategies.problems("forward_training", "f32"))
def test_hypothesis(q):
    assert q.operation == "forward_training" and q.x.dtype == np.float32
    verdict = q.check(kernels.forward(q), domain="ordinary")
    assert verdict.verdict in ("passed", "undecided", "beyond"), verdict.text


def test_the_command():
    def run(*words):
        return subprocess.run([sys.executable, "-m", "exactbn", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, cwd=HERE, check=False)
    assert run("--version").stdout == f"exactbn {exactbn.__version__}\n"
    assert run("list", "suites").stdout.startswith("core")
    assert run("validate", "double", "--filter", "WorkedExample").returncode == 0
    wrong = run("validate", "no_such_module:f")
    assert wrong.returncode == 2
    assert wrong.stderr == ("exactbn: no_such_module:f: No module named "
                            "'no_such_module'\n")
    assert run("validate", "kernels:forward", "--dtype", "f64").returncode == 0
