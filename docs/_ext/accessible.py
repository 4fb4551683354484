"""What scrolls can be reached by keyboard: blocks of code and output that are wider than the page."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def _literal_block(self: HTML5Translator, node: nodes.Element) -> None:
    start = len(self.body)
    try:
        HTML5Translator.visit_literal_block(self, node)
    finally:
        self.body[start:] = [part.replace("<pre>", '<pre tabindex="0">') for part in self.body[start:]]


def _depart(self: HTML5Translator, node: nodes.Element) -> None:
    HTML5Translator.depart_literal_block(self, node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own way to write a block of code."""
    app.add_node(nodes.literal_block, override=True, html=(_literal_block, _depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
