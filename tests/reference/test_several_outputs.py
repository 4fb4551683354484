"""Several outputs, as in Keras's guide to the functional API: the same losses, logs, names and steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import scratchnet
from reference.environment import floatx
from scratchnet import interop

BOTH = (scratchnet, keras)
N = 24
RNG = np.random.default_rng(0)
X = {"title": RNG.normal(size=(N, 4)), "body": RNG.normal(size=(N, 3))}
Y = {"priority": RNG.integers(0, 2, (N, 1)).astype(float), "department": RNG.integers(0, 5, N)}
WEIGHT = {"priority": RNG.uniform(0, 2, N), "department": RNG.uniform(0, 3, N)}
LOSS = {"priority": "binary_crossentropy", "department": "sparse_categorical_crossentropy"}


def listed(by_name: dict[str, Any]) -> list[Any]:
    return list(by_name.values())


def tickets(lib: Any, dicts: bool = False, tail: bool = False) -> Any:
    """The guide's model, small: two inputs, two outputs. With a tail, a third output is made of the first."""
    title, body = lib.Input((4,), name="title"), lib.Input((3,), name="body")
    both = lib.layers.Concatenate(name="both")([title, body])
    priority = lib.layers.Dense(1, activation="sigmoid", name="priority")(both)
    department = lib.layers.Dense(5, activation="softmax", name="department")(both)
    inputs, outputs = {"title": title, "body": body}, {"priority": priority, "department": department}
    if tail:
        outputs["tail"] = lib.layers.Dense(2, name="tail")(priority)
    return lib.Model(inputs if dicts else listed(inputs), outputs if dicts else listed(outputs), name="tickets")


def pair(dicts: bool = False, tail: bool = False) -> list[Any]:
    """The model in both libraries, with the same weights."""
    models = [tickets(lib, dicts, tail) for lib in BOTH]
    drawn = np.random.default_rng(1)
    weights = {layer.name: [drawn.normal(size=w.shape) for w in layer.get_weights()] for layer in models[0].layers}
    for model in models:
        for layer in model.layers:
            layer.set_weights(weights[layer.name])
    return models


def compile_both(models: list[Any], optimizer: str = "SGD", **settings: Any) -> None:
    for lib, model in zip(BOTH, models):
        model.compile(optimizer=getattr(lib.optimizers, optimizer)(0.125, **OPTIONS.get(optimizer, {})), **settings)


# Keras keeps these as float32, so they are numbers that float32 holds exactly.
BETAS = {"beta_1": 0.875, "beta_2": 0.984375, "epsilon": 2.0**-23}
OPTIONS = {"Adam": BETAS, "AdamW": {**BETAS, "weight_decay": 2.0**-8}}

pytestmark = pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")  # of an output without a loss


def same_logs(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-9, err_msg=name)


