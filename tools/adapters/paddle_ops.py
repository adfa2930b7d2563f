#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""paddle.nn.functional.batch_norm, on the CPU. Gradients are by paddle.grad,
the double backward by paddle.grad of paddle.grad.

Paddle passes epsilon and momentum to its kernels as floats, for any format.
"""
import numpy as np
import paddle

from serve import Unsupported, serve

STATISTICS = ("running_mean", "running_var")


def tensor(array, grad=False):
    return paddle.to_tensor(np.ascontiguousarray(array),
                            stop_gradient=not grad)


def normalized(case, training, x, gamma, beta, statistics):
    rank, axis = len(case.shape), case.channel_axis
    if axis not in (1, rank - 1):
        raise Unsupported("channels are axis 1 or the last one")
    layout = ({2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"} if axis == 1 else
              {3: "NLC", 4: "NHWC", 5: "NDHWC"})[rank]
    return paddle.nn.functional.batch_norm(
        x, *statistics, gamma, beta, training,
        case.as_float32("momentum", case.momentum or 0.0),
        case.as_float32("epsilon", case.epsilon), layout)


def parameters(case, absent, *names):
    found = [case.parameter(n, case.dtypes["x"], absent) for n in names]
    return [None if a is None else tensor(a, True) for a in found]


def statistics(case):
    return [tensor(case.parameter(n, case.dtypes["x"], True))
            for n in STATISTICS]


def forward_training(case):
    state = statistics(case)
    y = normalized(case, True, tensor(case["x"]),
                   *parameters(case, False, "gamma", "beta"), state)
    return {"y": y.numpy(), **{n: s.numpy() for n, s in zip(STATISTICS, state)
                               if n in case}}


def forward_inference(case):
    return {"y": normalized(case, False, tensor(case["x"]), *parameters(
        case, False, "gamma", "beta"), statistics(case)).numpy()}


def backward(case, training):
    x, dy = tensor(case["x"], True), tensor(case.like_x("dy"))
    gamma, beta = parameters(case, True, "gamma", "beta")
    y = normalized(case, training, x, gamma, beta, statistics(case))
    found = paddle.grad([y], [x, gamma, beta], [dy])
    return dict(zip(("dx", "dgamma", "dbeta"), (t.numpy() for t in found)))


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def double_backward_training(case):
    x, dy = tensor(case["x"], True), tensor(case.like_x("dy"), True)
    gamma, beta = parameters(case, True, "gamma", "beta")
    y = normalized(case, True, x, gamma, beta, statistics(case))
    found = paddle.grad([y], [x, gamma, beta], [dy], create_graph=True)
    weights = [tensor(case.like_x("ddx")),
               *parameters(case, True, "ddgamma", "ddbeta")]
    by = paddle.grad(found, [dy, x, gamma], weights, allow_unused=True)
    return {n: np.zeros_like(like.numpy()) if t is None else t.numpy()
            for n, t, like in zip(("grad_dy", "grad_x", "grad_gamma"), by,
                                  (dy, x, gamma))}


def main():
    paddle.set_device("cpu")
    serve(f"PaddlePaddle {paddle.__version__}", [
        forward_training, forward_inference, backward_training,
        backward_inference, double_backward_training],
        dtypes=["f64", "f32"], channel_axes=["1", "last"],
        outputs={"forward_training": ["y", *STATISTICS]},
        momentum="weight_of_old", running_variance="biased",
        zero_variance="nan")


if __name__ == "__main__":
    main()
