"""Tables that break no word and no number, however narrow the terminal is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table


def fitting(console: Console, table: Table) -> RenderableType:
    """Return a table as it is; where it does not fit without breaking words, its rows one below the other instead.

    A row then begins with its first cell; below it stand the others that hold something, each with its column's title.
    """
    from rich.console import Group
    from rich.text import Text

    least = console.measure(table, options=console.options.update(width=10_000)).minimum
    if not console.is_terminal or least <= console.width:
        return table
    parts: list[RenderableType] = [Text(str(table.title), "italic")] if table.title else []
    titles = [_text(console, column.header) for column in table.columns]
    for row in zip(*(list(column.cells) for column in table.columns)):
        first, *others = (_text(console, cell) for cell in row)
        parts.append(Text(first.plain, "bold"))
        for title, cell in zip(titles[1:], others):
            if cell.plain.strip():
                parts.append(_indented(Text.assemble(title, ": " if title.plain else "", cell)))
    return Group(*parts, *([Text(str(table.caption), "dim")] if table.caption else []))


def _text(console: Console, cell: Any) -> Any:
    from rich.text import Text

    return cell.copy() if isinstance(cell, Text) else console.render_str(str(cell))


def _indented(text: Any) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 2))
