"""RandomTranslation: in training, each image is moved a little, down or up and to the right or left.

    x (N, H, W, C) → y (N, H, W, C)

Take one column of pixels first, moved t pixels down. What arrives at h stood at h - t, which need not be whole.
Bilinear interpolation mixes the two pixels beside it, i = ⌊h - t⌋ and i + 1, by how near they are:

    y[h] = (1 - a) x[i] + a x[i+1]   with a = (h - t) - i                                 (1)

If i lies outside the image, ``fill_mode`` says what stands there: the nearest pixel of the edge, the image in a mirror
(… c b a | a b c …), or a constant. The first two are pixels of x again, so what arrives at h is a sum over pixels with
weights, y[h] = Σ_i R[h,i] x[i]: a matrix R, with two numbers in each row. A constant has no pixel, so its weight is
left out of R, and it gets what R's row lacks to make 1. With such a matrix R (H, H) for the rows, and one S (W, W) for
the columns, an image of one channel is moved both ways by

    y = R x Sᵀ + (1 - sums of R's rows · sums of S's rows) · fill_value                   (2)

Backward. x enters through two matrix products, y[h,w] = Σ_i Σ_j R[h,i] S[w,j] x[i,j], so

    dx[i,j] = Σ_h Σ_w R[h,i] S[w,j] dy[h,w]          as matrices   dx = Rᵀ dy S           (3)

It moves dy back, and adds up where a pixel went to several places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.errors import one_of
from scratchnet.layers.augmentation import Augmentation, check_range
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number

FILL_MODES = ("constant", "nearest", "reflect")


class RandomTranslation(Augmentation):
    """Moves each image by a random part of its height and width, in training only.

    Args:
        height_factor: how far down at most, as a share of the height, f for -f…f; or (lowest, highest); -1…1.
        width_factor: the same to the right, of the width.
        fill_mode: what comes in at the edges, ``"reflect"``, ``"nearest"`` or ``"constant"``, not "wrap".
        interpolation: only ``"bilinear"``.
        fill_value: the constant.
        seed, data_format: as for every ``Augmentation``.

    Shapes: x (N, H, W, C) → y (N, H, W, C).

    Raises:
        ValueError: if an argument makes no sense, or the input is not (N, H, W, C).
    """

    def __init__(
        self,
        height_factor: float | Sequence[float],
        width_factor: float | Sequence[float],
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        ways = (("height_factor", height_factor), ("width_factor", width_factor))
        factors = [check_range(f"{name} of RandomTranslation", way, -1, 1, symmetric=True) for name, way in ways]
        fill_mode = one_of("fill_mode of RandomTranslation", fill_mode, FILL_MODES)
        interpolation = one_of("interpolation of RandomTranslation", interpolation, ("bilinear",))
        fill_value = real_number("fill_value of RandomTranslation", fill_value)
        super().__init__(seed, data_format, **kwargs)  # now it draws
        self.height_factor, self.width_factor = factors
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the images, moved in training."""
        self._moved = training
        if not training:
            return x.copy()
        N, H, W, _ = x.shape
        draw = self.seed_generator.next()
        self._R = self._matrices(draw.uniform(*self.height_factor, N) * H, H).astype(x.dtype)  # (N, H, H)
        self._S = self._matrices(draw.uniform(*self.width_factor, N) * W, W).astype(x.dtype)  # (N, W, W)
        missing = 1 - self._R.sum(axis=2)[:, :, None] * self._S.sum(axis=2)[:, None, :]  # (N, H, W)
        return self._move(x, self._R, self._S) + missing[..., None] * self.fill_value  # (2)

    def _matrices(self, t: Array, size: int) -> Array:
        """Return the matrix (size, size) that moves a row of pixels by t, for each t (N,)."""
        n, h = np.arange(len(t))[:, None], np.arange(size)  # (N, 1), (size,)
        source = h - t[:, None]  # (N, size)
        i = np.floor(source).astype(np.int64)
        R = np.zeros((len(t), size, size))
        for pixel, weight in ((i, 1 - (source - i)), (i + 1, source - i)):  # (1)
            inside = (pixel >= 0) & (pixel < size)
            if self.fill_mode == "constant":
                weight = np.where(inside, weight, 0)
            elif self.fill_mode == "reflect":
                pixel = np.minimum(pixel % (2 * size), (-1 - pixel) % (2 * size))  # back and forth, twice size long
            np.add.at(R, (n, h, pixel.clip(0, size - 1)), weight)
        return R

    def _move(self, images: Array, R: Array, S: Array) -> Array:
        """Return R x Sᵀ for every image and channel."""
        return np.einsum("nhi,nijc,nwj->nhwc", R, images, S, optimize=True)

    def backward(self, dy: Array) -> Array:
        """Return dy moved back."""
        if not self._moved:
            return dy.copy()
        return self._move(dy, self._R.transpose(0, 2, 1), self._S.transpose(0, 2, 1))  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        names = ("height_factor", "width_factor", "fill_mode", "interpolation", "fill_value")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
