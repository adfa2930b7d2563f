# SPDX-License-Identifier: Apache-2.0
"""Kernels to judge, in numpy."""
import numpy as np

import exactbn


def normalized(x, axis=1, eps=1e-5, outside=False):
    """Two passes in the format of x; epsilon in the root, or outside."""
    others = tuple(i for i in range(x.ndim) if i != axis)
    mean = x.mean(others, keepdims=True, dtype=x.dtype)
    var = ((x - mean) ** 2).mean(others, keepdims=True, dtype=x.dtype)
    eps = x.dtype.type(eps)
    return (x - mean) / (np.sqrt(var) + eps if outside else np.sqrt(var + eps))


def forward(q, outside=False):
    """forward_training of f32 and f64."""
    if q.operation != "forward_training" or q.dtypes["x"] not in ("f32", "f64"):
        raise exactbn.Unsupported("only forward_training of f32 and f64")
    shape = [1] * len(q.shape)
    shape[q.channel_axis] = -1
    with np.errstate(all="ignore"):
        y = normalized(q.x, q.channel_axis, q.epsilon, outside)
        if q.gamma is not None:
            y = y * q.gamma.reshape(shape)
        if q.beta is not None:
            y = y + q.beta.reshape(shape)
    return {"y": y.astype(q.x.dtype)}


forward.exactbn_declaration = {"operations": ["forward_training"],
                               "dtypes": ["f32", "f64"],
                               "outputs": {"forward_training": ["y"]}}


def epsilon_outside(q):
    return forward(q, outside=True)


epsilon_outside.exactbn_declaration = forward.exactbn_declaration


def crashes(q):
    """As C code does."""
    import os
    os.abort()
