#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the adapters that can run here: found.py EXACTBN [NAME...]

Prints a line for each: its name and the arguments of `EXACTBN validate` for it,
quoted for a shell. Standard error has those that are missing, and why. EXACTBN
is the program; its plugins are in adapters/ beside it.
"""
import os
import shlex
import subprocess
import sys
from typing import NamedTuple

HERE = os.path.relpath(os.path.dirname(os.path.abspath(__file__)))


class Adapter(NamedTuple):
    """How to start an adapter. A plugin has no program."""
    program: str = ""
    script: str = ""
    needs: tuple = ()  # Python modules or npm packages
    packages: str = "."  # the folder of the node_modules
    flags: str = ""
    # Whether golden/findings has its results: only one of two ways to run the
    # same software.
    is_recorded: bool = True


PLUGIN = Adapter()
PYTORCH = Adapter("python3", "pytorch.py", ("numpy", "torch"))
ONNX_RUNTIME = Adapter("node", "onnxruntime.mjs", ("onnxruntime-node",),
                       "../../golden/consumers/onnx_runtime")
TFJS = Adapter("node", "tfjs.mjs", ("@tensorflow/tfjs-layers",))
# All adapters, in the order in which they are used.
ADAPTERS = {
    "onednn": PLUGIN,
    "libtorch": PLUGIN,
    "pytorch": PYTORCH,
    "pytorch-cuda": PYTORCH._replace(flags="--device cuda", is_recorded=False),
    "onnxruntime": ONNX_RUNTIME,
    "onnxruntime-y": ONNX_RUNTIME._replace(flags="--y", is_recorded=False),
    "tfjs": TFJS,
    "tfjs-last": TFJS._replace(flags="--last", is_recorded=False),
    "dlib": PLUGIN,
    "opencv": PLUGIN,
    "numpy": Adapter("python3", "numpy_kernel.py", ("numpy",),
                     is_recorded=False),
}
PLUGINS = [name for name, a in ADAPTERS.items() if a == PLUGIN]
RECORDED = [name for name, a in ADAPTERS.items() if a.is_recorded]


def runs(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def python_with(modules):
    """An interpreter that has the modules: the user's or Debian's."""
    ask = ("import importlib.util as u, sys; "
           "sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))")
    for python in ("python3", "/usr/bin/python3"):
        if runs(python, "-c", ask, *modules):
            return python
    return None


def command(adapter):
    """The command of a script, or why there is none."""
    program, script, needs, packages, flags, _ = adapter
    if program == "python3":
        python = python_with(needs)
        if python is None:
            return None, "no Python with " + " and ".join(needs)
        if "cuda" in flags and not runs(
                python, "-c",
                "import sys, torch; sys.exit(not torch.cuda.is_available())"):
            return None, "torch has no CUDA device"
        start = [python, "-B"]
    else:
        for package in needs:
            folder = os.path.join(HERE, packages, "node_modules", package)
            if not os.path.isdir(folder):
                return None, f"no {package} in {os.path.normpath(folder)}"
        if not runs(program, "--version"):
            return None, f"no {program}"
        start = [program]
    words = [*start, os.path.join(HERE, script), *flags.split()]
    return " ".join(shlex.quote(w) for w in words), None


def arguments(exactbn, name):
    """The arguments of `exactbn validate`, as a list; or None and why not."""
    adapter = ADAPTERS[name]
    if adapter == PLUGIN:
        file = os.path.join(os.path.dirname(exactbn), "adapters",
                            f"exactbn_{name}.so")
        if os.path.exists(file):
            return [name], None
        return None, "the plugin was not built"
    found, why = command(adapter)
    return (None, why) if found is None else (["--exec", found], None)


def test(exactbn, adapters, what_is_wrong):
    """Tests these adapters, prints the results, and returns the exit code; 77
    if none can run. what_is_wrong(adapter, words) yields lines of errors."""
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
    for name in names or ADAPTERS:
        if name not in ADAPTERS:
            sys.exit(f"found.py: unknown adapter '{name}'; expected "
                     + ", ".join(ADAPTERS))
        found, why = arguments(exactbn, name)
        if found is None:
            print(f"{name}: {why}; left out", file=sys.stderr)
        else:
            print(name, " ".join(shlex.quote(a) for a in found))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
