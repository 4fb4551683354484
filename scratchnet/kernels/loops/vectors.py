"""The smallest loops, which all others use: fill, copy and add rows of numbers, and sum up what blocks have found.

1. `no_overlap` promises LLVM that the arrays are apart from each other, so each loop becomes one of vectors, with no
   test for that before it.
2. A sum over samples is cut into BLOCKS parts, whatever the number of threads. Each block adds up its own; the blocks
   are then summed in their order, so threads change no bit.
3. Where rows are short, several are taken as one long row, and what belongs to a channel is repeated along it: vectors
   are filled, and a sum over rows does not wait for the same few numbers again and again.
"""

from __future__ import annotations

from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.typing import Array

BLOCKS = 16
"""Into how many parts a sum over the samples of a batch is cut at most."""
LONG = 256
"""Numbers of a long row at most, unless there are more channels."""


def long_row(rows: int, C: int) -> int:
    """How many numbers a long row has: whole rows of C numbers that divide the `rows` of a sample."""
    return C * max(n for n in range(1, max(LONG // max(C, 1), 1) + 1) if rows % n == 0)


@inner
def blocks_of(samples: int) -> int:
    """Into how many blocks a sum over samples is cut. Without samples it is one, which adds up nothing."""
    return max(1, min(BLOCKS, samples))


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
def repeated(numbers: Array, W: int) -> Array:
    """The numbers (C,) again and again, to a long row (W,)."""
    never_inline()
    C, out = numbers.size, scratch(W, numbers)
    for start in range(0, W, C):
        copy_to(out[start : start + C], numbers)
    return out


@inner
def sum_blocks(partial: Array, blocks: int, out: Array) -> None:
    """`out` = the sum over the blocks of partial (blocks, out.size), in the order of the blocks."""
    copy_to(out, partial[: out.size])
    for block in range(1, blocks):
        add_to(out, partial[block * out.size : (block + 1) * out.size])


@inner
def sum_gradients(partial: Array, blocks: int, dkernel: Array, dbias: Array) -> None:
    """dbias and dkernel = the sums over the blocks of `partial`, where each has the one and then the other."""
    length, F = partial.size // BLOCKS, dbias.size
    total = scratch(length, partial)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    copy_to(dkernel, total[F : F + dkernel.size])
