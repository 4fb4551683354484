"""Fashion-MNIST: 70,000 grey images of 28×28 pixels, ten kinds of clothing. Drop-in for Keras's module.

    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
Learning Algorithms", 2017. © 2017 Zalando SE, MIT licence (see NOTICE).
"""

from __future__ import annotations

import os

from scratchnet.datasets import sources
from scratchnet.datasets.files import FILES
from scratchnet.datasets.idx import parse_idx
from scratchnet.datasets.mini import load_mini
from scratchnet.datasets.sources import SourceReport
from scratchnet.typing import Array
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.numbers import shown

LABELS = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
"""What the labels 0 to 9 stand for."""

SUBSETS = ("mini",)


@arguments_by_name
def load_data(
    path: str | os.PathLike[str] | None = None, subset: str | None = None
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the training and the test set: ``(x_train, y_train), (x_test, y_test)``.

    Looked for in this order: the folder in the environment variable ``SCRATCHNET_DATA``; our cache
    (``SCRATCHNET_CACHE`` moves it); the Debian package; Keras's cache; the public mirrors; the Debian
    archive. The decompressed bytes must have the known SHA-256 wherever they come from, so every source gives
    the same arrays. A wrong file is named in a warning and the next source is tried.

    Args:
        path: the folder that holds the four files, plain or ``.gz``. Then no other place is tried: a folder
            named in the code is meant, and when it does not have the files, that is an error.
        subset: ``"mini"`` for the embedded 5,000 training and 1,000 test images, equally many of each class.
            It needs no file and no network.

    Returns:
        x of shape (60000, 28, 28) and (10000, 28, 28), uint8, 0 (background) to 255; y of shape (60000,) and
        (10000,), uint8, 0 to 9. The arrays are new at each call: they may be changed.

    Raises:
        DatasetError: the files are nowhere to be had. The message lists every source and what it said.
        ValueError: unknown ``subset``, or ``path`` together with ``subset``.
        TypeError: ``path`` is no path.
    """
    if subset is not None:
        return _load_subset(path, subset)
    content = sources.find(path).content
    x_train, y_train, x_test, y_test = (parse_idx(content[file.name], file.name) for file in FILES)
    return (x_train, y_train), (x_test, y_test)


def _load_subset(path: str | os.PathLike[str] | None, subset: str) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    if not isinstance(subset, str) or subset not in SUBSETS:
        raise ValueError(f'subset must be None (the full set) or "mini", not {shown(subset)}.')
    if path is not None:
        raise ValueError(f'subset="mini" is part of the package and path={path!r} would be ignored: give only one.')
    arrays = load_mini()
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def locate(path: str | os.PathLike[str] | None = None) -> SourceReport | None:
    """Return the first local source that has the four right files, or None. No network; nothing is changed.

    Args:
        path: look only in this folder.

    Returns:
        The report of the source ``load_data`` would read: ``.source``, ``.folder``, and ``.files`` with the
        path and checksum of each.
    """
    for source, folder in sources.local_folders(path):
        report, _ = sources.look(source, folder)
        if report.ok:
            return report
    return None


def verify(path: str | os.PathLike[str] | None = None) -> list[SourceReport]:
    """Check every file of every local source. Uses no network and changes nothing.

    Args:
        path: check only this folder.

    Returns:
        One report for each source, in the order of ``load_data``; ``.ok`` says whether it is whole,
        ``.files`` has the state ("ok", "missing", "wrong") of each file and, in words, what was expected and
        found.
    """
    return [sources.look(source, folder)[0] for source, folder in sources.local_folders(path)]


def fetch() -> SourceReport:
    """Make sure that ``load_data`` will find the files without a network: fetch them if they are not here.

    Returns:
        The report of the source that had them: a local one, or ``"download"`` or ``"apt-get download"``,
        after which they are in the cache.

    Raises:
        DatasetError: the files are nowhere to be had. The message lists every source and what it said.
    """
    return sources.find().tried[-1]
