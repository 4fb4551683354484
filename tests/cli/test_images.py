"""Files of every kind and size, brought into the frame of Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scratchnet.cli.images import fit_frame, load_image
from scratchnet.datasets import fashion_mnist
from scratchnet.errors import ScratchnetError


@pytest.fixture(scope="module")
def clothes() -> np.ndarray:
    return fashion_mnist.load_data(subset="mini")[1][0]


def photo(pixels: np.ndarray, zoom: int = 10, margin: int = 35) -> np.ndarray:
    """A test image as somebody might send it: dark on white, large, with a margin."""
    large = np.kron(255 - pixels, np.ones((zoom, zoom), np.uint8))
    return np.pad(large, margin, constant_values=255)


def test_no_image_of_the_data_set_is_taken_for_one_with_a_light_background(clothes: np.ndarray) -> None:
    for pixels in clothes:
        kept, steps = fit_frame(pixels)
        assert steps == []
        np.testing.assert_array_equal(kept, pixels)
        turned, _ = fit_frame(255 - pixels)
        np.testing.assert_array_equal(turned, pixels)


@pytest.mark.parametrize("number", [0, 1, 2, 7])
def test_a_photo_of_a_garment_becomes_its_image_of_the_data_set(clothes: np.ndarray, number: int) -> None:
    rows, columns = (np.flatnonzero((clothes[number] > 13).any(axis=axis)) for axis in (1, 0))
    filled = clothes[number][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    pixels, steps = fit_frame(photo(filled))
    assert pixels.shape == (28, 28)
    assert max(np.ptp(np.flatnonzero((pixels > 13).any(axis=axis))) for axis in (0, 1)) == 27  # it fills the frame
    again = Image.fromarray(filled).resize(
        tuple(max(1, round(side * 28 / max(filled.shape))) for side in filled.shape[::-1]), Image.Resampling.BOX
    )
    top, left = (28 - again.height) // 2, (28 - again.width) // 2
    expected = np.pad(np.asarray(again), [(top, 28 - again.height - top), (left, 28 - again.width - left)])
    assert np.abs(pixels.astype(int) - expected).mean() < 10  # of 255
    assert [step.split()[0].rstrip(",") for step in steps] == ["inverted", "trimmed", "scaled"]


def test_the_object_is_trimmed_centred_and_keeps_its_proportions() -> None:
    image = np.zeros((100, 300), np.uint8)
    image[20:60, 200:220] = 200  # 40 high, 20 wide
    pixels, steps = fit_frame(image)
    lit = np.argwhere(pixels > 100)
    np.testing.assert_array_equal(lit.min(axis=0), [0, 7])
    np.testing.assert_array_equal(lit.max(axis=0), [27, 20])
    assert steps == ["trimmed to 20×40", "scaled to 28×28"]


@pytest.mark.parametrize("background", [0, 30, 225, 255])
def test_a_background_becomes_black_whatever_its_shade(background: int) -> None:
    image = np.full((90, 90), background, np.uint8)
    image[30:60, 30:50] = 128
    pixels, _ = fit_frame(image)
    assert pixels[:, 0].max() == 0
    assert pixels[14, 14] > 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 2), (28, 29), (27, 28), (3000, 40)])
@pytest.mark.parametrize("shade", [0, 100, 255])
def test_any_size_and_an_empty_page_become_a_frame(shape: tuple[int, int], shade: int) -> None:
    pixels, _ = fit_frame(np.full(shape, shade, np.uint8))
    assert (pixels.shape, pixels.dtype, int(pixels.max())) == ((28, 28), np.uint8, 0)


def scene() -> Image.Image:
    picture = Image.new("L", (60, 80), 255)
    picture.paste(40, (10, 10, 50, 70))
    return picture


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_gives_nearly_the_same(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    if mode == "I;16":
        Image.fromarray(np.asarray(scene(), np.uint16) * 257).save(path)
    elif mode == "1":
        scene().point(lambda shade: 255 * (shade > 127)).convert("1").save(path)
    else:
        scene().convert(mode).save(path)
    pixels, done = load_image(path)
    expected, _ = fit_frame(np.asarray(scene()))
    if mode == "1":
        expected = np.where(expected > 100, 255, expected)
    assert np.abs(pixels.astype(int) - expected).max() <= 45
    assert ("made grey" in done) == (mode not in ("1", "L", "I;16"))
    assert done.startswith("60×80, ")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".bmp", ".webp"])
def test_usual_file_formats_are_read(tmp_path: Path, suffix: str) -> None:
    scene().save(tmp_path / f"picture{suffix}")
    pixels, _ = load_image(tmp_path / f"picture{suffix}")
    assert pixels[14, 14] == pytest.approx(215, abs=10)


def test_what_is_transparent_counts_as_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))  # transparent black
    picture.paste((20, 20, 20, 255), (20, 10, 40, 50))
    picture.save(tmp_path / "cut-out.png")
    pixels, done = load_image(tmp_path / "cut-out.png")
    assert "inverted" in done
    assert pixels[14, 14] > 200
    assert pixels[14, 0] == 0


def test_a_phone_photo_that_lies_on_its_side_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to see it upright
    scene().rotate(90, expand=True).save(tmp_path / "side.jpg", exif=exif, quality=95)
    turned, done = load_image(tmp_path / "side.jpg")
    upright, _ = fit_frame(np.asarray(scene()))
    assert done.startswith("60×80")
    sideways, _ = fit_frame(np.asarray(scene().rotate(90, expand=True)))
    assert np.abs(turned.astype(int) - upright).mean() < 10 < np.abs(turned.astype(int) - sideways).mean()


def test_damaged_and_hostile_files_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:5000])
    with pytest.raises(ScratchnetError, match=r"cut\.png is a damaged image"):
        load_image(tmp_path / "cut.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ScratchnetError, match=r"whole\.png has too many pixels"):
        load_image(tmp_path / "whole.png")
