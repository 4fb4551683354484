"""Gathering a batch: rows of a data set in any order, cast and scaled on the way, with no copy of the data set.

1. One pass: uint8 pixels become float32 numbers in 0...1 as they are copied; the data set itself stays as it is.
2. Rows are divided among threads: a random row is a cache miss, and two cores wait for two at a time.
"""

from __future__ import annotations

from typing import Any

from numba import prange

from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _scaled(x: Array, scale: Any, offset: Any, out: Array) -> None:
    no_overlap()
    for i in range(out.size):
        out[i] = out.dtype.type(x[i]) * scale + offset


@inner
def _plain(x: Array, out: Array) -> None:
    no_overlap()
    for i in range(out.size):
        out[i] = x[i]


@kernel(parallel=True)
def _gather(
    x: Array, rows: int, indices: Array, size: int, scale: float, offset: float, plain: bool, out: Array
) -> bool:
    """Return whether all indices lie in the data set; copy nothing if not."""
    for n in range(indices.size):
        if not 0 <= indices[n] < rows:
            return False
    s, o = out.dtype.type(scale), out.dtype.type(offset)
    for n in prange(indices.size):
        row, to = x[indices[n] * size : (indices[n] + 1) * size], out[n * size : (n + 1) * size]
        if plain:
            _plain(row, to)
        else:
            _scaled(row, s, o, to)
    return True


def gather(x: Array, indices: Array, out: Array, scale: float = 1.0, offset: float = 0.0) -> Array:
    """Fill `out` (N, ...) with ``x[indices] * scale + offset`` in `out`'s dtype, and return it.

    Args:
        x: the data set (M, ...), C-contiguous, of any integer or float dtype.
        indices: int64 (N,), each in 0...M-1.
        out: C-contiguous, float32 or float64, with the shape of ``x[indices]``.
        scale, offset: as a Rescaling layer has them; cast to `out`'s dtype first.

    Raises:
        IndexError: an index lies outside the data set.
        ValueError: shapes do not fit together, or an array is not C-contiguous.
    """
    if out.shape != (len(indices), *x.shape[1:]):
        raise ValueError(f"gather expected an out of shape {(len(indices), *x.shape[1:])}, got {out.shape}.")
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        raise ValueError("gather expected C-contiguous arrays; copy them with np.ascontiguousarray first.")
    if len(indices) == 0:
        return out
    plain = scale == 1 and offset == 0
    if not _gather(x.reshape(-1), len(x), indices, out.size // len(indices), scale, offset, plain, out.reshape(-1)):
        raise IndexError(f"gather expected indices in 0...{len(x) - 1}, got {indices.min()} to {indices.max()}.")
    return out
