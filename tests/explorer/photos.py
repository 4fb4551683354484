"""What Python makes of photos, step by step, for the tests of the page's own preparation.

``python -m tests.explorer.photos FOLDER`` writes it: the pixels that both begin with, and all that comes of them.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from scratchnet.datasets import fashion_mnist
from scratchnet.images import preparing
from scratchnet.typing import Array
from tests.images.scenes import SCENES, garment, paper, picture, placed


def photos() -> Iterator[tuple[str, Array]]:
    """Yield photos by name, (H, W, 4) uint8: what a browser's canvas gives of them."""
    clothes = fashion_mnist.load_data(subset="mini")[1][0]
    for name, scene in SCENES.items():
        for number in (6, 8):
            yield f"{name} {number}", _rgba(scene(clothes[number], np.random.default_rng(0)))
    shoe = garment(clothes[6], 300).painted(0.1, 0.6)
    whole = placed(paper(400, 420), shoe, 130, 60)
    yield "grey", _rgba(picture(whole).convert("L"))
    yield "transparent", np.round(np.dstack([shoe.shade, shoe.shade**2, shoe.shade, shoe.alpha]) * 255).astype(np.uint8)
    yield "large, odd sides", _rgba(picture(whole).resize((4097, 533)))
    yield "four times as large", _rgba(picture(whole).resize((8201, 398)))
    yield "one pixel wide", np.random.default_rng(1).integers(0, 256, (40, 1, 4), np.uint8)
    yield "two pixels", np.random.default_rng(2).integers(0, 256, (1, 2, 4), np.uint8)
    yield "noise", np.random.default_rng(3).integers(0, 256, (90, 70, 4), np.uint8)
    yield "one colour", np.full((50, 60, 4), 90, np.uint8)
    yield "of the set", _rgba(Image.fromarray(clothes[0]))
    yield "of the set, inverted", _rgba(Image.fromarray(255 - clothes[0]).convert("RGB"))
    yield "of the set, coloured", _rgba(Image.fromarray(np.dstack([clothes[0], clothes[1], clothes[2]])))
    yield "of the set, empty", _rgba(Image.fromarray(np.full((28, 28), 7, np.uint8)))


def _rgba(image: Image.Image) -> Array:
    return np.asarray(image.convert("RGBA"))


def expected(rgba: Array) -> dict[str, Any]:
    """Return what comes of a photo: the image, and the numbers in it before they are rounded and scaled."""
    stretch, stretched = preparing._stretched, []

    def remembered(look: preparing.Look) -> tuple[Array, float]:
        stretched.append(stretch(look))
        return stretched[-1]

    with patch.object(preparing, "_stretched", remembered):
        result = preparing.prepare(rgba)
    told = {**result._asdict(), "pixels": result.pixels.ravel().tolist()}
    for values, top in stretched:
        told |= {"values": values.ravel().tolist(), "size": values.shape, "top": top}
    return told


def write(folder: Path) -> None:
    """Write what is expected of each photo, as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [
        {"name": name, "size": rgba.shape[:2], "rgba": base64.b64encode(rgba.tobytes()).decode("ascii"),
         "expected": expected(rgba)}
        for name, rgba in photos()
    ]  # fmt: skip
    (folder / "photos.json").write_text(json.dumps(told, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
