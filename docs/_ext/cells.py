"""What a cell of a formula line is made of: formulas, words beside them, and what stays as it was typed."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

import formula
from prose import STEP

CONNECTIVES = "and|else|for|if|of|otherwise|over|since|when|where|which|with"
WORDS_BEHIND = re.compile(rf"(?P<formula>.+?)(?P<words>,? (?:{CONNECTIVES})\b.*)$")
WORDS_BEFORE = re.compile(r"(?P<words>(?:[a-z]+ )+)(?P<formula>.+)$")
DEFINED = re.compile(r"([A-Za-z][A-Za-z_0-9]*)(?= ?[\[=←])")


class Piece(NamedTuple):
    """A piece of a cell: TeX, plain words, text to be set in a typewriter's letters, or the number of a step."""

    kind: Literal["tex", "words", "typed", "step"]
    text: str


def pieces(cell: str, names: Collection[str]) -> list[Piece]:
    """Return what a cell consists of, in order.

    Args:
        cell: part of a line, such as ``δ sign e otherwise``.
        names: the words that are names in formulas here.
    """
    if step := STEP.fullmatch(cell):
        return [Piece("step", step[1])]
    if tex := formula.to_tex(cell, names):
        return [Piece("tex", tex)]
    found = WORDS_BEHIND.match(cell)
    if found and not found["formula"].isalpha() and (tex := formula.to_tex(found["formula"], names)):
        return [Piece("tex", tex), *_words(found["words"].strip(), names)]
    if (found := WORDS_BEFORE.match(cell)) and (tex := formula.to_tex(found["formula"], names)):
        return [Piece("words", found["words"]), Piece("tex", tex)]
    if " → " in cell:
        first, *others = cell.split(" → ")
        return [*pieces(first, names), *(piece for one in others for piece in (ARROW, *pieces(one, names)))]
    return _words(cell, names)


ARROW = Piece("tex", r"\;\rightarrow\;")


def _words(text: str, names: Collection[str]) -> list[Piece]:
    """Return words as words, if there are enough of them and no formula is hidden among them."""
    plain = [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in names]
    formal = re.search(r"[Σ√·=←\[]", text)
    return [Piece("words" if plain and (not formal or len(plain) > 4) else "typed", text)]


def names_in(docstring: str) -> set[str]:
    """Return the words that a docstring itself uses as names: before an equals sign, an arrow or an index."""
    return {name for name in DEFINED.findall(docstring) if name not in formula.SHORT_WORDS}
