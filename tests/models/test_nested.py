"""A model as a layer of another: one layer in the graph, its own layers in the plan."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.gradient_check import check_model
from scratchnet.graph.plan import Plan

X = np.random.default_rng(0).normal(size=(24, 6, 6, 2)).astype("float32")
Y = np.random.default_rng(1).normal(size=(24, 1)).astype("float32")
ROWS = np.random.default_rng(2).normal(size=(24, 4)).astype("float32")


def base_model(name: str = "base", dropout: float = 0.5, use_bias: bool = True) -> sn.Model:
    inputs = sn.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, use_bias=use_bias, name="conv")(inputs)
    x = layers.BatchNormalization(name="norm", momentum=0.5)(x)
    x = layers.Dropout(dropout, seed=1, name="drop")(x)
    x = layers.ReLU(name="relu")(x)
    return sn.Model(inputs, x, name=name)


def with_head(base: sn.Model, training: bool | None = None) -> sn.Model:
    inputs = sn.Input((6, 6, 2))
    x = base(inputs, training=training)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return sn.Model(inputs, layers.Dense(1, name="conv")(x), name="outer")


def compiled(model: sn.Model, optimizer: Any = None) -> sn.Model:
    model.compile(optimizer or sn.optimizers.SGD(0.1), "mse")
    return model


def rows_model(name: str, units: int = 3, activation: str | None = "tanh") -> sn.Model:
    inputs = sn.Input((4,))
    return sn.Model(inputs, layers.Dense(units, activation, name="dense")(inputs), name=name)


# What it looks like


def test_it_is_one_layer_of_the_graph() -> None:
    base = base_model()
    model = with_head(base)
    assert isinstance(base, sn.Layer)
    assert [layer.name for layer in model.layers] == ["input_layer_1", "base", "pool", "conv"]
    assert model.get_layer("base") is base
    assert list(model.params) == [
        *("base/conv/kernel", "base/conv/bias", "base/norm/gamma", "base/norm/beta"),
        *("conv/kernel", "conv/bias"),
    ]
    assert list(model.non_trainable) == ["base/norm/moving_mean", "base/norm/moving_variance"]
    assert [w.shape for w in model.get_weights()] == [(3, 3, 2, 3), (3,), (3,), (3,), (3,), (3,), (3, 1), (1,)]
    assert model.count_params() == base.count_params() + 4
    assert model.get_layer("base").output_shape == (None, 4, 4, 3)


def test_its_weights_are_the_very_same_arrays(backend: str) -> None:
    base = base_model(dropout=0.0)
    model = compiled(with_head(base))
    assert np.shares_memory(model.params["base/conv/kernel"], base.params["conv/kernel"])
    before = base(X)
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(before, base(X))
    weights = base.get_weights()
    base.set_weights([w * 2 for w in weights])
    np.testing.assert_array_equal(model.params["base/conv/kernel"], weights[0] * 2)
    model.set_weights([w * 0 for w in model.get_weights()])
    assert not any(w.any() for w in base.get_weights())


def test_a_call_on_an_array_runs_it_as_ever() -> None:
    base = base_model()
    model = with_head(base)
    np.testing.assert_array_equal(base(X), base.predict(X, verbose=0))
    pooled = base(X).mean((1, 2))
    expected = pooled @ model.params["conv/kernel"] + model.params["conv/bias"]
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-6)


# The same numbers as the layers one after the other


def flat_copy(base: sn.Model, head: sn.Model) -> sn.Model:
    """The layers of base and head in one graph, with weights of their own."""
    base, head = copy.deepcopy(base), copy.deepcopy(head)
    x = inputs = sn.Input((6, 6, 2))
    for layer in base.layers[1:]:
        vars(layer)["name"] = f"base_{layer.name}"
        x = layer(x)
    for layer in head.layers[2:]:
        x = layer(x)
    return sn.Model(inputs, x)


@pytest.mark.parametrize("optimizer", [sn.optimizers.Adam(0.01), sn.optimizers.SGD(0.1, momentum=0.9, clipnorm=0.5)])
def test_it_trains_with_the_bits_of_the_flat_model(optimizer: Any, backend: str) -> None:
    base = base_model()
    nested = with_head(base)
    flat = flat_copy(base, nested)
    for model in (nested, flat):
        sn.utils.set_random_seed(7)
        compiled(model, copy.deepcopy(optimizer)).fit(X, Y, batch_size=7, epochs=3, verbose=0)
    for ours, theirs in zip(nested.get_weights(), flat.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(nested.predict(X, verbose=0), flat.predict(X, verbose=0))


def test_kernels_run_inside_and_fuse() -> None:
    inputs = sn.Input((8, 8, 1))
    base = sn.Model(inputs, layers.Conv2D(4, 3, activation="relu", name="conv")(inputs), name="base")
    images = sn.Input((8, 8, 1))
    x = layers.MaxPooling2D(name="pool")(base(images))
    model = sn.Model(images, layers.Dense(3, "softmax", name="last")(layers.Flatten(name="flat")(x)))
    plan = Plan(model.graph, "numba")
    assert [[layer.name for layer in step.layers] for step in plan.steps] == [["base/conv", "pool"], ["flat"], ["last"]]
    printed: list[str] = []
    model.plan(2, print_fn=printed.append)
    assert "base/conv" in printed[0]


def test_a_softmax_at_the_end_of_the_nested_model_is_trained_through_its_logits(backend: str) -> None:
    inputs = sn.Input((4,))
    classifier = sn.Model(inputs, layers.Dense(3, "softmax")(layers.Dense(5, "relu")(inputs)))
    outer = sn.Input((4,))
    model = sn.Model(outer, classifier(layers.Rescaling(100.0)(outer)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.trains_through_logits()
    loss = model.train_on_batch(ROWS * 100, np.arange(24) % 3)
    assert loss > 16.2  # further than the logarithm of any clipped probability goes
    with pytest.warns(UserWarning, match="from_logits=True but the model ends in a softmax"):
        model.compile("sgd", sn.losses.SparseCategoricalCrossentropy(from_logits=True))


# Twins, several inputs and outputs, depth


def siamese() -> sn.Model:
    tower = rows_model("tower")
    a, b = sn.Input((4,), name="a"), sn.Input((4,), name="b")
    difference = layers.Subtract()([tower(a), tower(b)])
    return sn.Model([a, b], layers.Dense(1, name="score")(difference))


def two_and_two() -> sn.Model:
    a, b = sn.Input((4,), name="a"), sn.Input((4,), name="b")
    both = layers.Add()([a, layers.Dense(4, name="turn")(b)])
    inner = sn.Model([a, b], [layers.Dense(2, name="two")(both), layers.Dense(3, "tanh", name="three")(both)], "inner")
    p, q = sn.Input((4,), name="p"), sn.Input((4,), name="q")
    two, _ = inner([p, q])
    _, three = inner([q, p])
    return sn.Model([p, q], layers.Dense(1, name="last")(layers.Concatenate()([three, two])))


def deep() -> sn.Model:
    model = rows_model("level0", 4)
    for level in range(1, 4):
        inputs = sn.Input((4,))
        model = sn.Model(inputs, layers.Dense(4, "sigmoid", name="dense")(model(inputs)), name=f"level{level}")
    return model


def of_sequentials() -> sn.Model:
    inner = sn.Sequential([layers.Dense(4, "tanh", name="dense"), layers.Dense(3, name="second")], name="inner")
    return sn.Sequential([sn.Input((4,)), inner, layers.Dense(2, name="dense")])


def on_a_base() -> sn.Model:
    return sn.Sequential([rows_model("base"), layers.Dense(2)])


MANY: list[Callable[[], sn.Model]] = [siamese, two_and_two, deep, of_sequentials, on_a_base]


@pytest.mark.parametrize("make", MANY)
@pytest.mark.parametrize("on", ["numpy", "numba"])
def test_gradients_are_right(make: Callable[[], sn.Model], on: str) -> None:
    model = make()
    xs = [ROWS[:5].astype("float64") * (i + 1) for i in range(len(model.inputs))]
    report = check_model(model, xs if len(xs) > 1 else xs[0], backend=on)
    assert report.passed, str(report)
    assert len(report.tensors) == len(xs) + len(model.params)


def test_the_gradient_report_names_the_way_to_a_parameter() -> None:
    names = [tensor.name for tensor in check_model(deep(), ROWS[:3].astype("float64")).tensors]
    assert names[1] == "level2/level1/level0/dense/dkernel"
    assert names[-1] == "dense/dbias"


def test_gradients_of_a_transfer_model_are_right_in_both_modes(backend: str) -> None:
    for training in (False, True):
        model = with_head(base_model(dropout=0.0, use_bias=False), training)
        x = X[:3].astype("float64")
        report = check_model(model, x, backend=backend, independent_samples=not training)
        assert report.passed, str(report)


def test_twins_share_weights_and_their_gradients_add_up() -> None:
    model = siamese()
    np.testing.assert_allclose(model.predict([ROWS, ROWS], verbose=0), 0, atol=1e-6)
    assert [name for name in model.params if name.startswith("tower")] == ["tower/dense/kernel", "tower/dense/bias"]


def test_several_outputs_come_as_a_list_and_inputs_may_go_in_by_name() -> None:
    model = two_and_two()
    inner = model.get_layer("inner")
    assert isinstance(inner, sn.Model)
    a, b = sn.Input((4,)), sn.Input((4,))
    by_name, in_order = inner({"b": b, "a": a}), inner([a, b])
    assert [t.shape for t in by_name] == [(None, 2), (None, 3)]
    for outputs in (by_name, in_order):
        values = sn.Model([a, b], outputs).predict([ROWS, -ROWS], verbose=0)
        for value, expected in zip(values, inner.predict([ROWS, -ROWS], verbose=0)):
            np.testing.assert_array_equal(value, expected)


def test_an_output_that_nobody_uses_is_not_computed_and_its_weights_stay() -> None:
    inputs = sn.Input((4,))
    body = layers.Dense(4, name="body")(inputs)
    base = sn.Model(inputs, [layers.Dense(2, name="used")(body), layers.Dense(2, name="unused")(body)], name="base")
    alone = compiled(sn.Model(base.input, base.get_layer("unused").output))
    alone.train_on_batch(ROWS, ROWS[:, :2])  # leaves gradients behind
    outer = sn.Input((4,))
    model = sn.Model(outer, layers.Dense(1, name="last")(base(outer)[0]))
    compiled(model, sn.optimizers.AdamW(0.1, weight_decay=0.5, clipnorm=1.0))
    before = base.get_layer("unused").get_weights()
    model.fit(ROWS, Y, verbose=0)
    for now, then in zip(base.get_layer("unused").get_weights(), before):
        np.testing.assert_array_equal(now, then)
    assert not model.grads["base/unused/kernel"].any()
    assert model.grads["base/body/kernel"].any()


def test_an_input_that_only_an_unused_output_needs_is_fed_all_the_same() -> None:
    a, b = sn.Input((4,)), sn.Input((4,))
    base = sn.Model([a, b], [layers.Dense(2)(a), layers.Dense(2)(b)])
    p, q = sn.Input((4,)), sn.Input((4,))
    model = compiled(sn.Model([p, q], base([p, q])[1]))
    np.testing.assert_array_equal(model([ROWS, -ROWS]), base([ROWS, -ROWS])[1])
    model.train_on_batch([ROWS, -ROWS], ROWS[:, :2])


def test_a_model_that_passes_its_input_on() -> None:
    inputs = sn.Input((4,))
    nothing = sn.Model(inputs, inputs)
    outer = sn.Input((4,))
    np.testing.assert_array_equal(sn.Model(outer, layers.Rescaling(2.0)(nothing(outer)))(ROWS), ROWS * 2)


def test_features_from_the_middle_of_a_nested_base() -> None:
    base = base_model()
    features = sn.Model(inputs=base.input, outputs=[base.get_layer("conv").output, base.output])
    conv, last = features.predict(X, verbose=0)
    np.testing.assert_array_equal(last, base.predict(X, verbose=0))
    assert conv.shape == (24, 4, 4, 3)
    model = with_head(base)
    pooled = sn.Model(model.inputs, model.get_layer("pool").output)
    np.testing.assert_allclose(pooled(X), base(X).mean((1, 2)), rtol=1e-5, atol=1e-6)


def test_a_graph_may_be_cut_behind_a_nested_model() -> None:
    model = two_and_two()
    middle = model.get_layer("concatenate").output
    head = sn.Model(middle, model.output)
    body = sn.Model(model.inputs, middle)
    np.testing.assert_array_equal(head(body([ROWS, -ROWS])), model([ROWS, -ROWS]))
    inner = model.get_layer("inner")
    assert isinstance(inner, sn.Model)
    first = layers.Dense(4, name="first")(model.inputs[0])
    again = inner([first, model.inputs[1]])
    cut = sn.Model([first, model.inputs[1]], again)  # keeps both outputs of one call together
    for ours, expected in zip(cut([ROWS, -ROWS]), inner([ROWS, -ROWS])):
        np.testing.assert_array_equal(ours, expected)


# Freezing and fine-tuning


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_frozen_base_stays_and_thaws(when: str, backend: str) -> None:
    base = base_model(dropout=0.0)
    if when == "before":
        base.trainable = False
    model = with_head(base)
    base.trainable = False
    compiled(model).fit(X, Y, verbose=0)
    frozen = base.get_weights()
    model.fit(X, Y, verbose=0)
    for now, then in zip(base.get_weights(), frozen):  # running means too: frozen, they are in inference mode
        np.testing.assert_array_equal(now, then)
    assert sum(s.values.size for s in model.segments) == 4
    base.trainable = True
    compiled(model).fit(X, Y, verbose=0)
    assert all(not np.array_equal(now, then) for now, then in zip(base.get_weights()[:2], frozen))


def test_layers_of_a_base_frozen_one_by_one(backend: str) -> None:
    base = base_model()
    for layer in base.layers[:-3]:
        layer.trainable = False
    model = compiled(with_head(base))
    before = {name: array.copy() for name, array in model.params.items()}
    model.fit(X, Y, verbose=0)
    moved = [name for name, array in model.params.items() if not np.array_equal(array, before[name])]
    assert moved == ["base/norm/gamma", "base/norm/beta", "conv/kernel", "conv/bias"]


def test_a_thawed_layer_in_a_frozen_model_is_not_trained() -> None:
    base = base_model()
    base.trainable = False
    base.get_layer("conv").trainable = True
    model = with_head(base)
    assert [s.values.size for s in model.segments] == [4]
    before = base.params["conv/kernel"].copy()
    compiled(model).fit(X, Y, verbose=0)
    np.testing.assert_array_equal(base.params["conv/kernel"], before)


def test_what_lies_before_a_frozen_model_is_trained_through_it() -> None:
    base = rows_model("base")
    base.trainable = False
    inputs = sn.Input((4,))
    first = layers.Dense(4, name="first")
    model = compiled(sn.Model(inputs, layers.Dense(1, name="last")(base(first(inputs)))))
    before = first.get_weights()[0]
    model.fit(ROWS, Y, verbose=0)
    assert not np.array_equal(first.get_weights()[0], before)


def test_a_compiled_base_goes_on_by_itself() -> None:
    base, twin = (compiled(rows_model(name, 1), sn.optimizers.Adam()) for name in ("base", "twin"))
    twin.set_weights(base.get_weights())
    for model in (base, twin):
        model.train_on_batch(ROWS, Y)
    inputs = sn.Input((4,))
    outer = compiled(sn.Model(inputs, base(inputs)))
    outer.evaluate(ROWS, Y, verbose=0)
    assert base.optimizer is not None
    assert base.optimizer.iterations == 1
    for model in (base, twin):
        model.train_on_batch(ROWS, Y)
    np.testing.assert_array_equal(base.get_weights()[0], twin.get_weights()[0])


# The mode of a call


def test_a_base_called_in_inference_mode_stays_in_it_while_the_model_trains(backend: str) -> None:
    base = base_model()
    model = compiled(with_head(base, training=False))
    means = base.non_trainable["norm/moving_mean"].copy()
    kernel = base.params["conv/kernel"].copy()
    state = base.get_layer("drop").seed_generator.state.copy()
    before = model.predict(X, verbose=0)
    loss = model.train_on_batch(X, Y)
    assert loss == pytest.approx(float(np.mean((before - Y) ** 2)), rel=1e-5)  # of the inference mode's numbers
    np.testing.assert_array_equal(base.non_trainable["norm/moving_mean"], means)
    np.testing.assert_array_equal(base.get_layer("drop").seed_generator.state, state)
    assert not np.array_equal(base.params["conv/kernel"], kernel)  # but the weights learn
    base.get_layer("norm").trainable = True
    own = compiled(with_head(base))
    own.train_on_batch(X, Y)
    assert not np.array_equal(base.non_trainable["norm/moving_mean"], means)


def test_a_layer_called_in_training_mode_is_in_it_in_predict(backend: str) -> None:
    inputs = sn.Input((40,))
    model = sn.Model(inputs, layers.Dropout(0.5)(inputs, training=True))
    ones = np.ones((50, 40), "float32")
    first, second = model.predict(ones, verbose=0), model.predict(ones, verbose=0)
    assert set(np.unique(first)) == {0.0, 2.0}
    assert not np.array_equal(first, second)
    assert first.mean() == pytest.approx(1, abs=0.1)
    assert set(np.unique(model(ones, training=False))) == {0.0, 2.0}


def test_the_innermost_call_decides() -> None:
    ones = np.ones((4, 30), "float32")
    for innermost, dropped in ((True, True), (False, False), (None, None)):
        inputs = sn.Input((30,))
        inner = sn.Model(inputs, layers.Dropout(0.5)(inputs, training=innermost))
        for call in (True, False, None):
            outer = sn.Input((30,))
            model = sn.Model(outer, inner(outer, training=call))
            for run in (True, False):
                expected = dropped if dropped is not None else run if call is None else call
                assert (model(ones, training=run) == 0).any() == expected


def test_one_model_may_stand_in_both_modes(backend: str) -> None:
    inputs = sn.Input((30,))
    base = sn.Model(inputs, layers.Dropout(0.5)(inputs))
    outer = sn.Input((30,))
    model = sn.Model(outer, [base(outer, training=True), base(outer, training=False)])
    dropped, kept = model.predict(np.ones((4, 30)), verbose=0)
    assert (dropped == 0).any()
    assert (kept == 1).all()


def test_batches_are_kept_apart_where_a_layer_always_trains() -> None:
    inputs = sn.Input((4,))
    model = sn.Model(inputs, layers.BatchNormalization()(inputs, training=True))
    expected = [model(ROWS[i : i + 8]) for i in range(0, 24, 8)]
    np.testing.assert_allclose(model.predict(ROWS, batch_size=8, verbose=0), np.concatenate(expected), rtol=1e-6)
    model.compile("sgd", "mse")
    losses = [model.evaluate(ROWS[i : i + 8], ROWS[i : i + 8], verbose=0) for i in range(0, 24, 8)]
    assert model.evaluate(ROWS, ROWS, batch_size=8, verbose=0) == pytest.approx(np.mean(losses))


def test_predict_on_batch_takes_one_batch_whatever_its_size():
    """What goes by the batch's statistics shows it: predict would cut 100 samples into batches of 32."""
    inputs = layers.Input((3,))
    model = sn.Model(inputs, layers.BatchNormalization(epsilon=1e-9)(inputs, training=True))
    x = np.random.default_rng(0).normal(5, 2, (100, 3)).astype(np.float32)
    y = model.predict_on_batch(x)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), 1, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 32])
