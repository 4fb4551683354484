from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import scratchnet as sn
from tests.built_site import under_way
from tests.once import Once, sharing

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # see reference/environment.py: whoever imports TensorFlow first
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite started in the background would ignore Ctrl-C

for profile, repeatable in (
    ("repeatable", True),
    ("random", False),
):  # pytest --hypothesis-profile=random: new examples
    settings.register_profile(
        profile,
        deadline=None,  # the first example may compile a kernel
        derandomize=repeatable,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Keep what is here to the end out of the collection of garbage, which some tests ask for dozens of times."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _fresh_session() -> Iterator[None]:
    """Start every test with the same seed, names, float type and backend."""
    floatx, backend = sn.config.floatx(), sn.config.backend()
    sn.utils.set_random_seed(0)
    sn.utils.clear_session()
    yield
    sn.config.set_floatx(floatx)
    sn.config.set_backend(backend)


@pytest.fixture(params=["numpy", "numba"])
def backend(request: pytest.FixtureRequest) -> str:
    """Run the test once on each backend."""
    sn.config.set_backend(request.param)
    return str(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Keras's models run operation by operation: to trace a graph takes longer than the few steps of a test."""
    keras = pytest.importorskip("keras", reason="needs the `keras` extra")
    monkeypatch.setattr(keras.Model, "run_eagerly", property(lambda model: True, lambda model, asked: None))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """``once("name", make)``: a folder that all processes of a test run share, and that the first to ask fills."""
    return sharing(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def _site_under_way(request: pytest.FixtureRequest, once: Once) -> Iterator[None]:
    with under_way(request.session.items, once):
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, closed again when its module is done: Playwright runs a loop of asyncio as long as it is open.

    The one without windows does it in two thirds of the time.
    """
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
