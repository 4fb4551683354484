"""Models for others: as Keras models and back, and as ONNX files.

    scratchnet.interop.to_keras(model).save("model.keras")      keras.models.load_model opens it
    scratchnet.interop.from_keras(keras_model)                  the way back
    scratchnet.interop.save_onnx(model, "model.onnx")           for whatever runs ONNX, such as onnxruntime

Neither file needs scratchnet any more. The packages that these functions need (Keras with TensorFlow, onnx) are
imported when one of them is called, not before.

For Keras, ``twins.py`` wires the graph, ``twin_layers.py`` knows the layers, ``twin_training.py`` what ``compile`` set.
For ONNX, ``onnx_model.py`` follows the graph, ``onnx_layers.py`` and ``onnx_images.py`` know the layers,
``onnx_activations.py`` the functions, ``onnx_graph.py`` how all of it is written down.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from scratchnet.utils.numbers import shown

if TYPE_CHECKING:
    from scratchnet.models import Model

__all__ = ["from_keras", "save_onnx", "to_keras", "to_onnx"]


def to_keras(model: Model, compile: bool = True) -> Any:
    """Return the Keras model of any scratchnet model.

    What layers draw at random (dropout, noise, augmentations) follows from the same seed, but not in the same numbers.

    Args:
        model: any model, functional or ``Sequential``.
        compile: whether to compile the twin as the model is, the optimizer's state included.

    Returns:
        A Keras model with the same layers, names, arguments, dtypes and weights. It shares no memory with ``model``.

    Raises:
        TypeError: if it is no model.
        ValueError: if a layer, activation, initializer, loss, metric or optimizer is the user's own, which Keras
            cannot know; the message names it.
        ImportError: if Keras is not installed.
    """
    if not getattr(model, "is_model", False):  # before Keras is imported, which takes seconds
        raise TypeError(f"to_keras expected a scratchnet model, got {shown(model)}.")
    from scratchnet.interop import twins

    return twins.to_keras(model, compile)


def from_keras(keras_model: Any, compile: bool = True) -> Model:
    """Return the scratchnet model of a Keras model.

    Args:
        keras_model: a functional or ``Sequential`` Keras model, made of layers that scratchnet has.
        compile: whether to compile the model as the Keras model is, the optimizer's state included.

    Returns:
        A model with the same layers, names, arguments, dtypes and weights. It shares no memory with ``keras_model``.

    Raises:
        TypeError: if it is not such a model.
        ValueError: if scratchnet lacks a layer, option, loss, metric or optimizer; the message names the first one.
        ImportError: if Keras is not installed.
    """
    from scratchnet.interop import twins

    return twins.from_keras(keras_model, compile)


def to_onnx(model: Model) -> Any:
    """Return an ONNX model that predicts what ``model.predict`` does.

    Inputs and outputs have the layout that they have here, images (N, H, W, C), and the names of their layers; the
    batch may have any size. What acts in training only (dropout, noise, augmentations) is left out. It computes in
    float32, also where the model computes in float64, and agrees within the rounding of that type.

    Args:
        model: any model that is built, functional or ``Sequential``.

    Returns:
        An ``onnx.ModelProto`` of opset 17, checked by ``onnx.checker``. It holds what is needed to predict, nothing of
        ``compile``.

    Raises:
        TypeError: if it is no model.
        ValueError: if it is not built, or a layer or activation is the user's own; the message names it.
        ImportError: if the package onnx is not installed.
    """
    from scratchnet.interop import onnx_model

    return onnx_model.to_onnx(model)


def save_onnx(model: Model, path: str | os.PathLike[str]) -> None:
    """Write what ``to_onnx`` returns to a file; one that is there is replaced once the new one is whole.

    Args:
        model: as for ``to_onnx``.
        path: where to; mostly named ``….onnx``.

    Raises:
        TypeError, ValueError, ImportError: as for ``to_onnx``; then nothing has been written.
        OSError: if the file cannot be written.
    """
    from scratchnet.interop import onnx_model
    from scratchnet.utils.files import file_path, write_atomically

    path = file_path("path of save_onnx", path)
    write_atomically(path, onnx_model.to_onnx(model).SerializeToString())
