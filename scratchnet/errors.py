"""The errors that have no built-in Python exception of their own.

A wrong argument raises ``ValueError`` or ``TypeError`` as it would in NumPy. The classes here are for what can go
wrong although every argument was right. Each message is one sentence: what was expected, what came, where, what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScratchnetError(Exception):
    """The common base of the errors below."""


class DatasetError(ScratchnetError):
    """A data set could not be found, read or verified."""


class ModelFileError(ScratchnetError, ValueError):
    """A file is not a scratchnet model, is damaged, or was written by a newer version."""


class NonFiniteError(ScratchnetError, ArithmeticError):
    """A loss became NaN or infinite during training."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is not among ``known``, with the nearest one that is."""
    known = sorted(known)
    folded = {k.lower(): k for k in known}
    near = difflib.get_close_matches(str(name).lower(), list(folded), n=1, cutoff=0.5)
    beginning = f"did you mean {folded[near[0]]!r}? Known" if near else "known"
    return ValueError(f"Unknown {kind} {name!r}: {beginning} are {', '.join(known)}.")
