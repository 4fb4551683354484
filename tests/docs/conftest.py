"""The extensions of the site, and the site itself, built once for all tests that look at it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.built_site import build
from tests.once import Once

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_ext"))


@pytest.fixture(scope="session")
def site(once: Once) -> Path:
    """The folder of the built site. SCRATCHNET_SITE names one that is built already."""
    if ready := os.environ.get("SCRATCHNET_SITE"):
        return Path(ready)
    pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e '.[docs]'")
    built = once("site", build)
    said = (built / "said").read_text(encoding="utf-8")
    assert (built / "code").read_text(encoding="utf-8") == "0", said[-4000:]
    return built / "html"
