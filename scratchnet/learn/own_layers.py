"""A user's own layer that behaves as one of ours with a known mistake: the gradient check says so.

The layer is run on the protocol for layers beside each of ours that it may be (``guesses.py``), with the same
parameters, and then beside those of ours that make a known mistake, or two. As everywhere, only what behaves alike is
named, and only if there is one such thing.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from scratchnet.gradient_check.twins import layer_graph
from scratchnet.layers.variables import run_forward
from scratchnet.learn.guesses import Guess, guesses
from scratchnet.learn.mistakes import Mistake, subject
from scratchnet.learn.naming import name
from scratchnet.learn.pairs import pair_class
from scratchnet.learn.protocols.layers import Setting, observe
from scratchnet.learn.running import right_signature, signature_of
from scratchnet.learn.signatures import Signature, alike, differing, runs
from scratchnet.typing import Array
from scratchnet.utils.random import seeded

MOST_NUMBERS = 20_000
"""Of a larger x, y or parameter nothing is named: hundreds of layers run beside the user's."""

MOST_SAMPLES = 4
LOSSES = ("softmax_cross_entropy", "categorical_crossentropy")


class Renamed:
    """A built layer under our names for its parameters, as the protocol runs it."""

    def __init__(self, layer: Any, names: dict[str, str]) -> None:
        self.layer, self.names = layer, names

    def build(self, input_shape: Any) -> None:
        """Nothing: it is built."""

    @property
    def params(self) -> dict[str, Array]:
        """The parameters, by our names."""
        return {ours: self.layer.params[theirs] for ours, theirs in self.names.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients, by our names."""
        return {ours: self.layer.grads[theirs] for ours, theirs in self.names.items()}

    def forward(self, x: Array, training: bool) -> Array:
        """Run the layer."""
        return run_forward(self.layer, x, training)

    def backward(self, dy: Array) -> Any:
        """Run the layer."""
        return self.layer.backward(dy)


def name_layer(layer: Any, shapes: Sequence[tuple[int, ...]], training: bool) -> str:
    """Return a sentence with the known mistake that a user's layer makes; empty if none is recognized.

    Args:
        layer: any that the gradient check takes; it is copied.
        shapes: of its inputs; of several inputs nothing is known.
        training: what ``forward`` is told.
    """
    if len(shapes) != 1 or len(shapes[0]) < 2:
        return ""
    shape = (min(shapes[0][0], MOST_SAMPLES), *shapes[0][1:])
    with seeded(0), np.errstate(all="ignore"):
        tried = _built(layer, shape, "float64")
        y = np.asarray(run_forward(tried, np.zeros(shape), training))
        params = {key: array.shape for key, array in tried.params.items()}
        if max(math.prod(sizes) for sizes in (shape, y.shape, *params.values())) > MOST_NUMBERS:
            return ""
        found = [f for guess in guesses(shape, y.shape, params) for f in _matches(layer, shape, guess, training)]
    if len({(guess.kind, frozenset(m.name for m in mistakes)) for guess, mistakes in found}) != 1:
        return ""
    guess, mistakes = found[0]
    return _sentence(type(layer).__name__, guess.kind, mistakes)


def name_loss(loss: Any) -> str:
    """Return a sentence with the known mistake that a user's loss makes; empty if none is recognized."""
    for kind in LOSSES:
        naming = name(kind, lambda **options: copy.deepcopy(loss))
        if naming is not None:
            return _sentence(type(loss).__name__, kind, naming.mistakes)
    return ""


def _sentence(title: str, kind: str, mistakes: Sequence[Mistake]) -> str:
    known = "a known mistake" if len(mistakes) == 1 else "two known mistakes"
    sentences = " ".join(mistake.sentence for mistake in mistakes)
    return f"{title} behaves as {subject(kind).title} with {known}. {sentences}"


def _built(layer: Any, shape: tuple[int, ...], dtype: str) -> Any:
    return layer_graph(layer, [shape], dtype).outputs[0].layer


def _matches(
    layer: Any, shape: tuple[int, ...], guess: Guess, training: bool
) -> Iterator[tuple[Guess, tuple[Mistake, ...]]]:
    """Yield every mistake, else every pair, with which the guessed layer behaves as the user's."""
    settings = [Setting((n, *shape[1:]), batches=guess.batches, training=training) for n in (shape[0], shape[0] + 1)]
    within = subject(guess.kind)

    def ours(wrong: Callable[..., Any]) -> Signature:
        return observe(lambda setting, dtype: _ours(wrong, guess, setting, dtype), settings)

    seen = observe(lambda setting, dtype: Renamed(_built(layer, setting.shape, dtype), guess.names), settings)
    right = ours(within.right)
    wrong_at = set(differing(seen, right))
    forward_is_right = not any(key.endswith("/y") for key in wrong_at)
    if not runs(seen) or not wrong_at:
        return
    likely = {m: ours(m.wrong) for m in within.mistakes.values() if forward_is_right or _changes_y(m)}
    singles = [mistake for mistake, behaviour in likely.items() if runs(behaviour) and alike(seen, behaviour)]
    if singles:
        yield from ((guess, (mistake,)) for mistake in singles)
        return
    parts = [m for m, behaviour in likely.items() if runs(behaviour) and set(differing(behaviour, right)) <= wrong_at]
    for first, second in permutations(parts if forward_is_right else [], 2):
        both = pair_class(first, second)
        if both is not None and alike(seen, ours(both)):
            yield guess, (first, second)


def _ours(wrong: Callable[..., Any], guess: Guess, setting: Setting, dtype: str) -> Renamed:
    layer = wrong(*guess.arguments, dtype=dtype, **guess.options)
    layer.build((None, *setting.shape[1:]))
    return Renamed(layer, {name: name for name in guess.names})


def _changes_y(mistake: Mistake) -> bool:
    changed = differing(signature_of(mistake), right_signature(subject(mistake.subject)))
    return any(key.endswith("/y") for key in changed)
