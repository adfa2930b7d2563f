# SPDX-License-Identifier: Apache-2.0
"""PyTorch's gradcheck on the cases of the benchmark `properties_small`:
gradcheck_torch.py < CASES, in the wire format, a line each.

Prints how many it checks a second, the median of some repetitions. It has the
operation, the shape, the channel axis, epsilon and the parameters of a case:
gradcheck for a forward and for its gradients, with the forward derivative for
that, and gradgradcheck for the double backward. The values are others, doubles
that are well scaled, as finite differences say nothing of most that are drawn.
A channel of one value in training, which PyTorch refuses, is left out.
"""

import json
import statistics
import struct
import sys
import time

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import batch_norm

REPETITIONS = 3


def check_of(case):
    """A function that checks the case; None where it cannot be asked."""
    operation = case["operation"]
    shape, axis = case["inputs"]["x"]["shape"], case["channel_axis"]
    training = "inference" not in operation
    channels = shape[axis]
    if training and torch.Size(shape).numel() == channels:
        return None
    epsilon = max(
        struct.unpack(">d", bytes.fromhex(case["epsilon"]))[0], 1e-5
    )
    is_backward = operation.startswith("backward")

    def has(parameter):
        """dgamma and dbeta are asked for whether there are such or not."""
        return is_backward or any(parameter in n for n in case["inputs"])

    has_gamma, has_beta = has("gamma"), has("beta")
    options = {"dtype": torch.float64, "requires_grad": True}
    leaves = [torch.randn(shape, **options)]
    if has_gamma:
        leaves.append(torch.randn(channels, **options))
    if has_beta:
        leaves.append(torch.randn(channels, **options))
    mean, var = None, None
    if not training:
        mean = torch.randn(channels, dtype=torch.float64)
        var = torch.rand(channels, dtype=torch.float64) + 0.5

    def y(x, *parameters):
        rest = list(parameters)
        gamma = rest.pop(0) if has_gamma else None
        beta = rest.pop(0) if has_beta else None
        return batch_norm(
            x.movedim(axis, 1), mean, var, gamma, beta, training, 0, epsilon
        )

    # Told, not raised: noise of a finite difference is no matter of speed.
    if operation == "double_backward_training":
        return lambda: gradgradcheck(y, leaves, raise_exception=False)
    forward = operation == "jvp_training"
    return lambda: gradcheck(
        y, leaves, raise_exception=False, check_forward_ad=forward
    )


def seconds(checks):
    start = time.perf_counter()
    for check in checks:
        check()
    return time.perf_counter() - start


torch.manual_seed(1)
all_checks = [check_of(json.loads(line)) for line in sys.stdin]
all_checks = [check for check in all_checks if check]
print(
    len(all_checks)
    / statistics.median(seconds(all_checks) for _ in range(REPETITIONS))
)
