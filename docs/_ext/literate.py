"""Literate pages: for each file that derives something, the derivation to the left and the code to the right.

The pages are made from the source files alone, whenever the site is built: one stub each in ``docs/source`` (which Git
ignores) with the directive ``{literate}``, which reads the file and writes both columns.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import cells
import derivation
import prose
from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "scratchnet"
ROOMS = {
    "layers": ("Layers", "layers/*.py"),
    "activations": ("Activations", "activations/*.py"),
    "losses": ("Losses", "losses/*.py"),
    "optimizers": ("Optimizers", "optimizers/*.py"),
    "beside": ("Penalties and schedules", "*.py"),
}
LITERAL = re.compile(r"``(.+?)``")
log = logging.getLogger(__name__)


@cache  # each link of each page asks for them
def files(room: str) -> tuple[Path, ...]:
    """Return the files of a room that say what something computes: those whose docstring derives it, or hands it on."""
    found = []
    for path in sorted(PACKAGE.glob(ROOMS[room][1])):
        text = path.read_text(encoding="utf-8")
        derives = any(one.steps for one in derivation.read(path).derivations)
        if path.stem not in ("__init__", "arrays") and (derives or "def backward(" in text or "def update(" in text):
            found.append(path)
    return (*found, PACKAGE / "layers" / "windows.py") if room == "layers" else tuple(found)


def write_pages(app: Sphinx) -> None:
    """Write the stubs and the table of contents of each room, and remove what belongs to no file any more."""
    home = Path(app.srcdir) / "source"
    wanted = {home / "index.md": _index()}
    for room in ROOMS:
        for path in files(room):
            inside = path.relative_to(PACKAGE).as_posix()
            wanted[home / room / f"{path.stem}.md"] = f"```{{literate}} {inside}\n```\n"
    for page, text in wanted.items():
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    for page in home.rglob("*.md"):
        if page not in wanted:
            page.unlink()


def _index() -> str:
    parts = [(Path(__file__).parent / "literate.md").read_text(encoding="utf-8")]
    for room, (title, _) in ROOMS.items():
        entries = "\n".join(f"{room}/{path.stem}" for path in files(room))
        parts.append(f"## {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n")
    return "\n".join(parts)


class Literate(SphinxDirective):
    """``{literate} layers/dense.py``: the file's derivations and code, side by side."""

    required_arguments = 1
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the page."""
        path = PACKAGE / self.arguments[0]
        self.env.note_dependency(str(path))
        source = derivation.read(path)
        for fault in source.faults():
            log.warning("%s: %s", self.arguments[0], fault, type="literate")
        page = nodes.section(ids=["top"], names=["top"])
        page += nodes.title(text=source.title)
        page += nodes.paragraph("", "", nodes.literal(text=f"scratchnet/{self.arguments[0]}"), classes=["of-file"])
        for one in _in_order(source):
            page += self._columns(source, *one)
        return [page]

    def _columns(self, source: derivation.Source, own: derivation.Derivation | None, code: list[int]) -> nodes.Node:
        both = nodes.container(classes=["literate"] if own and own.docstring else ["literate", "code-only"])
        if own and own.docstring:
            left = nodes.container(classes=["derivation"])
            if own.name:
                left += nodes.rubric(text=own.name, classes=["of-class"])
            left += Column(source, own).blocks(prose.blocks(own.docstring))
            both += left
        both += nodes.raw("", code_html(source, code), format="html")
        return both


def _in_order(source: derivation.Source) -> list[tuple[derivation.Derivation | None, list[int]]]:
    """Return the derivations as they stand in the file, each with the numbers of the lines beside it."""
    whole, *own = source.derivations
    starts: list[tuple[int, derivation.Derivation | None]] = [(1, whole)]
    for one in own:
        starts += [(one.first, one), (one.last + 1, None)]
    found = []
    for (start, who), (end, _) in zip(starts, [*starts[1:], (len(source.lines) + 1, None)]):
        code = [line for line in range(start, end) if line not in source.hidden]
        while code and not source.lines[code[0] - 1].strip():
            del code[0]
        while code and not source.lines[code[-1] - 1].strip():
            del code[-1]
        if code:
            found.append((who, code))
    return found


class Column:
    """The left column: a docstring as nodes."""

    def __init__(self, source: derivation.Source, own: derivation.Derivation) -> None:
        self.source, self.own = source, own
        self.met: set[int] = set()

    def blocks(self, blocks: list[prose.Block]) -> list[nodes.Node]:
        """Return the nodes of some blocks."""
        return [getattr(self, f"_{type(block).__name__.lower()}")(block) for block in blocks]

    def _paragraph(self, block: prose.Paragraph) -> nodes.Node:
        return nodes.paragraph("", "", *self._text(block.text))

    def _bullets(self, block: prose.Bullets) -> nodes.Node:
        found = nodes.bullet_list()
        for item in block.items:
            found += nodes.list_item("", *self.blocks(item))
        return found

    def _section(self, block: prose.Section) -> nodes.Node:
        entries = nodes.definition_list()
        for name, text in block.entries:
            term = nodes.term("", "", nodes.literal(text=name or "…"))
            said = nodes.definition("", nodes.paragraph("", "", *self._text(text)))
            entries += nodes.definition_list_item("", term, said)
        return nodes.container("", nodes.rubric(text=block.title), entries, classes=["said-of"])

    def _formulas(self, block: prose.Formulas) -> nodes.Node:
        found = nodes.container(classes=["formulas"])
        for row in block.rows:
            line = nodes.container(classes=["formula-row"])
            for cell in row:
                made = nodes.inline(classes=["cell"])
                for piece in cells.pieces(cell, self.source.names):
                    made += self._piece(piece)
                line += nodes.paragraph("", "", made)
            found += line
        return found

    def _piece(self, piece: cells.Piece) -> list[nodes.Node]:
        if piece.kind == "tex":
            return [nodes.math(text=rf"\displaystyle {piece.text}")]
        if piece.kind == "typed":
            return [nodes.literal(text=piece.text)]
        return self._text(f"({piece.text})" if piece.kind == "step" else piece.text)

    def _text(self, text: str) -> list[nodes.Node]:
        """Return flowing text, in which ``code`` and the numbers of steps are found."""
        found: list[nodes.Node] = []
        for index, part in enumerate(LITERAL.split(text)):
            if index % 2:
                found.append(nodes.literal(text=part))
                continue
            at = 0
            for match in prose.STEP.finditer(part):
                found += [nodes.Text(part[at : match.start()]), nodes.raw("", self._step(int(match[1])), format="html")]
                at = match.end()
            found.append(nodes.Text(part[at:]))
        return found

    def _step(self, step: int) -> str:
        """Return the number of a step: at first it leads to its lines, later to where it came up first."""
        here, lines = self.own.step_id(step), self.own.lines.get(step, [])
        if step in self.met:
            return f'<a class="step again" href="#{here}">({step})</a>'
        self.met.add(step)
        links = [
            f'<a class="step" href="#{self.own.line_id(step, line)}" title="to line {line}">'
            f"{f'({step})' if index == 0 else f'<small>{line}</small>'}</a>"
            for index, line in enumerate(lines)
        ]
        return f'<span class="step-place" id="{here}">{" ".join(links) or f"({step})"}</span>'


def code_html(source: derivation.Source, numbers: list[int]) -> str:
    """Return lines of a file as HTML: each line an anchor, each mark a link back to its step."""
    coloured = highlight("\n".join(source.lines) + "\n", PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    lines = coloured.split("\n")
    made = []
    for number in numbers:
        line = lines[number - 1]
        for step, owner in source.marks.get(number, {}).items():
            link = f'<a class="step" id="{owner.line_id(step, number)}" href="#{owner.step_id(step)}"'
            line = line.replace(f"({step})", f'{link} title="to the derivation">({step})</a>', 1)
        marked = " marked" if number in source.marks else ""
        made.append(
            f'<span class="line{marked}" id="L{number}"><a class="number" href="#L{number}" tabindex="-1" '
            f'aria-hidden="true">{number}</a>{line}</span>'
        )
    label = escape(f"Code of {source.title}, lines {numbers[0]} to {numbers[-1]}")
    code = "\n".join(made)
    return f'<div class="source highlight"><pre tabindex="0" role="region" aria-label="{label}">{code}</pre></div>'


def widen(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Leave out the column of headings where a page needs the width and has none."""
    if page.startswith("source/") or page in ("explorer", "index"):
        context["theme_secondary_sidebar_items"] = []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and write the stubs before Sphinx looks for documents.

    Pages are not written in parallel: KaTeX's server, which draws the formulas, speaks to one process.
    """
    app.add_directive("literate", Literate)
    app.connect("builder-inited", write_pages)
    app.connect("html-page-context", widen, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
