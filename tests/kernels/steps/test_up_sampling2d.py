"""Images made larger by copies equal the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.loops import up_sampling
from scratchnet.kernels.steps.up_sampling2d import UpSampling2DStep
from scratchnet.layers import UpSampling2D
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 3, 1), (5, 6, 3), (3, 4, 33)])
@pytest.mark.parametrize("size", [1, 2, (3, 2), (1, 4)])
def test_copies(size: Any, shape: Any, dtype: str) -> None:
    assert_step_is_definition(UpSampling2DStep, built([UpSampling2D(size, dtype=dtype)], shape), 5)


def test_blending_stays_with_the_definition() -> None:
    assert kernel_step(built([UpSampling2D(2, interpolation="bilinear")], (4, 4, 2)), True) is None
    assert kernel_step(built([UpSampling2D(2)], (4, 4, 2)), True) is not None


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    x, y = np.zeros(24, "float32"), np.zeros(96, "float32")
    for small, large in ((x[:-1], y), (x, y[:-1]), (x, y[:48])):
        with pytest.raises(ValueError, match="do not belong together"):
            up_sampling.forward(small, 2, 3, 2, 2, 2, large)
        with pytest.raises(ValueError, match="do not belong together"):
            up_sampling.backward(large, 2, 3, 2, 2, 2, small)
