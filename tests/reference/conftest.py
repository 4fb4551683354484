"""These tests need Keras on TensorFlow; without the ``reference`` extra they are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("tensorflow", reason="needs the `reference` extra")
pytest.importorskip("keras", reason="needs the `reference` extra")

from reference.environment import new_session


@pytest.fixture(autouse=True)
def _fresh_names() -> Iterator[None]:
    new_session()
    yield
    new_session()
