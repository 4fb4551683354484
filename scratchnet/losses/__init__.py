"""Losses: how wrong a batch of predictions is, as one number, and its slope for every prediction.

    y_true, y_pred (N, …, C) → loss (one number)         backward: dy_pred = ∂loss/∂y_pred (N, …, C)

``loss.py`` says what all share and where 1/N goes, ``crossentropy.py`` derives the losses of classes,
``probabilities.py`` those of yes and no and of distributions, ``regression.py`` those of numbers; ``functions.py``
makes a loss of two functions, ``values.py`` has the losses as functions: ``losses.mean_squared_error(y_true, y_pred)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any, overload

from scratchnet.errors import nothing_else
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
from scratchnet.losses.values import (
    FUNCTIONS,
    binary_crossentropy,
    categorical_crossentropy,
    huber,
    kl_divergence,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from scratchnet.utils.naming import described, made_from
from scratchnet.utils.numbers import shown

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
    "binary_crossentropy",
    "categorical_crossentropy",
    "check_trainable",
    "deserialize",
    "get",
    "huber",
    "kl_divergence",
    "log_softmax",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
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

    A function of this package, such as ``losses.huber``, stands for the class of its name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else, another function included: there is no autodiff that would find its slope.
    """
    if loss is None or isinstance(loss, (Loss, str, dict)):
        return deserialize(loss)
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if isinstance(loss, tuple) and len(loss) == 2:
        return FunctionLoss(*loss)
    if isinstance(loss, FunctionType) and loss in FUNCTIONS:
        return FUNCTIONS[loss]()
    if callable(loss):
        name = getattr(loss, "__name__", type(loss).__name__)
        raise TypeError(
            f"A loss needs its slope too, which cannot be found from the function {name} alone: pass a pair of "
            f"functions, loss=({name}, slope), the second with ∂{name}/∂y_pred in the shape of y_pred, or subclass "
            f"losses.Loss with forward(y_true, y_pred, sample_weight) and backward()."
        )
    raise TypeError(f"A loss is given as a name ({', '.join(LOSSES)}) or as a Loss object, got {shown(loss)}.")


def check_trainable(loss: Loss) -> Loss:
    """Return the loss, if it is one number for a batch, which training can follow.

    Raises:
        ValueError: if its ``reduction`` leaves a number for each row.
    """
    if loss.reduction in (None, "none"):
        raise ValueError(
            f"compile expected a loss that is one number for a batch, which training can follow, got {loss.name} with "
            f"reduction={loss.reduction!r}: take 'sum_over_batch_size' or 'sum', or call the loss for its rows' values."
        )
    return loss


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


__getattr__ = nothing_else("loss", __name__)
