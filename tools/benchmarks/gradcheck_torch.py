# SPDX-License-Identifier: Apache-2.0
"""PyTorch's gradcheck on the cases of the benchmark `properties_small`:
gradcheck_torch.py < CASES, in the wire format, a line each.

Prints the number of checked cases per second, the median of some repetitions.
It takes the operation, the shape, the channel axis, epsilon and the parameters
of a case. It runs gradcheck for forward and backward operations, with
check_forward_ad for the forward derivative, and gradgradcheck for the double
backward. The values are different: well-scaled doubles, because finite
differences are meaningless for most drawn values. Training cases with one value
per channel are left out, because PyTorch refuses them.
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
    """A function that checks the case; None if PyTorch refuses it."""
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
        """Backward operations always have dgamma and dbeta."""
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

    # No exceptions: only the speed matters, not noise in finite differences.
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
