#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""keras.layers.BatchNormalization: keras_layer.py tensorflow|jax|torch

The word is Keras' backend. f16 and bf16 are the policies mixed_float16 and
mixed_bfloat16: weights in f32. An absent gamma is scale=False, an absent beta
center=False. Gradients are by the backend's own means.
"""
import argparse
import os

import numpy as np

from serve import serve, typed

NAMES = {"gamma": "gamma", "beta": "beta", "running_mean": "moving_mean",
         "running_var": "moving_variance"}
POLICIES = {"f64": "float64", "f32": "float32", "f16": "mixed_float16",
            "bf16": "mixed_bfloat16"}
FORMATS = {"f64": "float64", "f32": "float32", "f16": "float16",
           "bf16": "bfloat16"}


def tensor(case, name):
    return keras.ops.convert_to_tensor(
        typed(np.array(case.like_x(name))), dtype=FORMATS[case.dtypes["x"]])


def layer(case, affine):
    """A layer with the weights of the case."""
    made = keras.layers.BatchNormalization(
        axis=case.channel_axis, epsilon=case.float_epsilon(),
        momentum=case.momentum or 0.0, scale=affine or "gamma" in case,
        center=affine or "beta" in case, dtype=POLICIES[case.dtypes["x"]])
    made.build(case.shape)
    for mine, name in NAMES.items():
        value = case.parameter(mine, case.working(), True)
        if getattr(made, name, None) is not None:
            getattr(made, name).assign(value)
    return made


def array(found):
    if getattr(found, "dtype", None) is not None and \
            keras.backend.standardize_dtype(found.dtype) == "bfloat16":
        # numpy has no bf16; the cast is exact, and so is the way back.
        import ml_dtypes
        return keras.ops.convert_to_numpy(keras.ops.cast(
            found, "float32")).astype(ml_dtypes.bfloat16)
    return keras.ops.convert_to_numpy(found)


def forward(case, training):
    made = layer(case, False)
    found = {"y": array(made(tensor(case, "x"), training=training))}
    for mine in ("running_mean", "running_var"):
        if training and mine in case:
            found[mine] = array(getattr(made, NAMES[mine]))
    return found


def forward_training(case):
    return forward(case, True)


def forward_inference(case):
    return forward(case, False)


def by_tensorflow(made, x, dy, training):
    import tensorflow as tf
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = made(x, training=training)
    return tape.gradient(y, [x, made.gamma.value, made.beta.value], dy)


def by_torch(made, x, dy, training):
    import torch
    x = x.detach().requires_grad_()
    y = made(x, training=training)
    return torch.autograd.grad(y, [x, made.gamma.value, made.beta.value], dy)


def by_jax(made, x, dy, training):
    import jax
    order = [v.path for v in made.trainable_variables]
    places = [order.index(made.gamma.path), order.index(made.beta.path)]
    others = [v.value for v in made.non_trainable_variables]

    def call(x, gamma, beta):
        weights = [None, None]
        weights[places[0]], weights[places[1]] = gamma, beta
        return made.stateless_call(weights, others, x, training=training)[0]

    _, back = jax.vjp(call, x, made.gamma.value, made.beta.value)
    return back(dy)


def backward(case, training):
    made = layer(case, True)
    found = GRADIENTS(made, tensor(case, "x"), tensor(case, "dy"), training)
    return dict(zip(("dx", "dgamma", "dbeta"), map(array, found)))


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def main():
    global keras, GRADIENTS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=("tensorflow", "jax", "torch"))
    backend = parser.parse_args().backend
    os.environ.update(KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3",
                      JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1",
                      CUDA_VISIBLE_DEVICES="")
    import keras
    library = __import__(backend)
    GRADIENTS = {"tensorflow": by_tensorflow, "jax": by_jax,
                 "torch": by_torch}[backend]
    serve(f"Keras {keras.__version__}, {backend} {library.__version__}",
          [forward_training, forward_inference, backward_training,
           backward_inference], dtypes=list(POLICIES),
          outputs={"forward_training": ["y", "running_mean", "running_var"]},
          momentum="weight_of_old", running_variance="biased",
          zero_variance="nan",
          subnormals="keep" if backend == "torch" else "flush")


if __name__ == "__main__":
    main()
