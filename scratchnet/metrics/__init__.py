"""Metrics: figures for people to read. They are counted over an epoch and have no gradient.

``metric.py`` says what all share, ``accuracy.py`` counts right classes, ``confusion.py`` right and wrong answers of yes
and no, ``auc.py`` those at all thresholds, ``regression.py`` measures errors of numbers; ``values.py`` has metrics as
functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any, overload

from scratchnet.errors import nothing_else
from scratchnet.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from scratchnet.metrics.auc import AUC
from scratchnet.metrics.confusion import Precision, Recall
from scratchnet.metrics.metric import FunctionMetric, Metric
from scratchnet.metrics.regression import MeanAbsoluteError, MeanSquaredError
from scratchnet.metrics.values import (
    FUNCTIONS,
    binary_accuracy,
    categorical_accuracy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from scratchnet.utils.naming import described, look_up, made_from
from scratchnet.utils.numbers import shown

__all__ = [
    "AUC",
    "METRICS",
    "METRIC_CLASSES",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "FunctionMetric",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "check_one_number",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

METRIC_CLASSES: tuple[type[Metric], ...] = (
    Accuracy,
    BinaryAccuracy,
    SparseCategoricalAccuracy,
    CategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    Precision,
    Recall,
    AUC,
    MeanSquaredError,
    MeanAbsoluteError,
)
METRICS: dict[str, type[Metric]] = {metric.default_name: metric for metric in METRIC_CLASSES} | {
    "acc": Accuracy,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
}
"""Every name by which ``get`` knows a metric, as in Keras; it knows the names of the classes too."""


@overload
def get(metric: None) -> None: ...
@overload
def get(metric: Any) -> Metric: ...
def get(metric: Any) -> Metric | None:
    """Return the metric of a name, a class, a saved configuration or a function, or the object itself.

    None stays None.

    The name given is the name shown. A function of this package, such as ``metrics.binary_accuracy``, stands for the
    class of its name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if metric is None or isinstance(metric, (Metric, dict)):
        return deserialize(metric)
    if isinstance(metric, str):
        classes = {cls.__name__: cls for cls in METRIC_CLASSES}
        return (classes[metric] if metric in classes else look_up("metric", metric, METRICS))(name=metric)
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if isinstance(metric, FunctionType) and metric in FUNCTIONS:
        return FUNCTIONS[metric]()
    if callable(metric) and not isinstance(metric, type):
        return FunctionMetric(metric)
    raise TypeError(f"A metric is given as a name ({', '.join(METRICS)}) or as a Metric object, got {shown(metric)}.")


def check_one_number(metric: Metric) -> Metric:
    """Return the metric, if its result is one number, which a log can hold.

    Raises:
        ValueError: if it has several thresholds.
    """
    if isinstance(metric, (Precision, Recall)) and len(metric.all_thresholds) > 1:
        raise ValueError(
            f"compile expected metrics of one number each, for a log holds numbers, got {metric.name} with thresholds="
            f"{metric.thresholds}: make one metric for each threshold, with a name of its own."
        )
    return metric


def serialize(metric: Metric) -> dict[str, Any] | None:
    """Return what ``deserialize`` makes an equal metric from; it can be written as JSON.

    Raises:
        TypeError: if the metric is a function, which JSON does not hold.
    """
    return described(metric)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> Metric | None:
    """Return what ``serialize`` was given, or a metric by name; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    return made_from("metric", config, METRICS, Metric, custom_objects)


__getattr__ = nothing_else("metric", __name__)
