"""What Keras has and scratchnet has not, found by looking at both."""

from __future__ import annotations

import inspect
from typing import Any

import scratchnet
from reference.environment import keras

MODULES = ("layers", "losses", "metrics", "optimizers", "initializers", "regularizers", "constraints", "callbacks")
SIGNATURES = (
    *("Input", "Model.compile", "Model.fit", "Model.evaluate", "Model.predict", "Model.summary"),
    *("Model.train_on_batch", "Model.test_on_batch", "Model.predict_on_batch", "Model.save", "Model.save_weights"),
    *("Model.load_weights", "Model.get_layer", "Sequential", "Sequential.add", "Sequential.pop", "Sequential.build"),
    *("saving.save_model", "saving.load_model", "models.clone_model", "models.model_from_json"),
    *("layers.Conv2D", "layers.Dense", "layers.Flatten", "layers.MaxPooling2D", "layers.ReLU", "layers.Rescaling"),
    *("layers.Activation", "layers.Softmax", "optimizers.Adam", "optimizers.SGD"),
    *("losses.CategoricalCrossentropy", "losses.MeanSquaredError", "losses.SparseCategoricalCrossentropy"),
    *("losses.BinaryCrossentropy", "losses.Huber", "losses.KLDivergence", "losses.MeanAbsoluteError"),
    *("metrics.AUC", "metrics.MeanAbsoluteError", "metrics.MeanSquaredError", "metrics.Precision", "metrics.Recall"),
    *("metrics.Accuracy", "metrics.CategoricalAccuracy", "metrics.SparseCategoricalAccuracy"),
    *("metrics.TopKCategoricalAccuracy", "metrics.SparseTopKCategoricalAccuracy"),
    *("callbacks.CSVLogger", "callbacks.EarlyStopping", "callbacks.LearningRateScheduler", "callbacks.ModelCheckpoint"),
)
ROOMS = ("models", "saving", "utils", "config")
"""Modules of functions."""

_CATCH_ALL = {"args", "kwargs"}
_LAYER_ARGUMENTS = {"name", "dtype", "trainable", "activity_regularizer"}
"""What every layer takes, also where Keras's signature says only ``**kwargs``."""

_BOTH = (keras, scratchnet)


def absent() -> dict[str, list[str]]:
    """Return by kind, and by class or method for arguments, the names that only Keras knows."""
    found = {module: _classes(getattr(keras, module), getattr(scratchnet, module)) for module in MODULES}
    found["schedules"] = _classes(keras.optimizers.schedules, scratchnet.schedules)
    functions = (n for n in dir(keras.activations) if n[0] != "_" and n not in ("get", "serialize", "deserialize"))
    found["activations"] = [n for n in functions if n not in scratchnet.activations.ACTIVATIONS]
    for room in ROOMS:
        ours, theirs = getattr(scratchnet, room), getattr(keras, room)
        names = (n for n in dir(theirs) if n[0] != "_" and not inspect.ismodule(getattr(theirs, n)))
        found[room] = [n for n in names if not hasattr(ours, n)]
    rooms = (
        n for n in dir(keras) if n[0] != "_" and inspect.ismodule(getattr(keras, n)) and n not in ("src", "legacy")
    )
    found["modules"] = [n for n in rooms if not hasattr(scratchnet, n)]
    layer, our_layer = (_attributes(_layer(library)) for library in _BOTH)
    model, our_model = (_attributes(_model(library)) for library in _BOTH)
    found["attributes of a layer"] = sorted(layer - our_layer)
    found["attributes of a model"] = sorted(model - our_model - layer)
    for path in SIGNATURES:
        if names := [n for n in _arguments(keras, path) if n not in _arguments(scratchnet, path)]:
            found[f"arguments of `{path}`"] = names
    return {kind: names for kind, names in found.items() if names}


def _classes(theirs: Any, ours: Any) -> list[str]:
    return sorted(name for name in dir(theirs) if name[0].isupper() and not hasattr(ours, name))


def _layer(library: Any) -> Any:
    layer = library.layers.Dense(1)
    layer(library.Input((1,)))
    return layer


def _model(library: Any) -> Any:
    inputs = library.Input((1,))
    model = library.Model(inputs, library.layers.Dense(1)(inputs))
    model.compile(optimizer="sgd", loss="mean_squared_error")
    return model


def _attributes(thing: Any) -> set[str]:
    return {name for name in dir(thing) if name[0] != "_"}


def _arguments(library: Any, path: str) -> list[str]:
    thing = library
    for part in path.split("."):
        thing = getattr(thing, part)
    parameters = inspect.signature(thing).parameters
    names = [name for name in parameters if name not in _CATCH_ALL]
    if "options" in parameters:  # ours, which pass them on to the base class
        names += inspect.signature(scratchnet.optimizers.Optimizer).parameters
    names += getattr(thing, "option_names", dict)()  # ours, of the weights: by keyword
    return [*names, *_LAYER_ARGUMENTS] if path.startswith("layers.") else names
