"""Max-pooling layers with one mistake each: those of the library's catalogue."""

from __future__ import annotations

from scratchnet.learn.mistakes.max_pooling2d import IMAGE as IMAGE
from scratchnet.learn.mistakes.max_pooling2d import Parts as Parts
from tests.mutants.catalogue import adopt

adopt("layer", "pooling", "max_pooling2d")