def test_the_prediction_of_one_batch_needs_no_loop(samples):
    """It takes a short way, unless something is asked that only the loop knows."""
    inputs = layers.Input((5,))
    h = layers.Dense(4, activation="relu")(layers.GaussianNoise(1.0)(layers.Dropout(0.5)(inputs)))
    model = sn.Model(inputs, [layers.Dense(2)(h), layers.Dense(3, activation="softmax")(h)])
    x = np.random.default_rng(0).normal(size=(samples, 5)).astype(np.float32)
    short, long = model.predict(x, verbose=0), model.predict(x, batch_size=32, verbose=0)
    for here, there in zip(short, long):
        np.testing.assert_array_equal(here, there)
        assert here.flags.owndata


def test_augmentations_rest_in_the_prediction_of_one_batch_too():
    """Called by hand they act, as in Keras; predicting they do not, whichever way it takes."""
    inputs = layers.Input((4, 4, 1))
    model = sn.Model(inputs, layers.RandomTranslation(0.5, 0.5)(layers.RandomFlip()(inputs)))
    x = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype(np.float32)
    assert (model(x) != x).any()
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)
    np.testing.assert_array_equal(model.predict_on_batch(x), x)


def test_a_step_does_not_span_places_of_different_modes() -> None:
    inputs = sn.Input((8, 8, 1))
    for modes, steps in (((False, False), 1), ((True, None), 2), ((None, False), 2)):
        x = layers.Conv2D(4, 3)(inputs, training=modes[0])
        x = layers.MaxPooling2D()(x, training=modes[1])
        assert len(Plan(sn.Model(inputs, x).graph, "numba").steps) == steps


