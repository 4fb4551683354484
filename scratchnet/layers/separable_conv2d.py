"""SeparableConv2D: first look at each channel by itself, then mix the channels.

    x (N, H, W, C) → depthwise t (N·OH·OW, C·M) → pointwise z = t·pointwise + bias → y = f(z) (N, OH, OW, F)

It is DepthwiseConv2D with M filters for each channel, followed by a 1×1 Conv2D, which is a Dense layer on the channels
of every pixel: KH·KW·C·M + C·M·F weights where a Conv2D has KH·KW·C·F, for 3×3 windows an eighth or so.

Forward. With p = (n,oh,ow) the place, q = (i,j) the number within the window, and k = (c,m), one of C·M numbers:

    cols[p,q,c] = the pixel of channel c that number q of window p lies on                                    (1)
    t[p,c,m] = Σ_q cols[p,q,c] depthwise[q,c,m]                                                               (2)
    z[p,f] = Σ_k t[p,k] pointwise[k,f] + bias[f]                                                              (3)

Backward. dz = dy·f'(z)                                                                                       (4)
The second step was Dense's, so it goes back as in dense.py, with t as its input:

    dbias[f]         = Σ_p dz[p,f]              as matrices   sum of the rows of dz                           (5)
    dpointwise[k,f]  = Σ_p t[p,k] dz[p,f]       as matrices   tᵀ·dz             (C·M, F)                      (6)
    dt[p,k]          = Σ_f dz[p,f] pointwise[k,f]   as matrices   dz·pointwiseᵀ   (N·OH·OW, C·M)              (7)

and the first as in depthwise_conv2d.py, with dt as what arrives:

    ddepthwise[q,c,m] = Σ_p cols[p,q,c] dt[p,c,m]                                                             (8)
    dcols[p,q,c] = Σ_m dt[p,c,m] depthwise[q,c,m]                                                             (9)

and dx is the sum over the copies of each pixel, ``col2im``                                                  (10)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers.convolution import Convolution, InitializerLike
from scratchnet.layers.windows import col2im, im2col
from scratchnet.typing import Array, Shape


class SeparableConv2D(Convolution):
    """A depthwise convolution and a 1×1 convolution in one layer, with nothing between them.

    Args:
        filters: F, the number of output channels.
        kernel_size, strides, dilation_rate: of the depthwise step, one number or (down, across), in pixels.
        padding: ``"valid"``, no padding; or ``"same"``, zeros around so that OH = ⌈H / stride⌉.
        data_format: ``"channels_last"``; None means the same.
        depth_multiplier: M, the number of depthwise filters for each channel.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        depthwise_initializer, pointwise_initializer, bias_initializer: see ``initializers``.
        depthwise_regularizer, depthwise_constraint and so on, for these three: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, F). Parameters: ``depthwise_kernel`` (KH, KW, C, M), ``pointwise_kernel``
    (1, 1, C·M, F), ``bias`` (F,).

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the kernel is larger than it.
    """

    weight_options = ("depthwise", "pointwise", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        depth_multiplier: int = 1,
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias),
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        self.filters = self._count("filters", filters)
        self.depth_multiplier = self._count("depth_multiplier", depth_multiplier)

    def build(self, input_shape: Shape) -> None:
        """Make ``depthwise_kernel`` (KH, KW, C, M), ``pointwise_kernel`` (1, 1, C·M, F) and ``bias`` (F,)."""
        C, M = self._channels_of(input_shape), self.depth_multiplier
        self.add_weight("depthwise_kernel", (*self.kernel_size, C, M), **self.options_of("depthwise"))
        self.add_weight("pointwise_kernel", (1, 1, C * M, self.filters), **self.options_of("pointwise"))
        if self.use_bias:
            self.add_weight("bias", (self.filters,), **self.options_of("bias"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, F)."""
        return (input_shape[0], *self._count_windows(input_shape), self.filters)

    def _kernels(self) -> tuple[Array, Array]:
        depthwise, pointwise = self.params["depthwise_kernel"], self.params["pointwise_kernel"]
        return depthwise.reshape(-1, *depthwise.shape[2:]), pointwise[0, 0]  # (KH·KW, C, M) and (C·M, F)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(t·pointwise + bias), t being the depthwise convolution of x."""
        N, H, W, C = x.shape
        depthwise, pointwise = self._kernels()
        windows = self._windows((H, W))
        self._x_shape = x.shape
        self._cols = im2col(x, windows).reshape(-1, len(depthwise), C)  # (1) (N·OH·OW, KH·KW, C)
        self._t = np.einsum("pqc,qcm->pcm", self._cols, depthwise).reshape(-1, len(pointwise))  # (2) (N·OH·OW, C·M)
        z = self._t @ pointwise  # (3) (N·OH·OW, F)
        if self.use_bias:
            z += self.params["bias"]
        z = z.reshape(N, *windows.count, self.filters)  # (N, OH, OW, F)
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dx, and fill the gradients of both kernels and the bias."""
        N, H, W, C = self._x_shape
        depthwise, pointwise = self._kernels()
        windows = self._windows((H, W))
        dz = self.activation.gradient(dy, self._y, self._z).reshape(-1, self.filters)  # (4) (N·OH·OW, F)
        if self.use_bias:
            self.grads["bias"][...] = dz.sum(axis=0)  # (5) (F,)
        self.grads["pointwise_kernel"][0, 0] = self._t.T @ dz  # (6) (C·M, F)
        dt = (dz @ pointwise.T).reshape(-1, *depthwise.shape[1:])  # (7) (N·OH·OW, C, M)
        ddepthwise = np.einsum("pqc,pcm->qcm", self._cols, dt)  # (8) (KH·KW, C, M)
        self.grads["depthwise_kernel"][...] = ddepthwise.reshape(self.params["depthwise_kernel"].shape)
        dcols = np.einsum("pcm,qcm->pqc", dt, depthwise)  # (9) (N·OH·OW, KH·KW, C)
        return col2im(dcols.reshape(N, *windows.count, *windows.size, C), windows, self._x_shape)  # (10) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "depth_multiplier": self.depth_multiplier,
        }
