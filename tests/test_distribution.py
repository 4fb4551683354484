"""What ``python -m build`` makes: a wheel with scratchnet alone, and an archive whose own tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import scratchnet

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOME_TESTS = ("tests/layers/test_dense.py", "tests/test_packaging.py", "tests/test_derivations.py")
FROM_A_CHECKOUT = {".github", ".ci", ".gitignore", ".pre-commit-config.yaml"}
"""What Git has and the archive need not: it serves the repository, not who builds from the archive."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the archive, made without a network by the setuptools that is installed."""
    pytest.importorskip("build", reason="the package build is not installed")
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    folder = tmp_path_factory.mktemp("dist")
    copy = tmp_path_factory.mktemp("copy") / "scratchnet"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, files.stdout.decode().split("\0")):  # setuptools leaves a folder build/ where it works
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return folder


def test_the_wheel_has_scratchnet_alone_and_all_of_it(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"scratchnet-{scratchnet.__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"scratchnet", f"scratchnet-{scratchnet.__version__}.dist-info"}
    listed = subprocess.run(["git", "ls-files", "scratchnet"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) <= set(names)
    assert [name for name in names if name.endswith((".pyc", ".nbi", ".nbc"))] == []


def test_the_archive_has_all_that_git_has(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in listed if name not in names and name.split("/")[0] not in FROM_A_CHECKOUT] == []


def test_tests_pass_in_the_unpacked_archive(built: Path, tmp_path: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (home,) = tmp_path.iterdir()
    environment = {**os.environ, "PYTHONPATH": str(home), "NUMBA_DISABLE_JIT": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *SOME_TESTS]
    run = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:]
