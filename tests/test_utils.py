from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scratchnet import config, utils
from scratchnet.errors import unknown_name
from scratchnet.utils.memory import place_zeros
from scratchnet.utils.naming import snake_case
from scratchnet.utils.random import new_generator


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


@pytest.mark.parametrize("seed", [-1, 1.5, "42", None, True])
def test_senseless_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="non-negative integer"):
        utils.set_random_seed(seed)


def test_to_categorical():
    assert utils.to_categorical([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert utils.to_categorical([[1]], 4).shape == (1, 4)
    with pytest.raises(ValueError, match=r"labels in 0…2, got values from 0 to 3"):
        utils.to_categorical([0, 3], 3)
    with pytest.raises(ValueError, match="expected integers"):
        utils.to_categorical([0.5])


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
