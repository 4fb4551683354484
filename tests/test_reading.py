from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from scratchnet.utils.reading import NotRegularError, TooLargeError, open_regular, read_regular


def test_a_file_is_read_up_to_the_limit_and_not_beyond(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(TooLargeError, match="more than 4 bytes") as raised:
        read_regular(str(path), 4)
    assert raised.value.filename == str(path)


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").symlink_to("a")
    assert read_regular(tmp_path / "b", 1) == b"1"


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for path, kind in ((tmp_path / "pipe", "pipe"), (tmp_path / "link", "pipe"), ("/dev/null", "device")):
        with pytest.raises(NotRegularError, match=f"a {kind}, not an ordinary file"):
            open_regular(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "s"))
        with pytest.raises(NotRegularError, match="a socket"):
            open_regular(tmp_path / "s")
    with pytest.raises(IsADirectoryError, match="a folder"):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nothing")


def test_a_pipe_put_in_the_place_of_a_file_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"1")
    seen = os.stat(tmp_path / "a")
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda path: seen)
        with pytest.raises(NotRegularError, match="a pipe"):
            open_regular(tmp_path / "a")
