# SPDX-License-Identifier: Apache-2.0
"""libexactbn by ctypes: the declarations of exactbn.h."""
import ctypes
import functools
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double,
                    c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64,
                    c_void_p)

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")
API_VERSION = 1

OK, INVALID, NO_MEMORY, INTERNAL = range(4)

OPERATIONS = {  # inputs without which there is no question, others, outputs
    "forward_training": (
        ("x",), ("gamma", "beta", "running_mean", "running_var"),
        ("mean", "var", "invstd", "y", "running_mean", "running_var")),
    "forward_inference": (
        ("x", "running_mean", "running_var"), ("gamma", "beta"), ("y",)),
    "backward_training": (("x", "dy"), ("gamma",), ("dbeta", "dgamma", "dx")),
    "backward_inference": (
        ("x", "dy", "running_mean", "running_var"), ("gamma",),
        ("dbeta", "dgamma", "dx")),
    "jvp_training": (
        ("x", "x_dot"), ("gamma", "gamma_dot", "beta_dot"), ("y_dot",)),
    "double_backward_training": (
        ("x", "dy", "ddx"), ("gamma", "ddgamma", "ddbeta"),
        ("grad_dy", "grad_gamma", "grad_x"))}
LIKE_X = {"x", "dy", "x_dot", "ddx", "y", "dx", "y_dot", "grad_dy", "grad_x"}


class CArray(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_char_p), ("data", c_void_p),
                ("rank", c_int32), ("shape", POINTER(c_int64)),
                ("strides", POINTER(c_int64))]


class CQuestion(Structure):
    _fields_ = [("size", c_size_t), ("operation", c_char_p), ("id", c_char_p),
                ("channel_axis", c_int32), ("cumulative", c_int32),
                ("epsilon", c_double), ("momentum", c_double),
                ("batches_tracked", c_int64), ("input_count", c_size_t),
                ("inputs", POINTER(CArray))]


class CJudging(Structure):
    _fields_ = [("size", c_size_t), ("require", c_char_p),
                ("domain", c_char_p), ("convention", c_char_p),
                ("declare_count", c_size_t), ("declare", POINTER(c_char_p)),
                ("require_all", c_int32)]


class CVerdict(Structure):
    _fields_ = [("output", c_char_p), ("dtype", c_char_p),
                ("verdict", c_char_p), ("grade", c_char_p),
                ("max_ulp", c_double), ("max_eta", c_double),
                ("limit", c_double), ("failed_values", c_int64),
                ("undecided_values", c_int64), ("index", c_int64),
                ("got", c_uint64), ("want", c_uint64), ("ulp", c_double),
                ("eta", c_double)]


class CWanted(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_char_p), ("value", c_void_p),
                ("residual", c_void_p)]


ANSWER = CFUNCTYPE(c_int, c_void_p, POINTER(CQuestion), c_void_p)


class CSubject(Structure):
    _fields_ = [("name", c_char_p), ("declaration", c_char_p),
                ("answer", ANSWER), ("self", c_void_p)]


_FUNCTIONS = {
    "api_version": (c_uint32,), "version": (c_char_p,),
    "set_threads": (c_int, c_int), "code": (c_int, c_void_p),
    "text": (c_char_p, c_void_p), "free": (None, c_void_p),
    "check": (c_void_p, POINTER(CQuestion), c_size_t, POINTER(CArray),
              POINTER(CJudging)),
    "failed": (c_int, c_void_p), "verdict": (c_char_p, c_void_p),
    "json": (c_char_p, c_void_p), "output_count": (c_size_t, c_void_p),
    "output": (c_int, c_void_p, c_size_t, POINTER(CVerdict)),
    "reference": (c_void_p, POINTER(CQuestion), c_size_t, POINTER(CWanted),
                  POINTER(CJudging)),
    "tolerance_units": (c_void_p, POINTER(CQuestion), c_char_p,
                        POINTER(CJudging), c_void_p, POINTER(c_double)),
    "suite": (c_void_p, c_char_p, c_char_p),
    "draw": (c_void_p, c_char_p, c_char_p, c_char_p, c_uint64, c_uint64,
             c_uint64),
    "case_count": (c_size_t, c_void_p),
    "case_question": (c_int, c_void_p, c_size_t, POINTER(CQuestion)),
    "case_labels": (c_char_p, c_void_p, c_size_t),
    "reply_output": (c_int, c_void_p, POINTER(CArray)),
    "reply_refusal": (c_int, c_void_p, c_char_p, c_char_p),
    "run": (c_void_p, c_size_t, POINTER(c_char_p), POINTER(CSubject)),
    "messages": (c_char_p, c_void_p), "exit_code": (c_int, c_void_p)}


class _Functions:
    """The functions of the library, without their prefix."""

    def __init__(self, library):
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, "exactbn_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


@functools.lru_cache(maxsize=None)
def library():
    """Loads the library at the first call: importing the package is fast."""
    file = os.environ.get("EXACTBN_LIBRARY",
                          os.path.join(FOLDER, "libexactbn.so.1"))
    try:
        functions = _Functions(ctypes.CDLL(file))
    except OSError as error:
        raise ImportError(f"exactbn: {file} cannot be loaded: {error}; is the "
                          "wheel for this platform?") from error
    if functions.api_version() != API_VERSION:
        raise ImportError(
            f"exactbn: {file} has version {functions.api_version()} of the "
            f"interface, expected {API_VERSION}")
    return functions


class Result:
    """Owns a result of the library. Raises what it says is wrong."""

    __slots__ = ("handle", "_free")

    def __init__(self, handle):
        functions = library()
        self.handle, self._free = handle, functions.free
        if code := functions.code(handle):
            text = functions.text(handle).decode()
            if code == INVALID:
                raise ValueError(text)
            raise MemoryError(text) if code == NO_MEMORY else RuntimeError(text)

    def __del__(self):
        self._free(self.handle)


def set_threads(threads):
    """Sets the number of threads of all later calls; 0: as many as OpenMP
    takes, which OMP_NUM_THREADS limits."""
    if not isinstance(threads, int) or library().set_threads(threads):
        raise ValueError(f"threads: {threads!r}, expected an integer in "
                         "[0, 4096]")
