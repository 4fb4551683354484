"""A small data set and a network to draw."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from scratchnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D


@pytest.fixture(autouse=True)
def numpy_backend(_fresh_session: None) -> None:
    """These tests are about pictures: no kernel needs compiling for them."""
    scratchnet.config.set_backend("numpy")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (12, 8, 6), dtype=np.uint8)


@pytest.fixture
def network() -> scratchnet.Model:
    """Grey images of 8×6 in, three classes out."""
    inputs = Input((8, 6, 1))
    x = Conv2D(5, (3, 2), activation="relu", name="first")(inputs)
    x = MaxPooling2D(name="pool")(x)
    x = Conv2D(20, 2, activation="relu", name="second")(x)
    return scratchnet.Model(inputs, Dense(3, activation="softmax")(Flatten()(x)))
