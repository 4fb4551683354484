"""What every picture promises: it shows itself in a notebook, and leaves pyplot alone."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
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


PICTURES = """
import io, os, sys, numpy as np, scratchnet
from scratchnet import plotting
x, y = np.zeros((4, 8, 8)), np.arange(4)
model = scratchnet.Sequential([scratchnet.Input((8, 8, 1)), scratchnet.layers.Conv2D(4, 3), scratchnet.layers.Flatten(),
                               scratchnet.layers.Dense(4, activation="softmax")])
figures = (plotting.image_grid(x, y), plotting.confusion_matrix(y, y), plotting.first_layer_filters(model),
           plotting.learning_curves({"loss": [2.0, 1.0]}), plotting.feature_maps(model, x[0]),
           plotting.confident_mistakes(x, y, np.full((4, 4), 0.25)))
number, backend = sys.argv[1:]
for figure in figures if number == "all" else figures[int(number) : int(number) + 1]:
    for kind in ("png", "svg", "pdf"):
        figure.savefig(io.BytesIO(), format=kind)
assert os.environ["MPLBACKEND"] == backend
"""


@pytest.mark.parametrize(
    ("backend", "number"),
    [("inline", "all"), ("module://not_installed", "1"), ("TkAgg", "2"), ("gtk3agg", "3"), ("", "4"), ("agg", "5")],
)
def test_pictures_need_no_backend_of_the_users_and_no_display(backend: str, number: str) -> None:
    """All pictures are drawn with one backend, and with each of the others one of them, in all formats."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ran = subprocess.run(
        [sys.executable, "-c", PICTURES, number, backend],
        env={**environment, "MPLBACKEND": backend, "SCRATCHNET_BACKEND": "numpy"},
        capture_output=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr.decode()


@pytest.mark.parametrize(("backend", "known"), [("svg", True), ("module://somewhere", True), ("nobody_has_it", False)])
def test_a_backend_that_matplotlib_knows_is_the_one_it_has(backend: str, known: bool) -> None:
    program = f"""if True:
        from scratchnet import plotting
        import matplotlib
        assert (dict.__getitem__(matplotlib.rcParams, "backend") == {backend!r}) is {known}
    """
    environment = {**os.environ, "MPLBACKEND": backend}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()
