"""The chapters of docs/chapters say in their prose what their cells compute: ``docs/_ext/claims.py`` holds them to it.

They run when the site is built, of which every page that a test looks at is a part.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import jupytext
import pytest
from claims import claims, unclaimed, with_checks

from scratchnet.learn.catalogue import NAMES

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


@by_chapter
def test_a_chapter_has_a_title_a_kernel_and_exercises_that_there_are(path: Path) -> None:
    metadata = jupytext.read(path, fmt="md:myst").metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert prose(path).startswith(f"# {metadata['title']}\n")
    assert exercises(path)
    assert set(exercises(path)) <= set(NAMES)


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.stem[:2] in BY_HAND], ids=lambda path: path.stem)
def test_no_number_of_a_chapter_by_hand_is_typed_only(path: Path) -> None:
    assert any(claims(prose(path)))
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


CHAPTER = """---
title: A chapter
---
Before.

```{code-cell} ipython3
z = 2
```

So `z` = 2, and

```python
z = 1  # is no cell
```

then `2 * z` = 4:

```{code-cell} ipython3
:tags: [hide-input]

z = 3
```

Now `z` = 1 + 2.
"""


def run(chapter: str) -> dict[str, Any]:
    """Run all cells of a chapter, one after the other, and return what they have made."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in jupytext.reads(with_checks(chapter), fmt="md:myst").cells:
            if cell.cell_type == "code":
                exec(cell.source, scope)
    return scope


def test_prose_is_checked_where_it_stands() -> None:
    assert run(CHAPTER)["z"] == 3
    for right, wrong in (("`z` = 2", "`z` = 3"), ("`2 * z` = 4", "`2 * z` = 6"), ("`z` = 1 + 2", "`z` = 1 + 1")):
        with pytest.raises(AssertionError, match="it is"):
            run(CHAPTER.replace(right, wrong))


def test_a_cell_that_warns_ends_it() -> None:
    with pytest.raises(UserWarning, match="odd"):
        run(CHAPTER.replace("z = 3", "import warnings\nwarnings.warn('odd')"))


def test_checks_are_hidden_and_change_nothing_else() -> None:
    before, after = (jupytext.reads(text, fmt="md:myst").cells for text in (CHAPTER, with_checks(CHAPTER)))
    shown = [cell for cell in after if "remove-cell" not in cell.metadata.get("tags", [])]
    assert [(cell.cell_type, cell.source) for cell in shown] == [(cell.cell_type, cell.source) for cell in before]
    assert len(after) == len(before) + 3


def test_a_number_that_nothing_computes_is_found() -> None:
    assert unclaimed("`z` = 2.5 and 3.5, with `w` = 3 or `0.7`, on 3 × 3 pixels") == ["`z` = 2.5 and 3.5, with `w`"]
    assert unclaimed("so y = 4 now") == ["so y = 4 now"]
