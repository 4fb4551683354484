from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import scratchnet as sn
from scratchnet import activations, layers

rows = hnp.arrays("float64", (2, 4), elements=st.floats(-700, 700))


@given(rows, st.floats(-300, 300))
def test_softmax_ignores_a_constant_and_sums_to_one(x, shift):
    softmax = activations.Softmax()
    np.testing.assert_allclose(softmax.forward(x).sum(axis=1), 1)
    np.testing.assert_allclose(softmax.forward(x + shift), softmax.forward(x), atol=1e-12)


@given(rows)
def test_sigmoid_is_symmetric_and_never_overflows(x):
    sigmoid = activations.Sigmoid()
    with np.errstate(over="raise"):
        np.testing.assert_allclose(sigmoid.forward(x) + sigmoid.forward(-x), 1)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_derivative_matches_difference_quotient(name):
    function = activations.get(name)
    rng = np.random.default_rng(0)
    x, dy, h = rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), 1e-6
    dx = function.gradient(dy, function.forward(x), x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        quotient = ((function.forward(x + step) - function.forward(x - step)) * dy).sum() / (2 * h)
        assert dx[index] == pytest.approx(quotient, abs=1e-8)


def test_slope_of_relu_at_zero_is_zero():
    relu = activations.ReLU()
    x = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(relu.backward(np.ones(3), relu.forward(x)), [0, 0, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_float_type_is_kept_and_nothing_is_shared(name, dtype):
    function = activations.get(name)
    x = np.ones((2, 2), dtype)
    y = function.forward(x)
    dx = function.gradient(x, y, x)
    assert y.dtype == dx.dtype == dtype
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dx, x)


def test_none_is_linear_and_anything_else_is_refused():
    assert activations.get(None).name == "linear"
    with pytest.raises(TypeError, match=r"given as a name \(linear, relu"):
        activations.get(np.tanh)


# What one says of single functions -------------------------------------------------------------------------------

x = np.array([-4.0, -1.0, 0.0, 0.5, 2.0, 8.0])


@pytest.mark.parametrize(
    ("function", "y"),
    [
        (activations.relu(x, max_value=6), [0, 0, 0, 0.5, 2, 6]),
        (activations.relu(x, 0.5, threshold=1.0), [-2.5, -1, -0.5, -0.25, 2, 8]),
        (activations.leaky_relu(x), [-0.8, -0.2, 0, 0.5, 2, 8]),
        (activations.leaky_relu(x, negative_slope=0.5), [-2, -0.5, 0, 0.5, 2, 8]),
        (activations.elu(x, alpha=2.0)[:3], [2 * np.expm1(-4), 2 * np.expm1(-1), 0]),
        (activations.hard_sigmoid(x), [0, 1 / 3, 0.5, 3.5 / 6, 5 / 6, 1]),
        (activations.softplus(np.array([0.0, 1000.0])), [np.log(2), 1000]),
        (activations.gelu(np.array([1.0])), [0.8413447460685429]),
        (activations.gelu(np.array([1.0]), approximate=True), [0.8411919906082768]),
        (activations.silu(np.array([1.0])), [0.7310585786300049]),
        (activations.exponential(np.array([1.0])), [np.e]),
        (activations.log_softmax(np.array([[0.0, 1e4]])), [[-1e4, 0]]),
    ],
)
def test_worked_numbers(function, y):
    np.testing.assert_allclose(function, y, rtol=1e-12)


@given(rows)
def test_selu_is_a_scaled_elu_and_softplus_lies_above_relu(x):
    selu, elu = activations.selu, activations.ELU(activations.SELU.ALPHA)
    np.testing.assert_allclose(selu(x), activations.SELU.SCALE * elu(x))
    assert (activations.softplus(x) >= activations.relu(x)).all()
    np.testing.assert_allclose(activations.softplus(x) - activations.softplus(-x), x, atol=1e-10)


@given(rows)
def test_log_softmax_is_the_logarithm_of_softmax(x):
    np.testing.assert_allclose(np.exp(activations.log_softmax(x)), activations.softmax(x), atol=1e-12)


def test_a_function_takes_what_is_no_array_of_floats_too():
    assert activations.relu([-1, 2]).dtype == activations.relu(np.array([-1, 2])).dtype == "float32"
    assert activations.relu(np.ones(1)).dtype == "float64"
    assert activations.tanh(0.0) == 0


def test_zero_and_not_a_number_come_out_of_relu_as_they_should():
    y = activations.relu(np.array([-2.0, -np.inf, np.nan]))
    assert not np.signbit(y[:2]).any()
    assert np.isnan(y[2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: activations.LeakyReLU(-0.1), r"negative_slope of LeakyReLU expected a finite number ≥ 0, got -0\.1"),
        (lambda: activations.ReLU(threshold=-1.0), "threshold of ReLU expected"),
        (lambda: activations.ReLU(max_value="6"), "max_value of ReLU expected a finite number > 0, got '6'"),
        (lambda: activations.ReLU(max_value=0), "max_value of ReLU expected a finite number > 0, got 0"),
        (lambda: activations.ELU(float("nan")), "alpha of ELU expected"),
        (lambda: activations.get("gellu"), "did you mean 'gelu'"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_row_of_softmax_may_lie_along_several_axes(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    y = activations.softmax(x, axis=(1, -1))
    rows = activations.softmax(x.transpose(0, 2, 1, 3).reshape(2, 4, 15)).reshape(2, 4, 3, 5)
    np.testing.assert_allclose(y, rows.transpose(0, 2, 1, 3))
    np.testing.assert_allclose(activations.log_softmax(x, axis=[1, -1]), np.log(y))
    layer = layers.Softmax([1, -1])
    assert layer.axis == (1, -1)
    assert layers.Softmax.from_config(layer.get_config()).axis == (1, -1)
    for wrong in ((), (1.5,), "1"):
        with pytest.raises(ValueError, match="axis of Softmax expected a whole number"):
            activations.Softmax(wrong)


def test_functions_are_equal_if_they_compute_the_same():
    for name in activations.ACTIVATIONS:
        assert activations.get(name) == getattr(activations, name)
        assert hash(activations.get(name)) == hash(getattr(activations, name))
    assert layers.Dense(3, "relu").activation == activations.relu
    assert activations.relu not in (activations.ReLU(0.1), activations.tanh, "relu", None)
    assert activations.ReLU(max_value=6) == activations.ReLU(max_value=6)


def test_layers_show_the_arguments_of_their_function():
    relu = layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.5)
    assert (relu.max_value, relu.negative_slope, relu.threshold) == (6, 0.1, 0.5)
    assert layers.LeakyReLU(0.2).negative_slope == 0.2
    relu.max_value = 3
    assert relu(np.array([[9.0]])) == 3
    relu.max_value = 2  # nothing has been built for it
    assert relu(np.array([[9.0]])) == 2
    assert relu.get_config()["max_value"] == 2
    softmax = layers.Softmax()
    for axis, y in ((1, 1 / 2), (2, 1 / 3)):
        softmax.axis = axis
        assert softmax(np.ones((1, 2, 3)))[0, 0, 0] == pytest.approx(y)
    with pytest.raises(ValueError, match="negative_slope"):
        relu.negative_slope = float("nan")
    assert relu.negative_slope == 0.1


# In layers -------------------------------------------------------------------------------------------------------

FUNCTIONS = [
    *(name for name in activations.ACTIVATIONS),
    activations.relu,
    activations.gelu,
    activations.GELU(approximate=True),
    activations.ReLU(0.25, 1.5, 0.5),
    activations.ELU(0.5),
    activations.Softmax(axis=1),
    activations.Softmax(axis=(1, -1)),
    activations.LogSoftmax(axis=[2]),
]


def shown(function):
    return function if isinstance(function, str) else f"{type(function).__name__} {function.get_config()}"


@pytest.mark.parametrize("function", FUNCTIONS, ids=shown)
@pytest.mark.parametrize("kind", ["Dense", "Conv2D", "Conv2D, MaxPooling2D", "Activation"])
def test_every_activation_gives_the_same_on_both_backends(kind, function, rng):
    """Whether a kernel computes it, leaves it to the definition, or does not run at all."""
    inputs = sn.Input((6, 6, 2))
    x = {
        "Dense": lambda: layers.Dense(3, function, kernel_initializer="he_normal"),
        "Activation": lambda: layers.Activation(function),
    }.get(kind, lambda: layers.Conv2D(3, 2, activation=function))()(layers.Conv2D(3, 2)(inputs))
    if "Max" in kind:
        x = layers.MaxPooling2D()(x)
    model = sn.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    model.compile("sgd", "mse")
    start, data, labels = model.get_weights(), rng.standard_normal((8, 6, 6, 2)) / 8, rng.standard_normal((8, 2))
    results = []
    for backend in ("numpy", "numba"):
        sn.config.set_backend(backend)
        model.set_weights(start)
        model.train_on_batch(data, labels)
        results.append([model.predict(data), *model.get_weights()])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6)
    assert not np.array_equal(results[0][1], start[0])


def test_only_what_needs_it_is_remembered():
    data = np.ones((2, 3), "float32")
    for name, needed in (("relu", False), ("gelu", True)):
        for layer in (layers.Dense(3, name), layers.Activation(name)):
            layer(data)
            kept = vars(layer).get("_z", vars(layer)["_x"]) if isinstance(layer, layers.Dense) else layer._x
            assert (kept is not None) == needed


@pytest.mark.parametrize(
    ("layer", "plain"),
    [
        (lambda: layers.ReLU(6.0, 0.1, 0.5), activations.ReLU(0.1, 6.0, 0.5)),
        (layers.LeakyReLU, activations.LeakyReLU(0.3)),
        (lambda: layers.Activation(activations.elu), activations.ELU()),
    ],
)
def test_a_layer_is_its_function_and_comes_back_from_its_configuration(layer, plain):
    data = np.linspace(-3, 9, 20, dtype="float32").reshape(4, 5)
    made = layer()
    np.testing.assert_array_equal(made(data), plain(data))
    np.testing.assert_array_equal(type(made).from_config(made.get_config())(data), plain(data))


def test_the_arguments_of_layers_stand_in_kerass_order():
    assert layers.ReLU(6.0, 0.1, 0.5).get_config() | {"name": ""} == {
        "name": "",
        "dtype": "float32",
        "trainable": True,
        "max_value": 6.0,
        "negative_slope": 0.1,
        "threshold": 0.5,
    }
    assert layers.LeakyReLU(0.1).get_config()["negative_slope"] == 0.1
