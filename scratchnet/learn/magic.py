"""Exercises in a notebook: ``%load_ext scratchnet.learn``, then ``%%exercise dense-dw`` above the cell.

The cell goes into the same file that an editor would open, so that notebook and terminal are one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ScratchnetError

if TYPE_CHECKING:
    from scratchnet.learn.report import Report


def register(shell: Any) -> None:
    """Add ``%exercise`` and ``%%exercise`` to an IPython shell."""
    shell.register_magic_function(lambda line, cell=None: exercise(shell, line, cell), "line_cell", "exercise")


def exercise(shell: Any, line: str, cell: str | None) -> None:
    """Write the cell to the exercise's file, grade it and show the report; without a cell, bring the file here."""
    try:
        report = _graded(shell, line.strip(), cell)
    except (ScratchnetError, ValueError) as error:
        print(error)
        return
    if report is not None:
        print(report)
        _show_picture(report)


def _graded(shell: Any, name: str, cell: str | None) -> Report | None:
    from scratchnet.learn.catalogue import find
    from scratchnet.learn.folder import nearest

    folder = nearest(Path.cwd())
    name = find(name or folder.current() or "").name
    path = folder.file(name)
    if cell is None or not cell.strip():
        text = path.read_text(encoding="utf-8") if path.is_file() else find(name).stub
        shell.set_next_input(f"%%exercise {name}\n{text}")
        return None
    folder.write(name, cell)
    return folder.check(name)


def _show_picture(report: Report) -> None:
    """Show where an output is wrong, if it is an array."""
    if report.difference is None or not report.difference.wrong.ndim:
        return
    from IPython.display import Image, display

    from scratchnet.learn.picture import draw

    png = io.BytesIO()  # a figure that pyplot knows nothing of is shown by no notebook
    draw(report.difference).savefig(png, format="png", dpi=100)
    display(Image(data=png.getvalue()))
