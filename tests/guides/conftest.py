"""These tests need Keras on TensorFlow; without the ``reference`` extra they are skipped."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow", reason="needs the `reference` extra")
pytest.importorskip("keras", reason="needs the `reference` extra")
