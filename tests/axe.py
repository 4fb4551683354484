"""axe, asked about a page as the browser shows it now.

It is asked for what is wrong alone, since listing all that is right takes it longer than finding it; and it does not
fetch the style sheets first (`preload`), which no page of ours allows: it would wait ten seconds for nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / "explorer" / "node_modules" / "axe-core" / "axe.min.js"
ASK = """options => axe.run(document, {iframes: false, preload: false, resultTypes: ['violations'], ...options})
    .then(found => found.violations.map(fault =>
        [fault.impact, fault.id, ...fault.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))"""


def skip_without_axe() -> None:
    if not FILE.is_file():
        pytest.skip("axe is not installed: make explorer")


@cache
def _script() -> str:
    return FILE.read_text(encoding="utf-8")


def faults(page: Any, without: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the impact, the rule and the elements of each fault, of all rules but some."""
    page.evaluate(_script())
    found: list[list[str]] = page.evaluate(ASK, {"rules": {rule: {"enabled": False} for rule in without}})
    return found
