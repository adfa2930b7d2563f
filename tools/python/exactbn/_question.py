# SPDX-License-Identifier: Apache-2.0
"""Questions: as structs of the library, and as objects for callables."""
import ctypes
from ctypes import byref, c_char_p, c_int64

from . import _arrays, _library
from ._arrays import BYTES, Array
from ._library import OPERATIONS, CArray, CJudging, CQuestion

_SIZE = ctypes.sizeof(CQuestion)
_JUDGING_SIZE = ctypes.sizeof(CJudging)
_EXTENTS = [c_int64 * rank for rank in range(8)]
_C_FORMATS = {d: d.encode() for d in _arrays.FORMATS}
_C_NAMES = {name: name.encode()
            for all_inputs in OPERATIONS.values() for names in all_inputs
            for name in names}


def number(name, value):
    """A finite parameter as a float. Raises TypeError or ValueError."""
    if isinstance(value, bool) or isinstance(value, (str, bytes)):
        raise TypeError(f"{name}: {value!r}, expected a number")
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: {value!r}, expected a number") from None
    if result - result != 0:
        raise ValueError(f"{name}: {result}, expected a finite number")
    return result


def nonnegative(name, value):
    """A finite parameter of at least 0 as a float."""
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name}: {result}, expected a number of at least 0")
    return result


def integer(name, value):
    try:
        return value.__index__()
    except AttributeError:
        raise TypeError(f"{name}: {value!r}, expected an integer") from None


def c_arrays(arrays):
    """The arrays as structs, and what must live as long."""
    structs = (CArray * len(arrays))()
    keep = []
    for i, (name, array) in enumerate(arrays.items()):
        view = _arrays.view(name, array)
        rank = len(view.shape)
        if rank > 5:
            raise ValueError(f"{name}: rank {rank}, expected at most 5")
        extents = _EXTENTS[rank](*view.shape)
        struct = structs[i]
        struct.name = _C_NAMES.get(name) or name.encode()
        struct.dtype = _C_FORMATS[view.dtype]
        struct.data = view.pointer
        struct.rank = rank
        struct.shape = extents
        if view.strides is not None:
            struct.strides = _EXTENTS[rank](*view.strides)
        keep.append(view)
    return structs, keep


class Asked:
    """A question as the library takes it, with the memory that it needs."""

    __slots__ = ("struct", "keep", "shape", "channel_axis", "inputs")

    def __init__(self, operation, inputs, epsilon, momentum=0.0,
                 channel_axis=1, batches_tracked=0, name="",
                 epsilon_name="epsilon"):
        if operation not in OPERATIONS:
            raise ValueError(f"operation: unknown operation {operation!r}; "
                             f"expected {', '.join(OPERATIONS)}")
        inputs = {n: a for n, a in inputs.items() if a is not None}
        required, optional, _ = OPERATIONS[operation]
        for given in inputs:
            if given not in required and given not in optional:
                raise ValueError(f"{given}: {operation} has no such input; "
                                 f"expected {', '.join(required + optional)}")
        for needed in required:
            if needed not in inputs:
                raise ValueError(f"{needed}: missing; {operation} needs it")
        structs, keep = c_arrays(inputs)
        x = keep[list(inputs).index("x")]
        self.shape = tuple(x.shape)
        rank = len(self.shape)
        axis = integer("channel_axis", channel_axis)
        if not -rank <= axis < rank:
            raise ValueError(f"channel_axis: {axis} is not an axis of shape "
                             f"{self.shape}")
        self.channel_axis = axis % rank
        self.inputs = inputs
        self.keep = structs, keep
        self.struct = CQuestion(
            _SIZE, operation.encode(), name.encode() or None,
            self.channel_axis, momentum is None, nonnegative(epsilon_name, epsilon),
            0.0 if momentum is None else number("momentum", momentum),
            integer("batches_tracked", batches_tracked), len(inputs), structs)

    def shape_of(self, output):
        """The shape of an output."""
        if output in _library.LIKE_X:
            return self.shape
        return (self.shape[self.channel_axis],)


def judging(require="sequential", domain="ordinary", convention=None,
            declare=None):
    """How to judge, as a struct. `declare` is a dict of fields of the
    declaration; "momentum": "weight_of_old", for instance."""
    words = [f"{key}={value}".encode() for key, value in (declare or {}).items()]
    struct = CJudging(_JUDGING_SIZE, _word("require", require),
                      _word("domain", domain), _word("convention", convention),
                      len(words), (c_char_p * len(words))(*words))
    return struct


def _word(name, value):
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}, expected a string")
    return value.encode()


