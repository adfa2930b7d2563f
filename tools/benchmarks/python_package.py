# SPDX-License-Identifier: Apache-2.0
"""Prints figures of the Python package, as JSON: python_package.py

It is run by a Python with torch; PYTHONPATH has the package, EXACTBN_LIBRARY the
library.
"""
import json
import statistics
import subprocess
import sys
import time

IMPORT = ("import time; start = time.perf_counter(); import exactbn; "
          "print(time.perf_counter() - start)")


def seconds(*actions):
    """The medians of the times of actions that take turns, in real time."""
    times = [[] for _ in actions]
    for round_ in range(9):
        for action, of in zip(actions, times):
            start = time.perf_counter()
            action(round_)
            of.append(time.perf_counter() - start)
    return [statistics.median(of) for of in times]


def main():
    imports = [float(subprocess.run(
        [sys.executable, "-c", IMPORT], check=True, stdout=subprocess.PIPE)
        .stdout) for _ in range(9)]
    import exactbn
    import torch
    from torch.nn.functional import batch_norm
    torch.set_num_threads(2)
    exactbn.set_threads(2)
    # Takes turns with tensors, so that no cache holds them.
    xs = [torch.randn(64, 64, 128, 128) for _ in range(2)]
    ys = [batch_norm(x, None, None, training=True) for x in xs]

    def check(k):
        assert exactbn.check({"x": xs[k % 2]}, {"y": ys[k % 2]}, epsilon=1e-5,
                             operation="forward_training").passed

    def read(k):
        xs[k % 2].sum()
        ys[k % 2].sum()

    large, once = seconds(check, read)
    x = torch.randn(4, 4, 2, 2)
    y = batch_norm(x, None, None, training=True)
    same = y.clone()

    def many(action):
        def calls(_):
            for _ in range(200):
                action()
        return calls

    small, close = seconds(
        many(lambda: exactbn.assert_batch_norm(x=x, y=y)),
        many(lambda: torch.testing.assert_close(y, same)))
    print(json.dumps({"python_check_over_read": large / once,
                      "python_small_us": small / 200 * 1e6,
                      "assert_close_us": close / 200 * 1e6,
                      "import_ms": statistics.median(imports) * 1e3}))


main()
