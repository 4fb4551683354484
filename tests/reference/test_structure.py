"""The same code makes the same model in both libraries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scratchnet
from reference import recipes, structure
from reference.environment import floatx, keras
from reference.report import Worst


@pytest.mark.parametrize("name", recipes.NETWORKS)
def test_the_networks_of_the_notebook(name: str) -> None:
    found = structure.Structure()
    found.compare(*recipes.build_both(recipes.Notebook(name)), name)
    for worst in (found.shapes, found.weights, found.names, found.counts, found.text):
        assert worst.compared
        assert worst.difference == 0, worst.where


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(data=st.data())
def test_random_models(data: st.DataObject) -> None:
    recipe = recipes.random_recipe(lambda options: data.draw(st.sampled_from(options)))
    found = structure.Structure()
    found.compare(*recipes.build_both(recipe), str(recipe))
    for worst in (found.shapes, found.weights, found.names, found.counts, found.text):
        assert worst.difference == 0, worst.where


def test_the_shapes_that_a_recipe_works_out_are_those_of_both_libraries() -> None:
    for seed in range(30):
        recipe = recipes.random_recipe(recipes.seeded_choice(seed))
        ours, theirs = recipes.build_both(recipe)
        expected = [(None, *recipe.shapes[i]) for i in recipe.outputs]
        assert [t.shape for t in ours.outputs] == expected, recipe
        assert [tuple(t.shape) for t in theirs.outputs] == expected, recipe


def test_random_recipes_are_of_many_kinds() -> None:
    recipe_list = [recipes.random_recipe(recipes.seeded_choice(seed)) for seed in range(200)]
    kinds = {class_name for recipe in recipe_list for class_name, _ in recipe.layers}
    assert kinds == {"Add", "Average", "Multiply", "Subtract", "Concatenate", *recipes._LAYERS}
    assert any(len(recipe.calls) > len(recipe.layers) for recipe in recipe_list), "no shared layer"
    assert any(len(recipe.outputs) > 1 for recipe in recipe_list), "no model with several outputs"
    assert any(len(recipe.inputs) > 1 for recipe in recipe_list), "no model with several inputs"
    assert any(recipe.sequential for recipe in recipe_list), "no Sequential"


@pytest.mark.parametrize("seed", range(8))
def test_twins_print_what_keras_prints_for_its_own_copy(seed: int) -> None:
    worst = Worst()
    recipe = recipes.random_recipe(recipes.seeded_choice(seed))
    structure.compare_twins(worst, *recipes.build_both(recipe), str(recipe))
    assert worst.compared
    assert worst.difference == 0, worst.where


def test_a_different_structure_is_found_and_named() -> None:
    ours, _ = recipes.build_both(recipes.Recipe([(3,)], [("Dense", {"units": 2})], [(0, (0,))], [1]))
    _, theirs = recipes.build_both(recipes.Recipe([(3,)], [("Dense", {"units": 4})], [(0, (0,))], [1]))
    found = structure.Structure()
    found.compare(ours, theirs, "the model")
    assert found.shapes.difference > 0
    assert found.weights.where.startswith("the model: layer dense: [('kernel', (3, 2)), ('bias', (2,))]")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "momentum", "schedule"])
def test_the_summary_of_a_trained_model_counts_what_keras_counts(optimizer: str, dtype: str) -> None:
    texts = []
    with floatx(dtype):
        for library in (scratchnet, keras):
            schedules = getattr(library, "schedules", None) or library.optimizers.schedules
            chosen = {
                "momentum": library.optimizers.SGD(0.1, momentum=0.9),
                "schedule": library.optimizers.Adam(schedules.ExponentialDecay(0.1, 2, 0.5)),
            }
            layers = [library.layers.Dense(4, trainable=False), library.layers.Dense(2, activation="softmax")]
            model = library.Sequential([library.Input((3,)), *layers])
            model.compile(optimizer=chosen.get(optimizer, optimizer), loss="sparse_categorical_crossentropy")
            model.train_on_batch(np.ones((4, 3)), np.zeros(4))
            texts.append(structure.summary_text(model))
    assert texts[0] == texts[1]


def test_both_refuse_a_slash_in_a_name() -> None:
    for library in (scratchnet, keras):
        with pytest.raises(ValueError, match="/"):
            library.layers.Dense(2, name="a/b")
