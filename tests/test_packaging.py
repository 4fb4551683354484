"""What an installed scratchnet consists of: one top-level package, and all that it reads."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
BESIDE = ("benchmarks", "docs", "explorer", "reference", "tests")


def packages() -> set[str]:
    """Return the packages that setuptools finds, as it finds them: folders with an __init__.py that are included."""
    found = {".".join(init.parent.relative_to(ROOT).parts) for init in ROOT.glob("[!.]*/**/__init__.py")}
    return {
        name for name in found if any(fnmatch(name, pattern) for pattern in SETUPTOOLS["packages"]["find"]["include"])
    }


def test_the_wheel_has_one_top_level_package() -> None:
    assert {name.split(".")[0] for name in packages()} == {"scratchnet"}


def test_every_module_is_in_a_package_of_the_wheel() -> None:
    folders = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "scratchnet").rglob("*.py")}
    assert folders == packages()


def test_every_other_file_of_the_package_is_in_the_wheel() -> None:
    listed = subprocess.run(["git", "ls-files", "scratchnet"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    data = [Path(line).relative_to("scratchnet") for line in listed.stdout.split() if not line.endswith(".py")]
    patterns = SETUPTOOLS["package-data"]["scratchnet"]
    assert data
    assert [str(file) for file in data if not any(file.match(pattern) for pattern in patterns)] == []


def test_nothing_of_the_package_imports_what_stands_beside_it() -> None:
    for file in (ROOT / "scratchnet").rglob("*.py"):
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        assert not [
            line for line in lines if line.startswith(tuple(f"{w} {b}" for w in ("import", "from") for b in BESIDE))
        ]


def test_the_source_archive_has_what_stands_beside_the_package() -> None:
    grafted = [
        line.split()[1]
        for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
        if line.startswith("graft")
    ]
    assert grafted == list(BESIDE)
