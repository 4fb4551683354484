"""Layers, losses, optimizers, … as JSON: the class's name and the arguments that make an equal object.

A file never says what to run. It names a class, which is looked up among scratchnet's own and those that the caller
hands in as ``custom_objects``.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from scratchnet import (
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)
from scratchnet.config import check_float
from scratchnet.errors import ModelFileError
from scratchnet.layers import LAYERS, Layer
from scratchnet.utils.numbers import shown


class Kind(NamedTuple):
    """A family of classes that a model is made of: its base class and scratchnet's own members by name."""

    base: type
    built_in: dict[str, type]


def _kind(base: type, classes: Mapping[str, type]) -> Kind:
    return Kind(base, {cls.__name__: cls for cls in classes.values()})


KINDS: dict[str, Kind] = {
    "layer": _kind(Layer, LAYERS),
    "activation": _kind(activations.ActivationFunction, activations.ACTIVATIONS),
    "regularizer": _kind(regularizers.Regularizer, regularizers.REGULARIZERS),
    "constraint": _kind(constraints.Constraint, constraints.CONSTRAINTS),
    "initializer": _kind(initializers.Initializer, initializers.INITIALIZERS),
    "loss": _kind(losses.Loss, losses.LOSSES),
    "metric": _kind(metrics.Metric, metrics.METRICS),
    "optimizer": _kind(optimizers.Optimizer, optimizers.OPTIMIZERS),
    "schedule": _kind(schedules.LearningRateSchedule, schedules.SCHEDULES),
}

EVERY_LAYER_HAS = ("name", "dtype", "trainable", "activity_regularizer")
"""Saved for every layer, whether or not the arguments of a user's class include them."""

_WAYS_TO_SAY_A_SHAPE = ("batch_size", "batch_shape", "input_shape", "input_dim")  # of an input; one is enough
MAY_BE_LEFT_OUT = {"layer": (*EVERY_LAYER_HAS, *_WAYS_TO_SAY_A_SHAPE), "loss": ("name", "dtype"), "metric": ("dtype",)}
"""Arguments that need not be in a configuration: they are saved apart, or at their default where they are missing."""

_TUPLE, _OBJECT = "!tuple", "!object"  # what JSON has no word for: {"!tuple": [3, 3]}


def describe(thing: Any) -> dict[str, Any]:
    """Return an object of one of ``KINDS`` as JSON can hold it.

    Raises:
        TypeError: if its ``get_config`` does not return what making an equal object takes; the message says which.
    """
    kind, cls = _kind_of(thing), type(thing)
    assert kind is not None
    description = {"kind": kind, "class": cls.__name__, "custom": KINDS[kind].built_in.get(cls.__name__) is not cls}
    if kind == "layer":
        description |= {fact: _encode(getattr(thing, fact), fact) for fact in EVERY_LAYER_HAS}
    where = _where(thing, kind)
    return description | {"config": {k: _encode(v, f"{k!r} of {where}") for k, v in _config(thing, kind).items()}}


def made_again(thing: Any) -> Any:
    """Return an equal object, as fresh as a loaded one before its weights are: ``describe`` and ``rebuild`` in one.

    There is no JSON between, so it need not be told of the user's classes.

    Raises:
        TypeError: as for ``describe``.
        ModelFileError: as for ``rebuild``.
    """
    kind = _kind_of(thing)
    assert kind is not None
    facts = {fact: getattr(thing, fact) for fact in EVERY_LAYER_HAS} if kind == "layer" else {}
    return _make(type(thing), copy.deepcopy(_config(thing, kind)), kind, copy.deepcopy(facts))


def _config(thing: Any, kind: str) -> dict[str, Any]:
    """Return the arguments that make an equal object; those that JSON has no word for, as the objects they are."""
    cls = type(thing)
    config = dict(thing.get_config())
    if kind == "layer":
        accepted = _arguments(cls)
        config = {k: v for k, v in config.items() if accepted is None or k in accepted or k not in EVERY_LAYER_HAS}
    for key in config:
        # A layer's own get_config gives its activation by name alone: enough for ours, not for one of the user's.
        part = vars(thing).get(key, vars(thing).get(f"_{key}"))
        if _kind_of(part) is not None and not _is_plain(part):
            config[key] = part
    _check_arguments(cls, config, kind, _where(thing, kind))
    return config


def _where(thing: Any, kind: str) -> str:
    return f"{kind} {type(thing).__name__}" + (f" {thing.name!r}" if kind == "layer" else "")


def rebuild(description: Mapping[str, Any], kind: str, custom_objects: Mapping[str, type]) -> Any:
    """Make the object that ``describe`` was given.

    Raises:
        ModelFileError: if its class is unknown, or cannot be made from what the file says.
    """
    cls = find_class(description, kind, KINDS[kind], custom_objects)
    config = {k: _decode(v, custom_objects) for k, v in description["config"].items()}
    # Files of 0.1.0 have no activity regularizers.
    saved = [fact for fact in EVERY_LAYER_HAS if fact in description or fact != "activity_regularizer"]
    facts = {fact: _decode(description[fact], custom_objects) for fact in saved} if kind == "layer" else {}
    return _make(cls, config, kind, facts)


