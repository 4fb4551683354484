"""The differences that docs/keras-differences.md lists, shown on both sides: one that has gone must leave the list."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet
from reference.environment import floatx, keras, tf
from scratchnet import interop
from scratchnet.errors import NonFiniteError, unknown_name
from scratchnet.utils.naming import snake_case
from tests.reference.absent import absent

SPARSE = "sparse_categorical_crossentropy"
BOTH = [scratchnet, keras]
X, Y = np.linspace(-1, 1, 12).reshape(4, 3), np.array([0, 1, 0, 1])


def classifier(library, activation="softmax", loss=SPARSE, **compiled):
    layers = [library.layers.Dense(2, activation=activation)]
    model = library.Sequential([library.Input((3,)), *layers])
    model.compile(optimizer="sgd", loss=loss, **compiled)
    model.set_weights([np.array([[1.0, -1.0], [0.5, 2.0], [-1.5, 0.25]]), np.array([0.5, -0.5])])
    return model


def refuses(act, error=ValueError) -> bool:
    try:
        act()
    except error:
        return True
    return False


# Numbers


def test_keras_rounds_a_python_number_to_float32_on_its_way_to_float64() -> None:
    assert float(keras.ops.cast(0.999, "float64")) == float(np.float32(0.999)) != 0.999
    assert scratchnet.optimizers.Adam().beta_2 == 0.999


@pytest.mark.usefixtures("eagerly")
def test_keras_squares_the_gradients_of_a_row_that_is_looked_up_twice_one_by_one() -> None:
    steps = []
    for lib in BOTH:
        inputs = lib.Input((3,))
        model = lib.Model(inputs, lib.layers.Embedding(3, 1, embeddings_initializer="zeros")(inputs))
        model.compile(lib.optimizers.RMSprop(0.1), "mse")
        model.train_on_batch(np.array([[0, 0, 1]]), np.array([[[1.0], [3.0], [5.0]]]))
        steps.append(model.get_weights()[0][:2, 0])
    ours, theirs = steps
    full = 0.1 / np.sqrt(1 - 0.9)  # a first step does not depend on the gradient's size
    np.testing.assert_allclose(ours, [full, full], rtol=1e-5)
    np.testing.assert_allclose(theirs, [full * np.sqrt((1 + 3) ** 2 / (1**2 + 3**2)), full], rtol=1e-5)


def test_keras_takes_what_went_into_a_sigmoid_for_logits_of_a_softmax() -> None:
    ours, theirs = (model.evaluate(X, Y, verbose=0) for model in (classifier(lib, "sigmoid") for lib in BOTH))
    z = X @ np.array([[1.0, -1.0], [0.5, 2.0], [-1.5, 0.25]]) + [0.5, -0.5]  # (N, 2)
    p = 1 / (1 + np.exp(-z))
    rows = np.arange(len(Y))
    of_probabilities = -np.log(p[rows, Y] / p.sum(axis=1)).mean()
    of_softmax = -(z[rows, Y] - np.log(np.exp(z).sum(axis=1))).mean()
    assert ours == pytest.approx(of_probabilities, rel=1e-5)
    assert theirs == pytest.approx(of_softmax, rel=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_keras_goes_back_behind_a_softmax_when_told_from_logits() -> None:
    losses = {lib: lib.losses.SparseCategoricalCrossentropy(from_logits=True) for lib in BOTH}
    ours, theirs = (classifier(lib, loss=losses[lib]).evaluate(X, Y, verbose=0) for lib in BOTH)
    right = classifier(scratchnet).evaluate(X, Y, verbose=0)
    assert theirs == pytest.approx(right, rel=1e-5)
    assert abs(ours - right) > 0.01


def test_both_warn_of_from_logits_after_a_softmax() -> None:
    for lib in BOTH:
        loss = lib.losses.SparseCategoricalCrossentropy(from_logits=True)
        with pytest.warns(UserWarning, match="from_logits=True"):
            classifier(lib, loss=loss).train_on_batch(X, Y)


def test_keras_has_no_top_k_in_float64() -> None:
    with floatx("float64"):
        metrics = ["sparse_top_k_categorical_accuracy"]
        assert classifier(scratchnet, metrics=metrics).evaluate(X, Y, verbose=0)[1] == 1
        assert refuses(lambda: classifier(keras, metrics=metrics).evaluate(X, Y, verbose=0), TypeError)


# Refused here and accepted there


def fit_with(library, *callbacks, optimizer="sgd"):
    model = classifier(library)
    model.compile(optimizer=optimizer, loss=SPARSE)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=list(callbacks))


def used(layer: Any) -> Any:
    layer(np.ones((1, 1)))
    return layer


def set_amsgrad(lib: Any) -> None:
    model = lib.Sequential([lib.Input((1,)), lib.layers.Dense(1)])
    model.compile(lib.optimizers.Adam(), "mse")
    model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
    model.optimizer.amsgrad = True


def build_for_another_shape(library):
    inputs = library.Input((3,))
    library.Model(inputs, library.layers.Dense(1)(inputs)).build((None, 9))


def change_units(library):
    model = classifier(library)
    model.layers[0].units = 9
    model.predict(X, verbose=0)


REFUSED = {
    "NaN in the data": lambda lib: classifier(lib).train_on_batch(X * np.nan, Y),
    "fractional labels": lambda lib: classifier(lib).train_on_batch(X, Y + 0.5),
    "negative sample weights": lambda lib: classifier(lib).train_on_batch(X, Y, sample_weight=-np.ones(4)),
    "an input without an output": lambda lib: lib.Model(
        [used := lib.Input((3,)), lib.Input((2,))], lib.layers.Dense(1)(used)
    ),
    "several dtypes": lambda lib: lib.layers.Dense(2, dtype="float64")(lib.Input((2,), dtype="float32")),
    "Add of several shapes": lambda lib: lib.layers.Add()([lib.Input((1, 3)), lib.Input((2, 3))]),
    "compile without a loss": lambda lib: lib.Sequential([lib.layers.Dense(1)]).compile(optimizer="sgd"),
    "no epochs": lambda lib: classifier(lib).fit(X, Y, epochs=0, verbose=0),
    "no batch": lambda lib: classifier(lib).fit(X, Y, batch_size=0, verbose=0),
    "unknown sizes": lambda lib: lib.Input((None, 3)),
    "a metric that never comes": lambda lib: fit_with(lib, lib.callbacks.EarlyStopping("val_los", mode="min")),
    "validation data forgotten": lambda lib: fit_with(lib, lib.callbacks.EarlyStopping()),
    "negative patience": lambda lib: fit_with(lib, lib.callbacks.EarlyStopping("loss", patience=-1)),
    "NaN for min_delta": lambda lib: fit_with(lib, lib.callbacks.EarlyStopping("loss", min_delta=float("nan"))),
    "an unknown mode": lambda lib: fit_with(lib, lib.callbacks.EarlyStopping("loss", mode="maximum")),
    "save_freq=0": lambda lib: lib.callbacks.ModelCheckpoint("best.keras", save_freq=0),
    "a size changed after build": change_units,
    "a model built for another shape": build_for_another_shape,
    "a momentum below 0, set later": lambda lib: setattr(lib.optimizers.SGD(), "momentum", -1),
    "a rate above 1, set later": lambda lib: setattr(used(lib.layers.Dropout(0.5)), "rate", 2.0),
    "AMSGrad after the first step": set_amsgrad,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", REFUSED)
def test_refused_here_and_accepted_there(what: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        REFUSED[what](scratchnet)
    REFUSED[what](keras)


def test_lr_is_no_attribute_here_and_without_effect_there() -> None:
    with pytest.raises(AttributeError, match="did you mean 'learning_rate'"):
        scratchnet.optimizers.SGD(0.5).lr = 0.1
    theirs = keras.optimizers.SGD(0.5)
    theirs.lr = 0.1
    assert float(theirs.learning_rate) == 0.5


def test_an_optimizer_that_is_set_is_refused_here_and_without_effect_there() -> None:
    ours, theirs = map(classifier, BOTH)
    with pytest.raises(AttributeError, match="compile"):
        ours.optimizer = scratchnet.optimizers.SGD(0.0)
    theirs.fit(X, Y, verbose=0)
    theirs.optimizer = keras.optimizers.SGD(0.0)
    before = theirs.get_weights()
    theirs.fit(X, Y, verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, theirs.get_weights()))  # by the optimizer before


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_loss_that_overflows_stops_here_and_goes_on_there() -> None:
    """That Keras goes on is what it does everywhere; what its weights become depends on the processor."""
    models = [classifier(lib, None, "mean_squared_error") for lib in BOTH]
    x, y = np.full((2, 3), 1e30), np.zeros((2, 2))
    before = models[0].get_weights()
    with pytest.raises(NonFiniteError):
        models[0].train_on_batch(x, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, models[0].get_weights()))
    assert not np.isfinite(models[1].train_on_batch(x, y))
    assert models[1].optimizer.iterations == 1


# Accepted here and refused there


def test_strides_with_dilation_are_refused_there() -> None:
    model = scratchnet.Sequential(
        [scratchnet.Input((7, 7, 1)), scratchnet.layers.Conv2D(1, 2, strides=2, dilation_rate=2)]
    )
    assert model.predict(np.ones((1, 7, 7, 1)), verbose=0).shape == (1, 3, 3, 1)
    with pytest.raises(ValueError, match="not supported in conjunction"):
        keras.layers.Conv2D(1, 2, strides=2, dilation_rate=2)


def test_class_and_sample_weights_together_are_multiplied_here_and_refused_there() -> None:
    given = {"batch_size": 4, "shuffle": False, "verbose": 0}
    together, product = classifier(scratchnet), classifier(scratchnet)
    together.fit(X, Y, class_weight={1: 2.0}, sample_weight=np.array([1.0, 2, 3, 4]), **given)
    product.fit(X, Y, sample_weight=np.array([1.0, 4, 3, 8]), **given)
    assert all(np.array_equal(a, b) for a, b in zip(together.get_weights(), product.get_weights()))
    assert refuses(lambda: classifier(keras).fit(X, Y, class_weight={1: 2.0}, sample_weight=np.ones(4), **given))


def test_an_optimizer_of_two_models_is_refused_there_and_starts_afresh_here() -> None:
    for lib in BOTH:
        rule, models = lib.optimizers.Adam(0.01), [classifier(lib) for _ in range(2)]
        for model in models:
            model.compile(optimizer=rule, loss=SPARSE)
            first = model is models[0]
            assert refuses(lambda m=model: m.train_on_batch(X, Y)) is (lib is keras and not first)
        if lib is scratchnet:
            assert int(rule.iterations) == 1
            assert refuses(lambda m=models[0]: m.train_on_batch(X, Y), RuntimeError)


# Form


@pytest.mark.usefixtures("eagerly")
def test_an_optimizer_that_is_compiled_again_starts_afresh_here_and_goes_on_there() -> None:
    steps = []
    for lib in BOTH:
        rule, model = lib.optimizers.Adam(0.01), classifier(lib)
        for _ in range(2):
            model.compile(optimizer=rule, loss=SPARSE)
            model.train_on_batch(X, Y)
        steps.append(int(rule.iterations))
    assert steps == [1, 2]


def test_accuracy_as_an_object_counts_classes_here_and_equal_numbers_there() -> None:
    model = classifier(scratchnet, metrics=[scratchnet.metrics.Accuracy()])
    assert (
        model.evaluate(X, Y, verbose=0)[1] == classifier(keras, metrics=["accuracy"]).evaluate(X, Y, verbose=0)[1] > 0
    )
    theirs = keras.metrics.Accuracy()
    theirs.update_state(np.array([0, 1]), np.array([0.25, 1.0]))
    assert float(theirs.result()) == 0.5


@pytest.mark.parametrize(("name", "kwargs"), [("CategoricalAccuracy", {}), ("TopKCategoricalAccuracy", {"k": 1})])
def test_class_numbers_are_class_numbers_whatever_the_metric_is_called(name: str, kwargs: dict[str, Any]) -> None:
    labels, scores = np.array([[1], [2], [0]]), np.eye(3, dtype="float32")[[1, 2, 2]]
    ours, theirs = (getattr(module.metrics, name)(**kwargs) for module in (scratchnet, keras))
    for metric in (ours, theirs):
        metric.update_state(labels, scores)
    assert float(ours.result()) == pytest.approx(2 / 3)
    assert float(theirs.result()) == 0.0


def test_a_metric_says_which_direction_is_better_in_words_of_its_own() -> None:
    assert scratchnet.metrics.Accuracy.better == "max"
    assert keras.metrics.SparseCategoricalAccuracy()._direction == "up"


def test_a_scheduler_over_a_schedule_is_refused_with_errors_of_two_kinds() -> None:
    for lib, decay, error in (
        (scratchnet, scratchnet.schedules.ExponentialDecay, ValueError),
        (keras, keras.optimizers.schedules.ExponentialDecay, TypeError),
    ):
        rule = lib.optimizers.SGD(decay(0.1, 10, 0.5))
        scheduler = lib.callbacks.LearningRateScheduler(lambda epoch: 0.1)
        assert refuses(lambda lib=lib, rule=rule, s=scheduler: fit_with(lib, s, optimizer=rule), error)


def test_the_default_optimizers() -> None:
    names = []
    for lib in BOTH:
        model = lib.Sequential([lib.layers.Dense(1)])
        model.compile(loss="mse")
        names.append(type(model.optimizer).__name__)
    assert names == ["Adam", "RMSprop"]


def test_auto_is_a_line_an_epoch_here_and_a_bar_there_when_nobody_looks() -> None:
    printed = []
    for lib in BOTH:
        with redirect_stdout(io.StringIO()) as out:
            classifier(lib).fit(X, Y)
        printed.append(out.getvalue())
    assert printed[0].startswith("1/1 - ")
    assert "━" in printed[1]


def test_a_bar_in_a_file_is_drawn_once_here_and_many_times_there() -> None:
    printed = []
    for lib in BOTH:
        with redirect_stdout(io.StringIO()) as out:
            classifier(lib).fit(np.repeat(X, 3000, 0), np.repeat(Y, 3000), batch_size=16, verbose=1)
        printed.append(out.getvalue())
    assert "\r" not in printed[0]
    assert printed[0].count("750/750") == 1
    assert printed[1].count("\r") > 1


@pytest.mark.usefixtures("eagerly")
def test_models_and_layers_return_numpy_arrays_here_and_tensors_there() -> None:
    assert isinstance(classifier(scratchnet)(X), np.ndarray)
    assert isinstance(classifier(keras)(X), tf.Tensor)


def test_a_sum_in_a_graph_is_a_layer_here_and_an_operation_there() -> None:
    a = scratchnet.Input((2,))
    assert isinstance((a + a).layer, scratchnet.layers.Add)
    b = keras.Input((2,))
    assert not isinstance((b + b)._keras_history.operation, keras.layers.Layer)
    with pytest.raises(ValueError, match=r"the operation 'add\w*' \(Add\), which is no layer"):
        interop.from_keras(keras.Model(b, b + b))


def test_the_mode_of_a_call_is_kept_here_and_overruled_there() -> None:
    for lib, kept in zip(BOTH, (True, False)):
        inputs = lib.Input((3,))
        model = lib.Model(inputs, lib.layers.Dropout(0.5)(inputs, training=True))
        assert (model.predict(np.ones((9, 3)), verbose=0) == 0).any() == kept
        base = lib.Sequential([lib.Input((3,)), lib.layers.BatchNormalization()])
        outer = lib.Input((3,))
        model = lib.Model(outer, base(outer, training=False))
        model.compile(optimizer="sgd", loss="mse")
        model.fit(X, X, verbose=0)
        assert bool(np.array_equal(base.get_weights()[2], np.zeros(3))) == kept


def test_what_is_trainable_may_be_thawed_again_here() -> None:
    for lib, thaws in zip(BOTH, (True, False)):
        model = classifier(lib)
        model.layers[0].trainable = False
        model.trainable = True
        assert model.layers[0].trainable is thaws


def test_batches_matter_where_a_layer_always_trains_here() -> None:
    inputs = scratchnet.Input((3,))
    model = scratchnet.Model(inputs, scratchnet.layers.BatchNormalization()(inputs, training=True))
    assert not np.allclose(model.predict(X, batch_size=2, verbose=0), model.predict(X, batch_size=4, verbose=0))


def test_a_layer_in_two_nested_models_is_refused_here_and_cannot_be_loaded_there(tmp_path: Path) -> None:
    def make(lib: Any) -> Any:
        inputs = lib.Input((3,))
        hidden = lib.layers.Dense(3)(inputs)
        one, two = lib.Model(inputs, hidden), lib.Model(inputs, lib.layers.Dense(2)(hidden))
        outer = lib.Input((3,))
        return lib.Model(outer, [one(outer), two(outer)])

    assert refuses(lambda: make(scratchnet))
    with warnings.catch_warnings(action="ignore"):
        make(keras).save(tmp_path / "model.keras")
        assert refuses(lambda: keras.models.load_model(tmp_path / "model.keras"))


def test_a_sequential_in_a_model_gets_no_more_layers_here() -> None:
    for lib, allowed in zip(BOTH, (False, True)):
        inner = lib.Sequential([lib.Input((3,)), lib.layers.Dense(3)])
        lib.Sequential([inner, lib.layers.Dense(1)])
        assert refuses(lambda inner=inner, lib=lib: inner.add(lib.layers.Dense(7))) is not allowed


def test_a_layer_cannot_hold_a_model_here() -> None:
    for lib, allowed in zip(BOTH, (False, True)):

        class Holder(lib.layers.Layer if lib is keras else lib.Layer):  # type: ignore[misc]
            def __init__(self, model: Any) -> None:
                super().__init__()
                self.model = model

            def call(self, x: Any) -> Any:
                return self.model(x)

        assert refuses(lambda: Holder(classifier(lib))(lib.Input((3,)))) is not allowed  # noqa: B023


def test_a_nested_model_takes_its_own_shape_and_dtype_here() -> None:
    for lib, allowed in zip(BOTH, (False, True)):
        base = classifier(lib)
        for given in (lib.Input((3, 1)), lib.Input((3,), dtype="float64")):
            assert refuses(lambda base=base, given=given: base(given)) is not allowed


def test_the_name_of_a_nested_model_is_fixed_here() -> None:
    for lib, allowed in zip(BOTH, (False, True)):
        base = classifier(lib)
        base(lib.Input((3,)))
        assert refuses(lambda base=base: setattr(base, "name", "other")) is not allowed


def test_a_nested_model_is_saved_as_a_layer_here_and_compiled_there(tmp_path: Path) -> None:
    for lib, load in ((scratchnet, scratchnet.load_model), (keras, keras.models.load_model)):
        base = classifier(lib)
        outer = lib.Input((3,))
        with warnings.catch_warnings(action="ignore"):  # Keras's way to NumPy is deprecated
            lib.Model(outer, base(outer)).save(tmp_path / "model.keras")
            loaded = load(tmp_path / "model.keras").layers[1]
        assert (loaded.optimizer is not None) == (lib is keras)


def test_outputs_given_by_name_take_no_lists_here() -> None:
    for lib, takes in zip(BOTH, (False, True)):
        inputs = lib.Input((3,))
        outputs = {"second": lib.layers.Dense(1)(inputs), "first": lib.layers.Dense(1)(inputs)}
        model = lib.Model(inputs, outputs)
        model.compile(optimizer="sgd", loss={"first": "mse", "second": "mse"})
        y = np.zeros((4, 1))
        assert refuses(lambda m=model, y=y: m.train_on_batch(X, [y, y])) is not takes


def test_what_a_dict_of_inputs_has_besides_is_refused_here() -> None:
    for lib, takes in zip(BOTH, (False, True)):
        a, b = lib.Input((3,), name="a"), lib.Input((3,), name="b")
        model = lib.Model([a, b], lib.layers.Add()([a, b]))
        assert refuses(lambda m=model: m.predict({"a": X, "b": X, "c": X}, verbose=0)) is not takes


def test_a_loss_for_the_first_output_only_is_refused_here() -> None:
    for lib, takes in zip(BOTH, (False, True)):
        inputs = lib.Input((3,))
        model = lib.Model(inputs, [lib.layers.Dense(1)(inputs), lib.layers.Dense(1)(inputs)])
        y = np.zeros((4, 1))

        def train(model: Any = model, y: np.ndarray = y) -> None:
            model.compile(optimizer="sgd", loss=["mse"])
            model.train_on_batch(X, [y, y])

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert refuses(train) is not takes


# What is not here


DOCUMENT = Path(__file__).parents[2] / "docs" / "keras-differences.md"


def listed() -> dict[str, list[str]]:
    """Return the document's last table: names by kind."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## What is not here")[1]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return {kind.strip(): re.findall(r"`(\w+)`", names) for kind, names in rows}


