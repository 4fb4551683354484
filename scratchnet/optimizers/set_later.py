"""What becomes of an optimizer's argument that is set as an attribute, ``adam.beta_1 = 0.8``, when it exists already.

It is checked as by ``__init__`` and holds from the next step, unless the vectors have been made for another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scratchnet.errors import nearest, unknown_name
from scratchnet.typing import Array
from scratchnet.utils.arguments import CheckedWhenSet, argument_names, names_to_set
from scratchnet.utils.numbers import shown


class SetLater(CheckedWhenSet):
    """What every optimizer is when an attribute of it is set."""

    slots: dict[str, Array]
    vector_names: Any
    initial_value: Any
    gradient_accumulation_steps: int | None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute.

        Raises:
            ValueError: what ``__init__`` would raise for an argument; or if the vectors have been made for another one.
            AttributeError: for a name that is nearly an argument's.
        """
        arguments, held = names_to_set(type(self)), vars(self)  # type: ignore[arg-type]  # mypy takes it for no key
        if name not in arguments and name not in held:
            self._check_new(name, arguments)
        if not (name in arguments and name in held and self.slots):
            super().__setattr__(name, value)
            return
        here, vectors = held[name], self._vectors()
        super().__setattr__(name, value)
        if self._vectors() != vectors:
            held[name] = here
            raise ValueError(
                f"{type(self).__name__} expected {name} to stay {here!r}, for which its vectors have been made, got "
                f"{shown(value)}: make a new optimizer, and compile the model with it."
            )

    def present_arguments(self, cls: Any) -> dict[str, Any]:
        """Return what would make an equal optimizer, but for its learning rate, which need not be a number."""
        return {"learning_rate": 0.0} | {one: vars(self)[one] for one in argument_names(cls) if one in vars(self)}

    def _check_new(self, name: str, arguments: Collection[str]) -> None:
        """Refuse the misspelt name of an argument, such as ``lr``, which would have no effect."""
        if "owner" not in vars(self) or not type(self).__module__.startswith("scratchnet."):
            return  # __init__ is under way, or it is a user's own
        if not hasattr(type(self), name) and nearest(name, arguments) is not None:
            raise AttributeError(str(unknown_name(f"attribute of {type(self).__name__}", name, arguments)))

    def _vectors(self) -> tuple[Any, ...]:
        """Return what decides which vectors there are, and what stands in them."""
        return self.gradient_accumulation_steps, [(name, repr(self.initial_value(name))) for name in self.vector_names]
