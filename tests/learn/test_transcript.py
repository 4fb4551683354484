"""docs/learn.md shows what the commands print."""

from __future__ import annotations

import re

from scratchnet.learn.catalogue import NAMES
from tests.learn.transcript import PAGE, ROOT, page

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_shows_what_is_printed_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_lists_every_exercise() -> None:
    (listed,) = re.findall(r"<!-- exercises -->\n(.*?)<!-- end -->", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"`([a-z0-9-]+)`", listed) == list(NAMES)


def test_the_readme_shows_a_check_that_is_on_the_page() -> None:
    (shown,) = re.findall(r"^\$ scratchnet learn check.*?(?=^```)", README, flags=re.DOTALL | re.MULTILINE)
    assert shown in PAGE.read_text(encoding="utf-8")
