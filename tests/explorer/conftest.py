"""A run of each network of the notebook, its page, and a browser without a network to open it in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import scratchnet
from scratchnet import cli

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
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run folders of both networks, trained in float32 for a moment on the embedded subset, with their pages."""
    home, before, backend = tmp_path_factory.mktemp("explored"), Path.cwd(), scratchnet.config.backend()
    scratchnet.config.set_backend("numpy")
    os.chdir(home)
    try:
        for network in NETWORKS:
            assert cli.run(["train", network, "--mini", "--samples", "256", "-e", "1", "-o", network]) == 0
            assert cli.run(["explore", network, "--mini"]) == 0
    finally:
        os.chdir(before)
        scratchnet.config.set_backend(backend)
    return {network: home / network for network in NETWORKS}


@pytest.fixture
def opened(browser: Any, runs: dict[str, Path]) -> Iterator[Any]:
    """Open the page of a network, offline: ``opened("cnn", "#t=…", width=390, color_scheme="dark")``."""
    contexts = []

    def see(network: str, place: str = "", width: int = 1680, height: int = 1000, **options: Any) -> Seen:
        context = browser.new_context(offline=True, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        seen = Seen(context.new_page(), [], [])
        seen.page.set_default_timeout(20_000)
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.messages.append(message.text))
        seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
        seen.page.goto((runs[network] / "explorer.html").as_uri() + place)
        seen.page.wait_for_selector("html[data-ready]")
        return seen

    yield see
    for context in contexts:
        context.close()
