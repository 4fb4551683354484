"""The recipe in PyTorch is the same recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scratchnet import architectures
from scratchnet.recipes import CHALLENGE

torch = pytest.importorskip("torch")
twin = pytest.importorskip("benchmarks.challenge.twin")


@pytest.mark.parametrize("budget", CHALLENGE)
def test_both_networks_have_the_same_weights_to_learn(budget: str) -> None:
    ours = architectures.challenge(budget)
    theirs = twin.network(CHALLENGE[budget])
    assert sum(p.numel() for p in theirs.parameters()) == sum(array.size for array in ours.params.values())
    assert theirs(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_the_schedule_is_ours() -> None:
    recipe = replace(CHALLENGE["minutes"], epochs=2)
    model = architectures.challenge("minutes")
    recipe.compile(model, images=1280)
    assert model.optimizer is not None
    schedule: Any = model.optimizer._learning_rate
    _, factor = twin.optimizer_of(twin.network(recipe), recipe, steps=20)
    for step in range(20):
        assert recipe.learning_rate * factor(step) == pytest.approx(schedule(step))


def test_kernels_decay_and_the_rest_does_not() -> None:
    recipe = CHALLENGE["minutes"]
    sgd, _ = twin.optimizer_of(twin.network(recipe), recipe, steps=20)
    kernels, others = sgd.param_groups
    assert kernels["weight_decay"] == pytest.approx(recipe.weight_decay / 10)
    assert others["weight_decay"] == 0
    assert {p.ndim for p in kernels["params"]} == {2, 4}


def test_augmentation_moves_mirrors_and_erases() -> None:
    torch.manual_seed(0)
    recipe = replace(CHALLENGE["minutes"], shift=1, erase=1.0)
    x = torch.rand(64, 1, 28, 28) + 0.1
    y = twin.varied(x, recipe)
    assert y.shape == x.shape
    assert ((y == 0).flatten(1).sum(1) > 0).all()
    same = twin.varied(x, replace(recipe, shift=0, erase=0.0))
    mirrored = (same == x.flip(3)).flatten(1).all(1)
    assert 0.2 < mirrored.float().mean() < 0.8
    assert (same[~mirrored] == x[~mirrored]).all()


def test_a_recipe_can_be_changed_on_the_command_line() -> None:
    recipe = twin.changed(CHALLENGE["minutes"], ["erase=0.5", "filters=[8, 16]", "pooled=[true, false]", "flip=false"])
    assert (recipe.erase, recipe.filters, recipe.pooled, recipe.flip) == (0.5, (8, 16), (True, False), False)
    with pytest.raises(TypeError, match="smoothing"):
        twin.changed(CHALLENGE["minutes"], ["smoothing=0"])
