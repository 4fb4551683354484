"""What others write is made to suit all readers: what scrolls can be reached by keyboard, labels say what is there.

MyST-NB labels what opens hidden cells "Toggle hidden content", though it reads "Show code cell source": who speaks to a
browser says what stands there.
"""

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


def _honest_labels(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" in context:
        context["body"] = context["body"].replace(' aria-label="Toggle hidden content"', "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's own way to write a block of code."""
    app.connect("html-page-context", _honest_labels)
    app.add_node(nodes.literal_block, override=True, html=(_literal_block, _depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
