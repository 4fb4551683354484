"""All parameters of a model in one flat vector.

``layer.params["kernel"]`` is a view into the vector, and ``layer.grads["kernel"]`` one into a second vector of the
same length. So an optimizer is one operation on two vectors, and a checkpoint is one array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Home(NamedTuple):
    """Where a layer's parameters lie: in which vectors, and from where to where."""

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
    new = [layer for layer in layers if layer.params and getattr(layer, "_home", None) is None]
    if not new:
        return
    size = sum(layer.count_params() for layer in new)
    values, gradients = place_zeros(size, new[0].dtype), place_zeros(size, new[0].dtype)
    stop = 0
    for layer in new:
        start = stop
        for name, param in layer.params.items():
            place = slice(stop, stop + param.size)
            values[place] = param.ravel()
            layer.params[name] = values[place].reshape(param.shape)
            layer.grads[name] = gradients[place].reshape(param.shape)
            stop = place.stop
        layer._home = Home(values, gradients, start, stop)  # type: ignore[attr-defined]


def segments(layers: Sequence[Layer]) -> list[Segment]:
    """Return the trainable parameters as few long runs; mostly one: the whole vector."""
    runs: list[tuple[int, Home]] = []  # (place among the model's parameters, where)
    offset = 0
    for layer in layers:
        if not layer.params:
            continue
        home: Home = layer._home  # type: ignore[attr-defined]
        if layer.trainable:
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
