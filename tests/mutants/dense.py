"""Dense layers with one mistake each: those of the library's catalogue."""

from __future__ import annotations

from scratchnet.learn.mistakes.dense import Parts as Parts
from tests.mutants.catalogue import adopt

adopt("layer", "dense", "dense")
