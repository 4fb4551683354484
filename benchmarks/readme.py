"""Copy the tables that commands have written into the README and the pages of docs/: `python -m benchmarks.readme`.

Between the lines `<!-- from: path -->` and `<!-- end -->` a document holds the text of that file, so that no figure is
ever typed by hand. Where the file marks a part with `<!-- table begins -->` and `<!-- table ends -->`, it is that part;
`<!-- from: path lines: pattern -->` takes the lines alone in which the regular expression is found, and fences.
Links in such a file are written from the root of the repository, and turned to where the document stands.
`--check` changes nothing and fails if a document is behind the files.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PART = re.compile(r"<!-- table begins -->\n(.*?)<!-- table ends -->", re.DOTALL)
BLOCK = re.compile(
    r"(?P<begin><!-- from: (?P<path>\S+)(?: lines: (?P<lines>.+?))? -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)(?P<target>[^)\s]+)")


def documents(root: Path = ROOT) -> list[Path]:
    """Return what may hold blocks: the Markdown at the root and under docs/, but for what the site makes."""
    pages = [path for path in root.glob("docs/**/*.md") if path.relative_to(root).parts[1] not in ("_ext", "source")]
    return sorted([*root.glob("*.md"), *pages])


def filled(text: str, root: Path = ROOT, folder: str = "") -> str:
    """Return a document's text with every block replaced by its file.

    Args:
        text: the document.
        root: what the paths in blocks begin at.
        folder: where the document stands, from the root.

    Raises:
        FileNotFoundError: if a file that a block names is missing.
        ValueError: if a block takes lines, and there is none of them.
    """

    def turned(link: re.Match[str]) -> str:
        return os.path.relpath(link["target"], folder or ".")

    def content(block: re.Match[str]) -> str:
        text = (root / block["path"]).read_text(encoding="utf-8")
        part = PART.search(text)
        text = (part[1] if part else text).strip("\n")
        if block["lines"]:
            text = _chosen(text, block["lines"], block["path"])
        return f"{block['begin']}{LINK.sub(turned, text)}\n{block['end']}"

    return BLOCK.sub(content, text)


def _chosen(text: str, pattern: str, path: str) -> str:
    """Return the lines in which the pattern is found, and the fences around any of them."""
    found: list[str] = []
    fence = None  # that of the block which the line stands in, until a line of it is found
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            if inside and fence is None:
                found.append(line)
            inside, fence = not inside, None if inside else line
        elif re.search(pattern, line):
            found += [line] if fence is None else [fence, line]
            fence = None
    if not found:
        raise ValueError(f"A block expected lines of {path} with {pattern!r} in them, got none.")
    return "\n".join(found)


def main(arguments: list[str]) -> int:
    """Fill the documents in, or check that they are; return the exit code."""
    behind = []
    for path in documents():
        old = path.read_text(encoding="utf-8")
        new = filled(old, ROOT, path.parent.relative_to(ROOT).as_posix())
        if new != old:
            behind.append(path.relative_to(ROOT).as_posix())
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    if "--check" in arguments:
        print("\n".join(f"{name} is behind the reports: python -m benchmarks.readme" for name in behind), end="")
        return int(bool(behind))
    print(f"Tables copied into {', '.join(behind)}." if behind else "All documents were up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
