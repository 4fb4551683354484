from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import scratchnet
from scratchnet.datasets import fashion_mnist
from scratchnet.datasets.fashion_mnist import LABELS
from tests.cli.conftest import Command


def block(out: str, name: str) -> list[str]:
    """The lines below the one that names an image."""
    lines = out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(name))
    end = next((k for k in range(start, len(lines)) if not lines[k].strip()), len(lines))
    return lines[start:end]


def test_a_test_image_gets_its_three_most_probable_classes_and_the_truth(
    scratchnet_command: Command, trained: dict[str, Path]
) -> None:
    result = scratchnet_command("predict", trained["cnn"], "test:17", "test:3", "--mini")
    assert result.code == 0
    model = scratchnet.load_model(trained["cnn"] / "model.safetensors")
    _, (x, y) = fashion_mnist.load_data(subset="mini")
    for number in (17, 3):
        chances = model.predict(x[number][None, ..., None] / 255, verbose=0)[0]
        best = np.argsort(-chances)[:3]
        head, *rows = block(result.out, f"test:{number} ")
        verdict = "right" if best[0] == y[number] else "wrong"
        assert head == f"test:{number}  is {LABELS[y[number]]}: {verdict}"
        assert [row.strip()[:11].strip() for row in rows] == [LABELS[k] for k in best]
        assert [row.split()[-1] for row in rows] == [f"{chances[k]:.1%}" for k in best]


def test_bars_are_as_long_as_the_class_is_probable(scratchnet_command: Command) -> None:
    model = scratchnet.architectures.mlp()
    weights = [np.zeros_like(w) for w in model.get_weights()]
    weights[-1][[2, 5, 7]] = np.log([60.0, 20.0, 13.0])  # and seven times 1
    model.set_weights(weights)
    model.save("mine.safetensors")
    out = scratchnet_command("predict", "mine.safetensors", "test:0", "--mini").out
    assert block(out, "test:0")[1:] == [
        "  Pullover    ██████████████████              60.0%",
        "  Sandal      ██████                          20.0%",
        "  Sneaker     ███▉                            13.0%",
    ]


def test_the_file_of_a_test_image_gets_the_same_answer(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    _, (x, _) = fashion_mnist.load_data(subset="mini")
    Image.fromarray(x[17]).save("black.png")
    Image.fromarray(255 - x[17]).save("white.png")
    out = scratchnet_command("predict", trained["mlp"], "test:17", "black.png", "white.png", "--mini").out
    answers = [block(out, name)[-3:] for name in ("test:17", "black.png", "white.png")]
    assert answers[0] == answers[1] == answers[2]
    assert "inverted, because its background is light" in block(out, "white.png")[1]
    assert "inverted" not in block(out, "black.png")[1]


def test_image_files_need_no_data_set(
    scratchnet_command: Command, trained: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the data set was loaded")

    monkeypatch.setattr(fashion_mnist, "load_data", never)
    Image.new("RGB", (40, 60), "white").save("photo.jpg")
    assert scratchnet_command("predict", trained["mlp"], "photo.jpg").code == 0


@pytest.mark.parametrize(
    ("image", "code", "message"),
    [
        ("test:", 2, "expected a number, as in test:17, got test:."),
        ("test:-1", 2, "expected a number, as in test:17, got test:-1."),
        ("test:1.5", 2, "expected a number, as in test:17, got test:1.5."),
        ("test:1000", 2, "the last test image is test:999, got test:1000."),
        ("nothing.png", 1, "There is no image nothing.png: give a PNG or JPEG file, or test:17 for a test image."),
        ("letter.png", 1, "letter.png is not an image that can be read: expected PNG or JPEG."),
        (".", 1, ". is a folder: give an image file."),
    ],
)
def test_an_image_that_cannot_be_had_is_one_sentence(
    scratchnet_command: Command, trained: dict[str, Path], image: str, code: int, message: str
) -> None:
    Path("letter.png").write_text("dear")
    result = scratchnet_command("predict", trained["mlp"], "test:1", image, "--mini")
    assert result.code == code
    assert message in result.err
    assert result.err.count("\n") == 1
    assert "test:1 " not in result.out


def test_the_page_of_what_is_missing(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    assert "Missing argument" in scratchnet_command("predict").err
    assert scratchnet_command("predict", trained["mlp"]).code == 2
