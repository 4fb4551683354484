"""Learning by doing: exercises, what grades them, and the catalogue of mistakes, which tells which of them code makes.

``scratchnet learn`` in a terminal; ``%load_ext scratchnet.learn`` in a notebook.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Add ``%%exercise`` to a notebook."""
    from scratchnet.learn.magic import register

    register(shell)
