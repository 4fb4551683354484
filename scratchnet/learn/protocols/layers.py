"""The protocol for layers: several settings, two float types, several batches, and a caller who spoils his arrays.

For each setting a layer is made afresh, and gets the same parameters whoever wrote it. Then come the batches, one
after the other, to the same object:

- ``drawn``: random numbers.
- ``rounded``: whole numbers, parameters too, so that ties and kinks are hit exactly.
- ``negative``: numbers below zero, where a pooling window that takes padding for zeros pays a pixel that is not there.
- ``far``: numbers in the hundreds, where eˣ overflows.

The parameters move from batch to batch, so that what was kept from before is out of date. The caller overwrites x and
y once forward has returned them, so that a layer which relies on arrays that are not its own is found out. What is
written down: y, dx, every gradient and every variable that is not trained, their dtypes, whether x or dy were changed,
and whether what came back lies in the caller's memory.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.learn.signatures import DOES_NOT_FIT, Signature, raises
from scratchnet.typing import Array


@dataclass(frozen=True, eq=False)
class Setting:
    """What a layer is made with, and what it is run on.

    Attributes:
        shape: of a batch, (N, …).
        arguments, options: what the candidate is called with, beside ``dtype``.
        batches: their kinds, in order.
        training: what ``forward`` is told.
    """

    shape: tuple[int, ...]
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    batches: tuple[str, ...] = ("drawn", "rounded")
    training: bool = True


def layer_protocol(settings: Sequence[Setting]) -> Callable[[Callable[..., Any]], Signature]:
    """Return the function that observes a layer's class on the settings.

    A candidate is called as ``candidate(*arguments, dtype=…, **options)`` and returns an object with ``build(shape)``,
    ``params``, ``grads``, ``forward(x, training)`` and ``backward(dy)``, as our layers have them.
    """

    def observe_class(candidate: Callable[..., Any]) -> Signature:
        return observe(lambda setting, dtype: candidate(*setting.arguments, dtype=dtype, **setting.options), settings)

    return observe_class


def observe(
    make: Callable[[Setting, str], Any],
    settings: Sequence[Setting],
    dtypes: Sequence[str] = ("float64", "float32"),
) -> Signature:
    """Run a layer on the settings and return its signature; an error ends its setting and is part of it.

    Args:
        make: returns a fresh layer for a setting and a dtype.
        settings: in order.
        dtypes: float32 sees the first batch only: it is there for the dtypes.
    """
    seen: Signature = {}
    with np.errstate(all="ignore"):
        for number, setting in enumerate(settings):
            for dtype in dtypes:
                batches = setting.batches if dtype == "float64" else setting.batches[:1]
                seen |= _observe_one(make, setting, dtype, batches, f"{number}/{dtype}")
    return seen


def _observe_one(
    make: Callable[[Setting, str], Any], setting: Setting, dtype: str, batches: Sequence[str], key: str
) -> Signature:
    try:
        layer = make(setting, dtype)
        layer.build((None, *setting.shape[1:]))
    except Exception as error:
        return {key: raises(error)}
    seen: Signature = {}
    for kind in batches:
        try:
            seen |= _observe_batch(layer, setting, dtype, kind, f"{key}/{kind}")
        except Exception as error:
            return {**seen, f"{key}/{kind}": raises(error)}
    return seen


def _observe_batch(layer: Any, setting: Setting, dtype: str, kind: str, key: str) -> Signature:
    for name, array in layer.params.items():
        drawing = "rounded" if kind == "rounded" else "drawn"
        array[...] = _numbers(f"{name} for {kind}", array.shape, drawing).astype(dtype)
    x = _numbers("x", setting.shape, kind).astype(dtype)
    given = x.copy()
    y = layer.forward(given, setting.training)
    seen = _seen(f"{key}/y", y, given, x)
    given[...] = 7.5
    y[...] = -7.5
    seen |= {f"{key}/{name}": array.copy() for name, array in getattr(layer, "non_trainable", {}).items()}
    dy = _numbers(f"dy for {kind}", y.shape, "drawn").astype(dtype)
    given = dy.copy()
    try:
        dx = layer.backward(given)
        fits = not _misfits(layer, dx, x)
    except ValueError:  # NumPy has said so itself: it depends on how the line is written
        fits = False
    if not fits:
        return {**seen, f"{key}/backward": DOES_NOT_FIT}
    seen |= _seen(f"{key}/dx", dx, given, dy)
    for name, gradient in layer.grads.items():
        seen |= {f"{key}/d{name}": gradient.copy(), f"{key}/d{name} is": gradient.dtype.name}
    return seen


def _misfits(layer: Any, dx: Any, x: Array) -> bool:
    """Whether a gradient has another shape than what it belongs to."""
    return np.shape(dx) != x.shape or any(np.shape(layer.grads[n]) != p.shape for n, p in layer.params.items())


def _seen(key: str, result: Array, given: Array, before: Array) -> Signature:
    """Write down an array that came back, and what became of the one that was given for it."""
    changed = "changes what it got" if not np.array_equal(given, before) else "leaves what it got as it was"
    shares = ", returns memory of the caller" if np.may_share_memory(result, given) else ""
    return {key: result.copy(), f"{key} is": f"{result.dtype.name}, {changed}{shares}"}


@functools.lru_cache(maxsize=512)
def _drawn(what: str, shape: tuple[int, ...], kind: str) -> Array:
    numbers = np.random.default_rng(zlib.crc32(f"{what}{shape}{kind}".encode())).standard_normal(shape)
    if kind == "rounded":
        return np.round(1.5 * numbers)
    if kind == "negative":
        return -np.abs(numbers) - 0.1
    if kind == "far":
        return 700 * numbers
    return numbers


def _numbers(what: str, shape: tuple[int, ...], kind: str) -> Array:
    """Return the same numbers at every call."""
    return _drawn(what, tuple(shape), kind)
