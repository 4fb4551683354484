"""A photo becomes an image as the data set has them; the steps have the numbers of the package's docstring."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from scratchnet.images.background import Background, background_of, bounding_box, without_frame
from scratchnet.images.finding import Object, find_object
from scratchnet.images.opening import Opened, as_picture, open_image
from scratchnet.typing import Array

SIDE = 28
_LIGHT = 127  # of Fashion-MNIST's 70,000 images none has corners lighter than this
_WORK = 256
_MARGIN = 0.2
_BRIGHTEST = 0.98

# From here on the result is said to be unsure.
_LITTLE, _PALE, _PLAIN = 0.03, 0.15, 0.9

Box = tuple[float, float, float, float]


class Prepared(NamedTuple):
    """An image as the networks see it.

    ``pixels`` (28, 28) uint8, 0 background to 255; ``found``, false if nothing is in the picture, and all pixels 0;
    ``steps``, what was done, in words; ``doubts``, what makes the result unsure, in words, for people to read.
    """

    pixels: Array
    found: bool
    steps: list[str]
    doubts: list[str]


class Look(NamedTuple):
    """What was found in a part of a picture, which begins at ``left`` and ``top``, in pixels of the picture.

    ``image`` (H, W, C), 0 to 1, has one for each ``scale[0]`` × ``scale[1]`` of these; ``box``, rows and columns of the
    object, is in its pixels.
    """

    image: Array
    left: float
    top: float
    scale: tuple[float, float]
    background: Background
    object: Object
    box: tuple[tuple[int, int], tuple[int, int]]


def prepare(image: str | os.PathLike[str] | Any) -> Prepared:
    """Bring a photo into the form of Fashion-MNIST; the package's docstring says how.

    Args:
        image: the path of an image file, or pixels: (H, W) numbers, or (H, W, 3) or (H, W, 4) uint8.

    Raises:
        ImageError: the file cannot be opened, or is refused (see ``open_image``). ValueError: pixels of another kind.
    """
    opened = open_image(image) if isinstance(image, str | os.PathLike) else as_picture(image)
    steps = [f"{opened.size[0]}×{opened.size[1]}", *opened.steps]
    if opened.picture.size == (SIDE, SIDE):
        return _as_it_is(opened.picture, steps)
    look = _look(opened.picture, (0, 0, *opened.picture.size))
    if look is None:
        return Prepared(np.zeros((SIDE, SIDE), np.uint8), False, steps, ["nothing differs from the background"])
    closer = _look(opened.picture, _around(look)) if _is_small(look) else None  # (8)
    values, top = _stretched(closer or look)
    pixels = _framed(values)
    if not np.ptp(pixels):  # cut out, it is one shade: a few pixels of a picture that is hardly larger
        return Prepared(np.zeros((SIDE, SIDE), np.uint8), False, steps, ["what differs is of one shade"])
    steps += [f"cut to the {_size(look, opened)} that differ from the background"]
    steps += [f"contrast stretched {1 / top:.1f} times"] if top < 0.9 else []
    return Prepared(pixels, True, [*steps, f"scaled to {SIDE}×{SIDE}"], _doubts(look, top))


def _as_it_is(picture: Image.Image, steps: list[str]) -> Prepared:
    grey = np.round(np.asarray(picture if picture.mode == "F" else picture.convert("L"))).astype(np.uint8)
    found = bool(np.ptp(grey))
    if not found:
        return Prepared(np.zeros_like(grey), False, steps, ["nothing differs from the background"])
    if np.median(grey[[0, 0, -1, -1], [0, -1, 0, -1]]) > _LIGHT:  # (2)
        grey = 255 - grey
        steps = [*steps, "inverted, because its background is light and Fashion-MNIST's is black"]
    return Prepared(grey, True, steps, [])


def _look(picture: Image.Image, part: Box) -> Look | None:
    """Find the object in a part (left, top, right, bottom) of a picture."""
    image, scale = _reduced(picture, part)
    rows, columns = without_frame(image)  # (4)
    framed = image.shape[:2] != (rows.stop - rows.start, columns.stop - columns.start)
    found = _find(image[rows, columns], part[0] + columns.start * scale[0], part[1] + rows.start * scale[1], scale)
    return found if found is not None or not framed else _find(image, part[0], part[1], scale)


def _reduced(picture: Image.Image, part: Box) -> tuple[Array, tuple[float, float]]:
    """Return the shades (H, W, C) of a part of a picture, and how many pixels of it each is wide and high."""
    left, top, right, bottom = part
    shrink = min(1.0, _WORK / max(right - left, bottom - top))
    size = (max(1, round((right - left) * shrink)), max(1, round((bottom - top) * shrink)))
    small = picture.resize(size, Image.Resampling.BOX, box=part)  # (3)
    image = np.asarray(small, np.float64).reshape(size[1], size[0], -1) / 255
    return image, ((right - left) / size[0], (bottom - top) / size[1])


def _find(image: Array, left: float, top: float, scale: tuple[float, float]) -> Look | None:
    smooth = ndimage.gaussian_filter(image, (1, 1, 0))
    background = background_of(smooth)  # (5)
    found = find_object(np.abs(smooth - background.surface).max(axis=2), background.noise)  # (6), (7)
    box = None if found is None else bounding_box(found.core)
    if found is None or box is None:
        return None
    return Look(image, left, top, scale, background, found, box)


def _is_small(look: Look) -> bool:
    return max(stop - start for start, stop in look.box) < _WORK / 2 and max(look.scale) > 1


def _around(look: Look) -> Box:
    """Return the object's box, and a margin around it, in pixels of the picture."""
    margin = _MARGIN * max(stop - start for start, stop in look.box) + 2
    (top, bottom), (left, right) = (
        (max(start - margin, 0), min(stop + margin, side)) for (start, stop), side in zip(look.box, look.image.shape)
    )
    x, y = look.scale
    return look.left + left * x, look.top + top * y, look.left + right * x, look.top + bottom * y


