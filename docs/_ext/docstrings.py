"""Docstrings for the API pages: the same text in reStructuredText, so that derivations keep their columns."""

from __future__ import annotations

import re
from typing import Any

import prose
from sphinx.application import Sphinx

LITERAL = re.compile(r"(``.+?``)")
SPECIAL = re.compile(r"([\\*`|_])")


def escaped(text: str) -> str:
    """Return text in which no letter means anything to reStructuredText, but for ``code``."""
    parts = LITERAL.split(text)
    return "".join(part if index % 2 else SPECIAL.sub(r"\\\1", part) for index, part in enumerate(parts))


def restructured(blocks: list[prose.Block]) -> list[str]:
    """Return blocks as lines of reStructuredText, the sections as Napoleon reads them."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, prose.Paragraph):
            lines += [escaped(block.text), ""]
        elif isinstance(block, prose.Formulas):
            lines += ["::", "", *(f"    {line}" for line in block.lines), ""]
        elif isinstance(block, prose.Bullets):
            for item in block.items:
                first, *rest = restructured(item)
                lines += [f"* {first}", *(f"  {line}" if line else "" for line in rest)]
            lines.append("")
        else:
            lines += [f"{block.title}:"]
            for name, text in block.entries:
                lines.append(f"    {name}: {escaped(text)}" if name else f"    {escaped(text)}")
            lines.append("")
    return lines


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Replace the lines of a docstring, before Napoleon sees them."""
    if what == "module":
        lines[:] = lines[:1]  # the page says the rest in its own words
    lines[:] = restructured(prose.blocks("\n".join(lines)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before Napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", process, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
