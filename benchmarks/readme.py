"""Copy the tables that commands have written into the README: `python -m benchmarks.readme`.

Between the lines `<!-- from: path -->` and `<!-- end -->` the README holds the text of that file, so that no figure is
ever typed by hand. Where the file marks a part with `<!-- table begins -->` and `<!-- table ends -->`, it is that part.
`--check` changes nothing and fails if the README is behind the files.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PART = re.compile(r"<!-- table begins -->\n(.*?)<!-- table ends -->", re.DOTALL)
BLOCK = re.compile(r"(<!-- from: (?P<path>\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str, root: Path = ROOT) -> str:
    """Return the README's text with every block replaced by its file.

    Raises:
        FileNotFoundError: if a file that a block names is missing.
    """

    def content(block: re.Match[str]) -> str:
        text = (root / block["path"]).read_text(encoding="utf-8")
        part = PART.search(text)
        return block[1] + (part[1] if part else text).strip("\n") + "\n" + block[3]

    return BLOCK.sub(content, text)


def main(arguments: list[str]) -> int:
    """Fill the README in, or check that it is; return the exit code."""
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = filled(old)
    if "--check" in arguments:
        return int(new != old)
    readme.write_text(new, encoding="utf-8")
    print("README.md was up to date." if new == old else "README.md: tables copied from the reports.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
