"""A copy of what a file is to hold, as it was at one instant: whatever trains meanwhile, the file is of one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scratchnet.graph.moments import between_steps
from scratchnet.graph.network import Network
from scratchnet.saving.model_file import FORMAT, file_bytes
from scratchnet.typing import Array


@dataclass(frozen=True)
class Snapshot:
    """What goes into a file: ``content``, ready for JSON, and ``tensors``, which nobody else has and changes."""

    content: Mapping[str, Any]
    tensors: Mapping[str, Array]
    form: str = FORMAT

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        return file_bytes(self.content, self.tensors, self.form)


@contextmanager
def one_instant(model: Network) -> Iterator[None]:
    """Let no batch run through the model while it is copied."""
    with between_steps(model.graph.flat.layers):
        yield


def copied(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return copies of arrays, by the same names."""
    return {name: array.copy() for name, array in arrays.items()}