def _stretched(look: Look) -> tuple[Array, float]:
    """Return the object (h, w), 0 to 1, and the difference from the background that became 1."""  # (9)
    rows, columns = (slice(*side) for side in look.box)
    difference = np.abs(look.image - look.background.surface).max(axis=2)
    mask = ndimage.binary_dilation(ndimage.binary_fill_holes(look.object.mask))
    top = float(np.quantile(difference[look.object.core], _BRIGHTEST))
    floor = min(look.background.noise, top / 4)
    values = np.where(mask, np.clip((difference - floor) / (top - floor), 0, 1), 0)
    return values[rows, columns], top


def _framed(values: Array) -> Array:
    """Scale the longer side to 28 and put the image into the middle of a black frame."""  # (10)
    h, w = (max(1, round(side * SIDE / max(values.shape))) for side in values.shape)
    grey = Image.fromarray(np.round(values * 255).astype(np.uint8))
    frame = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    frame[top : top + h, left : left + w] = np.asarray(grey.resize((w, h), Image.Resampling.LANCZOS))
    return frame


def _size(look: Look, opened: Opened) -> str:
    """Return width and height of the object in pixels of the file."""
    share = max(opened.size) / max(opened.picture.size)
    (top, bottom), (left, right) = look.box
    return f"{round((right - left) * look.scale[0] * share)}×{round((bottom - top) * look.scale[1] * share)}"


def _doubts(look: Look, top: float) -> list[str]:
    H, W = look.image.shape[:2]
    covered = float(look.object.core.sum()) / (H * W)
    doubts = []
    if covered < _LITTLE:
        doubts.append(f"the object covers only {covered:.1%} of the picture: go nearer")
    if top < _PALE:
        doubts.append(f"it differs from its background by {top:.0%} of black to white only")
    if look.background.agreeing < _PLAIN:
        doubts.append(f"the background is not plain: it explains {look.background.agreeing:.0%} of the border only")
    if look.object.others:
        doubts.append(f"there are {look.object.others + 1} objects of similar size, and the largest was taken")
    (start, bottom), (left, right) = look.box
    edges = {"upper": start == 0, "lower": bottom == H, "left": left == 0, "right": right == W}
    if cut := [name for name, reached in edges.items() if reached]:
        doubts.append(f"it reaches the {' and the '.join(cut)} edge of the picture: something may be missing")
    return doubts
