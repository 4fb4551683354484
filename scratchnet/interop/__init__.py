"""Models for others: as Keras models and back.

    scratchnet.interop.to_keras(model).save("model.keras")      keras.models.load_model opens it
    scratchnet.interop.from_keras(keras_model)                  the way back

The file needs scratchnet no more. Keras and TensorFlow are imported when one of the functions is called, not before.

``twins.py`` wires the graph, ``twin_layers.py`` knows the layers, ``twin_training.py`` what ``compile`` set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scratchnet.models import Model

__all__ = ["from_keras", "to_keras"]


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
