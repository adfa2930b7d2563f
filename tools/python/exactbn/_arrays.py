# SPDX-License-Identifier: Apache-2.0
"""Arrays of any library, in place: by torch's attributes, numpy's array
interface, DLPack or the buffer protocol. Nothing is imported for that."""
import ctypes
import sys
from ctypes import (POINTER, Structure, c_char_p, c_int, c_int32, c_int64,
                    c_size_t, c_ssize_t, c_uint8, c_uint16, c_uint64, c_void_p,
                    py_object)

FORMATS = ("f64", "f32", "f16", "bf16", "f8e4m3fn", "f8e5m2")
BYTES = {"f64": 8, "f32": 4, "f16": 2, "bf16": 2, "f8e4m3fn": 1, "f8e5m2": 1}
NUMPY = {"f64": "float64", "f32": "float32", "f16": "float16",
         "bf16": "bfloat16", "f8e4m3fn": "float8_e4m3fn",
         "f8e5m2": "float8_e5m2"}
EXPECTED = "expected f64, f32, f16, bf16, f8e4m3fn or f8e5m2"

_OF_NUMPY = {name: dtype for dtype, name in NUMPY.items()}
_OF_BUFFER = {"d": "f64", "f": "f32", "e": "f16"}
_OF_DLPACK = {(2, 64): "f64", (2, 32): "f32", (2, 16): "f16", (4, 16): "bf16",
              (10, 8): "f8e4m3fn", (12, 8): "f8e5m2"}
_CPU = (1, 3, 11)  # DLPack's devices whose memory the CPU reads: also pinned


class View:
    """The memory of an array: dtype, pointer, shape, strides in elements or
    None, and an object that keeps it."""

    __slots__ = ("dtype", "pointer", "shape", "strides", "keep")

    def __init__(self, dtype, pointer, shape, strides, keep):
        self.dtype, self.pointer = dtype, pointer
        self.shape, self.strides, self.keep = shape, strides, keep


def a_kind(thing):
    """"an ndarray", of an object."""
    word = type(thing).__name__
    return f"{'an' if word[:1] in 'aeiouAEIOU' else 'a'} {word}"


def _wrong_type(name, what):
    return TypeError(f"{name}: {what}, {EXPECTED}")


_torch_dtypes = {}


def torch_dtypes():
    """Formats by torch's dtype."""
    if not _torch_dtypes:
        torch = sys.modules["torch"]
        for dtype, word in NUMPY.items():
            if found := getattr(torch, word, None):
                _torch_dtypes[found] = dtype
    return _torch_dtypes


def _torch(name, tensor):
    dtype = (_torch_dtypes or torch_dtypes()).get(tensor.dtype)
    if dtype is None:
        raise _wrong_type(name, f"a tensor of {tensor.dtype}")
    if str(tensor.layout) != "torch.strided":
        raise TypeError(f"{name}: a tensor of layout {tensor.layout}, expected "
                        "a dense one")
    device = tensor.device.type
    if device != "cpu":
        if device == "meta":
            raise TypeError(f"{name}: a tensor on the device meta, which has "
                            "no values")
        tensor = tensor.detach().cpu()
    elif tensor.is_neg():
        tensor = tensor.resolve_neg()
    return View(dtype, tensor.data_ptr(), tensor.shape, tensor.stride(),
                tensor)


