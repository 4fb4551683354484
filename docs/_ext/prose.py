"""Our docstrings, cut into blocks: paragraphs, bullets, formulas, and sections such as ``Args:``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

STEP = re.compile(r"(?<!\S)\((\d{1,2})\)(?=[\s.,:;]|$)")
"""``(3)``, the number of a step, but neither a year nor an argument."""
SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields|Source|Sources|Example|Note):$")
BULLET = re.compile(r"- ")


@dataclass
class Paragraph:
    """Text that flows."""

    text: str


@dataclass
class Formulas:
    """Lines that stand as they are: each a row of cells, which two blanks and more set apart."""

    rows: list[list[str]]
    lines: list[str]


@dataclass
class Bullets:
    """A list; each of its items is a row of blocks."""

    items: list[list[Block]] = field(default_factory=list)


@dataclass
class Section:
    """What stands indented under ``Args:`` and the like: a list of names, and what is said of each."""

    title: str
    entries: list[tuple[str, str]]


Block = Paragraph | Formulas | Bullets | Section


def blocks(docstring: str) -> list[Block]:
    """Return the blocks of a docstring."""
    return _blocks(inspect.cleandoc(docstring).splitlines())


def _blocks(lines: list[str]) -> list[Block]:
    found: list[Block] = []
    for chunk in _chunks(lines):
        first = chunk[0]
        if SECTION.match(first) and len(chunk) > 1:
            found.append(Section(first[:-1], _entries(chunk[1:])))
        elif BULLET.match(first):
            if not (found and isinstance(found[-1], Bullets)):
                found.append(Bullets())
            found[-1].items.extend(_items(chunk))  # type: ignore[union-attr]
        elif first.startswith("  ") and found and isinstance(found[-1], Bullets):
            found[-1].items[-1].extend(_blocks([line[2:] for line in chunk]))
        elif first.startswith("   "):
            found.append(_formulas(chunk))
        else:
            found.extend(_paragraphs(chunk))
    return found


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            chunk.append(line)
        elif chunk:
            yield chunk
            chunk = []


def _paragraphs(chunk: list[str]) -> Iterator[Block]:
    """Yield a paragraph; formulas that follow it without an empty line are formulas all the same."""
    text = list(takewhile(lambda line: not line.startswith("    "), chunk))
    flowing: list[str] = []
    for line in text:
        flowing.append(line.strip())
        if re.search(r"\s{3,}\(\d+\)$", line):  # a step at the margin ends a paragraph
            yield Paragraph(" ".join(flowing))
            flowing = []
    if flowing:
        yield Paragraph(" ".join(flowing))
    if rest := chunk[len(text) :]:
        yield _formulas(rest)


def _items(chunk: list[str]) -> Iterator[list[Block]]:
    starts = [i for i, line in enumerate(chunk) if BULLET.match(line)]
    for start, end in zip(starts, [*starts[1:], len(chunk)]):
        yield _blocks([line[2:] for line in chunk[start:end]])


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    depth = len(lines[0]) - len(lines[0].lstrip())
    entries: list[tuple[str, str]] = []
    for line in lines:
        if len(line) - len(line.lstrip()) == depth and (match := re.match(r"([^:]+): (.*)", line.strip())):
            entries.append((match[1], match[2]))
        elif entries:
            entries[-1] = (entries[-1][0], f"{entries[-1][1]} {line.strip()}")
        else:
            entries.append(("", line.strip()))
    return entries


def _formulas(lines: list[str]) -> Formulas:
    depth = min(len(line) - len(line.lstrip()) for line in lines)
    lines = [line[depth:].rstrip() for line in lines]
    joined: list[str] = []
    for line in lines:
        if joined and line.startswith(" ") and STEP.match(joined[-1]):  # a sentence that goes on
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return Formulas([cells(line) for line in joined], lines)


def cells(line: str) -> list[str]:
    """Cut a line where two blanks and more stand outside of brackets and not beside an equals sign."""
    found, depth, start = [], 0, 0
    for gap in re.finditer(r"\s{2,}|[(\[{]|[)\]}]|$", line):
        if gap[0] and not gap[0].isspace():
            depth += 1 if gap[0] in "([{" else -1
        elif depth == 0 and not (gap[0] and line[: gap.start()].endswith(("=", "←"))):
            found.append(line[start : gap.start()].strip())
            start = gap.end()
    return [cell for cell in found if cell]
