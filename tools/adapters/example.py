#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A subject to copy: exactbn validate --exec 'python3 example.py'"""
import ctypes, json, math, struct, sys

def decode(bits, code=">f"):  # the most significant byte first
    return [v for v, in struct.iter_unpack(code, bytes.fromhex(bits))]

def encode(value):  # c_float overflows to infinity; pack would raise
    return struct.pack(">f", ctypes.c_float(value).value).hex()

def channel(case, given, c, at):  # `at`: the offsets of channel c in x
    x, m, eps = given["x"], len(at), decode(case["epsilon"], ">d")[0]
    gamma, beta = given["gamma"][c], given["beta"][c]
    if case["operation"] == "forward_inference":
        mean, var = given["running_mean"][c], given["running_var"][c]
    else:
        mean = sum(x[i] for i in at) / m
        var = sum((x[i] - mean) ** 2 for i in at) / m
    std = math.sqrt(var + eps)
    invstd = 1 / std if std else math.inf
    xhat = {i: (x[i] - mean) * invstd for i in at}
    if case["operation"] == "backward_training":
        dy, scale = given["dy"], gamma * invstd
        db, dg = sum(dy[i] for i in at), sum(dy[i] * xhat[i] for i in at)
        dx = {i: scale * (dy[i] - (db + xhat[i] * dg) / m) for i in at}
        return {"dx": dx, "dgamma": {c: dg}, "dbeta": {c: db}}
    out = {"y": {i: gamma * xhat[i] + beta for i in at}}
    if case["operation"] == "forward_training":
        out.update(mean={c: mean}, var={c: var}, invstd={c: invstd})
        w = 1 / (case.get("batches_tracked", 0) + 1)  # the cumulative average
        if case.get("momentum"):
            w = decode(case["momentum"], ">d")[0]  # of the new statistic
        unbiased = var * m / (m - 1) if m > 1 else math.nan
        for name, new in ("running_mean", mean), ("running_var", unbiased):
            if name in given:
                out[name] = {c: (1 - w) * given[name][c] + w * new}
    return out

def answer(case):
    shape, axis, out = case["inputs"]["x"]["shape"], case["channel_axis"], {}
    count, inner = shape[axis], math.prod(shape[axis + 1:])
    given = {"gamma": [1.0] * count, "beta": [0.0] * count}
    given.update((n, decode(t["bits"])) for n, t in case["inputs"].items())
    for c in range(count):
        at = [i for start in range(c * inner, len(given["x"]), count * inner)
              for i in range(start, start + inner)]
        for name, values in channel(case, given, c, at).items():
            out.setdefault(name, {}).update(values)
    return {name: {
        "dtype": "f32", "shape": shape if name in ("y", "dx") else [count],
        "bits": "".join(encode(v[i]) for i in range(len(v)))}
        for name, v in out.items()}

print('{"subject":"example.py","dtypes":["f32"],"accumulation":"f64",'
      '"operations":["forward_training","forward_inference",'
      '"backward_training"]}', flush=True)
for line in sys.stdin:
    q = json.loads(line)
    print(json.dumps({"case": q["case"], "outputs": answer(q)}), flush=True)
