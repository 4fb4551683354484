"""Conv2D: one small set of weights looks at every place of an image, through a sliding window.

    x (N, H, W, C) → im2col → cols (N·OH·OW, KH·KW·C) → z = cols·kernel + bias (N, OH, OW, F) → y = f(z)

Forward. With stride s and dilation δ, filter f at place (oh, ow) of the padded image n sees

    z[n,oh,ow,f] = Σ_i Σ_j Σ_c x[n, oh·s + i·δ, ow·s + j·δ, c] kernel[i,j,c,f] + bias[f]

Write the numbers under one window as one row: cols[p,q] with p = (n,oh,ow), the place, and q = (i,j,c), the number
within the window. The triple sum is then a single one, and the layer is a Dense layer applied to every window:

    cols[p,q] = x[n, oh·s + i·δ, ow·s + j·δ, c]                                                               (1)
    z[p,f] = Σ_q cols[p,q] kernel[q,f] + bias[f]                                                              (2)

Backward. As for every activation, dz = dy·f'(z)                                                              (3)
From there the derivation is Dense's, with the windows as samples:

- ``kernel[q,f]`` touches z[p,f] at every place p, with slope cols[p,q]; ``bias[f]`` does so with slope 1:

      dkernel[q,f] = Σ_p cols[p,q] dz[p,f]     as matrices   colsᵀ·dz       (KH·KW·C, F)                      (4)
      dbias[f]     = Σ_p dz[p,f]               as matrices   sum of the rows of dz     (F,)                   (5)

- ``cols[p,q]`` touches z[p,f] for every filter f, with slope kernel[q,f]:

      dcols[p,q]   = Σ_f dz[p,f] kernel[q,f]   as matrices   dz·kernelᵀ     (N·OH·OW, KH·KW·C)                (6)

- ``x`` is one step further. A pixel was copied into each window that covers it; each copy has slope 1, so its
  gradient is the sum over its copies. ``col2im`` adds them up                                                (7)

Groups. With ``groups`` = G > 1 there are G convolutions side by side, each from its own C/G channels to its own F/G
filters. Every matrix above becomes a stack of G smaller ones, and ``@`` multiplies them pair by pair.

This is a cross-correlation: the kernel is not flipped, as in every deep-learning framework.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.convolution import Convolution, InitializerLike
from scratchnet.layers.windows import col2im, im2col, join_groups, split_groups
from scratchnet.typing import Array, Shape


class Conv2D(Convolution):
    """A two-dimensional convolution over channels-last images.

    Args:
        filters: F, the number of output channels.
        kernel_size, strides, dilation_rate: one number or (down, across), in pixels.
        padding: ``"valid"``, no padding; or ``"same"``, zeros around so that OH = ⌈H / stride⌉.
        data_format: ``"channels_last"``; None means the same.
        groups: G; C and F must be multiples of it.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        kernel_initializer, bias_initializer: see ``initializers``; None is glorot_uniform for either, as in Keras.
        kernel_regularizer, kernel_constraint, bias_regularizer, bias_constraint: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, F). Parameters: ``kernel`` (KH, KW, C/G, F), ``bias`` (F,).

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the kernel is larger than it.
    """

    weight_options = ("kernel", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
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
        self.groups = self._count("groups", groups)
        if self.filters % self.groups:
            raise ValueError(f"Conv2D expected filters to be a multiple of groups={groups}, got {filters}.")

    def build(self, input_shape: Shape) -> None:
        """Make ``kernel`` (KH, KW, C/G, F) and ``bias`` (F,)."""
        C = self._channels_of(input_shape)
        self.add_weight("kernel", (*self.kernel_size, C // self.groups, self.filters), **self.options_of("kernel"))
        if self.use_bias:
            self.add_weight("bias", (self.filters,), **self.options_of("bias"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, F)."""
        OH, OW = self._count_windows(input_shape)
        if input_shape[-1] % self.groups:  # type: ignore[operator]
            raise self.refuse(f"a multiple of groups={self.groups} as number of channels", input_shape)
        return (input_shape[0], OH, OW, self.filters)

    def _kernels(self) -> Array:
        return split_groups(self.params["kernel"].reshape(-1, self.filters), self.groups)  # (G, KH·KW·C/G, F/G)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(cols·kernel + bias), cols being the windows of x."""
        N, H, W, C = x.shape
        KH, KW = self.kernel_size
        windows = self._windows((H, W))
        self._x_shape = x.shape
        cols = split_groups(im2col(x, windows), self.groups)  # (1) (G, N, OH, OW, KH, KW, C/G)
        self._cols = cols.reshape(self.groups, -1, KH * KW * C // self.groups)  # (G, N·OH·OW, KH·KW·C/G)
        z = join_groups(self._cols @ self._kernels())  # (2) (N·OH·OW, F)
        if self.use_bias:
            z += self.params["bias"]
        z = z.reshape(N, *windows.count, self.filters)  # (N, OH, OW, F)
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dx; fill grads["kernel"] with colsᵀ·dz and grads["bias"] with the sum of dz over all places."""
        N, H, W, C = self._x_shape
        windows = self._windows((H, W))
        dz = self.activation.gradient(dy, self._y, self._z).reshape(-1, self.filters)  # (3) (N·OH·OW, F)
        dz_groups = split_groups(dz, self.groups)  # (G, N·OH·OW, F/G)
        dkernel = join_groups(self._cols.mT @ dz_groups)  # (4) (KH·KW·C/G, F)
        self.grads["kernel"][...] = dkernel.reshape(self.params["kernel"].shape)  # (KH, KW, C/G, F)
        if self.use_bias:
            self.grads["bias"][...] = dz.sum(axis=0)  # (5) (F,)
        dcols = dz_groups @ self._kernels().mT  # (6) (G, N·OH·OW, KH·KW·C/G)
        shape = (self.groups, N, *windows.count, *windows.size, C // self.groups)
        dcols = dcols.reshape(shape)  # (G, N, OH, OW, KH, KW, C/G)
        return col2im(join_groups(dcols), windows, self._x_shape)  # (7) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "groups": self.groups,
        }
