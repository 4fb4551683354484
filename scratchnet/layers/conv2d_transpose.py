"""Conv2DTranspose: a convolution run backwards, which makes an image larger.

    x (N, H, W, C) → cols = x·kernelᵀ (N·H·W, KH·KW·F) → col2im → z (N, OH, OW, F) + bias → y = f(z)

A Conv2D goes from a large image to a small one, and its backward pass carries the small gradient dz to a large one, dx.
Take that backward pass as a forward pass, and the image grows: each pixel of x puts a window full of numbers, the
kernel times itself, on the output, and where windows overlap, they add up. So nothing new has to be derived: here is
conv2d.py with forward and backward exchanged. The windows lie on the *output*, one for each pixel of x; read its
(oh,ow) as p = (n,h,w) here, and its q = (i,j,c) as q = (i,j,f).

Forward is what Conv2D does to dz on its way to dx:

    cols[p,q] = Σ_c x[p,c] kernel[q,c]         as matrices   x·kernelᵀ       (N·H·W, KH·KW·F)                 (1)
    z[n,oh,ow,f] = Σ cols[p,q] + bias[f]       over all (p,q) that lie on pixel (oh,ow): ``col2im``           (2)

Backward. dz = dy·f'(z)                                                                                       (3)

- ``bias[f]`` touches every pixel of z with slope 1:

      dbias[f] = Σ dz[n,oh,ow,f]   over all pixels                                                            (4)

- ``cols[p,q]`` was added to one pixel of z, with slope 1, and takes back what that pixel got: ``im2col``, which is
  Conv2D's way forward

      dcols[p,q] = dz at the pixel that (p,q) lies on                                                         (5)

- in (1), ``kernel[q,c]`` touches cols[p,q] at every p, with slope x[p,c]; x[p,c] touches it for every q:

      dkernel[q,c] = Σ_p dcols[p,q] x[p,c]     as matrices   dcolsᵀ·x        (KH·KW·F, C)                     (6)
      dx[p,c]      = Σ_q dcols[p,q] kernel[q,c]   as matrices   dcols·kernel   (N·H·W, C)                     (7)

How large is the output? Several sizes OH have H windows; Keras takes H·s for "same" and (H - 1)·s + max(span, s) for
"valid", where span = (KH - 1)·δ + 1. ``output_padding`` chooses another.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.convolution import Convolution, InitializerLike
from scratchnet.layers.windows import col2im, im2col, image_size, pair
from scratchnet.typing import Array, Shape


class Conv2DTranspose(Convolution):
    """A transposed convolution over channels-last images.

    Args:
        filters: F, the number of output channels.
        kernel_size, strides, dilation_rate: one number or (down, across), in pixels of the output.
        padding: ``"valid"``, or ``"same"``, so that OH = H·stride.
        output_padding: one number or (down, across), smaller than the strides, for OH = (H - 1)·stride + span +
            output_padding, or with "same" (H - 1)·stride + span mod 2 + output_padding; None: see above.
        data_format: ``"channels_last"``; None means the same.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        kernel_initializer, bias_initializer: see ``initializers``.
        kernel_regularizer, kernel_constraint, bias_regularizer, bias_constraint: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, F). Parameters: ``kernel`` (KH, KW, F, C), ``bias`` (F,).

    Raises:
        ValueError: if an argument makes no sense, or the input is not (N, H, W, C).
    """

    weight_options = ("kernel", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        output_padding: int | tuple[int, int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias),
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        self.filters = self._count("filters", filters)
        self.output_padding: tuple[int, int] | None = None
        if output_padding is not None:
            self.output_padding = pair("output_padding", output_padding, "Conv2DTranspose", least=0)
            one_window = self._windows(self._size((1, 1))).count == (1, 1)
            if not one_window or any(extra >= s for extra, s in zip(self.output_padding, self.strides)):
                raise ValueError(
                    f"Conv2DTranspose expected output_padding to be less than strides={self.strides} and to leave a "
                    f"window for each pixel, got {self.output_padding} with kernel_size={self.kernel_size} and "
                    f"padding={self.padding!r}: leave it out."
                )

    def _size(self, image: tuple[int, int]) -> tuple[int, int]:
        """Return (OH, OW), a size that has one window for each pixel of the input."""
        return self._length(0, image[0]), self._length(1, image[1])

    def _length(self, axis: int, n: int) -> int:
        stride, span = self.strides[axis], (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        if self.output_padding is None:
            return n * stride if self.padding == "same" else (n - 1) * stride + max(span, stride)
        return (n - 1) * stride + (span % 2 if self.padding == "same" else span) + self.output_padding[axis]

    def build(self, input_shape: Shape) -> None:
        """Make ``kernel`` (KH, KW, F, C) and ``bias`` (F,)."""
        C = self._channels_of(input_shape)
        self.add_weight("kernel", (*self.kernel_size, self.filters, C), **self.options_of("kernel"))
        if self.use_bias:
            self.add_weight("bias", (self.filters,), **self.options_of("bias"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, F)."""
        self._check_images(input_shape)
        return (input_shape[0], *self._size(image_size(input_shape)), self.filters)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(the windows x·kernelᵀ, added up, + bias)."""
        N, H, W, C = x.shape
        OH, OW = self._size((H, W))
        self._x_shape, self._x = x.shape, x.reshape(-1, C).copy()  # (N·H·W, C)
        cols = self._x @ self.params["kernel"].reshape(-1, C).T  # (1) (N·H·W, KH·KW·F)
        cols = cols.reshape(N, H, W, *self.kernel_size, self.filters)  # (N, H, W, KH, KW, F)
        z = col2im(cols, self._windows((OH, OW)), (N, OH, OW, self.filters))  # (2) (N, OH, OW, F)
        if self.use_bias:
            z += self.params["bias"]
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)  # (N, OH, OW, F)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dx; fill the gradients: im2col of dz, then two matrix products."""
        N, H, W, C = self._x_shape
        dz = self.activation.gradient(dy, self._y, self._z)  # (3) (N, OH, OW, F)
        if self.use_bias:
            self.grads["bias"][...] = dz.sum(axis=(0, 1, 2))  # (4) (F,)
        kernel = self.params["kernel"].reshape(-1, C)  # (KH·KW·F, C)
        dcols = im2col(dz, self._windows(dz.shape[1:3])).reshape(N * H * W, len(kernel))  # (5) (N·H·W, KH·KW·F)
        self.grads["kernel"][...] = (dcols.T @ self._x).reshape(self.params["kernel"].shape)  # (6) (KH, KW, F, C)
        return (dcols @ kernel).reshape(self._x_shape)  # (7) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "output_padding": self.output_padding,
        }
