from __future__ import annotations

import json
import math

import numpy as np
import pytest

from scratchnet import config, initializers, utils


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((5,), (5, 5)), ((784, 256), (784, 256)), ((2, 3, 4, 5), (24, 30)), ((1, 1, 1, 8), (1, 8)), ((), (1, 1))],
)
def test_fans_are_keras(shape, fans):
    assert initializers.compute_fans(shape) == fans


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot_uniform", 2 / 500),
        ("glorot_normal", 2 / 500),
        ("he_uniform", 2 / 300),
        ("he_normal", 2 / 300),
        ("lecun_uniform", 1 / 300),
        ("lecun_normal", 1 / 300),
        ("variance_scaling", 1 / 300),
        ("random_normal", 0.05**2),
        ("random_uniform", 0.1**2 / 12),
        ("truncated_normal", (0.05 * 0.8796) ** 2),
    ],
)
def test_variance_is_as_promised(name, variance):
    w = initializers.get(name)((300, 200), "float64")
    assert w.var() == pytest.approx(variance, rel=0.03)
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)


def test_uniform_keeps_its_limit():
    w = initializers.get("glorot_uniform")((30, 20), "float32")
    assert np.abs(w).max() <= math.sqrt(6 / 50)


def test_truncated_normal_keeps_within_two_standard_deviations():
    w = initializers.get("he_normal")((100, 50), "float64")
    assert np.abs(w).max() <= 2 * math.sqrt(2 / 100) / 0.87962566103423978


def test_constants():
    assert initializers.get("zeros")((2,), "float32").tolist() == [0, 0]
    assert initializers.get("ones")((2,), "float32").tolist() == [1, 1]


def test_a_constant_may_be_an_array_of_the_weights_shape():
    value = np.arange(6.0).reshape(2, 3)
    for constant in (initializers.Constant(value), initializers.Constant(value.tolist()), initializers.get(value)):
        w = constant((2, 3), "float32")
        assert w.dtype == "float32"
        np.testing.assert_array_equal(w, value)
        again = initializers.get(json.loads(json.dumps(initializers.serialize(constant))))
        np.testing.assert_array_equal(again((2, 3), "float64"), value)
    w[...] = 7
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)), [[1, 2]] * 3)
    with pytest.raises(ValueError, match=r"Constant expected weights of its value's shape \(2, 3\), got \(3, 2\)"):
        constant((3, 2))
    with pytest.raises(ValueError, match="value of Constant expected finite numbers"):
        initializers.Constant([1, np.nan])


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
def test_without_a_dtype_it_is_floatx(name):
    initializer = getattr(initializers, name)()
    assert type(initializer) is type(initializers.get(name)) is type(initializers.get(type(initializer).__name__))
    assert type(initializers.get(type(initializer))) is type(initializer)
    assert initializer((4, 3)).dtype == "float32"
    config.set_floatx("float64")
    try:
        assert initializer(shape=[4, 3]).dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_an_initializer_of_ones_own_defines_its_values():
    class Ramp(initializers.Initializer):
        def values(self, shape):
            return np.arange(np.prod(shape)).reshape(shape)

    assert Ramp()((2, 2)).tolist() == [[0, 1], [2, 3]]
    assert type(Ramp.from_config(Ramp().get_config())) is Ramp
    with pytest.raises(NotImplementedError, match="Initializer has neither values"):
        initializers.Initializer()((2, 2))
    with pytest.raises(AttributeError, match="did you mean 'HeNormal'"):
        _ = initializers.he_norml


def test_each_use_draws_new_numbers_and_a_seed_repeats_them():
    glorot = initializers.get("glorot_uniform")
    assert not np.array_equal(glorot((3, 3), "float32"), glorot((3, 3), "float32"))
    seeded = initializers.GlorotUniform(seed=7)
    np.testing.assert_array_equal(seeded((3, 3), "float32"), seeded((3, 3), "float32"))


def test_the_global_seed_repeats_everything():
    draws = []
    for _ in range(2):
        utils.set_random_seed(3)
        draws.append(initializers.get("he_normal")((4, 4), "float32"))
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
def test_saved_configuration_makes_an_equal_initializer(name):
    saved = initializers.serialize(initializers.get(name))
    assert saved["class_name"] == initializers.INITIALIZERS[name].__name__
    assert initializers.serialize(initializers.get(saved)) == saved


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match="given as a name"):
        initializers.get(3)


@pytest.mark.parametrize("distribution", ["truncated_normal", "normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 300), ("fan_out", 200), ("fan_avg", 250)])
def test_variance_scaling_has_the_variance_it_says(mode, fan, distribution):
    w = initializers.VarianceScaling(3, mode, distribution, seed=1)((300, 200), "float64")
    assert w.var() == pytest.approx(3 / fan, rel=0.03)


def test_the_named_ones_are_cases_of_variance_scaling_to_the_bit():
    case = initializers.VarianceScaling(2.0, "fan_in", "truncated_normal", seed=3)
    np.testing.assert_array_equal(initializers.HeNormal(3)((5, 4), "float32"), case((5, 4), "float32"))


def test_the_numbers_of_a_seed_stay_what_they_were():
    w = initializers.GlorotUniform(seed=7)((3, 2), "float64")
    limit = math.sqrt(6 / 5)
    np.testing.assert_allclose(w, utils.random.new_generator(7).uniform(-limit, limit, (3, 2)), rtol=1e-14)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (2, 2, 3, 7)])
def test_orthogonal_is_orthogonal(shape):
    q = initializers.Orthogonal(2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_identity_and_constant():
    assert initializers.Identity(2)((2, 3), "float32").tolist() == [[2, 0, 0], [0, 2, 0]]
    assert initializers.Constant(0.5)((2,), "float32").tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.VarianceScaling(0), "^scale of VarianceScaling expected a finite number > 0, got 0"),
        (
            lambda: initializers.VarianceScaling(mode="fan"),
            "^Unknown mode of VarianceScaling 'fan': did you mean",
        ),
        (
            lambda: initializers.VarianceScaling(distribution="x"),
            "^Unknown distribution of VarianceScaling 'x': known are",
        ),
        (lambda: initializers.RandomUniform(1, 0), "^maxval of RandomUniform expected a finite number ≥ 1, got 0"),
        (lambda: initializers.Identity()((3,), "float32"), "^Identity expected the shape of a matrix"),
        (lambda: initializers.Orthogonal()((3,), "float32"), "^Orthogonal expected a shape of at least two axes"),
    ],
)
def test_senseless_initializers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
