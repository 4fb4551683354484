from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet import config, utils
from scratchnet.errors import unknown_name
from scratchnet.utils.memory import place_zeros
from scratchnet.utils.naming import snake_case
from scratchnet.utils.random import new_generator, seeded


@pytest.mark.parametrize(
    ("name", "expected"),
    [("MaxPooling2D", "max_pooling2d"), ("Conv2D", "conv2d"), ("ReLU", "re_lu"), ("InputLayer", "input_layer")],
)
def test_snake_case_is_keras(name, expected):
    assert snake_case(name) == expected


def test_unknown_name_lists_what_is_known_without_a_far_fetched_hint():
    message = str(unknown_name("loss", "xyzzy", ["mse", "crossentropy"]))
    assert message == "Unknown loss 'xyzzy': known are crossentropy, mse."


def test_uses_of_randomness_do_not_disturb_each_other():
    utils.set_random_seed(1)
    new_generator()
    second = new_generator().random(3)
    utils.set_random_seed(1)
    new_generator().random(1000)
    np.testing.assert_array_equal(new_generator().random(3), second)


def test_a_seed_makes_a_programs_own_draws_repeatable_too():
    def draw():
        return np.random.random(), random.random()

    for seed in (7, 2**40 + 7):
        utils.set_random_seed(seed)
        first = draw()
        assert draw() != first
        utils.set_random_seed(seed)
        assert draw() == first
    before = np.random.get_state(legacy=False)["state"]["key"].copy(), random.getstate()
    with seeded(1):
        new_generator()
    assert np.array_equal(np.random.get_state(legacy=False)["state"]["key"], before[0])
    assert random.getstate() == before[1]


@pytest.mark.parametrize("seed", [-1, 1.5, "42", None, True])
def test_senseless_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"^seed of set_random_seed expected a whole number ≥ 0, got"):
        utils.set_random_seed(seed)


def test_to_categorical():
    assert utils.to_categorical([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert utils.to_categorical([[1]], 4).shape == (1, 4)


@given(st.lists(st.integers(1, 4), max_size=3), st.integers(1, 5), st.booleans(), st.data())
def test_to_categorical_puts_a_one_at_each_label_whatever_the_shape(shape, classes, as_floats, data):
    y = data.draw(hnp.arrays("float64" if as_floats else "int64", tuple(shape), elements=st.integers(0, classes - 1)))
    rows = utils.to_categorical(y, classes)
    labels = y[..., 0] if len(shape) > 1 and shape[-1] == 1 else y
    assert rows.shape == (*labels.shape, classes)
    assert np.array_equal(rows.argmax(axis=-1), labels)
    assert np.array_equal(rows.sum(axis=-1), np.ones(labels.shape))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 1), (4, 3), (4, 3, 1), (2, 3, 4), ()])
def test_to_categorical_has_keras_shape(shape):
    keras = pytest.importorskip("keras")
    y = np.arange(np.prod(shape, dtype=int)).reshape(shape) % 5
    np.testing.assert_array_equal(utils.to_categorical(y, 5), keras.utils.to_categorical(y, 5))


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        ([0, 3], 3, r"expected labels in 0…2, got 3 at index 1\."),
        ([0, 0.5], None, r"expected whole numbers ≥ 0, got 0\.5 at index 1\."),
        ([[0, 1], [2, -1]], 3, r"expected whole numbers ≥ 0, got -1 at index \(1, 1\)\."),
        ([0, np.nan], 3, r"got nan at index 1\."),
        (np.array([np.nan], "float16"), None, r"got nan at index 0\."),
        ([np.inf], None, r"got inf at index 0\."),
        ([2.0**63], None, "got 9.2"),
        (["1"], None, "got dtype <U1"),
        ([1j], None, "got dtype complex128"),
        (None, None, "got dtype object"),
        ([[0], [0, 1]], None, r"expected an array of whole numbers, got \[\[0\], \[0, 1\]\]"),
        ([0], 0, "^num_classes of to_categorical expected a whole number ≥ 1, got 0"),
        ([0], 3.0, "^num_classes of to_categorical expected a whole number ≥ 1, got 3.0"),
        ([0], True, "^num_classes of to_categorical expected a whole number ≥ 1, got True"),
    ],
)
def test_to_categorical_names_the_first_label_that_is_none(y, classes, message):
    with pytest.raises(ValueError, match=message):
        utils.to_categorical(y, classes)


def test_config_refuses_unknown_names():
    with pytest.raises(ValueError, match="Unknown backend 'nunpy': did you mean 'numpy'"):
        config.set_backend("nunpy")
    with pytest.raises(ValueError, match="Unknown float type 'float63'"):
        config.set_floatx("float63")


def test_importing_the_library_loads_none_of_the_heavy_packages():
    heavy = "numba, matplotlib, rich, scipy, typer, pooch, tensorflow, torch"
    code = f"import sys, scratchnet; print([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_placed_arrays_are_zeros_on_cache_lines_each_elsewhere_on_its_page():
    arrays = [place_zeros(shape, np.float32) for shape in (5, (3, 4), 70_000, ())]
    assert [a.shape for a in arrays] == [(5,), (3, 4), (70_000,), ()]
    assert all(a.dtype == np.float32 and a.flags.carray and not a.any() for a in arrays)
    places = [a.ctypes.data % 4096 for a in arrays]
    assert [place % 64 for place in places] == [0] * 4
    assert len(set(places)) == 4
