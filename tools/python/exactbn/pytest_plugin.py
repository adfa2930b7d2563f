# SPDX-License-Identifier: Apache-2.0
"""The plugin of pytest.

    @pytest.mark.exactbn(operations=["forward_training"], dtypes=["f32"])
    def test_kernel(batch_norm_case):
        q = batch_norm_case                  # an exactbn.Question
        q.assert_right(y=my_kernel(q.x, q.gamma, q.beta, q.epsilon))

runs once for each case of the suite; the id of the case is that of the test.
Keywords of the marker: operations, dtypes, filter (text that the id or a label
contains), arrays (the library of the inputs), and what exactbn.check takes:
convention, declare, require and domain.

    pytest --exactbn-report=page.html      a page of all cases that were judged
    pytest --exactbn-baseline=known.jsonl  failures in this file are expected
    pytest --exactbn-baseline=known.jsonl --exactbn-update-baseline
"""
import json
import os
import tempfile

import pytest

_PLUGIN = pytest.StashKey()


def pytest_addoption(parser):
    group = parser.getgroup("exactbn", "exact verdicts on batch normalization")
    group.addoption("--exactbn-report", metavar="FILE",
                    help="write a page (.html), JUnit XML (.xml) or JSON of "
                         "all cases that were judged")
    group.addoption("--exactbn-baseline", metavar="FILE",
                    help="failures in this file are expected to fail")
    group.addoption("--exactbn-update-baseline", action="store_true",
                    help="write the failures of this run to the baseline")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "exactbn(operations, dtypes, filter, arrays, convention, "
        "declare, require, domain): run the test for each case of the core "
        "suite, which the fixture batch_norm_case is")
    options = config.option
    if options.exactbn_update_baseline and not options.exactbn_baseline:
        raise pytest.UsageError("--exactbn-update-baseline: needs "
                                "--exactbn-baseline=FILE")
    if options.exactbn_baseline or options.exactbn_report:
        plugin = _Session(options)
        config.stash[_PLUGIN] = plugin
        config.pluginmanager.register(plugin, "exactbn-session")


def pytest_generate_tests(metafunc):
    if "batch_norm_case" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("exactbn")
    questions = _questions(dict(marker.kwargs) if marker else {})
    metafunc.parametrize("batch_norm_case", questions, indirect=True,
                         ids=[q.id for q in questions])


@pytest.fixture
def batch_norm_case(request):
    """A case of the suite, as an exactbn.Question. Its methods `check` and
    `assert_right` judge outputs as the marker `exactbn` says."""
    marker = request.node.get_closest_marker("exactbn")
    how = {k: v for k, v in (marker.kwargs if marker else {}).items()
           if k in _HOW}
    return _Case(request.param, how, request.node,
                 request.config.stash.get(_PLUGIN, None))


_HOW = ("convention", "declare", "require", "domain")


def _as_list(name, value):
    if value is None:
        return [None]
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)) or not value:
        raise pytest.UsageError(f"exactbn: {name}: {value!r}, expected a list "
                                "of names")
    return list(value)


def _questions(keywords):
    from . import cases
    unknown = set(keywords) - {"operations", "dtypes", "filter", "arrays",
                               *_HOW}
    if unknown:
        raise pytest.UsageError(
            f"exactbn: the marker has no keyword {sorted(unknown)[0]!r}; "
            "expected operations, dtypes, filter, arrays, " + ", ".join(_HOW))
    text = keywords.get("filter", "")
    try:
        found = [question
                 for operation in _as_list("operations",
                                           keywords.get("operations"))
                 for dtype in _as_list("dtypes", keywords.get("dtypes"))
                 for question in cases(operation, dtype,
                                       arrays=keywords.get("arrays",
                                                           "default"))]
    except (TypeError, ValueError, ImportError) as error:
        raise pytest.UsageError(f"exactbn: {error}") from error
    found = [q for q in found
             if text in q.id or any(text in label for label in q.labels)]
    if not found:
        raise pytest.UsageError("exactbn: the marker selects no case")
    return found


