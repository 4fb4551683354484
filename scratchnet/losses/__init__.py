"""Losses: how wrong a batch of predictions is, as one number, and its slope for every prediction.

    y_true, y_pred (N, …, C) → loss (one number)         backward: dy_pred = ∂loss/∂y_pred (N, …, C)

``loss.py`` says what all share and where 1/N goes, ``crossentropy.py`` derives the losses of classes,
``probabilities.py`` those of yes and no and of distributions, ``regression.py`` those of numbers; ``functions.py``
makes a loss of two functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

from scratchnet.losses.crossentropy import (
    EPSILON,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    _Crossentropy,
    log_softmax,
)
from scratchnet.losses.functions import FunctionLoss
from scratchnet.losses.loss import Loss, RowLoss
from scratchnet.losses.probabilities import BinaryCrossentropy, KLDivergence
from scratchnet.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError
from scratchnet.utils.naming import described, made_from

__all__ = [
    "EPSILON",
    "LOSSES",
    "LOSS_CLASSES",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "RowLoss",
    "SparseCategoricalCrossentropy",
    "_Crossentropy",
    "deserialize",
    "get",
    "log_softmax",
    "serialize",
]

LOSS_CLASSES: tuple[type[Loss], ...] = (
    SparseCategoricalCrossentropy,
    CategoricalCrossentropy,
    BinaryCrossentropy,
    KLDivergence,
    MeanSquaredError,
    MeanAbsoluteError,
    Huber,
)
LOSSES: dict[str, type[Loss]] = {cls.name: cls for cls in LOSS_CLASSES if cls is not Huber} | {
    "huber": Huber,  # its own name, which messages show, is huber_loss in Keras too
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "kld": KLDivergence,
    "KLD": KLDivergence,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
}
"""Every name by which ``get`` knows a loss, as in Keras; it knows the names of the classes too."""


@overload
def get(loss: None) -> None: ...
@overload
def get(loss: Any) -> Loss: ...
def get(loss: Any) -> Loss | None:
    """Return the loss of a name, a class, a saved configuration or a pair of functions, or the object itself.

    None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else, a function included: there is no autodiff that would find its slope.
    """
    if loss is None or isinstance(loss, (Loss, str, dict)):
        return deserialize(loss)
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if isinstance(loss, tuple) and len(loss) == 2:
        return FunctionLoss(*loss)
    if callable(loss):
        name = getattr(loss, "__name__", type(loss).__name__)
        raise TypeError(
            f"A loss needs its slope too, which cannot be found from the function {name} alone: pass a pair of "
            f"functions, loss=({name}, slope), the second with ∂{name}/∂y_pred in the shape of y_pred, or subclass "
            f"losses.Loss with forward(y_true, y_pred, sample_weight) and backward()."
        )
    raise TypeError(f"A loss is given as a name ({', '.join(LOSSES)}) or as a Loss object, got {loss!r}.")


def serialize(loss: Loss) -> dict[str, Any] | None:
    """Return what ``deserialize`` makes an equal loss from; it can be written as JSON.

    Raises:
        TypeError: if the loss is made of functions, which JSON does not hold.
    """
    return described(loss)


def deserialize(name: Any, custom_objects: Mapping[str, type] | None = None) -> Loss | None:
    """Return what ``serialize`` was given, or a loss by name; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    return made_from("loss", name, LOSSES, Loss, custom_objects)
