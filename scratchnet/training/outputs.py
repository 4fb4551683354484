"""The outputs of a pass, gathered block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.typing import Array, Shape

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


class Outputs:
    """The outputs of all samples; each block comes to its final place at once, if their number is known."""

    def __init__(self, model: Network, count: int | None) -> None:
        self.known = count is not None
        self._wholes = [np.empty((count or 0, *_sizes(t.shape)), model.dtype) for t in model.outputs]
        self._blocks: list[list[Array]] = [[] for _ in model.outputs]
        self._filled = 0

    def add(self, outputs: Sequence[Array]) -> None:
        """Take copies of a block's outputs in."""
        size = len(outputs[0])
        place = slice(self._filled, self._filled + size)
        self._filled += size
        self.newest = [whole[place] for whole in self._wholes] if self.known else [np.empty_like(o) for o in outputs]
        for here, output, blocks in zip(self.newest, outputs, self._blocks):
            here[...] = output
            if not self.known:
                blocks.append(here)

    def all(self) -> list[Array]:
        """Return the outputs of all samples."""
        return self._wholes if self.known else [np.concatenate(blocks) for blocks in self._blocks]


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(n for n in shape[1:] if n is not None)
