"""The extensions of the site, and the site itself, built once for all tests that look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import Once

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_ext"))


@pytest.fixture(scope="session")
def site(once: Once) -> Path:
    """The folder of the built site. SCRATCHNET_SITE names one that is built already."""
    if ready := os.environ.get("SCRATCHNET_SITE"):
        return Path(ready)
    pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e '.[docs]'")

    def build(folder: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-T",
            "-W",
            "--keep-going",
            "-b",
            "html",
            "docs",
            str(folder / "html"),
        ]
        with open(folder / "said", "w", encoding="utf-8") as said:  # a pipe stays open while any child of it lives
            done = subprocess.run(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        (folder / "code").write_text(str(done.returncode), encoding="utf-8")

    built = once("site", build)
    said = (built / "said").read_text(encoding="utf-8")
    assert (built / "code").read_text(encoding="utf-8") == "0", said[-4000:]
    return built / "html"
