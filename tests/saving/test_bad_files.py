"""What is no model, or not a whole one, gives one clear sentence and loads nothing."""

from __future__ import annotations

import gzip
import os
import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import ModelFileError
from scratchnet.saving import read_notes

Edit = Callable[[Any, Any], Any]


def bytes_of(write: Callable[[Any], object]) -> bytes:
    stream = BytesIO()
    write(stream)
    return stream.getvalue()


def a_zip(stream: Any) -> None:
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("config.json", "{}")


FOREIGN = {
    "empty": (b"", "the file is empty"),
    "short": (b"abc", "nor any safetensors file"),
    "random": (np.random.default_rng(0).bytes(5000), "nor any safetensors file"),
    "text": (b"epoch,accuracy,loss\n1,0.8,0.5\n", "nor any safetensors file"),
    "keras": (bytes_of(a_zip), r"it is a zip archive, as Keras's \.keras"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(2000), r"it is an HDF5 file, as Keras's \.h5"),
    "pickle": (pickle.dumps([1, 2, 3] * 10, protocol=4), "it is a pickle, which scratchnet never opens"),
    "npy": (bytes_of(lambda stream: np.save(stream, np.zeros(9))), r"it is a NumPy \.npy file"),
    "gzip": (gzip.compress(b"hello"), "it is a gzip file"),
    "safetensors": (safetensors.numpy.save({"a": np.zeros(2)}), "it is a safetensors file, but not one that scratchn"),
    "safetensors with metadata": (
        safetensors.numpy.save({"a": np.zeros(2)}, {"format": "pt"}),
        "it is a safetensors file, but not one that scratchnet wrote",
    ),
    "no json in the header": (safetensors.numpy.save({}, {"scratchnet": "{"}), "its header is damaged"),
    "no object in the header": (safetensors.numpy.save({}, {"scratchnet": "[1]"}), "its header is damaged"),
    "too deep a header": (safetensors.numpy.save({}, {"scratchnet": "[" * 100_000}), "its header is damaged"),
    "no format in the header": (safetensors.numpy.save({}, {"scratchnet": "{}"}), "its header is damaged"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused(kind: str, path: Path) -> None:
    content, reason = FOREIGN[kind]
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=reason) as caught:
        sn.load_model(path)
    message = str(caught.value)
    assert message.startswith(f"Cannot load {str(path)!r}: ")
    assert message.endswith(".")
    assert "\n" not in message


@pytest.fixture(scope="module")
def saved() -> bytes:
    """The bytes of a trained model's file."""
    import tempfile

    sn.utils.set_random_seed(0)  # before what each test begins with: this is made once
    inputs = sn.Input((4,), name="input_layer")
    model = sn.Sequential([inputs, layers.Dense(3, activation="softmax", name="only")], name="saved")
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        return (Path(folder) / "model").read_bytes()


def state_of(path: Path) -> Any:
    model = sn.load_model(path)
    optimizer = model.optimizer
    assert optimizer is not None
    arrays = [*model.params.items(), *optimizer.slots.items()]
    configs = [layer.get_config() for layer in model.layers], optimizer.get_config(), optimizer.iterations
    return model.name, configs, [(name, array.tobytes()) for name, array in arrays]


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_refused(share: float, saved: bytes, path: Path) -> None:
    path.write_bytes(saved[: int(share * len(saved))])
    with pytest.raises(ModelFileError):
        sn.load_model(path)


def test_a_file_with_more_at_its_end_is_refused(saved: bytes, path: Path) -> None:
    path.write_bytes(saved + b"\0")
    with pytest.raises(ModelFileError, match=r"it is damaged or cut short \(incomplete metadata, file not fully cov"):
        sn.load_model(path)


@given(data=st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject, saved: bytes, path: Path) -> None:
    at = data.draw(st.integers(0, len(saved) - 1), "at")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != saved[at]), "byte")
    path.write_bytes(saved)
    expected = state_of(path)
    path.write_bytes(saved[:at] + bytes([byte]) + saved[at + 1 :])
    try:
        state = state_of(path)
    except ModelFileError:
        return
    assert state == expected  # another sort of white space in the header, for example


def test_a_changed_number_is_noticed(saved: bytes, path: Path) -> None:
    path.write_bytes(saved[:-2] + bytes([saved[-2] ^ 1]) + saved[-1:])
    with pytest.raises(ModelFileError, match="it is damaged, for its checksum is wrong"):
        sn.load_model(path)


def test_a_changed_setting_is_noticed(saved: bytes, path: Path) -> None:
    assert saved.count(b"0.001") == 1
    path.write_bytes(saved.replace(b"0.001", b"0.003"))
    with pytest.raises(ModelFileError, match="it is damaged, for its checksum is wrong"):
        sn.load_model(path)


