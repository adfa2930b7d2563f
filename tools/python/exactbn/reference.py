# SPDX-License-Identifier: Apache-2.0
"""The exact answers, correctly rounded: one function per operation.

Each takes the inputs of the operation as arrays, by keyword or in order, and

    epsilon          added to the variance, inside the root
    dtype            the format of the results: "f64" (the default), "f32",
                     "f16", "bf16", "f8e4m3fn" or "f8e5m2"; or a dict of a
                     format for each output that is wanted
    residual         True: results are pairs (value, residual) of such arrays,
                     where residual is exact - value, correctly rounded
    channel_axis     of x; 1 by default
    convention, declare   as for exactbn.check

and returns a dict of arrays by the names of the outputs, in the library of x:
torch, jax or numpy (whose bf16 and f8 need the package ml_dtypes); for other
arrays exactbn.Array. Values are the exact ones rounded once, to nearest, ties
to even; 0/0 is NaN. x has rank 2 to 5; y, dx, y_dot, grad_dy and grad_x have
its shape, other arrays have [channels]. Raises ValueError or TypeError, in one
line that names the argument.
"""
from ctypes import byref

from . import _library, _question
from ._arrays import FORMATS, Array, library_of

__all__ = list(_library.OPERATIONS)


def _formats(dtype, outputs):
    formats = dtype if isinstance(dtype, dict) else dict.fromkeys(outputs,
                                                                  dtype)
    for name, word in formats.items():
        if name not in outputs:
            raise ValueError(f"dtype: unknown output {name!r}; expected "
                             f"{', '.join(outputs)}")
        if word not in FORMATS:
            raise ValueError(f"dtype: unknown format {word!r}; expected "
                             f"{', '.join(FORMATS)}")
    return formats


def _reference(operation, inputs, *, epsilon, dtype="f64", residual=False,
               channel_axis=1, momentum=None, batches_tracked=0,
               convention=None, declare=None):
    asked = _question.Asked(operation, inputs, epsilon, momentum, channel_axis,
                            batches_tracked)
    outputs = [name for name in _library.OPERATIONS[operation][2]
               if not name.startswith("running_") or name in asked.inputs]
    formats = _formats(dtype, outputs)
    arrays = {name: [Array(word, asked.shape_of(name))
                     for _ in range(2 if residual else 1)]
              for name, word in formats.items()}
    wanted = (_library.CWanted * len(arrays))()
    for struct, (name, of) in zip(wanted, arrays.items()):
        struct.name, struct.dtype = name.encode(), of[0].dtype.encode()
        struct.value = _library.ctypes.addressof(of[0]._memory)
        if residual:
            struct.residual = _library.ctypes.addressof(of[1]._memory)
    how = _question.judging(None, None, convention, declare)
    _library.Result(_library.library().reference(
        byref(asked.struct), len(wanted), wanted, byref(how)))
    library = library_of(inputs["x"])
    return {name: tuple(a.into(library) for a in of) if residual
            else of[0].into(library) for name, of in arrays.items()}


def forward_training(x, gamma=None, beta=None, running_mean=None,
                     running_var=None, *, epsilon, momentum=None,
                     batches_tracked=0, **how):
    """y, mean, var (biased) and invstd = 1 / sqrt(var + epsilon) of a batch, and
    running_mean and running_var after it, if they are given. momentum is the
    weight of the new statistic (of the old one with convention="keras");
    None: 1 / (batches_tracked + 1)."""
    return _reference(
        "forward_training",
        dict(x=x, gamma=gamma, beta=beta, running_mean=running_mean,
             running_var=running_var), epsilon=epsilon, momentum=momentum,
        batches_tracked=batches_tracked, **how)


def forward_inference(x, running_mean, running_var, gamma=None, beta=None, *,
                      epsilon, **how):
    """y with frozen statistics."""
    return _reference(
        "forward_inference",
        dict(x=x, gamma=gamma, beta=beta, running_mean=running_mean,
             running_var=running_var), epsilon=epsilon, **how)


def backward_training(x, dy, gamma=None, *, epsilon, **how):
    """dx, dgamma and dbeta: the gradients of sum(y dy)."""
    return _reference("backward_training", dict(x=x, dy=dy, gamma=gamma),
                      epsilon=epsilon, **how)


def backward_inference(x, dy, running_mean, running_var, gamma=None, *,
                       epsilon, **how):
    """dx, dgamma and dbeta with frozen statistics."""
    return _reference(
        "backward_inference",
        dict(x=x, dy=dy, gamma=gamma, running_mean=running_mean,
             running_var=running_var), epsilon=epsilon, **how)


def jvp_training(x, x_dot, gamma=None, gamma_dot=None, beta_dot=None, *,
                 epsilon, **how):
    """y_dot: the derivative of y along x_dot, gamma_dot and beta_dot."""
    return _reference(
        "jvp_training",
        dict(x=x, x_dot=x_dot, gamma=gamma, gamma_dot=gamma_dot,
             beta_dot=beta_dot), epsilon=epsilon, **how)


def double_backward_training(x, dy, ddx, gamma=None, ddgamma=None, ddbeta=None,
                             *, epsilon, **how):
    """grad_x, grad_gamma and grad_dy: the gradients of
    sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta)."""
    return _reference(
        "double_backward_training",
        dict(x=x, dy=dy, ddx=ddx, gamma=gamma, ddgamma=ddgamma,
             ddbeta=ddbeta), epsilon=epsilon, **how)
