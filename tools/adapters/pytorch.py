#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch from Python: pytorch.py [--device cpu|cuda] [--threads N]
                       [--compile BACKEND]

Calls torch.nn.functional.batch_norm; gradients are by autograd, the forward
derivative by torch.autograd.forward_ad, and the double backward by autograd of
autograd. With --device cuda, torch may choose cuDNN. With --compile, the call
is compiled by torch.compile with this backend, such as inductor, or
aot_eager_decomp_partition: the same decomposition without code generation.
"""
import argparse

import numpy as np
import torch
from torch.autograd import forward_ad
from torch.nn.functional import batch_norm

from serve import Rejected, Unsupported, serve

PARAMETERS = ("gamma", "beta", "running_mean", "running_var", "gamma_dot",
              "beta_dot", "ddgamma", "ddbeta")
ONE_VALUE = "more than 1 value per channel"
# Newer versions refuse an epsilon of 0 in training, and one statistic alone.
REFUSED = ("eps must be positive", "must either both be None or neither")
HALF = (torch.float16, torch.bfloat16)


def loaded(array):
    """The array on the device, bit for bit."""
    if array.dtype == np.uint16:
        tensor = torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(array)
    return tensor.to(DEVICE)


def stored(tensor):
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16)
    return tensor.numpy()


class Question:
    """A case in torch. Tensors of the shape of x are views with channels at
    axis 1; their memory is unchanged."""

    def __init__(self, case):
        self.case = case
        self.x = self.like_x("x")
        self.type = self.parameter_type()
        self.epsilon, self.momentum = case.epsilon, case.weight

    def like_x(self, name):
        if self.case.dtypes[name] != self.case.dtypes["x"]:
            raise Unsupported(f"{name} is not in the format of x")
        return loaded(self.case[name]).movedim(self.case.channel_axis, 1)

    def out(self, tensor):
        return stored(tensor.movedim(1, self.case.channel_axis))

    def parameter_type(self):
        """That of x; or f32 for all parameters if x is 16-bit and one of them
        has another format. Torch accepts no other mixture."""
        own = self.case.dtypes["x"]
        if self.x.dtype in HALF and any(
                self.case.dtypes.get(n, own) != own for n in PARAMETERS):
            return torch.float32
        return self.x.dtype

    def parameter(self, name):
        """The parameter, widened if needed, never narrowed; None if absent."""
        if name not in self.case:
            return None
        tensor = loaded(self.case[name])
        if torch.promote_types(tensor.dtype, self.type) != self.type:
            raise Unsupported(f"{name} would have to be narrowed")
        return tensor.to(self.type, copy=True)

    def constant(self, value):
        return torch.full((self.x.shape[1],), value, dtype=self.type,
                          device=DEVICE)

    def normalized(self, training, x, gamma, beta, mean=None, var=None):
        return call(self.case, x, mean, var, gamma, beta, training,
                    self.momentum, self.epsilon)


COMPILED = {}  # the last case's programs


def call(case, *arguments):
    if not BACKEND:
        return batch_norm(*arguments)
    # After some shapes torch.compile would call the eager kernel silently.
    if COMPILED.get("id") != case.id:
        torch._dynamo.reset()
        COMPILED.clear()
        COMPILED.update(id=case.id, program=torch.compile(
            batch_norm, backend=BACKEND, dynamic=False, fullgraph=True))
    return COMPILED["program"](*arguments)


def forward_training(case):
    q = Question(case)
    mean, var = q.parameter("running_mean"), q.parameter("running_var")
    y = q.normalized(True, q.x, q.parameter("gamma"), q.parameter("beta"),
                     mean, var)
    out = {"y": q.out(y)}
    if mean is not None:
        out["running_mean"] = stored(mean)
    if var is not None:
        out["running_var"] = stored(var)
    return out


def forward_inference(case):
    q = Question(case)
    return {"y": q.out(q.normalized(
        False, q.x, q.parameter("gamma"), q.parameter("beta"),
        q.parameter("running_mean"), q.parameter("running_var")))}


def gradients(q, training, gamma, **more):
    """The leaves, dy, and the gradients: dx, dgamma if there is a gamma, and
    dbeta."""
    leaves = {"x": q.x, "gamma": gamma, "beta": q.constant(0)}
    leaves = {n: t.detach().requires_grad_() for n, t in leaves.items()
              if t is not None}
    y = q.normalized(training, leaves["x"], leaves.get("gamma"),
                     leaves["beta"], q.parameter("running_mean"),
                     q.parameter("running_var"))
    dy = q.like_x("dy").requires_grad_(bool(more))
    found = torch.autograd.grad(y, list(leaves.values()), dy, **more)
    return leaves, dy, dict(zip(leaves, found))


def backward(case, training):
    """Torch computes dgamma only if it is given a gamma. Without one, dx and
    dbeta come from a run without gamma, and dgamma from a run with ones."""
    q = Question(case)
    gamma = q.parameter("gamma")
    _, _, found = gradients(q, training, gamma)
    if gamma is None:
        ones = q.constant(1)
        found["gamma"] = gradients(q, training, ones)[2]["gamma"]
    return {"dx": q.out(found["x"]), "dgamma": stored(found["gamma"]),
            "dbeta": stored(found["beta"])}


def backward_training(case):
    return backward(case, True)


def backward_inference(case):
    return backward(case, False)


def jvp_training(case):
    """An absent gamma (beta) that has a direction is 1 (0)."""
    q = Question(case)
    with forward_ad.dual_level():
        duals = {}
        for name, absent in ("gamma", 1), ("beta", 0):
            primal, dot = q.parameter(name), q.parameter(name + "_dot")
            if primal is None and dot is not None:
                primal = q.constant(absent)
            duals[name] = (primal if dot is None
                           else forward_ad.make_dual(primal, dot))
        x = forward_ad.make_dual(q.x, q.like_x("x_dot"))
        y = q.normalized(True, x, duals["gamma"], duals["beta"])
        return {"y_dot": q.out(forward_ad.unpack_dual(y).tangent)}


def second(q, gamma):
    """The gradients of sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta) by
    dy, gamma and x."""
    leaves, dy, first = gradients(q, True, gamma, create_graph=True)
    weights = {"x": q.like_x("ddx"), "gamma": q.parameter("ddgamma"),
               "beta": q.parameter("ddbeta")}
    used = [n for n in first if weights[n] is not None]
    by = {"dy": dy, **{n: leaves[n] for n in ("gamma", "x") if n in leaves}}
    found = torch.autograd.grad(
        [first[n] for n in used], list(by.values()),
        [weights[n].to(first[n].dtype) for n in used], allow_unused=True)
    # None means a gradient of 0.
    return {n: torch.zeros_like(by[n]) if g is None else g
            for n, g in zip(by, found)}


def double_backward_training(case):
    """A direction of gamma, and grad_gamma, need a gamma; an absent one is
    ones."""
    q = Question(case)
    gamma = q.parameter("gamma")
    if gamma is None and "ddgamma" in case:
        gamma = q.constant(1)
    found = second(q, gamma)
    if gamma is None:
        found["gamma"] = second(q, q.constant(1))["gamma"]
    return {"grad_dy": q.out(found["dy"]), "grad_x": q.out(found["x"]),
            "grad_gamma": stored(found["gamma"])}


def guarded(function):
    """Translates torch's exceptions: Unsupported if it has no kernel, Rejected
    if it refuses the input."""
    def run(case):
        try:
            return function(case)
        except NotImplementedError as error:
            raise Unsupported(str(error)) from error
        except RuntimeError as error:
            if "not implemented for" in str(error):
                raise Unsupported(str(error)) from error
            # torch.compile wraps what follows.
            if ONE_VALUE in str(error):
                raise Rejected(ONE_VALUE) from error
            if any(words in str(error) for words in REFUSED):
                raise Unsupported("refused") from error
            raise
        except ValueError as error:
            if ONE_VALUE in str(error):
                raise Rejected(str(error)) from error
            if any(words in str(error) for words in REFUSED):
                raise Unsupported(str(error)) from error
            raise
    run.__name__ = function.__name__
    return run


def dtypes():
    """The formats that the device has kernels for: torch 1.13 has f16 only on
    GPUs."""
    found = []
    for name, dtype in (("f64", torch.float64), ("f32", torch.float32),
                        ("f16", torch.float16), ("bf16", torch.bfloat16)):
        x = torch.ones((2, 1), dtype=dtype, device=DEVICE)
        try:
            batch_norm(x, None, None, training=True)
        except RuntimeError:
            continue
        found.append(name)
    return found


def main():
    global DEVICE, BACKEND
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="torch.set_num_threads")
    parser.add_argument("--compile", help="a backend of torch.compile")
    options = parser.parse_args()
    BACKEND = options.compile
    DEVICE = torch.device(options.device)
    name = "PyTorch " + torch.__version__
    if options.threads:
        torch.set_num_threads(options.threads)
    if DEVICE.type == "cuda":
        name += (f", {torch.cuda.get_device_name(DEVICE)}, "
                 f"cuDNN {torch.backends.cudnn.version()}")
    functions = [forward_training, forward_inference, backward_training,
                 backward_inference]
    if BACKEND:  # it has neither derivative
        name += ", torch.compile " + BACKEND
    else:
        functions += [jvp_training, double_backward_training]
    outputs = {"forward_training": ["y", "running_mean", "running_var"]}
    serve(name, [guarded(f) for f in functions],
        dtypes=dtypes(), outputs=outputs, running_variance="unbiased",
        single_value="reject", zero_variance="zero", subnormals="keep")


if __name__ == "__main__":
    main()