def _numpy(name, array):
    interface = array.__array_interface__
    typestr = interface["typestr"]
    dtype = _OF_NUMPY.get(getattr(getattr(array, "dtype", None), "name", None))
    if dtype is None:
        dtype = {"f8": "f64", "f4": "f32", "f2": "f16"}.get(typestr[1:])
    if dtype is None:
        kind = getattr(array, "dtype", typestr)
        raise _wrong_type(name, f"an array of {kind}")
    if typestr[0] == (">" if sys.byteorder == "little" else "<"):
        array = array.astype(array.dtype.newbyteorder("="))
        interface = array.__array_interface__
    strides = interface.get("strides")
    if strides is not None:
        width = BYTES[dtype]
        if any(s % width for s in strides):  # fields of a record
            array = array.copy()
            return _numpy(name, array)
        strides = [s // width for s in strides]
    return View(dtype, interface["data"][0], interface["shape"], strides,
                array)


class _DLTensor(Structure):
    _fields_ = [("data", c_void_p), ("device", c_int32), ("number", c_int32),
                ("rank", c_int32), ("code", c_uint8), ("bits", c_uint8),
                ("lanes", c_uint16), ("shape", POINTER(c_int64)),
                ("strides", POINTER(c_int64)), ("offset", c_uint64)]


def _pointer_of(capsule):
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = c_void_p, [py_object, c_char_p]
    return get(capsule, b"dltensor")


def _dlpack(name, array):
    capsule = array.__dlpack__()
    tensor = ctypes.cast(_pointer_of(capsule), POINTER(_DLTensor)).contents
    if tensor.device not in _CPU:
        raise BufferError("not on the CPU")
    dtype = _OF_DLPACK.get((tensor.code, tensor.bits))
    if dtype is None or tensor.lanes != 1:
        kind = getattr(array, "dtype", f"DLPack type {tensor.code}, "
                                       f"{tensor.bits} bits")
        raise _wrong_type(name, f"an array of {kind}")
    return View(dtype, (tensor.data or 0) + tensor.offset,
                tensor.shape[:tensor.rank],
                tensor.strides[:tensor.rank] if tensor.strides else None,
                capsule)


class _Buffer(Structure):
    """Py_buffer, which is released with this object."""

    _fields_ = [("pointer", c_void_p), ("owner", c_void_p), ("length", c_ssize_t),
                ("width", c_ssize_t), ("readonly", c_int), ("rank", c_int),
                ("format", c_char_p), ("shape", POINTER(c_ssize_t)),
                ("strides", POINTER(c_ssize_t)),
                ("suboffsets", POINTER(c_ssize_t)), ("internal", c_void_p)]
    acquired = False

    def __del__(self):
        if self.acquired:
            ctypes.pythonapi.PyBuffer_Release(ctypes.byref(self))


def _buffer(name, array):
    strides_and_format = 0x18 | 0x4  # PyBUF_STRIDES | PyBUF_FORMAT
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(py_object(array), ctypes.byref(buffer),
                                        strides_and_format)
    buffer.acquired = True
    code = (buffer.format or b"B").decode()
    native = "@=<" if sys.byteorder == "little" else "@=>"
    dtype = _OF_BUFFER.get(code.lstrip(native))
    if dtype is None:
        raise _wrong_type(name, f"{a_kind(array)} of format {code!r}")
    width = BYTES[dtype]
    return View(dtype, buffer.pointer, buffer.shape[:buffer.rank],
                [s // width for s in buffer.strides[:buffer.rank]], buffer)


def _on_a_device(array):
    try:
        return array.__dlpack_device__()[0] not in _CPU
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError):
        return False


def _host_copy(name, array):
    """A copy on the CPU of what is on another device."""
    try:
        if hasattr(array, "get"):  # cupy
            return array.get()
        if hasattr(array, "__array__"):  # jax
            return array.__array__()
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name}: {a_kind(array)} on a device, which "
                        f"cannot be copied to the CPU: {error}") from error
    raise TypeError(f"{name}: {a_kind(array)} on a device; copy it to "
                    "the CPU")


def view(name, array):
    """The memory of an array. Raises TypeError, which names it."""
    kind = type(array)
    if kind is Array:
        return View(array.dtype, ctypes.addressof(array._memory), array.shape,
                    None, array)
    if hasattr(array, "data_ptr") and "torch" in sys.modules:
        return _torch(name, array)
    if hasattr(array, "__array_interface__") and kind.__module__ != "builtins":
        return _numpy(name, array)
    if hasattr(array, "__dlpack__"):
        if _on_a_device(array):
            return view(name, _host_copy(name, array))
        try:
            return _dlpack(name, array)
        except TypeError:
            raise
        except (BufferError, RuntimeError, ValueError, AttributeError) as error:
            # jax exports no 8-bit formats, for instance.
            if hasattr(array, "__array__"):
                return view(name, array.__array__())
            raise TypeError(f"{name}: {a_kind(array)} that cannot be read: "
                            f"{error}") from error
    try:
        memoryview(array)
    except TypeError:
        if hasattr(array, "__array__"):
            return view(name, array.__array__())
        raise TypeError(
            f"{name}: {a_kind(array)}, expected an array of numpy, torch, "
            "jax or cupy, or anything with DLPack or the buffer "
            "protocol") from None
    return _buffer(name, array)


