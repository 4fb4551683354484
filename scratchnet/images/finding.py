"""The object: what differs from the background by more than an adaptive threshold, as one connected whole."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from scratchnet.typing import Array

LEAST = 0.03
"""What differs from the background by less than this, of 1, is never an object."""

_GAP = 2  # parts nearer than twice this many pixels are one object: the straps of a sandal
_SOFT = 0.25  # the slope that a shadow has at most, as a share of the object's edges
_CORE = 0.1  # the share that must remain of an object without its shadow
_BAR = 0.95  # what takes this much of a side of the picture is a bar or a table, not an object


class Object(NamedTuple):
    """``mask`` (H, W), where it is, with its shadow; ``core``, without it; ``others``, how many more are half as large.

    The others are those that are above the threshold and no bars.
    """

    mask: Array
    core: Array
    others: int


def otsu(values: Array) -> float:
    """Return the threshold between two groups of numbers in 0…1 that makes the variance between them largest.

    N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    counts, edges = np.histogram(values, 256, (0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(between)]) if np.isfinite(between).any() else 0.0


def find_object(difference: Array, noise: float) -> Object | None:
    """Return the largest connected whole that differs from the background, or None if nothing does.

    Args:
        difference: (H, W), 0 to 1, from the background.
        noise: by how much the background differs from itself.

    A part belongs to it from a sixth of the threshold on, if that is above the noise and it is connected to something
    above the threshold: a garment may have pale sleeves.
    """
    high = max(otsu(difference), 2 * noise, LEAST)
    low = max(high / 6, 1.5 * noise, LEAST / 2)
    marked = difference > low
    near = ndimage.binary_dilation(marked, iterations=_GAP)
    labels, count = ndimage.label(near)
    labels = np.where(marked, labels, 0)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas *= np.bincount(labels[marked & (difference > high)], minlength=count + 1) > 0
    if not areas.any():
        return None
    bars = _bars(labels)
    if np.delete(areas, bars).any():
        areas[bars] = 0
    chosen = int(areas.argmax())
    mask = labels == chosen
    return Object(mask, _without_shadow(mask, difference), int((areas > areas[chosen] / 2).sum()) - 1)


def _without_shadow(mask: Array, difference: Array) -> Array:
    """Return what is left of an object when the background goes on as far as the picture is smooth.

    A shadow has no edge; the object has. Where hardly anything is left, nothing had an edge, and all of it is kept.
    """
    # Padded, because a gradient needs two pixels and a picture may be one wide.
    slope = np.hypot(*np.gradient(np.pad(difference, 1, mode="edge")))[1:-1, 1:-1]
    smooth = slope < _SOFT * np.quantile(slope[mask], 0.95)
    smooth = ndimage.binary_opening(smooth | ~mask, iterations=_GAP)  # not through a gap in an outline
    shadow = ndimage.binary_propagation(~mask, mask=smooth | ~mask)
    core = ndimage.binary_opening(mask & ~shadow)
    return core if core.sum() > _CORE * mask.sum() else mask


def _bars(labels: Array) -> list[int]:
    """Return the parts that take nearly all of a side of the picture."""
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return [k for side in sides for k, share in enumerate(np.bincount(side) / len(side)) if k and share >= _BAR]