METRICS = {"priority": ["accuracy", "mse"], "department": ["accuracy"]}
SETTINGS: dict[str, dict[str, Any]] = {
    "losses by dict": {"loss": LOSS},
    "one loss for all": {"loss": "mse"},
    "a loss for one only": {"loss": [None, LOSS["department"]], "metrics": [["mse"], ["accuracy"]]},
    "weights by dict": {"loss": LOSS, "loss_weights": {"department": 0.3, "priority": 2.0}},
    "a weight of zero": {"loss": listed(LOSS), "loss_weights": [0.0, 1]},
    "metrics by dict": {"loss": LOSS, "metrics": METRICS},
    "metrics by list": {"loss": listed(LOSS), "metrics": listed(METRICS)},
    "one metric each": {"loss": listed(LOSS), "metrics": ["accuracy", "accuracy"]},
    "a metric twice": {"loss": listed(LOSS), "metrics": [["mae", "mae"], None]},
    "weighted and plain": {"loss": LOSS, "metrics": METRICS, "weighted_metrics": METRICS},
    "all of it": {"loss": LOSS, "metrics": METRICS, "loss_weights": [0.5, 2], "weighted_metrics": METRICS},
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_logs_and_steps_are_keras_s(settings: dict[str, Any]) -> None:
    with floatx("float64"):
        models = pair()
        compile_both(models, **settings)
        y = [Y["priority"], np.repeat(Y["priority"], 5, axis=1)] if settings["loss"] == "mse" else listed(Y)
        histories, scores, dicts = [], [], []
        for model in models:
            options = {"batch_size": 6, "epochs": 3, "shuffle": False, "verbose": 0, "validation_split": 0.25}
            histories.append(model.fit(listed(X), y, sample_weight=listed(WEIGHT), **options).history)
            scores.append(model.evaluate(listed(X), y, sample_weight=listed(WEIGHT), verbose=0))
            dicts.append(model.evaluate(listed(X), y, sample_weight=listed(WEIGHT), verbose=0, return_dict=True))
        same_logs(*histories)
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-9)
        same_logs(*dicts)
        for a, b in zip(models[0].get_weights(), models[1].get_weights()):
            np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("weight", [None, WEIGHT["priority"], listed(WEIGHT), [WEIGHT["priority"], None]])
def test_sample_weights_count_for_one_or_for_all(weight: Any) -> None:
    with floatx("float64"):
        models = pair()
        compile_both(models, loss=listed(LOSS), loss_weights=[1.5, 0.5])
        steps = [model.train_on_batch(listed(X), listed(Y), sample_weight=weight, return_dict=True) for model in models]
        steps += [model.test_on_batch(listed(X), listed(Y), return_dict=True) for model in models]
        same_logs(*steps[:2])
        same_logs(*steps[2:])


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("order", [1, -1])
def test_outputs_by_name_have_keras_s_order(order: int) -> None:
    """Of the losses in what ``evaluate`` returns, of ``predict``'s dict, and of ``output_names``."""
    settings: dict[str, Any] = {
        "loss": dict(list(LOSS.items())[::order]),
        "metrics": METRICS,
        "loss_weights": {"priority": 0.3, "department": 2.0},
    }
    with floatx("float64"):
        models = pair(dicts=True)
        compile_both(models, **settings)
        histories = [m.fit(X, Y, verbose=0, shuffle=False, sample_weight=WEIGHT).history for m in models]
        same_logs(*histories)
        np.testing.assert_allclose(*[m.evaluate(X, Y, verbose=0) for m in models], rtol=1e-9)
        predictions = [m.predict(X, verbose=0) for m in models]
        same_logs(*predictions)
        same_logs(*[{key: np.asarray(part) for key, part in m(X).items()} for m in models])
        assert models[0].output_names == models[1].output_names
        assert [layer.name for layer in models[0].layers] == [layer.name for layer in models[1].layers]
        assert models[0].output_shape == models[1].output_shape
        assert list(models[0].output) == list(models[1].output)
        models = pair(dicts=True)
        compile_both(models, loss={"department": LOSS["department"]})  # the other is not trained
        same_logs(*[m.fit(X, Y, verbose=0, shuffle=False).history for m in models])


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_many_steps_in_lock_step(optimizer: str) -> None:
    """Three outputs, one made of another: the gradients that meet add up; an output without a loss is left alone."""
    rng = np.random.default_rng(3)
    tail = rng.normal(size=(N, 2))
    for losses, weights in (
        (["binary_crossentropy", "sparse_categorical_crossentropy", "mse"], [0.7, 1.3, 2.0]),
        ([None, "sparse_categorical_crossentropy", "huber"], [1.0, 0.4, 3.0]),
        (["binary_crossentropy", None, None], [1.0, 1.0, 1.0]),
    ):
        with floatx("float64"):
            models = pair(tail=True)
            compile_both(models, optimizer, loss=losses, loss_weights=weights)
            for _ in range(30):
                rows = rng.permutation(N)[:8]
                x, y = [v[rows] for v in X.values()], [*(v[rows] for v in Y.values()), tail[rows]]
                weight = [*(v[rows] for v in WEIGHT.values()), np.ones(8)]
                steps = [m.train_on_batch(x, y, sample_weight=weight, return_dict=True) for m in models]
                same_logs(*steps)
            for a, b in zip(models[0].get_weights(), models[1].get_weights()):
                np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.usefixtures("eagerly")
