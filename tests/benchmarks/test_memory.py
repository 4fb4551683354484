from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks import memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@linux
def test_the_peak_begins_anew():
    held = np.ones(32 << 20, np.uint8)
    after = memory.begin_peak()
    assert memory.peak_bytes() >= after >= held.nbytes
    del held
    assert memory.begin_peak() < after
    assert memory.peak_bytes() < after


def test_where_it_cannot_begin_anew_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "CLEAR_REFS", tmp_path / "clear_refs")
    with pytest.raises(OSError, match="on Linux alone"):
        memory.begin_peak()
