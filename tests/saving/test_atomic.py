"""Whatever happens while a model is saved, the file at the path is a whole one, and nothing else is left behind."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn

MODEL = """
import scratchnet as sn

def model(bias):
    model = sn.Sequential([sn.Input((1000,)), sn.layers.Dense(500, name="only")])
    model.params["only/bias"][:] = bias
    return model
"""

STOPS_BEFORE_THE_MOVE = (
    MODEL
    + """
import os, sys, time

def wait_for_ever(*arguments):
    print("written", flush=True)
    time.sleep(600)

os.{function} = wait_for_ever
model(bias=2).save(sys.argv[1])
"""
)

SAVES_FOR_EVER = (
    MODEL
    + """
import itertools, sys

print("starting", flush=True)
for number in itertools.count(2):
    model(bias=number).save(sys.argv[1])
"""
)


def saved_model(path: Path) -> None:
    space: dict[str, Any] = {}
    exec(MODEL, space)
    space["model"](bias=1).save(path)


def start(program: str, path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_process_killed_before_the_move_leaves_the_old_file(function: str, path: Path) -> None:
    saved_model(path)
    before = path.read_bytes()
    kill(start(STOPS_BEFORE_THE_MOVE.replace("{function}", function), path))
    assert path.read_bytes() == before
    (part,) = set(path.parent.iterdir()) - {path}
    assert part.name.startswith(".model.safetensors.")  # hidden, and says what it was going to be


def test_a_process_killed_at_any_time_leaves_a_whole_file(path: Path) -> None:
    saved_model(path)
    rng = np.random.default_rng()
    for _ in range(4):
        child = start(SAVES_FOR_EVER, path)
        time.sleep(rng.uniform(0.0, 0.2))
        kill(child)
        bias = sn.load_model(path).params["only/bias"]
        assert (bias == bias[0]).all()
        assert bias[0] >= 1


class Halt(BaseException):
    """Stands for Ctrl-C, which is no Exception either."""


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), Halt(), ValueError("odd")])
def test_an_error_leaves_the_old_file_and_no_other(
    error: BaseException, function: str, small_model: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise error

    small_model.save(path)
    before = path.read_bytes()
    small_model.params["dense/bias"][:] = 7
    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(error)):
        small_model.save(path)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_full_disk_is_explained(small_model: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        OSError, match=r"Cannot write '.*': No space left on device; an earlier file .* is unt"
    ) as caught:
        small_model.save(path)
    assert caught.value.errno == errno.ENOSPC


def test_a_model_that_cannot_be_saved_leaves_the_old_file(small_model: Any, path: Path) -> None:
    small_model.save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not built yet"):
        sn.Sequential([sn.layers.Dense(2)]).save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_symbolic_link_stays_one(small_model: Any, path: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    target = tmp_path / "runs" / "17"
    target.write_bytes(b"old")
    path.symlink_to(Path("runs") / "17")
    small_model.save(path)
    assert path.is_symlink()
    assert not target.is_symlink()
    assert sn.load_model(target).name == "small"
    assert {p.name for p in tmp_path.rglob("*")} == {"model.safetensors", "runs", "17"}


def test_a_link_to_nowhere_gets_its_file(small_model: Any, path: Path, tmp_path: Path) -> None:
    path.symlink_to("17")
    small_model.save(path)
    assert sn.load_model(tmp_path / "17").name == "small"


def test_a_new_file_has_the_permissions_of_any_new_file(small_model: Any, path: Path) -> None:
    (path.parent / "other").touch()
    small_model.save(path)
    assert path.stat().st_mode == (path.parent / "other").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_replaced_file_keeps_its_permissions(mode: int, small_model: Any, path: Path) -> None:
    path.touch()
    path.chmod(mode)
    small_model.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_long_name_will_do(small_model: Any, tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 120 + ".safetensors")  # 252 bytes of the 255 that a name may have
    small_model.save(path)
    assert sn.load_model(path).name == "small"


def test_a_relative_path_and_a_text_will_do(small_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small_model.save("here")
    assert sn.load_model("here").name == "small"


# Targets that cannot be written ---------------------------------------------------------------------------------------


def test_a_missing_folder_is_named(small_model: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Cannot write '.*': the folder '.*nowhere' does not exist; make it"):
        small_model.save(tmp_path / "nowhere" / "model")


def test_a_folder_is_not_replaced(small_model: Any, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder; give the path of a file in it"):
        small_model.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(small_model: Any, path: Path) -> None:
    path.touch()
    with pytest.raises(NotADirectoryError, match=r"'.*model\.safetensors' is not a folder"):
        small_model.save(path / "model")


def test_a_device_is_not_replaced(small_model: Any, path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is a device or pipe"):
        small_model.save(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_write_protected_file_is_not_replaced(small_model: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"precious")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda file, how: False)  # what it is for all but root, who may run the tests
    with pytest.raises(PermissionError, match="the file is write-protected; choose another path"):
        small_model.save(path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_may_not_be_written_is_named(
    small_model: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*arguments: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(PermissionError, match=r"the folder '.*' may not be written; choose another path"):
        small_model.save(path)