class Question:
    """What a kernel is asked.

    id               its name, "" if it has none
    operation        "forward_training", ...
    training         whether the batch's statistics normalize
    x, dy, gamma, beta, running_mean, running_var, x_dot, ...
                     the inputs as arrays; None if absent: gamma is then 1, any
                     other input 0. Those like x have its shape, the others
                     [channels]. Also question["x"], and `inputs`, a dict
    channel_axis     counted from 0
    epsilon          a float, added to the variance, inside the root
    momentum         the weight of the new statistic (of the old one for a
                     kernel that declares so); None: the cumulative average
    batches_tracked  the batches before this one
    weight           momentum, or 1 / (batches_tracked + 1) if that is None
    outputs          the names of the outputs of the operation
    dtypes           the format of each input by name, such as "bf16"
    labels           what the case tests
    """

    def __init__(self, struct, labels="", library=None, memory=None):
        self._library = library
        self.id = (struct.id or b"").decode()
        self.operation = struct.operation.decode()
        self.channel_axis = struct.channel_axis
        self.epsilon = struct.epsilon
        self.momentum = None if struct.cumulative else struct.momentum
        self.batches_tracked = struct.batches_tracked
        self.labels = [word for word in labels.split(", ") if word]
        self._raw = {}
        for i in range(struct.input_count):
            array = struct.inputs[i]
            dtype, shape = array.dtype.decode(), array.shape[:array.rank]
            size = BYTES[dtype]
            for extent in shape:
                size *= extent
            place = memory(i, size) if memory else (ctypes.c_char * size)()
            ctypes.memmove(place, array.data, size)
            self._raw[array.name.decode()] = Array(dtype, shape, place)
        self._inputs = None

    training = property(lambda self: self.operation.endswith("training"))
    shape = property(lambda self: self._raw["x"].shape)
    channels = property(lambda self: self.shape[self.channel_axis])
    dtypes = property(lambda self: {n: a.dtype for n, a in self._raw.items()})
    weight = property(lambda self: 1 / (self.batches_tracked + 1)
                      if self.momentum is None else self.momentum)

    @property
    def inputs(self):
        """The inputs present, by name."""
        if self._inputs is None:
            self._inputs = {n: a.into(self._library)
                            for n, a in self._raw.items()}
        return self._inputs

    @property
    def outputs(self):
        """The names of the outputs that can be asked."""
        return [n for n in OPERATIONS[self.operation][2]
                if not n.startswith("running_") or n in self._raw]

    def __getitem__(self, name):
        return self.inputs[name]

    def __contains__(self, name):
        return name in self._raw

    def get(self, name, otherwise=None):
        """The input, or `otherwise` if it is absent."""
        return self.inputs.get(name, otherwise)

    def __getattr__(self, name):
        if not name.startswith("_") and any(
                name in names for kinds in OPERATIONS.values()
                for names in kinds[:2]):
            return self.get(name)
        raise AttributeError(f"a question has no {name!r}")

    def to(self, library):
        """The same question with arrays of "numpy", "torch" or "jax"; None:
        exactbn.Array."""
        other = object.__new__(Question)
        other.__dict__.update(self.__dict__, _library=library, _inputs=None)
        return other

    def check(self, outputs, **how):
        """exactbn.check of a kernel's outputs, a dict of arrays by name. The
        keywords are those of exactbn.check that say how to judge."""
        from ._check import check
        return check(self._raw, outputs, operation=self.operation,
                     epsilon=self.epsilon, momentum=self.momentum,
                     channel_axis=self.channel_axis,
                     batches_tracked=self.batches_tracked, name=self.id, **how)

    def assert_right(self, **outputs):
        """Raises AssertionError, with the diagnosis, unless every output is
        right: question.assert_right(y=y). What the data leave undecided is
        excused: some questions are meant to be ill-conditioned."""
        __tracebackhide__ = True
        verdict = self.check(outputs)
        if not verdict.passed and verdict.verdict != "undecided":
            raise AssertionError("\n" + verdict.text)

    def __repr__(self):
        shape = "x".join(map(str, self.shape))
        return (f"exactbn.Question({self.id or self.operation}, "
                f"{self.dtypes['x']} {shape})")


def default_library():
    """numpy if it is installed; else None, which is exactbn.Array."""
    import importlib.util
    return "numpy" if importlib.util.find_spec("numpy") else None


def require_library(library):
    """Raises unless arrays of this library can be made."""
    if library not in (None, "numpy", "torch", "jax"):
        raise ValueError(f"arrays: {library!r}, expected 'numpy', 'torch', "
                         "'jax' or None")
    if library:
        __import__(library)
    return library


def _questions(handle, library, formats):
    functions = _library.library()
    result = _library.Result(handle)
    struct = CQuestion()
    questions = []
    for i in range(functions.case_count(result.handle)):
        functions.case_question(result.handle, i, byref(struct))
        question = Question(struct, functions.case_labels(
            result.handle, i).decode(), library)
        if all(d in formats for d in question.dtypes.values()):
            questions.append(question)
    return questions


def _encoded(name, word):
    if word is not None and not isinstance(word, str):
        raise TypeError(f"{name}: {word!r}, expected a string")
    return None if word is None else word.encode()


def cases(operation=None, dtype=None, *, arrays="default"):
    """The cases of the core suite, as a list of Questions for
    pytest.mark.parametrize.

    operation, dtype   only those of this operation, and this format of x
    arrays             the library of the inputs: "numpy" (the default if it is
                       installed), "torch", "jax", or None for exactbn.Array.
                       Cases in formats that it does not have are left out: for
                       bf16, numpy needs the package ml_dtypes.
    """
    library = default_library() if arrays == "default" else require_library(
        arrays)
    functions = _library.library()
    return _questions(functions.suite(_encoded("operation", operation),
                                      _encoded("dtype", dtype)),
                      library, _arrays.expressible(library))


def drawn(seed, first=0, count=1, *, operation=None, dtype=None,
          profile="usual", arrays="default"):
    """Drawn cases, each determined by seed and index: what `exactbn properties`
    asks. profile: "small" (at most 64 values), "usual" or "large"."""
    library = default_library() if arrays == "default" else require_library(
        arrays)
    for name, value in (("seed", seed), ("first", first), ("count", count)):
        if not 0 <= integer(name, value) < 2**64:
            raise ValueError(f"{name}: {value}, expected an integer in "
                             "[0, 2^64)")
    functions = _library.library()
    return _questions(
        functions.draw(_encoded("operation", operation),
                       _encoded("dtype", dtype), _encoded("profile", profile),
                       seed, first, count),
        library, _arrays.expressible(library))
