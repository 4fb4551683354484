from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

import scratchnet


@pytest.fixture(autouse=True)
def _fresh_names() -> Iterator[None]:
    """Let both libraries count automatic names from the beginning, Keras too if a test has imported it."""
    _begin_anew()
    yield
    _begin_anew()


def _begin_anew() -> None:
    scratchnet.utils.clear_session()
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session(free_memory=False)
