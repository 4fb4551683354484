"""Compiled kernels on disk: what is not whole is compiled again, said once, and never run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core import config

from scratchnet.kernels.machine import cache
from tests.kernels.common import ROOT, run_python

RUN = """
import numpy as np
from scratchnet.kernels.loops.optimizers import momentum
for dtype in ("float32", "float64"):
    w = np.ones(4, dtype)
    momentum(w, w.copy(), np.zeros(4, dtype), 0.5, 0.0, False)
    print(*w, w.dtype)
"""
RIGHT = "0.5 0.5 0.5 0.5 float32\n0.5 0.5 0.5 0.5 float64\n"

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a kernel that was compiled for two types."""
    folder = tmp_path_factory.mktemp("compiled")
    assert run_python(RUN, NUMBA_CACHE_DIR=str(folder))[0] == RIGHT
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(files) == 2
    return files


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "garbled": lambda content: np.random.default_rng(0).bytes(len(content)),
    "one bit": lambda content: flipped(content, len(content) * 4),
    "of another version": lambda content: content.replace(cache.MAGIC, b"scratchnet kernel 0\n"),
    "zeros, as after a power cut": lambda content: bytes(len(content)),
    "longer": lambda content: content + b"\0",
}


@pytest.mark.parametrize("damage", ["one bit", "of another version"])
def test_a_damaged_kernel_is_compiled_again_and_that_is_said_once(
    damage: str, compiled: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in compiled.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(DAMAGE[damage](content))
    out, err = run_python(RUN, NUMBA_CACHE_DIR=str(tmp_path))
    assert out == RIGHT
    assert err.count("found a compiled kernel that is damaged") == 1
    assert err.count("compiling kernels") == 1
    assert run_python(RUN, NUMBA_CACHE_DIR=str(tmp_path)) == (RIGHT, "")


def test_a_kernel_of_other_types_is_not_taken_for_this_one(compiled: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in zip(compiled, reversed(compiled.values())):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    out, err = run_python(RUN, NUMBA_CACHE_DIR=str(tmp_path))
    assert out == RIGHT
    assert err.count("found a compiled kernel that is damaged") == 1


def test_processes_that_begin_cold_at_once_all_work_and_leave_whole_files(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", RUN], env=environment, **pipes) for _ in range(4)]
    for process in processes:
        out, err = process.communicate()
        assert out == RIGHT
        assert "damaged" not in err
    assert run_python(RUN, NUMBA_CACHE_DIR=str(tmp_path)) == (RIGHT, "")
    assert not list(tmp_path.rglob("*.tmp.*"))


# One function in this process ----------------------------------------------------------------------------------------


def double(x: float) -> float:
    return 2 * x


def fresh() -> Any:
    """Return a function that is to be compiled, or found on disk."""
    dispatcher = numba.njit(double)
    dispatcher._cache = cache.KernelCache(double)
    return dispatcher


@pytest.fixture(autouse=True)
def _silent_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_warned", set())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The one file of ``double``, on disk and in memory."""
    folder, before = tmp_path_factory.mktemp("kept"), config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    assert fresh()(2.0) == 4.0
    (path,) = folder.rglob("*.nbc")
    yield path, path.read_bytes()
    config.CACHE_DIR = before


def test_a_whole_file_is_used(kept: tuple[Path, bytes]) -> None:
    found = fresh()
    assert found(3.0) == 6.0
    assert sum(found.stats.cache_hits.values()) == 1


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_replaced_and_that_is_said(damage: str, kept: tuple[Path, bytes]) -> None:
    path, content = kept
    path.write_bytes(DAMAGE[damage](content))
    found = fresh()
    with pytest.warns(RuntimeWarning, match="found a compiled kernel that is damaged"):
        assert found(3.0) == 6.0
    assert sum(found.stats.cache_misses.values()) == 1
    again = fresh()
    assert again(3.0) == 6.0  # and no warning, which would be an error here
    assert sum(again.stats.cache_hits.values()) == 1
    path.write_bytes(content)


@given(data=st.data())
def test_any_bit_that_changed_is_noticed(data: st.DataObject, kept: tuple[Path, bytes]) -> None:
    path, content = kept
    path.write_bytes(flipped(content, data.draw(st.integers(0, 8 * len(content) - 1), "bit")))
    cache._warned.clear()
    found = fresh()
    with pytest.warns(RuntimeWarning, match="found a compiled kernel that is damaged"):
        assert found._cache.load_overload((numba.float64,), found.targetctx) is None
    path.write_bytes(content)


@pytest.mark.parametrize("moment", ["write_bytes", "read_bytes"])
def test_a_disk_that_fails_costs_a_compilation_and_one_remark(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(Path, moment, fail)
    function = fresh()
    with pytest.warns(RuntimeWarning, match="could not keep its compiled kernels on disk.*No space left"):
        assert function(2.0) == 4.0
    assert function(2) == 4  # and no warning, which would be an error here
    assert not list(tmp_path.rglob("*.tmp.*"))
