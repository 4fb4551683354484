"""One layer as the other library's layer: the same class name, the same arguments, the same name.

The weights are not touched here; ``twins.py`` copies them once the graph stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reference.environment import keras
from scratchnet import activations, config, initializers, layers
from scratchnet.utils.naming import snake_case

INITIALIZER_CLASSES = {
    "glorot_uniform": "GlorotUniform",
    "glorot_normal": "GlorotNormal",
    "he_uniform": "HeUniform",
    "he_normal": "HeNormal",
    "random_uniform": "RandomUniform",
    "zeros": "Zeros",
    "ones": "Ones",
}
"""scratchnet's name → Keras's class."""

IGNORED = {"data_format": "channels_last"}
"""Options of Keras's layers that scratchnet does not have, with the only value that it can stand for."""

KERAS_ONLY: dict[str, dict[str, Any]] = {
    "BatchNormalization": {"renorm": False, "renorm_momentum": 0.99, "synchronized": False},
    "LayerNormalization": {"rms_scaling": False},
    "InputLayer": {"sparse": False, "ragged": False, "optional": False},
}
"""The same for the options of single classes."""


PAIRS = {"RandomErasing": ("scale",)}
"""Arguments that are pairs of numbers, though other layers have single ones of that name."""

REQUIRED: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"},
    "Conv2D": {"filters": 1, "kernel_size": 1},
    "Conv2DTranspose": {"filters": 1, "kernel_size": 1},
    "Dense": {"units": 1},
    "DepthwiseConv2D": {"kernel_size": 1},
    "Dropout": {"rate": 0.0},
    "Embedding": {"input_dim": 1, "output_dim": 1},
    "GaussianNoise": {"stddev": 0.0},
    "Permute": {"dims": (1,)},
    "RandomCrop": {"height": 1, "width": 1},
    "RandomTranslation": {"height_factor": 0.0, "width_factor": 0.0},
    "Rescaling": {"scale": 1.0},
    "Reshape": {"target_shape": (1,)},
    "SeparableConv2D": {"filters": 1, "kernel_size": 1},
}
"""Arguments without a default value, and some value for them."""


# scratchnet → Keras ---------------------------------------------------------------------------------------------


def built_in_class(layer: layers.Layer) -> type[layers.Layer]:
    """Return the built-in class that a layer is, as far as its output goes.

    A subclass that changes nothing but ``backward`` is what it inherits from: Keras works out gradients by itself.

    Raises:
        ValueError: if there is none; the message names the layer.
    """
    for known in layers.LAYERS.values():
        same = all(getattr(type(layer), m) is getattr(known, m) for m in ("forward", "build", "compute_output_shape"))
        if type(layer) is known or (isinstance(layer, known) and known is not layers.Activation and same):
            return known
    raise ValueError(
        f"Layer {layer.name!r} is a {type(layer).__name__}, which Keras does not have: to_keras expected only the "
        f"built-in layers {', '.join(layers.LAYERS)}."
    )


def layer_to_keras(layer: layers.Layer) -> Any:
    """Return the Keras layer of the same class, arguments and name, not built yet.

    Raises:
        ValueError: if Keras has no such layer, activation or initializer; the message names the layer.
    """
    known = built_in_class(layer)
    config = known.get_config(layer)
    if known is layers.InputLayer:
        return keras.layers.InputLayer(batch_shape=layer.batch_shape, dtype=layer.dtype, name=layer.name)
    if "activation" in config:
        config["activation"] = _activation_to_keras(layer)
    for key in config:
        if key.endswith("_initializer"):
            config[key] = _initializer_to_keras(layer, config[key])
    return getattr(keras.layers, known.__name__)(**config)


def _activation_to_keras(layer: Any) -> str:
    function = layer.activation
    if not activations.is_plain(function):
        raise ValueError(
            f"Layer {layer.name!r} has the activation {function!r}, which Keras does not have by name: to_keras "
            f"expected one of {', '.join(activations.ACTIVATIONS)}."
        )
    return str(function.name)


def _initializer_to_keras(layer: layers.Layer, saved: Mapping[str, Any]) -> Any:
    name = snake_case(saved["class_name"])
    if name not in INITIALIZER_CLASSES:
        raise ValueError(
            f"Layer {layer.name!r} has the initializer {name!r}, which Keras does not have: to_keras expected one of "
            f"{', '.join(INITIALIZER_CLASSES)}."
        )
    return getattr(keras.initializers, INITIALIZER_CLASSES[name])(**saved["config"])


# Keras → scratchnet ---------------------------------------------------------------------------------------------


def layer_from_keras(layer: Any) -> layers.Layer:
    """Return the scratchnet layer of the same class, arguments and name, not built yet.

    Raises:
        ValueError: if scratchnet has no such layer, or the layer uses an option that scratchnet lacks; the message
            names the layer.
    """
    class_name = type(layer).__name__
    known = layers.LAYERS.get(class_name)
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(
            f"The graph holds the operation {layer.name!r} ({class_name}), which is no layer: from_keras expected only "
            f"layers, keras.layers.Add()([a, b]) for a + b."
        )
    if known is None or not type(layer).__module__.startswith("keras."):
        raise ValueError(
            f"Layer {layer.name!r} is a {class_name}, which scratchnet does not have: from_keras expected only "
            f"{', '.join(layers.LAYERS)}."
        )
    if known is layers.InputLayer:
        return _input_from_keras(layer)
    given = dict(layer.get_config())
    arguments: dict[str, Any] = {"name": given.pop("name"), "trainable": given.pop("trainable")}
    arguments["dtype"] = _dtype_from_keras(layer, given.pop("dtype"))
    for key in known(**_placeholders(known)).get_config():
        if key not in arguments:
            convert = _plain if key in PAIRS.get(class_name, ()) else _CONVERTERS.get(key, _plain)
            arguments[key] = convert(layer, key, given.pop(key))
    _refuse_what_is_left(layer, class_name, given)
    return known(**arguments)


