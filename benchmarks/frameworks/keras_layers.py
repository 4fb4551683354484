"""The networks in Keras's words, which are scratchnet's too: one text for both."""

from __future__ import annotations

from typing import Any

from benchmarks import networks
from benchmarks.networks import Network, Part


def build(network: Network, layers: Any, model: Any, rescaling: bool = False) -> Any:
    """Return a model, not yet compiled.

    Args:
        network: its description.
        layers: the module with ``Dense``, ``Conv2D`` and so on.
        model: the class of functional models.
        rescaling: whether it begins by dividing by 255.
    """
    inputs = layers.Input(shape=network.input_shape)
    x = layers.Rescaling(1 / 255)(inputs) if rescaling else inputs
    return model(inputs, _run(network.parts, layers, x, "part"))


def _run(parts: tuple[Part, ...], layers: Any, x: Any, name: str) -> Any:
    for number, part in enumerate(parts):
        x = _apply(part, layers, x, f"{name}_{number}")
    return x


def _apply(part: Part, layers: Any, x: Any, name: str) -> Any:
    match part:
        case networks.Convolution():
            kind = layers.Conv2DTranspose if part.transposed else layers.Conv2D
            return kind(
                part.filters,
                part.size,
                strides=part.strides,
                padding=part.padding,
                activation=part.activation,
                use_bias=part.use_bias,
                name=name,
            )(x)
        case networks.MaxPooling():
            return layers.MaxPooling2D()(x)
        case networks.Normalization():
            x = layers.BatchNormalization(name=name)(x)
            return x if part.activation == "linear" else layers.Activation(part.activation)(x)
        case networks.GlobalAverage():
            return layers.GlobalAveragePooling2D()(x)
        case networks.Flatten():
            return layers.Flatten()(x)
        case networks.Dense():
            return layers.Dense(part.units, activation=part.activation, name=name)(x)
        case networks.Residual():
            ways = [_run(part.body, layers, x, f"{name}_body"), _run(part.shortcut, layers, x, f"{name}_shortcut")]
            return layers.Activation("relu")(layers.Add()(ways))


def compile_for(network: Network, model: Any, **options: Any) -> Any:
    """Compile a model for its task and return it."""
    if network.task == "image":
        model.compile("adam", "mean_squared_error", **options)
    else:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def loss_and_accuracy(evaluated: Any) -> tuple[float, float]:
    """Return what ``evaluate`` of a model with or without a metric has returned, NaN for an accuracy that is none."""
    loss, accuracy = evaluated if isinstance(evaluated, list | tuple) else (evaluated, float("nan"))
    return float(loss), float(accuracy)


def set_weights(model: Any, weights: dict[str, list[Any]]) -> None:
    """Give each layer that has weights those of its name."""
    for layer in model.layers:
        if layer.get_weights():
            layer.set_weights(weights[layer.name])


def weights_of(model: Any) -> dict[str, list[Any]]:
    """Return the weights of each layer that has some, by its name."""
    return {layer.name: layer.get_weights() for layer in model.layers if layer.get_weights()}
