"""Several outputs: the forms in which all is given, what is trained, and what is refused."""

from __future__ import annotations

import copy
import csv
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers, losses
from scratchnet.errors import NonFiniteError
from scratchnet.gradient_check import check_model
from scratchnet.graph.plan_table import measure

N = 20
RNG = np.random.default_rng(0)
X = {"title": RNG.normal(size=(N, 4)), "body": RNG.normal(size=(N, 3))}
Y = {"priority": RNG.integers(0, 2, (N, 1)), "department": RNG.integers(0, 5, N)}
LOSS = {"priority": "binary_crossentropy", "department": "sparse_categorical_crossentropy"}
METRICS = {"priority": ["accuracy", "mse"], "department": ["accuracy"]}


def listed(by_name: dict[str, Any]) -> list[Any]:
    return list(by_name.values())


def tickets(dicts: bool = False, dtype: str = "float32") -> sn.Model:
    sn.utils.set_random_seed(3)
    title, body = sn.Input((4,), name="title", dtype=dtype), sn.Input((3,), name="body", dtype=dtype)
    both = layers.Dense(6, "tanh", name="both", dtype=dtype)(layers.Concatenate(dtype=dtype)([title, body]))
    priority = layers.Dense(1, "sigmoid", name="priority", dtype=dtype)(both)
    department = layers.Dense(5, "softmax", name="department", dtype=dtype)(both)
    if dicts:
        return sn.Model({"title": title, "body": body}, {"priority": priority, "department": department})
    return sn.Model([title, body], [priority, department])


def compiled(dicts: bool = False, **settings: Any) -> sn.Model:
    model = tickets(dicts)
    model.compile("adam", **{"loss": LOSS, **settings})
    return model


