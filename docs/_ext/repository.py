"""Links that lead to files of the repository: to the page that the site has of them, and else to their names.

Pages such as ``keras-differences.md`` are read in the repository too, where ``../tests/…`` leads somewhere. On the site
there is a literate page for each file that derives something; of other files a page names the path, without a link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import literate
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

LINE = re.compile(r"L(\d+)")


class RepositoryLinks(SphinxTransform):
    """Look at the links of a page before Sphinx resolves them."""

    default_priority = 5  # before files are collected for download

    def apply(self, **_: Any) -> None:
        """Replace each link to a file of the repository that is no page."""
        for node in list(self.document.findall(_is_link)):
            target = node.get("reftarget") or node.get("refuri", "")
            path, _, anchor = target.partition("#")
            if path and not re.match(r"[a-z]+:", path) and (replaced := self._replacement(path, anchor, node)):
                node.replace_self(replaced)

    def _replacement(self, path: str, anchor: str, node: nodes.Element) -> nodes.Node | None:
        home = Path(self.env.srcdir)
        document = self.env.docname
        beside = (home / document).parent / path
        named = (beside, literate.ROOT / path, beside.with_name(f"{beside.name}.md"))  # MyST takes .md off
        found = next((p for p in named if p.exists()), None)
        if found is None:
            return None
        found = found.resolve()
        if found.is_relative_to(home.resolve()) and found.suffix == ".md":
            inside = found.relative_to(home.resolve()).with_suffix("").as_posix()
            return _link(document, inside, anchor, node) if (literate.ROOT / path).exists() else None  # else Sphinx's
        if found == literate.ROOT / "README.md":
            return _link(document, "index", "", node)
        if found.suffix in (".png", ".svg"):
            return None  # pictures come along
        if page := _page_of(found):
            return _link(document, page, anchor, node)
        return nodes.inline("", "", *node.children, classes=["in-repository"])


def _is_link(node: nodes.Node) -> bool:
    return isinstance(node, nodes.reference) or (
        isinstance(node, (addnodes.pending_xref, addnodes.download_reference))
        and node.get("reftype", "myst") in ("myst", "doc", "download", "any")
        and node.get("refdomain") in (None, "", "doc")
    )


def _page_of(path: Path) -> str | None:
    """Return the page of a source file, if the site has one."""
    for room in literate.ROOMS:
        if path in literate.files(room):
            return f"source/{room}/{path.stem}"
    return None


def _link(document: str, page: str, anchor: str, node: nodes.Element) -> nodes.Node:
    here = posixpath.dirname(document) or "."
    uri = posixpath.relpath(f"{page}.html", here) + (f"#{anchor}" if anchor else "")
    return nodes.reference("", "", *node.children, refuri=uri, internal=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(RepositoryLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
