"""``scratchnet explore``: it writes the page, and says in a sentence why it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command


def test_it_writes_the_page_beside_the_model(
    scratchnet_command: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    run = Path(shutil.copytree(trained["mlp"], tmp_path / "run"))
    result = scratchnet_command("explore", run, "--mini")
    page = run / "explorer.html"
    assert result.code == 0, result.err
    assert f"{page} has" in result.out
    assert "test:7" in page.read_text(encoding="utf-8")
    assert scratchnet_command("explore", run, "--mini").code == 0  # it is made of the run: anew each time


def test_of_a_model_file_it_is_named_after_it(
    scratchnet_command: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    model = tmp_path / "mine.safetensors"
    model.write_bytes((trained["mlp"] / "model.safetensors").read_bytes())
    assert scratchnet_command("explore", model, "test:5", "--mini").code == 0
    assert (tmp_path / "mine-explorer.html").is_file()


def test_a_file_of_ones_own_has_the_networks_answer_for_its_label(
    scratchnet_command: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    pixels = np.zeros((40, 40), np.uint8)
    pixels[5:35, 10:30] = 200
    Image.fromarray(pixels).save(tmp_path / "shirt.png")
    page = tmp_path / "page.html"
    result = scratchnet_command("explore", trained["cnn"], tmp_path / "shirt.png", "test:3", "--mini", "-o", page)
    assert result.code == 0, result.err
    assert '"known":[false,true]' in page.read_text(encoding="utf-8")


def test_a_file_that_is_there_is_not_overwritten(
    scratchnet_command: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine", encoding="utf-8")
    result = scratchnet_command("explore", trained["mlp"], "--mini", "-o", page)
    assert result.code == 1
    assert "page.html exists already: name another file" in result.err
    assert page.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere"], 1, "There is no run nowhere"),
        (["{run}", *["test:1"] * 9], 2, "expected at most 8 images, got 9"),
        (["{run}", "test:x"], 2, "expected a number, as in test:17"),
        (["{run}", "test:99999"], 2, "the last test image is test:999"),
        (["{run}", "missing.png"], 1, "There is no image missing.png"),
        (["{run}", "{run}/run.json"], 1, "is not an image"),
        (["{run}", "-o", "page.txt"], 2, "expected a name that ends in .html"),
        (["{run}", "-o", "no/page.html"], 1, "There is no folder no"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    scratchnet_command: Command, trained: dict[str, Path], arguments: list[str], code: int, sentence: str
) -> None:
    given = [argument.format(run=trained["mlp"]) for argument in arguments]
    result = scratchnet_command("explore", *given, "--mini")
    assert (result.code, sentence in result.err) == (code, True), result.err
    assert not list(Path().glob("*.html"))


def test_a_run_without_a_model_is_told_of(scratchnet_command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "run.json").write_text("{}", encoding="utf-8")
    result = scratchnet_command("explore", tmp_path / "empty", "--mini")
    assert result.code == 1
    assert "holds no model.safetensors" in result.err