class _Case:
    """A Question that judges as the marker says, and keeps a record."""

    def __init__(self, question, how, node, session):
        self._question, self._how = question, how
        self._node, self._session = node, session

    def __getattr__(self, name):
        return getattr(self._question, name)

    def __getitem__(self, name):
        return self._question[name]

    def __contains__(self, name):
        return name in self._question

    def __repr__(self):
        return repr(self._question)

    def check(self, outputs, **how):
        """exactbn.check of the outputs, a dict by name."""
        verdict = self._question.check(outputs, **{**self._how, **how})
        if self._session:
            self._session.add(self._question, outputs, {**self._how, **how})
        return verdict

    def assert_right(self, **outputs):
        """Fails, with the diagnosis, unless every output is right."""
        __tracebackhide__ = True
        verdict = self.check(outputs)
        if verdict.passed:
            return
        if verdict.verdict == "undecided" and self._how.get("domain") != "all":
            pytest.skip(" ".join(verdict.text.split()))
        if self._session and self._session.knows(self._question, verdict):
            pytest.xfail(f"known: {self._session.baseline}")
        labels = ", ".join(self._question.labels)
        pytest.fail("\n" + verdict.text.rstrip()
                    + (f"\n  tests  {labels}" if labels else "")
                    + f"\n  again  pytest '{self._node.nodeid}'",
                    pytrace=False)


class _Session:
    """Cases and answers of a session, for the report and the baseline. Of a case
    that several tests judge, the last answer counts."""

    def __init__(self, options):
        self.report = options.exactbn_report
        self.baseline = options.exactbn_baseline
        self.updates = options.exactbn_update_baseline
        self.lines = {}  # (case, answer, how to judge) by id
        self.offered = {}  # outputs by operation
        self.known = {}
        if self.baseline and not self.updates:
            self.known = _read_baseline(self.baseline)

    def add(self, question, outputs, how):
        from . import serve
        self.offered.setdefault(question.operation, set()).update(outputs)
        answer = {n: serve._tensor(n, a) for n, a in outputs.items()}
        self.lines[question.id] = (
            json.dumps(serve.line_of(question)),
            json.dumps({"case": question.id, "outputs": answer}),
            _flags(how))

    def knows(self, question, verdict):
        """Whether the baseline has every failure of the case, none worse."""
        for name, out in verdict.outputs.items():
            if out.verdict == "passed":
                continue
            line = self.known.get((question.id, name))
            if line is None:
                return False
            eta = line.get("eta")
            if eta is not None and out.eta > 2 * max(1, eta):
                return False
        return True

    def pytest_sessionfinish(self, session):
        if not self.lines or hasattr(session.config, "workerinput"):
            return
        from . import _run
        with tempfile.TemporaryDirectory(prefix="exactbn-") as folder:
            files = [os.path.join(folder, n) for n in ("cases", "answers")]
            for file, which in zip(files, (0, 1)):
                with open(file, "w", encoding="utf-8") as opened:
                    if which:
                        opened.write(json.dumps(
                            {"subject": "pytest", "outputs": {
                                k: sorted(v)
                                for k, v in self.offered.items()}}) + "\n")
                    for lines in self.lines.values():
                        opened.write(lines[which] + "\n")
            # One report has one declaration: the first.
            flags = next(iter(self.lines.values()))[2]
            words = ["check", *files, *flags]
            if self.report:
                kind = {".html": "--html", ".xml": "--junit"}.get(
                    os.path.splitext(self.report)[1], "--json")
                words += [kind, self.report]
            if self.updates:
                words += ["--baseline", self.baseline, "--update-baseline"]
            self.done = _run.run_words(words)

    def pytest_terminal_summary(self, terminalreporter):
        code, text, messages = getattr(self, "done", (None, "", ""))
        if code is None:
            return
        terminalreporter.section("exactbn")
        terminalreporter.write(messages)
        terminalreporter.write_line(text.strip().rpartition("\n")[2])
        for file in (self.report, self.baseline if self.updates else None):
            if file and code != 2:
                terminalreporter.write_line(f"written: {file}")


def _flags(how):
    """The flags of the command for keywords of exactbn.check."""
    flags = [f"--{key}={how[key]}" for key in ("convention", "require",
                                               "domain") if how.get(key)]
    for key, value in (how.get("declare") or {}).items():
        flags += ["--declare", f"{key}={value}"]
    return flags


def _read_baseline(file):
    """The lines of a baseline by case and output."""
    try:
        with open(file, encoding="utf-8") as opened:
            lines = [json.loads(line) for line in opened]
    except OSError as error:
        raise pytest.UsageError(f"--exactbn-baseline: {file}: "
                                f"{error.strerror}") from error
    except ValueError as error:
        raise pytest.UsageError(
            f"--exactbn-baseline: {file}: not a baseline: {error}") from error
    return {(line.get("case"), line.get("output")): line for line in lines[1:]}
