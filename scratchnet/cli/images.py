"""Image files as Fashion-MNIST has them: 28×28, grey, the object bright on black, filling the frame.

The steps are those of the data set's authors (Xiao, Rasul, Vollgraf 2017, figure 1): trim the edges that look like the
corners, scale the longer side to 28 pixels, centre, make it grey, negate. What was done is said in words.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.errors import ScratchnetError
from scratchnet.typing import Array

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 28
_FUZZ = 13  # 5 % of 255: what differs less from the corners is still background
_LIGHT = 127  # of Fashion-MNIST's 70,000 images none has corners lighter than this


def load_image(path: Path) -> tuple[Array, str]:
    """Return the pixels of an image file as the networks see them, and what was done to it in words.

    Args:
        path: a PNG or JPEG, or whatever else Pillow reads, of any size.

    Returns:
        (28, 28) uint8, 0 (background) to 255.

    Raises:
        ScratchnetError: if there is no such file, or it is not an image or a damaged one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        # Of a picture that is huge Pillow warns; of one that is an attack it raises the error below.
        with warnings.catch_warnings(), Image.open(path) as file:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            file.load()
            picture = ImageOps.exif_transpose(file)
            colour = picture.mode not in ("L", "1", "I", "F") and not picture.mode.startswith("I;")
            grey = _grey(picture)
    except FileNotFoundError:
        raise ScratchnetError(
            f"There is no image {path}: give a PNG or JPEG file, or test:17 for a test image."
        ) from None
    except IsADirectoryError:
        raise ScratchnetError(f"{path} is a folder: give an image file.") from None
    except UnidentifiedImageError:
        raise ScratchnetError(f"{path} is not an image that can be read: expected PNG or JPEG.") from None
    except Image.DecompressionBombError:
        raise ScratchnetError(f"{path} has too many pixels to be opened safely: make it smaller first.") from None
    except PermissionError:
        raise ScratchnetError(f"{path} may not be read.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ScratchnetError(f"{path} is a damaged image ({error}).") from None
    steps = [f"{grey.shape[1]}×{grey.shape[0]}"] + (["made grey"] if colour else [])
    pixels, more = fit_frame(grey)
    return pixels, ", ".join(steps + more)


def _grey(picture: Image) -> Array:
    """Return the picture in grey, (H, W) uint8; what is transparent becomes white."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel
        return (np.asarray(picture, np.int64).clip(0, 65535) // 257).astype(np.uint8)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("L"))


def fit_frame(grey: Array) -> tuple[Array, list[str]]:
    """Bring an image (H, W) uint8 into the frame (28, 28), bright on black, and return it with the steps in words.

    An image of 28×28 is only inverted, if its background is light: it may be one of the data set.
    """
    H, W = grey.shape
    steps: list[str] = []
    background = _corners(grey)
    if background > _LIGHT:
        grey, background = 255 - grey, 255 - background
        steps.append("inverted, because its background is light and Fashion-MNIST's is black")
    if (H, W) == (SIDE, SIDE):
        return grey, steps
    above = np.clip(grey.astype(np.float64) - background, 0, None) * 255 / max(255 - background, 1)
    grey = np.round(above).astype(np.uint8)
    rows, columns = np.flatnonzero((grey > _FUZZ).any(axis=1)), np.flatnonzero((grey > _FUZZ).any(axis=0))
    if len(rows):
        grey = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if grey.shape != (H, W):
            steps.append(f"trimmed to {grey.shape[1]}×{grey.shape[0]}")
    steps.append(f"scaled to {SIDE}×{SIDE}")
    return _scale(grey), steps


def _corners(grey: Array) -> int:
    """Return how light the background is: the median of the four corners, each a 28th of the image's sides."""
    h, w = (max(1, side // SIDE) for side in grey.shape)
    parts = [grey[rows, columns].ravel() for rows in (np.s_[:h], np.s_[-h:]) for columns in (np.s_[:w], np.s_[-w:])]
    return int(np.median(np.concatenate(parts)))


def _scale(grey: Array) -> Array:
    """Scale the longer side to 28 and put the image into the middle of a black frame."""
    from PIL import Image

    H, W = grey.shape
    h, w = (max(1, round(side * SIDE / max(H, W))) for side in (H, W))
    small = np.asarray(Image.fromarray(grey).resize((w, h), Image.Resampling.LANCZOS))
    frame = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    frame[top : top + h, left : left + w] = small
    return frame
