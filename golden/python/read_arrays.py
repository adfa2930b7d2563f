#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares exports with the JSON of the same cases, value by value:
read_arrays.py JSON_DIR DIR. Exit code 0, or 1 if they differ.

DIR has .npz files, which need numpy, or .safetensors, which need only Python.
"""
import json
import os
import struct
import sys
from fractions import Fraction

WIDTH = dict(f64=8, f32=4, f16=2, bf16=2)
NUMPY = dict(f64="<f8", f32="<f4", f16="<f2", bf16="<u2")
NAMES = dict(f64="F64", f32="F32", f16="F16", bf16="BF16")


def read_npz(path):
    import io
    import zipfile

    import numpy as np
    arrays = {}
    with np.load(path, allow_pickle=False) as file, \
            zipfile.ZipFile(path) as archive:
        metadata = json.loads(file["metadata"].item())
        for name in file.files:
            array, again = file[name], io.BytesIO()
            np.save(again, array)
            if archive.read(name + ".npy") != again.getvalue():
                raise ValueError(f"{name}: differs from what numpy.save writes")
            arrays[name] = array.dtype.str, list(array.shape), array.tobytes()
    del arrays["metadata"]
    return metadata, arrays, dict(NUMPY, letters="|S1")


def read_safetensors(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    if size % 8 != 0:
        raise ValueError("header length: not a multiple of 8")
    texts = header.pop("__metadata__")
    metadata = {k: v if k in ("schema", "operation", "dtype") else
                json.loads(v) for k, v in texts.items()}
    arrays, at = {}, 0
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        unit = int(entry["dtype"].lstrip("BFU")) // 8
        if begin != at or begin % unit != 0:
            raise ValueError(f"{name}: a gap before it, or not aligned")
        arrays[name] = (entry["dtype"], entry["shape"], data[begin:end])
        at = end
    if at != len(data):
        raise ValueError("data after the last tensor")
    return metadata, arrays, dict(NAMES, letters="U8")


def little_endian(tensor):
    width, bits = WIDTH[tensor["dtype"]], bytes.fromhex(tensor["bits"])
    return b"".join(bits[i:i + width][::-1]
                    for i in range(0, len(bits), width))


def doubles(data):
    return [v[0] for v in struct.iter_unpack("<d", data)]


class Comparison:
    def __init__(self, arrays, names):
        self.arrays, self.names = dict(arrays), names

    def take(self, name, dtype, shape):
        given, extents, data = self.arrays.pop(name)
        if (given, extents) != (self.names[dtype], shape):
            raise ValueError(f"{name}: {given} {extents}")
        return data

    def require(self, name, dtype, shape, data):
        if self.take(name, dtype, shape) != data:
            raise ValueError(f"{name}: values differ")

    def tensor(self, name, tensor, entry):
        if entry["dtype"] != tensor["dtype"]:
            raise ValueError(f"{name}: dtype differs from the metadata")
        if entry["shape"] != tensor["shape"]:
            raise ValueError(f"{name}: shape differs from the metadata")
        self.require(name, tensor["dtype"], tensor["shape"],
                     little_endian(tensor))

    def number(self, name, bits):
        self.require(name, "f64", [], bytes.fromhex(bits)[::-1])

    def answer(self, prefix, answer, entry):
        if "reject" in answer:
            if entry != answer:
                raise ValueError(f"{prefix}: reject")
            return
        if entry["outputs"].keys() != answer["outputs"].keys():
            raise ValueError(f"{prefix}: outputs")
        for name, out in answer["outputs"].items():
            shape, n = out["shape"], len(out["eta_limit_unit"])
            self.tensor(prefix + "expected/" + name, out,
                        entry["outputs"][name])
            if entry["outputs"][name]["eta_limit"] != out["eta_limit"]:
                raise ValueError(f"{name}: eta_limit")
            self.require(prefix + "eta_unit/" + name, "f64", shape,
                         struct.pack(f"<{n}d", *out["eta_limit_unit"]))
            self.require(prefix + "judged/" + name, "letters", shape,
                         out.get("judged", "v" * n).encode())
            given = doubles(self.take(prefix + "residual/" + name, "f64",
                                      shape))
            for i, value in enumerate(given):
                text = out["residual"][17 * i:17 * i + 17]
                exact = Fraction(int(text, 16), 2**64)
                error = exact - Fraction(value)
                if text[0] == "-":
                    error = -error
                if not 0 <= error <= abs(exact) / 2**52:
                    raise ValueError(f"{prefix}{name}[{i}]: residual")

    def case(self, case, entry):
        start = case["id"] + "/"
        for key in ("id", "comment", "labels", "channel_axis", "epsilon",
                    "momentum"):
            if entry[key] != case.get(key):
                raise ValueError(f"{start}{key}")
        self.number(start + "epsilon", case["epsilon"])
        if case.get("momentum") is not None:
            self.number(start + "momentum", case["momentum"])
        if case.get("batches_tracked", 0) != entry["batches_tracked"]:
            raise ValueError(f"{start}batches_tracked")
        if entry["inputs"].keys() != case["inputs"].keys():
            raise ValueError(f"{start}inputs")
        for name, tensor in case["inputs"].items():
            self.tensor(start + name, tensor, entry["inputs"][name])
        for key, answer in case.items():
            if key == "expected":
                self.answer(start, answer, entry[key])
            elif key.startswith("variation:"):
                self.answer(f"{start}variation/{key[10:]}/", answer,
                            entry[key])


def compare(json_path, path):
    with open(json_path, encoding="utf-8") as file:
        wanted = json.load(file)
    read = read_npz if path.endswith(".npz") else read_safetensors
    metadata, arrays, names = read(path)
    for key in ("generator", "operation", "dtype", "semantics", "labels",
                "number_of_cases"):
        if key != "generator" and metadata[key] != wanted[key]:
            raise ValueError(key)
    if len(metadata["cases"]) != len(wanted["cases"]):
        raise ValueError("cases")
    comparison = Comparison(arrays, names)
    for case, entry in zip(wanted["cases"], metadata["cases"]):
        comparison.case(case, entry)
    if comparison.arrays:
        raise ValueError(f"unexpected array: {sorted(comparison.arrays)[0]}")
    return len(arrays)


def main():
    folder, other = sys.argv[1:]
    count = 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        found = [n for n in os.listdir(other)
                 if n.rpartition(".")[0] == name[:-5]]
        if len(found) != 1:
            sys.exit(f"{name}: {len(found)} files")
        try:
            count += compare(os.path.join(folder, name),
                             os.path.join(other, found[0]))
        except (KeyError, ValueError) as error:
            sys.exit(f"{found[0]}: {error!r}")
    print(count, "arrays are the same")
    sys.exit(0 if count else 1)


if __name__ == "__main__":
    main()
