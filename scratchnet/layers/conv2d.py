"""Conv2D: one small set of weights looks at every place of an image, through a sliding window.

    x (N, H, W, C) → im2col → cols (N·OH·OW, KH·KW·C) → z = cols·kernel + bias (N, OH, OW, F) → y = f(z)

Forward. With stride s and dilation δ, filter f at place (oh, ow) of the padded image n sees

    z[n,oh,ow,f] = Σ_i Σ_j Σ_c x[n, oh·s + i·δ, ow·s + j·δ, c] kernel[i,j,c,f] + bias[f]

Write the numbers under one window as one row: cols[p,q] with p = (n,oh,ow), the place, and q = (i,j,c), the number
within the window. The triple sum is then a single one, and the layer is a Dense layer applied to every window:

    z[p,f] = Σ_q cols[p,q] kernel[q,f] + bias[f]

Backward. As for every activation, dz = dy·f'(z). From there the derivation is Dense's, with the windows as samples:

- ``kernel[q,f]`` touches z[p,f] at every place p, with slope cols[p,q]; ``bias[f]`` does so with slope 1:

      dkernel[q,f] = Σ_p cols[p,q] dz[p,f]     as matrices   colsᵀ·dz       (KH·KW·C, F)
      dbias[f]     = Σ_p dz[p,f]               as matrices   sum of the rows of dz     (F,)

- ``cols[p,q]`` touches z[p,f] for every filter f, with slope kernel[q,f]:

      dcols[p,q]   = Σ_f dz[p,f] kernel[q,f]   as matrices   dz·kernelᵀ     (N·OH·OW, KH·KW·C)

- ``x`` is one step further. A pixel was copied into each window that covers it; each copy has slope 1, so its
  gradient is the sum over its copies. ``col2im`` adds them up.

This is a cross-correlation: the kernel is not flipped, as in every deep-learning framework.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations, initializers
from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_padding, col2im, im2col, image_size, pair, place_windows
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import true_or_false, whole_number


class Conv2D(Layer):
    """A two-dimensional convolution over channels-last images.

    Args:
        filters: F, the number of output channels.
        kernel_size, strides, dilation_rate: one number or (down, across), in pixels.
        padding: ``"valid"``, no padding; or ``"same"``, zeros around so that OH = ⌈H / stride⌉.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        kernel_initializer, bias_initializer: see ``initializers``; None is glorot_uniform for either, as in Keras.

    Shapes: x (N, H, W, C) → y (N, OH, OW, F). Parameters: ``kernel`` (KH, KW, C, F), ``bias`` (F,).

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the kernel is larger than it.
    """

    activation = activations.ActivationAttribute()

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | initializers.Initializer | dict[str, Any] | None = "glorot_uniform",
        bias_initializer: str | initializers.Initializer | dict[str, Any] | None = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = whole_number("filters of Conv2D", filters, 1)
        self.kernel_size = pair("kernel_size", kernel_size, "Conv2D")
        self.strides = pair("strides", strides, "Conv2D")
        self.padding = check_padding(padding)
        self.dilation_rate = pair("dilation_rate", dilation_rate, "Conv2D")
        self.activation = activation
        self.use_bias = true_or_false("use_bias of Conv2D", use_bias)
        self.kernel_initializer = initializers.get_or_default(kernel_initializer)
        self.bias_initializer = initializers.get_or_default(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        """Make ``kernel`` (KH, KW, C, F) and ``bias`` (F,)."""
        channels = input_shape[-1]
        assert channels is not None
        self.add_weight("kernel", (*self.kernel_size, channels, self.filters), self.kernel_initializer)
        if self.use_bias:
            self.add_weight("bias", (self.filters,), self.bias_initializer)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, F)."""
        if len(input_shape) != 4:
            advice = "add the channel axis, as in np.expand_dims(x, -1)" if len(input_shape) == 3 else ""
            raise self.refuse("images of shape (N, H, W, C)", input_shape, advice)
        if self.built and input_shape[-1] != self.params["kernel"].shape[2]:
            raise self.refuse(f"{self.params['kernel'].shape[2]} channels in the last axis", input_shape)
        OH, OW = self._windows(image_size(input_shape)).count
        if OH < 1 or OW < 1:
            raise self.refuse(
                f"an image no smaller than its kernel {self.kernel_size} with dilation {self.dilation_rate}",
                input_shape,
                'use a smaller kernel or padding="same"',
            )
        return (input_shape[0], OH, OW, self.filters)

    def _windows(self, image: tuple[int, int]) -> Any:
        return place_windows(image, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(cols·kernel + bias), cols being the windows of x."""
        N, H, W, C = x.shape
        KH, KW = self.kernel_size
        windows = self._windows((H, W))
        self._x_shape = x.shape
        self._cols = im2col(x, windows).reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
        z = self._cols @ self.params["kernel"].reshape(-1, self.filters)  # (N·OH·OW, F)
        if self.use_bias:
            z += self.params["bias"]
        z = z.reshape(N, *windows.count, self.filters)  # (N, OH, OW, F)
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dx; fill grads["kernel"] with colsᵀ·dz and grads["bias"] with the sum of dz over all places."""
        N, H, W, C = self._x_shape
        KH, KW = self.kernel_size
        windows = self._windows((H, W))
        dz = self.activation.gradient(dy, self._y, self._z).reshape(-1, self.filters)  # (N·OH·OW, F)
        self.grads["kernel"][...] = (self._cols.T @ dz).reshape(KH, KW, C, self.filters)  # (KH, KW, C, F)
        if self.use_bias:
            self.grads["bias"][...] = dz.sum(axis=0)  # (F,)
        dcols = dz @ self.params["kernel"].reshape(-1, self.filters).T  # (N·OH·OW, KH·KW·C)
        return col2im(dcols.reshape(N, *windows.count, KH, KW, C), windows, self._x_shape)  # (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "activation": self.activation.name,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
