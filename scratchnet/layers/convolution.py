"""What all layers with a sliding kernel share: the arguments, where the windows lie, and which images fit.

What each of them computes stands in its own file: Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations, initializers
from scratchnet.layers.weighted import Weighted
from scratchnet.layers.windows import Windows, check_data_format, check_padding, image_size, pair, place_windows
from scratchnet.typing import Shape
from scratchnet.utils.numbers import true_or_false, whole_number

InitializerLike = str | initializers.Initializer | dict[str, Any] | None


class Convolution(Weighted):
    """Base of the layers with a sliding kernel.

    Args:
        kernel_size, strides, dilation_rate: one number or (down, across), in pixels.
        padding: ``"valid"``, no padding; or ``"same"``, zeros around so that OH = ⌈H / stride⌉.
        data_format: ``"channels_last"``; None means the same.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        options: ``<weight>_initializer`` and the like for the kernels, which a subclass names, and the bias.

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the kernel is larger than it.
    """

    activation = activations.ActivationAttribute()

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | tuple[int, int],
        activation: str | activations.ActivationFunction | None,
        use_bias: bool,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        who = type(self).__name__
        self.kernel_size = pair("kernel_size", kernel_size, who)
        self.strides = pair("strides", strides, who)
        self.padding = check_padding(padding)
        self.data_format = check_data_format(data_format)
        self.dilation_rate = pair("dilation_rate", dilation_rate, who)
        self.activation = activation
        self.use_bias = true_or_false(f"use_bias of {who}", use_bias)
        self._channels: int | None = None

    def _count(self, what: str, value: Any) -> int:
        """Return an argument that counts something, such as filters, once it is found to be at least 1."""
        return whole_number(f"{what} of {type(self).__name__}", value, 1)

    def _channels_of(self, input_shape: Shape) -> int:
        """Return C, and remember it: once built for C channels, a layer takes no other number of them."""
        self._channels = input_shape[-1]
        assert self._channels is not None
        return self._channels

    def _check_images(self, input_shape: Shape) -> None:
        """Refuse what is not (N, H, W, C), or has another number of channels than the layer was built for."""
        if len(input_shape) != 4:
            advice = "add the channel axis, as in np.expand_dims(x, -1)" if len(input_shape) == 3 else ""
            raise self.refuse("images of shape (N, H, W, C)", input_shape, advice)
        if self.built and self._channels not in (None, input_shape[-1]):
            raise self.refuse(f"{self._channels} channels in the last axis", input_shape)

    def _count_windows(self, input_shape: Shape) -> tuple[int, int]:
        """Return (OH, OW) for images that are large enough."""
        self._check_images(input_shape)
        OH, OW = self._windows(image_size(input_shape)).count
        if OH < 1 or OW < 1:
            raise self.refuse(
                f"an image no smaller than its kernel {self.kernel_size} with dilation {self.dilation_rate}",
                input_shape,
                'use a smaller kernel or padding="same"',
            )
        return OH, OW

    def _windows(self, image: tuple[int, int]) -> Windows:
        return place_windows(image, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
