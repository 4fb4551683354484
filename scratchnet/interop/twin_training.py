"""What ``compile`` set, as the other library's: loss, metrics, optimizer, and the optimizer's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet import config, losses, metrics, optimizers, schedules
from scratchnet.graph.parameters import Segment, count, variable_segments
from scratchnet.interop.keras_import import as_written, floatx, keras
from scratchnet.models import Model
from scratchnet.utils.numbers import shown

LOSSES = {cls: cls.__name__ for cls in losses.LOSS_CLASSES}

METRICS: dict[str, type[metrics.Metric]] = {
    cls.__name__: cls for cls in metrics.METRIC_CLASSES if cls is not metrics.Accuracy
}
_OF_ANY_LOSS = (
    *(metrics.BinaryAccuracy, metrics.Precision, metrics.Recall, metrics.AUC),
    *(metrics.MeanSquaredError, metrics.MeanAbsoluteError),
)


_HARMLESS = (False, "ROC", "interpolation")
"""What the arguments of metrics are by default that scratchnet does not have."""


# scratchnet → Keras ---------------------------------------------------------------------------------------------


def training_to_keras(model: Model, twin: Any) -> None:
    """Compile the twin as the model is, and copy the optimizer's state.

    Raises:
        ValueError: if loss, metric or optimizer is the user's own; the message names it.
    """
    assert model.optimizer is not None
    dtype = model.dtype if model.built else config.floatx()
    with floatx(dtype):  # in which Keras keeps the learning rate and the metrics
        twin.compile(
            optimizer=_sparing(optimizer_to_keras(model.optimizer), model, twin),
            **_targets_to_keras(model, dtype),
        )
        if model.optimizer.slots or model.optimizer.iterations:
            twin.optimizer.build(twin.trainable_variables)
    if not twin.optimizer.built:
        return
    twin.optimizer._iterations.assign(model.optimizer.batches)  # Keras's own count is of batches, too
    for name, variables in _slots_of(twin.optimizer).items():
        for variable, ours in zip(variables, _trained(model).values(), strict=True):
            vector = model.optimizer.slots[name][ours.place]
            if name == "average":  # NaN for what has not been seen yet, which Keras would hand on
                vector = np.where(np.isnan(vector), ours.values, vector)
            variable.assign(vector.reshape(variable.shape))


def _targets_to_keras(model: Model, dtype: str) -> dict[str, Any]:
    """Return what Keras's ``compile`` is given for the outputs, in the form in which the outputs were given."""
    each = list(zip(model.targets, [tensor.shape[-1] for tensor in model.outputs] if model.built else [None]))
    in_form: Callable[[list[Any]], Any] = model.as_outputs_given if model.built else lambda of_each: of_each[0]
    loss = in_form([t.loss and loss_to_keras(t.loss, dtype) for t, _ in each])
    if isinstance(loss, dict):  # whose order is that in which the losses are shown
        loss = {t.output: loss[t.output] for t in sorted(model.targets, key=lambda t: t.turn)}
    given = {
        "loss": loss,
        "metrics": in_form([[_metric_to_keras(m, t.loss, n) for m in t.metrics] for t, n in each]),
    }
    if any(t.weight != 1 for t in model.targets):
        given["loss_weights"] = in_form([t.weight for t in model.targets])
    if any(t.weighted_metrics for t in model.targets):
        weighted = [[_metric_to_keras(m, t.loss, n) for m in t.weighted_metrics] for t, n in each]
        given["weighted_metrics"] = in_form(weighted)
    return given


def loss_to_keras(loss: Any, dtype: str) -> Any:
    """Return Keras's loss of the same class and arguments, computing in ``dtype``."""
    if type(loss) not in LOSSES:
        raise _unknown("loss", loss, [c.__name__ for c in LOSSES])
    return getattr(keras.losses, LOSSES[type(loss)])(**{**loss.get_config(), "dtype": loss.dtype or dtype})


def optimizer_to_keras(optimizer: optimizers.Optimizer) -> Any:
    """Return Keras's optimizer of the same class and arguments, without its state."""
    if type(optimizer) not in optimizers.OPTIMIZERS.values():
        raise _unknown("optimizer", optimizer, [c.__name__ for c in optimizers.OPTIMIZERS.values()])
    arguments = optimizer.get_config()
    arguments.pop("exclude_from_weight_decay", None)
    rate = optimizer._learning_rate
    if isinstance(rate, schedules.LearningRateSchedule):
        if type(rate) not in schedules.SCHEDULES.values():
            raise _unknown("schedule", rate, schedules.SCHEDULES)
        arguments["learning_rate"] = getattr(keras.optimizers.schedules, type(rate).__name__)(**rate.get_config())
    return getattr(keras.optimizers, type(optimizer).__name__)(**arguments)


