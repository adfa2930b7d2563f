# SPDX-License-Identifier: Apache-2.0
"""Verdicts on outputs that a kernel has computed."""
import ctypes
from ctypes import byref

from . import _library, _question
from ._arrays import float_of
from ._library import CVerdict

# Names of outputs that are also inputs: what they are after the batch.
_RENAMED = {"new_running_mean": "running_mean",
            "new_running_var": "running_var"}
_INPUTS = {"x", "dy", "gamma", "beta", "running_mean", "running_var", "x_dot",
           "gamma_dot", "beta_dot", "ddx", "ddgamma", "ddbeta"}
_OUTPUTS = {"y", "mean", "var", "invstd", "dx", "dgamma", "dbeta", "y_dot",
            "grad_x", "grad_gamma", "grad_dy", *_RENAMED}
_GIVEN = object()  # the momentum was not given


class OutputVerdict:
    """The verdict on one output.

    verdict           "passed", "failed", "undecided" or "beyond"
    grade             of its worst value: "correct", "faithful", "stable",
                      "sequential" or "unstable"
    ulp, eta          the largest errors: in ulp of the output's format, and the
                      backward error in units of the working precision
    limit             the largest eta that passes
    dtype             the format of the output
    failed_values, undecided_values   how many
    index             the place of the worst value; None if none is decided
    got, want         that value, and the correctly rounded one
    """

    __slots__ = ("verdict", "grade", "ulp", "eta", "limit", "dtype",
                 "failed_values", "undecided_values", "index", "got", "want")

    def __init__(self, c, shape):
        self.verdict, self.grade = c.verdict.decode(), c.grade.decode()
        self.ulp, self.eta, self.limit = c.max_ulp, c.max_eta, c.limit
        self.dtype = c.dtype.decode()
        self.failed_values = c.failed_values
        self.undecided_values = c.undecided_values
        self.index = self.got = self.want = None
        if c.index >= 0:
            place, index = c.index, []
            for extent in reversed(shape):
                index.append(place % extent)
                place //= extent
            self.index = tuple(reversed(index))
            self.got = float_of(c.got, self.dtype)
            self.want = float_of(c.want, self.dtype)

    def __repr__(self):
        return (f"OutputVerdict({self.verdict}, {self.grade}, "
                f"ulp {self.ulp:.3g}, eta {self.eta:.3g}, "
                f"limit {self.limit:.3g})")


class Verdict:
    """The verdict on a kernel's outputs.

    passed     whether all are right: none failed or is undecided. Wrong values
               where the question is extreme ("beyond") are excused, unless
               domain="all"
    verdict    the worst of the outputs'
    text       what is wrong, and what it looks like; "" if nothing
    outputs    an OutputVerdict by name
    json       a dict with all of this, schema exactbn/check/1
    """

    __slots__ = ("passed", "verdict", "text", "outputs", "_result")

    def __init__(self, result, asked):
        functions = _library.library()
        handle = result.handle
        self._result = result
        self.verdict = functions.verdict(handle).decode()
        self.passed = not functions.failed(handle)
        self.text = functions.text(handle).decode()
        self.outputs = {}
        c = CVerdict()
        for i in range(functions.output_count(handle)):
            functions.output(handle, i, byref(c))
            name = c.output.decode()
            self.outputs[name] = OutputVerdict(c, asked.shape_of(name))

    @property
    def json(self):
        import json
        return json.loads(_library.library().json(self._result.handle))

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return f"Verdict({self.verdict}, {self.outputs})"


def _result(asked, outputs, how):
    structs, keep = _question.c_arrays(outputs)
    handle = _library.library().check(byref(asked.struct), len(outputs),
                                      structs, byref(how))
    del keep
    return _library.Result(handle)


def _known_outputs(operation, outputs):
    known = _library.OPERATIONS[operation][2]
    for name in outputs:
        if name not in known:
            raise ValueError(f"{name}: {operation} has no such output; "
                             f"expected {', '.join(known)}")
    if not outputs:
        raise ValueError(f"outputs: none given; {operation} has "
                         f"{', '.join(known)}")


def check(inputs, outputs, *, operation, epsilon, momentum=None, channel_axis=1,
          convention=None, declare=None, require="sequential",
          domain="ordinary", batches_tracked=0, name=""):
    """Judges the outputs of a kernel. Returns a Verdict.

    inputs, outputs   dicts of arrays by name. Arrays like x have its shape, of
                      rank 2 to 5; the others [channels]. Nothing on the CPU is
                      copied, if it is row-major
    operation         "forward_training", "forward_inference",
                      "backward_training", "backward_inference",
                      "jvp_training" or "double_backward_training"
    epsilon           added to the variance, inside the root
    momentum          what the kernel was given; None: the cumulative average
                      after `batches_tracked` batches
    convention        of a framework: "pytorch", "keras", "onnx", ...
    declare           other fields of the declaration, such as
                      {"running_variance": "biased", "accumulation": "bf16"}
    require           the worst grade that passes
    domain            where wrong values fail: "ordinary" or "all"
    name              of the case, for the text

    Raises ValueError or TypeError, in one line that names the argument.
    """
    asked = _question.Asked(operation, inputs, epsilon, momentum, channel_axis,
                            batches_tracked, name)
    _known_outputs(operation, outputs)
    how = _question.judging(require, domain, convention, declare)
    return Verdict(_result(asked, outputs, how), asked)


