"""What every activation function is."""

from __future__ import annotations

from typing import Any, ClassVar

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils import changes
from scratchnet.utils.numbers import real_array


class ActivationFunction:
    """Base class. ``x``, ``y``, ``dy`` and ``dx`` have one shape and one float dtype."""

    name: ClassVar[str]
    needs_input: ClassVar[bool] = False
    """Whether ``backward`` takes x as third argument, as it cannot tell the slope from y."""

    def __setattr__(self, attribute: str, value: Any) -> None:
        super().__setattr__(attribute, value)
        changes.note()  # a plan may have been made for the old value

    def forward(self, x: Array) -> Array:
        """Return y = f(x), a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x).")

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dx, the gradient with respect to x, a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy, y).")

    def gradient(self, dy: Array, y: Array, x: Array | None) -> Array:
        """Return what ``backward`` does, which gets x only if it ``needs_input``: what layers call."""
        return self.backward(dy, y, x) if self.needs_input else self.backward(dy, y)  # type: ignore[call-arg]

    def __call__(self, x: Any, *arguments: Any, **options: Any) -> Array:
        """Return f(x) for an array or numbers; with arguments as for the class, such as ``relu(x, max_value=6)``."""
        function = type(self)(*arguments, **options) if arguments or options else self
        x = real_array(f"x of {self.name}", x)
        return function.forward(x if x.dtype.kind == "f" else x.astype(config.floatx()))

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is the same function: of the same class of ours, with the same arguments."""
        ours = type(self).__module__.startswith("scratchnet.") and type(self) is type(other)
        return self is other or (ours and vars(self) == vars(other))

    def __hash__(self) -> int:
        return hash(type(self))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal activation function, ready for JSON."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"