def test_what_is_absent_is_listed_and_what_is_listed_is_absent() -> None:
    assert listed() == absent()


KINDS: dict[str, tuple[str, Any]] = {
    "layers": ("layer", str),
    "losses": ("loss", snake_case),
    "metrics": ("metric", snake_case),
    "optimizers": ("optimizer", str.lower),
    "initializers": ("initializer", snake_case),
    "activations": ("activation", str),
    "callbacks": ("callback", str),
    "utils": ("utility", str),
    "saving": ("name in saving", str),
    "config": ("setting", str),
    "modules": ("name", str),
}


def test_each_module_tells_what_it_has_not() -> None:
    assert {where for where in absent() if " " not in where} == KINDS.keys()


@pytest.mark.parametrize("module", KINDS)
def test_an_absent_name_is_told_to_be_keras(module: str) -> None:
    kind, spelling = KINDS[module]
    names = [name for name in absent()[module] if "Convolution" not in name]  # near enough to Conv… to get advice
    untold = [n for n in names if "Keras has it" not in str(unknown_name(kind, spelling(n), []))]
    assert untold == []


def test_an_absent_argument_is_told_to_be_keras_where_it_is_given() -> None:
    owners = {key.split("`")[1]: names for key, names in absent().items() if key.startswith("arguments of ")}
    assert len(owners) > 5
    for path, names in owners.items():
        owner: Any = scratchnet
        for part in path.split("."):
            owner = getattr(owner, part)
        needed = (1,) if path.startswith("layers.") else ()  # what a layer cannot be without comes first
        for name in names:
            with pytest.raises(TypeError, match=f"{name}': Keras has it"):
                owner(*needed, **{name: None})


