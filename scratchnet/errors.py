"""The errors that have no built-in Python exception of their own.

A wrong argument raises ``ValueError`` or ``TypeError`` as it would in NumPy. The classes here are for what can go
wrong although every argument was right. Each message is one sentence: what was expected, what came, where, what to do.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from scratchnet.keras_names import ABSENT


class ScratchnetError(Exception):
    """The common base of the errors below."""


class DatasetError(ScratchnetError):
    """A data set could not be found, read or verified."""


class ImageError(ScratchnetError, ValueError):
    """A file is no image that can be read, is damaged, or is refused for what it is."""


class ModelFileError(ScratchnetError, ValueError):
    """A file is not a scratchnet model, is damaged, or was written by a newer version."""


class InUseError(ScratchnetError):
    """A folder belongs to another process that is still training."""


class NonFiniteError(ScratchnetError, ArithmeticError):
    """A loss became NaN or infinite during training."""


_NEAR = 0.72
"""Names less alike than that have nothing to do with each other: at 0.7, LSTM is a Softmax and Dropout an Input."""
_EVERYWHERE = {"get", "serialize", "deserialize"}


def shown(value: object) -> str:
    """Return ``repr(value)`` on one line of moderate length, so that a sentence with it stays one."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}…"


def one_of(kind: str, value: object, known: Iterable[str]) -> str:
    """Return ``value`` if it is one of the names known, whatever else it is: an array too can be asked about.

    Raises:
        ValueError: otherwise, see ``unknown_name``.
    """
    known = tuple(known)
    if isinstance(value, str) and value in known:
        return value
    raise unknown_name(kind, value, known)


def unexpected_arguments(owner: str, given: Iterable[str], known: Iterable[str]) -> TypeError:
    """Return the error for arguments by names that ``owner`` does not take, with the nearest that it does."""
    return TypeError(str(unknown_name(f"argument of {owner}", next(iter(given)), known)))


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is not among ``known``, with the nearest one that is, if one is near."""
    known = sorted(known)
    if isinstance(name, str) and _folded(name) in map(_folded, ABSENT.get(kind, "").split()):
        beginning = "Keras has it, scratchnet has not, as docs/keras-differences.md lists; known"
    else:
        near = nearest(str(name), known)
        beginning = f"did you mean {near!r}? Known" if near is not None else "known"
    return ValueError(f"Unknown {kind} {shown(name)}: {beginning} are {', '.join(known)}.")


def nothing_else(kind: str, module_name: str) -> Callable[[str], Any]:
    """Return a module's ``__getattr__``: the error for a name that it has not tells the nearest that it has."""

    def missing(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        module = vars(sys.modules[module_name])
        own = [one for one, value in module.items() if getattr(value, "__module__", None) == module_name]
        values = {one: module.get(one, callable) for one in module.get("__all__", own)}  # what is loaded when used, too
        known = [one for one, value in values.items() if callable(value) or inspect.ismodule(value)]
        public = [one for one in known if one[0] != "_" and one not in _EVERYWHERE]
        raise AttributeError(str(unknown_name(kind, name, public)))

    return missing


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known names that was probably meant, or None if none looks like it.

    Case and punctuation do not count. Of names that are equally near, the shortest is taken.
    """
    best = max(sorted(known), key=lambda k: (_likeness(name, k), -len(k)), default="")
    return best if _likeness(name, best) >= _NEAR else None


def _likeness(name: str, known: str) -> float:
    """Return how much two names look alike, from 0 to 1."""
    a, b = _folded(name), _folded(known)
    if sorted(a) == sorted(b):
        return 1.0 if a == b else 0.95  # the same, or letters that have changed places
    if len(a) == len(b) >= 3 and a[0] == b[0] and sum(x != y for x, y in zip(a, b)) == 1:
        return 0.9  # one letter is another: a third of a name of three
    if len(a) > 1 and a == "".join(word[:1] for word in _words(known)):
        return 0.8  # its initials: lr
    words = set(_words(name))
    if len(words) > 1 and words <= set(_words(known)):
        return 0.95  # sparse_crossentropy
    alike = difflib.SequenceMatcher(None, b, a).ratio()
    if len(a) >= 3 and (b.startswith(a) or (len(a) >= 5 and a in b)):
        return max(alike, 0.75)  # a part of the name: glorot, crossentropy
    if len(b) >= 3 and a.startswith(b) and len(a) <= 2.5 * len(b):
        return max(alike, 0.75)  # more than the name, but not as much more as LayerNormalization: maximum, mse_loss
    if a[:3] == b[:3] and a[-2:] == b[-2:] and alike > 0.6:
        return max(alike, 0.75)  # Convolution2D
    return alike


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _words(name: str) -> list[str]:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_")
