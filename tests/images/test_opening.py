"""Files of every format, kind of pixel and size, and those that are refused."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scratchnet.errors import ImageError
from scratchnet.images import open_image, opening, prepare


def scene() -> Image.Image:
    picture = Image.new("L", (60, 80), 255)
    picture.paste(40, (10, 10, 50, 70))
    picture.paste(120, (20, 20, 40, 30))
    return picture


def pixels(path: Path) -> np.ndarray:
    return np.asarray(open_image(path).picture.convert("L")).astype(int)


@pytest.mark.parametrize(
    ("form", "mode"),
    [(form, mode) for form in ("PNG", "TIFF") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    + [("TIFF", "CMYK"), ("TIFF", "LAB"), ("TIFF", "YCbCr"), ("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK")]
    + [("WEBP", "RGB"), ("WEBP", "RGBA"), ("GIF", "L"), ("BMP", "RGB"), ("BMP", "L"), ("BMP", "P")],
)
def test_every_kind_of_pixel_in_every_format_looks_the_same(tmp_path: Path, form: str, mode: str) -> None:
    path = tmp_path / "picture.of-no-known-name"
    expected = np.asarray(scene()).astype(int)
    if mode == "I;16":
        Image.fromarray(np.asarray(scene(), np.uint16) * 257).save(path, form)
    elif mode == "1":
        scene().point(lambda shade: 255 * (shade > 127)).convert("1").save(path, form)
        expected = np.where(expected > 127, 255, 0)
    else:
        (scene().quantize(8) if mode == "P" else scene().convert("RGB").convert(mode)).save(path, form)
    assert np.abs(pixels(path) - expected).mean() < 4


@pytest.mark.parametrize("dtype", ["float32", "uint16", ">u2", "int16", "int32", "uint32"])
@pytest.mark.parametrize("top", [1, 255, 65535, 3_000_000_000])
def test_numbers_of_any_size_are_neither_black_nor_turned_round(tmp_path: Path, dtype: str, top: int) -> None:
    kind = np.dtype(dtype)
    if kind.kind != "f" and (top > np.iinfo(kind).max or top == 1):
        pytest.skip("there are no such numbers")
    shades = np.asarray(scene()) / 255
    tiff(tmp_path / "picture.tif", (shades * top).astype(kind))
    lowest, highest = (0, 255) if top < 3_000_000_000 else (-45, 255)  # stretched from least to greatest
    expected = lowest + shades * (highest - lowest)
    assert np.abs(pixels(tmp_path / "picture.tif") - expected).max() <= 3


def tiff(path: Path, array: np.ndarray) -> None:
    """Write a grey TIFF of any dtype, which Pillow does not."""
    order = ">" if array.dtype.byteorder == ">" else "<"
    array = array.astype(array.dtype.newbyteorder(order))
    H, W = array.shape
    sample = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    tags = {
        256: W,
        257: H,
        258: 8 * array.itemsize,
        259: 1,
        262: 1,
        273: 8,
        277: 1,
        278: H,
        279: array.nbytes,
        339: sample,
    }
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    directory = struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + array.nbytes)
    path.write_bytes(head + array.tobytes() + directory)


def test_floats_of_64_bits_which_pillow_does_not_read_are_refused(tmp_path: Path) -> None:
    tiff(tmp_path / "a.tif", np.asarray(scene()) / 255)
    with pytest.raises(ImageError, match=r"a\.tif is a TIFF of 64-bit float numbers, .* save it as float32\.$"):
        open_image(tmp_path / "a.tif")


PEAK = """
import sys
from scratchnet.images import prepare
assert prepare(sys.argv[1]).found
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024)  # of this program alone; getrusage counts what forked it, too
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells a program its own peak")
@pytest.mark.parametrize(("mode", "megabytes"), [("L", 400), ("RGB", 500), ("RGBA", 800), ("F", 800)])
def test_the_largest_picture_takes_its_pixels_and_little_more(tmp_path: Path, mode: str, megabytes: int) -> None:
    picture = Image.new(mode, (8000, 8000), 1.0 if mode == "F" else "white")
    picture.paste(0.25 if mode == "F" else "black", (2500, 3000, 5500, 5000))
    picture.save(tmp_path / "a.tif", compression="tiff_adobe_deflate")
    peak = subprocess.run([sys.executable, "-c", PEAK, tmp_path / "a.tif"], capture_output=True, text=True, check=True)
    assert int(peak.stdout) < megabytes


def test_negative_numbers_are_stretched_and_it_is_said(tmp_path: Path) -> None:
    tiff(tmp_path / "a.tif", (np.asarray(scene()) / 127.5 - 1).astype("float32"))
    assert open_image(tmp_path / "a.tif").steps == ["-0.686275 taken for black and 1 for white"]
    assert (pixels(tmp_path / "a.tif").min(), pixels(tmp_path / "a.tif").max()) == (0, 255)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(tmp_path: Path, value: float) -> None:
    numbers = np.asarray(scene(), np.float32) / 255
    numbers[3, 4:7] = value
    tiff(tmp_path / "a.tif", numbers)
    with pytest.raises(ImageError, match=r"a\.tif has 3 pixels that are NaN or infinite"):
        open_image(tmp_path / "a.tif")


