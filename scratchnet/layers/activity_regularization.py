"""ActivityRegularization: hands x on as it is, and adds a penalty on it to the loss.

    x → y = x                                                                    (1)

    the loss L becomes L + R(y) / N, with R(y) = l1·Σ |y[i]| + l2·Σ y[i]²

Any layer can pay such a penalty on its output, as its ``activity_regularizer``: this one has nothing else to do. The
mean over the N samples is taken, since more of them would add up to more. ``regularizers.py`` derives the slope of R;
as y is in L and in R, the two slopes add up, which the model does before ``backward`` gets dy. What is left is

    dx = dy                                                                      (2)
"""

from __future__ import annotations

from typing import Any

from scratchnet import regularizers
from scratchnet.errors import unexpected_arguments
from scratchnet.layers.layer import Layer
from scratchnet.typing import Array


def _of_the_penalty(name: str) -> property:
    """Return a factor of the layer's penalty as one of the layer's."""
    return property(
        lambda layer: getattr(layer.activity_regularizer, name),
        lambda layer, value: setattr(layer.activity_regularizer, name, value),
    )


class ActivityRegularization(Layer):
    """Adds a penalty on its input to the loss.

    Args:
        l1, l2: the factors of the sum of absolute values and of squares, ≥ 0.

    Shapes: x (N, …) → y (N, …). No parameters.

    Raises:
        ValueError: if a factor is no finite number ≥ 0.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        if "activity_regularizer" in kwargs:
            raise unexpected_arguments(
                "ActivityRegularization", ["activity_regularizer"], ("l1", "l2", "name", "dtype")
            )
        penalty = regularizers.L1L2(l1, l2)
        super().__init__(activity_regularizer=penalty, **kwargs)

    l1, l2 = _of_the_penalty("l1"), _of_the_penalty("l2")

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x."""
        return x.copy()  # (1)

    def backward(self, dy: Array) -> Array:
        """Return dy."""
        return dy.copy()  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        config = {k: v for k, v in super().get_config().items() if k != "activity_regularizer"}
        return {**config, "l1": self.l1, "l2": self.l2}
