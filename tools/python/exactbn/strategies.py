# SPDX-License-Identifier: Apache-2.0
"""Questions for Hypothesis, from the generators of `exactbn properties`: values
and shapes that expose errors, not uniform noise."""
from hypothesis import strategies as st

from ._arrays import expressible
from ._question import default_library, drawn, require_library


def problems(operation=None, dtype=None, *, arrays="default"):
    """A strategy of valid Questions; some inputs are not finite.

    operation, dtype   only this operation, and this format of x
    arrays             as for exactbn.cases

    A smaller profile is simpler, so Hypothesis shrinks toward questions of at
    most 64 values. To shrink the values of a failing question to a few numbers,
    run exactbn.properties on the kernel.
    """
    library = default_library() if arrays == "default" else require_library(
        arrays)

    if dtype is not None and dtype not in expressible(library):
        raise ValueError(f"dtype: {dtype!r}, expected one of "
                         f"{', '.join(expressible(library))}, which {library} "
                         "has here")

    def question(drawn_from):
        profile, seed = drawn_from
        found = []
        while not found:  # a format that the library does not have
            found = drawn(seed, count=8, operation=operation, dtype=dtype,
                          profile=profile, arrays=library)
            seed = (seed + 1) % 2**64
        return found[0]

    drawn(0, operation=operation, dtype=dtype)  # refuses wrong names now
    return st.tuples(st.sampled_from(("small", "usual", "large")),
                     st.integers(0, 2**64 - 1)).map(question)