def test_what_is_transparent_becomes_white_and_it_is_said(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))  # transparent black
    picture.paste((20, 20, 20, 255), (20, 10, 40, 50))
    picture.save(tmp_path / "cut-out.png")
    opened = open_image(tmp_path / "cut-out.png")
    assert opened.steps == ["made white where it is transparent"]
    assert pixels(tmp_path / "cut-out.png")[0, 0] == 255
    palette = Image.new("P", (60, 60), 0)
    palette.putpalette([0, 0, 0, 20, 20, 20])
    palette.paste(1, (20, 10, 40, 50))
    palette.save(tmp_path / "cut-out.gif", transparency=0)
    np.testing.assert_array_equal(pixels(tmp_path / "cut-out.gif"), pixels(tmp_path / "cut-out.png"))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_several_frames_the_first_is_taken_and_it_is_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    scene().convert("RGB").save(path, save_all=True, append_images=[Image.new("RGB", (60, 80), "red")])
    assert open_image(path).steps == ["the first of its frames"]
    assert np.abs(pixels(path) - np.asarray(scene())).mean() < 4


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_data_say(tmp_path: Path, orientation: int, suffix: str) -> None:
    back = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    lying = scene() if back is None else scene().transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying.convert("RGB").save(tmp_path / f"a.{suffix}", exif=exif, quality=95)
    assert open_image(tmp_path / f"a.{suffix}").size == (60, 80)
    assert np.abs(pixels(tmp_path / f"a.{suffix}") - np.asarray(scene())).mean() < 4


def test_a_large_picture_is_reduced_and_its_size_is_that_of_the_file(tmp_path: Path) -> None:
    large = scene().resize((4200, 5600), Image.Resampling.NEAREST)
    for suffix in ("png", "jpg"):
        large.save(tmp_path / f"a.{suffix}")
        opened = open_image(tmp_path / f"a.{suffix}")
        assert opened.size == (4200, 5600)
        assert 2048 <= max(opened.picture.size) < 4096
        size, cut = prepare(tmp_path / f"a.{suffix}").steps[:2]
        assert size == "4200×5600"
        width, height = map(int, re.findall(r"[0-9]+", cut))
        assert (width, height) == (pytest.approx(2800, rel=0.05), pytest.approx(4200, rel=0.05))


# What is refused.


def test_no_other_program_is_ever_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    monkeypatch.setattr(os, "system", never)
    (tmp_path / "a.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 30 30\n%%EndComments\nnewpath 0 0 moveto 30 30 lineto stroke\n"
    )
    with pytest.raises(ImageError, match=r"a\.png is not an image that can be read: expected PNG, JPEG, WebP, GIF"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize("form", ["ICO", "PPM", "TGA", "PCX", "JPEG2000", "AVIF", "PDF", "EPS"])
def test_formats_that_pillow_knows_besides_are_not_opened(tmp_path: Path, form: str) -> None:
    try:
        scene().save(tmp_path / "a.png", form)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow does not write {form}")
    with pytest.raises(ImageError, match="is not an image that can be read"):
        open_image(tmp_path / "a.png")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path, message in [
        (tmp_path / "pipe.png", "a pipe, not an ordinary file"),
        (Path("/dev/zero"), "a device, not an ordinary file"),
        (tmp_path, "is a folder: give an image file"),
        (tmp_path / "nothing.png", "There is no image .*nothing.png"),
        ("", "The name of the image is empty"),
        (Path("a\0b"), "cannot be read"),
    ]:
        with pytest.raises(ImageError, match=message):
            open_image(path)


def png(width: int, height: int, packed: bytes) -> bytes:
    """A grey PNG that claims to be of a size, with what is packed in it."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(10_000_000))
    (tmp_path / "bomb.png").write_bytes(png(30_000, 30_000, packed))
    tracemalloc.start()
    with pytest.raises(ImageError, match=r"bomb\.png has too many pixels .*: at most 64 million"):
        open_image(tmp_path / "bomb.png")
    (tmp_path / "large.png").write_bytes(png(9_000, 9_000, packed))
    with pytest.raises(ImageError, match=r"large\.png has too many pixels .*, 9,000×9,000: at most 64 million"):
        open_image(tmp_path / "large.png")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene().save(tmp_path / "a.bmp")
    monkeypatch.setattr(opening, "MAX_BYTES", 1000)
    with pytest.raises(ImageError, match=r"a\.bmp cannot be opened as an image: it has more than 1,000 bytes"):
        open_image(tmp_path / "a.bmp")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_cut_file_is_refused_by_name_in_one_line(tmp_path: Path, form: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a", form)
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "cut").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImageError, match=r"cut is (a damaged image|not an image)") as raised:
        open_image(tmp_path / "cut")
    assert str(raised.value).isprintable()