def test_the_gradients_of_one_step_are_keras_s() -> None:
    with floatx("float64"):
        models = pair(tail=True)
        settings = {"loss": ["binary_crossentropy", "sparse_categorical_crossentropy", "mse"]}
        compile_both(models, **settings, loss_weights=[0.7, 1.3, 2.0])
        y = [*listed(Y), np.ones((N, 2))]
        before = models[1].get_weights()
        for model in models:
            model.train_on_batch(listed(X), y, sample_weight=[*listed(WEIGHT), WEIGHT["priority"]])
        moved = [(b - a) / 0.125 for a, b in zip(models[1].get_weights(), before)]
        for gradient, expected in zip(models[0].grads.values(), moved):
            np.testing.assert_allclose(gradient, expected, atol=1e-10)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("form", ["the same tensor twice", "a layer called twice"])
def test_outputs_of_one_name(form: str) -> None:
    with floatx("float64"):
        models = []
        for lib in BOTH:
            inputs = lib.Input((4,))
            layer = lib.layers.Dense(4, activation="softmax", name="o")
            first = layer(inputs)
            models.append(lib.Model(inputs, [first, first if form == "the same tensor twice" else layer(first)]))
        models[1].set_weights(models[0].get_weights())
        compile_both(models, loss=["mse", "mae"], metrics=[["mae"], ["mse"]], loss_weights=[1.0, 3.0])
        y = [np.random.default_rng(7).normal(size=(N, 4))] * 2
        ours, theirs = [m.fit(X["title"], y, verbose=0, shuffle=False).history for m in models]
        for a, b in zip(*(m.get_weights() for m in models)):
            np.testing.assert_allclose(a, b, atol=1e-10)
        assert models[0].output_names == models[1].output_names == ["o", "o"]
        # Keras loses one of the two losses, whose names are one.
        assert set(ours) == {*theirs, "o_loss_1"}
        np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-9)
        assert theirs["o_loss"] == ours["o_loss_1"] or theirs["o_loss"] == pytest.approx(ours["o_loss_1"])


@pytest.mark.usefixtures("eagerly")
def test_a_single_output_may_have_a_weight_and_weighted_metrics() -> None:
    with floatx("float64"):
        models = []
        for lib in BOTH:
            models.append(lib.Sequential([lib.Input((4,)), lib.layers.Dense(5, activation="softmax", name="o")]))
        models[1].set_weights(models[0].get_weights())
        for settings in (
            {"loss": LOSS["department"], "loss_weights": 0.5, "metrics": ["accuracy"]},
            {"loss": [LOSS["department"]], "loss_weights": [2.0], "weighted_metrics": ["accuracy"]},
            {"loss": LOSS["department"], "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        ):
            compile_both(models, **settings)
            options = {"verbose": 0, "shuffle": False, "sample_weight": WEIGHT["department"]}
            same_logs(*[m.fit(X["title"], Y["department"], **options).history for m in models])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("AUC", {}), ("Precision", {}), ("Recall", {}), ("BinaryAccuracy", {}), ("MeanSquaredError", {})],
)
def test_weighted_metrics_are_keras_s(name: str, arguments: dict[str, Any]) -> None:
    with floatx("float64"):
        rng = np.random.default_rng(5)
        ours, theirs = (getattr(lib.metrics, name)(**arguments) for lib in BOTH)
        for _ in range(3):
            y_true, y_pred, weight = rng.integers(0, 2, (9, 2)), rng.random((9, 2)), rng.uniform(0, 2, 9)
            ours.update_state(y_true, y_pred, weight)
            theirs.update_state(y_true, y_pred, np.repeat(weight[:, None], 2, 1) if name[0] in "APR" else weight)
        assert ours.result() == pytest.approx(float(theirs.result()), rel=1e-6)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("dicts", [False, True])
