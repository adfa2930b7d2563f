# SPDX-License-Identifier: Apache-2.0
from typing import Any, Optional

from . import Format, Library, Operation

# A hypothesis.strategies.SearchStrategy[Question].
def problems(operation: Optional[Operation] = ...,
             dtype: Optional[Format] = ..., *,
             arrays: Library = ...) -> Any: ...
