"""IDX, the format of MNIST and its descendants: a tiny header, then the numbers.

    00 00 TT RR | d0 d0 d0 d0 | d1 d1 d1 d1 | ... | numbers

TT says the dtype, RR how many dimensions there are; then one big-endian uint32 a dimension; then the numbers,
big-endian, last dimension fastest. Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", file
formats.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from scratchnet.errors import DatasetError
from scratchnet.typing import Array
from scratchnet.utils.files import file_path
from scratchnet.utils.numbers import whole_number
from scratchnet.utils.reading import open_regular

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(np.uint8),
    0x09: np.dtype(np.int8),
    0x0B: np.dtype(np.int16),
    0x0C: np.dtype(np.int32),
    0x0D: np.dtype(np.float32),
    0x0E: np.dtype(np.float64),
}
"""The dtype that each code in the third byte stands for."""

GZIP_MAGIC = b"\x1f\x8b"

LIMIT = 1 << 30
"""The most bytes that ``read_idx`` takes an array to have, unless told otherwise: 1 GiB."""

CHUNK = 1 << 20


def read_idx(source: str | os.PathLike[str] | bytes, limit: int = LIMIT) -> Array:
    """Read one IDX array from a file (plain or gzipped) or from bytes.

    Args:
        source: a path, or the content itself as ``bytes``. A path that ends in ``.gz`` must hold gzip data.
        limit: the most bytes that the array may have. No more is read or decompressed than the header promises, and
            a header that promises more than this is refused: two megabytes of gzip can unfold to two gigabytes.

    Returns:
        A new array that the caller owns and may write to, in native byte order, with the shape and dtype of
        the header: uint8, int8, int16, int32, float32 or float64.

    Raises:
        DatasetError: not gzip although it should be, damaged gzip, wrong magic, unknown dtype, too short, too
        long, larger than ``limit``. OSError: the file cannot be opened, or is none (a folder, a pipe, a device).
    """
    limit = whole_number("limit of read_idx", limit, 0)
    if isinstance(source, bytes):
        raw: BinaryIO = io.BytesIO(source)
        where = "the bytes given"
    else:
        where = file_path("source of read_idx", source)
        try:
            raw = open_regular(where)
        except OSError as error:
            raise type(error)(f"read_idx cannot open {where!r}: {(error.strerror or str(error)).lower()}.") from None
    with raw, _decompressed(raw, where, must_be_gzip=where.endswith(".gz")) as stream:
        return _read_array(stream, where, limit)


def parse_idx(content: bytes, where: str) -> Array:
    """Turn the decompressed bytes of an IDX file into an array; ``where`` names them in an error message."""
    return _read_array(io.BytesIO(content), where, LIMIT)


def read_plain(path: Path, limit: int) -> bytes:
    """Return the decompressed content of a plain or gzipped file, at most ``limit`` bytes of it.

    Raises:
        DatasetError: a ``.gz`` file that is not gzip, or gzip data that is damaged or cut short.
        OSError: the file cannot be opened, or is none (a folder, a pipe, a device).
    """
    with open_regular(path) as raw, _decompressed(raw, str(path), must_be_gzip=path.suffix == ".gz") as stream:
        return stream.read(limit)


def gunzip_if_needed(content: bytes, where: str, limit: int) -> bytes:
    """Return ``content`` decompressed if it is gzip, otherwise as it is; at most ``limit`` bytes."""
    with _decompressed(io.BytesIO(content), where) as stream:
        return stream.read(limit)


@contextmanager
def _decompressed(raw: BinaryIO, where: str, must_be_gzip: bool = False) -> Iterator[BinaryIO]:
    """Give a stream of what ``raw`` holds, decompressed if it is gzip; what is wrong with the gzip is said.

    No IDX file is taken for gzip: it begins with two zero bytes.
    """
    start = raw.read(4)
    raw.seek(0)
    if not start.startswith(GZIP_MAGIC):
        if must_be_gzip:
            found = f"starts with {_hex(start)}" if start else "is empty"
            raise DatasetError(
                f"{where}: expected gzip data (first bytes 1f 8b), but the file {found}; fetch it again."
            )
        yield raw
        return
    try:
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast("BinaryIO", stream)
    except EOFError:
        raise DatasetError(
            f"{where}: expected complete gzip data, but it ends after {raw.seek(0, os.SEEK_END):,} bytes; "
            "fetch it again."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{where}: expected sound gzip data, but it is damaged ({error}); fetch it again.") from None


def _read_array(stream: BinaryIO, where: str, limit: int) -> Array:
    """Read header and numbers, and check that nothing follows."""
    shape, dtype, start = _read_header(stream, where)
    size = math.prod(shape) * dtype.itemsize
    promised = f"expected {start + size:,} bytes for {shape} {dtype.name}"
    if size > limit:
        raise DatasetError(
            f"{where}: {promised}, which is more than the limit of {limit:,}; pass a greater `limit` if you trust it."
        )
    try:
        # A fresh array, because one that looks into bytes could not be written to. It takes memory where it is written.
        array = np.empty(shape, dtype)
    except (ValueError, MemoryError):
        raise DatasetError(f"{where}: {promised}, but there can be no array of that shape.") from None
    found = _fill(array, stream)
    if found < size:
        raise DatasetError(f"{where}: {promised}, but it is truncated: found {start + found:,}.")
    if stream.read(1):
        raise DatasetError(f"{where}: {promised}, but it is too long: more follows.")
    return array if sys.byteorder == "big" else array.byteswap(inplace=True)


def _read_header(stream: BinaryIO, where: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape and dtype, and how many bytes the header has."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise DatasetError(f"{where}: expected an IDX header of at least 4 bytes, but there are {len(magic)}.")
    if magic[:2] != b"\x00\x00":
        raise DatasetError(f"{where}: expected an IDX file (first bytes 00 00), but it starts with {_hex(magic)}.")
    code, rank = magic[2], magic[3]
    if code not in DTYPES:
        known = ", ".join(f"{known:02x} {dtype.name}" for known, dtype in DTYPES.items())
        raise DatasetError(f"{where}: expected an IDX dtype code ({known}), but the third byte is {code:02x}.")
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise DatasetError(
            f"{where}: expected {4 + 4 * rank} bytes of IDX header for {rank} dimensions, found {4 + len(sizes)}."
        )
    return struct.unpack(f">{rank}I", sizes), DTYPES[code], 4 + 4 * rank


def _fill(array: Array, stream: BinaryIO) -> int:
    """Read the array's bytes and return how many there were. In pieces: gzip would make a copy of each."""
    if not array.size:
        return 0
    place = array.reshape(-1).view(np.uint8).data
    found = 0
    while found < len(place):
        more = stream.readinto(place[found : found + CHUNK])  # type: ignore[attr-defined]
        if not more:
            break
        found += more
    return found


def _hex(content: bytes) -> str:
    return content.hex(" ")
