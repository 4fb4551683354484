"""Opening image files that somebody else made: six formats, by their content, of a bounded size, and nothing else.

Pillow reads more, and some of it with the help of other programs: PostScript, whatever the file is called, starts
Ghostscript. Here no other program is ever started.
"""

from __future__ import annotations

import io
import os
import warnings
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from scratchnet.errors import ImageError
from scratchnet.typing import Array
from scratchnet.utils.reading import NotRegularError, TooLargeError, read_regular

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 64_000_000
"""The most pixels of an image, known before any is decoded: 1 GB is needed for so many."""

MAX_BYTES = 512_000_000
"""The most bytes of an image file."""

_ENOUGH = 2048  # pixels of the longer side from which on an image is reduced: no step needs more
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
        raise ImageError(
            f"{path} is not an image that can be read: expected PNG, JPEG, WebP, GIF, BMP or TIFF."
        ) from None
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
    picture, steps = _deep(array.astype(np.float64))
    return Opened(picture, picture.size, steps)


def _content(path: str | os.PathLike[str]) -> bytes:
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
        picture, more = _deep(_numbers(file))
        steps += more
    elif file.has_transparency_data:
        picture = _reduced(file.convert("RGBA"))
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


def _numbers(file: Image.Image) -> Array:
    """Return the pixels of a grey image of more than 8 bits, (H, W) float64."""
    array = np.asarray(file)
    tags = getattr(file, "tag_v2", {})
    if file.mode == "I" and tags.get(258) == (32,) and tags.get(339, (1,)) in ((1,), 1):
        array = array.view(np.uint32)  # Pillow takes them to be signed
    return array.astype(np.float64)


def _deep(values: Array) -> tuple[Image.Image, list[str]]:
    """Return numbers (H, W) float64 as an image of mode F from 0 to 255."""
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ImageError(f"has {wrong:,} pixels that are NaN or infinite: expected finite numbers.")
    low, high = float(values.min()), float(values.max())
    fitting = [white for white in (1.0, 255.0, 65535.0) if low >= 0 and high <= white]
    if fitting:
        scaled, steps = values * (255 / fitting[0]), []
    else:
        scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
        steps = [f"{low:g} taken for black and {high:g} for white"]
    return Image.fromarray(scaled.astype(np.float32)), steps


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