@pytest.mark.parametrize("training", ["yes", 2, 0.0])
def test_a_mode_is_true_or_false(training: Any) -> None:
    with pytest.raises(ValueError, match="training of layer 'drop' expected True or False"):
        layers.Dropout(0.5, name="drop")(ROWS, training=training)
    with pytest.raises(ValueError, match="training of model 'base' expected True or False"):
        rows_model("base")(sn.Input((4,)), training=training)


# Sequential


def test_an_augmentation_without_a_shape_is_built_by_the_tensor_it_is_called_on() -> None:
    augmentation = sn.Sequential([layers.RandomFlip("horizontal"), layers.Rescaling(1 / 255)], name="augmentation")
    assert not augmentation.built
    inputs = sn.Input((6, 6, 2))
    model = sn.Model(inputs, layers.GlobalAveragePooling2D()(augmentation(inputs)))
    assert augmentation.built
    np.testing.assert_allclose(model(X), X.mean((1, 2)) / 255, rtol=1e-4, atol=1e-7)
    assert augmentation.input_shape == (None, 6, 6, 2)


def test_a_sequential_with_a_base_in_front_knows_its_shape() -> None:
    base = base_model()
    model = sn.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(1)])
    assert model.built
    assert model.input_shape == (None, 6, 6, 2)
    assert [layer.name for layer in model.layers] == ["base", "global_average_pooling2d", "dense"]
    compiled(model).fit(X, Y, verbose=0)
    assert model.pop().name == "dense"
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(2))
    assert model(X).shape == (24, 2)


