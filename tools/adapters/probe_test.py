#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `exactbn probe` finds of every adapter that can run is what its
framework documents, and what the adapter declares: probe_test.py EXACTBN

A line of the table is a framework's own documentation, seen through the
adapter: where that converts a convention (README.md says where), it is the
wire format's. A convention that a new version changes fails here.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import found  # noqa: E402

NONE = "not offered"
# True of all, by the definition of batch normalization that all of them print.
ALL = {"formulas": "as defined", "epsilon_place": "inside the root",
       "epsilon_minimum": "none", "zero_variance_frozen": "nan or infinity",
       "nonfinite_frozen": "its own y"}
# Of all that train.
TRAIN = {**ALL, "batch_variance": "biased", "training_reads": "no",
         "nan_in_x": "its channel", "infinity_in_x": "its channel",
         "single_value_y": "beta"}
AVERAGE = {"momentum_side": "momentum",
           "cumulative_average": "1 / (batches_tracked + 1)"}
NO_AVERAGE = {"momentum_side": NONE, "cumulative_average": NONE,
              "running_variance": NONE, "single_value": NONE}
NOT_SAVED = {"saved_mean": NONE, "saved_var": NONE, "saved_invstd": NONE}
INVSTD = {"saved_mean": "the batch's", "saved_var": NONE,
          "saved_invstd": "1 / sqrt(var + epsilon)"}
# torch.nn.BatchNorm: x_new = (1 - momentum) x + momentum x_t, or the cumulative
# average; y by the biased variance, the moving average takes the unbiased one.
TORCH = {**TRAIN, **AVERAGE, "running_variance": "unbiased",
         "zero_variance": "zero", "subnormal_inputs": "keep",
         "subnormal_outputs": "keep", "channel_axes": "all"}
# BatchNormalization-15: running_var = input_var momentum + current_var
# (1 - momentum), of the population variance. The adapter gives 1 - momentum.
ONNX = {**TRAIN, **NOT_SAVED, "zero_variance": "nan", "channel_axes": "1",
        "subnormal_inputs": "keep", "subnormal_outputs": "keep"}
# Keras: moving = moving momentum + batch (1 - momentum), of tf.moments'
# variance, which is the population's. The adapter gives 1 - momentum. What
# JavaScript sums it sums in doubles.
TFJS = {**TRAIN, **AVERAGE, **NOT_SAVED, "running_variance": "biased",
        "single_value": "takes 0", "zero_variance": "nan",
        "absent_parameters": NONE, "accumulation": "f64"}

CARDS = {
    # Mean and variance over N H W; no running statistics.
    "onednn": {**TRAIN, **NO_AVERAGE, "saved_mean": "the batch's",
               "saved_var": "biased", "saved_invstd": NONE,
               "zero_variance": "nan", "channel_axes": "1, last",
               "accumulation": "f32", "subnormal_inputs": "keep"},
    # native_batch_norm, without the checks of torch.nn.functional.
    "libtorch": {**TORCH, **INVSTD, "single_value": "nan"},
    "pytorch": {**TORCH, **NOT_SAVED, "single_value": "reject",
                "single_value_y": "reject"},
    # tensor_tools.h: running = (1 - averaging_factor) running +
    # averaging_factor (mean, or variance); eps > 0, num_samples() > 1. That the
    # variance is unbiased, and found in one pass, its page does not say.
    "dlib": {**TRAIN, **AVERAGE, **INVSTD, "running_variance": "unbiased",
             "single_value": NONE, "single_value_y": NONE,
             "zero_variance": NONE, "zero_variance_frozen": NONE,
             "channel_axes": "1", "accumulation": "f32",
             "variance_algorithm": "in one pass, in f32"},
    # dnn::BatchNormLayer: inference by given statistics, subnormals flushed.
    "opencv": {**ALL, **NO_AVERAGE, **NOT_SAVED, "batch_variance": NONE,
               "nan_in_x": NONE, "channel_axes": "1",
               "subnormal_inputs": "flush", "subnormal_outputs": "flush"},
    "numpy": {**TRAIN, **AVERAGE, "running_variance": "unbiased",
              "single_value": "nan", "zero_variance": "nan",
              "saved_mean": "the batch's", "saved_var": "biased",
              "saved_invstd": "1 / sqrt(var + epsilon)",
              "channel_axes": "all"},
    "onnxruntime": {**ONNX, **AVERAGE, "running_variance": "biased",
                    "single_value": "takes 0"},
    "onnxruntime-y": {**ONNX, **NO_AVERAGE, "accumulation": "cannot be told"},
    "tfjs": TFJS,
    "tfjs-last": {**TFJS, "layout": "the same bits"}}
# What disagrees with a declaration, or with the wire format: a layer whose
# channels are not last is wrong (golden/findings/README.md).
DISAGREES = {"tfjs": {"layout"}}


def what_is_wrong(exactbn, adapter, words):
    """Where the card is not the expected one, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "card.json")
        ran = subprocess.run(
            [exactbn, "probe", *words, "--json", report], capture_output=True,
            text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if not os.path.exists(report):
            yield ran.stderr + ran.stdout
            return
        with open(report, encoding="utf-8") as card:
            lines = {line["id"]: line for line in json.load(card)["lines"]}
    expected = DISAGREES.get(adapter, set())
    if ran.returncode != (1 if expected else 0):
        yield f"exits with {ran.returncode}: {ran.stderr}"
    for name, line in lines.items():
        if line["agrees"] == (name in expected):
            yield (f"{name}: found '{line['found']}', declared "
                   f"'{line['declared']}': {line['evidence']}")
    for name, what in CARDS[adapter].items():
        if name not in lines:
            yield f"no line {name}"
        elif lines[name]["found"] != what:
            yield (f"{name}: found '{lines[name]['found']}', documented "
                   f"'{what}': {lines[name]['evidence']}")


def main(exactbn):
    return found.test(exactbn, CARDS,
                      lambda *adapter: what_is_wrong(exactbn, *adapter))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
