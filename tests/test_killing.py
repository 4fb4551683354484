"""A few of the trainings that ``python -m tests.killing`` kills by the hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killing import KINDS, Killed, rows


@pytest.mark.parametrize("kind", KINDS)
def test_killed_trainings_end_with_the_same_bits(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRATCHNET_BACKEND", raising=False)
    killed = Killed(kind, tmp_path, seed=len(kind))
    assert killed.once_more(0) == []
    epochs = rows(killed.alone)
    assert epochs == [str(epoch) for epoch in range(len(epochs))]
    assert killed.kills >= 1
