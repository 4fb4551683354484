"""A kernel stands in for nothing that somebody has put into one of our objects or classes: losses and optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scratchnet import losses, optimizers
from scratchnet.graph.kernel_losses import kernel_loss
from scratchnet.graph.kernel_steps import kernel_update_rule

MADE: dict[str, Callable[[], Any]] = {
    "squares": losses.MeanSquaredError,
    "sparse": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
    "categorical": lambda: losses.CategoricalCrossentropy(from_logits=True),
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "momentum": lambda: optimizers.SGD(momentum=0.9),
}
PATCHES = [*((name, method) for name in ("squares", "sparse", "categorical") for method in ("forward", "backward")),
           *((name, "update") for name in ("adam", "adamw", "momentum")), ("adam", "step_size")]  # fmt: skip


def has_a_kernel(thing: Any) -> bool:
    if isinstance(thing, losses.Loss):
        return kernel_loss(thing, None)[0] is not thing
    return kernel_update_rule(thing) != thing.update


@pytest.mark.parametrize("name", MADE)
def test_ours_has_a_kernel(name: str) -> None:
    assert has_a_kernel(MADE[name]())


@pytest.mark.parametrize(("name", "method"), PATCHES)
@pytest.mark.parametrize("of_class", [True, False])
def test_what_somebody_has_put_in_counts(name: str, method: str, of_class: bool, monkeypatch: Any) -> None:
    thing = MADE[name]()
    monkeypatch.setattr(type(thing) if of_class else thing, method, lambda *_: 0.0, raising=False)
    assert not has_a_kernel(thing)
