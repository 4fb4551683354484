"""Image files of the six formats, in many kinds of pixels.

What is opened must become 28×28 pixels, black if nothing was found; what is not must give an ImageError of one line.
"""

from __future__ import annotations

import io
import random
import struct
import tempfile
import zlib
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from scratchnet.errors import ImageError
from scratchnet.images import opening, prepare
from tests.fuzz.targets import bytes_changed

SECONDS = 10.0
PIXELS = 4_000_000  # fewer than may be, for an input to be quick

_KINDS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("P", "L"),
    "BMP": ("1", "L", "P", "RGB"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr", "I;16", "I", "F"),
}


@cache
def seeds() -> list[bytes]:
    """Return a small file of each kind; a TIFF with each compression; moving ones; one that is to be turned."""
    files = [_file(_image(mode), form) for form, modes in _KINDS.items() for mode in modes]
    for compression in ("packbits", "tiff_lzw", "tiff_deflate", "jpeg"):
        files.append(_file(_image("RGB"), "TIFF", compression=compression))
    for form in ("GIF", "PNG", "WEBP", "TIFF"):
        files.append(_file(_image("RGB"), form, save_all=True, append_images=[_image("L").convert("RGB")]))
    exif = Image.Exif()
    exif[0x0112] = 6
    files.append(_file(_image("RGB"), "JPEG", exif=exif, progressive=True))
    files.append(_file(_image("P"), "GIF", transparency=0))
    return files


def _image(mode: str) -> Image.Image:
    pixels = np.full((20, 24), 230, np.uint8)
    pixels[5:15, 4:20] = np.arange(160).reshape(10, 16)
    if mode in ("I;16", "I", "F"):
        dtype, scale = {"I;16": (np.uint16, 257.0), "I": (np.int32, 1000.0), "F": (np.float32, 1 / 255)}[mode]
        return Image.fromarray((pixels * scale).astype(dtype))
    image = Image.fromarray(pixels)
    return image.convert("RGB").convert(mode) if mode in ("LAB", "YCbCr", "CMYK") else image.convert(mode)


def _file(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change the bytes; of a PNG, what is in its chunks, for which the checksums are made anew."""
    if not data.startswith(b"\x89PNG") or rng.random() < 0.2:
        return bytes_changed(data, rng)
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks)) if chunks else -1
    changed = data[:8]
    for k, (name, content) in enumerate(chunks):
        if k == chosen:
            try:
                content = zlib.compress(bytes_changed(zlib.decompress(content), rng))
            except zlib.error:
                content = bytes_changed(content, rng)
        changed += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return changed


def check(data: bytes) -> str:
    """Prepare a file for the network."""
    with tempfile.TemporaryDirectory() as folder, patch.object(opening, "MAX_PIXELS", PIXELS):
        path = Path(folder) / "image"
        path.write_bytes(data)
        try:
            photo = prepare(path)
        except ImageError as error:
            if not str(error).isprintable():
                raise ValueError(f"a message that a terminal would obey: {error!r}") from error
            return "refused"
    assert photo.pixels.shape == (28, 28)
    assert photo.pixels.dtype == np.uint8
    assert photo.found == bool(np.ptp(photo.pixels)) or not photo.found
    assert all(line.isprintable() for line in (*photo.steps, *photo.doubts))
    return "read"