def _make(cls: Any, config: dict[str, Any], kind: str, facts: Mapping[str, Any]) -> Any:
    try:
        made = cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)
    except Exception as error:  # a user's class may raise anything
        raise ModelFileError(
            f"the {kind} {cls.__name__} cannot be made from the arguments {shown(config)}: {error}"
        ) from error
    if "dtype" in facts and facts["dtype"] != made.dtype:  # of a user's class whose arguments do not include it
        facts = {**facts, "dtype": check_float(facts["dtype"])}
    for fact, value in facts.items():
        setattr(made, fact, value)
    return made


def checked_classes(custom_objects: Mapping[str, type] | None) -> dict[str, type]:
    """Return ``custom_objects`` as a dictionary; raise a TypeError unless it holds classes only."""
    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise TypeError(f"custom_objects expected a dict of classes by name, got {shown(custom_objects)}.")
    for name, cls in (custom_objects or {}).items():
        if not isinstance(cls, type):
            raise TypeError(
                f"custom_objects expected the class itself for {name!r}, not an object of it, got {shown(cls)}."
            )
    return dict(custom_objects or {})


def find_class(description: Mapping[str, Any], what: str, kind: Kind, custom_objects: Mapping[str, type]) -> Any:
    """Return the class that a description names, from ``custom_objects`` or among scratchnet's own.

    Raises:
        ModelFileError: if there is none, or the one in ``custom_objects`` is of another kind.
    """
    name = description["class"]
    if name in custom_objects:
        if not issubclass(custom_objects[name], kind.base):
            raise ModelFileError(
                f"the {what} class {name!r} should be a {kind.base.__name__}, and custom_objects has "
                f"{custom_objects[name]!r}: pass the class that the model was saved with"
            )
        return custom_objects[name]
    if not isinstance(name, str) or not isinstance(description["custom"], bool):
        raise ModelFileError(f"the class of a {what} should be named, got {shown(name)}")
    if description["custom"]:
        raise ModelFileError(
            f'unknown {what} class {name!r}, for it is not scratchnet\'s own: pass custom_objects={{"{name}": {name}}}'
        )
    if name not in kind.built_in:
        raise ModelFileError(f"this version of scratchnet has no {what} class {name!r}: install a newer one")
    return kind.built_in[name]


def _kind_of(thing: Any) -> str | None:
    return next((kind for kind, (base, _) in KINDS.items() if isinstance(thing, base)), None)


def _is_plain(part: Any) -> bool:
    """Whether the word or dictionary that scratchnet's own classes put in a configuration for ``part`` says it all."""
    if isinstance(part, activations.ActivationFunction):
        return activations.is_plain(part)
    return type(part) in KINDS[str(_kind_of(part))].built_in.values()


def _arguments(cls: Any) -> list[str] | None:
    """Return the names of the arguments that make an object of a class; None if it takes any."""
    if any(p.kind is p.VAR_KEYWORD for p in _parameters(cls)):
        return None
    return _named_arguments(cls)


def _named_arguments(cls: Any) -> list[str]:
    return [p.name for p in _parameters(cls) if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


@functools.lru_cache
def _parameters(cls: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(cls).parameters.values())


def _check_arguments(cls: Any, config: Mapping[str, Any], kind: str, where: str) -> None:
    """Refuse a configuration that would not make the object again: better now than when the file is all there is."""
    base: Any = KINDS[kind].base
    if hasattr(base, "from_config") and cls.from_config.__func__ is not base.from_config.__func__:
        return  # the class itself says what it makes of its configuration
    optional = MAY_BE_LEFT_OUT.get(kind, ())
    missing = [name for name in _named_arguments(cls) if name not in config and name not in optional]
    if missing:
        raise TypeError(
            f"Cannot save the {where}: its get_config() leaves out {', '.join(map(repr, missing))}, an argument of "
            f"its __init__; define get_config so that it returns all of them."
        )
    accepted = _arguments(cls)
    extra = [name for name in config if accepted is not None and name not in accepted]
    if extra:
        raise TypeError(
            f"Cannot save the {where}: its get_config() returns {', '.join(map(repr, extra))}, which its __init__ "
            f"does not take; define get_config so that it returns the arguments of __init__."
        )


def _encode(value: Any, where: str) -> Any:
    if _kind_of(value) is not None:
        return {_OBJECT: describe(value)}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [_encode(v, where) for v in value]
    if isinstance(value, tuple):
        return {_TUPLE: [_encode(v, where) for v in value]}
    if isinstance(value, dict) and all(isinstance(k, str) and not k.startswith("!") for k in value):
        return {k: _encode(v, where) for k, v in value.items()}
    raise TypeError(
        f"Cannot save {where}: get_config() may return numbers, strings, lists, tuples and dictionaries with strings "
        f"as keys, got {shown(value)}."
    )


def _decode(value: Any, custom_objects: Mapping[str, type]) -> Any:
    if isinstance(value, list):
        return [_decode(v, custom_objects) for v in value]
    if not isinstance(value, dict):
        return value
    if _TUPLE in value:
        return tuple(_decode(v, custom_objects) for v in value[_TUPLE])
    if _OBJECT in value:
        return rebuild(value[_OBJECT], value[_OBJECT]["kind"], custom_objects)
    return {k: _decode(v, custom_objects) for k, v in value.items()}
