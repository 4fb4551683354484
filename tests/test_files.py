from __future__ import annotations

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
