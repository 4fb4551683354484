"""Make the embedded subset: ``python -m scratchnet.datasets.make_mini [FILE]`` (default: the package's).

No random numbers: the first images of each class. NumPy's ``savez_compressed`` (deflate) takes 2.64 MB; LZMA
behind the best of six predictors would take 2.25 MB and eight times as long to read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scratchnet.datasets import fashion_mnist
from scratchnet.datasets.mini import MINI_FILE, content_sha256
from scratchnet.typing import Array

TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100


def first_of_each_class(x: Array, y: Array, count: int) -> tuple[Array, Array]:
    """Return the first ``count`` images of each class and their labels, in rounds.

    The first round is the first image of each class, the second round the second, and so on; within a round they
    stand in the order of ``x``. So each stretch of the result is balanced too: with the plain order of ``x``, the
    last hundred images, where the frequent classes are used up, would be half T-shirts.
    """
    of_class = np.stack([np.flatnonzero(y == label)[:count] for label in np.unique(y)])
    chosen = np.sort(of_class.T, axis=1).ravel()  # (count · classes,)
    return x[chosen], y[chosen]


def choose() -> dict[str, Array]:
    """Choose the subset from the full set, which must be at hand."""
    train, test = fashion_mnist.load_data()
    x_train, y_train = first_of_each_class(*train, TRAIN_PER_CLASS)
    x_test, y_test = first_of_each_class(*test, TEST_PER_CLASS)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def main(arguments: list[str]) -> None:
    """Write the file and say its size and the checksum that belongs into ``mini.py``."""
    path = Path(arguments[0]) if arguments else MINI_FILE
    arrays = choose()
    np.savez_compressed(
        path,
        x_train=arrays["x_train"],
        y_train=arrays["y_train"],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"],
    )
    print(f"{path}: {path.stat().st_size:,} bytes, MINI_SHA256 = {content_sha256(arrays)}")


if __name__ == "__main__":
    main(sys.argv[1:])
