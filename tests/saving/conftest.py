from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.saving import model_file


@pytest.fixture(autouse=True)
def _definitions() -> None:
    """Files do not depend on the backend; the definitions need no compiling."""
    sn.config.set_backend("numpy")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.fixture
def reload(path: Path) -> Callable[..., Any]:
    """Save a model, load it, and return the loaded one."""

    def save_and_load(model: Any, **options: Any) -> Any:
        model.save(path)
        return sn.load_model(path, **options)

    return save_and_load


@pytest.fixture
def small_model() -> Any:
    """Seven inputs, three classes, compiled."""
    model = sn.Sequential(
        [sn.Input((7,)), layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")], name="small"
    )
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


@pytest.fixture
def small_data() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(50, 7)).astype("float32"), rng.integers(0, 3, 50)


@pytest.fixture
def rewrite(path: Path) -> Callable[[Callable[[Any, Any], None]], None]:
    """Change header and tensors of the file at ``path``, and make its checksum right again."""

    def change(edit: Callable[[Any, Any], None]) -> None:
        head, tensors = model_file.read_model_file(str(path))
        edit(head, tensors)
        model_file.write_model_file(str(path), head, tensors)

    return change
