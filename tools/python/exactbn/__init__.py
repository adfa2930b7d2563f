# SPDX-License-Identifier: Apache-2.0
"""The exact judge of batch normalization.

    import exactbn
    exactbn.assert_batch_norm(x=x, gamma=weight, beta=bias, eps=1e-5, y=y)

compares every value of y with the exact one, without any tolerance, and says
what is wrong and why. x, y, ... are arrays of torch, numpy, jax or cupy.

    assert_batch_norm, check       judge outputs
    reference                      the exact answers, correctly rounded
    validate, properties, probe    judge a function or a module
    challenge, verify_transcript   a score for a kernel that may cheat
    cases, drawn                   questions, for pytest.mark.parametrize
    tolerance_units                the error that each value may have
    strategies                     questions for Hypothesis

Installed with pytest, there is a marker `exactbn` and a fixture
`batch_norm_case`. `python -m exactbn` is the command.
"""
from . import reference
from ._arrays import Array
from ._check import (OutputVerdict, Verdict, assert_batch_norm, check,
                     tolerance_units)
from ._library import set_threads
from ._question import Question, cases, drawn

__all__ = ["Array", "Challenge", "OutputVerdict", "Question", "Rejected", "Report",
           "Unsupported", "Verdict", "assert_batch_norm", "cases", "challenge",
           "check", "drawn", "probe", "properties", "reference", "set_threads",
           "strategies", "tolerance_units", "validate", "verify_transcript"]


# What runs the command needs half of the time of an import.
_OF_RUNS = ("Challenge", "Rejected", "Report", "Unsupported", "challenge",
            "probe", "properties", "validate", "verify_transcript")


def __getattr__(name):
    if name in _OF_RUNS:
        from . import _run
        return getattr(_run, name)
    if name == "strategies":  # needs Hypothesis
        import importlib
        return importlib.import_module(".strategies", __name__)
    if name == "__version__":
        from ._library import library
        return library().version().decode()
    raise AttributeError(f"module 'exactbn' has no attribute {name!r}")
