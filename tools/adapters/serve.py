# SPDX-License-Identifier: Apache-2.0
"""Makes Python functions a subject, for numpy and any library that takes its
arrays.

A subject has a function for each operation that it supports. The function takes
a Case and returns its outputs by name:

    import numpy as np
    from serve import serve, Unsupported

    def forward_inference(case):
        if case.channel_axis != 1: raise Unsupported("channels are axis 1")
        eps = case.as_float32("epsilon", case.epsilon)
        mean, var = case["running_mean"], case["running_var"]
        y = my_kernel(case["x"], mean, var, case.get("gamma"), eps)
        return {"y": y}

    serve("my kernel 1.0", [forward_inference], dtypes=["f32"],
          accumulation="f32")

    exactbn validate --exec 'python3 my_subject.py'

Arrays are numpy's float64, float32 and float16, in the machine's byte order.
numpy has no bf16: inputs and outputs in bf16 are arrays of uint16 with the bit
patterns. `widened` converts them to float32, which is exact; `bf16` converts
back, and raises if a value is not a bf16: rounding is up to the kernel, not the
adapter. The same bits are
`torch.from_numpy(a.view(np.int16)).view(torch.bfloat16)` or `typed(a)`, for
JAX and all others that use ml_dtypes; an array of ml_dtypes' bfloat16 may be
returned as it is.

An exception of a function becomes the answer: Unsupported if the subject does
not support the case, Rejected if it refuses the input; any other exception
fails the case. What the function prints goes to standard error.
"""
import json
import os
import sys

import numpy as np

TYPES = {"f64": np.dtype("f8"), "f32": np.dtype("f4"), "f16": np.dtype("f2"),
         "bf16": np.dtype("u2")}
NAMES = {dtype: name for name, dtype in TYPES.items()}
# The formats that hold every value of a format.
WIDER = {"bf16": ("f32", "f64"), "f16": ("f32", "f64"), "f32": ("f64",),
         "f64": ()}
# What an absent parameter means; all others are 0.
ABSENT = {"gamma": 1, "running_var": 1}
OPERATIONS = ("forward_training", "forward_inference", "backward_training",
              "backward_inference", "jvp_training", "double_backward_training")


class Unsupported(Exception):
    """The subject does not support the case."""


class Rejected(Exception):
    """The subject refuses the input, and is right to refuse it."""


def widened(array):
    """The values of bf16 bit patterns, in float32; other arrays as they are."""
    if array.dtype != np.uint16:
        return array
    return (array.astype(np.uint32) << 16).view(np.float32)


def typed(array):
    """bf16 bit patterns as ml_dtypes' bfloat16; other arrays as they are."""
    if array is None or array.dtype != np.uint16:
        return array
    import ml_dtypes
    return array.view(ml_dtypes.bfloat16)


