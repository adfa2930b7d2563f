# SPDX-License-Identifier: Apache-2.0
import array
import json
import os
import subprocess
import sys
import threading
import time

import ml_dtypes
import numpy as np
import pytest
from kernels import normalized

import exactbn

RNG = np.random.default_rng(1)
X = RNG.normal(size=(4, 3, 2, 5)).astype("f4")


def test_a_right_answer_passes():
    exactbn.assert_batch_norm(x=X, y=normalized(X))
    verdict = exactbn.check({"x": X}, {"y": normalized(X)},
                            operation="forward_training", epsilon=1e-5)
    assert verdict and verdict.passed and verdict.verdict == "passed"
    assert verdict.text == ""
    y = verdict.outputs["y"]
    assert y.verdict == "passed" and y.dtype == "f32"
    assert y.eta <= y.limit == 8 + 2 * 40 ** 0.5
    assert y.got == normalized(X)[y.index]
    assert verdict.json["schema"] == "exactbn/check/1"
    assert verdict.json["outputs"]["y"]["grade"] == y.grade


def test_a_wrong_answer_is_explained():
    with pytest.raises(AssertionError) as error:
        exactbn.assert_batch_norm(x=X, eps=0.01,
                                  y=normalized(X, eps=0.01, outside=True))
    text = str(error.value)
    assert "FAIL forward_training f32" in text
    assert "looks like  sqrt(var) + epsilon" in text
    assert "again" not in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_a_stricter_grade_fails_what_is_only_stable():
    y = exactbn.reference.forward_training(X, epsilon=1e-5, dtype="f32")["y"]
    exactbn.assert_batch_norm(x=X, y=y, require="correct")
    y[0, 0, 0, 0] = np.nextafter(y[0, 0, 0, 0], np.float32(9))
    with pytest.raises(AssertionError, match="required correct"):
        exactbn.assert_batch_norm(x=X, y=y, require="correct")


@pytest.mark.parametrize("of", [
    lambda a: a, lambda a: a[::-1].copy()[::-1], lambda a: a.astype(">f4"),
    lambda a: np.asfortranarray(a), memoryview, lambda a: np.array(a, order="K"),
    lambda a: np.lib.stride_tricks.as_strided(
        np.repeat(a, 2), a.shape, [2 * s for s in a.strides])])
def test_arrays_of_any_layout_are_read(of):
    y = exactbn.reference.forward_training(X, epsilon=1e-5, dtype="f32")["y"]
    exactbn.assert_batch_norm(x=of(X), y=of(y), require="correct")


def test_arrays_are_read_in_place_and_not_written():
    x, y = X.copy(), normalized(X)
    x.setflags(write=False)
    y.setflags(write=False)
    exactbn.assert_batch_norm(x=x, y=y)
    view = exactbn._arrays.view("x", x)
    assert view.pointer == x.ctypes.data


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn",
                                   "float8_e5m2", "float16", "float64"])
def test_every_format(dtype):
    dtype = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    x = X.astype(dtype)
    short = {v: k for k, v in exactbn._arrays.NUMPY.items()}[dtype.name]
    y = exactbn.reference.forward_training(x, epsilon=1e-5, dtype=short)["y"]
    assert y.dtype == dtype
    exactbn.assert_batch_norm(x=x, y=y, require="correct")
    wide = normalized(x.astype("f8"))
    assert np.all(np.abs(y.astype("f8") - wide) <= np.abs(
        wide) * 2.0 ** -2 + 2.0 ** -9)


def test_running_statistics_and_conventions():
    mean, var = np.zeros(3, "f4"), np.ones(3, "f4")
    new = exactbn.reference.forward_training(
        X, running_mean=mean, running_var=var, epsilon=1e-5, momentum=0.875,
        convention="keras", dtype="f32")
    batch = X.astype("f8").mean((0, 2, 3))
    assert np.allclose(new["running_mean"], batch / 8)
    assert np.allclose(new["running_var"],
                       0.875 + X.astype("f8").var((0, 2, 3)) / 8)
    state = dict(x=X, running_mean=mean, running_var=var, momentum=0.875,
                 new_running_mean=new["running_mean"],
                 new_running_var=new["running_var"])
    exactbn.assert_batch_norm(**state, convention="keras")
    with pytest.raises(AssertionError, match="running_"):
        exactbn.assert_batch_norm(**state)


