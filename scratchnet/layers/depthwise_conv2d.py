"""DepthwiseConv2D: a convolution that looks at each channel by itself.

    x (N, H, W, C) → im2col → cols (N·OH·OW, KH·KW, C) → z (N·OH·OW, C, M) + bias → y = f(z) (N, OH, OW, C·M)

A Conv2D has a weight for each pair of a channel and a filter. Here every channel has M filters of its own (M is
``depth_multiplier``) and they see no other channel: KH·KW·C·M weights in place of KH·KW·C·F. What is in several
channels together is left for a 1×1 convolution to find; the two make SeparableConv2D.

Forward. With p = (n,oh,ow), the place, and q = (i,j), the number within the window, of one channel c:

    cols[p,q,c] = the pixel of channel c that number q of window p lies on                                    (1)
    z[p,c,m] = Σ_q cols[p,q,c] kernel[q,c,m] + bias[c,m]                                                      (2)

Compare conv2d.py, where the sum runs over q and c. Here c stays: it stands on both sides, so that these are C small
matrix products side by side, and ``einsum`` writes them as the formula does. (c,m) becomes one axis of C·M channels.

Backward. dz = dy·f'(z)                                                                                       (3)
Then, as in conv2d.py, each sum runs over what the thing touches:

- ``bias[c,m]`` and ``kernel[q,c,m]`` touch z[p,c,m] at every place p, with slopes 1 and cols[p,q,c]:

      dbias[c,m] = Σ_p dz[p,c,m]                                                                              (4)
      dkernel[q,c,m] = Σ_p cols[p,q,c] dz[p,c,m]                                                              (5)

- ``cols[p,q,c]`` touches z[p,c,m] for each of the M filters of its own channel, with slope kernel[q,c,m]:

      dcols[p,q,c] = Σ_m dz[p,c,m] kernel[q,c,m]                                                              (6)

- a pixel gets the sum over its copies: ``col2im``                                                            (7)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers.convolution import Convolution, InitializerLike
from scratchnet.layers.windows import col2im, im2col
from scratchnet.typing import Array, Shape


class DepthwiseConv2D(Convolution):
    """A convolution over channels-last images in which the channels do not meet.

    Args:
        kernel_size, strides, dilation_rate: one number or (down, across), in pixels.
        padding: ``"valid"``, no padding; or ``"same"``, zeros around so that OH = ⌈H / stride⌉.
        depth_multiplier: M, the number of filters for each channel.
        data_format: ``"channels_last"``; None means the same.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        depthwise_initializer, bias_initializer: see ``initializers``.
        depthwise_regularizer, depthwise_constraint, bias_regularizer, bias_constraint: by keyword; see
            ``regularizers`` and ``constraints``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, C·M). Parameters: ``kernel`` (KH, KW, C, M), ``bias`` (C·M,).

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the kernel is larger than it.
    """

    weight_options = ("depthwise", "bias")

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias),
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        self.depth_multiplier = self._count("depth_multiplier", depth_multiplier)

    def build(self, input_shape: Shape) -> None:
        """Make ``kernel`` (KH, KW, C, M) and ``bias`` (C·M,)."""
        C, M = self._channels_of(input_shape), self.depth_multiplier
        self.add_weight("kernel", (*self.kernel_size, C, M), **self.options_of("depthwise"))
        if self.use_bias:
            self.add_weight("bias", (C * M,), **self.options_of("bias"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, C·M)."""
        OH, OW = self._count_windows(input_shape)
        return (input_shape[0], OH, OW, input_shape[3] * self.depth_multiplier)  # type: ignore[operator]

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(each channel's windows times that channel's kernel, + bias)."""
        N, H, W, C = x.shape
        KH, KW, _, M = self.params["kernel"].shape
        windows = self._windows((H, W))
        self._x_shape = x.shape
        self._cols = im2col(x, windows).reshape(-1, KH * KW, C)  # (1) (N·OH·OW, KH·KW, C)
        kernel = self.params["kernel"].reshape(KH * KW, C, M)
        z = np.einsum("pqc,qcm->pcm", self._cols, kernel).reshape(-1, C * M)  # (2) (N·OH·OW, C·M)
        if self.use_bias:
            z += self.params["bias"]
        z = z.reshape(N, *windows.count, C * M)  # (N, OH, OW, C·M)
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dx, and fill grads["kernel"] and grads["bias"]."""
        N, H, W, C = self._x_shape
        KH, KW, _, M = self.params["kernel"].shape
        windows = self._windows((H, W))
        dz = self.activation.gradient(dy, self._y, self._z).reshape(-1, C, M)  # (3) (N·OH·OW, C, M)
        if self.use_bias:
            self.grads["bias"][...] = dz.sum(axis=0).reshape(C * M)  # (4) (C·M,)
        self.grads["kernel"][...] = np.einsum("pqc,pcm->qcm", self._cols, dz).reshape(KH, KW, C, M)  # (5)
        dcols = np.einsum("pcm,qcm->pqc", dz, self.params["kernel"].reshape(KH * KW, C, M))  # (6) (N·OH·OW, KH·KW, C)
        return col2im(dcols.reshape(N, *windows.count, KH, KW, C), windows, self._x_shape)  # (7) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
        }
