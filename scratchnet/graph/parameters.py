"""All parameters of a model in one flat vector.

``layer.params["kernel"]`` is a view into the vector, and ``layer.grads["kernel"]`` one into a second vector of the
same length. So an optimizer is one operation on two vectors, and a checkpoint is one array. The variables that are not
trained live in a third vector, in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from scratchnet.layers.arrays import Arrays
from scratchnet.layers.layer import Layer
from scratchnet.layers.variables import BOOKKEEPING, Keeper, replaced
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Home(NamedTuple):
    """Where a layer's own parameters lie: in which vectors, and from where to where."""

    values: Array
    gradients: Array
    start: int
    stop: int


class Segment(NamedTuple):
    """A run of parameters that the optimizer moves together.

    ``place`` is their place among all parameters of the model, ``values`` and ``gradients`` are views.
    """

    place: slice
    values: Array
    gradients: Array


def move_in(layers: Iterable[Layer]) -> None:
    """Give all layers that have no home yet one vector together, with the values that they have now.

    A layer that already lives in another model's vector stays there, so that both models keep sharing it.
    """
    layers = list(layers)
    new = [leaf for layer in layers for _, leaf, _ in layer.leaves() if not hasattr(leaf, "_home")]
    for kind in ("params", "non_trainable"):
        arrays = [(leaf, name, array) for leaf in new for name, array in leaf.own(kind).items()]
        if kind == "non_trainable":  # counters and the like stay whole numbers, where they are
            arrays = [entry for entry in arrays if entry[2].dtype.kind == "f"]
        if not arrays:
            continue
        size, dtype = sum(array.size for _, _, array in arrays), arrays[0][0].dtype  # inputs may be whole numbers
        values, gradients = place_zeros(size, dtype), place_zeros(size if kind == "params" else 0, dtype)
        stop = 0
        for leaf, name, array in arrays:
            place = slice(stop, stop + array.size)
            values[place] = array.ravel()
            rehouse(leaf, kind, name, values[place].reshape(array.shape))
            if kind == "params":
                rehouse(leaf, "grads", name, gradients[place].reshape(array.shape))
                home = getattr(leaf, "_home", Home(values, gradients, stop, stop))
                leaf._home = home._replace(stop=place.stop)
            stop = place.stop
    for leaf in new:
        if not hasattr(leaf, "_home"):
            leaf._home = None
    for layer in layers:
        layer.list_inner()
    for leaf in new:
        for kind in ("params", "grads", "non_trainable"):
            if isinstance(arrays_of := getattr(leaf, kind), Arrays):
                arrays_of.settled = True


def rehouse(leaf: Keeper, kind: str, name: str, array: Array) -> None:
    """Put an array in the place of another of the same numbers, in attributes too: ``self.w = self.add_weight(…)``."""
    old = getattr(leaf, kind).get(name)
    dict.__setitem__(getattr(leaf, kind), name, array)
    for attribute, value in vars(leaf).items():
        if attribute not in BOOKKEEPING and isinstance(value, (np.ndarray, list, dict, tuple)):
            vars(leaf)[attribute] = replaced(value, lambda item: array if item is old and old is not None else item)


def count(layers: Iterable[Layer]) -> int:
    """Return how many numbers there are in the parameters, trained or frozen."""
    return sum(array.size for layer in layers for array in layer.params.values())


def count_trainable(layers: Iterable[Layer], trainable: bool = True) -> int:
    """Return how many numbers there are in the parameters that are not frozen."""
    leaves = [leaf for layer in layers for leaf in layer.leaves(trainable=trainable)]
    return sum(array.size for _, leaf, learns in leaves if learns for array in leaf.own("params").values())


def segments(layers: Sequence[Layer], trainable: bool = True, idle: Collection[Keeper] = ()) -> list[Segment]:
    """Return the trainable parameters as few long runs; mostly one: the whole vector.

    Args:
        layers: the layers, in the order of the vector.
        trainable: whether the model as a whole is trained.
        idle: layers that do not take part, and so get no gradient: the optimizer does not see them.
    """
    runs: list[tuple[int, Home]] = []  # (place among the model's parameters, where)
    offset = 0
    for _, leaf, learns in (leaf for layer in layers for leaf in layer.leaves(trainable=trainable)):
        home: Home | None = leaf._home
        if home is None:
            continue
        if learns and leaf not in idle:
            before = runs[-1] if runs else None
            if (
                before is not None
                and before[1].values is home.values
                and before[1].stop == home.start
                and before[0] + before[1].stop - before[1].start == offset
            ):
                runs[-1] = (before[0], before[1]._replace(stop=home.stop))
            else:
                runs.append((offset, home))
        offset += home.stop - home.start
    return [
        Segment(
            slice(offset, offset + home.stop - home.start),
            home.values[home.start : home.stop],
            home.gradients[home.start : home.stop],
        )
        for offset, home in runs
    ]


def variable_segments(
    layers: Iterable[Layer], trainable: bool = True, idle: Collection[Keeper] = ()
) -> dict[str, Segment]:
    """Return every trainable parameter as a run of its own, by ``"layer/name"``, in the order of ``segments``."""
    found, start = {}, 0
    for layer in layers:
        for path, leaf, learns in layer.leaves(trainable=trainable):
            for name, array in leaf.own("params").items():
                place = slice(start, start + array.size)
                if learns and leaf not in idle:
                    segment = Segment(place, array.reshape(-1), leaf.grads[name].reshape(-1))
                    found[f"{layer.name}/{path}{name}"] = segment
                start = place.stop
    return found


def learns(layer: Layer, trainable: Any = True) -> bool:
    """Whether the optimizer moves any number of a layer."""
    return any(trained and bool(leaf.own("params")) for _, leaf, trained in layer.leaves(trainable=trainable))
