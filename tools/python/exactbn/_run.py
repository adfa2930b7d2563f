# SPDX-License-Identifier: Apache-2.0
"""Runs of the command: over a function in this process, or over a process."""
import ctypes
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from ctypes import byref, c_char_p

from . import _arrays, _library, _question
from ._library import ANSWER, OPERATIONS, CSubject

PROGRAM = os.path.join(_library.FOLDER, "exactbn")

_DECLARED = ("subject", "operations", "dtypes", "channel_axes", "outputs",
             "output_dtypes", "momentum", "running_variance", "single_value",
             "zero_variance", "subnormals", "accumulation", "domain",
             "rounding")
_OF_ALL = ("json", "jobs", "time_limit", "convention")
_FLAGS = {  # of each verb, besides those of all
    "validate": ("filter", "dtype", "seed", "cases", "require", "errors",
                 "junit", "html", "baseline", "baseline_strict",
                 "update_baseline", "github", "once",
                 "allow_short_accumulation"),
    "properties": ("cases", "time", "case", "seed", "profile", "operation",
                   "dtype", "law", "distribution", "maximize", "errors",
                   "save", "require", "baseline", "baseline_strict",
                   "update_baseline", "github", "allow_short_accumulation"),
    "probe": ("evidence", "allow_short_accumulation"),
    "challenge": ("seed", "cases", "operation", "dtype", "family", "rank",
                  "parameters", "large", "require", "errors", "transcript",
                  "allow_short_accumulation")}


class Unsupported(Exception):
    """Raise it in a subject that does not support the question; say why."""


class Rejected(Exception):
    """Raise it in a subject that refuses the input and is right to."""


class Report:
    """What a run of the command found.

    passed      whether the exit code is 0
    exit_code   0 passed, 1 failed, 3 the subject broke, 4 something is missing
    text        the report, as the command prints it; why the subject did not
                start, if it did not
    messages    what it prints on standard error
    json        the report as a dict (exactbn/report/1, exactbn/properties/1,
                exactbn/probe/1, exactbn/challenge/1 or
                exactbn/challenge-verification/1); None if there is none
    """

    def __init__(self, exit_code, text, messages, json):
        self.exit_code, self.text, self.json = exit_code, text, json
        self.messages = messages
        self.passed = exit_code == 0

    def __bool__(self):
        return self.passed

    def __str__(self):
        return self.text

    def __repr__(self):
        last = self.text.strip().rpartition("\n")[2]
        return f"Report(exit_code={self.exit_code}, {last!r})"


class Challenge(Report):
    """What a challenge found. Besides what a Report has:

    score        a float in [0, 1]; 1 means full marks
    verdict      "full marks", "not full marks" or "disqualified"
    transcript   all questions, answers and verdicts, as text: see
                 verify_transcript; None if the subject did not start
    seed         an int, which nobody knew before the run
    commitment   the SHA-256 that bound the run to it
    """

    def __init__(self, report, transcript):
        super().__init__(report.exit_code, report.text, report.messages,
                         report.json)
        found = report.json or {}
        self.transcript = transcript
        self.score = found.get("score", 0.0)
        self.verdict = found.get("verdict", "not full marks")
        self.seed = int(found["seed"]) if found else None
        self.commitment = found.get("commitment")


def _words(verb, flags):
    """The flags of the command line."""
    words = []
    for key, value in flags.items():
        if value is None or value is False:
            continue
        words.append("--" + key.replace("_", "-"))
        if isinstance(value, (list, tuple)):
            words.append(",".join(map(str, value)))
        elif value is not True:
            words.append(os.fspath(value) if isinstance(value, os.PathLike)
                         else str(value))
    return words


def _split(verb, keywords):
    """The declaration and the flags among the keywords of a call."""
    flags = _FLAGS[verb] + _OF_ALL
    declared, given = {}, {}
    for key, value in keywords.items():
        if key in _DECLARED:
            declared[key] = value
        elif key in flags:
            given[key] = value
        else:
            raise TypeError(f"{key}: unknown; {verb} takes the flags "
                            f"{', '.join(flags)}, and declares "
                            f"{', '.join(_DECLARED)}")
    return declared, given


