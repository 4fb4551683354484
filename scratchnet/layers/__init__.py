"""The layers, one file each: what they compute, and how the gradient passes back through them.

Start reading with ``dense.py``, then ``conv2d.py``, which is Dense applied to every window of an image.
"""

from collections.abc import Mapping
from typing import Any

from scratchnet.errors import nothing_else
from scratchnet.layers.activation import Activation, LeakyReLU, ReLU, Softmax
from scratchnet.layers.activity_regularization import ActivityRegularization
from scratchnet.layers.add import Add
from scratchnet.layers.average import Average
from scratchnet.layers.average_pooling2d import AveragePooling2D
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.conv2d_transpose import Conv2DTranspose
from scratchnet.layers.dense import Dense
from scratchnet.layers.depthwise_conv2d import DepthwiseConv2D
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.embedding import Embedding
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.functional import add, average, concatenate, multiply, subtract
from scratchnet.layers.gaussian_noise import GaussianNoise
from scratchnet.layers.global_pooling2d import GlobalAveragePooling2D, GlobalMaxPooling2D
from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.layer_normalization import LayerNormalization
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.multiply import Multiply
from scratchnet.layers.permute import Permute
from scratchnet.layers.random_crop import RandomCrop
from scratchnet.layers.random_erasing import RandomErasing
from scratchnet.layers.random_flip import RandomFlip
from scratchnet.layers.random_translation import RandomTranslation
from scratchnet.layers.rescaling import Rescaling
from scratchnet.layers.reshape import Reshape
from scratchnet.layers.separable_conv2d import SeparableConv2D
from scratchnet.layers.subtract import Subtract
from scratchnet.layers.up_sampling2d import UpSampling2D
from scratchnet.layers.zero_padding2d import ZeroPadding2D
from scratchnet.utils.naming import described, made_from
from scratchnet.utils.numbers import shown

AvgPool2D = AveragePooling2D
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D
MaxPool2D = MaxPooling2D
SeparableConvolution2D = SeparableConv2D

LAYERS: dict[str, type[Layer]] = {
    c.__name__: c
    for c in (
        Activation,
        ActivityRegularization,
        Add,
        Average,
        AveragePooling2D,
        BatchNormalization,
        Concatenate,
        Conv2D,
        Conv2DTranspose,
        Dense,
        DepthwiseConv2D,
        Dropout,
        Embedding,
        Flatten,
        GaussianNoise,
        GlobalAveragePooling2D,
        GlobalMaxPooling2D,
        InputLayer,
        LayerNormalization,
        LeakyReLU,
        MaxPooling2D,
        Multiply,
        Permute,
        RandomCrop,
        RandomErasing,
        RandomFlip,
        RandomTranslation,
        ReLU,
        Rescaling,
        Reshape,
        SeparableConv2D,
        Softmax,
        Subtract,
        UpSampling2D,
        ZeroPadding2D,
    )
}
"""The built-in layers by class name, as a saved model names them."""

__all__ = [
    "LAYERS",
    "Activation",
    "ActivityRegularization",
    "Add",
    "Average",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool2D",
    "MaxPooling2D",
    "Multiply",
    "Permute",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomTranslation",
    "ReLU",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "SeparableConvolution2D",
    "Softmax",
    "Subtract",
    "UpSampling2D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "multiply",
    "serialize",
    "subtract",
]


def serialize(layer: Layer) -> dict[str, Any] | None:
    """Return what ``deserialize`` makes an equal layer from, without its weights; it can be written as JSON."""
    return described(layer)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> Layer:
    """Return a layer like the one that ``serialize`` was given; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything but a dictionary.
    """
    if not isinstance(config, dict):
        raise TypeError(f"layers.deserialize expected what layers.serialize returns, got {shown(config)}.")
    layer = made_from("layer", config, LAYERS, Layer, custom_objects)
    assert layer is not None
    return layer


__getattr__ = nothing_else("layer", __name__)
