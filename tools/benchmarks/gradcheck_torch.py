# SPDX-License-Identifier: Apache-2.0
"""PyTorch's gradcheck of batch normalization, on cases of the size that
`exactbn properties --profile small` draws.

Prints how many it checks a second, the median of some repetitions. It takes
doubles that are well scaled, as finite differences say nothing of others, and
looks at derivatives alone.
"""

import random
import statistics
import time

import torch
from torch.autograd import gradcheck
from torch.nn.functional import batch_norm

CASES = 20
REPETITIONS = 5


def shape(draw):
    """At most 64 values, of rank 2 to 4 with the channels second."""
    m = draw.randint(2, 16)
    channels = draw.randint(1, min(4, 64 // m))
    return (m, channels) + (1,) * draw.randint(0, 2)


def seconds(cases):
    start = time.perf_counter()
    for x, gamma, beta in cases:
        gradcheck(
            lambda x, gamma, beta: batch_norm(
                x, None, None, gamma, beta, training=True
            ),
            (x, gamma, beta),
        )
    return time.perf_counter() - start


torch.manual_seed(1)
draw = random.Random(1)
options = {"dtype": torch.float64, "requires_grad": True}
all_cases = []
for _ in range(CASES):
    of_x = shape(draw)
    all_cases.append(
        (
            torch.randn(of_x, **options),
            torch.randn(of_x[1], **options),
            torch.randn(of_x[1], **options),
        )
    )
print(CASES / statistics.median(seconds(all_cases) for _ in range(REPETITIONS)))
