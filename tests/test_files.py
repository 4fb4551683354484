from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scratchnet.utils import files


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch, moment: str) -> None:
    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.glob("*file*")) == [path]


def test_a_process_killed_while_it_writes_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_atomically(path, b"old")
    code = (
        f"import os, sys; sys.path.insert(0, {str(Path(files.__file__).parents[2])!r})\n"
        "from pathlib import Path\n"
        "from scratchnet.utils import files\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), 9)\n"
        f"files.write_atomically(Path({str(path)!r}), b'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert path.read_bytes() == b"old"


def test_others_may_read_what_is_cached(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_the_content_is_on_the_disk_before_the_name(tmp_path: Path, monkeypatch) -> None:
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    files.write_atomically(tmp_path / "file", b"content")
    assert done == ["fsync", "replace"]


def test_what_the_dead_have_left_is_cleared_and_what_the_living_write_is_not(tmp_path: Path) -> None:
    dead, living, other = (tmp_path / name for name in (".file.0123.part", ".file.4567.part", ".other.89ab.part"))
    for part in (dead, living, other):
        part.write_bytes(b"half")
    with open(living) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        files.write_atomically(tmp_path / "file", b"content")
    assert {path.name for path in tmp_path.iterdir()} == {"file", living.name, other.name}
    files.write_atomically(tmp_path / "file", b"content")
    assert {path.name for path in tmp_path.iterdir()} == {"file", other.name}


def test_a_part_taken_for_one_of_the_dead_is_written_anew(tmp_path: Path, monkeypatch) -> None:
    flock, taken = fcntl.flock, []

    def slow(descriptor: int, how: int) -> None:
        if not taken:  # between making the file and locking it, another process clears up
            (part,) = tmp_path.glob(".file.*")
            taken.append(part)
            part.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    files.write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize("moment", ["fsync", "open", "fdopen"])
def test_several_are_replaced_together_or_not_at_all(tmp_path: Path, monkeypatch, moment: str) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    files.write_together(dict.fromkeys(paths, b"old"))
    real, calls = getattr(os, moment), []

    def fail(*given: object, **options: object) -> object:
        calls.append(given)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*given, **options)

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_together(dict.fromkeys(paths, b"new"))
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys("abc", b"old")
    files.write_together(dict.fromkeys(paths, b"new"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys("abc", b"new")
