# SPDX-License-Identifier: Apache-2.0
import os
from typing import (Any, Callable, Dict, List, Literal, Mapping, Optional,
                    Sequence, Tuple, Type, Union)

from . import reference as reference
from . import strategies as strategies

Operation = Literal["forward_training", "forward_inference",
                    "backward_training", "backward_inference", "jvp_training",
                    "double_backward_training"]
Format = Literal["f64", "f32", "f16", "bf16", "f8e4m3fn", "f8e5m2"]
Grade = Literal["correct", "faithful", "stable", "sequential"]
Domain = Literal["ordinary", "all"]
Library = Optional[Literal["numpy", "torch", "jax", "default"]]
# Of torch, numpy, jax or cupy, or anything with DLPack or the buffer protocol.
AnyArray = Any

__version__: str

class Array:
    dtype: Format
    shape: Tuple[int, ...]
    size: int
    def __init__(self, dtype: Format, shape: Sequence[int],
                 memory: Any = ...) -> None: ...
    def tobytes(self) -> bytes: ...
    def tolist(self) -> List[float]: ...
    def bits(self) -> List[int]: ...
    def numpy(self) -> Any: ...
    def torch(self) -> Any: ...
    def into(self, library: Library) -> Any: ...

class OutputVerdict:
    verdict: Literal["passed", "failed", "undecided", "beyond"]
    grade: str
    ulp: float
    eta: float
    limit: float
    dtype: Format
    failed_values: int
    undecided_values: int
    index: Optional[Tuple[int, ...]]
    got: Optional[float]
    want: Optional[float]

class Verdict:
    passed: bool
    verdict: str
    text: str
    outputs: Dict[str, OutputVerdict]
    @property
    def json(self) -> Dict[str, Any]: ...
    def __bool__(self) -> bool: ...

class Question:
    id: str
    operation: Operation
    channel_axis: int
    epsilon: float
    momentum: Optional[float]
    batches_tracked: int
    labels: List[str]
    training: bool
    shape: Tuple[int, ...]
    channels: int
    dtypes: Dict[str, Format]
    weight: float
    inputs: Dict[str, Any]
    outputs: List[str]
    x: Any
    dy: Any
    gamma: Any
    beta: Any
    running_mean: Any
    running_var: Any
    x_dot: Any
    gamma_dot: Any
    beta_dot: Any
    ddx: Any
    ddgamma: Any
    ddbeta: Any
    def __getitem__(self, name: str) -> Any: ...
    def __contains__(self, name: str) -> bool: ...
    def get(self, name: str, otherwise: Any = ...) -> Any: ...
    def to(self, library: Library) -> Question: ...
    def check(self, outputs: Mapping[str, AnyArray], *,
              convention: Optional[str] = ...,
              declare: Optional[Mapping[str, str]] = ...,
              require: Grade = ..., domain: Domain = ...) -> Verdict: ...
    def assert_right(self, **outputs: AnyArray) -> None: ...

class Report:
    passed: bool
    exit_code: int
    text: str
    messages: str
    json: Optional[Dict[str, Any]]
    def __bool__(self) -> bool: ...

class Challenge(Report):
    score: float
    verdict: Literal["full marks", "not full marks", "disqualified"]
    transcript: Optional[str]
    seed: Optional[int]
    commitment: Optional[str]

class Unsupported(Exception): ...
class Rejected(Exception): ...

Subject = Union[Callable[[Question], Mapping[str, AnyArray]], Type[Any], str,
                Sequence[str]]

def assert_batch_norm(*, x: AnyArray, eps: float = ...,
                      momentum: Optional[float] = ..., training: bool = ...,
                      channel_axis: int = ..., convention: Optional[str] = ...,
                      declare: Optional[Mapping[str, str]] = ...,
                      require: Grade = ..., domain: Domain = ...,
                      batches_tracked: int = ...,
                      **arrays: AnyArray) -> None: ...
def check(inputs: Mapping[str, AnyArray], outputs: Mapping[str, AnyArray], *,
          operation: Operation, epsilon: float,
          momentum: Optional[float] = ..., channel_axis: int = ...,
          convention: Optional[str] = ...,
          declare: Optional[Mapping[str, str]] = ..., require: Grade = ...,
          domain: Domain = ..., batches_tracked: int = ...,
          name: str = ...) -> Verdict: ...
def tolerance_units(inputs: Mapping[str, AnyArray], output: str, *,
                    operation: Operation, epsilon: float,
                    momentum: Optional[float] = ..., channel_axis: int = ...,
                    convention: Optional[str] = ...,
                    declare: Optional[Mapping[str, str]] = ...,
                    require: Grade = ...,
                    batches_tracked: int = ...) -> Tuple[Any, float]: ...
def cases(operation: Optional[Operation] = ...,
          dtype: Optional[Format] = ..., *,
          arrays: Library = ...) -> List[Question]: ...
def drawn(seed: int, first: int = ..., count: int = ..., *,
          operation: Optional[Operation] = ..., dtype: Optional[Format] = ...,
          profile: Literal["small", "usual", "large"] = ...,
          arrays: Library = ...) -> List[Question]: ...
def validate(subject: Subject, *, arrays: Library = ..., isolated: bool = ...,
             **keywords: Any) -> Report: ...
def properties(subject: Subject, *, arrays: Library = ...,
               isolated: bool = ..., **keywords: Any) -> Report: ...
def probe(subject: Subject, *, arrays: Library = ..., isolated: bool = ...,
          **keywords: Any) -> Report: ...
def challenge(subject: Subject, *, seed: Optional[int] = ...,
              arrays: Library = ..., isolated: bool = ...,
              **keywords: Any) -> Challenge: ...
def verify_transcript(transcript: Union[str, os.PathLike[str]]) -> Report: ...
def set_threads(threads: int) -> None: ...