def test_sequentials_in_an_unbuilt_sequential_wait_for_the_data_together() -> None:
    inner = sn.Sequential([layers.Dense(4, "tanh"), layers.Dense(3)], name="inner")
    model = sn.Sequential([inner, layers.Dense(1)])
    assert not inner.built
    inner.add(layers.Dense(5))
    compiled(model).fit(ROWS, Y, verbose=0)
    assert inner.built
    assert [a.shape for a in model.params.values()] == [(4, 4), (4,), (4, 3), (3,), (3, 5), (5,), (5, 1), (1,)]


def test_refused_data_leave_all_of_them_unbuilt() -> None:
    inner = sn.Sequential([layers.Dense(4), layers.Dense(3)], name="inner")
    model = compiled(sn.Sequential([inner, layers.Dense(1)]))
    with pytest.raises(ValueError, match="expected"):
        model.fit(ROWS, Y[:3], verbose=0)
    assert not inner.built
    assert not model.built
    assert inner.layers[0]._outputs == []
    model.fit(X, np.zeros((24, 6, 6, 1)), verbose=0)  # another shape than the one refused
    assert inner.input_shape == (None, 6, 6, 2)
    assert inner.get_layer(index=0).output.shape == (None, 6, 6, 4)


def test_a_sequential_in_a_graph_cannot_change_any_more() -> None:
    inner = sn.Sequential([sn.Input((4,)), layers.Dense(3)], name="inner")
    outer = sn.Sequential([inner, layers.Dense(1)])
    for change in (lambda: inner.add(layers.Dense(2)), inner.pop):
        with pytest.raises(
            ValueError, match=r"'inner' is a layer of another model and cannot .* make a new Sequential"
        ):
            change()
    assert len(inner.layers) == 1
    outer.pop()
    outer.pop()
    inner.add(layers.Dense(2))
    assert inner.output_shape == (None, 2)


