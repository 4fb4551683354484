"""The few types that the whole library speaks."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""A NumPy array of any dtype and shape; the docstrings give both."""

Shape: TypeAlias = tuple[int | None, ...]
"""A shape with the batch in front: ``(None, 28, 28, 1)``. ``None`` stands for "any number"."""

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
"""A NumPy array of float32 or float64."""
