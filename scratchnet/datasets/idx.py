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
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.errors import DatasetError
from scratchnet.typing import Array

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""The dtype that each code in the third byte stands for."""

GZIP_MAGIC = b"\x1f\x8b"


def read_idx(source: str | os.PathLike[str] | bytes) -> Array:
    """Read one IDX array from a file (plain or gzipped) or from bytes.

    Args:
        source: a path, or the content itself as ``bytes``. A path that ends in ``.gz`` must hold gzip data.

    Returns:
        A new array that the caller owns and may write to, in native byte order, with the shape and dtype of
        the header: uint8, int8, int16, int32, float32 or float64.

    Raises:
        DatasetError: not gzip although it should be, damaged gzip, wrong magic, unknown dtype, too short, too
        long. OSError: the file cannot be opened.
    """
    if isinstance(source, bytes):
        return parse_idx(gunzip_if_needed(source, "the bytes given"), "the bytes given")
    return parse_idx(read_plain(Path(source)), str(source))


def read_plain(path: Path, limit: int | None = None) -> bytes:
    """Return the decompressed content of a plain or gzipped file, at most ``limit`` bytes of it.

    Raises:
        DatasetError: a ``.gz`` file that is not gzip, or gzip data that is damaged or cut short.
        OSError: the file cannot be opened.
    """
    content = path.read_bytes()
    if path.suffix == ".gz" and not content.startswith(GZIP_MAGIC):
        found = f"starts with {_hex(content[:4])}" if content else "is empty"
        raise DatasetError(f"{path}: expected gzip data (first bytes 1f 8b), but the file {found}; fetch it again.")
    return gunzip_if_needed(content, str(path), limit)


def gunzip_if_needed(content: bytes, where: str, limit: int | None = None) -> bytes:
    """Return ``content`` decompressed if it is gzip, otherwise as it is; at most ``limit`` bytes.

    No IDX file is taken for gzip: it begins with two zero bytes.
    """
    size = -1 if limit is None else limit
    if not content.startswith(GZIP_MAGIC):
        return content if limit is None else content[:limit]
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return stream.read(size)
    except EOFError:
        raise DatasetError(
            f"{where}: expected complete gzip data, but it ends after {len(content):,} bytes; fetch it again."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{where}: expected sound gzip data, but it is damaged ({error}); fetch it again.") from None


def parse_idx(content: bytes, where: str) -> Array:
    """Turn the decompressed bytes of an IDX file into an array; ``where`` names them in an error message."""
    if len(content) < 4:
        raise DatasetError(f"{where}: expected an IDX header of at least 4 bytes, but there are {len(content)}.")
    if content[:2] != b"\x00\x00":
        raise DatasetError(
            f"{where}: expected an IDX file (first bytes 00 00), but it starts with {_hex(content[:4])}."
        )
    code, rank = content[2], content[3]
    if code not in DTYPES:
        known = ", ".join(f"{known:02x} {dtype.name}" for known, dtype in DTYPES.items())
        raise DatasetError(f"{where}: expected an IDX dtype code ({known}), but the third byte is {code:02x}.")

    start = 4 + 4 * rank
    if len(content) < start:
        raise DatasetError(
            f"{where}: expected {start} bytes of IDX header for {rank} dimensions, found {len(content)}."
        )
    shape = struct.unpack(f">{rank}I", content[4:start])
    dtype = DTYPES[code]
    expected, found = start + math.prod(shape) * dtype.itemsize, len(content)
    if found != expected:
        fault = "it is truncated" if found < expected else "it is too long"
        raise DatasetError(
            f"{where}: expected {expected:,} bytes for {shape} {dtype.name}, but {fault}: found {found:,}."
        )
    # A fresh array, because one that looks into `content` could be neither written to nor outlive a mapped
    # file.
    array = np.empty(shape, dtype.newbyteorder("="))
    array[...] = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array


def _hex(content: bytes) -> str:
    return content.hex(" ")
