"""Which layers, losses and optimizers the page computes by itself, and what it must know of them.

A layer that is not among them is *closed*: the page shows it by name, with the numbers that Python computed for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scratchnet import activations, layers, losses, optimizers
from scratchnet.errors import ScratchnetError
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.layers.windows import Windows, image_size, place_windows
from scratchnet.losses import Loss
from scratchnet.models import Model

ACTIVATIONS = (
    *(activations.Linear, activations.ReLU, activations.LeakyReLU, activations.ELU, activations.SELU),
    *(activations.Sigmoid, activations.HardSigmoid, activations.Tanh, activations.Exponential, activations.Softplus),
    *(activations.SiLU, activations.GELU, activations.Softmax),
)
"""The activation functions that the page has."""


AT_REST = (layers.GaussianNoise, layers.RandomCrop, layers.RandomErasing, layers.RandomFlip, layers.RandomTranslation)
"""Layers that change the images at random in training. The page shows the step of the images as they are."""

_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
_UNKNOWN_OPTIONS = (*_CLIPPING, "ema_overwrite_frequency", "gradient_accumulation_steps")
"""Options of an optimizer that change the step in a way that the page does not know."""


def describe(tensor: SymbolicTensor) -> dict[str, Any]:
    """Return what the page must know of the layer that puts out ``tensor``: its kind, and its settings.

    Returns:
        ``kind``, ``config``, and ``closed``: None, or why the page cannot compute it.
    """
    layer = tensor.layer
    kind = type(layer).__name__
    reason = _closed_because(layer, tensor)
    if reason is not None:
        return {"kind": kind, "config": {}, "closed": reason}
    return {"kind": kind, "config": _SETTINGS[type(layer)](layer, tensor), "closed": None}


def _closed_because(layer: Layer, tensor: SymbolicTensor) -> str | None:
    """Return why the page cannot compute a layer, or None."""
    if type(layer) not in _SETTINGS:
        return f"the page has no {type(layer).__name__}"
    if layer.activity_regularizer is not None or layer.regularizers or layer.constraints:
        return "it has a regularizer or a constraint, and the page has none"
    function = getattr(layer, "activation", None)
    if function is not None:
        if type(function) not in ACTIVATIONS:
            return f"the page has no activation {type(function).__name__}"
        if type(function) is activations.Softmax and function.axis not in (-1, len(tensor.shape) - 1):
            return "its softmax runs along another axis than the last"
    if type(layer) in AT_REST and tensor.training:
        return "it was called with training=True, and changes the images at inference too"
    if isinstance(layer, layers.BatchNormalization) and layer.axis not in (-1, len(tensor.shape) - 1):
        return "its channels are not the last axis"
    return None


def _activation(function: activations.ActivationFunction) -> dict[str, Any]:
    return {"name": function.name, "class": type(function).__name__, **function.get_config()}


def _laid(windows: Windows) -> dict[str, Any]:
    """Return where the windows lie, for the page."""
    return {
        "size": windows.size,
        "strides": windows.strides,
        "dilation": windows.dilation,
        "before": windows.pad_before,
        "count": windows.count,
    }


def _convolution(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    image = image_size(tensor.inputs[0].shape)
    windows = place_windows(image, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)
    return {"windows": _laid(windows), "groups": layer.groups, "activation": _activation(layer.activation)}


def _pooling(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    image = image_size(tensor.inputs[0].shape)
    return {"windows": _laid(place_windows(image, layer.pool_size, layer.strides, layer.padding))}


def _normalization(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    return {"epsilon": layer.epsilon, "momentum": layer.momentum, "frozen": not layer.trainable}


def _cropped(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    H, W = image_size(tensor.inputs[0].shape)
    return {"before": [(H - layer.height) // 2, (W - layer.width) // 2]}


def _activated(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    return {"activation": _activation(layer.activation)}


def _nothing(layer: Any, tensor: SymbolicTensor) -> dict[str, Any]:
    return {}


_SETTINGS: dict[type, Callable[[Any, SymbolicTensor], dict[str, Any]]] = {
    layers.InputLayer: _nothing,
    layers.Conv2D: _convolution,
    layers.Dense: _activated,
    layers.MaxPooling2D: _pooling,
    layers.AveragePooling2D: _pooling,
    layers.GlobalAveragePooling2D: _nothing,
    layers.GlobalMaxPooling2D: _nothing,
    layers.Flatten: _nothing,
    layers.Reshape: _nothing,
    layers.BatchNormalization: _normalization,
    layers.Dropout: lambda layer, _: {"rate": layer.rate},
    layers.GaussianNoise: _nothing,
    layers.RandomCrop: _cropped,
    layers.RandomErasing: _nothing,
    layers.RandomFlip: _nothing,
    layers.RandomTranslation: _nothing,
    layers.ZeroPadding2D: lambda layer, _: {"before": [layer.padding[0][0], layer.padding[1][0]]},
    layers.Add: _nothing,
    layers.Activation: _activated,
    layers.ReLU: _activated,
    layers.LeakyReLU: _activated,
    layers.Softmax: _activated,
    layers.Rescaling: lambda layer, _: {"scale": layer.scale, "offset": layer.offset},
}


def describe_loss(model: Model) -> dict[str, Any]:
    """Return what the page must know of the loss.

    Raises:
        ScratchnetError: if the model has not been compiled, or with another loss than a cross-entropy over classes that
            is trained through the logits.
    """
    if not model.compiled:
        raise ScratchnetError(
            "Expected a model that is trained, got one that was never compiled: compile it with an optimizer and a "
            "cross-entropy, and save it again."
        )
    loss: Loss | None = model.loss
    if type(loss) not in (losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy):
        raise ScratchnetError(
            f"Expected a model that is trained by a cross-entropy over classes, got {type(loss).__name__}: the "
            f"explorer has no other loss."
        )
    assert loss is not None
    if not (loss.from_logits or model.through_logits()[0]) or loss.reduction not in ("sum_over_batch_size", "mean"):
        raise ScratchnetError(
            f"Expected a cross-entropy that is a mean over the batch and takes the logits of the last layer, got "
            f"{loss.name} with reduction={loss.reduction!r} on layer {model.layers[-1].name!r}: end the model in a "
            f"softmax of Dense, or in logits and from_logits=True."
        )
    if model.targets[0].weight != 1:
        raise ScratchnetError("Expected a loss that counts once, got a loss_weights other than 1: compile without it.")
    smoothing = float(getattr(loss, "label_smoothing", 0.0))
    return {"kind": type(loss).__name__, "smoothing": smoothing, "fused": not loss.from_logits}


def describe_optimizer(optimizer: optimizers.Optimizer) -> dict[str, Any]:
    """Return what the page must know of the optimizer: its kind, settings, and why it is closed, if it is."""
    kind = type(optimizer).__name__
    described: dict[str, Any] = {"kind": kind, "closed": None, "iterations": optimizer.iterations}
    if type(optimizer) not in (optimizers.Adam, optimizers.AdamW, optimizers.SGD):
        return {**described, "closed": f"the page has no {kind}"}
    if getattr(optimizer, "amsgrad", False):
        return {**described, "closed": "it uses amsgrad, and the page has none"}
    for option in _UNKNOWN_OPTIONS:
        if getattr(optimizer, option) is not None:
            return {**described, "closed": f"it uses {option}, and the page does not"}
    settings = ("beta_1", "beta_2", "epsilon") if isinstance(optimizer, optimizers.Adam) else ("momentum", "nesterov")
    rate = float(optimizer.learning_rate)
    return {
        **described,
        **{name: getattr(optimizer, name) for name in settings},
        "learning_rate": rate,
        "scheduled": optimizer.has_schedule,
        "slots": list(optimizer.slot_names),
    }


def size_of(tensor: SymbolicTensor) -> int:
    """Return how many numbers one sample of a tensor has."""
    return math.prod(n for n in tensor.shape[1:] if n is not None)