def same_weights(a: sn.Model, b: sn.Model) -> None:
    for ours, theirs in zip(a.get_weights(), b.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


# Forms


FORMS: list[dict[str, Any]] = [
    {"loss": listed(LOSS), "metrics": listed(METRICS), "loss_weights": [2.0, 0.5]},
    {"loss": tuple(LOSS.values()), "metrics": METRICS, "loss_weights": (2, np.float32(0.5))},
    {"loss": dict(reversed(LOSS.items())), "loss_weights": {"department": 0.5, "priority": 2}, "metrics": METRICS},
    {"loss": [losses.BinaryCrossentropy(), losses.SparseCategoricalCrossentropy()], "loss_weights": [2.0, 0.5]},
]


@pytest.mark.parametrize("settings", FORMS)
@pytest.mark.parametrize("x", [X, listed(X), tuple(X.values()), dict(reversed(X.items()))])
def test_all_forms_mean_the_same(backend: str, settings: dict[str, Any], x: Any) -> None:
    right = compiled(loss_weights=[2.0, 0.5])
    right.fit(listed(X), listed(Y), verbose=0)
    model = compiled(**settings)
    model.fit(x, dict(reversed(Y.items())) if isinstance(x, dict) else listed(Y), verbose=0)
    same_weights(model, right)


def test_a_model_of_dicts_is_that_of_lists(backend: str) -> None:
    by_list, by_dict = compiled(metrics=METRICS), compiled(dicts=True, metrics=METRICS)
    weight = {"priority": np.arange(N) / N, "department": None}
    held_back = ({k: v[:5] for k, v in X.items()}, {k: v[:5] for k, v in Y.items()})
    ours = by_dict.fit(X, Y, verbose=0, sample_weight=weight, validation_data=held_back).history
    lists = tuple(map(listed, held_back))
    theirs = by_list.fit(listed(X), listed(Y), verbose=0, sample_weight=listed(weight), validation_data=lists).history
    assert list(ours) == list(theirs)
    for name, values in ours.items():  # in float32, and the outputs stand in another order
        np.testing.assert_allclose(values, theirs[name], rtol=1e-5, err_msg=name)
    for name, array in by_dict.params.items():
        np.testing.assert_allclose(array, by_list.params[name], atol=1e-6)
    predicted = by_dict.predict(X, verbose=0)
    assert list(predicted) == ["priority", "department"]
    for ours, theirs, called in zip(
        predicted.values(), by_list.predict(listed(X), verbose=0), by_dict(X).values(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
        np.testing.assert_allclose(called, theirs, atol=1e-6)
    assert by_dict.output_names == ["department", "priority"]  # by the alphabet, as in Keras
    assert by_list.output_names == ["priority", "department"]


def test_names_of_a_dict_need_not_be_those_of_layers(backend: str) -> None:
    a, b = sn.Input((4,), name="first"), sn.Input((3,), name="second")
    outputs = {"sum": layers.Dense(2, name="x")(layers.Concatenate()([a, b])), "b": layers.Dense(3, name="y")(b)}
    model = sn.Model({"b": b, "a": a}, outputs)
    model.compile("sgd", {"sum": "mse", "b": "mae"}, {"sum": "mse"})
    x = {"a": X["title"], "b": X["body"]}
    logs = model.evaluate(x, {"sum": np.zeros((N, 2)), "b": np.zeros((N, 3))}, verbose=0, return_dict=True)
    assert model.metrics_names == ["loss", "sum_loss", "b_loss", "sum_mse"]
    np.testing.assert_allclose(logs["b_loss"], np.abs(model.predict(x, verbose=0)["b"]).mean(), rtol=1e-6)
    with pytest.raises(ValueError, match="x of predict expected the keys 'a', 'b', got 'first': leave it out"):
        model.predict({"first": X["title"], "second": X["body"]}, verbose=0)


def test_one_loss_for_all_outputs_is_one_for_each(backend: str) -> None:
    """Each remembers its own predictions, also where the same object was given."""
    a = sn.Input((3,))
    outputs, y = [layers.Dense(2, name="p")(a), layers.Dense(2, name="q")(a)], [np.ones((N, 2)), np.zeros((N, 2))]
    found = []
    one = losses.MeanSquaredError()
    for loss in ("mse", one, [one, one], ["mse", losses.MeanSquaredError()]):
        model = sn.Model(a, outputs)
        model.compile(sn.optimizers.SGD(0.0), loss)
        model.train_on_batch(X["body"], y)
        found.append([g.copy() for g in model.grads.values()])
    for gradients in found[1:]:
        for ours, theirs in zip(gradients, found[0]):
            np.testing.assert_array_equal(ours, theirs)
    pair = (lambda t, p: ((p - t) ** 2).mean(axis=-1), lambda t, p: 2 * (p - t) / p.shape[-1])
    model.compile(sn.optimizers.SGD(0.0), pair)  # two functions are one loss, not two
    model.train_on_batch(X["body"], y)
    for ours, theirs in zip(model.grads.values(), found[0]):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_list_for_one_output_is_unpacked() -> None:
    a = sn.Input((3,), name="in")
    model = sn.Model([a], [layers.Dense(2, name="out")(a)])
    model.compile("sgd", ["mse"], [["mae"]], loss_weights=[1.0], weighted_metrics=[["mae"]])
    assert model.metrics_names == ["loss", "mae", "weighted_mae"]
    y = np.ones((N, 2))
    scores = [model.evaluate(X["body"], given, verbose=0) for given in (y, [y], (y,), {"out": y})]
    assert scores == [scores[0]] * 4
    assert model.evaluate({"in": X["body"]}, y, verbose=0, sample_weight={"out": np.ones(N)}) == pytest.approx(
        scores[0]
    )
    one_sample = model.test_on_batch(X["body"][:1], [[1.0, 1.0]])  # a list of one row, as before
    assert one_sample == model.test_on_batch(X["body"][:1], y[:1])


# What is worked out


def definition(model: sn.Model, weights: list[float], sample_weight: list[Any]) -> float:
    """The total, in plain words, of the losses of the tickets' model."""
    p, d = (np.asarray(part, np.float64) for part in model.predict(listed(X), verbose=0))
    t = Y["priority"]
    yes_or_no = -(t * np.log(p) + (1 - t) * np.log(1 - p))[:, 0]
    classes = -np.log(d[np.arange(N), Y["department"]])
    each = [yes_or_no, classes]
    return sum(w * float((loss * (1 if s is None else s)).mean()) for w, loss, s in zip(weights, each, sample_weight))


@given(st.lists(st.floats(-2, 3), min_size=2, max_size=2), st.sampled_from(["none", "one", "each", "first"]))
def test_the_total_and_its_gradient_by_difference_quotients(weights: list[float], kind: str) -> None:
    sn.config.set_backend("numpy")
    model = tickets(dtype="float64")
    model.compile(sn.optimizers.SGD(0.0), LOSS, loss_weights=weights)
    drawn = np.random.default_rng(1).uniform(0, 2, (2, N))
    given_weights, meant = {
        "none": (None, [None, None]),
        "one": (drawn[0], [drawn[0], drawn[0]]),
        "each": (list(drawn), list(drawn)),
        "first": ([drawn[0], None], [drawn[0], None]),
    }[kind]
    logs = model.train_on_batch(listed(X), listed(Y), sample_weight=given_weights, return_dict=True)
    assert logs["loss"] == pytest.approx(definition(model, weights, meant), rel=1e-9, abs=1e-12)
    for name, index in (("both/kernel", (2, 3)), ("priority/kernel", (1, 0)), ("department/bias", (4,))):
        array, h = model.params[name], 1e-6
        before, values = array[index], []
        for step in (h, -h):
            array[index] = before + step
            values.append(definition(model, weights, meant))
        array[index] = before
        slope = (values[0] - values[1]) / (2 * h)
        assert model.grads[name][index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_the_gradient_checker_takes_the_total(backend: str) -> None:
    for dicts in (False, True):
        model = compiled(dicts, loss_weights={"priority": 3.0, "department": 0.25})
        x, y = (X, Y) if dicts else (listed(X), listed(Y))
        report = check_model(model, x, y)
        assert report.passed, str(report)
        assert "binary_crossentropy" in report.title
    model.compile("sgd", {"department": "sparse_categorical_crossentropy"})
    assert check_model(model, X, Y).passed


def test_a_tensor_that_is_an_output_and_goes_on_gets_both_gradients(backend: str) -> None:
    sn.config.set_floatx("float64")
    a = sn.Input((3,))
    first = layers.Dense(4, "softmax", name="first")(a)
    model = sn.Model(a, [first, layers.Dense(2, name="second")(first)])
    model.compile(sn.optimizers.SGD(0.0), ["categorical_crossentropy", "mse"], loss_weights=[0.5, 2.0])
    assert model.through_logits() == (False, False)  # the second needs the probabilities of the first
    y = [np.eye(4)[np.arange(N) % 4], np.ones((N, 2))]
    assert check_model(model, X["body"], y).passed
    found = []
    for settings in ([1.0, 0.0], [0.0, 1.0], [1.0, 1.0]):
        model.compile(sn.optimizers.SGD(0.0), ["categorical_crossentropy", "mse"], loss_weights=settings)
        model.train_on_batch(X["body"], y)
        found.append(model.grads["first/kernel"].copy())
    np.testing.assert_allclose(found[2], found[0] + found[1], rtol=1e-9)


def test_the_same_tensor_as_two_outputs_gets_both_gradients(backend: str) -> None:
    sn.config.set_floatx("float64")
    a = sn.Input((3,))
    out = layers.Dense(4, "softmax", name="o")(a)
    model = sn.Model(a, [out, out])
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"], [["accuracy"], ["mae"]])
    y = [np.arange(N) % 4, np.ones((N, 4))]
    assert check_model(model, X["body"], y).passed
    assert model.metrics_names == ["loss", "o_loss", "o_loss_1", "o_accuracy", "o_mae"]
    logs = model.evaluate(X["body"], y, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["o_loss"] + logs["o_loss_1"])
    with pytest.raises(ValueError, match="'o', 'o', of which two are the same: give a list in their order"):
        model.fit(X["body"], {"o": y[0]})


def test_each_output_is_trained_through_its_own_logits() -> None:
    sn.config.set_backend("numba")
    model = compiled()
    assert model.through_logits() == (True, True)
    plan = model.run_plan("train")
    kinds = {output.layer.name: type(step).__name__ for step, _, output in plan.wiring}
    model.train_on_batch(listed(X), listed(Y))
    kinds = {output.layer.name: type(step).__name__ for step, _, output in plan.wiring}
    assert (kinds["priority"], kinds["department"]) == ("DenseStep", "DenseCrossentropyStep")
    for loss, expected in (
        ([LOSS["priority"], None], (True, False)),
        (["mse", LOSS["department"]], (False, True)),
        ([losses.BinaryCrossentropy(from_logits=False), "mae"], (True, False)),
    ):
        model.compile("sgd", loss)
        assert model.through_logits() == expected


def test_logits_of_any_size_give_finite_losses(backend: str) -> None:
    model = compiled()
    for name in ("priority", "department"):
        kernel = model.params[f"{name}/kernel"]
        kernel[...] = 1e4 * np.random.default_rng(0).normal(size=kernel.shape)
    logs = model.train_on_batch(listed(X), listed(Y), return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())


def test_both_backends_train_alike() -> None:
    sn.config.set_floatx("float64")
    reached = []
    for name in ("numpy", "numba"):
        sn.config.set_backend(name)
        model = tickets(dtype="float64")
        model.compile("adam", LOSS, METRICS, loss_weights=[0.5, 2], weighted_metrics=METRICS)
        history = model.fit(
            listed(X), listed(Y), batch_size=6, epochs=3, verbose=0, sample_weight=[np.arange(N) / 9, None]
        ).history
        reached.append((history, model.get_weights()))
    for name, values in reached[0][0].items():
        np.testing.assert_allclose(values, reached[1][0][name], rtol=1e-9, err_msg=name)
    for a, b in zip(reached[0][1], reached[1][1]):
        np.testing.assert_allclose(a, b, atol=1e-10)


def test_the_display_does_not_depend_on_the_block_size(backend: str) -> None:
    """``evaluate`` runs many batches at once unless somebody listens; the means are of the samples either way."""
    model = compiled(metrics=METRICS, weighted_metrics=METRICS)
    hook = sn.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: None)
    options = {"batch_size": 3, "verbose": 0, "sample_weight": [np.arange(N) / 9, np.ones(N)]}
    a = model.evaluate(listed(X), listed(Y), **options)
    b = model.evaluate(listed(X), listed(Y), callbacks=[hook], **options)
    np.testing.assert_allclose(a, b, rtol=1e-5)


# Outputs without a loss


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("recompiled", [False, True])
def test_an_output_without_a_loss_is_left_alone(backend: str, optimizer: str, recompiled: bool) -> None:
    """Also by weight decay, and by gradients that an earlier training has left."""
    model = compiled()
    if recompiled:
        model.fit(listed(X), listed(Y), verbose=0)
    model.compile(optimizer, [None, LOSS["department"]], [["mse"], None])
    before = {name: array.copy() for name, array in model.params.items()}
    logs = model.train_on_batch(listed(X), listed(Y), return_dict=True)
    assert list(logs) == ["loss", "priority_mse"]
    for name, array in model.params.items():
        assert np.array_equal(array, before[name]) is name.startswith("priority")
    assert not model.grads["priority/kernel"].any()


def test_an_output_for_which_nothing_is_worked_out_needs_no_labels(backend: str) -> None:
    model = compiled(loss=[None, LOSS["department"]])
    d = Y["department"]
    for y in ([None, d], [d], d, {"department": d}, {"priority": None, "department": d}):
        assert isinstance(model.evaluate(listed(X), y, verbose=0), float)
    by_dict = compiled(dicts=True, loss={"department": LOSS["department"]})
    assert isinstance(by_dict.evaluate(X, {"department": d}, verbose=0), float)
    by_dict.fit(X, {"department": d}, validation_split=0.25, verbose=0)
    model.compile("sgd", [None, LOSS["department"]], [["mse"], None])
    with pytest.raises(ValueError, match=r"y of evaluate expected the keys .* 'priority' is missing"):
        model.evaluate(listed(X), {"department": d}, verbose=0)


# Around it


def test_saved_loaded_and_copied(backend: str, tmp_path: Path) -> None:
    for dicts in (False, True):
        settings = {"loss": dict(reversed(LOSS.items())), "loss_weights": {"priority": 0.3, "department": 2.0}}
        model = compiled(dicts, metrics=METRICS, weighted_metrics={"priority": ["mae"]}, **settings)
        x, y = (X, Y) if dicts else (listed(X), listed(Y))
        model.fit(x, y, verbose=0)
        model.save(tmp_path / "model.safetensors")
        twins = [sn.load_model(tmp_path / "model.safetensors"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
        model.fit(x, y, verbose=0, shuffle=False)
        for twin in twins:
            assert twin.metrics_names == model.metrics_names
            twin.fit(x, y, verbose=0, shuffle=False)
            same_weights(twin, model)
            assert twin.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
            if dicts:
                assert list(twin.predict(X, verbose=0)) == ["priority", "department"]


def test_a_model_with_an_output_without_a_loss_is_saved(tmp_path: Path) -> None:
    model = compiled(loss=[None, LOSS["department"]], loss_weights=[None, 2.0])
    model.save(tmp_path / "model.safetensors")
    loaded = sn.load_model(tmp_path / "model.safetensors")
    assert [target.loss is None for target in loaded.targets] == [True, False]
    assert loaded.evaluate(listed(X), listed(Y), verbose=0) == model.evaluate(listed(X), listed(Y), verbose=0)


def test_a_weight_of_a_single_output_is_saved(tmp_path: Path) -> None:
    model = sn.Sequential([sn.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", loss_weights=0.25, weighted_metrics=["mae"])
    model.save(tmp_path / "model.safetensors")
    loaded = sn.load_model(tmp_path / "model.safetensors")
    y = np.ones((N, 1))
    assert loaded.evaluate(X["body"], y, verbose=0) == model.evaluate(X["body"], y, verbose=0)
    assert loaded.metrics_names == ["loss", "mae"]


def test_callbacks_know_what_is_better(backend: str, tmp_path: Path) -> None:
    model = compiled(metrics=METRICS)
    file = tmp_path / "best.safetensors"
    watching = [
        sn.callbacks.EarlyStopping(monitor="val_department_accuracy", patience=50),
        sn.callbacks.EarlyStopping(monitor="priority_loss", patience=50),
        sn.callbacks.ModelCheckpoint(file, monitor="val_priority_mse", save_best_only=True),
    ]
    logger = sn.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(
        listed(X), listed(Y), epochs=4, verbose=0, validation_split=0.25, callbacks=[*watching, logger]
    ).history
    assert watching[0].best == max(history["val_department_accuracy"])
    assert watching[1].best == min(history["priority_loss"])
    assert watching[2].best == min(history["val_priority_mse"])
    assert file.exists()
    with open(tmp_path / "log.csv", newline="") as rows:
        assert set(next(iter(csv.DictReader(rows)))) == {"epoch", *history}
    with pytest.raises(ValueError, match=r"expected a metric 'accuracy', got .*department_accuracy"):
        model.fit(listed(X), listed(Y), verbose=0, callbacks=sn.callbacks.EarlyStopping(monitor="accuracy"))


def test_curves_are_drawn_by_name() -> None:
    pytest.importorskip("matplotlib")
    model = compiled(metrics=METRICS)
    history = model.fit(listed(X), listed(Y), epochs=2, verbose=0, validation_split=0.25)
    figure = sn.plotting.learning_curves(history)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "Loss"
    assert {"Priority loss", "Department accuracy"} < set(titles)
    assert all(len(axes.lines) == 2 for axes in figure.axes)


def test_the_plan_s_table_lists_every_loss(backend: str) -> None:
    model = compiled()
    costs = measure(model.run_plan("test"), 4, model.loss)
    assert {"binary_crossentropy", "sparse_categorical_crossentropy"} <= {
        name for cost in costs for name in cost.layers
    }
    texts: list[str] = []
    model.plan(4, print_fn=texts.append)
    model.summary(print_fn=texts.append)
    assert "department" in texts[0]
    assert "department" in texts[1]


def test_a_loss_that_is_not_finite_says_whose_it_is(backend: str) -> None:
    class Broken(losses.MeanSquaredError):
        def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
            super().forward(y_true, y_pred, sample_weight)
            return float("nan")

    model = compiled(loss=["mse", Broken()])
    before, y = model.get_weights(), [Y["priority"], np.ones((N, 5))]
    with pytest.raises(NonFiniteError, match="The loss of output 'department' became nan at step 1"):
        model.fit(listed(X), y, verbose=0)
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)


# Refusals


WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"loss": ["mse"]}, "loss as a list with an entry for each output, 'priority', 'department', or as a dict"),
    ({"loss": [None, None]}, "compile expected a loss"),
    ({"loss": {"priority": "mse"}}, "loss of compile expected the keys .* 'department' is missing"),
    ({"loss": {**LOSS, "dept": "mse"}}, "loss of compile expected the keys .* got 'dept': leave it out"),
    ({"loss": {"priority": None, "department": None}}, "compile expected a loss"),
    ({"loss_weights": [1.0]}, "loss_weights as a list with an entry for each output"),
    ({"loss_weights": 2.0}, "loss_weights as a list with an entry for each output"),
    ({"loss_weights": {"priority": 1.0}}, "loss_weights of compile expected the keys .* 'department' is missing"),
    ({"loss_weights": [1.0, "2"]}, "loss_weights of compile for 'department' expected a finite number, got '2'"),
    ({"loss_weights": [1.0, np.nan]}, "loss_weights of compile for 'department' expected a finite number"),
    ({"loss_weights": [None, 1.0]}, "loss_weights of compile for 'priority' expected a finite number, got None"),
    ({"metrics": ["accuracy"]}, "metrics as a list with an entry for each output"),
    ({"metrics": "accuracy"}, "metrics as a list with an entry for each output"),
    ({"metrics": {"prio": "accuracy"}}, "metrics of compile expected the keys .* got 'prio'"),
    ({"metrics": [["accuracy", None], []]}, "metrics as names or Metric objects, got None among"),
    ({"weighted_metrics": ["mae"]}, "weighted_metrics as a list with an entry for each output"),
    ({"metrics": [["accurracy"], []]}, "did you mean 'accuracy'"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG_SETTINGS)
def test_compile_refuses(settings: dict[str, Any], message: str) -> None:
    model = compiled()
    optimizer, targets = model.optimizer, model.targets
    with pytest.raises(ValueError, match=message):
        model.compile("sgd", **{"loss": LOSS, **settings})
    assert model.optimizer is optimizer
    assert model.targets is targets


@pytest.mark.parametrize("argument", ["loss", "loss_weights", "metrics", "weighted_metrics"])
def test_a_model_of_dicts_takes_no_lists(argument: str) -> None:
    given: dict[str, Any] = {"loss": listed(LOSS), "loss_weights": [1, 1], "metrics": ["mse", "mse"]}
    given["weighted_metrics"] = given["metrics"]
    with pytest.raises(ValueError, match=f"{argument} as a dict with the keys 'department', 'priority', got"):
        tickets(dicts=True).compile("sgd", **{"loss": LOSS, argument: given[argument]})


def test_weights_in_third_place_are_no_metrics() -> None:
    with pytest.raises(TypeError, match="A metric is given as a name"):
        tickets().compile("sgd", listed(LOSS), [1.0, 0.5])  # Keras's order


def test_weighted_metrics_have_to_take_weights() -> None:
    class Mine(sn.metrics.Metric):
        def update_state(self, y_true: Any, y_pred: Any) -> None:
            pass

    compiled(metrics=[[Mine()], []])
    with pytest.raises(ValueError, match=r"update_state of Mine does not: define update_state\(y_true, y_pred, samp"):
        compiled(weighted_metrics=[[Mine()], []])


W = np.ones(N)
WRONG_DATA: list[tuple[Any, Any, dict[str, Any], str]] = [
    ({"title": X["title"]}, Y, {}, "x of fit expected the keys 'title', 'body', got 'title': 'body' is missing"),
    ({**X, "foo": W}, Y, {}, "x of fit expected the keys 'title', 'body', got 'foo': leave it out or correct it"),
    (listed(X)[:1], Y, {}, "fit expected 2 input arrays, got a list of 1"),
    (X, {**Y, "foo": W}, {}, "y of fit expected the keys 'priority', 'department', got 'foo'"),
    (X, {"priority": W}, {}, "y of fit expected the keys .*: 'department' is missing"),
    (X, listed(Y)[:1], {}, "y as a list with an array for each output, 'priority', 'department', .* got a list of 1"),
    (X, Y["priority"], {}, "y as a list with an array for each output, .* got ndarray"),
    (X, None, {}, "y as a list with an array for each output, .* got None"),
    (X, [None, Y["department"]], {}, "expected labels y for output 'priority', got None"),
    (X, [Y["priority"][:3], Y["department"]], {}, "20 samples in x and 3 in y for output 'priority'"),
    (X, [Y["priority"], Y["department"] + 9], {}, "labels in 0…4, since there are 5 outputs"),
    (X, [Y["priority"] * np.nan, Y["department"]], {}, "y of fit for output 'priority' expected finite numbers"),
    (X, Y, {"class_weight": {0: 1.0}}, "expected no class_weight for a model with several outputs"),
    (X, Y, {"sample_weight": [W]}, "sample_weight as a list with an array for each output, .* got a list of 1"),
    (X, Y, {"sample_weight": list(W)}, "got a list of 20: one array, not a list, counts for all outputs"),
    (X, Y, {"sample_weight": {"priority": W}}, "sample_weight of fit expected the keys .* 'department' is missing"),
    (X, Y, {"sample_weight": [W, -W]}, "expected sample_weight ≥ 0"),
    (X, Y, {"sample_weight": np.ones((2, N))}, r"sample_weight of shape \(20,\) or \(20, 1\), got \(2, 20\)"),
    (X, Y, {"validation_data": (X, listed(Y)[:1])}, "expected y as a list with an array for each output"),
]


@pytest.mark.parametrize(("x", "y", "options", "message"), WRONG_DATA)
def test_fit_refuses(x: Any, y: Any, options: dict[str, Any], message: str) -> None:
    model = compiled()
    before, history = model.get_weights(), model.history
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0, **options)
    assert model.history is history
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("x", "y", "weight", "message"),
    [
        (listed(X), Y, None, "x as a dict with the keys 'body', 'title', as the inputs of 'functional' were given"),
        (X, listed(Y), None, "y as a dict with the keys 'department', 'priority', as the outputs of"),
        (X, Y, [W, W], "sample_weight as a dict with the keys 'department', 'priority'"),
    ],
)
def test_a_model_of_dicts_takes_no_lists_of_data(x: Any, y: Any, weight: Any, message: str) -> None:
    model = compiled(dicts=True)
    with pytest.raises(ValueError, match=message):
        model.train_on_batch(x, y, weight)


@pytest.mark.parametrize("key", [1, "", None])
def test_keys_are_names(key: Any) -> None:
    a = sn.Input((3,))
    with pytest.raises(TypeError, match=r"Model\(outputs=…\) expected names as keys of the dict"):
        sn.Model(a, {key: layers.Dense(1)(a)})
