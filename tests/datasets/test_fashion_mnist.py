"""``load_data`` and its sources: which is used, what becomes of wrong files, what is said when all fail."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

import scratchnet.datasets
from scratchnet.datasets import fashion_mnist, files, sources
from scratchnet.errors import DatasetError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def assert_right(data) -> None:
    (x_train, y_train), (x_test, y_test) = data
    assert [a.shape for a in (x_train, y_train, x_test, y_test)] == [
        (20, 28, 28),
        (20,),
        (10, 28, 28),
        (10,),
    ]
    np.testing.assert_array_equal(y_train, np.arange(20, dtype=np.uint8) % 10, strict=True)
    np.testing.assert_array_equal(y_test, np.arange(10, dtype=np.uint8), strict=True)


def test_it_is_an_attribute_as_in_keras() -> None:
    assert scratchnet.datasets.fashion_mnist.load_data is fashion_mnist.load_data


def test_the_ten_names() -> None:
    assert fashion_mnist.LABELS == [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("source", ["cache", "debian", "keras"])
def test_every_local_source_is_found(machine, source: str, zipped: bool) -> None:
    folder = machine.fill(getattr(machine, source), zipped=zipped)
    assert_right(fashion_mnist.load_data())
    assert fashion_mnist.locate().folder == folder


def test_a_named_folder_is_read(machine, tmp_path: Path) -> None:
    assert_right(fashion_mnist.load_data(str(machine.fill(tmp_path / "mine"))))


def test_the_variable_names_a_folder(machine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCRATCHNET_DATA", str(machine.fill(tmp_path / "mine")))
    assert_right(fashion_mnist.load_data())


def test_keras_home_moves_keras_cache(machine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    machine.fill(tmp_path / "k" / "datasets" / "fashion-mnist")
    assert_right(fashion_mnist.load_data())


def test_the_cache_is_the_platforms_unless_the_variable_moves_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("SCRATCHNET_CACHE")
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "platform" / project)
    assert sources.cache_folder() == tmp_path / "platform" / "scratchnet" / "fashion-mnist"


def test_a_tilde_is_the_home(machine, monkeypatch) -> None:
    machine.fill(machine.home / "mine")
    monkeypatch.setenv("SCRATCHNET_DATA", "~/mine")
    assert fashion_mnist.locate().folder == machine.home / "mine"


def test_the_order_of_the_sources(machine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCRATCHNET_DATA", str(tmp_path / "mine"))
    places = {
        "SCRATCHNET_DATA": tmp_path / "mine",
        "cache": machine.cache,
        "Debian package": machine.debian,
        "Keras's cache": machine.keras,
    }
    for folder in places.values():
        machine.fill(folder)
    used = []
    for folder in places.values():
        used.append(fashion_mnist.locate().source)
        for path in folder.iterdir():
            path.unlink()
    assert used == list(places)


def test_the_arrays_belong_to_the_caller(machine) -> None:
    machine.fill(machine.debian)
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    for array in (x, y, x_test, y_test):
        assert array.flags.writeable
        assert array.flags.owndata
    x[:] = 0
    assert fashion_mnist.load_data()[0][0].any()


# Wrong files.


def truncated_gzip(content: bytes) -> bytes:
    return gzip.compress(content)[:-20]


def one_pixel_changed(content: bytes) -> bytes:
    return gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


def too_long(content: bytes) -> bytes:
    return gzip.compress(content + b"\0")


def too_short(content: bytes) -> bytes:
    return gzip.compress(content[:-1])


def a_web_page(content: bytes) -> bytes:
    return b"<html>Moved</html>"


FAULTS = {
    truncated_gzip: "ends after",
    one_pixel_changed: "expected SHA-256 .*found",
    too_long: "expected 15,696 bytes decompressed, found more",
    too_short: "expected 15,696 bytes decompressed, found 15,695",
    a_web_page: "expected gzip data",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_wrong_file_in_our_cache_is_named_and_set_aside(machine, fault) -> None:
    machine.fill(machine.cache)
    machine.fill(machine.keras)
    path = machine.cache / f"{IMAGES}.gz"
    path.write_bytes(wrong := fault(machine.content[IMAGES]))

    with pytest.warns(UserWarning, match=FAULTS[fault]) as said:
        assert_right(fashion_mnist.load_data())

    assert str(path) in str(said[0].message)
    assert not path.exists()
    assert path.with_name(f"{path.name}.corrupt").read_bytes() == wrong


@pytest.mark.parametrize("source", ["debian", "keras", "variable"])
def test_a_wrong_file_elsewhere_is_named_and_left(machine, mirror, tmp_path: Path, monkeypatch, source) -> None:
    folder = machine.fill(tmp_path / "mine" if source == "variable" else getattr(machine, source))
    if source == "variable":
        monkeypatch.setenv("SCRATCHNET_DATA", str(folder))
    path = folder / f"{LABELS}.gz"
    path.write_bytes(b"<html>")
    before = sorted(folder.iterdir())

    with pytest.warns(UserWarning, match=f"{path}: expected gzip data .*left as it is"):
        assert_right(fashion_mnist.load_data())

    assert sorted(folder.iterdir()) == before
    assert path.read_bytes() == b"<html>"


def test_a_right_file_beside_a_wrong_one_is_used(machine) -> None:
    machine.fill(machine.debian)
    (machine.debian / IMAGES).write_bytes(b"a plain file, and wrong")
    assert_right(fashion_mnist.load_data())


def test_files_of_two_sources_are_not_mixed(machine) -> None:
    machine.fill(machine.debian, leave_out=IMAGES)
    machine.fill(machine.keras)
    assert fashion_mnist.locate().folder == machine.keras


def test_a_file_that_cannot_be_read_is_not_set_aside(machine, monkeypatch) -> None:
    machine.fill(machine.cache)
    machine.fill(machine.debian)

    def refuse(path: Path, limit: int) -> bytes:
        if path.is_relative_to(machine.cache):
            raise PermissionError(13, "Permission denied", str(path))
        return read_plain(path, limit)

    read_plain = files.read_plain
    monkeypatch.setattr(files, "read_plain", refuse)
    assert_right(fashion_mnist.load_data())
    assert len(list(machine.cache.glob("*.gz"))) == 4


def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(machine) -> None:
    machine.fill(machine.cache, leave_out=IMAGES)
    os.mkfifo(machine.cache / IMAGES)
    machine.fill(machine.debian)
    assert_right(fashion_mnist.load_data())
    (status,) = [file for file in fashion_mnist.verify(machine.cache)[0].files if file.name == IMAGES]
    assert status.state == "unreadable"
    assert status.detail.endswith("cannot be read (it is a pipe, not an ordinary file)")


def test_a_variable_set_in_vain_is_said(machine, tmp_path: Path, monkeypatch) -> None:
    machine.fill(machine.debian)
    monkeypatch.setenv("SCRATCHNET_DATA", str(tmp_path / "typo"))
    with pytest.warns(UserWarning, match=r"SCRATCHNET_DATA: there is no folder .*typo"):
        assert_right(fashion_mnist.load_data())


# A folder named in the code.


@pytest.mark.parametrize("state", ["missing", "empty", "a file", "one file short", "one file wrong"])
def test_a_named_folder_without_the_files_is_an_error(machine, tmp_path: Path, state: str) -> None:
    machine.fill(machine.debian)
    folder = tmp_path / "mine"
    if state == "empty":
        folder.mkdir()
    elif state == "a file":
        folder.write_bytes(b"")
    elif state == "one file short":
        machine.fill(folder, leave_out=LABELS)
    elif state == "one file wrong":
        machine.fill(folder)
        (folder / f"{LABELS}.gz").write_bytes(b"<html>")
    message = {
        "missing": "there is no folder",
        "empty": "none of the four files",
        "a file": "is a file, not a folder",
        "one file short": f"lacks {LABELS}",
        "one file wrong": f"{LABELS}.gz: expected gzip data",
    }[state]
    with pytest.raises(DatasetError, match=message) as raised:
        fashion_mnist.load_data(folder)
    assert str(folder) in str(raised.value)


def test_a_path_that_is_no_path_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="path of fashion_mnist expected a path as text or as a Path, got 3"):
        fashion_mnist.load_data(3)


# Nothing anywhere.


def test_the_error_lists_every_source_and_what_to_do(machine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCRATCHNET_DATA", str(tmp_path / "typo"))
    with pytest.warns(UserWarning, match="typo"), pytest.raises(DatasetError) as raised:
        fashion_mnist.load_data()
    lines = str(raised.value).splitlines()
    begins = ("SCRATCHNET_DATA", "cache", "Debian package", "Keras's cache", "download", "apt-get download")
    for line, begin in zip(lines[1:], begins):
        assert line.startswith(f"  {begin}: ")
    for text in (str(tmp_path / "typo"), str(machine.cache), str(machine.debian), str(machine.keras)):
        assert text in str(raised.value)
    assert "127.0.0.1:1: train-images-idx3-ubyte.gz: the connection was refused" in str(raised.value)
    for advice in ("connect this machine", "apt-get install", "copy ", 'load_data(subset="mini")'):
        assert advice in str(raised.value)


# The helpers of the command line.


def test_locate_is_none_when_nothing_is_here() -> None:
    assert fashion_mnist.locate() is None


def test_locate_looks_only_in_a_named_folder(machine, tmp_path: Path) -> None:
    machine.fill(machine.debian)
    assert fashion_mnist.locate(tmp_path) is None


def test_verify_reports_every_file_of_every_source(machine) -> None:
    machine.fill(machine.cache)
    machine.fill(machine.debian, leave_out=LABELS)
    (machine.debian / f"{IMAGES}.gz").write_bytes(b"<html>")
    reports = {report.source: report for report in fashion_mnist.verify()}
    assert list(reports) == ["cache", "Debian package", "Keras's cache"]
    assert [report.ok for report in reports.values()] == [True, False, False]
    states = {file.name: file.state for file in reports["Debian package"].files}
    assert states == {
        IMAGES: "wrong",
        LABELS: "missing",
        "t10k-images-idx3-ubyte": "ok",
        "t10k-labels-idx1-ubyte": "ok",
    }


def test_verify_changes_nothing(machine) -> None:
    machine.fill(machine.cache)
    (machine.cache / f"{IMAGES}.gz").write_bytes(b"<html>")
    fashion_mnist.verify()
    assert (machine.cache / f"{IMAGES}.gz").read_bytes() == b"<html>"


def test_verify_of_a_named_folder(machine) -> None:
    (report,) = fashion_mnist.verify(machine.fill(machine.debian))
    assert report.ok


def test_fetch_uses_no_network_when_the_files_are_here(machine, mirror) -> None:
    machine.fill(machine.debian)
    assert fashion_mnist.fetch().source == "Debian package"
    assert mirror.asked == []


# The real thing, where it is at hand.


def test_the_full_set_is_what_keras_gives(monkeypatch) -> None:
    monkeypatch.undo()  # back to the real machine
    if fashion_mnist.locate() is None:
        pytest.skip("Fashion-MNIST is not on this machine; run `scratchnet data fetch`")
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(np.bincount(y_train), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [1000] * 10)
    # The first labels as Keras's documentation shows them, and the range of the grey values.
    np.testing.assert_array_equal(y_train[:5], [9, 0, 0, 3, 0])
    assert (x_train.min(), x_train.max()) == (0, 255)
