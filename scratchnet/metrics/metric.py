"""What every metric is: something counted over a pass, and one number made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.numbers import real_array, text_or_none
from scratchnet.utils.weights import spread_weights


class Metric(CheckedWhenSet, ArgumentsByName):
    """A running mean over everything since ``reset_state``. A metric of your own defines ``values``.

    One that is no mean, such as a precision, defines ``update_state``, ``result`` and ``reset_state``, Keras's names.
    ``update`` and ``reset``, which training calls, are these two under a shorter name. Called, a metric takes a batch
    in and returns the result so far.

    Args:
        name: as in the logs; Keras's name of the class if not given.
        dtype: the float type to compute in, "float32" or "float64"; None for that of the predictions. The sums over a
            pass are float64 always.

    Attributes:
        better: "max" if more of it is better, "min" if less; None leaves ``mode="auto"`` of a callback without answer.

    Raises:
        ValueError: if ``name`` is neither text nor None, or ``dtype`` is no float type.
    """

    default_name: ClassVar[str] = "metric"
    better: ClassVar[str | None] = None
    sums: ClassVar[tuple[str, ...]] = ("total", "count")
    """The attributes in which samples add up: those of two parts of the data, added, are those of all of it. A metric
    that counts in a way of its own names its own; without them it cannot be measured by several processes together."""

    dtype: str | None = None

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        self.name = text_or_none(f"name of {type(self).__name__}", name) or self.default_name
        self.dtype = None if dtype is None else config.check_float(dtype)
        self.reset()

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return one number for each sample, (N,), or for each of its places or outputs, (N, …)."""
        raise NotImplementedError(f"{type(self).__name__} has no values(y_true, y_pred).")

    def reset_state(self) -> None:
        """Forget everything."""
        self.total = 0.0
        self.count: float = 0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in: labels (N, …) or one-hot (N, …, C), and predictions (N, …, C).

        With ``sample_weight``, a number, (N,) or (N, …), a sample or place counts so many times: the mean is the sum
        of weight times value over that of the weights.
        """
        values = self.values(*self.arrays(y_true, y_pred))
        if sample_weight is not None:
            weight = spread_weights(self.name, sample_weight, values.shape)
            self.total += float((values * weight).sum())
            self.count += float(weight.sum())
            return
        self.total += int(np.count_nonzero(values)) if values.dtype.kind == "b" else float(values.sum())
        self.count += values.size

    def arrays(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        """Return labels and predictions as arrays, the predictions in ``dtype`` if that is given."""
        y_true, y_pred = real_array(f"y_true of {self.name}", y_true), real_array(f"y_pred of {self.name}", y_pred)
        return y_true, y_pred if self.dtype is None else y_pred.astype(self.dtype, copy=False)

    def result(self) -> Any:
        """Return the mean so far, a float; 0.0 before the first sample, as in Keras."""
        return self.total / self.count if self.count else 0.0

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Do ``update_state``, and return the result so far."""
        self.update_state(y_true, y_pred, *([] if sample_weight is None else [sample_weight]))
        return self.result()

    def reset(self) -> None:
        """Do ``reset_state``."""
        self.reset_state()

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Do ``update_state``."""
        self.update_state(y_true, y_pred, *(() if sample_weight is None else (sample_weight,)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric; the dtype if one was given."""
        return {"name": self.name, **({} if self.dtype is None else {"dtype": self.dtype})}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Make a metric from what ``get_config`` returned."""
        return cls(**config)


class FunctionMetric(Metric):
    """The running mean of what a function returns: ``compile(metrics=[function])`` means this.

    Args:
        function: takes y_true and y_pred; returns a number for each sample, (N,), or for each of its places, (N, …).
        name: as in the logs; the function's own if not given.
        dtype: as for every metric.
    """

    default_name = "function"

    def __init__(
        self, function: Callable[[Array, Array], Array], name: str | None = None, dtype: str | None = None
    ) -> None:
        self.function = function
        super().__init__(name or getattr(function, "__name__", None), dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return what the function returns.

        Raises:
            ValueError: if that is not at least one number for each sample.
        """
        values = np.asarray(self.function(y_true, y_pred))
        if values.shape[:1] != y_pred.shape[:1]:
            raise ValueError(
                f"The metric function {self.name} expected to return a number for each of {len(y_pred)} samples, got "
                f"shape {values.shape}: take the mean over the last axis only, for batches may differ in size."
            )
        return values

    def get_config(self) -> dict[str, Any]:
        """Refuse: a file holds no functions."""
        raise TypeError(
            f"Cannot save the metric {self.name}: it is a function, which a file does not hold; write it as a class "
            f"with values(y_true, y_pred) that subclasses scratchnet.metrics.Metric."
        )


def same_shape(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Return labels and predictions (N, …, C) in one shape; a last axis of 1 may be missing in either.

    Raises:
        ValueError: if that does not make their shapes equal.
    """
    if y_pred.ndim == 1:
        y_pred = y_pred[:, None]  # (N, 1)
    if y_true.shape == y_pred.shape[:-1] and y_pred.shape[-1] == 1:
        y_true = y_true[..., None]  # (N, …, 1)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"A metric expected labels of the predictions' shape {y_pred.shape}, got labels of shape {y_true.shape}."
        )
    return y_true, y_pred
