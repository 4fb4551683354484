from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnet import initializers, utils


@pytest.mark.parametrize(
    ("shape", "fans"), [((5,), (5, 5)), ((784, 256), (784, 256)), ((2, 3, 4, 5), (24, 30)), ((1, 1, 1, 8), (1, 8))]
)
def test_fans_are_keras(shape, fans):
    assert initializers.compute_fans(shape) == fans


@pytest.mark.parametrize(
    ("name", "variance"),
    [("glorot_uniform", 2 / 500), ("glorot_normal", 2 / 500), ("he_uniform", 2 / 300), ("he_normal", 2 / 300)],
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
    assert initializers.INITIALIZERS[saved["name"]] is initializers.INITIALIZERS[name]  # "uniform" is an alias
    assert initializers.serialize(initializers.get(saved)) == saved


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match="given as a name"):
        initializers.get(3)
