# SPDX-License-Identifier: Apache-2.0
"""The command: `python -m exactbn VERB ...`. SUBJECT may also be
`module:function`, which is judged in this process."""
import os
import sys

from . import _question, _run


def _function_among(words):
    """The place of a SUBJECT such as `kernels:batch_norm`; or None."""
    if not words or words[0] not in ("validate", "properties", "probe"):
        return None
    for i, word in enumerate(words[1:], 1):
        module, colon, name = word.partition(":")
        named = colon and module.replace(".", "_").isidentifier() and (
            name.replace(".", "_").isidentifier())
        if named and module != "defect" and not words[i - 1].startswith("--"):
            return i
    return None


def _judge(words, place):
    from . import adapters
    name = words[place]
    sys.path.insert(0, os.getcwd())
    try:
        function, library = adapters.adapted(_run.imported(name))
    except (ImportError, AttributeError) as error:
        print(f"exactbn: {name}: {error}", file=sys.stderr)
        return 2
    if library == "default":
        library = _question.default_library()
    subject = _run._Subject(function, name,
                            _run.declaration_of(function, {}, library), library)
    code, text, messages = _run.run_words(words, subject)
    sys.stdout.write(text)
    sys.stdout.flush()
    sys.stderr.write(messages)
    return code


def main():
    words = sys.argv[1:]
    place = _function_among(words)
    if place is not None:
        try:
            return _judge(words, place)
        except KeyboardInterrupt:
            return 130
    if not os.path.exists(_run.PROGRAM):
        print(f"exactbn: {_run.PROGRAM} is missing; install the wheel again",
              file=sys.stderr)
        return 2
    os.execv(_run.PROGRAM, ["exactbn", *words])


if __name__ == "__main__":
    sys.exit(main())
