"""Where arrays that are used all the time lie in memory."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from scratchnet.typing import Array

LINE, PAGE = 64, 4096
_STEP = 1024 + LINE
_turn = itertools.count()


def place_zeros(shape: tuple[int, ...] | int, dtype: Any) -> Array:
    """Return a new array of zeros that starts at a multiple of 64 bytes, each time at another place of a memory page.

    A vector register then never lies across two cache lines. And a loop over several such arrays is not held up: where
    two of them start at the same place of their pages, the processor takes a store to one for a store to the other
    (Adam's update takes 50 instead of 34 µs for 200,000 parameters).

    Args:
        shape: as in ``np.zeros``.
        dtype: as in ``np.zeros``.
    """
    shape = (shape,) if isinstance(shape, int) else shape
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + PAGE + LINE, np.uint8)
    start = (next(_turn) * _STEP - memory.ctypes.data) % PAGE
    array: Array = memory[start : start + size].view(dtype).reshape(shape)
    return array
