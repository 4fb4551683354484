"""One layer as the other library's layer: the same class name, the same arguments, the same name.

The weights are not touched here; ``twins.py`` copies them once the graph stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scratchnet import activations, config, constraints, initializers, layers, regularizers
from scratchnet.interop.keras_import import as_written, keras
from scratchnet.interop.known_layers import built_in_class


class Kind(NamedTuple):
    """A kind of objects that layers take as arguments: what it is called, its classes by name, and Keras's module."""

    name: str
    classes: Mapping[str, type[Any]]
    theirs: Any


KINDS = {
    "_initializer": Kind("initializer", initializers.INITIALIZERS, keras.initializers),
    "_regularizer": Kind("regularizer", regularizers.REGULARIZERS, keras.regularizers),
    "_constraint": Kind("constraint", constraints.CONSTRAINTS, keras.constraints),
}
"""By how the names of such arguments end. Both libraries give the classes one name, and have the same arguments."""

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


def layer_to_keras(layer: layers.Layer) -> Any:
    """Return the Keras layer of the same class, arguments and name, not built yet.

    Raises:
        ValueError: if Keras has no such layer, activation or initializer; the message names the layer.
    """
    known = built_in_class(layer, "to_keras", "Keras")
    config = known.get_config(layer)
    if isinstance(layer, layers.InputLayer):
        return keras.layers.InputLayer(batch_shape=layer.batch_shape, dtype=layer.dtype, name=layer.name)
    if "activation" in config:
        config["activation"] = _activation_to_keras(layer)
    for key, kind in _objects_in(config):
        config[key] = _object_to_keras(layer, key, kind, getattr(layer, key))
    try:
        return getattr(keras.layers, known.__name__)(**config)
    except ValueError as error:
        raise ValueError(
            f"Layer {layer.name!r} ({known.__name__}) has arguments that Keras refuses: {' '.join(str(error).split())}"
        ) from None


def _objects_in(config: Mapping[str, Any]) -> list[tuple[str, Kind]]:
    """Return the arguments that are objects of one of the kinds."""
    return [(key, kind) for key in config for ending, kind in KINDS.items() if key.endswith(ending)]


def _activation_to_keras(layer: Any) -> str:
    function = layer.activation
    if not activations.is_plain(function):
        raise ValueError(
            f"Layer {layer.name!r} has the activation {function!r}, which Keras does not have by name: to_keras "
            f"expected one of {', '.join(activations.ACTIVATIONS)}."
        )
    return str(function.name)


def _object_to_keras(layer: layers.Layer, key: str, kind: Kind, thing: Any) -> Any:
    if thing is None:
        return None
    if type(thing) not in kind.classes.values():
        raise ValueError(
            f"Layer {layer.name!r} has a {key} of your own, {type(thing).__name__}, which Keras does not have: "
            f"to_keras expected one of scratchnet's {_class_names(kind)}."
        )
    return getattr(kind.theirs, type(thing).__name__)(**thing.get_config())


def _class_names(kind: Kind) -> str:
    return ", ".join(sorted({c.__name__ for c in kind.classes.values()}))


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
    taken = known(**_placeholders(known)).get_config()
    for key, kind in _objects_in(given):
        saved = given.pop(key)
        if saved is not None or key in taken:
            arguments[key] = _object_from_keras(layer, key, kind, saved)
    for key in taken:
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


def _object_from_keras(layer: Any, key: str, kind: Kind, saved: Any) -> Any:
    """Return our object for Keras's, whose configuration is ``saved``."""
    if saved is None:
        return None
    theirs = getattr(layer, key, None)
    class_name = saved["class_name"] if isinstance(saved, dict) else type(theirs).__name__
    known = {c.__name__: c for c in kind.classes.values()}
    if class_name not in known or not type(theirs).__module__.startswith("keras."):
        raise ValueError(
            f"Layer {layer.name!r} has the {key} {class_name!r}, which scratchnet does not have: from_keras expected "
            f"one of {_class_names(kind)}."
        )
    given = dict(saved["config"]) if isinstance(saved, dict) else {}
    arguments = {}
    for argument in known[class_name]().get_config():
        # Keras leaves some arguments out of the configuration, such as the gain of Identity.
        arguments[argument] = as_written(given.pop(argument) if argument in given else getattr(theirs, argument))
    for option, value in given.items():
        if value is not None:
            raise ValueError(
                f"Layer {layer.name!r} has the {key} {class_name} with {option}={value!r}, which scratchnet does not "
                f"have: from_keras expected None."
            )
    return known[class_name](**arguments)


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
}
