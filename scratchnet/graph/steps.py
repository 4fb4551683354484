"""The steps of a plan: what each must be able to do, and the one that runs a layer by its own definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from scratchnet.graph.stand_in import StandIn
from scratchnet.layers import LAYERS
from scratchnet.layers.layer import Layer
from scratchnet.typing import Array


class Step(Protocol):
    """One step of a plan. What it returns may lie in a buffer that it uses again at its next call.

    A step that looks whether the gradients it writes are finite has an attribute ``finite`` that says so.
    """

    layers: list[Layer]

    def forward(self, x: Any, training: bool | None) -> Array:
        """Return y."""

    def backward(self, dy: Array) -> Any:
        """Return dx, or None where nobody needs it, and fill the layers' ``grads``."""


class LayerStep:
    """A layer run by its own definition. Its results are checked: what comes next trusts their shapes and dtypes.

    A layer of somebody else's gets arrays of its own, which it may change in place.

    Args:
        stand_in: the layer, in its place.
        check: whether to check; the gradient checker wants to see what comes as it is.
        needed: for each input whether weights that are trained lie before it, so that its gradient must come.
        learns: whether its own weights are trained, so that their gradients must come.
    """

    def __init__(
        self, stand_in: StandIn, check: bool = True, needed: Sequence[bool] = (), learns: bool = False
    ) -> None:
        self.stand_in, self.check, self.needed = stand_in, check, needed
        self.layers = [stand_in.layer]
        self._x: list[Array] = []
        self._may_write = type(stand_in.layer) not in LAYERS.values()
        looked_at = stand_in.layer.leaves(trainable=learns) if check and self._may_write else ()
        self._trained = [(path, leaf) for path, leaf, is_trained in looked_at if is_trained]

    def forward(self, x: Any, training: bool | None) -> Array:
        """Return the layer's output."""
        layer = self.layers[0]
        self._x = x if isinstance(x, list) else [x]
        if self.check and self._may_write:  # into what others still need
            x = [a.copy() for a in x] if isinstance(x, list) else x.copy()
        y = self.stand_in.forward(x, training)
        if not self.check:
            return y
        return _checked(y, (len(self._x[0]), *layer.output_shape[1:]), layer, "forward", "an output")

    def backward(self, dy: Array) -> Any:
        """Return the layer's dx."""
        layer = self.layers[0]
        gradients = {f"{path}{name}": g for path, leaf in self._trained for name, g in leaf.own("grads").items()}
        for gradient in gradients.values():
            _bits(gradient)[...] = _UNWRITTEN[gradient.itemsize]
        dx = self.stand_in.backward(dy.copy() if self.check and self._may_write else dy)
        if not self.check:
            return dx
        for name, gradient in gradients.items():
            _check_written(gradient, name, layer)
        several = list(dx) if isinstance(dx, (list, tuple)) else [dx]
        if len(several) != len(self._x):
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) expected its backward to return a gradient for each of "
                f"its {len(self._x)} inputs, got {len(several)}."
            )
        checked = [
            None if d is None else _checked(d, x.shape, layer, "backward", "a dx") for d, x in zip(several, self._x)
        ]
        for d, x, needed in zip(checked, self._x, self.needed):
            if d is None and needed:
                raise ValueError(
                    f"Layer {layer.name!r} ({type(layer).__name__}) expected its backward to return a dx of shape "
                    f"{x.shape}, since weights that are trained lie before it, got None: return dx, or zeros where "
                    f"there is no slope."
                )
        return checked if len(checked) > 1 else checked[0]


_UNWRITTEN = {4: 0x7FC0BADE, 8: 0x7FF8175BC0000000}
"""The bits of a NaN that no computation makes, by their bytes; whatever is added to it, it stays as it is."""


def _bits(gradient: Array) -> Array:
    return gradient.view(f"u{gradient.itemsize}")


def _check_written(gradient: Array, name: str, layer: Layer) -> None:
    """Refuse a gradient that ``backward`` has not assigned: what was there is of another batch."""
    unwritten = np.count_nonzero(_bits(gradient) == _UNWRITTEN[gradient.itemsize])
    if unwritten:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) expected its backward to assign to all of grads[{name!r}], "
            f"got {unwritten} of {gradient.size} numbers left as they were, or only added to: write "
            f"self.grads[{name!r}][...] = …, with zeros where there is no slope."
        )


def _checked(array: Any, shape: tuple[int, ...], layer: Layer, method: str, what: str) -> Array:
    """Return what a layer returned, in the layer's dtype, once it is found to be an array of that shape."""
    masked = isinstance(array, np.ma.MaskedArray)
    if isinstance(array, np.ndarray) and not masked and array.shape == shape and array.dtype.kind in "fiub":
        array = np.asarray(array)  # no matrix, to which * is another product
        return array if array.dtype == layer.dtype and array.flags.writeable else array.astype(layer.dtype)
    numbers = isinstance(array, np.ndarray) and not masked
    got = f"{array.dtype} of shape {array.shape}" if numbers else type(array).__name__
    advice = "compute_output_shape has to say what forward returns" if method == "forward" else "it has the shape of x"
    raise ValueError(
        f"Layer {layer.name!r} ({type(layer).__name__}) expected its {method} to return {what} of real numbers of "
        f"shape {shape}, got {got}: {advice}."
    )
