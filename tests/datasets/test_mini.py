"""The embedded subset: real, balanced, small, checked, and the same whenever it is made."""

from __future__ import annotations

import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from scratchnet.datasets import fashion_mnist, make_mini, mini
from scratchnet.errors import DatasetError


def test_shapes_and_balance() -> None:
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="mini")
    assert (x_train.shape, x_test.shape) == ((5000, 28, 28), (1000, 28, 28))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(np.bincount(y_train), [500] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [100] * 10)


def test_each_stretch_is_balanced() -> None:
    (_, y_train), (_, y_test) = fashion_mnist.load_data(subset="mini")
    # Not only the whole: `x[:100]` and the last tenth, which validation_split takes, should be fair samples.
    for rounds in (y_train.reshape(500, 10), y_test.reshape(100, 10)):
        np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile(np.arange(10), (len(rounds), 1)))


def test_it_is_small_enough_for_the_wheel() -> None:
    assert mini.MINI_FILE.stat().st_size <= 3_000_000


def test_it_needs_no_source_at_all(machine, mirror) -> None:
    fashion_mnist.load_data(subset="mini")
    assert mirror.asked == []


def test_the_arrays_belong_to_the_caller() -> None:
    (x_train, _), _ = fashion_mnist.load_data(subset="mini")
    x_train[:] = 0
    assert fashion_mnist.load_data(subset="mini")[0][0].any()


@pytest.mark.parametrize("place", [100, 1_000_000, -30])
def test_a_flipped_bit_is_noticed(tmp_path: Path, place: int) -> None:
    content = bytearray(mini.MINI_FILE.read_bytes())
    content[place] ^= 1
    (tmp_path / "mini.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="install scratchnet again"):
        mini.load_mini(tmp_path / "mini.npz")


def test_other_images_are_noticed(tmp_path: Path) -> None:
    arrays = mini.load_mini()
    arrays["x_train"][0, 0, 0] ^= 1
    np.savez(tmp_path / "mini.npz", **arrays)
    with pytest.raises(DatasetError, match=r"expected the embedded subset with SHA-256 .*, found"):
        mini.load_mini(tmp_path / "mini.npz")


@pytest.mark.parametrize("content", [None, b"", b"not a zip file"])
def test_a_missing_or_foreign_file_is_noticed(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mini.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"mini.npz: the embedded subset cannot be read"):
        mini.load_mini(tmp_path / "mini.npz")


def npy(shape: tuple[int, ...], dtype: str = "|u1", content: bytes = b"") -> bytes:
    """A .npy file whose header claims what it likes."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (npy((1 << 33,)), r"expected x_train of shape \(5000, 28, 28\).*found \(8589934592,\)"),
        (npy((5000, 28, 28)), "expected 3,920,000 bytes of x_train, found 0"),
        (npy((5000, 28, 28), content=bytes(50_000_000)), "expected 3,920,000 bytes of x_train, found"),
        (npy((5000, 28, 28), "<f8", bytes(100)), "dtype uint8, found .* float64"),
        (npy((5000, 28, 28), "|O", bytes(100)), "dtype uint8, found .* object"),
        (b"\x93NUMPY\x02\x00" + bytes(100), "not of .npy's version"),
        (b"", "EOF"),
    ],
)
def test_an_array_that_claims_to_be_another_is_noticed_before_it_is_made(
    tmp_path: Path, file: bytes, message: str
) -> None:
    with zipfile.ZipFile(tmp_path / "mini.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", file)
    tracemalloc.start()
    with pytest.raises(DatasetError, match=message):
        mini.load_mini(tmp_path / "mini.npz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_a_large_file_and_a_pipe_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "mini.npz").open("wb") as stream:
        stream.truncate(1 << 40)
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(DatasetError, match="more than 8,000,000 bytes"):
        mini.load_mini(tmp_path / "mini.npz")
    with pytest.raises(DatasetError, match="a pipe"):
        mini.load_mini(tmp_path / "pipe.npz")


def test_an_unknown_subset_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"None .* or \"mini\", not 'maxi'"):
        fashion_mnist.load_data(subset="maxi")


def test_a_path_with_a_subset_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give only one"):
        fashion_mnist.load_data(tmp_path, subset="mini")


def test_the_first_of_each_class_in_rounds() -> None:
    y = np.array([1, 1, 0, 0, 1, 0])
    chosen, labels = make_mini.first_of_each_class(np.arange(6), y, 2)
    np.testing.assert_array_equal(chosen, [0, 2, 1, 3])
    np.testing.assert_array_equal(labels, [1, 0, 1, 0])


def test_making_it_again_gives_the_same(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.undo()  # back to the real machine
    if fashion_mnist.locate() is None:
        pytest.skip("Fashion-MNIST is not on this machine; run `scratchnet data fetch`")
    make_mini.main([str(tmp_path / "one.npz")])
    assert mini.MINI_SHA256 in capsys.readouterr().out
    # The content, which does not depend on the version of zlib as the compressed bytes do.
    for name, array in mini.load_mini(tmp_path / "one.npz").items():
        np.testing.assert_array_equal(array, mini.load_mini()[name], strict=True)
