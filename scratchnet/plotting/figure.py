"""What all pictures share: the figure itself, its sizes and colours, and the checks of what is to be shown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from scratchnet.models import Model
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown

BLUE, ORANGE = "#0072b2", "#d55e00"
"""Two colours of Okabe and Ito's palette, which colour-blind people tell apart too."""

TITLE, TEXT, SMALL = 13, 10, 9
"""Font sizes in points."""


_TILE = 28  # the least size of a tile in a mosaic


class Picture(Figure):
    """A figure that notebooks show also when pyplot was never imported, and that pyplot knows nothing of."""

    def __init__(self, width: float, height: float) -> None:
        # Sizes in inches. More space than matplotlib's around and between: a title belongs to the image below it.
        spacing = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
        super().__init__(figsize=(width, height), layout=spacing)

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


def check_images(what: str, images: Any) -> Array:
    """Return images as (N, H, W) if grey, else (N, H, W, 3).

    Raises:
        ValueError: for another shape, no image at all, something other than numbers, or NaN or infinite ones.
    """
    array = np.asarray(images)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} expected images as an array of numbers, got dtype {array.dtype}.")
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]  # (N, H, W)
    if array.ndim != 3 and not (array.ndim == 4 and array.shape[-1] == 3):
        hint = ": for one image pass images[None]" if array.ndim == 2 else ""
        raise ValueError(
            f"{what} expected images of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), got {np.shape(images)}{hint}."
        )
    if array.size == 0:
        raise ValueError(f"{what} expected at least one image, got an array of shape {np.shape(images)}.")
    if not np.isfinite(array).all():
        index = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{what} expected finite numbers, got {array[index]} in image {index[0]}.")
    return array


def check_model(what: str, model: Any) -> None:
    """Refuse what is no model, with a TypeError."""
    if not isinstance(model, Model):
        raise TypeError(f"{what} expected a Model, got {type(model).__name__}.")


def check_labels(what: str, name: str, labels: Any, count: int | None = None) -> Array:
    """Return class numbers as integers (N,).

    Raises:
        ValueError: if they are not whole numbers from 0, not (N,), or not ``count`` of them.
    """
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]  # (N,)
    if array.ndim != 1:
        hint = f": pass {name}.argmax(axis=1)" if array.ndim == 2 else ""
        raise ValueError(f"{what} expected {name} as class numbers of shape (N,), got {array.shape}{hint}.")
    if not array.size:
        raise ValueError(f"{what} expected at least one entry in {name}, got none.")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{what} expected {name} as whole numbers, got dtype {array.dtype}.")
    if count is not None and len(array) != count:
        raise ValueError(f"{what} expected {count:,} entries in {name}, one each, got {len(array):,}.")
    if array.min() < 0:
        raise ValueError(f"{what} expected {name} from 0, got {array.min()} at index {int(array.argmin())}.")
    return array.astype(np.int64)


def check_probabilities(what: str, probabilities: Any, count: int) -> Array:
    """Return finite probabilities (N, C) for ``count`` samples.

    Raises:
        ValueError: otherwise.
    """
    array = np.asarray(probabilities)
    if array.ndim != 2 or array.dtype.kind != "f":
        hint = ", as model.predict(x) returns them"
        raise ValueError(f"{what} expected probabilities of shape (N, C){hint}, got {array.shape} of {array.dtype}.")
    if len(array) != count:
        raise ValueError(f"{what} expected probabilities for {count:,} samples, got them for {len(array):,}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} expected finite probabilities, got NaN or infinite ones.")
    return array


def class_names(what: str, labels: Sequence[str] | None, classes: int) -> list[str]:
    """Return a name for each of ``classes`` classes: those given, or their numbers.

    Raises:
        ValueError: if too few names are given.
    """
    if labels is None:
        return [str(number) for number in range(classes)]
    if isinstance(labels, str) or len(labels) < classes:
        raise ValueError(f"{what} expected labels as at least {classes} class names, got {shown(labels)}.")
    return [str(label) for label in labels]


def grey_range(images: Array) -> tuple[float, float]:
    """Return the numbers that are black and white: 0 and 255, 0 and 1, or the darkest and the lightest there are."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(images.min()), float(images.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high


def show_image(axes: Any, image: Array, limits: tuple[float, float]) -> None:
    """Draw one image (H, W) or (H, W, 3) without an axis round it."""
    draw_image(axes, image, limits)
    axes.set_xticks([])
    axes.set_yticks([])


def draw_image(
    axes: Any, image: Array, limits: tuple[float, float], extent: tuple[float, float, float, float] | None = None
) -> None:
    """Draw one image into axes that have others already, if ``extent`` says where: left, right, bottom, top."""
    low, high = limits
    if image.ndim == 3:
        image = np.clip((image - low) / (high - low), 0, 1)
    aspect = "auto" if extent else "equal"  # axes with several images are not stretched to fit one of them
    autoscale = axes.get_autoscale_on()
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest", extent=extent, aspect=aspect)
    axes.set_autoscale_on(autoscale)


def mosaic(tiles: Array, columns: int) -> tuple[Array, list[tuple[int, int]]]:
    """Lay tiles (K, h, w) out row by row in one array, with a gap of NaN between them, which is drawn as nothing.

    Returns the array, and row and column of each tile's upper left corner in it.

    One array in one set of axes is drawn many times faster than K of them, and its tiles are all of one size. Small
    tiles are enlarged, each number to a square, so that the gap can be narrower than one of their pixels.
    """
    zoom = -(-_TILE // max(tiles.shape[1:]))
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    K, h, w = tiles.shape
    gap = max(1, round(max(h, w) / 14))
    rows = -(-K // columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap), np.nan)
    corners = [(k // columns * (h + gap), k % columns * (w + gap)) for k in range(K)]
    for tile, (top, left) in zip(tiles, corners):
        sheet[top : top + h, left : left + w] = tile
    return sheet, corners
