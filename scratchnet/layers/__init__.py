"""The layers, one file each: what they compute, and how the gradient passes back through them.

Start reading with ``dense.py``, then ``conv2d.py``, which is Dense applied to every window of an image.
"""

from scratchnet.layers.activation import Activation, ReLU, Softmax
from scratchnet.layers.add import Add
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.gaussian_noise import GaussianNoise
from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.layer_normalization import LayerNormalization
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.rescaling import Rescaling

MaxPool2D = MaxPooling2D

LAYERS: dict[str, type[Layer]] = {
    c.__name__: c
    for c in (
        Activation,
        Add,
        BatchNormalization,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        GaussianNoise,
        InputLayer,
        LayerNormalization,
        MaxPooling2D,
        ReLU,
        Rescaling,
        Softmax,
    )
}
"""The built-in layers by class name, as a saved model names them."""

__all__ = [
    "LAYERS",
    "Activation",
    "Add",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "MaxPool2D",
    "MaxPooling2D",
    "ReLU",
    "Rescaling",
    "Softmax",
]


def __getattr__(name: str) -> object:
    from scratchnet.errors import unknown_name

    if name.startswith("_"):
        raise AttributeError(name)
    raise AttributeError(str(unknown_name("layer", name, [n for n in __all__ if n != "LAYERS"])))