def _placeholders(known: type[layers.Layer]) -> dict[str, Any]:
    """Return enough arguments to make a layer of the class, whose configuration then shows what it takes."""
    return {**REQUIRED.get(known.__name__, {}), "name": "_"}


def _input_from_keras(layer: Any) -> layers.Layer:
    batch, *shape = layer.batch_shape
    if None in shape:
        raise ValueError(
            f"Layer {layer.name!r} has the shape {layer.batch_shape}: from_keras expected a number for every axis but "
            f"the batch."
        )
    given = {k: v for k, v in layer.get_config().items() if k not in ("batch_shape", "dtype", "name")}
    _refuse_what_is_left(layer, "InputLayer", given)
    whole = layer.dtype if layer.dtype in config.INTEGERS else None
    return layers.InputLayer(shape, batch, name=layer.name, dtype=whole or _dtype_from_keras(layer, layer.dtype))


def _dtype_from_keras(layer: Any, saved: Any) -> str:
    policy = saved["config"]["name"] if isinstance(saved, dict) else saved
    if policy not in ("float32", "float64"):
        raise ValueError(
            f"Layer {layer.name!r} computes in {policy!r}, which scratchnet does not: from_keras expected float32 or "
            f"float64."
        )
    return str(policy)


def _plain(layer: Any, key: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value


def _number(layer: Any, key: str, value: Any) -> float:
    if not isinstance(value, (int, float)):
        raise ValueError(f"Layer {layer.name!r} has {key}={value!r}: from_keras expected a single number.")
    return float(value)


def _scale(layer: Any, key: str, value: Any) -> float | bool:
    """Of a rescaling a number, of a normalization whether it has a γ."""
    return value if isinstance(value, bool) else _number(layer, key, value)


def _axis(layer: Any, key: str, value: Any) -> Any:
    if type(layer).__name__ == "LayerNormalization":
        return value  # one axis or several
    if not isinstance(value, int):
        raise ValueError(f"Layer {layer.name!r} has {key}={value!r}: from_keras expected a single axis.")
    return value


def _data_format(layer: Any, key: str, value: Any) -> str:
    if value != "channels_last":
        raise ValueError(f"Layer {layer.name!r} has data_format={value!r}: from_keras expected 'channels_last'.")
    return str(value)


def _activation_from_keras(layer: Any, key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in activations.ACTIVATIONS:
        name = value if isinstance(value, str) else type(layer.activation).__name__
        raise ValueError(
            f"Layer {layer.name!r} has the activation {name!r}, which scratchnet does not have: from_keras expected "
            f"one of {', '.join(activations.ACTIVATIONS)}."
        )
    return str(value)


def _initializer_from_keras(layer: Any, key: str, value: Any) -> initializers.Initializer:
    names = {class_name: name for name, class_name in INITIALIZER_CLASSES.items()}
    if isinstance(value, str) and value in INITIALIZER_CLASSES:
        return initializers.get(value)
    if not isinstance(value, dict) or value.get("class_name") not in names:
        name = value.get("class_name") if isinstance(value, dict) else value
        raise ValueError(
            f"Layer {layer.name!r} has the {key} {name!r}, which scratchnet does not have: from_keras expected one of "
            f"{', '.join(names)}."
        )
    ours = initializers.get(names[value["class_name"]])
    return type(ours)(**{k: v for k, v in value["config"].items() if k in ours.get_config()})


def _refuse_what_is_left(layer: Any, class_name: str, given: dict[str, Any]) -> None:
    harmless = {**IGNORED, **KERAS_ONLY.get(class_name, {})}
    for key, value in given.items():
        if value is not None and not (key in harmless and harmless[key] == value):
            raise ValueError(
                f"Layer {layer.name!r} ({class_name}) has {key}={value!r}, which scratchnet does not have: from_keras "
                f"expected {harmless.get(key)!r}."
            )


_CONVERTERS: dict[str, Callable[[Any, str, Any], Any]] = {
    "scale": _scale,
    "offset": _number,
    "axis": _axis,
    "data_format": _data_format,
    "activation": _activation_from_keras,
    "kernel_initializer": _initializer_from_keras,
    "bias_initializer": _initializer_from_keras,
    "gamma_initializer": _initializer_from_keras,
    "beta_initializer": _initializer_from_keras,
    "moving_mean_initializer": _initializer_from_keras,
    "moving_variance_initializer": _initializer_from_keras,
    "depthwise_initializer": _initializer_from_keras,
    "pointwise_initializer": _initializer_from_keras,
    "embeddings_initializer": _initializer_from_keras,
}