def _sparing(keras_optimizer: Any, model: Model, twin: Any) -> Any:
    """Return the optimizer, told which of the twin's variables ours spares the weight decay."""
    assert model.optimizer is not None
    model.optimizer.name_spared(model.params)
    spared = model.optimizer.get_config().get("exclude_from_weight_decay")
    if spared:
        variables = dict(zip(_trained(model), twin.trainable_variables))
        listed = [variables[name] for name in spared["var_list"] if name in variables]
        keras_optimizer.exclude_from_weight_decay(var_list=listed, var_names=spared["var_names"])
    return keras_optimizer


def _metric_to_keras(metric: metrics.Metric, loss: losses.Loss | None, outputs: int | None) -> Any:
    """Return Keras's metric of the same name; where ours takes any labels, the one for the labels of the loss."""
    sparse = "Sparse" if isinstance(loss, losses.SparseCategoricalCrossentropy) else ""
    if type(metric) is metrics.Accuracy and outputs is None:
        if metric.name not in ("accuracy", "acc"):
            raise ValueError(
                f"The metric Accuracy named {metric.name!r} expected a model that is built, for what it counts follows "
                f"from the outputs: call model.build first."
            )
        return metric.name  # by which Keras will find out itself
    if type(metric) is metrics.Accuracy and outputs == 1:
        return keras.metrics.BinaryAccuracy(name=metric.name)
    if type(metric) in _OF_ANY_LOSS:
        return getattr(keras.metrics, type(metric).__name__)(**metric.get_config())
    if type(metric) is metrics.Accuracy:
        return getattr(keras.metrics, f"{sparse}CategoricalAccuracy")(name=metric.name)
    if type(metric) in METRICS.values():
        class_name = sparse + type(metric).__name__.removeprefix("Sparse")
        return getattr(keras.metrics, class_name)(**metric.get_config())
    raise _unknown("metric", metric, ["Accuracy", *METRICS])


# Keras → scratchnet ---------------------------------------------------------------------------------------------


def training_from_keras(keras_model: Any, model: Model) -> None:
    """Compile the model as the Keras model is, and copy the optimizer's state.

    Raises:
        ValueError: if scratchnet lacks the loss, the optimizer, a metric or one of their options.
    """
    saved, theirs = keras_model.get_compile_config(), keras_model._compile_metrics
    model.compile(
        optimizer=_optimizer_from_keras(saved["optimizer"], keras_model, model),
        loss=_each(_loss_from_keras, saved["loss"], keras_model.loss),
        metrics=_each(_metric_from_keras, saved["metrics"], theirs and theirs._user_metrics),
        loss_weights=saved.get("loss_weights"),
        weighted_metrics=_each(
            _metric_from_keras, saved.get("weighted_metrics"), theirs and theirs._user_weighted_metrics
        ),
    )
    assert model.optimizer is not None
    if keras_model.optimizer.built:
        model.optimizer.build(count(model.layers), model.dtype)
        model.optimizer.batches = int(keras_model.optimizer._iterations.numpy())
        for name, variables in _slots_of(keras_model.optimizer).items():
            for variable, ours in zip(variables, _trained(model).values(), strict=True):
                model.optimizer.slots[name][ours.place] = variable.numpy().ravel()


def _optimizer_from_keras(saved: Any, keras_model: Any, model: Model) -> optimizers.Optimizer:
    class_name, given = _class_name(saved), dict(saved["config"])
    known = {c.__name__: c for c in optimizers.OPTIMIZERS.values()}
    if class_name not in known:
        raise _unknown("optimizer", class_name, known, "from_keras")
    rate = given.pop("learning_rate")
    if isinstance(rate, dict):
        if _class_name(rate) not in schedules.SCHEDULES:
            raise _unknown("schedule", _class_name(rate), schedules.SCHEDULES, "from_keras")
        settings = {k: v for k, v in rate["config"].items() if k != "name"}
        rate = schedules.deserialize({"class_name": rate["class_name"], "config": settings})
    else:
        rate = as_written(float(rate))
    # What it keeps as Python numbers is exact; what scratchnet lacks is harmless if it is None.
    lacking = {key: given.pop(key, None) for key in ("loss_scale_factor",)}
    for key, value in lacking.items():
        if value is not None:
            raise ValueError(
                f"The optimizer {class_name} has {key}={value!r}, which scratchnet does not have: from_keras expected "
                f"None."
            )
    optimizer = known[class_name](**{"learning_rate": rate, **given})
    _spare_as_keras(keras_model.optimizer, optimizer, keras_model, model)
    return optimizer


def _spare_as_keras(keras_optimizer: Any, optimizer: optimizers.Optimizer, keras_model: Any, model: Model) -> None:
    """Spare the weight decay the variables that Keras's optimizer spares it."""
    pattern = getattr(keras_optimizer, "_exclude_from_weight_decay_pattern", None)
    keys: set[Any] = getattr(keras_optimizer, "_exclude_from_weight_decay", set())
    variables = zip(_trained(model), keras_model.trainable_variables)
    listed = [name for name, variable in variables if keras_optimizer._var_key(variable) in keys]
    optimizer.exclude_from_weight_decay(listed, None if pattern is None else [pattern.pattern])


