# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

jax = pytest.importorskip("jax")
jnp = jax.numpy

import exactbn  # noqa: E402


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "f8e4m3fn", "f8e5m2"])
def test_every_format(dtype):
    x = jnp.asarray(np.random.default_rng(1).normal(size=(5, 3, 4)),
                    exactbn._arrays.NUMPY[dtype])
    out = exactbn.reference.forward_training(x, epsilon=1e-5, dtype=dtype)
    assert isinstance(out["y"], jax.Array) and out["y"].dtype == x.dtype
    exactbn.assert_batch_norm(x=x, y=out["y"], require="correct")


def test_flax():
    linen = pytest.importorskip("flax.linen")
    report = exactbn.validate(linen.BatchNorm, errors=1, filter="ChannelsLast")
    assert report.json["summary"]["run"] > 2, report.text


def test_keras():
    import os
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    report = exactbn.validate(keras.layers.BatchNormalization, dtype="f32",
                              filter="ChannelsLast")
    assert report.json["summary"]["run"] >= 2, report.text
