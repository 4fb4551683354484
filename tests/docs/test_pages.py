"""The built site, in a browser without a network: nothing is asked for, nothing is broken, everybody can read it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests import axe

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FROM_ELSEWHERE = ("explore/", "_static/")  # the explorer's own page, which tests/explorer looks at; parts of the theme
BY_PROGRAM = ("source/", "api/")
"""Folders of pages that one program each writes of what stands in the code, all of the same pieces."""
WAYS = {"narrow": (390, "dark"), "wide": (1440, "light")}
LOOK = """async scheme => {
    const root = document.documentElement;
    for (let frame = 0; frame < 60 && root.dataset.theme !== scheme; frame++)
        await new Promise(requestAnimationFrame);  // the theme hears of another colour scheme some frames later
    return {
        wider: root.scrollWidth - innerWidth,
        errors: document.querySelectorAll('.katex-error').length,
        theme: root.dataset.theme,
    };
}"""


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    return [page for page in found if not page.relative_to(site).as_posix().startswith(FROM_ELSEWHERE)]


def for_axe(site: Path) -> set[Path]:
    """Return the pages written by hand, and in each folder of those written by a program the longest."""
    by_hand, longest = set(), dict[Path, Path]()
    for page in pages(site):
        if not page.relative_to(site).as_posix().startswith(BY_PROGRAM):
            by_hand.add(page)
        else:
            longest[page.parent] = max(longest.get(page.parent, page), page, key=lambda one: one.stat().st_size)
    return by_hand | set(longest.values())


class Links(HTMLParser):
    """The anchors of a page, and where it leads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if "id" in named:
            assert named["id"] not in self.anchors, f"two things are called {named['id']}"
            self.anchors.add(named["id"] or "")
        self.links += [value for name in ("href", "src") if (value := named.get(name))]


@pytest.fixture(scope="module")
def links(site: Path) -> dict[Path, Links]:
    return {page.resolve(): Links(page) for page in pages(site)}


def test_every_link_and_every_anchor_leads_somewhere(site: Path, links: dict[Path, Links]) -> None:
    broken = []
    for page, found in links.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            missing = not target.exists() or not target.is_relative_to(site.resolve())
            anchor = unquote(parts.fragment)
            if missing or (anchor and target in links and anchor not in links[target].anchors):
                broken.append(f"{page.relative_to(site.resolve())}: {link}")
    assert broken == []


def test_every_step_is_linked_to_its_line_and_back(site: Path, links: dict[Path, Links]) -> None:
    import derivation
    import literate

    count = 0
    for room in literate.ROOMS:
        for path in literate.files(room):
            found = links[(site / "source" / room / f"{path.stem}.html").resolve()]
            for own in derivation.read(path).derivations:
                for step in own.steps:
                    there = [own.line_id(step, line) for line in own.lines[step]]
                    assert {own.step_id(step), *there} <= found.anchors
                    assert all(f"#{one}" in found.links for one in (own.step_id(step), *there))
                    count += 1
    assert count > 140


def test_the_pages_of_a_keras_user_a_teacher_and_a_reader_are_there(site: Path) -> None:
    for page in ("keras-differences", "teachers", "learn", "gradcheck", "model-file", "command-line", "explorer",
                 "changelog", "api/layers", "source/layers/conv2d", "source/optimizers/adam", "chapters/index",
                 "reports/mutation_score", "search"):  # fmt: skip
        assert (site / f"{page}.html").exists(), page
    assert "class scratchnet.layers.Conv2D" in _text(site / "api" / "layers.html")
    for command in ("train", "evaluate", "explore", "gradcheck", "learn"):
        assert f"scratchnet {command} [OPTIONS]" in _text(site / "command-line.html")
    accuracy = json.loads((site / "explore" / "run.json").read_text(encoding="utf-8"))["test_accuracy"]
    assert f"{accuracy:.1%}" in _text(site / "explorer.html")


