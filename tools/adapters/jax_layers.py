#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Batch normalization of JAX's libraries: jax_layers.py LIBRARY [--eager]

LIBRARY is flax, flax-two-pass, nnx, nnx-two-pass, haiku or equinox. All run
under jax.jit, unless --eager says otherwise. Gradients are by jax.vjp, the
forward derivative by jax.jvp, the double backward by jax.vjp of jax.vjp.

Each library is a function of a case and `training`; it returns a function of
the arrays (a dict) that returns y and, in training, the new running statistics.
"""
import argparse
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from serve import Unsupported, serve, typed

jax.config.update("jax_enable_x64", True)  # else JAX narrows f64 by itself
jax.config.update("jax_platforms", "cpu")
AFFINE = ("gamma", "beta")
STATISTICS = ("running_mean", "running_var")


# ---- The libraries.

def flax(fast):
    import flax
    from flax import linen

    def layer(case, training):
        def apply(a):
            module = linen.BatchNorm(
                use_running_average=not training, axis=case.channel_axis,
                momentum=case.momentum or 0.0, epsilon=case.float_epsilon(),
                dtype=a["x"].dtype, param_dtype=a["running_mean"].dtype,
                use_scale="gamma" in a, use_bias="beta" in a,
                use_fast_variance=fast)
            names = {"gamma": "scale", "beta": "bias"}
            y, state = module.apply(
                {"params": {names[n]: a[n] for n in AFFINE if n in a},
                 "batch_stats": {"mean": a["running_mean"],
                                 "var": a["running_var"]}},
                a["x"], mutable=["batch_stats"])
            return {"y": y, "running_mean": state["batch_stats"]["mean"],
                    "running_var": state["batch_stats"]["var"]}
        return apply

    return (f"flax.linen {flax.__version__}" + ("" if fast else ", two-pass"),
            layer, {})


def nnx(fast):
    import flax
    from flax import nnx as library

    def layer(case, training):
        def apply(a):
            module = library.BatchNorm(
                case.shape[case.channel_axis],
                use_running_average=not training, axis=case.channel_axis,
                momentum=case.momentum or 0.0, epsilon=case.float_epsilon(),
                dtype=a["x"].dtype, param_dtype=a["running_mean"].dtype,
                use_scale="gamma" in a, use_bias="beta" in a,
                use_fast_variance=fast, rngs=library.Rngs(0))
            module.mean = library.BatchStat(a["running_mean"])
            module.var = library.BatchStat(a["running_var"])
            if "gamma" in a:
                module.scale = library.Param(a["gamma"])
            if "beta" in a:
                module.bias = library.Param(a["beta"])
            y = module(a["x"])
            return {"y": y, "running_mean": module.mean[...],
                    "running_var": module.var[...]}
        return apply

    return (f"flax.nnx {flax.__version__}" + ("" if fast else ", two-pass"),
            layer, {})


def haiku():
    import haiku as hk

    def layer(case, training):
        if case.channel_axis == len(case.shape) - 1:
            layout = "channels_last"
        elif case.channel_axis == 1:
            layout = "channels_first"
        else:
            raise Unsupported("channels are axis 1 or the last one")
        shape = [1] * len(case.shape)
        shape[case.channel_axis] = -1

        def apply(a):
            def forward(x):
                return hk.BatchNorm(
                    "gamma" in a, "beta" in a, 0.5, case.float_epsilon(),
                    data_format=layout)(x, training)
            names = {"gamma": "scale", "beta": "offset"}
            params = {names[n]: a[n].reshape(shape) for n in AFFINE if n in a}
            state = {}
            for name, key in zip(STATISTICS, ("mean_ema", "var_ema")):
                average = a[name].reshape(shape)
                state[f"batch_norm/~/{key}"] = {
                    "counter": jnp.zeros((), jnp.int32), "hidden": average,
                    "average": average}
            transformed = hk.transform_with_state(forward)
            y, _ = transformed.apply(
                {"batch_norm": params} if params else {}, state, None, a["x"])
            return {"y": y}
        return apply

    # The averages are debiased by a counter: no running statistics as here.
    return (f"Haiku {hk.__version__}", layer,
            {"outputs": {"forward_training": ["y"]},
             "channel_axes": ["1", "last"], "one_format": True})


def equinox():
    import equinox as eqx

    def layer(case, training):
        axis = case.channel_axis
        if axis == 0:
            raise Unsupported("axis 0 is the batch")

        def apply(a):
            affine = any(n in a for n in AFFINE)
            # vmap takes the batch, so channels are axis 0 of an example.
            module, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(
                case.shape[axis], axis_name="batch", mode="batch",
                eps=case.float_epsilon(), momentum=case.momentum or 0.0,
                channelwise_affine=affine, inference=not training,
                dtype=a["x"].dtype)
            if affine:
                g, b = (a.get(n, jnp.full(case.shape[axis], n == "gamma",
                                          a["x"].dtype)) for n in AFFINE)
                module = eqx.tree_at(lambda m: (m.weight, m.bias), module,
                                     (g, b))
            state = state.set(module.batch_state_index,
                              (a["running_mean"], a["running_var"]))
            y, state = jax.vmap(module, axis_name="batch", in_axes=(0, None),
                                out_axes=(0, None))(a["x"], state)
            mean, var = state.get(module.batch_state_index)
            return {"y": y, "running_mean": mean, "running_var": var}
        return apply

    return (f"Equinox {eqx.__version__}", layer,
            {"channel_axes": ["1"], "one_format": True})


LIBRARIES = {
    "flax": lambda: flax(True), "flax-two-pass": lambda: flax(False),
    "nnx": lambda: nnx(True), "nnx-two-pass": lambda: nnx(False),
    "haiku": haiku, "equinox": equinox}


# ---- The operations, the same for all.

def parameters(case, names, absent):
    """In the working format; in that of x for a library that has one format."""
    dtype = case.dtypes["x"] if ONE_FORMAT else case.working()
    found = {n: typed(case.parameter(n, dtype, absent)) for n in names}
    return {n: jnp.asarray(v) for n, v in found.items() if v is not None}


def x_like(case, *names):
    return [jnp.asarray(typed(case.like_x(n))) for n in names]


def arrays(case, affine_absent):
    x, = x_like(case, "x")
    return {"x": x, **parameters(case, AFFINE, affine_absent),
            **parameters(case, STATISTICS, True)}


def differentiable(case, training):
    """y as a function of two dicts, x, gamma and beta, and the statistics; and
    these dicts. A compiled function serves other cases too, so it must not keep
    an array of this one."""
    everything = arrays(case, True)
    apply = LAYER(case, training)
    leaves = {n: everything.pop(n) for n in ("x", *AFFINE)}
    return lambda a, rest: apply({**rest, **a})["y"], leaves, everything


COMPILED = {}  # the last programs: cases are asked more than once


def compiled(case, function):
    if EAGER:
        return function
    key = (case.operation, case.shape, case.channel_axis, case.epsilon,
           case.momentum, tuple(sorted(case.dtypes.items())))
    program = COMPILED.pop(key, None) or jax.jit(function)
    COMPILED[key] = program
    if len(COMPILED) > 100:
        COMPILED.pop(next(iter(COMPILED)))
    return program


def forward(case, training):
    out = compiled(case, LAYER(case, training))(arrays(case, False))
    return {n: np.asarray(v) for n, v in out.items()
            if n == "y" or training and n in case}


def forward_training(case):
    return forward(case, True)


def forward_inference(case):
    return forward(case, False)


def gradient(function):
    return lambda a, rest, dy: jax.vjp(
        lambda leaves: function(leaves, rest), a)[1](dy)[0]


def named(found, names):
    return {wire: np.asarray(found[n]) for n, wire in names.items()}


def backward(case, training):
    function, leaves, rest = differentiable(case, training)
    dy, = x_like(case, "dy")
    found = compiled(case, gradient(function))(leaves, rest, dy)
    return named(found, {"x": "dx", "gamma": "dgamma", "beta": "dbeta"})


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def directions(case, x, gamma, beta, leaves):
    """An absent direction is 0."""
    found = {**parameters(case, (gamma, beta), False)}
    dot = x_like(case, x)[0]
    return {"x": dot, "gamma": found.get(gamma, jnp.zeros_like(leaves["gamma"])),
            "beta": found.get(beta, jnp.zeros_like(leaves["beta"]))}


def jvp_training(case):
    function, leaves, rest = differentiable(case, True)
    dots = directions(case, "x_dot", "gamma_dot", "beta_dot", leaves)

    def derivative(a, rest, d):
        return jax.jvp(lambda leaves: function(leaves, rest), (a,), (d,))[1]

    run = compiled(case, derivative)
    return {"y_dot": np.asarray(run(leaves, rest, dots))}


def double_backward_training(case):
    function, leaves, rest = differentiable(case, True)
    dy, = x_like(case, "dy")
    weights = directions(case, "ddx", "ddgamma", "ddbeta", leaves)

    def second(a, rest, dy, weights):
        return jax.vjp(lambda leaves, dy: gradient(function)(leaves, rest, dy),
                       a, dy)[1](weights)

    by, by_dy = compiled(case, second)(leaves, rest, dy, weights)
    return {"grad_dy": np.asarray(by_dy),
            **named(by, {"x": "grad_x", "gamma": "grad_gamma"})}


def main():
    global LAYER, ONE_FORMAT, EAGER
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--eager", action="store_true")
    options = parser.parse_args()
    EAGER = options.eager
    warnings.simplefilter("ignore")
    name, LAYER, more = LIBRARIES[options.library]()
    ONE_FORMAT = more.pop("one_format", False)
    declaration = {
        "dtypes": ["f64", "f32", "f16", "bf16"],
        "outputs": {"forward_training": ["y", "running_mean", "running_var"]},
        "momentum": "weight_of_old", "running_variance": "biased",
        "zero_variance": "nan", "subnormals": "flush", **more}
    serve(f"{name}, JAX {jax.__version__}" + (", eager" if EAGER else ""),
          [forward_training, forward_inference, backward_training,
           backward_inference, jvp_training, double_backward_training],
          **declaration)


if __name__ == "__main__":
    main()
