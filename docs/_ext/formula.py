"""Formulas as docstrings write them, such as ``dkernel[d,u] = Σ_n x[n,d] dz[n,u]``, turned into TeX.

A small recursive descent through one line. It only dresses what is there: an index becomes a subscript, a root or an
unmistakable fraction is drawn, and the order and every letter stay (``tests/docs/test_formula.py`` holds it to that).
What it does not know for certain to be a formula it refuses, with None: words above all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from tex import NotAFormula, Part, joined

FUNCTIONS = {"log", "exp", "tanh", "sinh", "cosh", "sign", "max", "min", "softmax", "sigmoid", "erf", "clip", "elu"}
SHORT_WORDS = {"a", "as", "at", "by", "if", "in", "is", "it", "no", "of", "on", "or", "so", "to", "up", "we"}
OPERATORS = {
    "=": "=", "+": "+", "-": "-", "·": r"\cdot ", "≠": r"\ne ", "≤": r"\le ", "≥": r"\ge ", "<": "<", ">": ">",
    "←": r"\leftarrow ", "→": r"\rightarrow ", "±": r"\pm ", "≈": r"\approx ", "~": r"\sim ", "*": "*",
    "∈": r"\in ", ",": ",\\,", ":": r"{:}\;",
}  # fmt: skip
GREEK = {
    "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\varepsilon ", "η": r"\eta ",
    "λ": r"\lambda ", "μ": r"\mu ", "π": r"\pi ", "ρ": r"\rho ", "σ": r"\sigma ", "φ": r"\varphi ", "Φ": r"\Phi ",
    "Δ": r"\Delta ", "τ": r"\tau ", "θ": r"\theta ", "ℓ": r"\ell ", "½": r"\tfrac{1}{2}", "…": r"\dots ",
}  # fmt: skip
PAIRS = {"(": (")", "(", ")"), "⌊": ("⌋", r"\lfloor ", r"\rfloor "), "⌈": ("⌉", r"\lceil ", r"\rceil ")}
PAIRS |= {"‖": ("‖", r"\lVert ", r"\rVert "), "|": ("|", r"\lvert ", r"\rvert ")}
BETWEEN = r"\,"
SUMS = {"Σ": r"\sum", "Π": r"\prod"}
NUMBER = re.compile(r"\d+(\.\d+)?")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z]+)*")


def to_tex(text: str, names: Collection[str] = ()) -> str | None:
    """Return the TeX of a formula, or None if it is not one for certain.

    Args:
        text: one formula, such as ``y[n,u] = Σ_d x[n,d] kernel[d,u]``.
        names: the words that are names here, such as ``kernel``; without them a long word is a word.
    """
    try:
        parser = _Parser(text.strip(), names)
        tex = parser.sequence("")
    except (NotAFormula, RecursionError):
        return None
    return tex if parser.factors else None


class _Parser:
    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text, self.at, self.names = text, 0, names
        self.factors = 0
        self.in_index = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise NotAFormula(sign)
        self.at += 1

    def sequence(self, end: str) -> str:
        """Read up to the sign ``end``, or to the end of the text, and leave it there."""
        parts: list[Part] = []
        while True:
            before = self.at
            while self.peek().isspace():
                self.at += 1
            spaced, sign = self.at > before, self.peek()
            if sign == end:
                return joined(parts)
            if not sign:
                raise NotAFormula("the end")
            if sign == "/":
                self.at += 1
                parts.append(Part("/", "/", spaced))
            elif sign in OPERATORS:
                self.at += 1
                parts.append(Part(OPERATORS[sign], sign, spaced))
            else:
                parts.append(self.factor(spaced))

    def factor(self, spaced: bool) -> Part:
        """Read one factor, with its powers and indices."""
        self.factors += 1
        sign = self.peek()
        if sign in SUMS:
            self.at += 1
            return Part(SUMS[sign] + (self.under() or " "), "sum", spaced)
        if sign == "√":
            self.at += 1
            inner = self.factor(False)
            return Part(rf"\sqrt{{{inner.inside or inner.tex}}}", "factor", spaced)
        if sign == "∂":
            self.at += 1
            return Part(rf"\partial {self.factor(False).tex}", "factor", spaced)
        if sign in PAIRS:
            return self.bracket(spaced)
        tex, takes_index = self.atom()
        return Part(self.dressed(tex, takes_index), "sum" if tex.startswith(r"\operatorname") else "factor", spaced)

    def bracket(self, spaced: bool) -> Part:
        close, left, right = PAIRS[self.peek()]
        round_one = self.peek() == "("
        self.at += 1
        inside = self.sequence(close)
        self.take(close)
        bare = self.at
        tex = self.dressed(rf"{left}{inside}{right}", False)
        return Part(tex, "bracket" if round_one else "factor", spaced, inside if self.at == bare and round_one else "")

    def atom(self) -> tuple[str, bool]:
        """Read a number, a letter or a name; say whether square brackets behind it are its index."""
        sign = self.peek()
        if number := NUMBER.match(self.text, self.at):
            self.at = number.end()
            return number[0], False
        if sign in GREEK:
            self.at += 1
            return GREEK[sign] + self.hat(""), True
        if sign == "d" and self.text[self.at + 1 : self.at + 2] in GREEK:
            self.at += 2
            return rf"\mathrm{{d}}{GREEK[self.text[self.at - 1]]}", True
        found = NAME.match(self.text, self.at)
        if not found:
            raise NotAFormula(sign)
        word = found[0]
        function, _, rest = word.partition("_")
        if function in FUNCTIONS and 0 < len(rest) < 3:  # max_q
            self.at += len(function)
            return rf"\operatorname*{{{function}}}{self.under()}\,", False
        self.at = found.end()
        if word in FUNCTIONS and self.peek() != "[":
            return rf"\operatorname{{{word}}}", False
        return self.name(word), True

    def name(self, word: str) -> str:
        hat = "\N{COMBINING CIRCUMFLEX ACCENT}"
        if len(word) == 3 and word[1] == "_":  # x_k
            return f"{word[0]}_{{{word[2]}}}"
        if len(word) == 1:
            return self.hat(word)
        if len(word) == 2 and word[0] == "d":
            return rf"\mathrm{{d}}{self.hat(word[1])}"
        if self.peek() == hat:
            raise NotAFormula(word)
        letters = word.replace("_", r"\_")
        if word.isupper() and len(word) <= 3:
            return rf"\mathit{{{letters}}}"
        known = word in self.names or (word[0] == "d" and word[1:] in self.names)
        short = self.in_index and len(word) == 2 and word not in SHORT_WORDS
        if not (known or short or self.peek() == "["):
            raise NotAFormula(word)
        return rf"\mathrm{{{letters}}}"

    def hat(self, letter: str) -> str:
        if self.peek() != "\N{COMBINING CIRCUMFLEX ACCENT}":
            return letter
        if not letter:
            raise NotAFormula("a hat")
        self.at += 1
        return rf"\hat{{{letter}}}"

    def under(self) -> str:
        """Read what stands under a sum or a maximum: ``_n``, ``_hw``, ``_{j≠i}``, ``ₖ``, or nothing."""
        if self.peek() != "_":
            return self.small("sub")
        self.at += 1
        if self.peek() == "{":
            return f"_{{{self.braces()}}}"
        letters = re.compile(r"[a-z]+").match(self.text, self.at)
        if not letters:
            raise NotAFormula("_")
        self.at = letters.end()
        return f"_{{{BETWEEN.join(letters[0])}}}"

    def braces(self) -> str:
        self.take("{")
        inside = self.sequence("}")
        self.take("}")
        return inside

    def small(self, kind: str) -> str:
        """Read a run of raised (``super``) or lowered (``sub``) letters."""
        run = ""
        while (sign := self.peek()) and unicodedata.decomposition(sign).startswith(f"<{kind}>"):
            run += unicodedata.normalize("NFKC", sign).replace("\N{MINUS SIGN}", "-")
            self.at += 1
        if not run:
            return ""
        run = r"\top" if run == "T" else run
        return f"{'^' if kind == 'super' else '_'}{{{run}}}"

    def dressed(self, tex: str, takes_index: bool) -> str:
        """Read all that may follow a factor: ``ᵢ``, ``[n,d]``, ``_{p₁}``, ``'``, ``²``, ``^(-3/2)``, ``(x)``."""
        sub = self.small("sub")
        if self.peek() == "_" and self.text[self.at + 1 : self.at + 2] == "{":
            self.at += 1
            sub = f"_{{{self.braces()}}}"
        while takes_index and self.peek() == "[":
            self.at += 1
            self.in_index += 1
            index = self.sequence("]")
            self.in_index -= 1
            self.take("]")
            sub += f"{'{}' if sub else ''}_{{{index}}}"
        prime = ""
        if self.peek() == "'":
            self.at += 1
            prime = "'"
            if self.peek().isalpha():
                raise NotAFormula("a word's end")
        return tex + sub + prime + (self.small("super") or self.power())

    def power(self) -> str:
        if self.peek() != "^":
            return ""
        self.at += 1
        minus = "-" if self.peek() == "-" else ""
        self.at += len(minus)
        exponent = self.factor(False)
        return f"^{{{minus}{exponent.inside or exponent.tex}}}"
