"""What is behind the object: a frame to cut off, then a surface that most of the border agrees with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnet.typing import Array

CLOSE = 0.05
"""Shades of 0…1 that differ less than this belong together, as in the making of Fashion-MNIST."""

_RING = 24  # the border is a 24th of the shorter side wide
_PAGE = 0.75  # the share of each side that is left inside of a frame at least: a bag on white is no page
_UNIFORM = 0.95  # the share of a line that must be of one shade in a frame
_BETTER = 0.2  # the share of the border that a surface must explain beyond a simpler one
_DEGREES = (1, 3, 6)  # terms of a constant, a plane, a quadratic surface


class Background(NamedTuple):
    """``surface`` (H, W, C), 0 to 1; ``noise``, what the border hardly ever differs from it by; and
    ``agreeing``, the share of the border that is close to it."""

    surface: Array
    noise: float
    agreeing: float


def without_frame(image: Array) -> tuple[slice, slice]:
    """Return the part of an image (H, W, C) that is inside of its frames, window borders and black bars.

    While the outermost lines are of one shade on all sides, and so are the lines just inside of where that shade ends,
    what is outside of these is a frame.
    """
    inside = np.s_[0 : image.shape[0], 0 : image.shape[1]]
    while True:
        part = image[inside]
        if min(part.shape[:2]) < 16:
            return inside
        shade = np.median(_ring(part, 1), axis=0)
        if not all(_uniform(line, shade) for line in _outermost(part)):
            return inside
        box = bounding_box((np.abs(part - shade) > CLOSE).any(axis=2))
        if box is None or any(stop - start < _PAGE * side for (start, stop), side in zip(box, part.shape)):
            return inside
        content = part[box[0][0] : box[0][1], box[1][0] : box[1][1]]
        if not all(_belongs_to_a_page(line, shade) for line in _outermost(content)):
            return inside
        # Two pixels less: a line may be half frame and half what is in it.
        rows, columns = (
            slice(side.start + start + 2, side.start + stop - 2) for side, (start, stop) in zip(inside, box)
        )
        inside = (rows, columns)


def background_of(image: Array) -> Background:
    """Return the background of an image (H, W, C) of 0 to 1, estimated from its border.

    The simplest surface (a constant, a plane, a quadratic one) that most of the border is close to; a garment that
    covers less than half of the border does not change it.
    """
    H, W, C = image.shape
    y, x = (np.linspace(-1, 1, side) for side in (H, W))
    terms = np.stack(np.broadcast_arrays(1.0, x, y[:, None], x * x, y[:, None] * x, y[:, None] ** 2), axis=-1)
    width = max(1, min(H, W) // _RING)
    border, at = _ring(image, width), _ring(terms, width)
    best, agreeing = np.zeros((1, C)), -1.0
    for degree in _DEGREES:
        starts = _constants(image) if degree == 1 else [_least_absolute(at[:, :degree], border)]
        for start in starts:
            coefficients = _refined(at[:, :degree], border, start)
            share = float((_far(at[:, :degree] @ coefficients, border) < CLOSE).mean())
            if share > agreeing + (0.0 if degree == 1 else _BETTER):
                best, agreeing = coefficients, share
    surface = terms[..., : len(best)] @ best
    away = _far(_ring(surface, width), border)
    near = away[away < 2 * CLOSE]
    return Background(surface, 4 * float(np.median(near)) + 0.005 if near.size else CLOSE, agreeing)


def bounding_box(mask: Array) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and last + 1 of the rows and of the columns in which a mask (H, W) is true; None if it never is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def _outermost(image: Array) -> tuple[Array, Array, Array, Array]:
    return image[0], image[-1], image[:, 0], image[:, -1]


def _belongs_to_a_page(line: Array, shade: Array) -> bool:
    """Tell whether a line just inside of a shade is mostly of another: at the edge of an object it would not be."""
    of_one = (_far(line, np.median(line, axis=0)) < CLOSE).mean()
    return bool(of_one > 0.75 and (_far(line, shade) < CLOSE).mean() < 0.1)


def _uniform(line: Array, shade: Array) -> bool:
    return bool((_far(line, shade) < CLOSE).mean() >= _UNIFORM)


def _far(image: Array, other: Array) -> Array:
    """Return how far apart two images (…, C) are: the largest difference of a channel."""
    return np.abs(image - other).max(axis=-1)


def _ring(image: Array, width: int) -> Array:
    """Return the pixels (R, C) within ``width`` of the border."""
    middle = image[width:-width]
    parts = (image[:width], image[-width:], middle[:, :width], middle[:, -width:])
    return np.concatenate([part.reshape(-1, image.shape[2]) for part in parts])


def _constants(image: Array) -> list[Array]:
    """Return the shades to try: the medians of the four corners and of the border."""
    h, w = (max(1, side // _RING) for side in image.shape[:2])
    corners = [image[rows, columns] for rows in (np.s_[:h], np.s_[-h:]) for columns in (np.s_[:w], np.s_[-w:])]
    C = image.shape[2]
    return [np.median(part.reshape(-1, C), axis=0)[None] for part in (*corners, _ring(image, max(1, min(h, w))))]


def _least_absolute(at: Array, border: Array) -> Array:
    """Fit a surface so that the sum of the absolute differences is small: what is far off counts little."""
    weight = np.ones(len(border))
    for _ in range(15):
        coefficients = _least_squares(at, border, weight)
        weight = 1 / np.maximum(_far(at @ coefficients, border), 0.005)
    return coefficients


def _refined(at: Array, border: Array, coefficients: Array) -> Array:
    """Fit a surface again to what is close to it."""
    for _ in range(3):
        close = _far(at @ coefficients, border) < CLOSE
        if close.sum() < 2 * at.shape[1]:
            break
        coefficients = _least_squares(at, border, close)
    return coefficients


def _least_squares(at: Array, border: Array, weight: Array) -> Array:
    """Return the coefficients (T, C) of the surface that is nearest to the border, by the normal equations.

    The terms are between −1 and 1, so that these are well conditioned; a little is added, for a border of few pixels.
    """
    weighted = at.T * weight
    return np.linalg.solve(weighted @ at + 1e-9 * np.eye(at.shape[1]), weighted @ border)
