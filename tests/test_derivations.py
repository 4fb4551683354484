"""Every numbered step of a derivation leads to a line of code, and every number at a line to its step."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import scratchnet

ROOT = Path(scratchnet.__file__).parent
FILES = sorted(
    path
    for pattern in ("layers/*.py", "activations/*.py", "regularizers.py", "losses/*.py", "optimizers/*.py")
    for path in ROOT.glob(pattern)
)
UNDERIVED = {"activation.py", "function.py", "input_layer.py", "layer.py", "loss.py", "functions.py"}
"""Files with a forward and a backward that only hand on to what is derived elsewhere."""


def steps(docstring: str | None) -> set[int]:
    """Return the numbers in brackets: ``(1)``, but no year of a paper."""
    return {int(n) for n in re.findall(r"\s\((\d{1,2})\)(?=[\s.,:;]|$)", docstring or "")}


def marks(source: str) -> dict[int, list[int]]:
    """Return for each line the numbers in its comment."""
    comments = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT]
    return {t.start[0]: [int(n) for n in re.findall(r"\((\d{1,2})\)", t.string[:14])] for t in comments}


def compared(source: str) -> list[tuple[str, set[int], list[int]]]:
    """Return for the module, and each class with steps of its own: its name, the steps, and the marks in its lines.

    What a module derives for several classes may be marked once in each of them.
    """
    tree, marked, found = ast.parse(source), marks(source), []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and (own := steps(ast.get_docstring(node))):
            lines = [line for line in marked if node.lineno <= line <= (node.end_lineno or 0)]
            found.append((node.name, own, [n for line in lines for n in marked.pop(line)]))
    whole: list[int] = []
    for node in tree.body:
        lines = [line for line in marked if node.lineno <= line <= (node.end_lineno or 0)]
        here = [n for line in lines for n in marked.pop(line)]
        assert len(here) == len(set(here)), f"{here}: a step leads to one line of a class"
        whole += here
    return [*found, ("module", steps(ast.get_docstring(tree)), sorted(set(whole)))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_steps_and_lines_belong_together_one_to_one(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    found = compared(source)
    for name, wanted, marked in found:
        assert sorted(marked) == sorted(wanted), name
    derives = "def forward" in source and "def backward" in source and path.name not in UNDERIVED
    assert any(wanted for _, wanted, _ in found) or not derives


def test_a_step_without_its_line_and_a_line_without_its_step_are_seen() -> None:
    source = '"""y = 2x (1) and dx = 2dy (2)."""\n\n\nclass A:\n    def f(self):\n        return 2  # (1)\n'
    assert compared(source) == [("module", {1, 2}, [1])]
    assert compared(source.replace("# (1)", "# (3)")) == [("module", {1, 2}, [3])]
