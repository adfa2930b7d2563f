# SPDX-License-Identifier: Apache-2.0
"""Judges torch's batch normalization, and its gradient by autograd:
npz_torch.py FOLDER [f64|f32|bf16...]"""
import os
import sys

import numpy as np
import torch

from npz import Report, read


def tensor(array):
    if array.dtype == np.uint16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def answer(case, get, operation):
    """The outputs that torch gives, by name."""
    given = {name: tensor(get(name)) for name in case["inputs"]}
    axis, training = case["channel_axis"], operation.endswith("training")
    weight = 1 / (case["batches_tracked"] + 1)
    if case["momentum"] is not None:
        weight = float(get("momentum"))
    backward = operation.startswith("backward")
    if backward:  # torch has gradients only for inputs that are given
        x = given["x"]
        channels = (x.shape[axis],)
        like = dict(dtype=torch.float64 if x.dtype == torch.float64
                    else torch.float32)
        given.setdefault("gamma", torch.ones(channels, **like))
        given["beta"] = torch.zeros(channels, dtype=given["gamma"].dtype)
    leaves = {n: given[n].requires_grad_(backward)
              for n in ("x", "gamma", "beta") if n in given}
    y = torch.nn.functional.batch_norm(
        leaves["x"].movedim(axis, 1), given.get("running_mean"),
        given.get("running_var"), leaves.get("gamma"), leaves.get("beta"),
        training, weight, float(get("epsilon")))
    if not backward:
        statistics = {n: given[n] for n in ("running_mean", "running_var")
                      if n in given and training}
        return {"y": y.movedim(1, axis), **statistics}
    y.backward(given["dy"].movedim(axis, 1))
    return {"d" + name: leaf.grad for name, leaf in leaves.items()}


def main(folder, *dtypes):
    print("torch", torch.__version__)
    report = Report("zero_for_zero_variance")
    for name in sorted(os.listdir(folder)):
        operation, _, dtype = name.removesuffix(".npz").partition("-")
        if dtype not in (dtypes or ("f64", "f32", "bf16")) or not \
                operation.startswith(("forward", "backward")):
            continue
        for case, get in read(os.path.join(folder, name)):
            if "reject" in case["expected"]:
                continue
            try:
                outputs = answer(case, get, operation)
            except (RuntimeError, ValueError) as error:
                report.refuse(f"{operation} {dtype}: {str(error)[:60]}")
                continue
            report.judge(case, get, {n: o.detach().double().numpy()
                                     for n, o in outputs.items()},
                         f"{operation} {dtype}")
    return report.print()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
