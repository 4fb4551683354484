"""Compile the kernels that the tests need, on all cores at once: ``python -m tests.warm``.

From an empty cache, each test that comes upon a new kernel waits for it to be compiled, on one core, and two workers of
pytest-xdist compile the same ones twice. So this runs each kernel once for each type of numbers, on a few samples;
where all is compiled already it takes some seconds. Tests do not depend on it.

Python's own compiler runs before: where PYTHONDONTWRITEBYTECODE is set Python keeps no bytecode, and each of the many
processes that the tests start would compile the whole package again.
"""

from __future__ import annotations

import compileall
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = ("float32", "float64")


def _run(step: Any, ways: bool = False) -> None:
    """Forward and backward of a step, in each of its ways."""
    layers = step.layers
    x, dy = (np.zeros((2, *shape[1:]), step.dtype) for shape in (layers[0].input_shape, layers[-1].output_shape))
    for way in step.forward_ways if ways else [None]:
        if way is not None:
            step.forward_way = way
        step.forward(x)
    for way in step.backward_ways if ways else [None]:
        if way is not None:
            step.backward_way = way
        step.backward(dy)


def _pooled(dtype: str, channels: int, needs_dx: bool, pool: int = 2) -> None:
    from scratchnet.kernels.machine.processor import lanes
    from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
    from scratchnet.layers import Conv2D, MaxPooling2D
    from tests.kernels.common import built

    lane = lanes(dtype)
    layers = [Conv2D(lane, 2, dtype=dtype), MaxPooling2D(pool, dtype=dtype)]
    _run(Conv2DMaxPoolStep(built(layers, (20, 20, channels or lane)), needs_dx), ways=True)


def _conv2d(dtype: str) -> None:
    from scratchnet.kernels.machine.processor import lanes
    from scratchnet.kernels.steps.conv2d import Conv2DStep
    from scratchnet.layers import Conv2D
    from tests.kernels.common import built

    _run(Conv2DStep(built([Conv2D(3, 2, dtype=dtype)], (5, 5, 2)), True))
    lane = lanes(dtype)
    _run(Conv2DStep(built([Conv2D(lane, 3, dtype=dtype)], (5, 5, lane)), True), ways=True)


def _max_pooling(dtype: str) -> None:

    from scratchnet.kernels.steps.max_pooling2d import MaxPooling2DStep
    from scratchnet.layers import MaxPooling2D
    from tests.kernels.common import built

    for pool in (2, 17):
        _run(MaxPooling2DStep(built([MaxPooling2D(pool, dtype=dtype)], (20, 20, 2)), True))


def _dense(dtype: str) -> None:
    from scratchnet.kernels.steps.dense import DenseStep
    from scratchnet.layers import Dense
    from tests.kernels.common import built

    _run(DenseStep(built([Dense(3, dtype=dtype)], (5,)), True))


def _activation(dtype: str) -> None:
    from scratchnet.kernels.steps.activation import ActivationStep
    from scratchnet.layers import Activation, ReLU
    from tests.kernels.common import built

    for layer in (ReLU(dtype=dtype), Activation("sigmoid", dtype=dtype)):
        _run(ActivationStep(built([layer], (5,)), True))


def _other_convolutions(dtype: str) -> None:
    from scratchnet.kernels.steps.conv2d_transpose import Conv2DTransposeStep
    from scratchnet.kernels.steps.depthwise_conv2d import DepthwiseConv2DStep
    from scratchnet.layers import Conv2DTranspose, DepthwiseConv2D
    from tests.kernels.common import built

    _run(Conv2DTransposeStep(built([Conv2DTranspose(3, 2, dtype=dtype)], (5, 5, 2)), True))
    _run(DepthwiseConv2DStep(built([DepthwiseConv2D(2, dtype=dtype)], (5, 5, 2)), True))


def _batch_normalization(dtype: str) -> None:
    from scratchnet.kernels.steps.batch_normalization import BatchNormalizationStep
    from scratchnet.layers import BatchNormalization
    from tests.kernels.common import built

    step = BatchNormalizationStep(built([BatchNormalization(dtype=dtype)], (5,)), True)
    step.forward(np.zeros((2, 5), dtype), True)
    _run(step)


def _last_dense_and_losses(dtype: str) -> None:
    from scratchnet.kernels.loops.softmax_crossentropy import softmax_crossentropy, sparse_softmax_crossentropy
    from scratchnet.kernels.steps.dense_crossentropy import DenseCrossentropyStep
    from scratchnet.layers import Dense
    from tests.kernels.common import built

    z, scale, labels = np.zeros((2, 3), dtype), np.ones(2, dtype), np.zeros(2, np.int64)
    step = DenseCrossentropyStep(built([Dense(3, dtype=dtype)], (5,)), True)
    step.forward(np.zeros((2, 5), dtype))
    step.loss(labels, True, scale, z.copy(), z.copy())
    sparse_softmax_crossentropy(z, labels, scale, z.copy(), z.copy())
    softmax_crossentropy(z, z.copy(), scale, z.copy(), z.copy())


def _vectors(dtype: str) -> None:
    from scratchnet.kernels.loops.gather import gather
    from scratchnet.kernels.loops.mean_squared_error import mean_squared_error
    from scratchnet.kernels.loops.merging import add
    from scratchnet.kernels.loops.optimizers import adam, momentum

    w, g, m, v = (np.zeros(3, dtype) for _ in range(4))
    adam(w, g, m, v, 0.1, 0.9, 0.999, 1e-7)
    momentum(w, g, m, 0.1, 0.9, False)
    add(w, g, False, m)
    mean_squared_error(w, g, np.ones(1, dtype), m)
    for kind in ("uint8", dtype):
        gather(np.zeros((3, 2), kind), np.array([0, 2]), np.empty((2, 2), dtype))


def _jobs() -> Iterator[tuple[Callable[..., None], tuple[Any, ...]]]:
    """The longest first."""
    for dtype in DTYPES:
        for pool, channels, needs_dx in ((2, 0, True), (2, 1, False), (17, 2, True)):
            yield _pooled, (dtype, channels, needs_dx, pool)
    small = _max_pooling, _batch_normalization, _activation, _last_dense_and_losses, _vectors
    for job in (_dense, _conv2d, _other_convolutions, *small):
        for dtype in DTYPES:
            yield job, (dtype,)


def main() -> None:
    """Compile all Python files, then run all jobs, each kernel in one process."""
    for folder in ("scratchnet", "reference", "benchmarks", "tests"):
        compileall.compile_dir(Path(__file__).parents[1] / folder, quiet=1, workers=0)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for done in [pool.submit(job, *arguments) for job, arguments in _jobs()]:
            done.result()


if __name__ == "__main__":
    main()
