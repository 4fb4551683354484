"""Opening image files that somebody else made: six formats, by their content, of a bounded size, and nothing else.

Pillow reads more, and some of it with the help of other programs: PostScript, whatever the file is called, starts
Ghostscript. Here no other program is ever started.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from scratchnet.errors import ImageError
from scratchnet.typing import Array
from scratchnet.utils.reading import NotRegularError, TooLargeError, read_regular

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 64_000_000
"""The most pixels of an image, known before any is decoded: 1 GB is needed for so many."""

MAX_BYTES = 512_000_000
"""The most bytes of an image file."""

_ENOUGH = 2048  # pixels of the longer side from which on an image is reduced: no step needs more
_BITS, _KIND = 258, 339  # of TIFF: how many bits a number has, and whether it is unsigned, signed or a float
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


class Opened(NamedTuple):
    """``picture``, of Pillow's mode L, RGB or F, 0 to 255; the ``size`` (W, H) it had, upright; ``steps``, in words."""

    picture: Image.Image
    size: tuple[int, int]
    steps: list[str]


def open_image(path: str | os.PathLike[str]) -> Opened:
    """Open an image file: upright, transparent parts white, the first of its frames, more than 2048 pixels reduced.

    Args:
        path: a PNG, JPEG, WebP, GIF, BMP or TIFF, whatever its name is. Grey ones may have 1 to 32 bits or be floats:
            their white is the first of 1 (for floats), 255 and 65535 that no pixel exceeds; with other numbers, the
            least becomes black and the greatest white.

    Raises:
        ImageError: it is none of these, damaged, has more than ``MAX_PIXELS`` or ``MAX_BYTES``, or numbers that are NaN
            or infinite; it is a folder, a pipe or a device; or it is not there, or may not be read.
    """
    content = _content(path)
    try:
        # Pillow warns of sizes, which are bounded below, and of faults in what surrounds the pixels.
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=FORMATS) as file:
            _check_size(path, file.size)
            full = file.size
            file.draft(None, (_ENOUGH, _ENOUGH))  # JPEG is quicker and smaller when decoded smaller
            decoded = file.size
            file.load()
            _check_size(path, file.size)  # a GIF's frame may be larger than it said
            return _converted(file, full if file.size == decoded else file.size)  # a TIFF has been turned already
    except ImageError as error:
        raise ImageError(f"{path} {error}" if not str(error).startswith(str(path)) else str(error)) from None
    except UnidentifiedImageError:
        raise _unknown(path, content) from None
    except Image.DecompressionBombError:  # Pillow's own bound, which is met first by the largest
        raise ImageError(
            f"{path} has too many pixels to be opened safely: at most {MAX_PIXELS // 10**6} million; make it smaller "
            f"first."
        ) from None
    except MemoryError:
        raise ImageError(f"{path} needs more memory than there is: make it smaller first.") from None
    except Exception as error:  # on damaged files, Pillow's readers raise whatever comes
        raise ImageError(f"{path} is a damaged image ({_one_line(error)}).") from None


def as_picture(pixels: Any) -> Opened:
    """Return an array as ``open_image`` returns a file.

    Args:
        pixels: (H, W) or (H, W, 1) of numbers, whose white is found as in a file; or (H, W, 3) or (H, W, 4) uint8.

    Raises:
        ValueError: if it is something else, or empty.
    """
    array = np.asarray(pixels)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    colour = array.ndim == 3 and array.shape[2] in (3, 4) and array.dtype == np.uint8
    if not array.size or array.dtype.kind not in "buif" or not (array.ndim == 2 or colour):
        raise ValueError(
            f"prepare expected pixels (H, W), (H, W, 3) or (H, W, 4), the last two of uint8, got {array.shape} of "
            f"{array.dtype}."
        )
    if colour or array.dtype == np.uint8:
        picture = Image.fromarray(array)
        return _converted(picture, picture.size)
    size = (array.shape[1], array.shape[0])
    picture, steps = _deep(lambda begin, end: array[begin:end].astype(np.float64), size)
    return Opened(picture, size, steps)


def _content(path: str | os.PathLike[str]) -> bytes:
    if path == "":
        raise ImageError("The name of the image is empty: give an image file, or test:17 for a test image.")
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        raise ImageError(f"There is no image {path}: give an image file, or test:17 for a test image.") from None
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder: give an image file.") from None
    except (NotRegularError, TooLargeError) as error:
        raise ImageError(f"{path} cannot be opened as an image: {error.strerror}.") from None
    except PermissionError:
        raise ImageError(f"{path} may not be read.") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise ImageError(f"{path} cannot be read ({_one_line(error)}).") from None


