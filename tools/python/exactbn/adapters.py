# SPDX-License-Identifier: Apache-2.0
"""Modules of torch, flax and keras as functions of a question.

The size and the parameters of a module are those of the question, so a class
says all; of an instance only the class counts.
"""
from ._run import Rejected, Unsupported


def adapted(subject):
    """(function, library of its arrays) of a subject. The library is "default"
    if the subject does not say."""
    kind = subject if isinstance(subject, type) else type(subject)
    words = {c.__module__.partition(".")[0] + "." + c.__name__
             for c in kind.__mro__}
    if words & {"torch._NormBase", "torch._BatchNorm"}:
        return TorchModule(kind), "torch"
    if "flax.BatchNorm" in words:
        return FlaxModule(kind), "jax"
    if "keras.BatchNormalization" in words:
        return KerasLayer(kind), "numpy"
    return subject, "default"


def _merged_shape(shape, rank):
    """The shape with this rank: the last axes merged, or more of 1."""
    if len(shape) <= rank:
        return tuple(shape) + (1,) * (rank - len(shape))
    last = 1
    for extent in shape[rank - 1:]:
        last *= extent
    return (*shape[:rank - 1], last)


class TorchModule:
    """torch.nn.BatchNorm1d, 2d or 3d, or a class with their constructor and
    their parameters. Gradients are by autograd."""

    _HALF = ("f16", "bf16")

    def __init__(self, kind):
        import torch
        self.kind, self.__name__ = kind, kind.__name__
        self.__qualname__, self.__module__ = kind.__qualname__, kind.__module__
        self.rank = {"BatchNorm2d": 4, "BatchNorm3d": 5}.get(
            next((c.__name__ for c in kind.__mro__
                  if c.__name__ in ("BatchNorm2d", "BatchNorm3d")), ""), 3)
        self.exactbn_declaration = {
            "subject": f"{kind.__name__} of torch {torch.__version__}",
            "operations": ["forward_training", "forward_inference",
                           "backward_training", "backward_inference"],
            "dtypes": self._dtypes(),
            "outputs": {"forward_training": ["y", "running_mean",
                                             "running_var"]},
            "running_variance": "unbiased", "single_value": "reject",
            "zero_variance": "zero"}

    def _dtypes(self):
        """The formats that this torch computes on the CPU."""
        import torch
        found = []
        for dtype, name in (("f64", "float64"), ("f32", "float32"),
                            ("f16", "float16"), ("bf16", "bfloat16")):
            x = torch.ones((2, 1), dtype=getattr(torch, name))
            try:
                torch.nn.functional.batch_norm(x, None, None, training=True)
                found.append(dtype)
            except RuntimeError:
                pass
        return found

    def _parameter_type(self, q):
        """That of x; or f32 for all parameters if x is 16-bit and one of them
        has another format. Torch accepts no other mixture."""
        import torch
        own = q.dtypes["x"]
        others = {d for n, d in q.dtypes.items() if n not in ("x", "dy")}
        if own in self._HALF and others - {own}:
            return torch.float32
        return q["x"].dtype

    def _module(self, q):
        import torch
        dtype = self._parameter_type(q)
        training = q.operation == "forward_training"
        backward = "dy" in q
        running = "running_mean" in q or "running_var" in q
        if running and not ("running_mean" in q and "running_var" in q):
            raise Unsupported("one running statistic without the other")
        affine = backward or "gamma" in q or "beta" in q
        module = self.kind(q.channels, eps=q.epsilon,
                           momentum=q.momentum if training else 0.0,
                           affine=affine, track_running_stats=running)
        module = module.to(dtype).train(q.training)
        for name, mine in (("weight", "gamma"), ("bias", "beta"),
                           ("running_mean", "running_mean"),
                           ("running_var", "running_var")):
            if mine not in q:
                continue
            value = q[mine]
            if torch.promote_types(value.dtype, dtype) != dtype:
                raise Unsupported(f"{mine} would have to be narrowed")
            getattr(module, name).data.copy_(value)
        if running:
            module.num_batches_tracked.fill_(q.batches_tracked)
        return module

    def _in(self, q, name):
        """The input with channels at axis 1 and the rank of the module."""
        if q.dtypes[name] != q.dtypes["x"]:
            raise Unsupported(f"{name} is not in the format of x")
        moved = q[name].movedim(q.channel_axis, 1)
        return moved if self.rank == 3 and moved.dim() < 3 else moved.reshape(
            _merged_shape(moved.shape, self.rank))

    @staticmethod
    def _out(q, tensor):
        shape = list(q.shape)
        shape.insert(1, shape.pop(q.channel_axis))
        return tensor.detach().reshape(shape).movedim(1, q.channel_axis)

    def __call__(self, q):
        if q.operation not in self.exactbn_declaration["operations"]:
            raise Unsupported(q.operation)
        module, x = self._module(q), self._in(q, "x")
        try:
            if "dy" not in q:
                y = module(x)
                found = {"y": self._out(q, y)}
                if q.operation == "forward_training" and "running_mean" in q:
                    found.update(running_mean=module.running_mean,
                                 running_var=module.running_var)
                return found
            return self._gradients(q, module, x)
        except ValueError as error:
            if "more than 1 value per channel" in str(error):
                raise Rejected(str(error)) from error
            raise
        except RuntimeError as error:
            if "not implemented for" in str(error):
                raise Unsupported(str(error)) from error
            raise

    def _gradients(self, q, module, x):
        import torch
        x = x.detach().requires_grad_()
        y = module(x)
        dx, dgamma, dbeta = torch.autograd.grad(
            y, [x, module.weight, module.bias], self._in(q, "dy"))
        return {"dx": self._out(q, dx), "dgamma": dgamma, "dbeta": dbeta}


