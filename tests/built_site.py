"""The site, built once for all tests that look at it, in the background from the beginning of a run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.once import Once

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> None:
    """Build it into a folder, and write down what Sphinx said and how it ended."""
    command = [sys.executable, "-m", "sphinx", "-T", "-W", "--keep-going", "-b", "html", "docs", str(folder / "html")]
    with open(folder / "said", "w", encoding="utf-8") as said:  # a pipe stays open while any child of it lives
        done = subprocess.run(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
    (folder / "code").write_text(str(done.returncode), encoding="utf-8")


@contextmanager
def under_way(tests: list[Any], once: Once) -> Iterator[None]:
    """Have the site built beside the tests, if some of them need it: it takes a minute, and others wait as well."""
    needed = any("site" in test.fixturenames for test in tests) and "SCRATCHNET_SITE" not in os.environ
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if not (needed and first and importlib.util.find_spec("sphinx")):
        yield
        return
    builder = threading.Thread(target=once, args=("site", build))
    builder.start()
    yield
    builder.join()
