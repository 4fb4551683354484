"""Every numbered step of every derivation has its line, and every mark at a line its step: in all files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

derivation = pytest.importorskip("derivation")
prose = pytest.importorskip("prose")

ROOT = Path(__file__).parents[2]
ROOMS = ("layers", "activations", "losses", "optimizers", ".")
FILES = [path for room in ROOMS for path in sorted((ROOT / "scratchnet" / room).glob("*.py"))]
by_file = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def faults_of(text: str, folder: Path) -> list[str]:
    file = folder / "changed.py"
    file.write_text(text, encoding="utf-8")
    return derivation.read(file).faults()


@by_file
def test_steps_and_lines_belong_together(path: Path) -> None:
    assert derivation.read(path).faults() == []


@by_file
def test_without_any_one_of_its_lines_or_steps_a_file_is_at_fault(path: Path, tmp_path: Path) -> None:
    source = derivation.read(path)
    text = path.read_text(encoding="utf-8")
    for own in source.derivations:
        for step, lines in own.lines.items():
            unmarked = [*source.lines]
            for line in lines:
                unmarked[line - 1] = (
                    unmarked[line - 1].replace(f"({step})", "", 1) if "# (" in unmarked[line - 1] else ""
                )
            assert faults_of("\n".join(unmarked), tmp_path), f"the mark ({step})"
            docstring = re.sub(rf"(?<!\S)\({step}\)(?=[\s.,:;]|$)", "…", own.docstring)
            assert faults_of(text.replace(_as_written(text, own.docstring), docstring), tmp_path), f"the step ({step})"


def _as_written(text: str, docstring: str) -> str:
    """Return the part of the file between the first and the last words of a docstring, and check that it is the one."""
    lines = docstring.splitlines()
    start = text.index(lines[0])
    end = text.index(lines[-1].strip(), start) + len(lines[-1].strip())
    while len(text[start:end].splitlines()) < len(lines):
        end = text.index(lines[-1].strip(), end) + len(lines[-1].strip())
    return text[start:end]


def test_a_step_that_only_a_line_has_is_a_fault_and_one_that_only_the_text_has(tmp_path: Path) -> None:
    text = '"""A: y = 2x (1).\n"""\n\n\ndef f(x):\n    return 2 * x  # (1)\n'
    assert faults_of(text, tmp_path) == []
    assert faults_of(text.replace("# (1)", "# (2)"), tmp_path) == [
        "Step (1) of the file's docstring has no line with the comment # (1).",
        "Line 6 is marked # (2), but the file's docstring has no step (2).",
    ]


def test_a_class_with_steps_of_its_own_has_lines_of_its_own(tmp_path: Path) -> None:
    text = 'class A:\n    """y = x (1)."""\n\n    y = 1  # (1)\n\n\nclass B:\n    """y = x (1)."""\n\n    y = 2\n'
    assert faults_of(text, tmp_path) == ["Step (1) of B has no line with the comment # (1)."]


def test_years_and_shapes_are_no_steps() -> None:
    assert derivation.steps("As in Keras (2015), x (3) of f(2) is (1, 2).") == [3]
    assert derivation.marks("a = 1  # (2) (5) of shape (3, 4), (7)\nb = 2  # why (1)\n") == {1: [2, 5]}


def test_a_docstring_is_cut_into_its_blocks() -> None:
    found = prose.blocks(
        "First line.\n\nText that\nflows:\n\n    a = b   (1)\n    c       (2)\n\n- one\n\n      d = e\n\n"
        "- two\n  lines\n\nArgs:\n    x: a number, on\n        two lines.\n"
    )
    assert [type(block).__name__ for block in found] == ["Paragraph", "Paragraph", "Formulas", "Bullets", "Section"]
    assert found[1].text == "Text that flows:"
    assert found[2].rows == [["a = b", "(1)"], ["c", "(2)"]]
    assert [[type(block).__name__ for block in item] for item in found[3].items] == [
        ["Paragraph", "Formulas"],
        ["Paragraph"],
    ]
    assert found[4].entries == [("x", "a number, on two lines.")]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a = (  0·b  - c) / d   (1)", ["a = (  0·b  - c) / d", "(1)"]),
        ("a =    - b", ["a =    - b"]),
        ("f(x)  as matrices   x·y", ["f(x)", "as matrices", "x·y"]),
    ],
)
def test_a_line_is_cut_where_it_has_room_and_no_bracket_is_open(line: str, cells: list[str]) -> None:
    assert prose.cells(line) == cells