class FlaxModule:
    """flax.linen.BatchNorm. Gradients are by jax.vjp."""

    def __init__(self, kind):
        import flax
        self.kind, self.__name__ = kind, kind.__name__
        self.__qualname__, self.__module__ = kind.__qualname__, kind.__module__
        self.exactbn_declaration = {
            "subject": f"BatchNorm of flax {flax.__version__}",
            "operations": ["forward_training", "forward_inference",
                           "backward_training", "backward_inference"],
            "dtypes": ["f32", "bf16", "f16"],
            "outputs": {"forward_training": ["y", "running_mean",
                                             "running_var"]},
            "momentum": "weight_of_old", "running_variance": "biased"}

    def __call__(self, q):
        import jax
        import jax.numpy as jnp
        if q.operation not in self.exactbn_declaration["operations"]:
            raise Unsupported(q.operation)
        for name, dtype in q.dtypes.items():
            if dtype != "f32" and name not in ("x", "dy"):
                raise Unsupported(f"{name} in {dtype}: flax keeps parameters "
                                  "in f32")
        if q.dtypes.get("dy", q.dtypes["x"]) != q.dtypes["x"]:
            raise Unsupported("dy is not in the format of x")
        ones, zeros = jnp.ones(q.channels), jnp.zeros(q.channels)
        module = self.kind(use_running_average=not q.training,
                           axis=q.channel_axis,
                           momentum=0.0 if q.momentum is None else q.momentum,
                           epsilon=q.epsilon, dtype=q["x"].dtype)
        statistics = {"mean": q.get("running_mean", zeros),
                      "var": q.get("running_var", ones)}

        def apply(x, gamma, beta):
            return module.apply(
                {"params": {"scale": gamma, "bias": beta},
                 "batch_stats": statistics}, x, mutable=["batch_stats"])

        inputs = q["x"], q.get("gamma", ones), q.get("beta", zeros)
        if "dy" not in q:
            y, state = apply(*inputs)
            found = {"y": y}
            if q.training and "running_mean" in q:
                found["running_mean"] = state["batch_stats"]["mean"]
            if q.training and "running_var" in q:
                found["running_var"] = state["batch_stats"]["var"]
            return found
        _, back, _ = jax.vjp(apply, *inputs, has_aux=True)
        return dict(zip(("dx", "dgamma", "dbeta"), back(q["dy"])))


class KerasLayer:
    """keras.layers.BatchNormalization of any backend: forward passes."""

    def __init__(self, kind):
        import keras
        self.kind, self.__name__ = kind, kind.__name__
        self.__qualname__, self.__module__ = kind.__qualname__, kind.__module__
        backend = getattr(keras, "backend", None)
        self.exactbn_declaration = {
            "subject": f"BatchNormalization of keras {keras.__version__}, "
                       f"{backend.backend() if backend else ''}",
            "operations": ["forward_training", "forward_inference"],
            "dtypes": ["f32"],
            "outputs": {"forward_training": ["y", "running_mean",
                                             "running_var"]},
            "momentum": "weight_of_old", "running_variance": "biased"}

    def __call__(self, q):
        import keras
        if q.operation not in self.exactbn_declaration["operations"]:
            raise Unsupported(q.operation)
        if set(q.dtypes.values()) != {"f32"}:
            raise Unsupported("an input that is not f32")
        layer = self.kind(
            axis=q.channel_axis, epsilon=q.epsilon,
            momentum=0.0 if q.momentum is None else q.momentum,
            scale="gamma" in q, center="beta" in q, dtype="float32")
        layer.build(q.shape)
        for mine, name in (("gamma", "gamma"), ("beta", "beta"),
                           ("running_mean", "moving_mean"),
                           ("running_var", "moving_variance")):
            if mine in q:
                getattr(layer, name).assign(q[mine])
        y = layer(q["x"], training=q.training)

        def array(variable):
            return keras.ops.convert_to_numpy(variable)

        found = {"y": array(y)}
        for mine, name in (("running_mean", "moving_mean"),
                           ("running_var", "moving_variance")):
            if q.training and mine in q:
                found[mine] = array(getattr(layer, name))
        return found