def bf16(values):
    """The bit patterns of float32 values, which must all be bf16 values."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    if np.any((bits & 0xffff != 0) & ~np.isnan(values)):
        raise ValueError("a value is not a bf16, and an adapter must not round")
    # A NaN with payload only in the lower half must not become an infinity.
    return (bits >> 16 | np.isnan(values) * np.uint32(0x40)).astype(np.uint16)


def decode(tensor):
    """The array of a tensor of the wire format."""
    dtype = TYPES.get(tensor["dtype"])
    if dtype is None:
        raise Unsupported("numpy has no " + tensor["dtype"])
    raw = np.frombuffer(bytes.fromhex(tensor["bits"]), dtype.newbyteorder(">"))
    return raw.astype(dtype).reshape(tensor["shape"])


def encode(array):
    """The tensor of an array, bit for bit."""
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":  # ml_dtypes registers it
        array = array.view(np.uint16)
    name = NAMES.get(array.dtype.newbyteorder("="))
    if name is None:
        raise TypeError(f"the wire format has no dtype for {array.dtype}")
    return {"dtype": name, "shape": list(array.shape),
            "bits": array.astype(TYPES[name].newbyteorder(">")).tobytes().hex()}


def number(bits):
    """The f64 of 16 hexadecimal digits."""
    return float(np.frombuffer(bytes.fromhex(bits), ">f8")[0])


class Case:
    """A case: its parameters as attributes, its inputs by name.

    epsilon         a float, added to the variance
    momentum        the weight of the new statistic; None for the cumulative
                    average
    weight          momentum, or 1 / (batches_tracked + 1) if that is None
    channel_axis, batches_tracked    integers
    shape           of x
    dtypes          the format of each input by name: f64, f32, f16 or bf16
    """

    def __init__(self, line):
        self.id, self.operation = line["case"], line["operation"]
        self.channel_axis = line["channel_axis"]
        self.epsilon = number(line["epsilon"])
        self.batches_tracked = line.get("batches_tracked", 0)
        given = line.get("momentum", "0" * 16)
        self.momentum = None if given is None else number(given)
        self.weight = (1 / (self.batches_tracked + 1) if given is None
                       else self.momentum)
        self.dtypes = {n: t["dtype"] for n, t in line["inputs"].items()}
        self.inputs = {n: decode(t) for n, t in line["inputs"].items()}
        self.shape = self.inputs["x"].shape

    def __contains__(self, name):
        return name in self.inputs

    def __getitem__(self, name):
        return self.inputs[name]

    def get(self, name, otherwise=None):
        return self.inputs.get(name, otherwise)

    def like_x(self, name):
        """The input. Raises Unsupported unless it has the format of x."""
        if self.dtypes[name] != self.dtypes["x"]:
            raise Unsupported(f"{name} is not in the format of x")
        return self[name]

    def parameter(self, name, dtype=None, absent=False):
        """The parameter in the format `dtype`, widened if needed; raises
        Unsupported if it would have to be narrowed. By default it has its own
        format. If the case lacks it, None; with `absent`, what that means: 1 or
        0 in every channel, in the format `dtype` or that of x."""
        own = self.dtypes.get(name, self.dtypes["x"])
        dtype = dtype or own
        if name not in self:
            if not absent:
                return None
            one = 0x3f80 if dtype == "bf16" else 1
            return np.full(self.shape[self.channel_axis],
                           ABSENT.get(name, 0) * one, TYPES[dtype])
        if own == dtype:
            return self[name]
        if dtype not in WIDER[own]:
            raise Unsupported(f"{name} would have to be narrowed")
        return widened(self[name]).astype(TYPES[dtype])

    def working(self):
        """The format of x, or f32 if x has 16 bits: that of the statistics in
        most frameworks."""
        return "f64" if self.dtypes["x"] == "f64" else "f32"

    def one_format(self):
        """Raises Unsupported unless all inputs have the format of x."""
        for name in self.dtypes:
            self.like_x(name)

    def float_epsilon(self):
        """epsilon, for a kernel that converts it to the working format."""
        return (self.epsilon if self.working() == "f64"
                else self.as_float32("epsilon", self.epsilon))

    def channels(self, value):
        """An array of `value` for each channel, in the format of x."""
        return np.full(self.shape[self.channel_axis], value,
                       np.float32 if self.dtypes["x"] == "bf16"
                       else self["x"].dtype)

    def along_channels(self, array):
        """One value per channel, in a shape that broadcasts with x."""
        shape = [1] * len(self.shape)
        shape[self.channel_axis] = -1
        return array.reshape(shape)

    def other_axes(self):
        """All axes of x but the channel axis."""
        return tuple(i for i in range(len(self.shape))
                     if i != self.channel_axis)

    @staticmethod
    def as_float32(what, value):
        """The parameter, for a kernel that takes a float. Raises Unsupported
        unless it is one: a rounding would be blamed on the kernel."""
        with np.errstate(over="ignore"):
            if float(np.float32(value)) != value:
                raise Unsupported(f"{what} must be a float, and is not one")
        return float(value)


def one_line(error):
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 400 else text[:400] + " ..."


def answer(case, functions):
    """The answer to a case: its outputs, or why there are none."""
    try:
        question = Case(case)
        outputs = functions[question.operation](question)
        return {"outputs": {n: encode(a) for n, a in outputs.items()}}
    except Unsupported as error:
        return {"unsupported": one_line(error)}
    except Rejected as error:
        return {"rejected": one_line(error)}
    except Exception as error:  # fails this case; the next one is answered
        return {"error": f"{type(error).__name__}: {one_line(error)}"}


def take_standard_output():
    """Sends all that is printed from now on to standard error. Returns the
    standard output, to which only answers may go. serve() calls it; call it
    earlier for a library that prints when it is imported."""
    global _answers
    if _answers is None:
        _answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
    return _answers


_answers = None


def serve(subject, functions, **declaration):
    """Answers the cases on standard input until its end.

    subject       the name for reports, with the version
    functions     one per operation, with the name of the operation
    declaration   dtypes, channel_axes, outputs, running_variance,
                  single_value, zero_variance, subnormals, accumulation, as in
                  oracles/README.md; the default of dtypes is all of numpy's
    """
    known = {f.__name__: f for f in functions}
    unknown = set(known) - set(OPERATIONS)
    if unknown:
        raise ValueError("unknown operation " + ", ".join(sorted(unknown)))
    out = take_standard_output()
    declared = {"dtypes": list(TYPES), **declaration}
    print(json.dumps({"subject": subject, "operations": list(known),
                      **declared}), file=out, flush=True)
    for number_of, line in enumerate(sys.stdin, 1):
        try:
            case = json.loads(line)
            name = case["case"]
        except (ValueError, KeyError, TypeError) as error:
            print(f"serve.py: line {number_of} is not a case: "
                  f"{type(error).__name__}: {one_line(error)}",
                  file=sys.stderr)
            sys.exit(2)
        print(json.dumps({"case": name, **answer(case, known)}), file=out,
              flush=True)
