"""Dropout's step draws what the definition draws, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.steps.dropout import DropoutStep
from scratchnet.layers import Dropout


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 1.0])
def test_the_step_equals_the_definition(rate: float, dtype: str) -> None:
    definition, layer = (Dropout(rate, seed=4, dtype=dtype) for _ in range(2))
    step, rng = kernel_step([layer], True), np.random.default_rng(0)
    assert type(step) is DropoutStep
    for n, training in ((5, True), (3, True), (4, False), (9, True)):
        x, dy = rng.normal(size=(2, n, 6, 7)).astype(dtype)
        x[0, 0, 0] = np.nan
        np.testing.assert_array_equal(step.forward(x, training), definition.forward(x, training))
        np.testing.assert_array_equal(step.backward(dy), definition.backward(dy))
        assert step.backward(dy).dtype == dtype
        np.testing.assert_array_equal(layer.seed_generator.state, definition.seed_generator.state)


def test_whole_channels_stay_with_the_definition() -> None:
    assert kernel_step([Dropout(0.5, noise_shape=(None, 1))], True) is None


def test_compiling_ahead_draws_nothing() -> None:
    """Masks do not depend on whether kernels had to be compiled."""
    from scratchnet.training.compiling import calls_of_a_step
    from scratchnet.training.samples import Samples
    from scratchnet.training.sources import Arrays
    from scratchnet.training.step import compiled_parts

    dropout = Dropout(0.5)
    inputs = layers.Input((4,))
    model = sn.Model(inputs, layers.Dense(3)(dropout(inputs)))
    model.compile("sgd", "mse")
    x, y = np.zeros((6, 4), "float32"), np.zeros((6, 3), "float32")
    before = dropout.seed_generator.state.copy()
    calls_of_a_step(compiled_parts(model, "train"), Arrays("fit", Samples([x], [y], [None]), 6, None))
    np.testing.assert_array_equal(dropout.seed_generator.state, before)
