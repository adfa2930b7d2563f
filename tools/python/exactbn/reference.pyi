# SPDX-License-Identifier: Apache-2.0
from typing import Any, Dict, Mapping, Optional, Union

from . import AnyArray, Format

# Arrays by output; pairs (value, residual) with residual=True.
Outputs = Dict[str, Any]
Formats = Union[Format, Mapping[str, Format]]

def forward_training(
    x: AnyArray, gamma: Optional[AnyArray] = ...,
    beta: Optional[AnyArray] = ..., running_mean: Optional[AnyArray] = ...,
    running_var: Optional[AnyArray] = ..., *, epsilon: float,
    momentum: Optional[float] = ..., batches_tracked: int = ...,
    dtype: Formats = ..., residual: bool = ..., channel_axis: int = ...,
    convention: Optional[str] = ...,
    declare: Optional[Mapping[str, str]] = ...) -> Outputs: ...
def forward_inference(
    x: AnyArray, running_mean: AnyArray, running_var: AnyArray,
    gamma: Optional[AnyArray] = ..., beta: Optional[AnyArray] = ..., *,
    epsilon: float, dtype: Formats = ..., residual: bool = ...,
    channel_axis: int = ...) -> Outputs: ...
def backward_training(
    x: AnyArray, dy: AnyArray, gamma: Optional[AnyArray] = ..., *,
    epsilon: float, dtype: Formats = ..., residual: bool = ...,
    channel_axis: int = ...) -> Outputs: ...
def backward_inference(
    x: AnyArray, dy: AnyArray, running_mean: AnyArray, running_var: AnyArray,
    gamma: Optional[AnyArray] = ..., *, epsilon: float, dtype: Formats = ...,
    residual: bool = ..., channel_axis: int = ...) -> Outputs: ...
def jvp_training(
    x: AnyArray, x_dot: AnyArray, gamma: Optional[AnyArray] = ...,
    gamma_dot: Optional[AnyArray] = ..., beta_dot: Optional[AnyArray] = ...,
    *, epsilon: float, dtype: Formats = ..., residual: bool = ...,
    channel_axis: int = ...) -> Outputs: ...
def double_backward_training(
    x: AnyArray, dy: AnyArray, ddx: AnyArray, gamma: Optional[AnyArray] = ...,
    ddgamma: Optional[AnyArray] = ..., ddbeta: Optional[AnyArray] = ..., *,
    epsilon: float, dtype: Formats = ..., residual: bool = ...,
    channel_axis: int = ...) -> Outputs: ...
