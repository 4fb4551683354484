"""What is said before the end is read before the end."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from scratchnet.utils import last_words


def test_it_returns_once_a_slow_reader_has_all_of_it() -> None:
    reading, writing = os.pipe()
    heard: list[bytes] = []

    def listen() -> None:
        time.sleep(0.1)
        heard.append(os.read(reading, 3))
        time.sleep(0.1)
        heard.append(os.read(reading, 100))

    listener = threading.Thread(target=listen)
    with os.fdopen(writing, "w") as stream, os.fdopen(reading, "rb"):
        stream.write("before ")
        listener.start()
        last_words.say("the end: é\n", stream, patience=60)
        assert last_words._unread(stream.fileno()) == 0
        listener.join(60)
    assert b"".join(heard).decode() == "before the end: é\n"


def test_it_waits_for_a_reader_that_never_reads_only_as_long_as_its_patience() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading, "rb") as unread:
        last_words.say("the end\n", stream, patience=0.05)
        assert unread.read(8) == b"the end\n"


def test_a_file_has_no_reader_to_wait_for(tmp_path: Path) -> None:
    with open(tmp_path / "errors.txt", "w") as stream:
        last_words.say("the end\n", stream, patience=1e9)
    assert (tmp_path / "errors.txt").read_text() == "the end\n"
