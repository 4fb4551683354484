"""The layers, one file each: what they compute, and how the gradient passes back through them.

Start reading with ``dense.py``, then ``conv2d.py``, which is Dense applied to every window of an image.
"""

from scratchnet.layers.activation import Activation, LeakyReLU, ReLU, Softmax
from scratchnet.layers.add import Add
from scratchnet.layers.average import Average
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.embedding import Embedding
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.multiply import Multiply
from scratchnet.layers.permute import Permute
from scratchnet.layers.random_crop import RandomCrop
from scratchnet.layers.random_erasing import RandomErasing
from scratchnet.layers.random_flip import RandomFlip
from scratchnet.layers.random_translation import RandomTranslation
from scratchnet.layers.rescaling import Rescaling
from scratchnet.layers.reshape import Reshape
from scratchnet.layers.subtract import Subtract

MaxPool2D = MaxPooling2D

LAYERS: dict[str, type[Layer]] = {
    c.__name__: c
    for c in (
        Activation,
        Add,
        Average,
        Concatenate,
        Conv2D,
        Dense,
        Embedding,
        Flatten,
        InputLayer,
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
        Softmax,
        Subtract,
    )
}
"""The built-in layers by class name, as a saved model names them."""

__all__ = [
    "LAYERS",
    "Activation",
    "Add",
    "Average",
    "Concatenate",
    "Conv2D",
    "Dense",
    "Embedding",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
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
    "Softmax",
    "Subtract",
]


def __getattr__(name: str) -> object:
    from scratchnet.errors import unknown_name

    if name.startswith("_"):
        raise AttributeError(name)
    raise AttributeError(str(unknown_name("layer", name, [n for n in __all__ if n != "LAYERS"])))