def _text(page: Path) -> str:
    class Text(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    words: list[str] = []
    Text().feed(page.read_text(encoding="utf-8"))
    return " ".join("".join(words).split())


@pytest.fixture(scope="module", params=WAYS)
def seen(request: pytest.FixtureRequest, site: Path, once: Any) -> dict[str, dict[str, Any]]:
    """What the browser saw of every other page, which it opened in one way and then looked at in the other too.

    axe is slow. It looks at some pages, and sees each only as it was opened: half of them narrow and dark, half wide
    and light.
    """
    browser = request.getfixturevalue("browser")
    ways = sorted(WAYS, key=lambda way: way != request.param)

    def look(folder: Path) -> None:
        with_axe = for_axe(site) if axe.FILE.is_file() else set()
        order = sorted(pages(site), key=lambda page: page in with_axe)
        tab = Tab(browser.new_context(offline=True).new_page())
        found = {
            page.relative_to(site).as_posix(): tab.look_at(page, ways, page in with_axe)
            for page in order[list(WAYS).index(request.param) :: len(WAYS)]
        }
        (folder / "seen.json").write_text(json.dumps(found), encoding="utf-8")
        tab.page.context.close()

    return json.loads((once(f"seen-{request.param}", look) / "seen.json").read_text(encoding="utf-8"))


class Tab:
    """One tab of the browser, in which the pages are opened one after another: a new one for each would take longer."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.messages: list[str] = []
        page.set_default_timeout(60_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.messages.append(f"failed: {request.url}"))
        page.on("console", lambda said: self.messages.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    def look_at(self, file: Path, ways: list[str], with_axe: bool) -> dict[str, Any]:
        """Open a page, and return what it asked for and said, how it looks in each way, and what axe says of it."""
        self.requests.clear()
        self.messages.clear()
        self._show_as(ways[0])
        self.page.goto(file.as_uri())
        looks = {ways[0]: self._look(ways[0])}
        faults = axe.faults(self.page, without=("region",)) if with_axe else []  # its faults are moderate
        for way in ways[1:]:
            self._show_as(way)
            looks[way] = self._look(way)
        serious = [fault for fault in faults if fault[0] in ("serious", "critical")]
        return {"looks": looks, "axe": serious, "requests": [*self.requests], "messages": [*self.messages]}

    def _show_as(self, way: str) -> None:
        width, scheme = WAYS[way]
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)

    def _look(self, way: str) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(LOOK, WAYS[way][1])
        return found


def looks(seen: dict[str, dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(name, way): look for name, one in seen.items() for way, look in one["looks"].items()}


def test_no_page_asks_for_anything_elsewhere_or_complains(site: Path, seen: dict[str, dict[str, Any]]) -> None:
    outside = {
        name: [url for url in one["requests"] if not url.startswith((site.as_uri(), "data:"))]
        for name, one in seen.items()
    }
    assert {name: urls for name, urls in outside.items() if urls} == {}
    assert {name: one["messages"] for name, one in seen.items() if one["messages"]} == {}
    assert all(one["requests"] for one in seen.values())  # the page itself, at least


def test_no_page_is_wider_than_its_window_and_each_follows_the_readers_colours(seen: dict[str, dict[str, Any]]) -> None:
    assert {key: look["wider"] for key, look in looks(seen).items() if look["wider"] > 0} == {}
    assert {key for key, look in looks(seen).items() if look["errors"]} == set()
    assert {key for key, look in looks(seen).items() if look["theme"] != WAYS[key[1]][1]} == set()


def test_axe_finds_nothing_serious(seen: dict[str, dict[str, Any]]) -> None:
    axe.skip_without_axe()
    assert {name: one["axe"] for name, one in seen.items() if one["axe"]} == {}


def test_a_derivation_stays_in_sight_beside_its_code(browser: Any, site: Path) -> None:
    page = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}).new_page()
    page.goto((site / "source" / "layers" / "conv2d.html").as_uri())
    place = "document.querySelector('.derivation').getBoundingClientRect().top"
    assert page.evaluate(place) > 200
    page.evaluate("scrollTo(0, 900)")
    assert 0 < page.evaluate(place) < 200
    page.context.close()
