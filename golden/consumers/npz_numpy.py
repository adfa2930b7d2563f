# SPDX-License-Identifier: Apache-2.0
"""Judges a kernel in numpy: npz_numpy.py FOLDER [--fast]"""
import sys

import numpy as np

from npz import Report, read

# A kernel that computes only in f32 need not solve these; see
# golden/README.md.
DEMANDING = {"IntermediateOverflow", "IntermediateUnderflow",
             "ProductOverflow", "LongSum", "AnyBits", "ZeroVariance",
             "SingleValue"}


def batch_norm(x, gamma, beta, epsilon, axis, fast):
    """Two passes; `fast` makes a mistake: one pass, E[x^2] - E[x]^2."""
    axes = tuple(a for a in range(x.ndim) if a != axis)
    channels = [-1 if a == axis else 1 for a in range(x.ndim)]
    mean = x.mean(axes)
    if fast:
        var = (x * x).mean(axes) - mean * mean
    else:
        var = np.square(x - mean.reshape(channels)).mean(axes)
    invstd = 1 / np.sqrt(var + np.float32(epsilon))
    y = (x - mean.reshape(channels)) * (invstd * gamma).reshape(channels)
    return dict(y=y + beta.reshape(channels), mean=mean, var=var, invstd=invstd)


def main(folder, *options):
    report = Report()
    for case, get in read(f"{folder}/forward_training-f32.npz"):
        if "reject" in case["expected"] or DEMANDING & set(case["labels"]):
            continue
        absent = {"gamma": np.float32([1]), "beta": np.float32([0])}
        gamma, beta = (get(n) if n in case["inputs"] else absent[n]
                       for n in absent)
        with np.errstate(all="ignore"):
            outputs = batch_norm(get("x"), gamma, beta, get("epsilon"),
                                 case["channel_axis"], "--fast" in options)
        outputs = {name: v.astype(float) for name, v in outputs.items()}
        report.judge(case, get, outputs, "forward_training f32")
    return report.print()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
