#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ncnn's layer BatchNorm, f32, on the CPU.

ncnn has no batch axis, so each sample of a case is a run of the net. Channels
are axis 1. An absent gamma or beta is 1 or 0; storage in 16 bits is switched
off.
"""
import os
import tempfile

import ncnn
import numpy as np

from serve import Unsupported, serve

PARAM = """7767517
2 2
Input in 0 1 x
BatchNorm bn 1 1 x y 0={} 1={}
"""


def net(case, folder):
    made = ncnn.Net()
    made.opt.num_threads = 1
    for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic",
                   "use_bf16_storage", "use_bf16_packed"):
        setattr(made.opt, option, False)
    # %.9g is enough digits for any float.
    epsilon = case.as_float32("epsilon", case.epsilon)
    param, model = os.path.join(folder, "p"), os.path.join(folder, "b")
    with open(param, "w", encoding="utf-8") as out:
        out.write(PARAM.format(case.shape[1], f"{epsilon:.9e}"))
    np.concatenate([case.parameter(n, "f32", True) for n in (
        "gamma", "running_mean", "running_var", "beta")]).tofile(model)
    if made.load_param(param) or made.load_model(model):
        raise RuntimeError("the net did not load")
    return made


def forward_inference(case):
    if len(case.shape) > 5 or len(case.shape) < 2:
        raise Unsupported("rank 2 to 5")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        made = net(case, folder)
        for sample in case["x"]:
            extractor = made.create_extractor()
            extractor.input("x", ncnn.Mat(np.ascontiguousarray(sample)).clone())
            code, y = extractor.extract("y")
            if code:
                raise RuntimeError(f"extract returned {code}")
            found.append(np.array(y).reshape(sample.shape))
    return {"y": np.stack(found)}


if __name__ == "__main__":
    serve(f"ncnn {ncnn.__version__}", [forward_inference], dtypes=["f32"],
          channel_axes=["1"])