def test_a_model_inside_itself_is_refused() -> None:
    one, two = sn.Sequential(name="one"), sn.Sequential(name="two")
    for model in (one, two):
        with pytest.raises(ValueError, match="expected a layer, got a model that it is a part of"):
            model.add(model)
    one.add(two)
    with pytest.raises(ValueError, match="'two' expected a layer, got a model that it is a part of"):
        two.add(one)
    base = rows_model("base", 4)
    with pytest.raises(ValueError, match="'dense' is found at dense/ and at base/dense/"):
        sn.Model(base.input, base(base.output))


def test_what_a_sequential_cannot_hold() -> None:
    a, b = sn.Input((4,)), sn.Input((4,))
    added = layers.Add()([a, b])
    with pytest.raises(ValueError, match=r"'several' .* expected a list of 2 tensors, got 1"):
        sn.Sequential([sn.Input((4,)), sn.Model([a, b], added, name="several")])
    outputs = sn.Model(a, [layers.Dense(1)(a), layers.Dense(2)(a)], name="outputs")
    with pytest.raises(ValueError, match=r"'outputs' .* expected to have a single output, .* got 2 outputs"):
        sn.Sequential([outputs])
    assert outputs._outputs == []


# Refusals


def test_tensors_that_a_model_does_not_take_are_refused() -> None:
    base = base_model()
    with pytest.raises(
        ValueError, match=r"'base' .*shape \(None, 6, 6, 2\) for its input 'input_layer', got \(None, 5"
    ):
        base(sn.Input((5, 5, 2)))
    with pytest.raises(ValueError, match=r"'base' has dtype float32 but its input from '.*' has float64"):
        base(sn.Input((6, 6, 2), dtype="float64"))
    with pytest.raises(ValueError, match=r"'base' .* expected a single tensor, got 2"):
        base([sn.Input((6, 6, 2)), sn.Input((6, 6, 2))])
    with pytest.raises(TypeError, match="'base' was called on a mix of graph tensors and arrays"):
        base([sn.Input((6, 6, 2)), X])
    with pytest.raises(ValueError, match=r"'waiting' .* expected to have layers .* got none"):
        sn.Sequential(name="waiting")(sn.Input((3,)))
    inner = two_and_two().get_layer("inner")
    with pytest.raises(ValueError, match="expected tensors for its inputs a, b, got a, c"):
        inner({"a": sn.Input((4,)), "c": sn.Input((4,))})
    assert base._outputs == []


