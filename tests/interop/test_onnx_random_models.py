"""Random models of all kinds: what onnxruntime predicts from the file is what is predicted here."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="needs the `onnx` extra")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("keras", reason="the recipes of random models need the `keras` extra")

import scratchnet
from reference import recipes
from tests.interop.test_onnx import assert_same, images, randomized


@pytest.mark.parametrize("seed", range(100))
def test_random_models(seed: int) -> None:
    recipe = recipes.random_recipe(recipes.seeded_choice(seed))
    model = randomized(recipe.build(scratchnet))
    assert_same(model, images(model), tolerance=3e-5)  # up to eight layers
