"""What a layer keeps from batch to batch: arrays by name, layers that it holds, its source of random numbers.

A layer inside a layer belongs to it. It is found wherever it is kept, as an attribute or in lists and dictionaries,
and its arrays are listed under the way to it: ``self.blocks = [Dense(8)]`` gives ``params["blocks/0/kernel"]``.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from scratchnet.layers.arrays import Arrays
from scratchnet.layers.variable import Variable
from scratchnet.layers.weights import Weights
from scratchnet.typing import Array
from scratchnet.utils import changes
from scratchnet.utils.arguments import as_an_argument
from scratchnet.utils.naming import checked_name
from scratchnet.utils.numbers import shown

BOOKKEEPING = ("params", "grads", "non_trainable", "_outputs", "_home", "_left", "_added", "_in_a_run")
"""Attributes of every layer that are not its own business."""


@functools.cache
def _asks_for_training(function: Any) -> bool:
    try:
        parameter = inspect.signature(function).parameters.get("training")
    except (TypeError, ValueError):  # a built-in function has no signature to read
        return False
    return parameter is not None and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def run_forward(layer: Any, x: Any, training: bool | None) -> Array:
    """Return ``layer.forward`` of x, told ``training`` if it has a parameter of that name, wherever that stands.

    None is what a call ``layer(x)`` or ``model(x)`` says: inference, but for layers with ``acts_when_called``.
    """
    forward = layer.forward
    if training is None:
        training = getattr(layer, "acts_when_called", False)
    told = {"training": training} if _asks_for_training(getattr(forward, "__func__", forward)) else {}
    y: Array = forward(x, **told)
    return y


def find(value: Any, kind: type | tuple[type, ...], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every object of a class in an attribute's value, lists and dictionaries included, with the way to it."""
    if isinstance(value, kind):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from find(item, kind, f"{path}/{i}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from find(item, kind, f"{path}/{key}")


def found_in(owner: Any, kind: type | tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    """Yield every object of a class among an object's attributes, each once, with the way to it."""
    seen = set[int]()
    for name, value in list(vars(owner).items()):
        if name in BOOKKEEPING:
            continue
        if isinstance(value, kind) or (isinstance(value, (list, tuple, dict)) and value):
            for path, thing in find(value, kind, name):
                if id(thing) not in seen:
                    seen.add(id(thing))
                    yield path, thing


def replaced(value: Any, new: Callable[[Any], Any]) -> Any:
    """Return an attribute's value with ``new(item)`` for every item, in lists, tuples and dictionaries made anew."""
    if type(value) in (list, tuple):
        return type(value)(replaced(item, new) for item in value)
    if type(value) is dict:
        return {key: replaced(item, new) for key, item in value.items()}
    return value.copy() if type(value) is set else new(value)


class Keeper(Weights):
    """What every layer is before it computes anything: arrays by name, and layers inside that belong to it."""

    is_model: ClassVar[bool] = False
    """Whether it is a model in the place of a layer: a graph of layers, and nothing that runs by itself."""

    name: str
    dtype: str
    built: bool
    params: dict[str, Array]
    grads: dict[str, Array]
    non_trainable: dict[str, Array]
    regularizers: dict[str, Any]
    constraints: dict[str, Any]
    _trainable: bool
    _home: Any
    _added: list[float]
    _in_a_run = False
    """Whether a run is on whose losses ``add_loss`` adds to."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls) and not cls.is_model:
            cls.build = _whole_or_not_at_all(cls.build)  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("params", "grads", "non_trainable"):
            self.__dict__.setdefault(name, Arrays(f"{name} of layer {self.name!r}")).become(value)
            return
        if name == "name":
            checked_name("A layer", value)
            if "/" in value:
                raise ValueError(f"A layer expected a name without '/', got {shown(value)}.")
        here = self.__dict__.get(name)
        kind: Any = type(self)
        fixed = isinstance(here, (int, str, tuple)) and self.built and name in _arguments_of_ours(kind)
        fixed = fixed or (name in vars(self) and self.built and name in ("built", "seed", *_penalties_of(kind)))
        if fixed and here != value:
            raise ValueError(
                f"Layer {self.name!r} expected {name} to stay {here!r}, for which it has been built, got "
                f"{shown(value)}: make a new layer."
            )
        if isinstance(here, float):
            value = as_an_argument(self, name, value)
        if name.startswith("_"):  # what forward leaves for backward, batch after batch
            super().__setattr__(name, value)
            return
        if self._is_shown_as_attribute(name):
            self._check_unchanged(name, value)
            if isinstance(value, Variable):  # layer.kernel += 1 has added it already
                return
        super().__setattr__(name, value)
        changes.note()

    def present_arguments(self, cls: Any) -> dict[str, Any]:
        """Return what would make an equal layer of a class of ours, with a seed, so that none is drawn for it."""
        arguments: dict[str, Any] = cls.get_config(self)
        return arguments | ({"seed": 0} if "seed" in arguments else {})

    @property
    def trainable(self) -> bool:
        """Whether the optimizer moves the parameters; setting it sets it for all layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"Layer {self.name!r} expected trainable to be True or False, got {shown(value)}.")
        for _, layer, _ in self.leaves():
            layer.__dict__["_trainable"] = bool(value)
        changes.note()

    def leaves(self, path: str = "", trainable: bool = True) -> Iterator[tuple[str, Any, bool]]:
        """Yield the layer and all layers inside it: the way to each, the layer, whether it is trained.

        One is trained if no layer round it is frozen.
        """
        trainable = trainable and self.__dict__.get("_trainable", True)
        yield path, self, trainable
        for way, layer in found_in(self, Keeper):
            yield from layer.leaves(f"{path}{way}/", trainable)

    def ruled_weights(self, trainable: bool = True) -> Iterator[tuple[str, Array, Array, Any, Any]]:
        """Yield the trained weights that have a regularizer or constraint: name, w, its gradient, and the two."""
        for path, leaf, trained in self.leaves(trainable=trainable):
            if trained and (leaf.regularizers or leaf.constraints):
                for name, w in leaf.own("params").items():
                    yield f"{path}{name}", w, leaf.grads[name], leaf.regularizers.get(name), leaf.constraints.get(name)

    @contextmanager
    def running_alone(self) -> Iterator[None]:
        """Run the layer by itself, in no model, and collect what it and the layers inside it add to the loss."""
        leaves = [] if self._in_a_run else [leaf for _, leaf, _ in self.leaves()]  # inside, the run outside collects
        added: list[float] = []
        for leaf in leaves:
            vars(leaf).update(_added=added, _in_a_run=True)
        try:
            yield
        finally:
            for leaf in leaves:
                vars(leaf).update(_added=added if leaf is self else [], _in_a_run=False)

    def list_inner(self) -> None:
        """List the arrays of the layers inside, by the way to them, beside the layer's own."""
        for path, leaf, _ in self.leaves():
            if leaf.is_model:
                raise ValueError(
                    f"Layer {self.name!r} ({type(self).__name__}) expected layers in its attributes, got the model "
                    f"{leaf.name!r} in {path.rstrip('/')}: call the model on a tensor, as a layer of the graph."
                )
            for kind in ("params", "grads", "non_trainable") if path else ():
                for name, array in leaf.own(kind).items():
                    getattr(self, kind).move(f"{path}{name}", array)

    def finish_building(self, input_shape: Any) -> None:
        """See to it that the layers inside are built too: those that ``forward`` builds on its way, by running it."""
        self.list_inner()
        self.built = True
        if all(leaf.built for _, leaf, _ in self.leaves()):
            return
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        zeros = [np.zeros([1 if n is None else n for n in shape], self.dtype) for shape in shapes]
        with self.running_alone():
            self.forward(zeros if isinstance(input_shape, list) else zeros[0])  # type: ignore[attr-defined]
        self._added.clear()
        self.list_inner()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle of the layer is made of: all but its places in graphs and what runs have left."""
        left = {"_outputs", "_home", "_left", "_added", "_in_a_run", *self.__dict__.get("_left", ())}
        return {name: value for name, value in dict(vars(self)).items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _outputs=[], _added=[])
        self.list_inner()

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # two layers never share arrays unless one model shares the layer


def _whole_or_not_at_all(build: Any) -> Any:
    """Wrap a ``build``: after it the layer is built, its inner layers too; if it fails, no array is left behind."""

    @functools.wraps(build)
    def build_whole(layer: Keeper, *shape: Any, **named: Any) -> None:
        if "_home" in vars(layer):
            if layer.built:
                raise ValueError(
                    f"Layer {layer.name!r} is in a model, built already: make a new layer for another shape."
                )
            raise ValueError(
                f"Layer {layer.name!r} is built only now, inside a layer whose model has its parameters already, so it "
                f"would never be trained: build it in that layer's build, with build_once(its input's shape)."
            )
        before = [(arrays, dict(arrays)) for arrays in (layer.params, layer.grads, layer.non_trainable)]
        try:
            build(layer, *shape, **named)
            layer.list_inner()
        except BaseException:
            for arrays, content in before:
                arrays.clear()
                arrays.update(content)
            raise
        layer.built = True

    return build_whole


@functools.cache
def _arguments_of_ours(cls: Any) -> frozenset[str]:
    """Return the names of the arguments of a class's scratchnet bases; what a user's own mean, we cannot know."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("scratchnet.") and "__init__" in vars(base)]
    names = {name for base in ours for name in inspect.signature(base.__init__).parameters}
    return frozenset(names - {"input_shape"})  # the attribute is that of the last call


@functools.cache
def _penalties_of(cls: Any) -> frozenset[str]:
    """Return the names of the arguments that ``build`` hands on to the weights: to change them later has no effect."""
    weights = getattr(cls, "weight_options", ())
    return frozenset(f"{weight}_{kind}" for weight in weights for kind in ("regularizer", "constraint"))