def test_whole_numbers_go_into_a_nested_embedding() -> None:
    words = sn.Input((5,), dtype="int32")
    embedded = sn.Model(words, layers.Embedding(9, 3)(words), name="embedded")
    outer = sn.Input((5,), dtype="int64")
    model = sn.Model(outer, layers.Flatten()(embedded(outer)))
    numbers = np.arange(10).reshape(2, 5) % 9
    np.testing.assert_array_equal(model(numbers), embedded(numbers).reshape(2, 15))
    with pytest.raises(ValueError, match=r"'embedded' has dtype int32 but its input from '.*' has float32"):
        embedded(sn.Input((5,)))


def test_a_layer_of_ones_own_cannot_hold_a_model() -> None:
    class Holder(sn.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.parts = [rows_model("base")]

    with pytest.raises(ValueError, match=r"expected layers in its attributes, got the model 'base' in parts/0"):
        Holder(name="holder")(sn.Input((4,)))


def test_a_layer_in_two_models_of_one_graph_is_refused() -> None:
    inputs = sn.Input((4,))
    shared = layers.Dense(4, name="shared")(inputs)
    one, two = sn.Model(inputs, shared, name="one"), sn.Model(inputs, layers.Dense(2)(shared), name="two")
    outer = sn.Input((4,))
    with pytest.raises(ValueError, match="'shared' is found at one/shared/ and at two/shared/"):
        sn.Model(outer, [one(outer), two(outer)])


def test_its_name_is_fixed_once_it_is_a_layer() -> None:
    base = rows_model("base")
    base.name = "first"
    base(sn.Input((4,)))
    with pytest.raises(ValueError, match="'first' expected to keep its name as a layer of another model, got 'second'"):
        base.name = "second"
    with pytest.raises(ValueError, match="expected a name without '/', got 'a/b'"):
        rows_model("a/b")(sn.Input((4,)))
    with pytest.raises(TypeError, match="'first' has no weights beside its layers'"):
        base.add_weight("w", (3,))
    assert base.compute_output_shape((7, 4)) == (7, 3)
    with pytest.raises(ValueError, match=r"'first' .* expected inputs of shape \(None, 4\), got \(None, 5\)"):
        base.compute_output_shape((None, 5))


@pytest.mark.parametrize("size", [None, 5])
@pytest.mark.parametrize("own", [None, 7])
def test_it_takes_batches_of_any_size_wherever_a_size_is_fixed(own: int | None, size: int | None) -> None:
    inputs, outside = sn.Input((4,), own), sn.Input((4,), size)
    first = sn.layers.Dense(3)(inputs)
    base = sn.Model(inputs, [first, sn.layers.Dense(2)(first)])
    model = sn.Model(outside, base(outside))
    assert model.output_shape == base.compute_output_shape((size, 4)) == [(size, 3), (size, 2)]
    model.summary(print_fn=(shown := []).append)
    assert f"[({size}, 3)" in shown[0]
    for ours, alone in zip(model.predict(ROWS, verbose=0), base.predict(ROWS, verbose=0)):
        np.testing.assert_array_equal(ours, alone)


@pytest.mark.parametrize(("first", "second", "both"), [(5, 7, None), (None, 5, 5), (5, None, 5)])
def test_its_inputs_have_one_batch_size(first: int | None, second: int | None, both: int | None) -> None:
    a, b = sn.Input((4,)), sn.Input((3,))
    base = sn.Model([a, b], sn.layers.Concatenate()([a, b]))
    outside = [sn.Input((4,), first), sn.Input((3,), second)]
    if both is None:
        for call in (lambda: base(outside), lambda: base.compute_output_shape([t.shape for t in outside])):
            with pytest.raises(ValueError, match=r"expected inputs of one batch size, got \(5, 4\) and \(7, 3\)"):
                call()
    else:
        assert base(outside).shape == base.compute_output_shape([t.shape for t in outside]) == (both, 7)


def test_a_non_finite_number_is_traced_to_the_layer_inside(backend: str) -> None:
    base = rows_model("base", activation=None)
    model = compiled(with_last(base))
    base.params["dense/kernel"][...] = 3e38
    with pytest.raises(sn.errors.NonFiniteError, match="the output of layer 'base/dense' held the first"):
        model.train_on_batch(ROWS * 1e30, Y)


def with_last(base: sn.Model) -> sn.Model:
    inputs = sn.Input((4,))
    return sn.Model(inputs, layers.Dense(1, name="last")(base(inputs)))


# Copies and files


def transfer() -> sn.Model:
    augmentation = sn.Sequential([layers.RandomFlip("horizontal")], name="augmentation")
    base = base_model()
    base.trainable = False
    base.get_layer("norm").trainable = True
    inputs = sn.Input((6, 6, 2))
    x = base(augmentation(inputs), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return sn.Model(inputs, layers.Dense(1, name="conv")(x), name="transfer")


def through_a_file(model: sn.Model, folder: Path) -> sn.Model:
    model.save(folder / "model.safetensors")
    return sn.load_model(folder / "model.safetensors")


WAYS: list[Callable[[sn.Model, Path], sn.Model]] = [
    lambda model, folder: copy.deepcopy(model),
    lambda model, folder: copy.copy(model),
    lambda model, folder: pickle.loads(pickle.dumps(model)),
    through_a_file,
]


def data_for(model: sn.Model) -> tuple[Any, Any]:
    x = X if model.input_shape == (None, 6, 6, 2) else ROWS if len(model.inputs) == 1 else [ROWS, -ROWS]
    return x, np.tile(Y, (1, model.outputs[0].shape[-1] or 1))


@pytest.mark.parametrize("way", WAYS, ids=["deepcopy", "copy", "pickle", "file"])
@pytest.mark.parametrize("make", [transfer, *MANY])
def test_copies_go_on_with_the_same_bits(make: Callable[[], sn.Model], way: Any, tmp_path: Path) -> None:
    model = compiled(make(), sn.optimizers.Adam(0.01))
    x, y = data_for(model)
    model.fit(x, y, batch_size=5, verbose=0)
    twin = way(model, tmp_path)
    assert list(twin.named_weights) == list(model.named_weights)
    flags = [[(path, leaf.trainable) for path, leaf, _ in m.leaves()] for m in (model, twin)]
    assert flags[0] == flags[1]
    assert twin.graph.flat.paths.keys().isdisjoint(model.graph.flat.paths)
    for _ in range(2):
        for m in (model, twin):
            sn.utils.set_random_seed(3)
            m.fit(x, y, batch_size=5, verbose=0)
        for ours, theirs in zip(model.get_weights(), twin.get_weights()):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.predict(x, verbose=0), twin.predict(x, verbose=0))
    texts: list[str] = []
    for m in (model, twin):
        m.summary(expand_nested=True, show_trainable=True, print_fn=texts.append)
    assert texts[0] == texts[1]


def test_a_file_keeps_the_mode_of_each_call(tmp_path: Path) -> None:
    inputs = sn.Input((30,))
    base = sn.Model(inputs, layers.Dropout(0.5)(inputs))
    outer = sn.Input((30,))
    model = sn.Model(outer, [base(outer, training=True), base(outer), base(outer, training=False)])
    loaded = through_a_file(model, tmp_path)
    ones = np.ones((4, 30))
    for m in (model, loaded):
        assert [bool((y == 0).any()) for y in m(ones, training=True)] == [True, True, False]
        assert [bool((y == 0).any()) for y in m(ones, training=False)] == [True, False, False]


def test_a_file_is_loaded_with_a_class_of_ones_own_inside(tmp_path: Path) -> None:
    class Twice(sn.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            return 2 * x

        def backward(self, dy: Any) -> Any:
            return 2 * dy

    inputs = sn.Input((4,))
    base = sn.Model(inputs, Twice()(inputs), name="base")
    outer = sn.Input((4,))
    model = sn.Model(outer, layers.Dense(2)(base(outer)))
    model.save(tmp_path / "model")
    with pytest.raises(sn.errors.ModelFileError, match="unknown layer class 'Twice'"):
        sn.load_model(tmp_path / "model")
    loaded = sn.load_model(tmp_path / "model", {"Twice": Twice})
    np.testing.assert_array_equal(loaded(ROWS), model(ROWS))


def test_numbers_that_a_layer_inside_would_lose_are_found(tmp_path: Path) -> None:
    class Counts(sn.Layer):
        def build(self, input_shape: Any) -> None:
            self.sums = np.zeros(input_shape[1], self.dtype)

        def forward(self, x: Any, training: bool = False) -> Any:
            if training:
                self.sums = self.sums + x.sum(0)
            return x + self.sums

        def backward(self, dy: Any) -> Any:
            return dy

    inputs = sn.Input((4,))
    base = sn.Model(inputs, Counts(name="counts")(inputs))
    outer = sn.Input((4,))
    model = sn.Model(outer, base(outer))
    model(ROWS, training=True)
    with pytest.raises(ValueError, match=r"'counts' .* keeps numbers in self\.sums that would be lost"):
        model.save(tmp_path / "model")


# Summary


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"positions": [0.5, 1.0]}, "positions of summary expected 3 numbers"),
        ({"positions": [0.5, 0.51, 1.0]}, "expected each column to be at least 4 characters wide"),
        ({"positions": [0.5, 0.7, "x"]}, "positions of summary expected a finite number"),
        ({"layer_range": ["base"]}, "layer_range of summary expected the names of two layers"),
        ({"layer_range": ["base", 3]}, "layer_range of summary expected the names of two layers"),
        ({"layer_range": ["base", "nix"]}, "layer_range of summary expected two of the layers input_layer_1, base, "),
        ({"expand_nested": 1}, "expand_nested of summary expected True or False"),
        ({"show_trainable": "yes"}, "show_trainable of summary expected True or False"),
    ],
)
def test_a_summary_says_what_it_does_not_understand(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_head(base_model()).summary(**arguments)


def test_trainable_counts_of_a_summary() -> None:
    model = transfer()
    text: list[str] = []
    model.summary(print_fn=text.append)
    assert "Trainable params: 4 (16.00 B)" in text[0]
    model.trainable = True
    model.summary(print_fn=text.append, expand_nested=True)
    assert "Trainable params: 67 (268.00 B)" in text[1]
    assert "└ norm (BatchNormalization)" in text[1]


# Laws


@given(st.data())
@settings(max_examples=25)
def test_however_a_chain_is_cut_into_models_it_is_the_same_network(data: st.DataObject) -> None:
    sn.config.set_backend(data.draw(st.sampled_from(["numpy", "numba"])))
    kinds = st.sampled_from(["dense", "norm", "relu", "dropout"])
    chain: list[sn.Layer] = []
    for i, kind in enumerate(data.draw(st.lists(kinds, min_size=1, max_size=6))):
        made = {
            "dense": lambda name: layers.Dense(3, "tanh", name=name),
            "norm": lambda name: layers.BatchNormalization(name=name),
            "relu": lambda name: layers.ReLU(negative_slope=0.25, name=name),
            "dropout": lambda name: layers.Dropout(0.25, seed=4, name=name),
        }[kind](f"{kind}{i}")
        made.trainable = data.draw(st.booleans())
        chain.append(made)
    chain.append(layers.Dense(1, name="last"))
    flat = sn.Sequential([sn.Input((4,)), *chain])
    nested = nest([copy.deepcopy(layer) for layer in flat.layers], data.draw)
    assert [a.shape for a in nested.get_weights()] == [a.shape for a in flat.get_weights()]
    for model in (flat, nested):
        sn.utils.set_random_seed(1)
        compiled(model, sn.optimizers.Adam(0.01)).fit(ROWS, Y, batch_size=7, verbose=0)
    for ours, theirs in zip(nested.get_weights(), flat.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(nested.predict(ROWS, verbose=0), flat.predict(ROWS, verbose=0))


def nest(chain: list[sn.Layer], draw: Any, depth: int = 0) -> sn.Model:
    """The chain as a model of models, of either kind, cut at random."""
    shape = chain[0].input_shape
    parts: list[sn.Layer] = []
    while chain:
        size = draw(st.integers(1, len(chain)))
        part, chain = chain[:size], chain[size:]
        parts += [nest(part, draw, depth + 1)] if depth < 3 and draw(st.booleans()) else part
    if draw(st.booleans()):
        return sn.Sequential([sn.Input(shape[1:]), *parts])
    x = inputs = sn.Input(shape[1:])
    for layer in parts:
        x = layer(x)
    return sn.Model(inputs, x)
