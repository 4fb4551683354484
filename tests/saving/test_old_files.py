"""Files that earlier versions wrote are read by every later one: ``files/``, each by the version in its name.

``expected.json`` has what that version predicted for ``batch``. Where a later version writes a file in another way, add
some that it wrote; take none away.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers

FILES = Path(__file__).parent / "files"
EXPECTED: dict[str, Any] = json.loads((FILES / "expected.json").read_text())


def batch(tensor: Any) -> Any:
    """Return two samples for an input."""
    shape = [2, *tensor.shape[1:]]
    return (np.arange(np.prod(shape)) % 5).reshape(shape).astype(tensor.dtype)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_old_model_predicts_as_it_did_and_goes_on(name: str, path: Path) -> None:
    model = sn.load_model(FILES / name)
    x = model.as_inputs_given([batch(tensor) for tensor in model.inputs])
    for predicted in (model.predict(x, verbose=0), _saved_again(model, path).predict(x, verbose=0)):
        outputs = predicted.values() if isinstance(predicted, dict) else predicted
        outputs = list(outputs) if len(model.outputs) > 1 or isinstance(predicted, dict) else [outputs]
        for output, expected in zip(outputs, EXPECTED[name], strict=True):
            np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def _saved_again(model: Any, path: Path) -> Any:
    model.save(path)
    return sn.load_model(path)


def test_an_old_model_is_trained_further() -> None:
    model = sn.load_model(FILES / "0.1.0-first.safetensors")
    assert model.optimizer is not None
    assert model.optimizer.iterations == 1
    history = model.fit(np.ones((4, 4, 4, 1)), np.zeros(4), epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.optimizer.iterations == 4


def test_old_weights_are_those_of_the_model_saved_with_them() -> None:
    image = sn.Input((4, 4, 1))
    x = layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(2, 3, activation="relu")(image)))
    model = sn.Model(image, layers.Dense(3, activation="softmax")(x))
    model.load_weights(FILES / "0.1.0-weights.safetensors")
    saved = sn.load_model(FILES / "0.1.0-model.safetensors")
    for ours, theirs in zip(model.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_old_training_goes_on(tmp_path: Path) -> None:
    """It was stopped after one epoch of four."""

    def fit(*callbacks: Any) -> Any:
        sn.utils.set_random_seed(0)
        dense = layers.Dense(3, name="a"), layers.Dense(2, name="b")
        model = sn.Sequential([sn.Input((4,)), dense[0], layers.Dropout(0.5, seed=1, name="drop"), dense[1]])
        model.compile("adam", "mse", ["mae"])
        model.fit(np.eye(4), np.ones((4, 2)), batch_size=2, epochs=4, verbose=0, callbacks=[*callbacks])
        return model

    epochs: list[int] = []
    shutil.copy(FILES / "0.1.0-training.safetensors", tmp_path / "training.safetensors")
    count = sn.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: epochs.append(epoch))
    resumed, alone = fit(sn.callbacks.BackupAndRestore(tmp_path), count), fit()
    assert epochs == [1, 2, 3]
    for ours, theirs in zip(resumed.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_every_file_is_tried() -> None:
    others = {"0.1.0-weights.safetensors", "0.1.0-training.safetensors"}
    assert {path.name for path in FILES.glob("*.safetensors")} == {*EXPECTED, *others}
