"""The built site, in a browser without a network: nothing is asked for, nothing is broken, everybody can read it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
AXE = ROOT / "explorer" / "node_modules" / "axe-core" / "axe.min.js"
FROM_ELSEWHERE = ("explore/", "_static/")  # the explorer's own page, which tests/explorer looks at; parts of the theme
WAYS = {"narrow": (390, "dark"), "wide": (1440, "light")}
ASK_AXE = """() => axe.run(document, {iframes: false, preload: false, resultTypes: ['violations']})
    .then(found => found.violations.filter(fault => ['serious', 'critical'].includes(fault.impact))
    .map(fault => [fault.id, ...fault.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"""
LOOK = """() => ({
    wider: document.documentElement.scrollWidth - innerWidth,
    errors: document.querySelectorAll('.katex-error').length,
    dark: document.documentElement.dataset.theme,
})"""


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    return [page for page in found if not page.relative_to(site).as_posix().startswith(FROM_ELSEWHERE)]


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
    """What the browser saw of every page, narrow and dark, and of every other one, wide and light."""
    browser = request.getfixturevalue("browser")

    def look(folder: Path) -> None:
        width, scheme = WAYS[request.param]
        context = browser.new_context(offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme)
        if AXE.exists():
            context.add_init_script(path=AXE)
        found = {}
        for number, page in enumerate(pages(site)):  # axe is slow: it sees every other page wide, and the others narrow
            with_axe = AXE.exists() and number % 2 == list(WAYS).index(request.param)
            if with_axe or request.param == "narrow":
                found[page.relative_to(site).as_posix()] = look_at(context, page, scheme, with_axe)
        (folder / "seen.json").write_text(json.dumps(found), encoding="utf-8")
        context.close()

    return json.loads((once(f"seen-{request.param}", look) / "seen.json").read_text(encoding="utf-8"))


def look_at(context: Any, file: Path, scheme: str, with_axe: bool) -> dict[str, Any]:
    """Open a page, and return what it asked for and said, and what axe says of it."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: messages.append(f"failed: {request.url}"))
    page.on("console", lambda message: messages.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(file.as_uri())
    found: dict[str, Any] = page.evaluate(LOOK)
    if with_axe:
        found["axe"] = page.evaluate(ASK_AXE)
    page.close()
    return {**found, "requests": requests, "messages": messages, "scheme": scheme}


def test_no_page_asks_for_anything_elsewhere_or_complains(site: Path, seen: dict[str, dict[str, Any]]) -> None:
    outside = {
        name: [url for url in one["requests"] if not url.startswith((site.as_uri(), "data:"))]
        for name, one in seen.items()
    }
    assert {name: urls for name, urls in outside.items() if urls} == {}
    assert {name: one["messages"] for name, one in seen.items() if one["messages"]} == {}


def test_no_page_is_wider_than_its_window_and_each_follows_the_readers_colours(seen: dict[str, dict[str, Any]]) -> None:
    assert {name: one["wider"] for name, one in seen.items() if one["wider"] > 0} == {}
    assert {name for name, one in seen.items() if one["errors"]} == set()
    assert {name for name, one in seen.items() if one["dark"] != one["scheme"]} == set()


def test_axe_finds_nothing_serious(seen: dict[str, dict[str, Any]]) -> None:
    if not AXE.exists():
        pytest.skip("axe is not installed: make explorer")
    assert {name: one["axe"] for name, one in seen.items() if one.get("axe")} == {}