def _name_of(function):
    """The function as `exactbn validate module:name` finds it; and whether it
    does."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", "") or ""
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    importable = found is function and module != "__main__"
    return (f"{module}:{name}" if importable else name), importable


def _answer(function, question):
    """The outputs, as structs of the library and what keeps them."""
    outputs = function(question)
    if not isinstance(outputs, dict):
        raise TypeError(f"the subject returned {_arrays.a_kind(outputs)}, "
                        "expected a dict of arrays by the names of outputs")
    return _question.c_arrays({n: a for n, a in outputs.items()
                               if a is not None})


class _KeptMemory:
    """Memory for inputs that outlives calls, so that the next call finds other
    values at the same addresses. Every other call the buffers are exchanged."""

    _COUNT, _LEAST = 7, 1 << 16  # more than an operation has inputs

    def __init__(self):
        self.buffers, self.calls = [None] * self._COUNT, 0

    def __call__(self, i, size):
        k = (i + self.calls // 2) % self._COUNT
        buffer = self.buffers[k]
        if buffer is None or len(buffer) < size:
            buffer = (ctypes.c_char * max(size, self._LEAST))()
            self.buffers[k] = buffer
        return (ctypes.c_char * size).from_buffer(buffer)


def _written_input(question, asked):
    """The name of an input of a question that is not as it was asked."""
    for i in range(question.input_count):
        array = question.inputs[i]
        name = array.name.decode()
        now = asked._raw[name]._memory
        if bytes(now) != ctypes.string_at(array.data, len(now)):
            return name
    return None


class _Subject:
    """A function as a subject of the library."""

    def __init__(self, function, name, declaration, library, keeps=False):
        self.function, self.library = function, library
        self.memory = _KeptMemory() if keeps else None
        self.raised = None  # what stops the run
        self.callback = ANSWER(self.answer)
        self.struct = CSubject(name.encode(),
                               json.dumps(declaration).encode(), self.callback,
                               None)

    def answer(self, _, question, reply):
        functions = _library.library()

        def refuse(kind, why):
            functions.reply_refusal(reply, kind, why.encode(errors="replace"))

        try:
            asked = _question.Question(question.contents, "", self.library,
                                       self.memory)
            structs, keep = _answer(self.function, asked)
            for struct in structs:
                functions.reply_output(reply, byref(struct))
            del keep
            if self.memory:
                self.memory.calls += 1
                if name := _written_input(question.contents, asked):
                    refuse(b"error", f"it wrote to its input {name}")
        except Unsupported as error:
            refuse(b"unsupported", str(error))
        except Rejected as error:
            refuse(b"rejected", str(error))
        except Exception as error:  # fails this case; the next one is asked
            text = " ".join(str(error).split())
            refuse(b"error", f"{type(error).__name__}: {text}"[:500])
        except BaseException as error:  # KeyboardInterrupt, ...
            self.raised = error
            return 1
        return 0


def run_words(words, subject=None):
    """Runs `exactbn WORDS` in this process. Returns (exit code, text,
    messages)."""
    functions = _library.library()
    encoded = [os.fsencode(word) for word in words]
    result = _library.Result(functions.run(
        len(encoded), (c_char_p * len(encoded))(*encoded),
        byref(subject.struct) if subject else None))
    if subject and subject.raised is not None:
        raise subject.raised
    return (functions.exit_code(result.handle),
            functions.text(result.handle).decode(errors="replace"),
            functions.messages(result.handle).decode(errors="replace"))


def _checked(run, flags):
    """The report of a run, with its JSON. Raises ValueError for what is exit
    code 2: bad usage."""
    with tempfile.TemporaryDirectory(prefix="exactbn-") as folder:
        file = flags.get("json") or os.path.join(folder, "report.json")
        code, text, messages = run(["--json", os.fspath(file)])
        found = None
        if code != 2 and os.path.exists(file):
            with open(file, encoding="utf-8") as opened:
                found = json.load(opened)
    if code == 2:
        line = messages.strip().rpartition("\n")[2] or text.strip()
        raise ValueError(re.sub(r"^exactbn: (--)?", "", line))
    return Report(code, text or messages, messages, found)


def declaration_of(function, declared, library):
    """The declaration of a function: what it says itself as its attribute
    `exactbn_declaration`, what the call says, and what arrays of the library can
    hold."""
    declaration = {"subject": getattr(function, "__name__",
                                      type(function).__name__)}
    declaration.update(getattr(function, "exactbn_declaration", {}))
    declaration.update(declared)
    formats = _arrays.expressible(library)
    declaration["dtypes"] = [d for d in declaration.get("dtypes", formats)
                             if d in formats] or list(declaration["dtypes"])
    for key in ("operations", "dtypes", "channel_axes"):
        if isinstance(declaration.get(key), str):
            declaration[key] = [declaration[key]]
    return declaration


def _of_function(verb, named, function, library, declared, flags):
    name, importable = _name_of(named)
    shown = name if importable else name.rpartition("<locals>.")[2]
    # Arrays of jax are immutable, and may share the memory that they are of.
    keeps = verb == "challenge" and library != "jax"
    subject = _Subject(function, shown,
                       declaration_of(function, declared, library), library,
                       keeps)
    rest = {k: v for k, v in flags.items() if k != "json"}
    if verb == "properties":
        rest.setdefault("save", "")
    report = _checked(lambda more: run_words(
        [verb, shown, *_words(verb, rest), *more], subject), flags)
    if not importable:
        # No command finds the function again.
        report.text = re.sub(
            rf"  again( +)exactbn (\w+) \S*{re.escape(shown)}\S* (.*)",
            lambda m: f"  again{m[1]}exactbn.{m[2]}({shown}"
                      f"{_as_keywords(m[3])})", report.text)
    return report


def _as_keywords(text):
    """", filter='x'" of "--filter x"."""
    words, keywords = shlex.split(text), ""
    while words:
        key = words.pop(0)[2:].replace("-", "_")
        value = words.pop(0) if words and words[0][:2] != "--" else True
        if key == "declare":
            key, _, value = value.partition("=")
        keywords += f", {key}={value!r}"
    return keywords


def _of_command(verb, command, declared, flags):
    line = command if isinstance(command, str) else shlex.join(command)
    words = [PROGRAM, verb, "--exec", line]
    for key, value in declared.items():
        words += ["--declare", f"{key}={value}"]
    rest = {k: v for k, v in flags.items() if k != "json"}
    if verb == "properties" and "save" not in rest:
        words += ["--save", ""]

    def run(more):
        done = subprocess.run([*words, *_words(verb, rest), *more],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, check=False)
        return (done.returncode, done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace"))

    return _checked(run, flags)


def _run(verb, subject, arrays, isolated, keywords):
    declared, flags = _split(verb, keywords)
    if isinstance(subject, (str, list, tuple)):
        return _of_command(verb, subject, declared, flags)
    from . import adapters
    function, library = adapters.adapted(subject)
    if not callable(function):
        raise TypeError(f"subject: {_arrays.a_kind(subject)}, expected a "
                        "function of a question, a module of torch, flax or "
                        "keras, or a command line")
    if arrays != "default":
        library = _question.require_library(arrays)
    elif library == "default":
        library = _question.default_library()
    if not isolated:
        return _of_function(verb, subject, function, library, declared, flags)
    name, importable = _name_of(subject)
    if not importable:
        raise ValueError(f"isolated: {name} cannot be imported by another "
                         "process; expected a function of a module")
    return _of_command(
        verb, [sys.executable, "-m", "exactbn.serve", name,
               json.dumps(declaration_of(function, declared, library)),
               library or ""], {}, flags)


def validate(subject, *, arrays="default", isolated=False, **keywords):
    """Judges a subject on the core suite. Returns a Report.

    subject    a function that takes a Question and returns a dict of arrays by
               the names of outputs; or a torch.nn.BatchNorm1d, 2d or 3d, a
               flax.linen.BatchNorm or a keras.layers.BatchNormalization, as a
               class or an instance, whose size is chosen for each question; or a
               command line, as a string or a list, of a process that speaks the
               wire format
    arrays     the library of the arrays in questions: "numpy" (the default if it
               is installed), "torch", "jax", or None for exactbn.Array
    isolated   True: the function runs in another process, so that a crash costs
               one case; its module is imported there

    Other keywords are fields of the declaration: operations=["forward_training"],
    dtypes=["f32"], outputs={"forward_training": ["y"]}, momentum=
    "weight_of_old", running_variance="biased", accumulation="f32", ...; or flags
    of `exactbn validate`: filter, dtype, seed, cases (a file), require, errors,
    json, junit, html, baseline, update_baseline, once, convention, jobs, ...

    A function that raises Unsupported does not support the question; with
    Rejected it refuses the input; any other exception fails the case.

    Raises ValueError or TypeError, in one line, for what makes no sense.
    """
    return _run("validate", subject, arrays, isolated, keywords)


def properties(subject, *, arrays="default", isolated=False, **keywords):
    """Searches for counterexamples to the laws of batch normalization, and
    shrinks them. Subjects are those of `validate`; flags are those of `exactbn
    properties`: cases=2000, time="60s", seed, profile, operation, dtype, law,
    save, ... Returns a Report."""
    return _run("properties", subject, arrays, isolated, keywords)


def probe(subject, *, arrays="default", isolated=False, **keywords):
    """Finds the conventions of a subject by experiment. Subjects are those of
    `validate`; evidence=True says what was asked and answered. Returns a
    Report, whose text is the conformance card."""
    return _run("probe", subject, arrays, isolated, keywords)


def challenge(subject, *, seed=None, arrays="default", isolated=False,
              **keywords):
    """A score that cannot be gamed, for graders of kernels that a program wrote.
    Subjects are those of `validate`; flags are those of `exactbn challenge`:
    cases=16, operation, dtype, family, rank, parameters, large, require, ...
    Returns a Challenge.

    seed   repeats the questions of an earlier challenge; None: it comes from the
           system, is committed to by its hash, and known at the end

    The inputs lie in a few buffers that are refilled, exchanged and moved
    between calls; they are compared after each. With isolated=True the function
    runs in another process, which is started again for the questions that
    failed, and the seed is out of its reach.
    """
    with tempfile.TemporaryDirectory(prefix="exactbn-") as folder:
        file = keywords.pop("transcript", None) or os.path.join(
            folder, "transcript.jsonl")
        report = _run("challenge", subject, arrays, isolated,
                      {**keywords, "seed": seed, "transcript": file})
        text = None
        if report.json is not None:
            with open(file, encoding="utf-8") as opened:
                text = opened.read()
    return Challenge(report, text)


def verify_transcript(transcript):
    """Proves the transcript of a challenge, on any machine: derives the
    questions from the seed, judges the recorded answers again, and adds the
    marks up. `transcript` is its text or the path of a file, as a Path. Returns
    a Report, which is true if all is as recorded."""
    with tempfile.TemporaryDirectory(prefix="exactbn-") as folder:
        file = transcript
        if not isinstance(transcript, os.PathLike):
            if not isinstance(transcript, str):
                raise TypeError(f"transcript: {_arrays.a_kind(transcript)}, "
                                "expected a string or a path")
            file = os.path.join(folder, "transcript")
            with open(file, "w", encoding="utf-8") as opened:
                opened.write(transcript)
        return _checked(lambda more: run_words(
            ["challenge", "--verify", os.fspath(file), *more]), {})


def imported(name):
    """The object of "module:attribute"."""
    module, _, attribute = name.partition(":")
    found = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found
