"""One process at a time has a folder, and a dead one has none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scratchnet.utils.locks import FolderLock

HOLDER = """
import sys, time
from scratchnet.utils.locks import FolderLock
lock = FolderLock()
print(lock.take(sys.argv[1]), flush=True)
time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_another_process_is_kept_out_until_the_first_dies(tmp_path: Path) -> None:
    process, lock = holder(tmp_path), FolderLock()
    try:
        assert not lock.take(str(tmp_path))
        assert not lock.taken
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert lock.take(str(tmp_path))
    lock.give_back()


def test_it_is_held_until_it_has_been_given_back_as_often_as_taken(tmp_path: Path) -> None:
    first, second = FolderLock(), FolderLock()
    assert first.take(str(tmp_path))
    assert first.take(str(tmp_path))
    first.give_back()
    assert not second.take(str(tmp_path))
    first.give_back()
    assert second.take(str(tmp_path))
    second.give_back()
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_outlives_its_parent_does_not_hold_it(tmp_path: Path) -> None:
    lock, other = FolderLock(), FolderLock()
    assert lock.take(str(tmp_path))
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready[1], b"!")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    lock.give_back()
    assert other.take(str(tmp_path))
    other.give_back()
    os.write(done[1], b"!")
    os.waitpid(child, 0)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FolderLock().take(str(tmp_path / "none"))