def library_of(array):
    """The library whose arrays go back to who gave this one: "torch", "jax",
    "numpy", or None."""
    word = type(array).__module__.partition(".")[0]
    word = {"jaxlib": "jax", "cupy": "numpy"}.get(word, word)
    if word in ("torch", "jax", "numpy"):
        return word
    return "torch" if "torch" in sys.modules and isinstance(
        array, sys.modules["torch"].Tensor) else None


class Array:
    """A row-major array of any format, where no other library is asked for.

    dtype    "f64", "f32", "f16", "bf16", "f8e4m3fn" or "f8e5m2"
    shape    a tuple
    """

    def __init__(self, dtype, shape, memory=None):
        self.dtype, self.shape = dtype, tuple(shape)
        self.size = 1
        for extent in self.shape:
            self.size *= extent
        bytes_ = self.size * BYTES[dtype]
        self._memory = memory or (ctypes.c_char * max(bytes_, 1))()

    def tobytes(self):
        """The values in the machine's byte order."""
        return bytes(self._memory)[:self.size * BYTES[self.dtype]]

    def tolist(self):
        """The values as floats, exactly, in one list."""
        return [float_of(b, self.dtype) for b in self.bits()]

    def bits(self):
        """The bit patterns as integers, in one list."""
        code = {8: "Q", 4: "I", 2: "H", 1: "B"}[BYTES[self.dtype]]
        return memoryview(self.tobytes()).cast(code).tolist()

    def numpy(self):
        """A numpy array of the same memory. bf16 and f8 need ml_dtypes."""
        import numpy
        return numpy.frombuffer(
            self._memory, numpy_dtype(self.dtype), self.size).reshape(self.shape)

    def torch(self):
        """A torch tensor of the same memory."""
        import torch
        dtypes = {d: t for t, d in torch_dtypes().items()}
        if self.dtype not in dtypes:
            raise TypeError(f"dtype: {self.dtype}, which torch "
                            f"{torch.__version__} does not have")
        return torch.frombuffer(self._memory, dtype=dtypes[self.dtype],
                                count=self.size).reshape(self.shape)

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __repr__(self):
        shape = "x".join(map(str, self.shape))
        values = ", ".join(f"{v:.6g}" for v in self.tolist()[:4])
        return (f"exactbn.Array({self.dtype} {shape} "
                f"{{{values}{', ...' if self.size > 4 else ''}}})")

    def into(self, library):
        """The same memory as an array of "numpy", "torch" or "jax", or this."""
        if library == "torch":
            return self.torch()
        if library == "numpy":
            return self.numpy()
        if library == "jax":
            import jax.numpy
            return jax.numpy.asarray(self.numpy())
        return self


def numpy_dtype(dtype):
    """numpy's dtype. Raises TypeError if ml_dtypes is needed and missing."""
    import numpy
    if dtype in ("f64", "f32", "f16"):
        return numpy.dtype(NUMPY[dtype])
    try:
        import ml_dtypes
    except ImportError:
        raise TypeError(f"dtype: {dtype}, which numpy has only with the package "
                        "ml_dtypes") from None
    return numpy.dtype(getattr(ml_dtypes, NUMPY[dtype]))


def expressible(library):
    """The formats that arrays of the library can have here."""
    if library == "torch":
        import torch  # noqa: F401
        found = set(torch_dtypes().values())
        return [d for d in FORMATS if d in found]
    if library == "jax":
        import jax
        found = list(FORMATS if jax.config.jax_enable_x64 else FORMATS[1:])
        return found
    if library == "numpy":
        try:
            numpy_dtype("bf16")
        except TypeError:
            return list(FORMATS[:3])
    return list(FORMATS)


def float_of(bits, dtype):
    """The value of a bit pattern, exactly."""
    import struct
    if dtype == "bf16":
        return struct.unpack("<f", struct.pack("<I", bits << 16))[0]
    if dtype == "f8e5m2":
        return struct.unpack("<e", struct.pack("<H", bits << 8))[0]
    if dtype == "f8e4m3fn":
        sign, size = -1.0 if bits & 0x80 else 1.0, bits & 0x7f
        if size == 0x7f:
            return float("nan")
        exponent, fraction = size >> 3, size & 7
        if exponent == 0:
            return sign * fraction * 2.0 ** -9
        return sign * (8 + fraction) * 2.0 ** (exponent - 10)
    code = {"f64": ("<d", "<Q"), "f32": ("<f", "<I"), "f16": ("<e", "<H")}
    to, of = code[dtype]
    return struct.unpack(to, struct.pack(of, bits))[0]
