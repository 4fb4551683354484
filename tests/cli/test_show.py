from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scratchnet import plotting
from tests.cli.conftest import Command


def test_show_draws_the_images_and_says_where(scratchnet_command: Command) -> None:
    result = scratchnet_command("show", "--mini")
    assert result.code == 0
    assert result.out.endswith("25 training images are in fashion-mnist.png\n")
    assert "NOT THE WHOLE DATA SET" in result.out
    with Image.open("fashion-mnist.png") as picture:
        assert min(picture.size) > 800


def test_show_passes_the_images_asked_for(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[np.ndarray, int, int, str]] = []
    real = plotting.image_grid

    def spy(images: np.ndarray, y: np.ndarray, labels: list[str], rows: int, columns: int, title: str) -> object:
        asked.append((y[: rows * columns], rows, columns, title))
        return real(images, y, labels, rows, columns, title)

    monkeypatch.setattr(plotting, "image_grid", spy)
    arguments = ("--first", 4990, "--rows", 2, "--columns", 7, "-o", "some.png")
    assert scratchnet_command("show", "--mini", *arguments).out.endswith("10 training images are in some.png\n")
    ((y, rows, columns, title),) = asked
    np.testing.assert_array_equal(np.sort(y), np.arange(10))  # the subset is in rounds of all ten classes
    assert (rows, columns) == (2, 7)
    assert title == "Fashion-MNIST: training images 4,990 to 4,999 of the embedded subset"


def test_show_overwrites_nothing(scratchnet_command: Command) -> None:
    for _ in range(2):
        scratchnet_command("show", "--mini", "--rows", 1, "--columns", 1)
    assert {path.name for path in Path().iterdir()} == {"fashion-mnist.png", "fashion-mnist-2.png"}
    Path("mine.png").write_text("mine")
    result = scratchnet_command("show", "--mini", "-o", "mine.png")
    assert result.code == 1
    assert "mine.png exists already" in result.err
    assert Path("mine.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "picture.txt"], 2, "a name that ends in .png, got picture.txt"),
        (["-o", "nowhere/picture.png"], 1, "There is no folder nowhere"),
        (["--first", "5000"], 2, "expected less than 5,000, got 5000"),
        (["--rows", "0"], 2, "--rows"),
    ],
)
def test_what_show_refuses(scratchnet_command: Command, arguments: list[str], code: int, message: str) -> None:
    result = scratchnet_command("show", "--mini", *arguments)
    assert result.code == code
    assert message in result.err
    assert list(Path().iterdir()) == []
