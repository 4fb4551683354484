from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import scratchnet
from scratchnet.cli.pixels import half_blocks
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
        ("nothing.png", 1, "There is no image nothing.png: give an image file, or test:17 for a test image."),
        ("letter.png", 1, "letter.png is not an image that can be read: expected PNG, JPEG, WebP, GIF, BMP or TIFF."),
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


def test_the_input_is_shown_in_ascii_where_there_are_no_colours(
    scratchnet_command: Command, trained: dict[str, Path]
) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 10:20] = 255
    Image.fromarray(pixels).save("box.png")
    out = scratchnet_command("predict", trained["mlp"], "box.png", "--show").out.splitlines()
    start = out.index("box.png") + 2
    empty, full = " " * 30, " " * 12 + "@" * 10 + " " * 8
    assert out[start : start + 14] == [empty] * 2 + [full] * 10 + [empty] * 2


def test_half_blocks_carry_the_upper_pixel_in_front_and_the_lower_behind() -> None:
    line = half_blocks(np.array([0, 255]), np.array([17, 3]))
    assert line.plain == "  ▀▀"
    assert [str(span.style) for span in line.spans] == ["rgb(0,0,0) on rgb(17,17,17)", "rgb(255,255,255) on rgb(3,3,3)"]


def test_the_input_is_written_for_one_image_to_a_file_for_several_to_a_folder(
    scratchnet_command: Command, trained: dict[str, Path]
) -> None:
    _, (x, _) = fashion_mnist.load_data(subset="mini")
    assert scratchnet_command("predict", trained["mlp"], "test:17", "--mini", "--save-input", "seen.png").code == 0
    np.testing.assert_array_equal(np.asarray(Image.open("seen.png")), x[17])
    Path("other").mkdir()
    Image.fromarray(x[3]).save("a.png")
    Image.fromarray(x[4]).save("other/a.png")
    images = ("a.png", "other/a.png", "test:5")
    assert scratchnet_command("predict", trained["mlp"], *images, "--mini", "--save-input", "new").code == 0
    for name, number in (("a-1", 3), ("a-2", 4), ("test-5", 5)):
        np.testing.assert_array_equal(np.asarray(Image.open(f"new/{name}-28x28.png")), x[number])


@pytest.mark.parametrize(
    ("wanted", "images", "code", "message"),
    [
        ("there.png", ["test:1"], 1, "there.png exists already"),
        ("no/where.png", ["test:1"], 1, "There is no folder no"),
        ("seen.jpg", ["test:1"], 2, "a name that ends in .png, got seen.jpg for 1 images"),
        ("seen.png", ["test:1", "test:2"], 2, "expected a folder"),
    ],
)
def test_an_input_is_not_written_over_a_file(
    scratchnet_command: Command, trained: dict[str, Path], wanted: str, images: list[str], code: int, message: str
) -> None:
    Path("there.png").write_text("mine")
    result = scratchnet_command("predict", trained["mlp"], *images, "--mini", "--save-input", wanted)
    assert result.code == code
    assert message in result.err
    assert Path("there.png").read_text() == "mine"


def test_a_blank_image_gets_no_class_and_a_doubtful_one_says_why(
    scratchnet_command: Command, trained: dict[str, Path]
) -> None:
    Image.new("RGB", (90, 90), "white").save("blank.png")
    small = Image.new("RGB", (300, 300), "white")
    small.paste("black", (100, 100, 120, 130))
    small.save("small.png")
    out = scratchnet_command("predict", trained["mlp"], "blank.png", "small.png").out
    assert block(out, "blank.png")[-1] == "  Nothing in it differs from the background: there is nothing to name."
    assert not any("%" in line for line in block(out, "blank.png"))
    assert any(line.startswith("  Unsure: the object covers only 0.") for line in block(out, "small.png"))


def test_the_page_of_what_is_missing(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    assert "Missing argument" in scratchnet_command("predict").err
    assert scratchnet_command("predict", trained["mlp"]).code == 2
