"""Which of our layers a user's layer may be, told by the shapes of its parameters, of x and of y."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from scratchnet.layers.windows import place_windows

ACTIVATIONS = (None, "relu", "sigmoid", "tanh", "softmax")


@dataclass(frozen=True, eq=False)
class Guess:
    """One of our layers that a user's may be.

    Attributes:
        kind: the subject.
        arguments, options: our constructor's.
        names: the user's name for each of our parameters.
        batches: the kinds of batches to compare on.
    """

    kind: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    batches: tuple[str, ...] = ("drawn", "rounded")


def guesses(
    x_shape: tuple[int, ...], y_shape: tuple[int, ...], params: Mapping[str, tuple[int, ...]]
) -> Iterator[Guess]:
    """Yield every layer of the catalogue with an output of that shape and parameters of these shapes.

    Args:
        x_shape, y_shape: of a batch.
        params: the shapes of the user's parameters, by his names, which may be any.
    """
    by_axes: dict[int, list[str]] = {}
    for name, shape in params.items():
        by_axes.setdefault(len(shape), []).append(name)
    axes = sorted(by_axes)
    if not params and x_shape == y_shape:
        yield from _elementwise(len(x_shape))
    if not params and len(x_shape) == len(y_shape) == 4 and x_shape[3] == y_shape[3]:
        yield from _pooling(x_shape, y_shape)
    if axes in ([2], [1, 2]) and len(x_shape) == 2 and len(params) == len(axes):
        yield from _dense(y_shape, by_axes)
    if axes in ([4], [1, 4]) and len(x_shape) == len(y_shape) == 4 and len(params) == len(axes):
        yield from _convolution(x_shape, y_shape, params, by_axes)


def _elementwise(axes: int) -> Iterator[Guess]:
    extremes = ("drawn", "rounded", "far")
    yield Guess("relu")
    yield Guess("sigmoid", ("sigmoid",), batches=extremes)
    yield Guess("tanh", ("tanh",), batches=extremes)
    if axes > 1:
        yield Guess("softmax", batches=extremes)


def _names(by_axes: dict[int, list[str]], kernel_axes: int) -> dict[str, str]:
    names = {"kernel": by_axes[kernel_axes][0]}
    return {**names, "bias": by_axes[1][0]} if 1 in by_axes else names


def _dense(y_shape: tuple[int, ...], by_axes: dict[int, list[str]]) -> Iterator[Guess]:
    names = _names(by_axes, 2)
    for activation in ACTIVATIONS:
        yield Guess("dense", (y_shape[-1],), {"activation": activation, "use_bias": "bias" in names}, names)


def _places(
    x_shape: tuple[int, ...], y_shape: tuple[int, ...], size: tuple[int, int], dilations: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Yield strides, padding and dilation that lead from the one shape to the other."""
    seen = set()
    for stride, padding, dilation in product(range(1, 5), ("valid", "same"), dilations):
        if stride > 1 and dilation > 1:
            continue
        span = [(k - 1) * dilation + 1 for k in size]
        if padding == "valid" and any(s > n for s, n in zip(span, x_shape[1:3])):
            continue
        windows = place_windows((x_shape[1], x_shape[2]), size, (stride, stride), padding, (dilation, dilation))
        if windows.count == y_shape[1:3] and windows not in seen:
            seen.add(windows)
            yield {"strides": stride, "padding": padding, **({"dilation_rate": dilation} if dilation > 1 else {})}


def _pooling(x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> Iterator[Guess]:
    for size in range(2, 5):
        for options in _places(x_shape, y_shape, (size, size), (1,)):
            yield Guess("max_pooling2d", (size,), options, batches=("drawn", "rounded", "negative"))


def _convolution(
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    params: Mapping[str, tuple[int, ...]],
    by_axes: dict[int, list[str]],
) -> Iterator[Guess]:
    names = _names(by_axes, 4)
    KH, KW, C, F = params[names["kernel"]]
    if (x_shape[3], y_shape[3]) != (C, F):
        return
    for options in _places(x_shape, y_shape, (KH, KW), (1, 2, 3)):
        for activation in ACTIVATIONS[:4]:
            told = {**options, "activation": activation, "use_bias": "bias" in names}
            yield Guess("conv2d", (F, (KH, KW)), told, names)
