"""Regularizers, constraints and added losses in training, where there is no Keras to ask or no need to."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import config, layers
from scratchnet.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from scratchnet.errors import ModelFileError, NonFiniteError
from scratchnet.gradient_check import check_layer, check_model
from scratchnet.regularizers import L1, L2, Regularizer
from scratchnet.training.penalties import Penalties
from tests.oracles.penalized_steps import check_constraint, check_penalties

RNG = np.random.default_rng(5)
X, Y = RNG.standard_normal((12, 3)), RNG.standard_normal((12, 2))


@pytest.fixture(autouse=True)
def _float64() -> Any:
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


def line(**options: Any) -> Any:
    model = sn.Sequential([layers.Input((3,)), layers.Dense(2, use_bias=False, name="dense", **options)])
    model.compile(sn.optimizers.SGD(0.5), "mean_squared_error")
    return model


def test_one_step_by_hand() -> None:
    model = line(kernel_regularizer=L2(0.25), kernel_constraint=MaxNorm(0.8), activity_regularizer=L1(0.5))
    w = model.params["dense/kernel"]
    before = w.copy()
    y = X @ before
    loss = np.mean((y - Y) ** 2) + 0.25 * (before**2).sum() + 0.5 * np.abs(y).sum() / 12
    slope = X.T @ (2 * (y - Y) / Y.size + 0.5 * np.sign(y) / 12) + 2 * 0.25 * before
    assert model.train_on_batch(X, Y) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(model.grads["dense/kernel"], slope, rtol=1e-12)
    moved = before - 0.5 * slope
    lengths = np.sqrt((moved**2).sum(axis=0))
    np.testing.assert_allclose(w, moved * np.minimum(lengths, 0.8) / (lengths + 1e-7), rtol=1e-12)
    assert w is model.params["dense/kernel"]
    assert np.shares_memory(w, model.segments[0].values)  # still a view of the flat vector


@pytest.mark.parametrize("frozen", ["layer", "model", "round it"])
def test_frozen_weights_pay_nothing_and_are_not_moved(frozen: str) -> None:
    model = line(kernel_regularizer=L2(1.0), kernel_constraint=MaxNorm(0.1))
    if frozen == "round it":
        outer = Holds(model.layers[0])
        model = sn.Sequential([layers.Input((3,)), outer])
        model.compile("sgd", "mean_squared_error")
        outer.trainable = False
    else:
        (model.layers[0] if frozen == "layer" else model).trainable = False
    before = model.get_weights()
    plain = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    assert model.losses == []
    assert model.train_on_batch(X, Y) == pytest.approx(plain, rel=1e-12) == model.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


class Holds(layers.Layer):
    """A layer round another."""

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.inner.compute_output_shape(input_shape)

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.inner(x)

    def backward(self, dy: Any) -> Any:
        return self.inner.backward(dy)


def test_weights_inside_a_layer_pay_too() -> None:
    model = sn.Sequential([layers.Input((3,)), Holds(layers.Dense(2, kernel_regularizer=L2(0.5)))])
    assert model.losses == pytest.approx([0.5 * (model.get_weights()[0] ** 2).sum()])
    assert check_model(model, X).passed
    model.compile(sn.optimizers.SGD(0.5), "mean_squared_error")
    kernel = model.get_weights()[0]
    model.train_on_batch(X, np.array(model.predict(X, verbose=0)))  # no slope but the penalty's
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.5 * kernel, atol=1e-12)


class Scaled(layers.Layer):
    """A user's own, which says what its weight pays and where it may be in ``add_weight``."""

    def build(self, input_shape: Any) -> None:
        self.add_weight("scale", (input_shape[-1],), "ones", regularizer=L2(0.5), constraint="non_neg")
        self.add_weight("free", (1,), "ones")

    def forward(self, x: Any, training: bool = False) -> Any:
        self._x = x.copy()
        return x * self.params["scale"] + self.params["free"]

    def backward(self, dy: Any) -> Any:
        self.grads["scale"][...] = (dy * self._x).sum(axis=0)
        self.grads["free"][...] = dy.sum()
        return dy * self.params["scale"]


