#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""LiteRT (TensorFlow Lite): tf.nn.batch_normalization with constant parameters,
converted by TensorFlow's converter, which folds them, and run by LiteRT's
interpreter with XNNPACK. f32 only.
"""
import functools
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from importlib.metadata import version  # noqa: E402

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from serve import serve  # noqa: E402


@functools.lru_cache(maxsize=64)
def model(shape, axis, epsilon, *parameters):
    one = [1] * len(shape)
    one[axis] = -1
    gamma, beta, mean, var = (
        np.frombuffer(p, np.float32).reshape(one) for p in parameters)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def normalized(x):
        return tf.nn.batch_normalization(x, mean, var, beta, gamma, epsilon)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [normalized.get_concrete_function()])
    return converter.convert()


def forward_inference(case):
    content = model(case.shape, case.channel_axis, case.float_epsilon(), *(
        case.parameter(n, "f32", True).tobytes()
        for n in ("gamma", "beta", "running_mean", "running_var")))
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"],
                           np.ascontiguousarray(case["x"]))
    interpreter.invoke()
    return {"y": interpreter.get_tensor(
        interpreter.get_output_details()[0]["index"])}


if __name__ == "__main__":
    serve(f"LiteRT {version('ai-edge-litert')}, converted by TensorFlow "
          f"{tf.__version__}", [forward_inference], dtypes=["f32"],
          subnormals="flush")