def test_gradients_and_frozen_statistics():
    dy = RNG.normal(size=X.shape).astype("f4")
    gamma = np.array([1, -2, 0.5], "f4")
    back = exactbn.reference.backward_training(X, dy, gamma, epsilon=1e-5,
                                               dtype="f32")
    exactbn.assert_batch_norm(x=X, gamma=gamma, beta=gamma, dy=dy,
                              require="correct",
                              **{n: back[n] for n in ("dx", "dgamma", "dbeta")})
    mean, var = np.zeros(3, "f4"), np.ones(3, "f4")
    y = exactbn.reference.forward_inference(X, mean, var, epsilon=0.0,
                                            dtype="f32")["y"]
    assert np.array_equal(X, y)
    exactbn.assert_batch_norm(x=X, running_mean=mean, running_var=var, eps=0.0,
                              training=False, y=X, require="correct")
    for name, more in (("jvp_training", {"x_dot": dy}),
                       ("double_backward_training", {"dy": dy, "ddx": X})):
        out = getattr(exactbn.reference, name)(X, **more, epsilon=1e-5,
                                               dtype="f32")
        exactbn.assert_batch_norm(x=X, **more, **out, require="correct")


def test_residuals_give_the_exact_value():
    pairs = exactbn.reference.forward_training(X, epsilon=0.5, dtype="f32",
                                               residual=True)
    double = exactbn.reference.forward_training(X, epsilon=0.5)["y"]
    value, residual = pairs["y"]
    assert np.any(residual != 0)
    assert np.allclose(value.astype("f8") + residual, double, rtol=2.0 ** -47,
                       atol=0)


def test_tolerance_units_are_what_check_permits():
    unit, limit = exactbn.tolerance_units({"x": X}, "y", epsilon=1e-5,
                                          operation="forward_training")
    right = exactbn.reference.forward_training(X, epsilon=1e-5)["y"]
    assert unit.shape == X.shape and limit == 8 + 2 * 40 ** 0.5
    for factor, passes in ((0.9, True), (1.1, False)):
        y = right + factor * limit * unit
        verdict = exactbn.check({"x": X}, {"y": y}, epsilon=1e-5,
                                operation="forward_training")
        assert verdict.passed == passes


def test_arrays_without_numpy():
    x = array.array("d", [1, 2, 3, 6])
    x = memoryview(x).cast("B").cast("d", [4, 1])
    out = exactbn.reference.forward_training(x, epsilon=0.5, dtype="bf16")
    assert isinstance(out["y"], exactbn.Array)
    assert out["mean"].tolist() == [3.0] and out["y"].shape == (4, 1)
    exactbn.assert_batch_norm(x=x, eps=0.5, y=out["y"])


E = ValueError
BAD = [
    (lambda a: a.update(x=X.astype("i4")), TypeError,
     "x: an array of int32, expected f64, f32"),
    (lambda a: a.update(y=X.astype("c8")), TypeError,
     "y: an array of complex64, expected"),
    (lambda a: a.update(x=[1.0]), TypeError, "x: a list, expected an array"),
    (lambda a: a.update(x=None), E, "x: missing; forward_training needs it"),
    (lambda a: a.update(x=np.float32(1)), E, "channel_axis: 1 is not an axis"),
    (lambda a: a.update(x=X.reshape(4, 3, 1, 1, 2, 5)), E, "x: rank 6"),
    (lambda a: a.update(x=X.ravel()), E, "channel_axis: 1 is not an axis"),
    (lambda a: a.update(x=X[:0]), E, "x: shape 0x3x2x5 has an extent below 1"),
    (lambda a: a.update(y=X[:2]), E, "y.shape: 2x3x2x5, expected 4x3x2x5"),
    (lambda a: a.update(gamma=np.ones(4)), E, "gamma.shape: 4, expected 3"),
    (lambda a: a.update(z=X), TypeError, "z: unknown; inputs are beta"),
    (lambda a: a.update(dx=X), E, "dx: forward_training has no such output"),
    (lambda a: a.pop("y"), TypeError, "outputs: none given; expected one of"),
    (lambda a: a.update(eps=-1), E, "eps: -1.0, expected a number of at least"),
    (lambda a: a.update(eps=float("nan")), E, "eps: nan, expected a finite"),
    (lambda a: a.update(eps="1e-5"), TypeError, "eps: '1e-5', expected a num"),
    (lambda a: a.update(momentum=[1]), TypeError, r"momentum: \[1\], expected"),
    (lambda a: a.update(channel_axis=4), E, "channel_axis: 4 is not an axis"),
    (lambda a: a.update(channel_axis=1.0), TypeError, "channel_axis: 1.0, exp"),
    (lambda a: a.update(training=False), E, "running_mean: missing; forward_i"),
    (lambda a: a.update(new_running_mean=np.ones(3), running_mean=np.ones(3)),
     TypeError, "momentum: missing"),
    (lambda a: a.update(require="good"), E, "require: unknown grade 'good'"),
    (lambda a: a.update(require=3), TypeError, "require: 3, expected a string"),
    (lambda a: a.update(convention="x"), E, "convention: unknown convention"),
    (lambda a: a.update(declare={"a": "b"}), E, "declare: a: unknown field"),
    (lambda a: a.update(domain="x"), E, "domain: "),
    (lambda a: a.update(
        training=False, running_mean=np.ones(3), running_var=-np.ones(3)), E,
     "running_var: negative in channel 0"),
]


