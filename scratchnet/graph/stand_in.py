"""What ``forward`` remembers belongs to the run, not to the layer.

A layer keeps in attributes what its ``backward`` will need. But one model trains, predicts, and predicts in another
thread, all with the same layer; and a layer may stand at several places of a graph. So nobody runs the layer itself.
Each run has a stand-in for each place: an object of the same class, with attributes of its own and the very same
arrays. Before ``forward`` it takes over what has been set on the layer since; ``backward`` sees the stand-in's own
alone. After each of the two the layer gets what was set, to be looked at, and gone on with in the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.layers.arrays import Arrays
from scratchnet.layers.layer import Layer
from scratchnet.layers.variables import BOOKKEEPING, Keeper, find, replaced, run_forward
from scratchnet.typing import Array

_CHANGEABLE = (list, dict, set)
_MISSING = object()


@dataclass
class _Pair:
    """A layer, what stands for it, and the attributes that stay the stand-in's own."""

    layer: Keeper
    own: Keeper
    stays: dict[str, Any]

    def take(self) -> dict[str, Any]:
        """Take over what the layer holds now, and return it."""
        held = dict(vars(self.layer))
        vars(self.own).update(_apart(held))
        vars(self.own).update(self.stays)
        return held

    def give(self, before: dict[str, Any]) -> None:
        """Set on the layer what differs from ``before``."""
        for name, value in vars(self.own).items():
            old = before.get(name, _MISSING)
            if value is old and type(value) not in _CHANGEABLE:  # nearly all, at every step
                continue
            if name in self.stays or name in BOOKKEEPING or _same(value, old):
                continue
            if name not in before:
                vars(self.layer).setdefault("_left", set()).add(name)
            vars(self.layer).update(_apart({name: value}))


def _apart(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return attributes with a copy of whatever may be changed in place: lists, dictionaries and sets."""
    return {k: replaced(v, lambda item: item) if isinstance(v, _CHANGEABLE) else v for k, v in attributes.items()}


def _same(a: Any, b: Any) -> bool:
    """Whether two values are one object, or lists and dictionaries of the same objects."""
    if type(a) is not type(b) or not isinstance(a, _CHANGEABLE):
        return a is b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return a == b if isinstance(a, set) else len(a) == len(b) and all(map(_same, a, b))


class StandIn:
    """One place of a graph in one run.

    Args:
        layer: the layer at that place.
        input_shape, output_shape: at that place; a layer that is used twice may have others elsewhere.
        own_gradients: whether ``grads`` are arrays apart, to be added to the layer's by ``add_gradients``.

    Attributes:
        layer: what to run.
        has_own_gradients: as given.
        losses: what the last ``forward`` added to the loss, layers inside included.
    """

    def __init__(self, layer: Layer, input_shape: Any, output_shape: Any, own_gradients: bool = False) -> None:
        self.has_own_gradients = own_gradients
        self._pairs: list[_Pair] = []
        self.losses: list[float] = []
        self.layer: Layer = self._stand_in(layer, own_gradients)
        self.keep(input_shape=input_shape, output_shape=output_shape)

    def _stand_in(self, layer: Any, own_gradients: bool) -> Any:
        own = object.__new__(type(layer))
        stays: dict[str, Any] = {name: vars(layer)[name] for name in BOOKKEEPING if name in vars(layer)}
        stays |= {"_added": self.losses, "_in_a_run": True}
        if own_gradients:
            stays["grads"] = Arrays(f"grads of layer {layer.name!r}")
            stays["grads"].become({name: np.zeros_like(g) for name, g in layer.own("grads").items()})
        for name, value in dict(vars(layer)).items():  # another run may set something meanwhile
            if name not in BOOKKEEPING and next(find(value, Keeper), None) is not None:
                stays[name] = replaced(
                    value, lambda x: self._stand_in(x, own_gradients) if isinstance(x, Keeper) else x
                )
        self._pairs.append(_Pair(layer, own, stays))
        self._pairs[-1].take()
        return own

    def keep(self, **attributes: Any) -> None:
        """Give the stand-in attributes that stay its own."""
        self._pairs[-1].stays.update(attributes)
        vars(self.layer).update(attributes)

    def forward(self, x: Any, training: bool | None) -> Array:
        """Return the layer's output, as the layer is now."""
        self.losses.clear()
        befores = [pair.take() for pair in self._pairs]
        y = run_forward(self.layer, x, training)
        for pair, before in zip(self._pairs, befores):
            pair.give(before)
        return y

    def backward(self, dy: Array) -> Any:
        """Return the layer's dx, and leave its gradients in ``grads``."""
        befores = [_apart(vars(pair.own)) for pair in self._pairs]
        dx = self.layer.backward(dy)
        for pair, before in zip(self._pairs, befores):
            pair.give(before)
        return dx

    def add_gradients(self) -> None:
        """Add the gradients that it keeps apart to those of the layer."""
        for pair in self._pairs:
            for name, gradient in pair.own.grads.items():
                pair.layer.grads[name][...] += gradient