def test_the_twin_is_compiled_alike(dicts: bool) -> None:
    with floatx("float64"):
        ours = tickets(scratchnet, dicts)
        loss = dict(reversed(LOSS.items())) if dicts else listed(LOSS)
        weights = {"priority": 0.3, "department": 2.0}
        ours.compile("adam", loss, METRICS, loss_weights=weights, weighted_metrics=METRICS)
        x, y, w = (X, Y, WEIGHT) if dicts else map(listed, (X, Y, WEIGHT))
        ours.train_on_batch(x, y)
        twin = interop.to_keras(ours)
        back = interop.from_keras(twin)
        expected = ours.evaluate(x, y, sample_weight=w, verbose=0)
        np.testing.assert_allclose(twin.evaluate(x, y, sample_weight=w, verbose=0), expected, rtol=1e-9)
        np.testing.assert_allclose(back.evaluate(x, y, sample_weight=w, verbose=0), expected, rtol=1e-12)
        assert back.metrics_names == ours.metrics_names


REFUSED_BY_BOTH: dict[str, Any] = {
    "too few weights": {"loss": listed(LOSS), "loss_weights": [1.0]},
    "a weight for one only, by name": {"loss": LOSS, "loss_weights": {"priority": 1.0}},
    "a loss by a wrong name": {"loss": {**LOSS, "extra": "mse"}},
    "a loss for one only, by name": {"loss": {"priority": "mse"}},
    "a metric by a wrong name": {"loss": LOSS, "metrics": {"extra": ["mse"]}},
    "metrics for one of two": {"loss": LOSS, "metrics": ["mse"]},
    "no loss at all": {"loss": [None, None]},
}


@pytest.mark.parametrize("settings", REFUSED_BY_BOTH.values(), ids=REFUSED_BY_BOTH)
def test_what_both_refuse(settings: dict[str, Any]) -> None:
    def train(lib: Any, model: Any) -> None:
        model.compile(optimizer=lib.optimizers.SGD(), **settings)
        model.train_on_batch(listed(X), listed(Y))

    for lib, model in zip(BOTH, pair()):
        with pytest.raises((ValueError, TypeError, KeyError)):
            train(lib, model)


def test_losses_of_outputs_are_means_over_samples_here_and_over_batches_there() -> None:
    """So that they add up to the total here; where all batches are of one size, the two are one."""
    with floatx("float64"):
        models = pair()
        compile_both(models, loss=listed(LOSS), loss_weights=[2.0, 0.5])
        ours, theirs = [m.fit(listed(X), listed(Y), batch_size=9, shuffle=False, verbose=0).history for m in models]
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-9)
        add_up = [2 * logs["priority_loss"][0] + logs["department_loss"][0] / 2 for logs in (ours, theirs)]
        assert add_up[0] == pytest.approx(ours["loss"][0], rel=1e-9)
        assert add_up[1] != pytest.approx(theirs["loss"][0], rel=1e-3)


def test_class_weights_are_refused_by_both() -> None:
    for model in pair():
        model.compile(optimizer="sgd", loss=listed(LOSS))
        with pytest.raises(ValueError, match="class_weight"):
            model.fit(listed(X), listed(Y), class_weight={0: 1.0, 1: 2.0}, verbose=0)


@pytest.mark.usefixtures("eagerly")
def test_compiled_again_without_metrics_there_are_none_here() -> None:
    models = pair()
    for settings in ({"metrics": METRICS}, {}):
        compile_both(models, loss=listed(LOSS), **settings)
        ours, theirs = [m.test_on_batch(listed(X), listed(Y), return_dict=True) for m in models]
    assert set(theirs) - set(ours) == {"priority_accuracy", "priority_mse", "department_accuracy"}
