#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mindspore.ops.operations.BatchNorm, on the CPU: rank 2 and 4, channels at
axis 1. Gradients are by GradOperation.
"""
import os

os.environ.setdefault("GLOG_v", "3")
import mindspore as ms  # noqa: E402
import numpy as np  # noqa: E402
from mindspore import Parameter, Tensor, nn  # noqa: E402
from mindspore.ops import GradOperation, operations  # noqa: E402

from serve import Unsupported, serve  # noqa: E402

NAMES = ("gamma", "beta", "running_mean", "running_var")
GRADIENT = GradOperation(get_all=True, sens_param=True)


class Layer(nn.Cell):
    """y of x, gamma and beta; the operator updates the statistics."""

    def __init__(self, case, training):
        super().__init__()
        if len(case.shape) not in (2, 4):
            raise Unsupported("rank 2 and 4")
        if case.epsilon == 0:
            raise Unsupported("MindSpore refuses an epsilon of 0")
        mean, var = (tensor(case.parameter(n, "f32", True))
                     for n in NAMES[2:])
        if training:  # the operator updates them, so they are parameters
            mean, var = Parameter(mean), Parameter(var)
        self.mean, self.var = mean, var
        self.op = operations.BatchNorm(
            training, case.as_float32("epsilon", case.epsilon),
            case.as_float32("momentum", case.weight) if training else 0.1)

    def construct(self, x, gamma, beta):
        return self.op(x, gamma, beta, self.mean, self.var)[0]


def tensor(array):
    return Tensor(np.ascontiguousarray(array))


def leaves(case):
    return [tensor(case["x"]), *(tensor(case.parameter(n, "f32", True))
                                 for n in NAMES[:2])]


def forward_training(case):
    layer = Layer(case, True)
    found = {"y": layer(*leaves(case)).asnumpy(),
             "running_mean": layer.mean.asnumpy(),
             "running_var": layer.var.asnumpy()}
    return {n: a for n, a in found.items() if n == "y" or n in case}


def forward_inference(case):
    return {"y": Layer(case, False)(*leaves(case)).asnumpy()}


def backward(case, training):
    found = GRADIENT(Layer(case, training))(
        *leaves(case), tensor(case.like_x("dy")))
    return dict(zip(("dx", "dgamma", "dbeta"), (t.asnumpy() for t in found)))


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


if __name__ == "__main__":
    ms.set_context(mode=ms.PYNATIVE_MODE)
    ms.set_device("CPU")
    serve(f"MindSpore {ms.__version__}", [
        forward_training, forward_inference, backward_training,
        backward_inference], dtypes=["f32", "f16"], channel_axes=["1"],
        outputs={"forward_training": ["y", "running_mean", "running_var"]},
        running_variance="unbiased", zero_variance="nan",
        subnormals="flush")