def _check_size(path: str | os.PathLike[str], size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise ImageError(
            f"{path} has too many pixels to be opened safely, {size[0]:,}×{size[1]:,}: at most {MAX_PIXELS // 10**6} "
            f"million; make it smaller first."
        )


def _converted(file: Image.Image, size: tuple[int, int]) -> Opened:
    """Return a decoded image, that had this size, in one of the three modes, upright, and what was done."""
    steps = []
    if getattr(file, "is_animated", False):
        steps.append("the first of its frames")
    orientation = 1
    with suppress(Exception):  # damaged EXIF data say nothing
        orientation = file.getexif().get(0x0112, 1)
    picture: Image.Image = file
    if file.mode in ("F", "I") or file.mode.startswith("I;"):
        picture, more = _deep(partial(_numbers, file), file.size)
        steps += more
    elif file.has_transparency_data:
        picture = _reduced(file if file.mode == "RGBA" else file.convert("RGBA"))
        if picture.getchannel("A").getextrema() != (255, 255):
            steps.append("made white where it is transparent")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    elif file.mode != "RGB":
        picture = file.convert("L" if file.mode in ("1", "L") else "RGB")
    picture = _reduced(picture)
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
        size = size if orientation < 5 else (size[1], size[0])
        steps.append("turned as its EXIF data say")
    return Opened(picture, size, steps)


def _reduced(picture: Image.Image) -> Image.Image:
    factor = max(picture.size) // _ENOUGH
    return picture.reduce(factor) if factor > 1 else picture


def _numbers(file: Image.Image, begin: int, end: int) -> Array:
    """Return rows of a grey image of more than 8 bits, (rows, W) float64."""
    array = np.asarray(file.crop((0, begin, file.width, end)))
    tags = getattr(file, "tag_v2", {})
    if file.mode == "I" and tags.get(258) == (32,) and tags.get(339, (1,)) in ((1,), 1):
        array = array.view(np.uint32)  # Pillow takes them to be signed
    return array.astype(np.float64)


def _deep(rows: Callable[[int, int], Array], size: tuple[int, int]) -> tuple[Image.Image, list[str]]:
    """Return numbers as an image of mode F from 0 to 255, reduced; never more than a few rows at once in float64.

    Args:
        rows: returns the rows from one to before another, (rows, W) float64.
        size: width and height.
    """
    factor = max(1, max(size) // _ENOUGH)
    height = 64 * factor
    bands = [(begin, min(begin + height, size[1])) for begin in range(0, size[1], height)]
    wrong, low, high = 0, np.inf, -np.inf
    for band in bands:
        values = rows(*band)
        finite = np.isfinite(values)
        wrong += int((~finite).sum())
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if wrong:
        raise ImageError(f"has {wrong:,} pixels that are NaN or infinite: expected finite numbers.")
    fitting = [white for white in (1.0, 255.0, 65535.0) if low >= 0 and high <= white]
    black, white = (0.0, fitting[0]) if fitting else (low, high)
    scale = 255 / (white - black) if white > black else 0.0
    scaled = (Image.fromarray(((rows(*band) - black) * scale).astype(np.float32)) for band in bands)
    steps = [] if fitting else [f"{low:g} taken for black and {high:g} for white"]
    return Image.fromarray(np.concatenate([np.asarray(band.reduce(factor)) for band in scaled])), steps


def _unknown(path: str | os.PathLike[str], content: bytes) -> ImageError:
    """Return the error for a file that Pillow does not open, which says of a TIFF what its numbers are."""
    with suppress(Exception):
        tags = TiffImagePlugin.ImageFileDirectory_v2(content[:8])
        stream = io.BytesIO(content)
        stream.seek(tags.next)
        tags.load(stream)
        if max(bits := tags[_BITS]) > 32:
            kind = {2: "signed ", 3: "float ", 5: "complex ", 6: "complex "}.get(min(tags.get(_KIND, (1,))), "")
            return ImageError(
                f"{path} is a TIFF of {max(bits)}-bit {kind}numbers, of which 32 bits are the most that can be read: "
                f"save it as float32."
            )
    return ImageError(f"{path} is not an image that can be read: expected PNG, JPEG, WebP, GIF, BMP or TIFF.")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
