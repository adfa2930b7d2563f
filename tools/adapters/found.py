#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which adapters can run here: found.py EXACTBN [NAME...]

Prints, a line each, the name of an adapter and what to give `EXACTBN validate`
for it, quoted for a shell; on standard error, those that are not there, and
why. EXACTBN is the program, beside whose adapters/ the plugins are.
"""
import os
import shlex
import subprocess
import sys

HERE = os.path.relpath(os.path.dirname(os.path.abspath(__file__)))
PLUGINS = ("onednn", "libtorch", "dlib", "opencv")
# What each needs, and how it is run.
PYTHON = {"pytorch": (("numpy", "torch"), "pytorch.py", ""),
          "pytorch-cuda": (("numpy", "torch"), "pytorch.py", "--device cuda"),
          "numpy": (("numpy",), "numpy_kernel.py", "")}
NODE = {"onnxruntime": ("onnxruntime-node", "onnxruntime.mjs", ""),
        "onnxruntime-y": ("onnxruntime-node", "onnxruntime.mjs", "--y"),
        "tfjs": ("@tensorflow/tfjs-layers", "tfjs.mjs", ""),
        "tfjs-last": ("@tensorflow/tfjs-layers", "tfjs.mjs", "--last")}
MODULES = {"onnxruntime.mjs": "../../golden/consumers/onnx_runtime",
           "tfjs.mjs": "."}
NAMES = (*PLUGINS, *PYTHON, *NODE)


def runs(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def python_with(modules):
    """An interpreter that has the modules: one's own, or Debian's."""
    ask = ("import importlib.util as u, sys; "
           "sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))")
    for python in ("python3", "/usr/bin/python3"):
        if runs(python, "-c", ask, *modules):
            return python
    return None


def command(name):
    """The command of a script, or why there is none."""
    if name in PYTHON:
        modules, script, flags = PYTHON[name]
        python = python_with(modules)
        if python is None:
            return None, "no Python with " + " and ".join(modules)
        if "cuda" in flags and not runs(
                python, "-c",
                "import sys, torch; sys.exit(not torch.cuda.is_available())"):
            return None, "torch has no CUDA device"
        start = python + " -B"
    else:
        package, script, flags = NODE[name]
        folder = os.path.join(HERE, MODULES[script], "node_modules", package)
        if not os.path.isdir(folder):
            return None, f"no {package} in {os.path.normpath(folder)}"
        if not runs("node", "--version"):
            return None, "no node"
        start = "node"
    words = [*start.split(), os.path.join(HERE, script), *flags.split()]
    return " ".join(shlex.quote(w) for w in words), None


def arguments(exactbn, name):
    """What `exactbn validate` takes, as a list; or None and why not."""
    if name in PLUGINS:
        file = os.path.join(os.path.dirname(exactbn), "adapters",
                            f"exactbn_{name}.so")
        if os.path.exists(file):
            return [name], None
        return None, "the plugin was not built"
    found, why = command(name)
    return (None, why) if found is None else (["--exec", found], None)


def test(exactbn, adapters, what_is_wrong):
    """The exit code of a test of these adapters, which is said of each:
    what_is_wrong(adapter, words) yields lines. 77: none can run."""
    ran = wrong = 0
    for adapter in adapters:
        words, why = arguments(exactbn, adapter)
        if words is None:
            print(f"skipped  {adapter}: {why}")
            continue
        ran += 1
        lines = list(what_is_wrong(adapter, words))
        wrong += bool(lines)
        print("\n".join([f"{'WRONG' if lines else 'right'}    {adapter}",
                         *lines]))
    return 1 if wrong else 0 if ran else 77


def main(exactbn, *names):
    for name in names or NAMES:
        if name not in NAMES:
            sys.exit(f"found.py: no adapter {name}; known are "
                     + ", ".join(NAMES))
        found, why = arguments(exactbn, name)
        if found is None:
            print(f"{name}: {why}; left out", file=sys.stderr)
        else:
            print(name, " ".join(shlex.quote(a) for a in found))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
