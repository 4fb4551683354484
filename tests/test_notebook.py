"""The course notebook, run cell by cell with `import scratchnet as keras` in place of its imports.

The notebook is not part of this repository. Where it lies beside the checkout, or where SCRATCHNET_NOTEBOOK says, the
code cells of that very file are run on the full data set; their printed tables, shapes and counts must be the ones
printed there, and the networks must reach its accuracy.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import pytest

import scratchnet as keras
from scratchnet.datasets import fashion_mnist

NOTEBOOK = Path(
    os.environ.get("SCRATCHNET_NOTEBOOK", Path(__file__).parents[2] / "shared/course/image_classification.md")
)


class Cell(NamedTuple):
    code: str
    output: str


def cells_of(text: str) -> list[Cell]:
    """Return the code cells of a notebook in Markdown, each with what was printed below it."""
    parts = re.split(r"^```python\n", text, flags=re.MULTILINE)[1:]
    cells = []
    for part in parts:
        code, _, rest = part.partition("\n```")
        cells.append(Cell(code, "\n".join(re.findall(r"<pre>(.*?)</pre>", rest, flags=re.DOTALL))))
    return cells


def run(code: str, scope: dict[str, Any]) -> str:
    """Run a cell as a notebook does: return what it prints, and the value of its last expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), scope)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), scope)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


# What stands in place of the notebook's first cell, the one thing about it that changes.
IMPORTS = """
import scratchnet as keras
import numpy as np
import matplotlib.pyplot as plt
keras.utils.set_random_seed(42)
"""


def table_of(text: str) -> list[str]:
    """Return the lines of summary tables, without blanks at their ends."""
    wanted = re.compile(r"[┏┃┡│├└]|.* params:|Model:")
    lines = [re.sub("<.*?>", "", line).rstrip() for line in text.splitlines()]
    return [line for line in lines if wanted.match(line)]


def digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)


@pytest.mark.skipif(not NOTEBOOK.is_file(), reason="the course notebook is not beside this checkout")
def test_every_cell_runs_unchanged_and_prints_what_is_printed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    if fashion_mnist.locate() is None:
        pytest.skip("the full data set is not on this machine: run `scratchnet data fetch`")
    mpl.use("Agg")
    monkeypatch.setenv("COLUMNS", "120")
    keras.utils.clear_session()
    scope: dict[str, Any] = {}
    accuracies = []
    for number, cell in enumerate(cells_of(NOTEBOOK.read_text(encoding="utf-8"))):
        printed = run(IMPORTS if number == 0 else cell.code, scope)
        if "summary()" in cell.code:
            assert table_of(printed) == table_of(cell.output)
        elif ".fit(" in cell.code:
            steps = re.findall(r"^(\d+/\d+) ━{20} ", printed, flags=re.MULTILINE)
            assert steps == re.findall(r"^(\d+/\d+) ━{20} ", cell.output, flags=re.MULTILINE)
            assert re.findall(r"Epoch \d+/\d+", printed) == re.findall(r"Epoch \d+/\d+", cell.output)
            assert "callbacks" in printed.splitlines()[-1]
            assert "History" in printed.splitlines()[-1]
        elif ".evaluate(" in cell.code:
            assert printed.startswith("313/313 ")
            accuracies.append(scope["model"].evaluate(scope["x_test"], scope["y_test"], verbose=0)[1])
        elif "load_data" not in cell.code:
            assert digits(printed) == digits(cell.output)
    mpl.pyplot.close("all")
    mlp, cnn = accuracies
    assert mlp >= 0.865
    assert cnn >= 0.895
