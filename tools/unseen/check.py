#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each defect shows, and only where defects.json says.

    python3 check.py FOLDER [NAME...]

FOLDER has the libraries that `build` wrote. Every kernel gets the same calls;
the correct numpy kernel in f64 has the answers. For each defect the operations
and outputs that are ever wrong must be those of defects.json, and some answers
must be right. The exit code is 0 if so.
"""
import ctypes
import json
import os
import sys

import numpy as np

import numpy_kernels
from serve import OPERATIONS, Case, bf16, widened

HERE = os.path.dirname(os.path.abspath(__file__))
TIMES = {"block_sum_lost_now_and_then": 5, "racing_threads_add_dgamma": 20}


def make_case(operation, shape, axis, inputs, eps, momentum, tracked):
    case = Case.__new__(Case)
    case.id, case.operation = "check", operation
    case.channel_axis, case.shape = axis, shape
    case.epsilon, case.batches_tracked = float(np.float32(eps)), tracked
    case.momentum = momentum
    case.weight = 1 / (tracked + 1) if momentum is None else momentum
    case.inputs = inputs
    case.dtypes = {n: "bf16" if a.dtype == np.uint16 else f"f{a.itemsize * 8}"
                   for n, a in inputs.items()}
    return case


def held(values, dtype):
    """Values in a format; bf16 is given as bits."""
    if dtype != "bf16":
        return values.astype(dtype)
    bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xffff0000)
    return bf16(bits.view(np.float32))


INPUTS = {"forward_training": "x gamma beta running_mean running_var",
          "forward_inference": "x gamma beta running_mean running_var",
          "backward_training": "x gamma dy",
          "backward_inference": "x gamma dy running_mean running_var",
          "jvp_training": "x x_dot gamma gamma_dot beta_dot",
          "double_backward_training": "x dy ddx gamma ddgamma ddbeta"}

SHAPES = [((8, 4, 8), 1), ((4, 3), 1), ((1, 5), 1), ((8, 6, 7), 1),
          ((2, 3, 4, 4), 1), ((3, 5, 5, 7), 1), ((2, 9, 3, 3), 1),
          ((2, 3, 3, 3, 5), 1), ((6, 4, 5), 2), ((5, 11), 0), ((2, 4, 100), 1),
          ((3, 2, 700), 1), ((2, 300), 1), ((16, 4, 8, 8), 1),
          ((1, 4, 9, 9), 1),
          ((7, 5, 6), 0), ((2, 1, 33000), 1), ((30, 13), 1)]

KINDS = {"normal": (0, 1), "moved": (3, 2), "far": (1000, 1),
         "tiny": (0, 1e-5), "wide": (0, 500), "outlier": (0, 1)}


def calls():
    rng = np.random.default_rng(1)
    for number, (shape, axis) in enumerate(SHAPES * 4):
        dtype = ["f4", "f8", "f4", "f2", "bf16"][number % 5]
        kind = list(KINDS)[number // 3 % len(KINDS)]
        centre, spread = KINDS[kind]
        count = shape[axis]

        def all_values():
            return rng.normal(size=shape) + 0.5

        along = [1] * len(shape)
        along[axis] = count
        x = rng.normal(size=shape) * spread
        x = x + centre * np.arange(1, count + 1).reshape(along)
        if kind == "outlier":
            x.flat[::37] *= 20
        if number % 3 == 0:
            x.flat[0] = 0
        given = {"x": x, "dy": all_values(), "x_dot": all_values(),
                 "ddx": all_values(), "gamma": rng.normal(size=count),
                 "beta": rng.normal(size=count) + 1,
                 "gamma_dot": rng.normal(size=count),
                 "beta_dot": rng.normal(size=count),
                 "ddgamma": rng.normal(size=count),
                 "ddbeta": rng.normal(size=count),
                 "running_mean": rng.normal(size=count) * spread + centre,
                 "running_var": rng.uniform(0.3, 3, count) * spread**2}
        if number % 4 == 1:
            given["gamma"][0] = 0
        if number % 4 == 2:
            del given["gamma"]
        given = {n: held(a, dtype if a.ndim > 1 or dtype in ("f4", "f8")
                         else "f4") for n, a in given.items()}
        def ask(operation):
            inputs = {n: given[n] for n in INPUTS[operation].split()
                      if n in given}
            return make_case(operation, shape, axis, inputs,
                             [1e-5, 0.1, 2**-17, 1.7e-7][number % 4],
                             [0.1, None, 0.9, 0, 0.25][number // 2 % 5],
                             number % 3)

        yield from map(ask, OPERATIONS)
        if number % 4 == 0:  # backward of other data than forward
            given["x"] = given["dy"]
            yield ask("backward_training")


# ---- the plugin interface

TYPES = [np.dtype("f8"), np.dtype("f4"), np.dtype("f2"), np.dtype("u2")]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int),
                ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("data", ctypes.c_void_p)]


class Question(ctypes.Structure):
    _fields_ = [("id", ctypes.c_char_p), ("operation", ctypes.c_char_p),
                ("channel_axis", ctypes.c_int32), ("epsilon", ctypes.c_double),
                ("momentum", ctypes.c_double), ("cumulative", ctypes.c_int32),
                ("batches_tracked", ctypes.c_int64),
                ("input_count", ctypes.c_size_t),
                ("inputs", ctypes.POINTER(Tensor))]


OUTPUT = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p,
                          ctypes.c_int)
MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


class Answer(ctypes.Structure):
    _fields_ = [("host", ctypes.c_void_p), ("output", OUTPUT),
                ("message", MESSAGE)]


RUN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Question),
                       ctypes.POINTER(Answer))


class Plugin(ctypes.Structure):
    _fields_ = [("abi", ctypes.c_uint32), ("declaration", ctypes.c_char_p),
                ("run", RUN)]


def plugin_runner(path):
    get = ctypes.CDLL(path).exactbn_get_plugin
    get.restype = ctypes.POINTER(Plugin)
    plugin = get().contents

    def run(case):
        shape, tensors, out = case.shape, [], {}
        for name, a in case.inputs.items():
            extents = (ctypes.c_int64 * a.ndim)(*a.shape)
            tensors.append(Tensor(name.encode(), TYPES.index(a.dtype), a.ndim,
                                  extents, a.ctypes.data))

        def output(_, name, dtype):
            name = name.decode()
            n = (np.prod(shape) if name in numpy_kernels.ELEMENTWISE
                 else shape[case.channel_axis])
            memory = b"\xff" * int(n) * TYPES[dtype].itemsize  # NaN
            out[name] = np.frombuffer(memory, TYPES[dtype]).copy()
            return out[name].ctypes.data
        question = Question(
            b"check", case.operation.encode(), case.channel_axis, case.epsilon,
            case.weight, case.momentum is None, case.batches_tracked,
            len(tensors), (Tensor * len(tensors))(*tensors))
        status = plugin.run(question, Answer(None, OUTPUT(output),
                                             MESSAGE(lambda *_: None)))
        assert status == 0, status
        return {n: a.reshape(shape) if n in numpy_kernels.ELEMENTWISE else a
                for n, a in out.items()}
    return run


def numpy_runner(name):
    kernel = getattr(numpy_kernels, name)()
    return lambda case: getattr(kernel, case.operation)(case)


# ---- the comparison


def exact(case):
    """The answer in f64, of the same inputs."""
    wide = make_case(case.operation, case.shape, case.channel_axis,
                     {n: widened(a).astype("f8")
                      for n, a in case.inputs.items()},
                     case.epsilon, case.momentum, case.batches_tracked)
    return numpy_runner("Kernel")(wide)


def error(got, want):
    """The largest error, in units of the output's format. In f16 and bf16
    relative to each value, else to the largest of its output."""
    unit = {"f8": 2**-53, "f4": 2**-24, "f2": 2**-11, "u2": 2**-8}[
        got.dtype.str[1:]]
    half, got = unit > 2**-20, widened(got).astype("f8")
    # What is beyond f16 is rightly infinite.
    large = (np.abs(want) > 65000) if half else np.isinf(want)
    if np.any((np.isfinite(got) != np.isfinite(want)) & ~large):
        return np.inf
    size = np.nan_to_num(np.abs(want))
    off = np.nan_to_num(np.abs(got - want), nan=0, posinf=0)
    floor = max(size.max() * (1e-2 if half else 1), 1e-30)
    return (off / np.maximum(size, floor)).max() / unit


def wrong_outputs(run, cases, times):
    """{(operation, output): how often it is wrong}, and the right ones."""
    wrong, right = {}, 0
    for _ in range(times):
        for case, want, usual in cases:
            for name, a in run(case).items():
                half = a.dtype.itemsize == 2
                limit = max(1.5 if half else 100,
                            (2 if half else 30) * usual.get(name, 0))
                if error(a, want[name]) > limit:
                    key = case.operation, name
                    wrong[key] = wrong.get(key, 0) + 1
                else:
                    right += 1
    return wrong, right


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    np.seterr(all="ignore")
    with open(os.path.join(HERE, "defects.json")) as file:
        known = json.load(file)
    base = {"numpy": numpy_runner("Kernel"),
            "cxx": plugin_runner(os.path.join(folder, "none.so"))}
    cases = {"numpy": [], "cxx": []}
    for case in calls():
        want = exact(case)
        for kernel in cases:
            if case.dtypes["x"] in (("f32", "f64") if kernel == "numpy"
                                    else ("f32", "f16", "bf16")):
                usual = {n: error(a, want[n])
                         for n, a in base[kernel](case).items()}
                cases[kernel].append((case, want, usual))
    bad = 0
    for d in known:
        name, kernel = d["name"], d["kernel"]
        if names and name not in names:
            continue
        run = (numpy_runner(name) if kernel == "numpy"
               else plugin_runner(os.path.join(folder, name + ".so")))
        wrong, right = wrong_outputs(run, cases[kernel], TIMES.get(name, 1))
        as_said = (right > 0 and {o for o, _ in wrong} == set(d["operation"])
                   and {o for _, o in wrong} == set(d["outputs"]))
        bad += not as_said
        print("ok  " if as_said else "BAD ", name, right, "right; wrong:",
              ", ".join(f"{o}.{n} {k}" for (o, n), k in sorted(wrong.items())))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
