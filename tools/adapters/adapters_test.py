#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests every adapter that can run: adapters_test.py EXACTBN

It must solve cases that every implementation solves, and refuse cases that its
framework cannot receive exactly. A mistake of an adapter would be blamed on its
framework. The cases are ordinary, but their shapes expose a transposition, and
their parameters a weight on the wrong side; no version of a framework should
fail them.
"""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

sys.dont_write_bytecode = True
import found  # noqa: E402

LABELS = ("PrimeShape", "OtherRank", "ChannelsLast",
          "CumulativeAverage", "MomentumEighth", "NegativeGamma", "EpsilonOne")
# The minimum number of cases that each must pass, in f64, f32 and f16. tfjs,
# without --last, is wrong if channels are not last (golden/findings/README.md).
MINIMUM_PASSED = {
    "onednn": 36, "libtorch": 61, "dlib": 18, "opencv": 5, "pytorch": 73,
    "numpy": 81, "onnxruntime": 20, "onnxruntime-y": 31, "tfjs-last": 32,
    "onnxruntime-python": 13, "onnx-reference": 13, "flax": 44, "nnx": 44,
    "xla": 29, "tinygrad": 23, "openvino": 5, "tvm": 19, "iree": 19, "ncnn": 5,
    "mnn": 9, "mlx": 21, "haiku": 44, "equinox": 29, "keras-jax": 36, "torch":
    44, "tensorflow-fused": 29, "tensorflow-composed": 40, "keras-tensorflow":
    36, "keras-torch": 36, "litert": 7, "paddle": 40, "mindspore": 19}

# These are judged in f32 alone: other formats of some are findings. All but
# torch convert epsilon to a float.
CURRENT = tuple(n for n, a in found.ADAPTERS.items()
                if a.program == "venv" and n in MINIMUM_PASSED)

# Their second derivative is wrong: second-order-detached-mean in the findings.
DETACHED = ("tinygrad", "tensorflow-composed")
# Frameworks that compute in the widest format of the inputs: nothing is lost.
PROMOTING = ("onnx-reference", "mlx", "tinygrad", "haiku", "equinox")

X = '"x":{"dtype":"f32","shape":[2,1,2],"bits":"' + \
    "".join(("3f800000", "40000000", "40400000", "40a00000")) + '"}'
ONE = '{"dtype":"f32","shape":[1],"bits":"3f800000"}'
WIDE = '{"dtype":"f64","shape":[1],"bits":"3ff0000000000001"}'
STATISTICS = f'"running_mean":{ONE},"running_var":{ONE}'
QUARTER, TENTH = "3fd0000000000000", "3fb999999999999a"
LONGER = "3fd0000000001000"  # 1/4 + 2^-42: not a float, nor is 1 minus it
TRAINING = f'"gamma":{ONE},"beta":{ONE},{STATISTICS}'
# Cases, and the adapters that must refuse them, because they would round a
# value.
REFUSED = {
    "epsilon-that-is-no-float": (
        f'"operation":"forward_inference","epsilon":"{TENTH}",'
        f'"momentum":"{QUARTER}"', STATISTICS,
        ("onednn", "opencv", "onnxruntime", "onnxruntime-y",
         *(n for n in CURRENT if n != "torch"))),
    "momentum-that-is-no-float": (
        f'"operation":"forward_training","epsilon":"{QUARTER}",'
        f'"momentum":"{LONGER}"', TRAINING,
        ("onnxruntime", "tfjs", "tfjs-last")),
    "momentum-with-no-other-side": (
        f'"operation":"forward_training","epsilon":"{QUARTER}",'
        f'"momentum":"{TENTH}"', TRAINING,
        ("onnxruntime", "tfjs", "tfjs-last")),
    "gamma-of-more-digits": (
        f'"operation":"forward_inference","epsilon":"{QUARTER}",'
        f'"momentum":"{QUARTER}"', f'"gamma":{WIDE},{STATISTICS}',
        ("onednn", "libtorch", "dlib", "opencv", "pytorch", "tfjs",
         "tfjs-last", *(n for n in CURRENT if n not in PROMOTING)))}


def refused_lines():
    for name, (parameters, inputs, _) in REFUSED.items():
        yield (f'{{"case":"{name}","channel_axis":1,{parameters},'
               f'"inputs":{{{X},{inputs}}}}}\n')


def ordinary_lines(exactbn):
    for label in LABELS:
        listed = subprocess.run(
            [exactbn, "list", "cases", "--wire", "--filter", label],
            check=True, capture_output=True, text=True)
        yield from (line for line in listed.stdout.splitlines(keepends=True)
                    if '"x":{"dtype":"bf16"' not in line)


def what_is_wrong(exactbn, adapter, words, cases):
    """The errors of the adapter, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        ran = subprocess.run(
            [exactbn, "validate", *words, "--cases", cases, "--errors", "1",
             *(["--dtype", "f32"] if adapter in CURRENT else []),
             "--junit", report], capture_output=True, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"})  # cores are shared
        if ran.returncode not in (0, 1, 4):
            yield ran.stderr + ran.stdout
            return
        suite, = tree.parse(report).getroot()
    passed = 0
    for case in suite:
        name = case.get("name")
        skipped = case.find("skipped") is not None
        if name in REFUSED:
            if adapter in REFUSED[name][2] and not skipped:
                yield f"accepts {name}"
        elif adapter in DETACHED and name.startswith("dbw-"):
            continue
        elif case.find("failure") is not None:
            yield f"fails {name}: {case.find('failure').text}"
        elif not skipped:
            passed += 1
    if passed < MINIMUM_PASSED[adapter]:
        yield f"passes {passed} cases, fewer than {MINIMUM_PASSED[adapter]}"


def main(exactbn):
    with tempfile.TemporaryDirectory() as folder:
        cases = os.path.join(folder, "cases.jsonl")
        with open(cases, "w", encoding="utf-8") as out:
            out.writelines(dict.fromkeys(
                [*refused_lines(), *ordinary_lines(exactbn)]))
        return found.test(
            exactbn, MINIMUM_PASSED,
            lambda *adapter: what_is_wrong(exactbn, *adapter, cases))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
