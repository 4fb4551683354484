"""The parts that a formula is read as, and how they are put in a row: the space between them, what is a fraction."""

from __future__ import annotations

from dataclasses import dataclass

ADDITIVE = set("=+-≠≤≥<>←→±≈~∈,:")
FACTORS = {"factor", "bracket", "sum"}


class NotAFormula(ValueError):
    """The text, or its rest, is not what this file can read."""


@dataclass
class Part:
    """A piece of TeX: a factor or an operator, and whether white space stood before it."""

    tex: str
    kind: str  # "factor", "bracket" (one in round brackets), "sum" (or a function), "/", or an operator's own sign
    spaced: bool
    inside: str = ""  # of a bracket: what is in it


def joined(parts: list[Part]) -> str:
    """Put the parts in a row; a fraction is drawn where it is plain what is above the line and what below."""
    out: list[str] = []
    index = 0
    while index < len(parts):
        part = parts[index]
        if _is_fraction(parts, index + 1):
            below = parts[index + 2]
            out.append(_space(parts, index) + rf"\frac{{{part.inside or part.tex}}}{{{below.inside or below.tex}}}")
            index += 3
        else:
            out.append(_space(parts, index) + part.tex)
            index += 1
    if parts and parts[-1].kind in ("/", "·", "sum"):
        raise NotAFormula("the second factor")
    return "".join(out)


def _space(parts: list[Part], index: int) -> str:
    """Return the space between two factors, where the text has one; operators bring their own."""
    part = parts[index]
    if not (part.spaced and index and {part.kind, parts[index - 1].kind} <= FACTORS):
        return ""
    return r"\;" if part.kind == "bracket" else r"\,"


def _is_fraction(parts: list[Part], slash: int) -> bool:
    """Whether the part at ``slash`` divides one factor by one factor and nothing else."""
    if not 0 < slash < len(parts) - 1 or parts[slash].kind != "/":
        return False
    above, below = parts[slash - 1], parts[slash + 1]
    if not {above.kind, below.kind} <= {"factor", "bracket"}:
        return False
    if not parts[slash].spaced and not below.spaced:
        return True  # 1/M x is (1/M) x, wherever it stands
    before = parts[slash - 2].kind if slash > 1 else "="
    after = parts[slash + 2].kind if slash + 2 < len(parts) else "="
    return before in ADDITIVE and after in ADDITIVE
