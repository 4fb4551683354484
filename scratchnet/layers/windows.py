"""Sliding windows: where they lie, how to cut them out, and how to add them back.

A convolution and a pooling layer look at an image through a small window that steps across it. ``im2col`` cuts all
the windows out and lays them side by side, so that one matrix product (or one maximum) serves them all. ``col2im`` is
its transpose: it takes a gradient for each number of each window and *adds* it to the pixel it came from, because a
pixel that appears in several windows influences the loss through each of them.

Letters: N batch, H W C input, KH KW window, OH OW number of windows down and across.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.errors import unknown_name
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import shown, whole_number


@dataclass(frozen=True)
class Windows:
    """How windows lie on an image: each field is (down, across), in pixels."""

    size: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    pad_before: tuple[int, int]
    pad_after: tuple[int, int]
    count: tuple[int, int]


def place_windows(
    image: tuple[int, int],
    size: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int] = (1, 1),
) -> Windows:
    """Work out padding and number of windows along both axes.

    A window of K numbers with dilation δ spans (K-1)δ + 1 pixels. ``"valid"`` uses only windows that lie inside:
    ⌊(H - span) / stride⌋ + 1 of them. ``"same"`` gives ⌈H / stride⌉ windows and pads with as much as they need in all;
    where that is odd, the extra row or column comes at the bottom and right, as in TensorFlow.
    """
    before, after, count = [], [], []
    for length, k, stride, step in zip(image, size, strides, dilation):
        span = (k - 1) * step + 1
        if padding == "valid":
            missing = 0
            n = (length - span) // stride + 1
        else:
            n = -(-length // stride)  # rounded up
            missing = max((n - 1) * stride + span - length, 0)
        before.append(missing // 2)
        after.append(missing - missing // 2)
        count.append(n)
    return Windows(size, strides, dilation, (before[0], before[1]), (after[0], after[1]), (count[0], count[1]))


def _pixels(windows: Windows, i: int, j: int) -> tuple[slice, slice]:
    """Return the pixels that lie under number (i, j) of each window: one per window, a stride apart."""
    rows, columns = (
        slice(k * step, k * step + stride * (n - 1) + 1, stride)
        for k, step, stride, n in zip((i, j), windows.dilation, windows.strides, windows.count)
    )
    return rows, columns


def im2col(x: Array, windows: Windows, fill: float = 0.0) -> Array:
    """Cut the windows out of a batch of images.

    Args:
        x: images (N, H, W, C), float32 or float64.
        windows: from ``place_windows``.
        fill: the value of the padding.

    Returns:
        A new array (N, OH, OW, KH, KW, C) of x's dtype: the window at (oh, ow) is ``[:, oh, ow]``.
    """
    (top, left), (bottom, right) = windows.pad_before, windows.pad_after
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    KH, KW = windows.size
    cols = np.empty((len(x), *windows.count, KH, KW, x.shape[3]), x.dtype)  # (N, OH, OW, KH, KW, C)
    for i in range(KH):
        for j in range(KW):
            rows, columns = _pixels(windows, i, j)
            cols[:, :, :, i, j] = padded[:, rows, columns]
    return cols


def col2im(dcols: Array, windows: Windows, x_shape: tuple[int, ...]) -> Array:
    """Add the gradients of all windows up, pixel by pixel: the transpose of ``im2col``.

    Args:
        dcols: the gradient for what ``im2col`` returned, (N, OH, OW, KH, KW, C).
        windows: from ``place_windows``.
        x_shape: (N, H, W, C).

    Returns:
        The gradient for the images, (N, H, W, C). What fell on the padding is dropped.
    """
    N, H, W, C = x_shape
    (top, left), (bottom, right) = windows.pad_before, windows.pad_after
    padded = np.zeros((N, top + H + bottom, left + W + right, C), dcols.dtype)
    KH, KW = windows.size
    for i in range(KH):
        for j in range(KW):
            rows, columns = _pixels(windows, i, j)
            padded[:, rows, columns] += dcols[:, :, :, i, j]
    return padded[:, top : top + H, left : left + W].copy()  # (N, H, W, C)


def split_groups(x: Array, groups: int) -> Array:
    """Divide the last axis into groups and put these in front: (…, C) → (groups, …, C/groups)."""
    return np.moveaxis(x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups), -2, 0)


def join_groups(x: Array) -> Array:
    """Lay the groups side by side again, (groups, …, C/groups) → (…, C): the way back from ``split_groups``."""
    return np.moveaxis(x, 0, -2).reshape(*x.shape[1:-1], len(x) * x.shape[-1])


def pair(name: str, value: Any, owner: str, least: int = 1) -> tuple[int, int]:
    """Return ``value`` as (down, across): 3 becomes (3, 3).

    Raises:
        ValueError: if it is not one or two whole numbers of at least ``least``.
    """
    several = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    both = tuple(value) if several else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name} of {owner} expected one or two whole numbers ≥ {least}, got {shown(value)}.")
    return whole_number(f"{name} of {owner}", both[0], least), whole_number(f"{name} of {owner}", both[1], least)


def check_padding(value: str) -> str:
    """Return ``value`` in lower case if it is "valid" or "same".

    Raises:
        ValueError: otherwise.
    """
    if not isinstance(value, str) or value.lower() not in ("valid", "same"):
        raise unknown_name("padding", value, ("valid", "same"))
    return value.lower()


def check_data_format(value: str | None) -> str:
    """Return "channels_last", which is the only ``data_format`` there is here; None means the same.

    Raises:
        ValueError: if it says anything else.
    """
    if value is not None and not (isinstance(value, str) and value == "channels_last"):
        raise ValueError(
            f"Layers expected data_format='channels_last', got {shown(value)}: images are (N, H, W, C) here, which "
            f"np.moveaxis(x, 1, -1) makes of (N, C, H, W)."
        )
    return "channels_last"


def image_size(input_shape: Shape) -> tuple[int, int]:
    """Return (H, W) of (None, H, W, C)."""
    _, H, W, _ = input_shape
    assert H is not None
    assert W is not None
    return H, W
