"""Data sets, found on this machine or fetched, and checked before use.

``fashion_mnist.load_data()`` is Keras's, call for call; ``fashion_mnist.load_data(subset="mini")`` needs no
network.
"""

from __future__ import annotations

from scratchnet.datasets import fashion_mnist
from scratchnet.datasets.idx import read_idx
from scratchnet.errors import nothing_else

__all__ = ["fashion_mnist", "read_idx"]


__getattr__ = nothing_else("data set", __name__)