def test_a_newer_format_is_refused_before_anything_else(saved: bytes, path: Path) -> None:
    assert saved.count(b'format_version\\":1,') == 1
    path.write_bytes(saved.replace(b'format_version\\":1,', b'format_version\\":2,'))
    with pytest.raises(ModelFileError, match=r"it has format 2, written by scratchnet .*: install a newer scratchnet"):
        sn.load_model(path)


# Files with a right checksum, but whose content does not hang together ------------------------------------------------


def first_dense(head: Any) -> Any:
    return head["model"]["layers"][1]


UNFITTING: dict[str, tuple[Edit, str]] = {
    "missing weight": (lambda h, t: t.pop("weights/only/bias"), "the tensor 'weights/only/bias' is missing"),
    "missing moment": (lambda h, t: t.pop("optimizer/velocity"), "the tensor 'optimizer/velocity' is missing"),
    "extra tensor": (lambda h, t: t.update(x=np.zeros(1)), "the tensor 'x' belongs to no part of the model"),
    "vectors without an optimizer": (
        lambda h, t: h.update(compiled=None),
        "the tensor 'optimizer/momentum' belongs to no part",
    ),
    "wrong shape": (
        lambda h, t: t.update({"weights/only/bias": np.zeros(4, "float32")}),
        r"expected 'weights/only/bias' to be float32 of shape \(3,\), .*, got float32 of shape \(4,\)",
    ),
    "wrong dtype": (
        lambda h, t: t.update({"weights/only/bias": np.zeros(3)}),
        r"expected 'weights/only/bias' to be float32 of shape \(3,\), .*, got float64 of shape \(3,\)",
    ),
    "wrong moment": (
        lambda h, t: t.update({"optimizer/velocity": np.zeros(3, "float32")}),
        r"expected 'optimizer/velocity' to be float32 of shape \(15,\)",
    ),
    "unknown built-in layer": (
        lambda h, t: first_dense(h).update({"class": "Attention"}),
        "this version of scratchnet has no layer class 'Attention': install a newer one",
    ),
    "unknown argument": (
        lambda h, t: first_dense(h)["config"].update(heads=8),
        "the layer Dense cannot be made from the arguments",
    ),
    "impossible argument": (lambda h, t: first_dense(h)["config"].update(units=-1), "units of Dense expected"),
    "layers of one name": (
        lambda h, t: first_dense(h).update(name="input_layer"),
        "the layers described do not fit together: 2 layers are named 'input_layer'",
    ),
    "no model": (lambda h, t: h.pop("model"), r"its description of the model makes no sense \(KeyError\('model'\)\)"),
    "a number for a model": (lambda h, t: h.update(model=3), "its description of the model makes no sense"),
    "a text for layers": (lambda h, t: h["model"].update(layers="Dense"), "its description of the layers makes no"),
    "no such optimizer": (
        lambda h, t: h["compiled"]["optimizer"].update({"class": "Lion"}),
        "this version of scratchnet has no optimizer class 'Lion'",
    ),
    "impossible optimizer": (
        lambda h, t: h["compiled"]["optimizer"]["config"].update(beta_1=2.0),
        "the optimizer Adam cannot be made from the arguments",
    ),
    "impossible count": (
        lambda h, t: h["compiled"].update(iterations=None),
        "its description of the model makes no sense",
    ),
}


@pytest.mark.parametrize("kind", UNFITTING)
def test_a_file_that_does_not_hang_together_is_refused(kind: str, saved: bytes, path: Path, rewrite: Any) -> None:
    edit, reason = UNFITTING[kind]
    path.write_bytes(saved)
    rewrite(edit)
    with pytest.raises(ModelFileError, match=reason) as caught:
        sn.load_model(path)
    assert str(caught.value).startswith(f"Cannot load {str(path)!r}: ")


def test_wrong_connections_are_refused(path: Path, rewrite: Any) -> None:
    sn.architectures.mlp().save(path)
    rewrite(lambda head, tensors: head["model"]["tensors"].__setitem__(1, ["flatten", [17]]))
    with pytest.raises(ModelFileError, match="the layers described do not fit together"):
        sn.load_model(path)


# Paths ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [sn.load_model, read_notes])
def test_a_missing_file_is_named(read: Any, path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"There is no model file '.*': check the path, or write one with model"
    ):
        read(path)


@pytest.mark.parametrize("read", [sn.load_model, read_notes])
def test_a_folder_is_no_model(read: Any, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder; give the path of the model file in it"):
        read(tmp_path)


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(ModelFileError, match="it is a device or pipe"):
        sn.load_model(path)


def test_notes_of_a_foreign_file_are_refused(path: Path) -> None:
    path.write_bytes(b"x" * 100)
    with pytest.raises(ModelFileError, match="nor any safetensors file"):
        read_notes(path)
