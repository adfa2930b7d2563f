#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""StableHLO's batch_norm_training, batch_norm_inference and batch_norm_grad:
stablehlo_ops.py xla|iree

Each case is a module of one operation, compiled by XLA for the CPU (as in
jaxlib) or by IREE (llvm-cpu). An absent gamma or beta is a tensor of 1 or 0.
"""
import argparse
import functools
from importlib.metadata import version

import numpy as np

from serve import serve, typed


def tensor(shape, dtype):
    return f"tensor<{''.join(f'{n}x' for n in shape)}{dtype}>"


def module(operation, operands, results, epsilon, axis, dtype):
    """The text of a module; operands and results are shapes."""
    kinds = [tensor(s, dtype) for s in operands]
    given = ", ".join(f"%a{i}: {k}" for i, k in enumerate(kinds))
    names = ", ".join(f"%a{i}" for i in range(len(kinds)))
    made = [tensor(s, dtype) for s in results]
    if len(made) == 1:
        back, types = "%r", made[0]
    else:
        back = ", ".join(f"%r#{i}" for i in range(len(made)))
        types = f"({', '.join(made)})"
    count = f":{len(made)}" if len(made) > 1 else ""
    # The attribute is an f32 whatever the operands are.
    bits = int(np.float32(epsilon).view(np.uint32))
    return (f"module @m {{ func.func @main({given}) -> ({', '.join(made)}) {{\n"
            f'  %r{count} = "stablehlo.{operation}"({names}) '
            f"{{epsilon = 0x{bits:08X} : f32, feature_index = {axis} : i64}} : "
            f"({', '.join(kinds)}) -> {types}\n"
            f"  return {back} : {', '.join(made)}\n}} }}\n")


# ---- The compilers: each returns a function from a module's text to one that
# runs it.

def xla():
    import jax
    from jax.extend import backend
    from jaxlib import _jax
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    client = backend.get_backend("cpu")
    devices = _jax.DeviceList(tuple(client.local_devices()[:1]))

    @functools.lru_cache(maxsize=64)
    def compiled(text):
        program = client.compile_and_load(text, devices)

        def run(arrays):
            given = [jax.device_put(a) for a in arrays]
            return [np.asarray(r[0]) for r in program.execute_sharded(
                given).disassemble_into_single_device_arrays()]
        return run

    return f"XLA of jaxlib {jax.lib.__version__}", compiled, {
        "subnormals": "flush"}


def iree():
    from iree import compiler, runtime

    @functools.lru_cache(maxsize=64)
    def compiled(text):
        binary = compiler.compile_str(
            text, target_backends=["llvm-cpu"], input_type="stablehlo",
            extra_args=["--iree-llvmcpu-target-cpu=host"])
        config = runtime.Config("local-sync")
        loaded = runtime.load_vm_module(
            runtime.VmModule.copy_buffer(config.vm_instance, binary), config)

        def run(arrays):
            found = loaded.main(*arrays)
            if not isinstance(found, (tuple, list)):
                found = [found]
            return [f.to_host() for f in found]
        return run

    return f"IREE {version('iree-base-compiler')}", compiled, {
        # By default it demotes f64 to f32, and it has no batch_norm_grad.
        "dtypes": ["f32", "f16", "bf16"],
        "operations": ["forward_training", "forward_inference"]}


COMPILERS = {"xla": xla, "iree": iree}


def run(case, operation, operands, results):
    case.one_format()
    text = module(operation, [a.shape for a in operands],
                  [a.shape for a in results],
                  case.as_float32("epsilon", case.epsilon), case.channel_axis,
                  case.dtypes["x"])
    return COMPILE(text)([typed(np.ascontiguousarray(a)) for a in operands])


def parameters(case, *names):
    return [case.parameter(n, case.dtypes["x"], True) for n in names]


def forward_training(case):
    x, (gamma, beta) = case["x"], parameters(case, "gamma", "beta")
    return dict(zip(("y", "mean", "var"), run(
        case, "batch_norm_training", [x, gamma, beta], [x, gamma, gamma])))


def forward_inference(case):
    x = case["x"]
    return {"y": run(case, "batch_norm_inference", [x, *parameters(
        case, "gamma", "beta", "running_mean", "running_var")], [x])[0]}


def backward_training(case):
    """batch_norm_grad takes the statistics that the forward pass gave."""
    x, dy, (gamma, beta) = case["x"], case["dy"], parameters(
        case, "gamma", "beta")
    _, mean, var = run(case, "batch_norm_training", [x, gamma, beta],
                       [x, gamma, gamma])
    bits = np.uint16 if case.dtypes["x"] == "bf16" else mean.dtype
    return dict(zip(("dx", "dgamma", "dbeta"), run(
        case, "batch_norm_grad", [x, gamma, mean.view(bits), var.view(bits),
                                  dy], [x, gamma, gamma])))


def main():
    global COMPILE
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("compiler", choices=COMPILERS)
    name, COMPILE, more = COMPILERS[parser.parse_args().compiler]()
    declaration = {"dtypes": ["f64", "f32", "f16", "bf16"],
                   "zero_variance": "nan", "outputs": {
                       "forward_training": ["y", "mean", "var"]}, **more}
    offered = declaration.pop("operations", None)
    serve(name + ", StableHLO",
          [f for f in (forward_training, forward_inference, backward_training)
           if not offered or f.__name__ in offered], **declaration)


if __name__ == "__main__":
    main()
