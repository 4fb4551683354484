from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data import Images


@pytest.fixture
def images() -> Images:
    """320 blank images."""
    x, y = np.zeros((320, 28, 28), np.float32), np.zeros(320, np.uint8)
    return Images(x, y, x[:20], y[:20], "blank images")
