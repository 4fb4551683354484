"""A layer's weights as its user sees them: ``layer.kernel``, lists in Keras's order, and copies to take and to give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scratchnet.layers.arrays import check_weights
from scratchnet.layers.variable import Variable, listed
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown


class Weights:
    """What every layer shows of its weights; ``Keeper`` says which these are."""

    name: str
    built: bool
    leaves: Any

    if not TYPE_CHECKING:  # which would take every slip of the pen for a weight

        def __getattr__(self, name: str) -> Variable | None:
            """Return a weight: ``layer.kernel``. What the layer or its class has itself under a name never gets here.

            A weight that the layer might have had, such as the ``bias`` of ``Dense(use_bias=False)``, is None.
            """
            if self._weight(name) is not None:
                return Variable(self, name, f"{self.name}/{name}")
            not_built = ""
            if f"{name}_initializer" in self.__dict__:
                if self.built:
                    return None
                not_built = f" yet: it is made when layer {self.name!r} is built"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{not_built}")

    def __dir__(self) -> list[str]:
        held = [name for kind in ("params", "non_trainable") for name in self.__dict__.get(kind, ()) if "/" not in name]
        return sorted({*super().__dir__(), *held})

    def _weight(self, name: str) -> Array | None:
        """Return the array of the layer's own weight of that name, if it has one."""
        held = self.__dict__  # which is empty while a copy is being made
        return held.get("params", {}).get(name, held.get("non_trainable", {}).get(name))

    def _is_shown_as_attribute(self, name: str) -> bool:
        """Whether a name means a weight, and nothing else that the layer or its class keeps under it."""
        array = self._weight(name)
        return array is not None and not hasattr(type(self), name) and self.__dict__.get(name, array) is array

    def _check_unchanged(self, name: str, value: Any) -> None:
        """Refuse ``layer.kernel = a``, after which the layer would go on computing with the array that it has."""
        if (value.value if isinstance(value, Variable) else value) is not self._weight(name):
            raise AttributeError(
                f"Layer {self.name!r} expected its weight {name!r} to stay the array that it computes with, got "
                f"{shown(value)} in its place: copy the numbers into it, with layer.{name}.assign(a)."
            )

    @property
    def weights(self) -> list[Variable]:
        """All weights in the order of ``get_weights``: parameters, then what is not trained, then the layers inside."""
        return listed([self])

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer moves."""
        return listed([self], True)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that it does not: running means and the like, and all those of frozen layers."""
        return listed([self], False)

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def named_weights(self) -> dict[str, Array]:
        """The arrays of ``weights``, by the way to each."""
        own = [(path, leaf.own("params") | leaf.own("non_trainable")) for path, leaf, _ in self.leaves()]
        return {f"{path}{name}": array for path, arrays in own for name, array in arrays.items()}

    def own(self, kind: str) -> dict[str, Array]:
        """Return ``params``, ``grads`` or ``non_trainable`` without what belongs to the layers inside."""
        return {name: array for name, array in getattr(self, kind).items() if "/" not in name}

    def count_params(self) -> int:
        """Return how many numbers the layer keeps, those that are not trained included."""
        return sum(math.prod(array.shape) for array in self.named_weights.values())

    def get_weights(self) -> list[Array]:
        """Return copies of the parameters, in Keras's order: the kernel, then the bias; then what is not trained."""
        return [array.copy() for array in self.named_weights.values()]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Copy arrays into the parameters, in the order of ``get_weights``.

        Raises:
            ValueError: if there are too many or too few, a shape differs, or they are no real numbers; then nothing
                has been changed.
        """
        variables = self.named_weights
        given = check_weights(f"layer {self.name!r}", {f"{self.name}/{k}": a for k, a in variables.items()}, weights)
        for array, weight in zip(variables.values(), given):
            array[...] = weight