def test_a_users_own_layer_says_it_in_add_weight() -> None:
    assert check_layer(Scaled(), (4, 3)).passed
    model = sn.Sequential([layers.Input((3,)), Scaled(), layers.Dense(2)])
    assert model.losses == [1.5] == model.layers[0].losses
    model.compile(sn.optimizers.SGD(5.0), "mean_squared_error")
    model.train_on_batch(X, Y)
    assert (model.layers[0].params["scale"] == 0).all()  # the penalty alone has driven it below


class Squares(layers.Layer):
    """Adds the sum of squares of its input to the loss, in training only if asked."""

    def __init__(self, factor: float = 0.5, in_training: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor, self.in_training = factor, in_training

    def forward(self, x: Any, training: bool = False) -> Any:
        self._x, self._adds = x.copy(), training or not self.in_training
        if self._adds:
            self.add_loss(self.factor * np.square(x).sum())
        return x.copy()

    def backward(self, dy: Any) -> Any:
        return dy + (2 * self.factor * self._x if self._adds else 0)

    def get_config(self) -> Any:
        return {**super().get_config(), "factor": self.factor, "in_training": self.in_training}


class ForgetsItsSlope(Squares):
    def backward(self, dy: Any) -> Any:
        return dy.copy()


class TwoOfThem(layers.Layer):
    """Calls one layer twice: what both calls add counts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = Squares()

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.inner(self.inner(x, training), training)

    def backward(self, dy: Any) -> Any:
        return self.inner.backward(self.inner.backward(dy))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_the_gradient_checker_includes_added_losses(backend: str) -> None:
    assert check_layer(Squares(), (4, 3), backend=backend).passed
    assert check_layer(Squares(in_training=True), (4, 3), backend=backend, training=False).passed
    report = check_layer(ForgetsItsSlope(), (4, 3), backend=backend)
    assert [t.name for t in report.tensors if not t.passed] == ["dx"]
    assert check_layer(TwoOfThem(), (4, 3), backend=backend).passed


def test_two_calls_of_an_inner_layer_count_twice_alone_and_in_a_model() -> None:
    layer, once = TwoOfThem(), 0.5 * np.square(X).sum()
    for _ in range(2):
        layer(X)
        assert layer.losses == pytest.approx([once, once])
    model = sn.Sequential([layers.Input((3,)), TwoOfThem()])
    for _ in range(2):
        model(X)
        assert model.losses == pytest.approx([once, once]) == model.layers[0].losses


def test_a_shared_layer_adds_at_every_place_and_its_weights_pay_once() -> None:
    shared, x = layers.Dense(3, kernel_regularizer=L2(0.5), activity_regularizer=L2(0.25)), layers.Input((3,))
    model = sn.Model(x, shared(shared(x)))
    first = X @ shared.params["kernel"]
    places = [0.25 * np.square(y).sum() / 12 for y in (first, first @ shared.params["kernel"])]
    model(X)
    assert model.losses == pytest.approx([*places, 0.5 * np.square(shared.params["kernel"]).sum()])
    assert check_model(model, X).passed


def test_losses_that_are_added_in_training_only() -> None:
    model = sn.Sequential([layers.Input((3,)), layers.Dense(2, name="dense"), Squares(in_training=True)])
    model.compile("sgd", "mean_squared_error")
    y = model.predict(X, verbose=0)
    assert model.losses == []
    plain = model.evaluate(X, Y, verbose=0)
    assert plain == pytest.approx(np.mean((y - Y) ** 2))
    assert model.train_on_batch(X, Y) == pytest.approx(plain + 0.5 * np.square(y).sum())
    assert len(model.losses) == 1
    model(X)
    assert model.losses == []
    model(X, training=True)
    assert len(model.losses) == 1


def test_evaluation_takes_the_batches_as_they_are_told_where_a_loss_is_added() -> None:
    model = sn.Sequential([layers.Input((3,)), layers.Dense(2), Squares()])
    model.compile("sgd", "mean_squared_error", ["mae"])
    y = model.predict(X, verbose=0)
    batches = [slice(0, 5), slice(5, 10), slice(10, 12)]
    expected = sum(len(Y[b]) * (np.mean((y[b] - Y[b]) ** 2) + 0.5 * np.square(y[b]).sum()) for b in batches) / 12
    for _ in range(2):
        assert model.evaluate(X, Y, batch_size=5, verbose=0) == pytest.approx([expected, np.mean(np.abs(y - Y))])


@pytest.mark.parametrize("value", ["1", None, [1.0], np.ones(3), 1j, [[1], [2, 3]], True])
def test_what_is_no_number_cannot_be_added_to_the_loss(value: Any) -> None:
    with pytest.raises(ValueError, match="add_loss to get one real number"):
        layers.Flatten().add_loss(value)


def test_an_activity_regularizer_inside_a_layer_is_refused() -> None:
    model = sn.Sequential([layers.Input((3,)), Holds(layers.Dense(2, activity_regularizer="l2"))])
    with pytest.raises(ValueError, match="got one at inner"):
        model.predict(X, verbose=0)


@pytest.mark.parametrize("where", [0, 1, 2, 3, 5, 6])
def test_the_kernels_and_the_definitions_pay_the_same_for_activities(where: int) -> None:
    def make(backend: str) -> Any:
        config.set_backend(backend)
        sn.utils.set_random_seed(3)
        model = sn.Sequential(
            [
                layers.Input((8, 8, 1)),
                layers.Conv2D(4, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.BatchNormalization(),
                layers.Flatten(),
                layers.Dropout(0.5, seed=1),
                layers.Dense(5, activation="relu"),
                layers.Dense(3, activation="softmax"),
            ]
        )
        model.compile(sn.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        model(np.zeros((1, 8, 8, 1)))
        model.layers[where].activity_regularizer = L2(0.75)  # from now on
        images = np.random.default_rng(1).standard_normal((9, 8, 8, 1))
        losses = [model.train_on_batch(images, np.arange(9) % 3) for _ in range(3)]
        return losses, model.losses, model.get_weights()

    try:
        (ours, added, weights), (other, others, other_weights) = make("numba"), make("numpy")
    finally:
        config.set_backend("numba")
    np.testing.assert_allclose([*ours, *added], [*other, *others], rtol=1e-10)
    assert len(added) == 1
    for a, b in zip(weights, other_weights):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_regularizer_changed_after_building_is_refused_and_an_activity_regularizer_is_not() -> None:
    model = line(kernel_regularizer="l2")
    layer = model.layers[0]
    for change in ({"kernel_regularizer": L1()}, {"kernel_constraint": MaxNorm()}, {"kernel_regularizer": None}):
        with pytest.raises(ValueError, match="make a new layer"):
            setattr(layer, *next(iter(change.items())))
    plain = model.evaluate(X, Y, verbose=0)
    layer.activity_regularizer = "l2"
    assert model.evaluate(X, Y, verbose=0) > plain
    layer.activity_regularizer = None
    assert model.evaluate(X, Y, verbose=0) == plain


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_regularizer": sn.regularizers.OrthogonalRegularizer()},
        {"kernel_constraint": MaxNorm(axis=4)},
        {"bias_constraint": MaxNorm(axis=1)},
    ],
)
def test_what_cannot_be_applied_is_refused_when_the_layer_is_built(options: Any) -> None:
    layer = layers.Conv2D(2, 2, **options)
    with pytest.raises(ValueError, match=layer.name):
        layer.build((None, 4, 4, 1))
    assert not layer.built
    assert not layer.params


def test_a_weight_that_is_not_trained_cannot_have_any() -> None:
    with pytest.raises(ValueError, match="since it is not trained"):
        layers.Flatten().add_weight("mean", (3,), trainable=False, regularizer="l2")


class Wild(Regularizer):
    """Right when it is tried; later it returns whatever it was told."""

    value: Any = 0.0
    slope: Any = 0.0

    def forward(self, w: Any) -> float:
        return self.value

    def gradient(self, w: Any) -> Any:
        return self.slope if np.ndim(self.slope) else np.full(w.shape, self.slope)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", sn.optimizers.SGD(0.1, clipnorm=1.0)])
@pytest.mark.parametrize(
    ("attribute", "value", "error", "said"),
    [
        ("value", np.nan, NonFiniteError, "the penalty of a weight was not"),
        ("slope", np.inf, NonFiniteError, "The gradient of 'kernel'"),
        ("slope", np.zeros(2), ValueError, "'dense/kernel' of shape"),
    ],
)
def test_a_penalty_that_goes_wrong_moves_nothing(
    optimizer: Any, attribute: str, value: Any, error: Any, said: str
) -> None:
    wild = Wild()
    model = line(kernel_regularizer=wild)
    model.compile(optimizer, "mean_squared_error")
    model.train_on_batch(X, Y)
    before = model.get_weights()
    setattr(wild, attribute, value)
    with pytest.raises(error, match=said):
        model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_a_loss_added_that_is_not_finite() -> None:
    model = sn.Sequential([layers.Input((3,)), layers.Dense(2), Squares(np.inf)])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(NonFiniteError, match="what layers add to it was not"):
        model.train_on_batch(X, Y)


class Halved(Constraint):
    """A user's own, with an argument."""

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = factor

    def __call__(self, w: Any) -> Any:
        return self.factor * w

    def get_config(self) -> Any:
        return {"factor": self.factor}


class Fourth(Regularizer):
    """A user's own, with an argument."""

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = factor

    def forward(self, w: Any) -> float:
        return float(self.factor * (w**4).sum())

    def gradient(self, w: Any) -> Any:
        return 4 * self.factor * w**3

    def get_config(self) -> Any:
        return {"factor": self.factor}


OWN = {"Fourth": Fourth, "Halved": Halved, "Squares": Squares}


@pytest.mark.parametrize("way", ["copied", "pickled", "saved"])
def test_copies_and_files_keep_them(way: str, tmp_path: Any) -> None:
    model = sn.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, kernel_regularizer=Fourth(0.25), bias_constraint="non_neg", kernel_constraint=Halved(0.75)),
            layers.ActivityRegularization(l1=0.125),
            Squares(0.25, activity_regularizer=Fourth(0.125)),
            layers.Dense(2, kernel_regularizer=sn.regularizers.L1L2(0.25, 0.5), activity_regularizer="l1"),
        ]
    )
    model.compile("adam", "mean_squared_error")
    model.fit(X, Y, verbose=0)
    if way == "saved":
        model.save(tmp_path / "model")
        with pytest.raises(ModelFileError, match=r"Fourth|Halved|Squares"):
            sn.load_model(tmp_path / "model")
        other: Any = sn.load_model(tmp_path / "model", custom_objects=OWN)
    else:
        other = copy.deepcopy(model) if way == "copied" else pickle.loads(pickle.dumps(model))
    for _ in range(2):
        assert other.train_on_batch(X, Y) == model.train_on_batch(X, Y)
        assert other.losses == model.losses
        assert len(model.losses) == 6
        for a, b in zip(other.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)
    for layer in (model.layers[1], model.layers[3]):  # without a class of the user's own
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_summary_shows_no_difference() -> None:
    printed: list[list[str]] = [[], []]
    for lines, options in zip(printed, ({}, {"kernel_regularizer": "l2", "kernel_constraint": "non_neg"})):
        line(**options).summary(print_fn=lines.append)
    assert printed[0][1:] == printed[1][1:]


def test_a_step_is_what_difference_quotients_of_the_whole_loss_say() -> None:
    assert check_penalties(Penalties) == ""
    for constraint, name, options in (
        (MaxNorm(0.75), "max_norm", {"max_value": 0.75}),
        (UnitNorm(axis=1), "unit_norm", {"axis": 1}),
        (NonNeg(), "non_neg", {}),
        (MinMaxNorm(0.5, 0.75, 0.25), "min_max_norm", {"min_value": 0.5, "max_value": 0.75, "rate": 0.25}),
    ):
        assert check_constraint(constraint, name, options) == ""
