# SPDX-License-Identifier: Apache-2.0
"""A function as a process that speaks the wire format:

    python -m exactbn.serve MODULE:FUNCTION [DECLARATION [ARRAYS]]

DECLARATION is JSON, ARRAYS a library: numpy, torch, jax, or "" for
exactbn.Array.
"""
import ctypes
import json
import os
import struct
import sys

from . import _arrays, _question, _run, adapters
from ._library import CArray, CQuestion


def _memory(tensor):
    """The values of a tensor of the wire, in the machine's byte order."""
    width = _arrays.BYTES[tensor["dtype"]]
    data = bytearray(bytes.fromhex(tensor["bits"]))
    if sys.byteorder == "little":
        for k in range(width // 2):
            data[k::width], data[width - 1 - k::width] = (
                data[width - 1 - k::width], data[k::width])
    return (ctypes.c_char * len(data)).from_buffer(data)


def _number(bits):
    return struct.unpack(">d", bytes.fromhex(bits))[0]


def question_of(line, library):
    """The Question of a case of the wire."""
    inputs = (CArray * len(line["inputs"]))()
    keep = []
    for c, (name, tensor) in zip(inputs, line["inputs"].items()):
        memory = _memory(tensor)
        extents = (ctypes.c_int64 * len(tensor["shape"]))(*tensor["shape"])
        keep += memory, extents
        c.name, c.dtype = name.encode(), tensor["dtype"].encode()
        c.data, c.rank, c.shape = (ctypes.addressof(memory), len(extents),
                                   extents)
    momentum = line.get("momentum", "0" * 16)
    return _question.Question(CQuestion(
        0, line["operation"].encode(), line["case"].encode(),
        line["channel_axis"], momentum is None, _number(line["epsilon"]),
        0.0 if momentum is None else _number(momentum),
        line.get("batches_tracked", 0), len(inputs), inputs), "", library)


def _tensor(name, array):
    view = _arrays.view(name, array)
    width = _arrays.BYTES[view.dtype]
    code = {8: "Q", 4: "I", 2: "H", 1: "B"}[width]
    shape, strides = list(view.shape), view.strides
    if strides is None:
        strides, step = [], 1
        for extent in reversed(shape):
            strides.insert(0, step)
            step *= extent
    offsets = [0]
    for extent, stride in zip(shape, strides):
        offsets = [o + k * stride for o in offsets for k in range(extent)]
    low, high = min(offsets), max(offsets)
    memory = ctypes.string_at(view.pointer + low * width,
                              (high - low + 1) * width)
    words = memoryview(memory).cast(code)
    return {"dtype": view.dtype, "shape": shape,
            "bits": "".join(f"{words[o - low]:0{2 * width}x}"
                            for o in offsets)}


def line_of(question):
    """The case of the wire that a Question is."""
    line = {"case": question.id, "operation": question.operation,
            "channel_axis": question.channel_axis,
            "epsilon": struct.pack(">d", question.epsilon).hex(),
            "momentum": (None if question.momentum is None else
                         struct.pack(">d", question.momentum).hex())}
    if question.batches_tracked:
        line["batches_tracked"] = question.batches_tracked
    line["inputs"] = {n: _tensor(n, a) for n, a in question._raw.items()}
    return line


def answer_to(line, function, library):
    """The answer of the wire to a case."""
    try:
        outputs = function(question_of(line, library))
        return {"outputs": {n: _tensor(n, a) for n, a in outputs.items()
                            if a is not None}}
    except _run.Unsupported as error:
        return {"unsupported": str(error)}
    except _run.Rejected as error:
        return {"rejected": str(error)}
    except Exception as error:  # fails this case; the next one is answered
        text = " ".join(str(error).split())
        return {"error": f"{type(error).__name__}: {text}"[:500]}


def main(words):
    if not 1 <= len(words) <= 3:
        print(__doc__, file=sys.stderr)
        return 2
    sys.path.insert(0, os.getcwd())
    try:
        function, library = adapters.adapted(_run.imported(words[0]))
    except (ImportError, AttributeError) as error:
        print(f"exactbn.serve: {words[0]}: {error}", file=sys.stderr)
        return 2
    if len(words) > 2:
        library = words[2] or None
    elif library == "default":
        library = _question.default_library()
    declaration = (json.loads(words[1]) if len(words) > 1 else
                   _run.declaration_of(function, {}, library))
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # only answers may go to standard output
    print(json.dumps(declaration), file=out, flush=True)
    for text in sys.stdin:
        line = json.loads(text)
        print(json.dumps({"case": line["case"],
                          **answer_to(line, function, library)}),
              file=out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
