"""The errors that have no built-in Python exception of their own.

A wrong argument raises ``ValueError`` or ``TypeError`` as it would in NumPy. The classes here are for what can go
wrong although every argument was right. Each message is one sentence: what was expected, what came, where, what to do.
"""

from __future__ import annotations


class ScratchnetError(Exception):
    """The common base of the errors below."""


class DatasetError(ScratchnetError):
    """A data set could not be found, read or verified."""


class ModelFileError(ScratchnetError, ValueError):
    """A file is not a scratchnet model, is damaged, or was written by a newer version."""


class NonFiniteError(ScratchnetError, ArithmeticError):
    """A loss became NaN or infinite during training."""