@pytest.mark.parametrize("make, kind, text", BAD)
def test_bad_input_is_named_in_one_line(make, kind, text):
    arguments = dict(x=X, y=normalized(X))
    make(arguments)
    with pytest.raises(kind, match="^" + text) as error:
        exactbn.assert_batch_norm(**arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("call, kind, text", [
    (lambda: exactbn.check({"x": X}, {"y": X}, operation="forward",
                           epsilon=0.1), E, "operation: unknown operation"),
    (lambda: exactbn.check({"x": X}, {}, operation="forward_training",
                           epsilon=0.1), E, "outputs: none given"),
    (lambda: exactbn.check({"q": X}, {"y": X}, operation="forward_training",
                           epsilon=0.1), E, "q: forward_training has no such"),
    (lambda: exactbn.reference.forward_training(X, epsilon=0.1, dtype="f33"),
     E, "dtype: unknown format 'f33'"),
    (lambda: exactbn.reference.forward_training(X, epsilon=0.1,
                                                dtype={"dx": "f32"}),
     E, "dtype: unknown output 'dx'"),
    (lambda: exactbn.tolerance_units({"x": X}, "dx", epsilon=0.1,
                                     operation="forward_training"),
     E, "dx: forward_training has no such output"),
    (lambda: exactbn.cases("forward"), E, "operation: unknown operation"),
    (lambda: exactbn.cases(dtype=3), TypeError, "dtype: 3, expected a string"),
    (lambda: exactbn.cases(arrays="cupy"), E, "arrays: 'cupy', expected"),
    (lambda: exactbn.drawn(0, count=10 ** 9), E, "count: 1000000000, exp"),
    (lambda: exactbn.drawn(0, profile="tiny"), E, "profile: unknown profile"),
    (lambda: exactbn.set_threads(5000), E, "threads: 5000, expected"),
])
def test_bad_calls(call, kind, text):
    with pytest.raises(kind, match="^" + text):
        call()


class OnADevice:
    """An array of another device, which is copied as cupy's are, or not."""

    def __init__(self, array, copies):
        self.array = array
        if copies:
            self.get = lambda: array

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self):
        raise BufferError("another device")


def test_devices():
    y = normalized(X)
    exactbn.assert_batch_norm(x=OnADevice(X, True), y=OnADevice(y, True))
    with pytest.raises(TypeError, match="^x: an OnADevice on a device; copy"):
        exactbn.assert_batch_norm(x=OnADevice(X, False), y=y)


def test_many_threads_do_not_grow():
    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def calls(n):
        y = normalized(X)
        for _ in range(n):
            exactbn.assert_batch_norm(x=X, y=y)
            with pytest.raises(ValueError):
                exactbn.assert_batch_norm(x=X, y=y, eps=-1)

    def all_threads(n):
        threads = [threading.Thread(target=calls, args=(n,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_threads(50)
    before = resident()
    all_threads(200)
    assert resident() < before + 2 ** 23


@pytest.mark.filterwarnings("ignore")
def test_a_forked_process_can_check():
    x = RNG.normal(size=(64, 8, 512)).astype("f4")
    y = normalized(x)
    exactbn.assert_batch_norm(x=x, y=y)
    child = os.fork()
    if child == 0:
        try:
            exactbn.assert_batch_norm(x=x, y=y)
            os._exit(0)
        finally:
            os._exit(1)
    deadline = time.time() + 60
    while time.time() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0
            return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("it hangs")


def test_import_is_fast_and_imports_no_library():
    code = ("import sys; before = set(sys.modules)\n"
            "import time; start = time.process_time()\n"
            "import exactbn\n"
            "import json; print(json.dumps([time.process_time() - start,"
            "sorted({m.split('.')[0] for m in set(sys.modules) - before})]))")
    runs = [json.loads(subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
        .stdout) for _ in range(5)]
    assert not {"numpy", "torch", "jax", "pytest"} & set(runs[0][1])
    assert min(run[0] for run in runs) < 0.05


def test_the_stubs_have_the_parameters_of_the_functions():
    import ast
    import inspect
    folder = os.path.dirname(exactbn.__file__)
    for name, module in (("__init__", exactbn),
                         ("reference", exactbn.reference)):
        with open(f"{folder}/{name}.pyi", encoding="utf-8") as file:
            tree = ast.parse(file.read())
        stubs = {f.name: f.args for f in tree.body
                 if isinstance(f, ast.FunctionDef)}
        public = {n for n in module.__all__
                  if inspect.isfunction(getattr(module, n))}
        assert public == set(stubs)
        for word, args in stubs.items():
            real = inspect.signature(getattr(module, word)).parameters
            mine = [a.arg for a in args.posonlyargs + args.args
                    + args.kwonlyargs]
            named = [n for n, p in real.items()
                     if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
            assert mine[:len(named)] == named, word
