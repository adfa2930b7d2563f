#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what `exactbn probe` finds for every adapter that can run with the
framework's documentation and the adapter's declaration: probe_test.py EXACTBN

The table has the documented conventions as the adapter shows them: where the
adapter converts one (README.md lists them), it is that of the wire format. If a
new version changes a convention, this test fails.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import found  # noqa: E402

NONE = "not offered"
# True for all: they document the same definition of batch normalization.
ALL = {"formulas": "as defined", "epsilon_place": "inside the root",
       "epsilon_minimum": "none", "zero_variance_frozen": "nan or infinity",
       "nonfinite_frozen": "its own y"}
# True for all that support training.
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
# average; y uses the biased variance, the moving average the unbiased one.
TORCH = {**TRAIN, **AVERAGE, "running_variance": "unbiased",
         "zero_variance": "zero", "subnormal_inputs": "keep",
         "subnormal_outputs": "keep", "channel_axes": "all"}
# BatchNormalization-15: running_var = input_var momentum + current_var
# (1 - momentum), of the population variance. The adapter passes 1 - momentum.
ONNX = {**TRAIN, **NOT_SAVED, "zero_variance": "nan", "channel_axes": "1",
        "subnormal_inputs": "keep", "subnormal_outputs": "keep"}
# Keras: moving = moving momentum + batch (1 - momentum), of tf.moments'
# variance, which is the population's. The adapter passes 1 - momentum.
# JavaScript sums in doubles.
TFJS = {**TRAIN, **AVERAGE, **NOT_SAVED, "running_variance": "biased",
        "single_value": "takes 0", "zero_variance": "nan",
        "absent_parameters": NONE, "accumulation": "f64"}

CARDS = {
    # Mean and variance over N H W; no running statistics.
    "onednn": {**TRAIN, **NO_AVERAGE, "saved_mean": "the batch's",
               "saved_var": "biased", "saved_invstd": NONE,
               "zero_variance": "nan", "channel_axes": "1, last",
               "accumulation": "f32", "subnormal_inputs": "keep"},
    # native_batch_norm has none of the checks of torch.nn.functional.
    "libtorch": {**TORCH, **INVSTD, "single_value": "nan"},
    "pytorch": {**TORCH, **NOT_SAVED, "single_value": "reject",
                "single_value_y": "reject"},
    # tensor_tools.h: running = (1 - averaging_factor) running +
    # averaging_factor (mean, or variance); eps > 0, num_samples() > 1. It does
    # not document that the variance is unbiased, and computed in one pass.
    "dlib": {**TRAIN, **AVERAGE, **INVSTD, "running_variance": "unbiased",
             "single_value": NONE, "single_value_y": NONE,
             "zero_variance": NONE, "zero_variance_frozen": NONE,
             "channel_axes": "1", "accumulation": "f32",
             "variance_algorithm": "in one pass, in f32"},
    # dnn::BatchNormLayer: inference with given statistics; flushes subnormals.
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
# Known disagreements with a declaration, or with the wire format: the layer is
# wrong if channels are not last (golden/findings/README.md).
DISAGREES = {"tfjs": {"layout"}}


def what_is_wrong(exactbn, adapter, words):
    """The differences from the expected card, a line each."""
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
