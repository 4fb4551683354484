"""The mirrors, over a real HTTP server on the loopback."""

from __future__ import annotations

import gzip
import io
import re
import socket
import sys
import threading

import pytest

from scratchnet.datasets import download, fashion_mnist
from scratchnet.errors import DatasetError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def test_the_files_are_downloaded_once_and_kept(machine, mirror) -> None:
    assert fashion_mnist.fetch().source == "download"
    assert len(mirror.asked) == 4
    assert fashion_mnist.fetch().source == "cache"
    assert len(mirror.asked) == 4


def test_what_was_downloaded_is_what_is_loaded(machine, mirror) -> None:
    (x_train, _), _ = fashion_mnist.load_data()
    assert x_train.tobytes() == machine.content[IMAGES][16:]


def test_fetch_says_where_the_files_are(machine, mirror) -> None:
    report = fashion_mnist.fetch()
    assert report.folder == machine.cache
    assert [file.path.parent for file in report.files] == [machine.cache] * 4


def test_only_what_the_cache_lacks_is_downloaded(machine, mirror) -> None:
    machine.fill(machine.cache, leave_out=LABELS)
    fashion_mnist.load_data()
    assert mirror.asked == [f"/{LABELS}.gz"]


def test_a_wrong_file_in_the_cache_is_replaced(machine, mirror) -> None:
    machine.fill(machine.cache)
    (machine.cache / f"{LABELS}.gz").write_bytes(b"<html>")
    with pytest.warns(UserWarning, match=LABELS):
        fashion_mnist.load_data()
    assert fashion_mnist.locate().source == "cache"


def test_a_mirror_may_send_the_file_decompressed(machine, mirror) -> None:
    mirror.answers[f"/{LABELS}.gz"] = (200, machine.content[LABELS])
    fashion_mnist.load_data()
    assert (machine.cache / LABELS).read_bytes() == machine.content[LABELS]


def wrong_content(content: bytes) -> tuple[int, bytes]:
    return 200, gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


def a_web_page(content: bytes) -> tuple[int, bytes]:
    return 200, b"<html>Please log in</html>"


def not_there(content: bytes) -> tuple[int, bytes]:
    return 404, b""


def far_too_much(content: bytes) -> tuple[int, bytes]:
    return 200, bytes(1 << 20)


FAULTS = {
    wrong_content: "expected SHA-256",
    a_web_page: "bytes decompressed, found 26",
    not_there: "answered HTTP 404",
    far_too_much: "sends more than",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_second_mirror_helps_out(machine, mirror, second_mirror, capsys, fault) -> None:
    mirror.answers[f"/{LABELS}.gz"] = fault(machine.content[LABELS])
    assert fashion_mnist.fetch().source == "download"
    # The first mirror is not asked again after its failure.
    assert mirror.asked == [f"/{IMAGES}.gz", f"/{LABELS}.gz"]
    assert re.search(f"{LABELS}.gz: .*{FAULTS[fault]}", capsys.readouterr().err)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_wrong_gets_into_the_cache(machine, mirror, fault) -> None:
    mirror.answers[f"/{LABELS}.gz"] = fault(machine.content[LABELS])
    with pytest.raises(DatasetError, match=FAULTS[fault]):
        fashion_mnist.load_data()
    assert [path.name for path in machine.cache.iterdir()] == [f"{IMAGES}.gz"]


def test_a_connection_cut_in_the_middle_is_a_failure(machine, mirror) -> None:
    promised = gzip.compress(machine.content[IMAGES])

    class Short(bytes):
        def __len__(self) -> int:
            return len(promised)

    mirror.answers[f"/{IMAGES}.gz"] = (200, Short(promised[:100]))
    with pytest.raises(DatasetError, match=f"{IMAGES}.gz: .*(Incomplete|Connection broken)"):
        fashion_mnist.load_data()


def test_a_silent_mirror_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.3)
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        # A name look-up that does not return: no timeout of any HTTP library covers it.
        released.wait(60)
        raise socket.gaierror("released")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with pytest.raises(download.MirrorFailed, match=r"silent for 0.3 s"):
            download.download("http://mirror.invalid/file.gz", limit=100)
        assert not released.is_set()
    finally:
        released.set()


def test_a_mirror_that_accepts_and_then_says_nothing_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file.gz"
        with pytest.raises(download.MirrorFailed, match=r"silent|no answer in time"):
            download.download(url, limit=100)


def test_a_cache_that_cannot_be_written_does_not_stop_the_training(machine, mirror) -> None:
    machine.cache.parent.write_bytes(b"a file where the folder should be")
    with pytest.warns(UserWarning, match=r"could not be kept .*SCRATCHNET_CACHE") as said:
        (x_train, _), _ = fashion_mnist.load_data()
    assert x_train.shape == (20, 28, 28)
    assert len(said) == 1


def test_fetch_says_when_the_files_were_not_kept(machine, mirror) -> None:
    machine.cache.parent.write_bytes(b"a file where the folder should be")
    with pytest.warns(UserWarning, match="could not be kept"):
        report = fashion_mnist.fetch()
    assert report.folder is None
    assert "not kept" in report.said


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar(mirror, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    size = len(download.download(f"{mirror.url}{IMAGES}.gz", limit=1 << 20))
    assert f"{IMAGES}.gz" in screen.getvalue()
    assert f"{size / 1000:.1f}/{size / 1000:.1f} kB" in screen.getvalue()


def test_a_log_file_gets_one_plain_line(mirror, capsys) -> None:
    download.download(f"{mirror.url}{IMAGES}.gz", limit=1 << 20)
    assert capsys.readouterr().err == f"Downloading {mirror.url}{IMAGES}.gz\n"
