"""Arrays of a kernel's own, for the length of a call.

1. They start at a multiple of 64 bytes: a vector that lies across two cache lines costs two loads.
2. Each thread asks for its own, inside its block: nothing is shared, and the memory it had last is still in its cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.runtime import inner
from scratchnet.typing import Array

LINE = 64
"""Bytes of a cache line, and of the longest vector."""


@inner
def scratch(size: int, like: Array) -> Any:
    """A new array (size,), not filled, of the dtype of `like`."""
    never_inline()
    itemsize = like.itemsize
    memory = np.empty(size + LINE // itemsize, like.dtype)
    start = -memory.ctypes.data % LINE // itemsize
    return memory[start : start + size]


@inner
def zeros(size: int, like: Array) -> Any:
    """A new array (size,) of zeros, of the dtype of `like`."""
    never_inline()
    new = scratch(size, like)
    for i in range(size):
        new[i] = 0
    return new
