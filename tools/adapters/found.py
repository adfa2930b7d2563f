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
    group: str = ""  # of tools/setup, if that installs it alone


# The virtual environment of `tools/setup frameworks`.
VENV = os.environ.get("EXACTBN_VENV", os.path.join(
    HERE, "..", "..", "build", "venv"))


def framework(group, words, *needs, **more):
    """A script for that environment; the words are its name and flags."""
    script, _, flags = words.partition(" ")
    return Adapter("venv", script, ("numpy", *needs), flags=flags, group=group,
                   **more)


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
    # Current versions, in the environment of `tools/setup frameworks`.
    "onnxruntime-python": framework(
        "frameworks", "onnx_models.py onnxruntime", "onnx", "onnxruntime"),
    "onnx-reference": framework("frameworks", "onnx_models.py reference",
                                "onnx"),
    "flax": framework("frameworks", "jax_layers.py flax", "flax"),
    "flax-two-pass": framework("frameworks", "jax_layers.py flax-two-pass",
                               "flax", is_recorded=False),
    "nnx": framework("frameworks", "jax_layers.py nnx", "flax"),
    "xla": framework("frameworks", "stablehlo_ops.py xla", "jaxlib"),
    "tinygrad": framework("frameworks", "tinygrad_layer.py", "tinygrad"),
    "openvino": framework("frameworks-middle", "onnx_models.py openvino",
                          "onnx", "openvino"),
    "tvm": framework("frameworks-middle", "tvm_relax.py", "tvm"),
    "iree": framework("frameworks-middle", "stablehlo_ops.py iree", "iree"),
    "ncnn": framework("frameworks-middle", "ncnn_layer.py", "ncnn"),
    "mnn": framework("frameworks-middle", "mnn_module.py", "MNN"),
    "mlx": framework("frameworks-middle", "mlx_layer.py", "mlx"),
    "haiku": framework("frameworks-middle", "jax_layers.py haiku", "haiku"),
    "equinox": framework("frameworks-middle", "jax_layers.py equinox",
                         "equinox"),
    "keras-jax": framework("frameworks-middle", "keras_layer.py jax", "keras",
                           "jax"),
    "torch": framework("frameworks-large", "pytorch.py", "torch"),
    "torch-decomposed": framework(
        "frameworks-large", "pytorch.py --compile aot_eager_decomp_partition",
        "torch"),
    "torch-inductor": framework("frameworks-large",
                                "pytorch.py --compile inductor", "torch",
                                is_recorded=False),
    "tensorflow-fused": framework("frameworks-large",
                                  "tensorflow_ops.py fused", "tensorflow"),
    "tensorflow-composed": framework(
        "frameworks-large", "tensorflow_ops.py composed", "tensorflow"),
    "keras-tensorflow": framework(
        "frameworks-large", "keras_layer.py tensorflow", "keras",
        "tensorflow"),
    "keras-torch": framework("frameworks-large", "keras_layer.py torch",
                             "keras", "torch"),
    "litert": framework("frameworks-large", "litert_model.py",
                        "ai_edge_litert", "tensorflow"),
    "paddle": framework("frameworks-large", "paddle_ops.py", "paddle"),
    "mindspore": framework("frameworks-large", "mindspore_ops.py",
                           "mindspore"),
}
PLUGINS = [name for name, a in ADAPTERS.items() if a == PLUGIN]
RECORDED = [name for name, a in ADAPTERS.items() if a.is_recorded]
# Those of the matrix: one of each; numpy is an example, inductor takes hours.
MATRIX = [name for name in ADAPTERS
          if name not in ("numpy", "pytorch-cuda", "torch-inductor",
                          "flax-two-pass", "tfjs-last", "onnxruntime-y")]


def runs(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def python_with(modules, *pythons):
    """The first of the interpreters that has the modules."""
    ask = ("import importlib.util as u, sys; "
           "sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))")
    for python in pythons:
        if runs(python, "-c", ask, *modules):
            return python
    return None


def command(adapter):
    """The command of a script, or why there is none."""
    program, script, needs, packages, flags, _, group = adapter
    if program == "venv":
        python = python_with(needs, os.path.normpath(
            os.path.join(VENV, "bin", "python")))
        if python is None:
            return None, f"not installed by tools/setup {group}"
        start = [python, "-B"]
    elif program == "python3":
        # The user's, or Debian's.
        python = python_with(needs, "python3", "/usr/bin/python3")
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
