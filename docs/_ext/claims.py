"""What the prose of a chapter says in numbers, compared with what its cells have computed.

In the text of a chapter an equation begins with code, and goes on in numbers:

    `z1[0, 1]` = -1·1 + 2·1 + 0.5 = 1.5

The code is evaluated with the names that the cells above it have made, and every part behind a "=" must be equal to it;
a part behind "≈" is rounded, and must be what the code gives when rounded to as many digits.

While the site is built, each chapter runs with cells between its own that compare; they are on no page. So a page with
a wrong number is not built. Nor is one whose cells warn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SYMBOLS = {"·": "*", "×": "*", "−": "-", "²": "**2", "³": "**3", "½": "(1/2)", "⅛": "(1/8)", "√": "np.sqrt"}
NUMERIC = r"[\d.,+\-−*/·×²³½⅛√() %]+"
CLAIM = re.compile(rf"`(?P<code>[^`\n]+)` (?P<parts>[=≈]{NUMERIC}(?:[=≈]{NUMERIC})*)")
CHAPTER = re.compile(r"chapters/\d\d-.*")
DECIMAL = re.compile(r"\d+\.\d+|[=≈] *-?\d")


@dataclass
class Claim:
    """One equation of the prose.

    Attributes:
        code: what is evaluated.
        parts: pairs of "=" or "≈" and a sum of numbers.
        span: where it stands in the text.
    """

    code: str
    parts: list[tuple[str, str]]
    span: tuple[int, int]

    def check(self, scope: dict[str, Any]) -> None:
        """Raise AssertionError with the whole equation if a part is not what the code gives."""
        import numpy as np

        value = float(eval(self.code, scope))
        for sign, written in self.parts:
            claimed = float(eval(_python(written), {"np": np}))
            digits = max((len(decimals) for decimals in re.findall(r"\.(\d+)", written)), default=0)
            percent = 100 if written.endswith("%") else 1
            allowed = 0.5000001 * 10.0**-digits if sign == "≈" else 1e-9 * max(1, abs(value))
            assert abs(percent * value - claimed) <= allowed, f"`{self.code}` {sign} {written}: it is {value}"


def check(text: str, scope: dict[str, Any]) -> None:
    """Raise AssertionError at the first equation of a text that is wrong in this scope."""
    for claim in claims(text):
        claim.check(scope)


def with_checks(chapter: str) -> str:
    """Return a chapter's text with a hidden cell behind each piece of prose in which there are equations.

    One more, the first, lets warnings be errors where the chapter or the library gives them.
    """
    before, *cells = re.split(r"^(?=```\{code-cell\})", chapter, flags=re.MULTILINE)
    pieces = [before, _hidden('import warnings\nwarnings.filterwarnings("error", module="__main__|scratchnet")')]
    text = before
    for cell in cells:
        code, fence, prose = re.split(r"^(```\n)", cell, maxsplit=1, flags=re.MULTILINE)
        pieces += [_checking(text), code, fence, prose]
        text = prose
    return "".join([*pieces, _checking(text)])


def _checking(text: str) -> str:
    if not any(claims(text)):
        return ""
    return _hidden(f"import claims as _claims\n_claims.check({text!r}, globals())")


def _hidden(code: str) -> str:
    return f"\n``````{{code-cell}} ipython3\n:tags: [remove-cell]\n\n{code}\n``````\n\n"


def _add_checks(app: Any, docname: str, source: list[str]) -> None:
    if CHAPTER.fullmatch(docname):
        source[0] = with_checks(source[0])


def setup(app: Any) -> dict[str, Any]:
    """Have Sphinx read chapters with their checks."""
    app.connect("source-read", _add_checks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _python(written: str) -> str:
    for symbol, code in SYMBOLS.items():
        written = written.replace(symbol, code)
    return re.sub(r"(?<=\d),(?=\d{3})", "", written.rstrip("% ")).strip()


def claims(text: str) -> Iterator[Claim]:
    """Find the equations of a text."""
    for found in CLAIM.finditer(text):
        stated = found["parts"].rstrip(" ,.(+-*/")  # the sentence goes on, or ends
        while stated.count(")") > stated.count("("):
            stated = stated[: stated.rindex(")")].rstrip(" ,.")
        parts = [(p[0], p[1:].strip().rstrip(",.")) for p in re.findall(r"[=≈][^=≈]+", stated)]
        yield Claim(found["code"], parts, (found.start(), found.start("parts") + len(stated)))


def unclaimed(text: str) -> list[str]:
    """Return the decimals, and the numbers behind a "=", of a text that no equation claims.

    Fenced blocks, tables of other pages and code within the lines are no prose.
    """
    covered = [claim.span for claim in claims(text)]
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", lambda m: " " * len(m[0]), text, flags=re.DOTALL | re.MULTILINE)
    return [
        text[max(0, found.start() - 20) : found.end() + 10]
        for found in DECIMAL.finditer(prose)
        if not any(begin <= found.start() < end for begin, end in covered)
    ]
