"""The smallest loops, which all others use: fill, copy and add rows of numbers, and sum up what blocks have found.

1. `no_overlap` promises LLVM that the arrays are apart from each other, so each loop becomes one of vectors, with no
   test for that before it.
2. A sum over samples is cut into BLOCKS parts, whatever the number of threads. Each block adds up its own; the blocks
   are then summed in their order, so threads change no bit.
"""

from __future__ import annotations

from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner
from scratchnet.typing import Array

BLOCKS = 16
"""Into how many parts a sum over the samples of a batch is cut at most."""


@inner
def fill(out: Array) -> None:
    """Set all of `out` to 0."""
    never_inline()
    for i in range(out.size):
        out[i] = 0


@inner
def copy_to(out: Array, x: Array) -> None:
    """Copy x to `out`, an array apart from it."""
    never_inline()
    no_overlap()
    for i in range(out.size):
        out[i] = x[i]


@inner
def add_to(out: Array, x: Array) -> None:
    """Add x to `out`, an array apart from it."""
    no_overlap()
    for i in range(out.size):
        out[i] += x[i]


@inner
def sum_blocks(partial: Array, blocks: int, out: Array) -> None:
    """`out` = the sum over the blocks of partial (blocks, out.size), in the order of the blocks."""
    copy_to(out, partial[: out.size])
    for block in range(1, blocks):
        add_to(out, partial[block * out.size : (block + 1) * out.size])
