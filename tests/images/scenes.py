"""Photos as people give them, drawn: garments of Fashion-MNIST, enlarged and set in front of backgrounds.

The garments are the data set's own (MIT licence), so that what must come out is known: the image that went in.
``python -m tests.images.scenes FOLDER`` writes the pictures, to look at them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from scratchnet.datasets import fashion_mnist
from scratchnet.typing import Array


class Garment(NamedTuple):
    """``shade`` (h, w), 0 black to 1 white, as it was photographed; ``alpha`` (h, w), 1 where the garment is."""

    shade: Array
    alpha: Array

    def painted(self, darkest: float, lightest: float) -> Garment:
        """Return it in another range of shades."""
        return self._replace(shade=darkest + (lightest - darkest) * self.shade)


def garment(pixels: Array, size: int) -> Garment:
    """Return a garment of the data set, cut out, with its longer side of ``size`` pixels."""
    solid = ndimage.binary_fill_holes(pixels > 8)
    rows, columns = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cut = np.where(solid, pixels, 0)[box]
    h, w = (round(side * size / max(cut.shape)) for side in cut.shape)

    def enlarged(array: Array) -> Array:
        image = Image.fromarray(array.astype(np.float32)).resize((w, h), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(image), 0, 1)

    return Garment(1 - enlarged(cut / 255), np.clip((enlarged(solid[box]) - 0.35) / 0.3, 0, 1))


def paper(height: int, width: int, shade: float = 0.97) -> Array:
    """A plain background, (H, W, 3)."""
    return np.full((height, width, 3), shade)


def wood(height: int, width: int, rng: np.random.Generator) -> Array:
    """Boards with grain."""
    grain = ndimage.gaussian_filter(rng.normal(size=(height, width)), (1.2, 60)) * 12
    boards = 0.05 * np.sin(np.arange(height) // (height // 5) * 2.3)[:, None]
    light = 0.62 + np.clip(0.03 * grain / grain.std(), -0.09, 0.09) + boards
    return np.clip(light[..., None] * np.array([1.0, 0.74, 0.5]), 0, 1)


def vignette(height: int, width: int) -> Array:
    """Light in the middle and darker towards the corners, as a lens makes it."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return 1 - 0.2 * (x**2 + y**2)[..., None]


def placed(ground: Array, what: Garment, top: int, left: int, tint: tuple[float, ...] = (1, 1, 1)) -> Array:
    """Return the background with a garment in front of it; what reaches beyond the edge is cut off."""
    scene = ground.copy()
    H, W, h, w = *scene.shape[:2], *what.alpha.shape
    inside = np.s_[max(top, 0) : max(min(top + h, H), 0), max(left, 0) : max(min(left + w, W), 0)]
    part = np.s_[max(-top, 0) : max(-top, 0) + inside[0].stop - inside[0].start,
                 max(-left, 0) : max(-left, 0) + inside[1].stop - inside[1].start]  # fmt: skip
    alpha = what.alpha[part][..., None]
    scene[inside] = (1 - alpha) * scene[inside] + alpha * what.shade[part][..., None] * np.array(tint)
    return scene


def shadowed(ground: Array, what: Garment, top: int, left: int, blur: float, depth: float) -> Array:
    """Return the background with the soft shadow of a garment, which lies to the lower right of it."""
    shadow = placed(np.zeros_like(ground), Garment(np.ones_like(what.alpha), what.alpha), top, left)[..., 0]
    return ground * (1 - depth * ndimage.gaussian_filter(shadow, blur))[..., None]


def picture(scene: Array, rng: np.random.Generator | None = None, noise: float = 0.0) -> Image.Image:
    """Return an image, with the noise of a sensor if asked for."""
    if rng is not None:
        scene = scene + rng.normal(scale=noise, size=scene.shape)
    return Image.fromarray(np.round(np.clip(scene, 0, 1) * 255).astype(np.uint8))


