"""Tables that break no word and no number, however narrow the terminal is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scratchnet.utils.terminal import cells

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table


def fitting(console: Console, table: Table) -> RenderableType:
    """Return a table as it is; where it does not fit without breaking words, its rows one below the other instead.

    A row then begins with its first cell; below it stand the others that hold something, each with its column's title.
    """
    from rich.console import Group
    from rich.text import Text

    columns = [[_text(console, cell) for cell in (column.header, *column.cells)] for column in table.columns]
    least = [max(cells(word) for text in column for word in text.plain.split() or [""]) for column in columns]
    most = [max(cells(line) for text in column for line in text.plain.split("\n")) for column in columns]
    room = console.width - (console.measure(table, options=console.options.update(width=10_000)).maximum - sum(most))
    if not console.is_terminal or sum(most) <= room:
        return table
    if sum(least) <= room:
        for column, width in zip(table.columns, _shared(least, most, room)):
            column.width = width
        return table
    parts: list[RenderableType] = [Text(str(table.title), "italic")] if table.title else []
    titles = [column[0] for column in columns]
    for row in zip(*(column[1:] for column in columns)):
        first, *others = row
        parts.append(Text(first.plain, "bold"))
        for title, cell in zip(titles[1:], others):
            if cell.plain.strip():
                parts.append(_indented(Text.assemble(title, ": " if title.plain else "", cell)))
    return Group(*parts, *([Text(str(table.caption), "dim")] if table.caption else []))


def _shared(least: list[int], most: list[int], room: int) -> list[int]:
    """Return widths of columns that fill the room, each between what it must have and what it can use."""
    widths = list(least)
    while sum(widths) < room:
        wanting = [i for i in range(len(widths)) if widths[i] < most[i]]
        if not wanting:
            break
        widths[max(wanting, key=lambda i: most[i] - widths[i])] += 1
    return widths


def _text(console: Console, cell: Any) -> Any:
    from rich.text import Text

    return cell.copy() if isinstance(cell, Text) else console.render_str(str(cell))


def _indented(text: Any) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 2))
