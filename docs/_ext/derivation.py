"""A source file, cut into derivations and the code that belongs to each, and the steps from one to the other.

Nothing is read but the file itself: ``ast`` says where a class begins and what its docstring is, ``tokenize`` which
lines carry ``# (3)`` in their comment.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

import formula
from cells import names_in
from prose import STEP

MARK = re.compile(r"\((\d{1,2})\)")
MARKS = re.compile(r"#\s*(?:\(\d{1,2}\)\s?)+")
"""The numbers at the beginning of a comment: shapes and years further on are none."""


@dataclass
class Derivation:
    """The docstring of a file or of a class, and the lines of code to its right."""

    name: str  # of the class; empty for the file's own
    docstring: str
    first: int  # the first line of the code
    last: int
    steps: list[int] = field(default_factory=list)
    lines: dict[int, list[int]] = field(default_factory=dict)
    """For each step the lines that are marked with it."""

    def step_id(self, step: int) -> str:
        """Return the anchor of a step."""
        return f"step-{self.name.lower()}-{step}" if self.name else f"step-{step}"

    def line_id(self, step: int, line: int) -> str:
        """Return the anchor of the mark of a step at a line."""
        return f"{self.step_id(step)}-line-{line}"


@dataclass
class Source:
    """A file: what it is called, its lines, and its derivations from top to bottom."""

    title: str
    lines: list[str]
    derivations: list[Derivation]
    marks: dict[int, dict[int, Derivation]]
    """For each marked line the steps, and whose they are."""
    names: set[str]
    hidden: set[int]
    """Lines of docstrings that stand to the left."""

    def faults(self) -> list[str]:
        """Return a sentence for each step without a line and each line without a step."""
        found = []
        for derivation in self.derivations:
            owner = derivation.name or "the file's docstring"
            for step in derivation.steps:
                if step not in derivation.lines:
                    found.append(f"Step ({step}) of {owner} has no line with the comment # ({step}).")
            for step, lines in derivation.lines.items():
                if step not in derivation.steps:
                    found.append(f"Line {lines[0]} is marked # ({step}), but {owner} has no step ({step}).")
        return found


def read(path: Path) -> Source:
    """Return a source file as its derivations and their code."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    whole = Derivation("", ast.get_docstring(tree) or "", 1, len(text.splitlines()))
    whole.steps = steps(whole.docstring)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and ast.get_docstring(node)]
    derived = any(steps(ast.get_docstring(node)) for node in classes)
    cut = [node for node in classes if steps(ast.get_docstring(node)) or (derived and not whole.steps)]
    own = [_of_class(node) for node in cut]
    source = Source(
        _title(whole, path), text.splitlines(), [whole, *own], {}, _names(tree), _docstring_lines(tree, cut)
    )
    for line, numbers in marks(text).items():
        owner = next((one for one in own if one.steps and one.first <= line <= one.last), whole)
        for step in numbers:
            owner.lines.setdefault(step, []).append(line)
            source.marks.setdefault(line, {})[step] = owner
    for one in source.derivations:
        source.names |= names_in(one.docstring)
    return source


def steps(docstring: str | None) -> list[int]:
    """Return the numbers of a docstring's steps, each once, in the order in which they first come up."""
    return list(dict.fromkeys(int(number) for number in STEP.findall(docstring or "")))


def marks(text: str) -> dict[int, list[int]]:
    """Return for each marked line the numbers at the beginning of its comment."""
    comments = (t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT)
    found = {t.start[0]: MARKS.match(t.string) for t in comments}
    return {line: [int(n) for n in MARK.findall(match[0])] for line, match in found.items() if match}


def _of_class(node: ast.ClassDef) -> Derivation:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    docstring = ast.get_docstring(node) or ""
    return Derivation(node.name, docstring, first, node.end_lineno or first, steps(docstring))


def _title(whole: Derivation, path: Path) -> str:
    """Return what the file is about: the word before the colon of its first line, else its own name."""
    head = whole.docstring.partition("\n")[0]
    word, colon, _ = head.partition(":")
    return word if colon and len(word) < 40 else path.stem.replace("_", " ").capitalize()


def _docstring_lines(tree: ast.Module, classes: list[ast.ClassDef]) -> set[int]:
    hidden: set[int] = set()
    for node in (tree, *classes):
        if ast.get_docstring(node):
            hidden.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return hidden


def _names(tree: ast.Module) -> set[str]:
    """Return the names of the code, and what it calls parameters, such as ``"kernel"``: they are names in formulas."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return {name.strip("_") for name in names} - formula.SHORT_WORDS