def _each(convert: Callable[[Any, Any], Any], saved: Any, theirs: Any) -> Any:
    """Return what ``convert`` makes of each entry of a list or dict, nested or not; None stays None.

    It gets the configuration that Keras saved, and Keras's object itself, since some arguments are not in the former.
    """
    if isinstance(saved, (list, tuple)):
        return [_each(convert, *one) for one in zip(saved, theirs)]
    if isinstance(saved, dict) and "class_name" not in saved:
        return {name: _each(convert, one, theirs[name]) for name, one in saved.items()}
    return None if saved is None else convert(saved, theirs)


def _loss_from_keras(saved: Any, theirs: Any) -> losses.Loss:
    """Return our loss for Keras's, ``theirs``, whose configuration is ``saved``."""
    if isinstance(saved, str):
        if saved not in losses.LOSSES and saved not in LOSSES.values():
            raise _unknown("loss", saved, losses.LOSSES, "from_keras")
        return losses.get(saved)
    known = {name: c for c, name in LOSSES.items()}
    class_name = _class_name(saved)
    if class_name not in known:
        raise _unknown("loss", class_name, known, "from_keras")
    harmless = {"reduction": "sum_over_batch_size", "label_smoothing": 0.0, "axis": -1}
    given = {k: v for k, v in saved["config"].items() if k not in ("name", "dtype")}
    arguments = {}
    for key in known[class_name]().get_config():
        if key in given:
            arguments[key] = given.pop(key)
        elif key in getattr(theirs, "_fn_kwargs", {}):  # Keras leaves the delta of Huber out of the configuration
            arguments[key] = theirs._fn_kwargs[key]
    for key, value in given.items():
        if value is not None and harmless.get(key) != value:
            raise ValueError(
                f"The loss {class_name} has {key}={value!r}, which scratchnet does not have: from_keras expected "
                f"{harmless.get(key)!r}."
            )
    return known[class_name](**{"name": saved["config"].get("name"), **arguments})


def _class_name(saved: Any) -> str:
    """Return the class that a configuration is of; one that is not Keras's own with its module, so that none has it."""
    if not (isinstance(saved, dict) and "class_name" in saved):
        return shown(saved)
    module, name = str(saved.get("module")), str(saved["class_name"])
    return name if module.split(".")[0] == "keras" else saved.get("registered_name") or f"{module}.{name}"


def _metric_from_keras(saved: Any, theirs: Any) -> metrics.Metric:
    """Return our metric for Keras's, ``theirs``, whose configuration is ``saved``."""
    if isinstance(saved, str):
        if saved not in metrics.METRICS and saved not in METRICS:
            raise _unknown("metric", saved, metrics.METRICS, "from_keras")
        return metrics.get(saved)
    class_name = _class_name(saved)
    if class_name not in METRICS:
        raise _unknown("metric", class_name, METRICS, "from_keras")
    known = METRICS[class_name]
    arguments, given = known().get_config(), saved["config"]
    for key, value in given.items():
        if key not in (*arguments, "dtype") and value not in (*_HARMLESS, None):
            raise ValueError(
                f"The metric {class_name} has {key}={value!r}, which scratchnet does not have: from_keras "
                f"expected it without."
            )
    left_out = {key: getattr(theirs, key, False) for key, ours in arguments.items() if ours is False}
    return known(**{key: given.get(key, left_out.get(key)) for key in arguments})


# Both ways ------------------------------------------------------------------------------------------------------


def _slots_of(keras_optimizer: Any) -> dict[str, list[Any]]:
    """Return the optimizer's variables under the names of scratchnet's slots, one for each trainable parameter."""
    attributes = {
        "momentum": ("_momentums", "momentums"),
        "velocity": ("_velocities",),
        "velocity_hat": ("_velocity_hats",),
        "average_gradient": ("_average_gradients",),
        "accumulator": ("_accumulators",),
        "average": ("_model_variables_moving_average",),
        "gradient_accumulator": ("_accumulated_gradients",),
    }
    found: dict[str, list[Any]] = {
        name: next((getattr(keras_optimizer, a) for a in known if getattr(keras_optimizer, a, None)), [])
        for name, known in attributes.items()
    }
    return {name: variables for name, variables in found.items() if variables}


def _trained(model: Model) -> dict[str, Segment]:
    """Return the trainable parameters by name, in the order of Keras's variables."""
    return variable_segments(model.layers, model.trainable)


def _unknown(kind: str, thing: Any, known: Any, where: str = "to_keras") -> ValueError:
    other = "Keras" if where == "to_keras" else "scratchnet"
    name = thing if isinstance(thing, str) else type(thing).__name__
    return ValueError(
        f"The model has the {kind} {name}, which {other} does not have: {where} expected one of {', '.join(known)}; "
        f"pass compile=False to leave out what compile has set."
    )