def dark_shoe_on_wood(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A dark shoe on a wooden floor."""
    shoe = garment(pixels, 380).painted(0.05, 0.3)
    return picture(placed(wood(480, 640, rng), shoe, 190, 120), rng, 0.01)


def white_shoe_on_white(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A white shoe on white paper, with a shadow darker than anything in it."""
    shoe = garment(pixels, 400).painted(0.72, 0.93)
    ground = shadowed(paper(480, 640), shoe, 200, 130, 14, 0.22)
    return picture(placed(ground, shoe, 185, 120), rng, 0.004)


def small_shoe_with_shadow(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A shoe that takes a tenth of the width, with a soft shadow."""
    shoe = garment(pixels, 90).painted(0.1, 0.6)
    ground = shadowed(paper(700, 900, 0.9), shoe, 418, 510, 12, 0.5)
    return picture(placed(ground, shoe, 400, 500), rng, 0.006)


def cropped_sleeve(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A pullover whose right sleeve is outside of the picture."""
    pullover = garment(pixels, 420).painted(0.2, 0.7)
    w = pullover.alpha.shape[1]
    return picture(placed(paper(500, 300 + w * 3 // 4, 0.92), pullover, 40, 300), rng, 0.006)


def screenshot(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A window with a title bar and a frame, on a dark desktop; the shoe is shown in it."""
    shoe = garment(pixels, 300).painted(0.1, 0.8)
    page = placed(paper(400, 520, 1.0), shoe, 130, 100)
    window = np.full((400 + 46, 520 + 12, 3), 0.25)
    window[6:34, 6:-6] = np.array([0.2, 0.4, 0.8])  # the title bar
    window[40:-6, 6:-6] = page
    desktop = np.full((520, 640, 3), 0.1)
    desktop[30:476, 50:582] = window
    return picture(desktop)


def shirt_with_vignette(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A T-shirt in bad light."""
    shirt = garment(pixels, 330).painted(0.15, 0.6)
    return picture(placed(paper(480, 480, 0.9), shirt, 70, 90) * vignette(480, 480), rng, 0.01)


def dark_on_dark(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A dark bag in front of a darker wall."""
    bag = garment(pixels, 300).painted(0.16, 0.3)
    return picture(placed(paper(420, 420, 0.06), bag, 80, 60), rng, 0.008)


def red_on_green(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A garment that differs from the background in colour, hardly in lightness."""
    shirt = garment(pixels, 320).painted(0.45, 0.75)
    ground = paper(420, 420, 1.0) * np.array([0.25, 0.5, 0.3])
    return picture(placed(ground, shirt, 50, 50, (1.0, 0.3, 0.35)), rng, 0.01)


def noisy(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A photo in little light: much noise, a strong JPEG to come."""
    boot = garment(pixels, 330).painted(0.1, 0.5)
    return picture(placed(paper(480, 480, 0.75), boot, 70, 70), rng, 0.09)


def on_a_table(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """A light wall above, a darker table below; the object stands in front of both."""
    boot = garment(pixels, 300).painted(0.05, 0.35)
    ground = paper(480, 640, 0.85)
    ground[300:] = np.array([0.6, 0.55, 0.5])
    return picture(placed(ground, boot, 90, 170), rng, 0.008)


def blank(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """Nothing but paper and the noise of the sensor."""
    return picture(paper(300, 400, 0.8), rng, 0.01)


def blurred(pixels: Array, rng: np.random.Generator) -> Image.Image:
    """Out of focus."""
    return noisy(pixels, np.random.default_rng(0)).filter(ImageFilter.GaussianBlur(6))


SCENES = {
    scene.__name__: scene
    for scene in (
        dark_shoe_on_wood, white_shoe_on_white, small_shoe_with_shadow, cropped_sleeve, screenshot, shirt_with_vignette,
        dark_on_dark, red_on_green, noisy, on_a_table, blank, blurred,
    )
}  # fmt: skip


def main(folder: Path) -> None:
    """Write each scene as a PNG."""
    images, _ = fashion_mnist.load_data(subset="mini")[1]
    for name, scene in SCENES.items():
        scene(images[6], np.random.default_rng(0)).save(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
