"""UpSampling2D: an image made larger, each pixel becoming several.

    x (N, H, W, C) → rows made larger (N, OH, W, C) → columns made larger y (N, OH, OW, C), OH = size·H, OW = size·W

Forward. Each new row is a weighted mean of old rows, and the weights form a matrix ``down`` (OH, H); columns go the
same way with ``across`` (OW, W). So the layer is two matrix products, with matrices that nobody learns:

    t[n,p,w,c] = Σ_h down[p,h] x[n,h,w,c]                                                                     (1)
    y[n,p,q,c] = Σ_w across[q,w] t[n,p,w,c]                                                                   (2)

For "nearest", new row p is a copy of old row ⌊p / size⌋: one weight is 1, the others 0. For "bilinear", the middle of
new row p lies at (p + ½) / size - ½, counted in old rows; of the two old rows beside it, the nearer has more weight,
1 minus its distance, and beyond the first and last row the image goes on as it ended.

Backward. t[n,p,w,c] touches y[n,p,q,c] for every q, with slope across[q,w]; x[n,h,w,c] touches t[n,p,w,c] for every p.
The sums run over the other index than forward, which is to say: the matrices are transposed.

    dt[n,p,w,c] = Σ_q across[q,w] dy[n,p,q,c]                                                                 (3)
    dx[n,h,w,c] = Σ_p down[p,h] dt[n,p,w,c]                                                                   (4)

For "nearest" that says: a pixel gets the sum of the dy of all its copies.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.errors import unknown_name
from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format, image_size, pair
from scratchnet.typing import Array, Shape


class UpSampling2D(Layer):
    """Makes channels-last images larger by whole factors.

    Args:
        size: the factor, one number or (down, across).
        data_format: ``"channels_last"``; None means the same.
        interpolation: ``"nearest"``, which copies pixels, or ``"bilinear"``, which blends between them.

    Shapes: x (N, H, W, C) → y (N, size·H, size·W, C). No parameters.

    Raises:
        ValueError: if an argument makes no sense, or the input is not (N, H, W, C).
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = pair("size", size, "UpSampling2D")
        self.data_format = check_data_format(data_format)
        if not isinstance(interpolation, str) or interpolation.lower() not in ("nearest", "bilinear"):
            raise unknown_name("interpolation of UpSampling2D", interpolation, ("nearest", "bilinear"))
        self.interpolation = interpolation.lower()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, size·H, size·W, C)."""
        if len(input_shape) != 4:
            raise self.refuse("images of shape (N, H, W, C)", input_shape)
        H, W = image_size(input_shape)
        return (input_shape[0], H * self.size[0], W * self.size[1], input_shape[3])

    def _weights(self, length: int, size: int, dtype: Any) -> Array:
        """Return the matrix (size·length, length) that makes one axis larger."""
        old, new = np.arange(length), np.arange(size * length)[:, None]  # (length,) and (size·length, 1)
        if self.interpolation == "nearest":
            return (new // size == old).astype(dtype)
        middle = np.clip((new + 0.5) / size - 0.5, 0, length - 1)
        return np.maximum(1 - np.abs(middle - old), 0).astype(dtype)  # (size·length, length)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return down·x for the rows, and across times that for the columns."""
        N, H, W, C = x.shape
        self._down = self._weights(H, self.size[0], x.dtype)  # (OH, H)
        self._across = self._weights(W, self.size[1], x.dtype)  # (OW, W)
        t = (self._down @ x.reshape(N, H, W * C)).reshape(N, -1, W, C)  # (1) (N, OH, W, C)
        return self._across @ t  # (2) (N, OH, OW, C)

    def backward(self, dy: Array) -> Array:
        """Return downᵀ·(acrossᵀ·dy)."""
        dt = self._across.T @ dy  # (3) (N, OH, W, C)
        N, OH, W, C = dt.shape
        return (self._down.T @ dt.reshape(N, OH, W * C)).reshape(N, -1, W, C)  # (4) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }
