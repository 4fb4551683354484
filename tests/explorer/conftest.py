"""A run of each network of the notebook, its page, and a browser without a network to open it in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import scratchnet
from scratchnet import cli
from tests.once import Once

NETWORKS = ("cnn", "mlp")


class Seen(NamedTuple):
    """A page in the browser, and what the browser had to say of it."""

    page: Any
    requests: list[str]
    messages: list[str]


@pytest.fixture(autouse=True)
def _no_kernels(_fresh_session: None) -> None:
    """Train by the definitions: nothing here is about kernels, which would have to be compiled first."""
    scratchnet.config.set_backend("numpy")


@pytest.fixture(scope="session")
def runs(once: Once) -> dict[str, Path]:
    """The run folders of both networks, trained in float32 for a moment on the embedded subset, with their pages."""

    def make(home: Path) -> None:
        before, backend = Path.cwd(), scratchnet.config.backend()
        scratchnet.config.set_backend("numpy")
        os.chdir(home)
        try:
            for network in NETWORKS:
                assert cli.run(["train", network, "--mini", "--samples", "256", "-e", "1", "-o", network]) == 0
                assert cli.run(["explore", network, "--mini"]) == 0
        finally:
            os.chdir(before)
            scratchnet.config.set_backend(backend)

    home = once("explored", make)
    return {network: home / network for network in NETWORKS}


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Seen]:
    """One tab for all tests of a module: to load a page into it anew takes half as long as a tab of its own."""
    context = browser.new_context(offline=True)
    seen = Seen(context.new_page(), [], [])
    seen.page.set_default_timeout(20_000)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda message: seen.messages.append(message.text))
    seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
    yield seen
    context.close()


@pytest.fixture
def opened(tab: Seen, runs: dict[str, Path]) -> Any:
    """Load the page of a network, offline: ``opened("cnn", "#t=…", width=390, color_scheme="dark")``."""

    def see(network: str, place: str = "", width: int = 1680, height: int = 1000, color_scheme: str = "light") -> Seen:
        tab.page.goto("about:blank")  # or another place of the page that is there would only be gone to
        tab.requests.clear()
        tab.messages.clear()
        tab.page.set_viewport_size({"width": width, "height": height})
        tab.page.emulate_media(color_scheme=color_scheme)
        tab.page.goto((runs[network] / "explorer.html").as_uri() + place)
        tab.page.wait_for_selector("html[data-ready]")
        return tab

    return see
