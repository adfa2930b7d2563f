# SPDX-License-Identifier: Apache-2.0
"""y in two passes in mpmath with 50 digits, then each value rounded to f64.

Prints the nanoseconds per value, the median of some repetitions.
"""

import random
import statistics
import time

from mpmath import mp

CHANNELS = 4
M = 1568
REPETITIONS = 9
EPSILON = 1e-5


def forward(x, gamma, beta):
    values = [mp.mpf(value) for value in x]
    mean = mp.fsum(values) / len(x)
    deviations = [value - mean for value in values]
    variance = mp.fsum(deviations, squared=True) / len(x)
    slope = gamma / mp.sqrt(variance + EPSILON)
    return [float(slope * d + beta) for d in deviations]


def seconds(channels):
    start = time.process_time()
    for x in channels:
        forward(x, mp.mpf(1.5), mp.mpf(-0.25))
    return time.process_time() - start


mp.dps = 50
draw = random.Random(1)
tensor = [[draw.gauss(0, 1) for _ in range(M)] for _ in range(CHANNELS)]
times = [seconds(tensor) for _ in range(REPETITIONS)]
print(statistics.median(times) * 1e9 / (CHANNELS * M))
