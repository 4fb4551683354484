"""What can be said of a layer's weights among its arguments: how they start, what they pay, and where they may be."""

from __future__ import annotations

from typing import Any, ClassVar

from scratchnet import constraints, initializers, regularizers
from scratchnet.layers.layer import Layer
from scratchnet.utils.naming import described

MAKE: dict[str, Any] = {
    "initializer": initializers.get_or_default,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}
"""What can be said of each weight, and what makes an object of it."""


class Weighted(Layer):
    """Base of the layers with arguments such as ``kernel_initializer``, ``kernel_regularizer``, ``kernel_constraint``.

    Args:
        options: the three for each name in ``weight_options``, and those of every layer. None is glorot_uniform for an
            initializer, as in Keras, and no regularizer and no constraint.
    """

    weight_options: ClassVar[tuple[str, ...]] = ()
    """What stands before ``_initializer``, ``_regularizer`` and ``_constraint``."""

    def __init__(self, **options: Any) -> None:
        names = {name: kind for name, kind in self.option_names().items() if name in options}
        made = {name: MAKE[kind](options.pop(name)) for name, kind in names.items()}
        super().__init__(**options)
        for name, kind in self.option_names().items():
            setattr(self, name, made[name] if name in made else MAKE[kind](None))

    @classmethod
    def option_names(cls) -> dict[str, str]:
        """Return the arguments' names, and of which kind each is."""
        return {f"{weight}_{kind}": kind for kind in MAKE for weight in cls.weight_options}

    @classmethod
    def more_arguments(cls) -> list[str]:
        """Return the names of the arguments that no signature tells."""
        return list(cls.option_names())

    def options_of(self, weight: str) -> dict[str, Any]:
        """Return what ``add_weight`` is to be told of a weight: ``self.add_weight("kernel", shape, **…)``."""
        return {kind: getattr(self, f"{weight}_{kind}") for kind in MAKE}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), **{name: described(getattr(self, name)) for name in self.option_names()}}
