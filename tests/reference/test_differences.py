"""The differences that docs/keras-differences.md lists, shown on both sides: one that has gone must leave the list."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import numpy as np
import pytest

import reference
import scratchnet
from reference.environment import floatx, keras, tf
from scratchnet.errors import NonFiniteError

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
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", REFUSED)
def test_refused_here_and_accepted_there(what: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        REFUSED[what](scratchnet)
    REFUSED[what](keras)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_loss_that_overflows_stops_here_and_goes_on_there() -> None:
    models = [classifier(lib, None, "mean_squared_error") for lib in BOTH]
    x, y = np.full((2, 3), 1e30), np.zeros((2, 2))
    before = models[0].get_weights()
    with pytest.raises(NonFiniteError):
        models[0].train_on_batch(x, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, models[0].get_weights()))
    models[1].train_on_batch(x, y)
    assert not np.isfinite(models[1].get_weights()[0]).any()


# Accepted here and refused there


def test_strides_with_dilation_are_refused_there() -> None:
    model = scratchnet.Sequential(
        [scratchnet.Input((7, 7, 1)), scratchnet.layers.Conv2D(1, 2, strides=2, dilation_rate=2)]
    )
    assert model.predict(np.ones((1, 7, 7, 1)), verbose=0).shape == (1, 3, 3, 1)
    with pytest.raises(ValueError, match="not supported in conjunction"):
        keras.layers.Conv2D(1, 2, strides=2, dilation_rate=2)


def test_windows_on_images_that_are_refused_there() -> None:
    x = np.ones((1, 4, 5, 2))
    for name, arguments in [
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 2, "strides": 2, "dilation_rate": 2}),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 2, "dilation_rate": 2, "dtype": "float64"}),
        ("DepthwiseConv2D", {"kernel_size": 2, "strides": (1, 2), "dtype": "float64"}),
        ("SeparableConv2D", {"filters": 1, "kernel_size": 2, "strides": (1, 2), "dtype": "float64"}),
        ("AveragePooling2D", {}),
    ]:
        assert getattr(scratchnet.layers, name)(**arguments)(x).ndim == 4
        error = (ValueError, TypeError, tf.errors.InvalidArgumentError)
        assert refuses(lambda name=name, arguments=arguments: getattr(keras.layers, name)(**arguments)(x), error)


def test_images_are_channels_last_here_and_up_sampled_in_two_ways() -> None:
    for arguments in ({"data_format": "channels_first"}, {"interpolation": "bicubic"}, {"interpolation": "lanczos3"}):
        assert refuses(lambda arguments=arguments: scratchnet.layers.UpSampling2D(**arguments))
        keras.layers.UpSampling2D(**arguments)(np.ones((1, 3, 3, 3)))


def test_keras_blends_pixels_in_float32_in_float64_too() -> None:
    x = np.random.default_rng(0).standard_normal((1, 3, 3, 1))
    ours, theirs = (lib.layers.UpSampling2D(3, interpolation="bilinear", dtype="float64")(x) for lib in BOTH)
    assert theirs.dtype == "float64"
    assert 1e-10 < np.abs(ours - theirs).max() < 1e-6


def test_class_and_sample_weights_together_are_multiplied_here_and_refused_there() -> None:
    given = {"batch_size": 4, "shuffle": False, "verbose": 0}
    together, product = classifier(scratchnet), classifier(scratchnet)
    together.fit(X, Y, class_weight={1: 2.0}, sample_weight=np.array([1.0, 2, 3, 4]), **given)
    product.fit(X, Y, sample_weight=np.array([1.0, 4, 3, 8]), **given)
    assert all(np.array_equal(a, b) for a, b in zip(together.get_weights(), product.get_weights()))
    assert refuses(lambda: classifier(keras).fit(X, Y, class_weight={1: 2.0}, sample_weight=np.ones(4), **given))


# Form


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


def test_models_and_layers_return_numpy_arrays_here_and_tensors_there() -> None:
    assert isinstance(classifier(scratchnet)(X), np.ndarray)
    assert isinstance(classifier(keras)(X), tf.Tensor)


def test_a_sum_in_a_graph_is_a_layer_here_and_an_operation_there() -> None:
    a = scratchnet.Input((2,))
    assert isinstance((a + a).layer, scratchnet.layers.Add)
    b = keras.Input((2,))
    assert not isinstance((b + b)._keras_history.operation, keras.layers.Layer)
    with pytest.raises(ValueError, match=r"the operation 'add\w*' \(Add\), which is no layer"):
        reference.from_keras(keras.Model(b, b + b))


def test_models_are_not_nested_here() -> None:
    with pytest.raises(TypeError, match="cannot be nested"):
        classifier(scratchnet)(scratchnet.Input((3,)))
    assert classifier(keras)(keras.Input((3,))).shape == (None, 2)


def test_several_outputs_can_only_be_trained_there() -> None:
    for lib, trains in zip(BOTH, (False, True)):
        inputs = lib.Input((3,))
        model = lib.Model(inputs, [lib.layers.Dense(1)(inputs), lib.layers.Dense(1)(inputs)])
        model.compile(optimizer="sgd", loss="mse" if lib is scratchnet else ["mse", "mse"])
        y = np.zeros((4, 1))
        assert refuses(lambda m=model, y=y: m.train_on_batch(X, [y, y])) is not trains
