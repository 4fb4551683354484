"""The IDX reader: every dtype and shape comes back as it was written, a damaged file does not."""

from __future__ import annotations

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet.datasets import read_idx
from scratchnet.errors import DatasetError

CODES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}


def idx_bytes(array: np.ndarray, code: int) -> bytes:
    """An IDX writer that shares nothing with the reader under test."""
    header = bytes([0, 0, code, array.ndim]) + b"".join(struct.pack(">I", size) for size in array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@st.composite
def arrays_with_code(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    code = draw(st.sampled_from(sorted(CODES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    return draw(hnp.arrays(CODES[code], shape)), code


GOOD = idx_bytes(np.arange(12, dtype=np.int16).reshape(3, 4), 0x0B)


@given(arrays_with_code())
def test_every_dtype_and_shape_comes_back(case: tuple[np.ndarray, int]) -> None:
    array, code = case
    found = read_idx(idx_bytes(array, code))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array, strict=True)


@given(arrays_with_code())
def test_gzip_changes_nothing(case: tuple[np.ndarray, int]) -> None:
    array, code = case
    np.testing.assert_array_equal(read_idx(gzip.compress(idx_bytes(array, code))), array, strict=True)


@given(arrays_with_code(), st.data())
def test_no_truncated_file_is_read(case: tuple[np.ndarray, int], data: st.DataObject) -> None:
    content = idx_bytes(*case)
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DatasetError, match=r"expected .* (there are|found)"):
        read_idx(content[:length])


@given(arrays_with_code(), st.binary(min_size=1, max_size=9))
def test_no_oversized_file_is_read(case: tuple[np.ndarray, int], more: bytes) -> None:
    with pytest.raises(DatasetError, match="too long"):
        read_idx(idx_bytes(*case) + more)


@given(st.binary(max_size=40))
def test_any_bytes_give_an_array_or_a_dataset_error(content: bytes) -> None:
    try:
        found = read_idx(content)
    except DatasetError:
        return
    # What was accepted was IDX: writing it again gives the same bytes.
    assert idx_bytes(found, content[2]) == content


@pytest.mark.parametrize("name", ["plain", "zipped.gz", "zipped-without-suffix"])
def test_a_file_may_be_plain_or_gzipped(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(GOOD, mtime=0) if name.startswith("zipped") else GOOD)
    np.testing.assert_array_equal(read_idx(path), np.arange(12, dtype=np.int16).reshape(3, 4), strict=True)


def test_the_array_belongs_to_the_caller() -> None:
    found = read_idx(GOOD)
    assert found.flags.writeable
    assert found.flags.owndata
    assert found.dtype.isnative


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    assert read_idx(str(tmp_path / "a")).shape == (3, 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD[:-1], r"expected 36 bytes for \(3, 4\) int16, but it is truncated: found 35"),
        (GOOD + b"\0", r"expected 36 bytes for \(3, 4\) int16, but it is too long: more follows"),
        (b"\x89PNG....", "expected an IDX file .first bytes 00 00., but it starts with 89 50 4e 47"),
        (b"\0\0\x0a\x01\0\0\0\0", "expected an IDX dtype code .*08 uint8.*0e float64.*third byte is 0a"),
        (GOOD[:10], "expected 12 bytes of IDX header for 2 dimensions, found 10"),
        (b"\0\0", "expected an IDX header of at least 4 bytes, but there are 2"),
        (b"", "expected an IDX header of at least 4 bytes, but there are 0"),
        (gzip.compress(GOOD, mtime=0)[:-9], "expected complete gzip data, but it ends after"),
        (gzip.compress(GOOD, mtime=0)[:-8] + bytes(8), "expected sound gzip data, but it is damaged .*CRC"),
        (gzip.compress(GOOD, mtime=0) + b"more", "expected sound gzip data, but it is damaged"),
    ],
)
def test_the_message_says_what_was_expected_and_found(content: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_idx(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD, "expected gzip data .first bytes 1f 8b., but the file starts with 00 00 0b 02"),
        (b"<html>", "starts with 3c 68 74 6d"),
        (b"", "the file is empty"),
    ],
)
def test_a_gz_file_must_be_gzip(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message) as raised:
        read_idx(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0\0\x0e\x04" + b"\xff" * 16, "more than the limit of 1,073,741,824; pass a greater `limit`"),
        (b"\0\0\x08\x02" + b"\0\0\x10\0" * 2, r"expected 16,777,228 bytes .* but it is truncated: found 12"),
        (b"\0\0\x08\x41" + b"\0\0\0\1" * 65 + b"\7", "there can be no array of that shape"),
        (b"\0\0\x08\x05" + b"\0\0\0\0" + b"\xff" * 16, "there can be no array of that shape"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_that_promises_what_cannot_be_is_refused(content: bytes, message: str, zipped: bool) -> None:
    with pytest.raises(DatasetError, match=message):
        read_idx(gzip.compress(content) if zipped else content)


def test_no_more_is_unpacked_than_the_header_promises(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as stream:
        stream.write(GOOD)
        for _ in range(200):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    with pytest.raises(DatasetError, match="too long"):
        read_idx(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_the_limit_is_of_the_array_and_may_be_raised_and_lowered(tmp_path: Path) -> None:
    assert read_idx(GOOD, limit=24).nbytes == 24
    with pytest.raises(DatasetError, match="more than the limit of 23"):
        read_idx(GOOD, limit=23)
    with pytest.raises(ValueError, match="limit of read_idx"):
        read_idx(GOOD, limit=-1)


@pytest.mark.parametrize("zipped", [False, True])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, zipped: bool) -> None:
    pipe = tmp_path / f"pipe{'.gz' if zipped else ''}"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="a pipe, not an ordinary file"):
        read_idx(pipe)
    with pytest.raises(OSError, match="a device, not an ordinary file"):
        read_idx("/dev/zero")
    with pytest.raises(IsADirectoryError, match="a folder, not a file"):
        read_idx(tmp_path)


def test_a_missing_file_is_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nowhere")