def _operation(inputs, training):
    frozen = training is False
    if "ddx" in inputs:
        kind = "double_backward"
    elif "x_dot" in inputs:
        kind = "jvp"
    else:
        kind = "backward" if "dy" in inputs else "forward"
    if frozen and kind in ("double_backward", "jvp"):
        raise ValueError(f"training: False, but {kind} is known only with the "
                         "statistics of the batch")
    return f"{kind}_{'inference' if frozen else 'training'}"


def assert_batch_norm(*, x, eps=1e-5, momentum=_GIVEN, training=True,
                      channel_axis=1, convention=None, declare=None,
                      require="sequential", domain="ordinary",
                      batches_tracked=0, **arrays):
    """Asserts that a kernel's outputs are the batch normalization of x.

        exactbn.assert_batch_norm(x=x, gamma=w, beta=b, eps=1e-5, y=y)
        exactbn.assert_batch_norm(x=x, gamma=w, dy=dy, dx=dx, dgamma=dw)

    Inputs and outputs are told apart by name, and the operation by what is
    there:

    x, gamma, beta               inputs; without gamma it is 1, without beta 0
    y, mean, var, invstd         outputs of the forward pass; var is the biased
                                 variance, invstd 1 / sqrt(var + eps)
    dy                           the gradient of y: then dx, dgamma and dbeta are
                                 the outputs
    running_mean, running_var    before the batch; new_running_mean and
                                 new_running_var after it are outputs. With
                                 training=False they normalize
    x_dot, gamma_dot, beta_dot   the direction of a forward derivative: the
                                 output is y_dot
    ddx, ddgamma, ddbeta         (and dy) of a double backward: the outputs are
                                 grad_x, grad_gamma and grad_dy

    Arrays are torch's, numpy's, jax's, cupy's, or anything with DLPack or the
    buffer protocol. eps is added to the variance, inside the root. momentum is
    what the kernel was given, in the sense of `convention`. The other arguments
    are those of exactbn.check.

    There is no tolerance: each value is compared with the exact one, and may be
    as far away as rounding in the working precision excuses. Raises
    AssertionError with the diagnosis; ValueError or TypeError, in one line that
    names the argument, if the question makes no sense.
    """
    inputs, outputs = {"x": x}, {}
    for name, array in arrays.items():
        if array is None:
            continue
        if name in _INPUTS:
            inputs[name] = array
        elif name in _OUTPUTS:
            outputs[_RENAMED.get(name, name)] = array
        else:
            raise TypeError(f"{name}: unknown; inputs are "
                            f"{', '.join(sorted(_INPUTS))}; outputs are "
                            f"{', '.join(sorted(_OUTPUTS))}")
    operation = _operation(inputs, training)
    if not outputs:
        raise TypeError("outputs: none given; expected one of " + ", ".join(
            {v: k for k, v in _RENAMED.items()}.get(n, n)
            for n in _library.OPERATIONS[operation][2]))
    if momentum is _GIVEN:
        if "running_mean" in outputs or "running_var" in outputs:
            raise TypeError("momentum: missing; new running statistics depend "
                            "on it (None is the cumulative average)")
        momentum = 0.0
    required, optional, _ = _library.OPERATIONS[operation]
    for name in ("beta", "running_mean", "running_var"):
        if name not in required + optional:  # gradients do not depend on it
            inputs.pop(name, None)
    asked = _question.Asked(operation, inputs, eps, momentum, channel_axis,
                            batches_tracked, epsilon_name="eps")
    _known_outputs(operation, outputs)
    how = _question.judging(require, domain, convention, declare)
    result = _result(asked, outputs, how)
    functions = _library.library()
    if functions.failed(result.handle):
        # The caller's line is the news, not this one.
        __tracebackhide__ = True
        raise AssertionError("\n" + functions.text(result.handle).decode())


def tolerance_units(inputs, output, *, operation, epsilon, momentum=None,
                    channel_axis=1, convention=None, declare=None,
                    require="sequential", batches_tracked=0):
    """The error that each value of an output may have.

    Returns (unit, limit): unit is an f64 array (of the library of x) of the
    output's shape, limit a float. Value i passes if its error is at most half
    an ulp + limit unit[i]; an eta of 1 is unit[i]. NaN where the exact value is
    no number, infinite where the channel is too ill-conditioned to judge.
    Arguments are those of exactbn.check.
    """
    asked = _question.Asked(operation, inputs, epsilon, momentum, channel_axis,
                            batches_tracked)
    _known_outputs(operation, [output])
    from ._arrays import Array, library_of
    unit = Array("f64", asked.shape_of(output))
    limit = ctypes.c_double()
    how = _question.judging(require, None, convention, declare)
    _library.Result(_library.library().tolerance_units(
        byref(asked.struct), output.encode(), byref(how), unit._memory,
        byref(limit)))
    return unit.into(library_of(inputs["x"])), limit.value
