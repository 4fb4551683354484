"""The front end: its own tests, its types, and that what is shipped was built of what is here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.explorer import networks, photos

ROOT = Path(__file__).parents[2]
FRONT = ROOT / "explorer"
SHIPPED = ROOT / "scratchnet" / "explorer" / "assets"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js on this machine"),
    pytest.mark.skipif(
        not (FRONT / "node_modules").is_dir(), reason="the front end's packages are not installed: make explorer"
    ),
]


def node(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, arguments)], cwd=FRONT, capture_output=True, text=True, timeout=300)


def test_what_is_shipped_is_what_the_sources_make(tmp_path: Path) -> None:
    built = node("node", "build.mjs", tmp_path)
    assert built.returncode == 0, built.stderr
    for name in ("explorer.js", "explorer.css"):
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes(), f"{name} is old: run make explorer"


def test_the_types_are_right() -> None:
    checked = node("node", "node_modules/typescript/bin/tsc", "--noEmit")
    assert checked.returncode == 0, checked.stdout


def test_the_arithmetic(tmp_path: Path) -> None:
    networks.write(FRONT / "build" / "fixtures")
    photos.write(FRONT / "build" / "fixtures")
    bundled = node("node", "build.mjs", "--tests")
    assert bundled.returncode == 0, bundled.stderr
    ran = node("node", "--test", "build/tests/")
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "# fail 0" in ran.stdout
