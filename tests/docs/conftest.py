"""The extensions of the site, and the site itself, built once for all tests that look at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
sys.path.append(str(ROOT / "docs" / "_ext"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the built site; all processes of a test run share one. SCRATCHNET_SITE names one that is built."""
    if ready := os.environ.get("SCRATCHNET_SITE"):
        return Path(ready)
    pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e '.[docs]'")
    from filelock import FileLock

    base = tmp_path_factory.getbasetemp()
    built = (base if worker_id == "master" else base.parent) / "site"
    with FileLock(f"{built}.lock"):
        if not (built / "built").exists():
            done = subprocess.run(
                [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs", str(built / "html")],
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            (built / "said").write_text(done.stdout + done.stderr, encoding="utf-8")
            (built / "built").write_text(str(done.returncode), encoding="utf-8")
    if (built / "built").read_text(encoding="utf-8") != "0":
        pytest.fail((built / "said").read_text(encoding="utf-8")[-4000:])
    return built / "html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
