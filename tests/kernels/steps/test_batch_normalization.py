"""The step equals the layer it stands for, in training, at inference and frozen; running numbers included."""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.graph.steps import LayerStep
from scratchnet.kernels.steps.batch_normalization import BatchNormalizationStep
from scratchnet.layers import Activation, BatchNormalization, ReLU
from tests.kernels.common import assert_near, examples, twice

TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
two = partial(twice, BatchNormalization)
assert_close = partial(assert_near, tolerance=TOLERANCE)


@settings(max_examples=examples(150))
@given(
    st.lists(st.integers(1, 6), max_size=2),
    st.sampled_from([1, 2, 3, 8, 16, 17, 32, 40]),
    st.integers(1, 40),
    st.fixed_dictionaries(
        {
            "center": st.booleans(),
            "scale": st.booleans(),
            "trainable": st.sampled_from([True, True, False]),
            "momentum": st.sampled_from([0.0, 0.5, 0.99]),
            "dtype": st.sampled_from(["float32", "float64"]),
        }
    ),
    st.booleans(),
    st.integers(0, 99),
)
def test_it_is_the_definition(
    inner: list[int], channels: int, n: int, options: dict[str, Any], needs_dx: bool, seed: int
) -> None:
    definition, layer = two((*inner, channels), **options)
    step = BatchNormalizationStep([layer], needs_dx)
    rng = np.random.default_rng(seed)
    for size, training in ((n, True), (n // 2 + 1, True), (n, False), (n, True)):
        x, dy = rng.normal(1, 2, (2, size, *inner, channels)).astype(options["dtype"])
        before = x.copy(), dy.copy()
        assert_close(step.forward(x, training), definition.forward(x, training))
        expected, dx = definition.backward(dy), step.backward(dy)
        big = np.abs(dy).max() / definition._sigma.min()  # what cancels in dx
        if needs_dx:
            assert_close(dx, expected, scale=big)
        else:
            assert dx is None
        for name, gradient in layer.grads.items():
            assert_close(gradient, definition.grads[name], scale=size)
        for name, variable in layer.named_weights.items():
            assert_close(variable, definition.named_weights[name])
        assert np.array_equal(before[0], x)
        assert np.array_equal(before[1], dy)


@settings(max_examples=examples(60))
@given(
    st.lists(st.integers(1, 6), max_size=2), st.sampled_from([1, 3, 16, 17]), st.integers(1, 40),
    st.booleans(), st.sampled_from([ReLU, lambda dtype: Activation("relu", dtype=dtype)]),
    st.sampled_from(["float32", "float64"]), st.integers(0, 99),
)  # fmt: skip
def test_a_relu_behind_it_is_part_of_the_step(
    inner: list[int], channels: int, n: int, trainable: bool, relu: Any, dtype: str, seed: int
) -> None:
    definition, layer = two((*inner, channels), dtype=dtype, trainable=trainable)
    behind = relu(dtype=dtype)
    behind.build_once((None, *inner, channels))
    step = kernel_step([layer, behind], True)
    assert type(step) is BatchNormalizationStep
    assert step.relu
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(1, 2, (2, n, *inner, channels)).astype(dtype)
    y = step.forward(x, True)
    z = definition.forward(x, True)
    assert_close(y, np.maximum(z, 0))
    off = y == 0  # where z is all but 0, either may be right
    assert np.abs(z[off != (z <= 0)]).max(initial=0) <= TOLERANCE[dtype] * np.abs(z).max()
    dx = step.backward(dy)
    assert_close(
        dx, definition.backward(np.where(off, 0, dy).astype(dtype)), scale=np.abs(dy).max() / definition._sigma.min()
    )
    for name, gradient in layer.grads.items():
        assert_close(gradient, definition.grads[name], scale=n)


def test_what_is_no_relu_is_a_step_of_its_own() -> None:
    layer, _ = two((4,))
    for behind in (ReLU(max_value=6), Activation("tanh"), Activation("relu", dtype="float64")):
        behind.build_once((None, 4))
        step = kernel_step([layer, behind], True)
        assert step.layers == [layer]


@pytest.mark.parametrize("shape", [(64, 26, 26, 32), (5, 7, 3, 3), (200, 40)])
def test_threads_change_no_bit(shape: tuple[int, ...]) -> None:
    x, dy = np.random.default_rng(0).normal(1, 2, (2, *shape)).astype("float32")

    def run(threads: int) -> list[Any]:
        layer, _ = two(shape[1:])
        step = BatchNormalizationStep([layer], True)
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            y = step.forward(x, True).copy()
            return [y, step.backward(dy).copy(), *layer.named_weights.values(), *layer.grads.values()]
        finally:
            numba.set_num_threads(before)

    most = numba.config.NUMBA_NUM_THREADS
    assert all(np.array_equal(a, b) for a, b in zip(run(1), run(most)))


def test_arrays_that_are_not_contiguous_will_do() -> None:
    definition, layer = two((4, 3), dtype="float64")
    step = BatchNormalizationStep([layer], True)
    x, dy = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).swapaxes(2, 3)
    assert_close(step.forward(x, True), definition.forward(x, True))
    assert_close(step.backward(dy), definition.backward(dy))


def test_far_from_zero_float32_keeps_what_it_can() -> None:
    x = np.random.default_rng(0).normal(1000, 1, (64, 20, 20, 3)).astype("float32")
    layer, _ = two((20, 20, 3), momentum=0)
    BatchNormalizationStep([layer], True).forward(x, True)
    np.testing.assert_allclose(layer.non_trainable["moving_mean"], x.mean((0, 1, 2), dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(layer.non_trainable["moving_variance"], x.var((0, 1, 2), dtype="float64"), rtol=1e-3)


@pytest.mark.parametrize("shape", [(70, 13, 13, 24), (3000, 40), (40, 7, 11, 130)])
def test_many_chunks_are_put_together(shape: tuple[int, ...]) -> None:
    definition, layer = two(shape[1:], dtype="float64")
    x, dy = np.random.default_rng(0).normal(1, 2, (2, *shape))
    x += np.linspace(0, 30, len(x)).reshape(-1, *[1] * (len(shape) - 1))  # every chunk has another mean
    step = BatchNormalizationStep([layer], True)
    assert_close(step.forward(x, True), definition.forward(x, True))
    assert_close(step.backward(dy), definition.backward(dy))
    for name, variable in layer.named_weights.items():
        assert_close(variable, definition.named_weights[name])
    for name, gradient in layer.grads.items():
        assert_close(gradient, definition.grads[name], scale=np.abs(dy).sum() / shape[-1])


@pytest.mark.parametrize(("axis", "fits"), [(-1, True), (3, True), (1, False), (-2, False)])
def test_it_is_for_channels_last_alone(axis: int, fits: bool) -> None:
    layer = BatchNormalization(axis=axis)
    layer.build_once((None, 4, 3, 2))
    assert (kernel_step([layer], True) is not None) == fits


def test_a_subclass_runs_by_its_own_code() -> None:
    class Own(BatchNormalization):
        def forward(self, x: Any, training: bool = False) -> Any:
            return super().forward(x, training)

    layer = Own()
    layer.build_once((None, 4))
    assert kernel_step([layer], True) is None


def test_a_model_runs_it_and_sees_what_is_changed_on_the_layer() -> None:
    inputs = layers.Input((3,))
    norm = BatchNormalization(momentum=0.5)
    model = sn.Model(inputs, layers.Dense(2)(norm(inputs)))
    model.compile("sgd", sn.losses.MeanSquaredError())
    x, y = np.random.default_rng(0).normal(3, 2, (16, 3)).astype("float32"), np.zeros((16, 2), "float32")
    with_kernel = [step for step in sn.graph.plan.Plan(model.graph, "numba").steps if not isinstance(step, LayerStep)]
    assert any(type(step) is BatchNormalizationStep for step in with_kernel)
    model.train_on_batch(x, y)
    np.testing.assert_allclose(norm.non_trainable["moving_mean"], 0.5 * x.mean(axis=0), rtol=1e-5)
    norm.momentum = 0.0
    model.train_on_batch(x, y)
    np.testing.assert_allclose(norm.non_trainable["moving_mean"], x.mean(axis=0), rtol=1e-5)
    norm.trainable = False
    before = norm.get_weights()
    model.train_on_batch(x + 5, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, norm.get_weights()))