def test_one_number_for_a_batch_counts_once_in_keras() -> None:
    def worst(y_true: Any, y_pred: Any) -> Any:
        return y_pred[0, 0]

    theirs = keras.metrics.MeanMetricWrapper(worst)
    for value, samples in ((1.0, 9), (0.0, 1)):
        theirs.update_state(np.zeros((samples, 1)), np.full((samples, 1), value))
    assert float(theirs.result()) == 0.5
    with pytest.raises(ValueError, match="a number for each of 9 samples"):
        scratchnet.metrics.get(worst).update_state(np.zeros((9, 1)), np.ones((9, 1)))


def test_a_weight_is_a_samples_also_with_more_axes() -> None:
    y, y_pred = np.zeros((2, 2, 3)), np.ones((2, 2, 3)) * np.array([1.0, 2.0])[:, None, None]
    weight = np.array([1.0, 0.0])
    assert scratchnet.losses.MeanSquaredError()(y, y_pred, weight) == 0.5
    assert float(keras.losses.MeanSquaredError()(y, y_pred, weight)) == 1.25


def test_losses_that_training_cannot_follow_are_refused() -> None:
    for reduction in ("none", None):
        classifier(keras, loss=keras.losses.MeanSquaredError(reduction))
        with pytest.raises(ValueError, match="which training can follow"):
            classifier(scratchnet, loss=scratchnet.losses.MeanSquaredError(reduction))
    for make in (lambda losses: losses.Huber(0.0), lambda losses: losses.BinaryCrossentropy(label_smoothing=2.0)):
        make(keras.losses)
        with pytest.raises(ValueError, match="expected a finite number"):
            make(scratchnet.losses)


