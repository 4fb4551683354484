"""What every picture promises: it shows itself in a notebook, and leaves pyplot alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from matplotlib.figure import Figure

from scratchnet import plotting


def test_a_picture_is_a_figure_that_shows_itself_in_a_notebook() -> None:
    figure = plotting.confusion_matrix([0, 1], [0, 1])
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_drawing_neither_loads_pyplot_nor_changes_settings() -> None:
    program = """if True:
        import sys, matplotlib
        before = dict(matplotlib.rcParams)
        from scratchnet import plotting
        figure = plotting.image_grid([[[0, 1], [1, 0]]])
        figure.savefig(sys.argv[1])
        assert "matplotlib.pyplot" not in sys.modules
        assert dict(matplotlib.rcParams) == before
    """
    subprocess.run([sys.executable, "-c", program, "/dev/null"], check=True, timeout=60)


def test_images_handed_in_are_not_changed() -> None:
    images = np.random.default_rng(0).random((3, 4, 4))
    before = images.copy()
    plotting.image_grid(images)._repr_png_()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(images, before)
