from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scratchnet
from scratchnet import losses
from scratchnet.utils import files
from tests.cli.conftest import Command


def test_an_onnx_file_predicts_what_the_run_does(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("onnx", reason="needs the `onnx` extra")
    for name, run in trained.items():
        result = scratchnet_command("export", run, f"{name}.onnx")
        assert result.code == 0
        assert result.err == ""
        assert result.out.startswith(f"The network of {run} is in {name}.onnx, ")
        model = scratchnet.load_model(run / "model.safetensors")
        x = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
        session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
        (y,) = session.run(None, {session.get_inputs()[0].name: x})
        np.testing.assert_allclose(y, model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_a_keras_file_predicts_what_the_run_does_and_knows_the_optimizer(
    scratchnet_command: Command, trained: dict[str, Path]
) -> None:
    keras = pytest.importorskip("keras", reason="needs the `keras` extra")
    result = scratchnet_command("export", trained["mlp"], "model.keras")
    assert result.code == 0, result.err
    assert result.err == ""
    ours, theirs = scratchnet.load_model(trained["mlp"] / "model.safetensors"), keras.models.load_model("model.keras")
    x = np.random.default_rng(0).random((2, 28, 28), np.float32)
    np.testing.assert_allclose(theirs.predict(x, verbose=0), ours.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert int(theirs.optimizer.iterations) == ours.optimizer.iterations > 0
    assert [file.name for file in Path().iterdir()] == ["model.keras"]


@pytest.mark.filterwarnings("ignore:.*__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_what_kerass_files_do_not_keep_is_said(scratchnet_command: Command) -> None:
    pytest.importorskip("keras", reason="needs the `keras` extra")
    model = scratchnet.Sequential([scratchnet.Input((2,)), scratchnet.layers.Dense(1)])
    for delta, said in ((1, ""), (0.5, "Note: Keras's files do not keep Huber's delta, 0.5: compile again")):
        model.compile("sgd", losses.Huber(delta))
        model.save("mine.safetensors")
        result = scratchnet_command("export", "mine.safetensors", f"{delta}.keras")
        assert result.code == 0
        assert said in result.err


@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        ("model.h5", 2, "expected a name that ends in .keras or .onnx, got model.h5."),
        ("model", 2, "expected a name that ends in .keras or .onnx, got model."),
        ("old.onnx", 1, "old.onnx exists already: name another file, or remove it first."),
        ("nowhere/model.onnx", 1, "There is no folder nowhere to write model.onnx to: make it first."),
    ],
)
def test_where_it_cannot_go_is_said_before_anything_is_read(
    scratchnet_command: Command, file: str, code: int, said: str
) -> None:
    Path("old.onnx").write_text("old")
    result = scratchnet_command("export", "no-such-run", file)
    assert result.code == code
    assert said in result.err
    assert result.err.count("\n") == 1
    assert Path("old.onnx").read_text() == "old"


def test_a_run_that_is_not_there_is_said(scratchnet_command: Command) -> None:
    result = scratchnet_command("export", "no-such-run", "model.onnx")
    assert result.code == 1
    assert result.err == "Error: There is no run no-such-run: make one with scratchnet train cnn.\n"


@pytest.mark.parametrize("package", ["keras", "onnx"])
def test_without_the_package_a_sentence_says_what_to_install(package: str, trained: dict[str, Path]) -> None:
    """In another process, where importing it fails as if it were not there."""
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        f"from scratchnet import cli\n"
        f"sys.exit(cli.run(['export', {str(trained['mlp'])!r}, 'model.{package}']))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert f'which is not installed: pip install "scratchnet[{package}]"' in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Path(f"model.{package}").exists()


def test_nothing_is_left_behind_when_writing_fails(
    scratchnet_command: Command, trained: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="needs the `onnx` extra")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    result = scratchnet_command("export", trained["mlp"], "model.onnx")
    assert result.code == 1
    assert "No space left on device" in result.err
    assert not [*Path().iterdir()]
