"""The chapters of docs/chapters run from top to bottom, and what their prose says is what their cells compute."""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

import jupytext
import pytest
from threadpoolctl import threadpool_limits

from scratchnet.learn.catalogue import NAMES
from tests.docs.claims import claims, unclaimed

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "docs" / "chapters").glob("[0-9]*.md"))
BY_HAND = ("02", "06", "08")
"""The chapters in which no number may stand in the prose that is not computed on the page."""

by_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path: Path) -> list[Any]:
    return jupytext.read(path, fmt="md:myst").cells


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")


def exercises(path: Path) -> list[str]:
    """Return the exercises that a chapter ends in."""
    _, _, end = prose(path).partition("\n## Exercises\n")
    return re.findall(r"^- `([a-z0-9-]+)`", end, flags=re.MULTILINE)


@pytest.mark.filterwarnings("ignore:.*non-interactive.*:UserWarning")
@by_chapter
def test_a_chapter_runs_and_its_prose_says_what_it_computes(path: Path) -> None:
    import matplotlib.pyplot as plt

    scope: dict[str, Any] = {"__name__": "__main__"}
    checked = 0
    with threadpool_limits(1):  # what a chapter sets is undone at the end
        for number, cell in enumerate(cells(path)):
            if cell.cell_type == "code":
                run(cell.source, f"{path.name}, cell {number}", scope)
            for claim in claims(cell.source) if cell.cell_type == "markdown" else ():
                claim.check(scope)
                checked += 1
    plt.close("all")
    assert checked > 0 or path.stem[:2] not in BY_HAND


def run(source: str, name: str, scope: dict[str, Any]) -> None:
    """Run a cell as a notebook does, and show the value of its last expression as it would."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*non-interactive")
        exec(compile(tree, name, "exec"), scope)
        if last is not None:
            repr(eval(compile(ast.Expression(last.value), name, "eval"), scope))


@by_chapter
def test_a_chapter_has_a_title_a_kernel_and_exercises_that_there_are(path: Path) -> None:
    metadata = jupytext.read(path, fmt="md:myst").metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert prose(path).startswith(f"# {metadata['title']}\n")
    assert exercises(path)
    assert set(exercises(path)) <= set(NAMES)


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.stem[:2] in BY_HAND], ids=lambda path: path.stem)
def test_no_number_of_a_chapter_by_hand_is_typed_only(path: Path) -> None:
    assert unclaimed(prose(path)) == []


def test_every_exercise_belongs_to_a_chapter() -> None:
    assert sorted({name for path in CHAPTERS for name in exercises(path)}) == sorted(NAMES)


def test_the_chapters_are_numbered_from_one_to_twelve() -> None:
    assert [path.stem[:2] for path in CHAPTERS] == [f"{n:02}" for n in range(1, 13)]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("`z` = 1·2 + ½ = 2.5, and on", True),
        ("`z` = 2.5.", True),
        ("(`z` = 5/2)", True),
        ("`z` ≈ 3", True),
        ("`z / 3` ≈ 0.83 and so", True),
        ("`z / 100` ≈ 2.5%", True),
        ("`1000 * z` = 2,500", True),
        ("`z` = √(6.25) = 2.5", True),
        ("`z` = 1·2 + 1 = 2.5", False),
        ("`z` = 2.4", False),
        ("`z / 3` ≈ 0.84", False),
    ],
)
def test_an_equation_in_prose_is_compared(text: str, right: bool) -> None:
    (claim,) = claims(text)
    if right:
        claim.check({"z": 2.5})
    else:
        with pytest.raises(AssertionError, match="it is"):
            claim.check({"z": 2.5})


def test_a_number_that_nothing_computes_is_found() -> None:
    assert unclaimed("`z` = 2.5 and 3.5, with `w` = 3 or `0.7`, on 3 × 3 pixels") == ["`z` = 2.5 and 3.5, with `w`"]
    assert unclaimed("so y = 4 now") == ["so y = 4 now"]
