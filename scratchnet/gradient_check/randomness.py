"""Whether a layer is random, and its draws held still so that it can be checked all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.gradient_check.holdings import depends_on, holdings, is_built_in
from scratchnet.gradient_check.runner import Runner
from scratchnet.gradient_check.twins import layer_twin
from scratchnet.layers.variables import run_forward
from scratchnet.typing import Array

RUNS = 8
"""How often a layer that draws is run to see its output change; others run three times."""


@dataclass
class Randomness:
    """What was seen when ``forward`` ran several times over the same input.

    Attributes:
        note: what the report says about it; empty if the layer is not random.
        refusal: why it cannot be checked; empty if it can.
    """

    note: str = ""
    refusal: str = ""


def find_randomness(runner: Runner, xs: list[Array]) -> Randomness:
    """Run forward several times over the same input; if it draws random numbers, have the runner hold them still.

    All that is drawn here is taken back, so that the user's own random numbers go on as if nothing had run.
    """
    sources = runner.random_sources()

    def forward() -> dict[str, Array]:
        runner.forward_copies(xs)
        return runner.values_by_layer()

    with sources.held_still():
        first = forward()
    draws = sources.touched
    drawn: list[str] = []
    with sources.held_still():  # one block: within it, one draw differs from the next
        for _ in range(RUNS if draws else 3):
            drawn = drawn or runner.changed_layers(first, forward())
    if not draws and not drawn:
        return Randomness()
    runner.hold_still(sources)
    first = forward()
    if any(runner.changed_layers(first, forward()) for _ in range(2)):
        return _refuse(runner, xs, drawn)
    if not drawn:
        note = "draws random numbers, but its output was the same in all runs" if runner.training else ""
        return Randomness(note)
    runner.random = True
    who = (
        "forward gives"
        if len(runner.layers) == 1
        else f"{' and '.join(drawn)} {'gives' if len(drawn) == 1 else 'give'}"
    )
    return Randomness(f"{who} other numbers at every call; checked with the draws held still")


def _refuse(runner: Runner, xs: list[Array], drawn: list[str]) -> Randomness:
    """Tell a layer whose draws cannot be held from one that remembers: of that, two copies give the same."""
    changes, kept, remembers = list[str](), list[str](), True
    for layer, inputs in runner.inputs_by_layer(xs):
        if is_built_in(layer):
            continue
        x = inputs if len(inputs) > 1 else inputs[0]
        copies = [layer_twin(layer, layer.dtype) for _ in range(2)]
        remembers &= _equal(*(np.array(run_forward(copy, x, runner.training)) for copy in copies))
        owner = getattr(copies[0], "wrapped", copies[0])
        before = {h.path: np.array(h.value) for h in holdings(owner)}
        run_forward(copies[0], x, runner.training)
        changed = [h.path for h in holdings(owner) if h.path in before and not _equal(before[h.path], h.value)]
        changes += changed
        kept += [path for path in changed if remembers and depends_on(path, layer, inputs, runner.training)]
    names = ", ".join(dict.fromkeys(changes))
    who = "" if len(runner.layers) == 1 else f" in {' and '.join(drawn)}"
    if kept:
        which = ", ".join(dict.fromkeys(kept))
        return Randomness(
            refusal=f"forward gives other numbers for the same input{who}, because it changes {which}, and its output "
            f"depends on that, so a difference quotient means nothing: use what forward changes only where training "
            f"is False, as a batch normalization uses its running means"
        )
    runner.random = True
    seen = f" (what changes from call to call: {names})" if names else ""
    return Randomness(
        refusal=f"it is random in a way that cannot be held still: forward gives other numbers for one input{who}, "
        f"also when every generator within reach starts anew{seen}, so a difference quotient means nothing; draw from "
        f"a generator that the layer keeps, such as self.generator = np.random.default_rng(0)"
    )


def _equal(a: Array, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, np.asarray(b), equal_nan=a.dtype.kind in "fc"))
