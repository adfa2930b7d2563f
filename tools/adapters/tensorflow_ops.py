#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's batch normalization: tensorflow_ops.py fused|composed

fused       tf.raw_ops.FusedBatchNormV3
composed    tf.nn.moments and tf.nn.batch_normalization

Gradients are by tf.GradientTape, the forward derivative by
tf.autodiff.ForwardAccumulator, the double backward by a tape of a tape.
"""
import argparse
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from serve import Unsupported, serve, typed  # noqa: E402

STATISTICS = ("running_mean", "running_var")


def layout(case):
    rank, axis = len(case.shape), case.channel_axis
    if rank not in (4, 5):
        raise Unsupported("the fused operation has rank 4 and 5")
    if axis == rank - 1:
        return "NHWC" if rank == 4 else "NDHWC"
    if axis == 1:
        return "NCHW" if rank == 4 else "NCDHW"
    raise Unsupported("channels are axis 1 or the last one")


def refuse_one_value(case):
    """The unbiased variance of one value is 0 here, which is neither of the
    conventions of a declaration."""
    if case["x"].size == case.shape[case.channel_axis] and any(
            n in case for n in STATISTICS):
        raise Unsupported("one value a channel has no unbiased variance")


def fused(case, training):
    def normalized(x, gamma, beta, mean, var):
        out = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=gamma, offset=beta, mean=mean, variance=var,
            epsilon=case.as_float32("epsilon", case.epsilon),
            exponential_avg_factor=case.as_float32("momentum", case.weight)
            if training else 1.0,
            data_format=layout(case), is_training=training)
        return out[0], out[1], out[2]
    return normalized


def composed(case, training):
    shape = [1] * len(case.shape)
    shape[case.channel_axis] = -1

    def normalized(x, gamma, beta, mean, var):
        if training:
            mean, var = tf.nn.moments(x, case.other_axes(), keepdims=True)
        else:
            mean, var = tf.reshape(mean, shape), tf.reshape(var, shape)
        y = tf.nn.batch_normalization(
            x, mean, var, tf.reshape(beta, shape), tf.reshape(gamma, shape),
            case.float_epsilon())
        return y, tf.reshape(mean, [-1]), tf.reshape(var, [-1])
    return normalized


INTERFACES = {"fused": fused, "composed": composed}


def constant(array):
    return tf.constant(typed(np.ascontiguousarray(array)))


def parameters(case):
    """f32 for the fused operation; in the format of x for the other."""
    dtype = case.dtypes["x"] if INTERFACE is composed else "f32"
    return [constant(case.parameter(n, dtype, True))
            for n in ("gamma", "beta", *STATISTICS)]


def out(tensor, like=None):
    if tensor is None:  # no dependence
        return np.zeros_like(like.numpy())
    return tf.convert_to_tensor(tensor).numpy()


def forward_training(case):
    if INTERFACE is not composed:
        refuse_one_value(case)
    found = INTERFACE(case, True)(constant(case["x"]), *parameters(case))
    names = (("y", "mean", "var") if INTERFACE is composed
             else ("y", *STATISTICS))
    return {n: out(t) for n, t in zip(names, found)
            if n in ("y", "mean", "var") or n in case}


def forward_inference(case):
    return {"y": out(INTERFACE(case, False)(
        constant(case["x"]), *parameters(case))[0])}


def first(case, training, x, gamma, beta, dy, statistics):
    with tf.GradientTape() as tape:
        tape.watch([x, gamma, beta])
        y = INTERFACE(case, training)(x, gamma, beta, *statistics)[0]
    return tape.gradient(y, [x, gamma, beta], dy)


def backward(case, training):
    x, dy = constant(case["x"]), constant(case.like_x("dy"))
    gamma, beta, *statistics = parameters(case)
    found = first(case, training, x, gamma, beta, dy, statistics)
    return {n: out(t) for n, t in zip(("dx", "dgamma", "dbeta"), found)}


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def directions(case, names, gamma):
    dtype = case.dtypes["x"] if INTERFACE is composed else "f32"
    return [constant(case.parameter(n, dtype, True)) for n in names]


def jvp_training(case):
    x, dot = constant(case["x"]), constant(case.like_x("x_dot"))
    gamma, beta, *statistics = parameters(case)
    dots = directions(case, ("gamma_dot", "beta_dot"), gamma)
    with tf.autodiff.ForwardAccumulator([x, gamma, beta],
                                        [dot, *dots]) as forward:
        y = INTERFACE(case, True)(x, gamma, beta, *statistics)[0]
    return {"y_dot": out(forward.jvp(y), y)}


def double_backward_training(case):
    x, dy = constant(case["x"]), constant(case.like_x("dy"))
    gamma, beta, *statistics = parameters(case)
    weights = [constant(case.like_x("ddx")),
               *directions(case, ("ddgamma", "ddbeta"), gamma)]
    with tf.GradientTape() as tape:
        tape.watch([x, gamma, dy])
        found = first(case, True, x, gamma, beta, dy, statistics)
    by = tape.gradient(found, [dy, x, gamma], weights)
    return {n: out(t, like) for n, t, like in zip(
        ("grad_dy", "grad_x", "grad_gamma"), by, (dy, x, gamma))}


def main():
    global INTERFACE
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface", choices=INTERFACES)
    chosen = parser.parse_args().interface
    INTERFACE = INTERFACES[chosen]
    tf.config.threading.set_intra_op_parallelism_threads(1)
    declaration = {"zero_variance": "nan", "subnormals": "flush"}
    if chosen == "composed":
        declaration.update(
            dtypes=["f64", "f32", "f16", "bf16"],
            outputs={"forward_training": ["y", "mean", "var"]})
    else:
        declaration.update(
            dtypes=["f32", "f16", "bf16"], channel_axes=["1", "last"],
            outputs={"forward_training": ["y", *STATISTICS]},
            running_variance="unbiased")
    serve(f"TensorFlow {tf.__version__}, {chosen}", [
        forward_training, forward_inference, backward_training,
        backward_inference, jvp_training, double_backward_training],
        **declaration)


if __name__ == "__main__":
    main()
