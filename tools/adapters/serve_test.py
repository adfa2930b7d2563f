#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests serve.py: serve_test.py"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError:
    sys.exit(77)  # skipped

sys.dont_write_bytecode = True
import serve  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = {"case": "a", "operation": "forward_inference", "channel_axis": 1,
        "epsilon": "3fd0000000000000",
        "inputs": {"x": {"dtype": "f32", "shape": [2, 1],
                         "bits": "3f80000040000000"},
                   "running_mean": {"dtype": "f32", "shape": [1],
                                    "bits": "3f800000"},
                   "running_var": {"dtype": "f32", "shape": [1],
                                   "bits": "40400000"}}}


def tensor(dtype, *bits):
    return {"dtype": dtype, "shape": [len(bits)], "bits": "".join(bits)}


class Encoding(unittest.TestCase):
    def test_every_bit_pattern_survives(self):
        """Including NaN, subnormals, -0 and infinities."""
        for dtype, top in (("f16", 4), ("bf16", 4), ("f32", 8), ("f64", 16)):
            bits = [f"{i:04x}".ljust(top, "0")[:top] for i in range(1 << 16)]
            bits += [f"{i:04x}".rjust(top, "0") for i in range(1 << 16)]
            given = tensor(dtype, *bits)
            self.assertEqual(serve.encode(serve.decode(given)), given)

    def test_values(self):
        for dtype, bits in (("f16", "3e00"), ("f32", "3fc00000"),
                            ("f64", "3ff8000000000000")):
            self.assertEqual(serve.decode(tensor(dtype, bits)).tolist(), [1.5])
        array = serve.decode(tensor("bf16", "3fc0"))
        self.assertEqual(array.dtype, np.uint16)
        self.assertEqual(serve.widened(array).tolist(), [1.5])

    def test_rows_stay_rows(self):
        given = {"dtype": "f32", "shape": [1, 2],
                 "bits": "3f80000040000000"}
        self.assertEqual(serve.decode(given).tolist(), [[1, 2]])
        turned = serve.encode(serve.decode(given).T)
        self.assertEqual(turned, {**given, "shape": [2, 1]})
        # An array that is not contiguous, and big-endian.
        array = np.arange(6, dtype=">f4").reshape(2, 3).T
        self.assertEqual(serve.encode(array)["bits"], "".join(
            np.float32(v).tobytes()[::-1].hex() for v in (0, 3, 1, 4, 2, 5)))

    def test_bf16_is_never_rounded(self):
        with np.errstate(invalid="ignore"):
            every = np.arange(1 << 16, dtype=np.uint16)
            back = serve.bf16(serve.widened(every))
        nan = np.isnan(serve.widened(every))
        self.assertTrue(np.all((back == every) | nan))
        self.assertTrue(np.all(np.isnan(serve.widened(back)) == nan))
        with self.assertRaises(ValueError):
            serve.bf16(np.float32([1, 1 + 2**-8]))
        low = np.uint32([0x7f800001]).view(np.float32)  # a NaN
        self.assertTrue(np.isnan(serve.widened(serve.bf16(low)))[0])

    def test_unknown_formats_are_refused(self):
        with self.assertRaises(TypeError):
            serve.encode(np.arange(3))
        with self.assertRaises(serve.Unsupported):
            serve.decode(tensor("f8e5m2", "3c"))


class Cases(unittest.TestCase):
    def test_weights(self):
        self.assertEqual(serve.Case(
            {**LINE, "momentum": "3fc0000000000000"}).weight, 0.125)
        cumulative = serve.Case({**LINE, "momentum": None,
                                 "batches_tracked": 3})
        self.assertEqual((cumulative.momentum, cumulative.weight), (None, .25))

    def test_as_float32_refuses_other_values(self):
        tenth = float(np.float32(0.1))
        self.assertEqual(serve.Case.as_float32("epsilon", tenth), tenth)
        for value in (0.1, 1e300):
            with self.assertRaises(serve.Unsupported):
                serve.Case.as_float32("epsilon", value)


class Answers(unittest.TestCase):
    def answers(self, source, *lines):
        """Runs a subject with this source on the lines."""
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "subject.py")
            with open(file, "w", encoding="utf-8") as out:
                out.write(source)
            return subprocess.run(
                [sys.executable, "-B", file], text=True, capture_output=True,
                input="".join(line + "\n" for line in lines),
                env={**os.environ, "PYTHONPATH": HERE})

    def test_the_example_of_the_docstring_runs(self):
        example = re.search(r"    import numpy(.|\n)*?\"f32\"\)",
                            serve.__doc__).group()
        source = "\n".join(line[4:] for line in example.splitlines())
        kernel = ("def my_kernel(x, mean, var, gamma, eps):\n"
                  "    print('not for standard output')\n"
                  "    return (x - mean) / np.sqrt(var + np.float32(eps))\n")
        ran = self.answers("import numpy as np\n" + kernel + source,
                           json.dumps({**LINE, "epsilon": "3ff0000000000000"}),
                           json.dumps({**LINE, "channel_axis": 0}),
                           json.dumps({**LINE, "epsilon": "3fb999999999999a"}))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        declared, first, axis, epsilon = map(json.loads,
                                             ran.stdout.splitlines())
        self.assertEqual(declared["operations"], ["forward_inference"])
        self.assertEqual(declared["dtypes"], ["f32"])
        self.assertEqual(first["outputs"]["y"]["bits"], "000000003f000000")
        self.assertEqual(axis["unsupported"], "channels are axis 1")
        self.assertIn("epsilon", epsilon["unsupported"])
        self.assertIn("not for standard output", ran.stderr)

    def test_exceptions_become_answers(self):
        ran = self.answers("""
from serve import Rejected, serve
def forward_inference(case):
    if case.id == "refuse":
        raise Rejected("no")
    return {"y": 1 // 0}
serve("s", [forward_inference])
""", json.dumps({**LINE, "case": "refuse"}), json.dumps(LINE))
        _, refused, failed = map(json.loads, ran.stdout.splitlines())
        self.assertEqual(refused, {"case": "refuse", "rejected": "no"})
        self.assertEqual(failed["case"], "a")
        self.assertTrue(failed["error"].startswith("ZeroDivisionError: "))

    def test_a_malformed_line_ends_it_with_one_message(self):
        source = "from serve import serve\nserve('s', [])\n"
        for bad in ("hello", "{}", "[1]"):
            ran = self.answers(source, bad)
            self.assertEqual(ran.returncode, 2)
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
            self.assertIn("line 1 is not a case", ran.stderr)


if __name__ == "__main__":
    unittest.main()