def test_keras_takes_what_went_into_a_softmax_for_the_logits_of_a_sigmoid() -> None:
    values = []
    for library in BOTH:
        model = library.Sequential([library.Input((3,)), library.layers.Dense(2, "softmax")])
        model.set_weights([np.eye(3, 2), np.zeros(2)])
        model.compile("sgd", "binary_crossentropy")
        loss = model.evaluate(np.array([[2.0, -1.0, 0.0]]), np.array([[1.0, 0.0]]), verbose=0)
        values.append(loss[0] if isinstance(loss, list) else loss)
    surprise = [np.log1p(np.exp(-3.0)), np.log1p(np.exp(-2.0)) / 2 + np.log1p(np.exp(-1.0)) / 2]
    np.testing.assert_allclose(values, surprise, rtol=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_a_metric_that_is_weighted_as_well_comes_once_in_a_list() -> None:
    weights = np.array([1.0, 2.0, 3.0, 5.0])
    ours, theirs = (
        classifier(lib, metrics=["accuracy"], weighted_metrics=["accuracy"]).evaluate(
            X, Y, sample_weight=weights, verbose=0
        )
        for lib in BOTH
    )
    loss, plain, weighted = theirs[0], theirs[1], theirs[3]
    assert theirs[2] == plain != weighted
    assert ours == pytest.approx([loss, plain, weighted], rel=1e-6)


def test_several_thresholds_are_several_metrics_in_training() -> None:
    for library in BOTH:
        metric = library.metrics.Precision([0.2, 0.5])
        metric.update_state([1, 0], [0.9, 0.3])
        assert np.shape(metric.result()) == (2,)
    classifier(keras, loss="mse", metrics=[keras.metrics.Precision([0.2, 0.5])])
    with pytest.raises(ValueError, match="make one metric for each threshold"):
        classifier(scratchnet, loss="mse", metrics=[scratchnet.metrics.Precision([0.2, 0.5])])


def test_weights_are_not_broadcast_over_samples() -> None:
    y, p, weight = np.ones((2, 2)), np.ones((2, 2)), np.array([[1.0, 0.0]])
    keras.metrics.BinaryAccuracy().update_state(y, p, weight)
    with pytest.raises(ValueError, match="expected sample_weight of shape"):
        scratchnet.metrics.BinaryAccuracy().update_state(y, p, weight)
    keras.metrics.SparseCategoricalAccuracy().update_state([[0], [0]], np.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="expected labels of shape"):
        scratchnet.metrics.SparseCategoricalAccuracy().update_state([[0], [0]], np.ones((1, 2, 3)))


def test_a_loss_of_predictions_without_outputs_has_as_many_samples_here_and_one_there() -> None:
    y, p = np.array([0.0, 1.0]), np.array([2.0, 2.0])
    assert scratchnet.losses.MeanSquaredError("sum")(y, p) == 5.0
    assert float(keras.losses.MeanSquaredError("sum")(y, p)) == 2.5
    assert float(keras.losses.mean_squared_error(y, p)) == scratchnet.losses.mean_squared_error(y, p) == 2.5
