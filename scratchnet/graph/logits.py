"""Softmax or sigmoid and its cross-entropy are trained as one step: this is where that is decided.

A network that ends in a softmax p = softmax(z) and is trained by a cross-entropy is run up to its logits z only, and
the loss takes these (``from_logits=True``). Then L = Σ t (log Σ eᶻ - z) and ∂L/∂z = p - t: no number is divided by a
probability that may have become zero. ``losses/`` derives it. ``predict`` runs the whole network, softmax included.
The same goes for a sigmoid and the binary cross-entropy. It is decided for each output by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from scratchnet import activations
from scratchnet.graph.graph import Graph
from scratchnet.graph.stand_in import StandIn
from scratchnet.layers import LAYERS, Activation, Conv2D, Dense, Softmax
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, SparseCategoricalCrossentropy

_CROSSENTROPIES = (SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy)
_PROBABLE = (
    activations.Sigmoid,
    activations.HardSigmoid,
    activations.Softmax,
    activations.Exponential,
    activations.Softplus,
)
"""Functions of which a cross-entropy can take the values, each alone or by their share of a row, for probabilities."""


def ends_in_probabilities(tensor: SymbolicTensor, loss: Loss) -> bool:
    """Whether an output comes from the function that makes probabilities of what its loss would take as logits.

    That is the sigmoid, or the softmax along the last axis, of one of our own layers.
    """
    layer, kind = tensor.layer, activations.Sigmoid if type(loss) is BinaryCrossentropy else activations.Softmax
    if type(layer) not in (Dense, Conv2D, Activation, Softmax):
        return False
    function: activations.ActivationFunction = layer.activation
    return type(function) is kind and getattr(function, "axis", -1) in (-1, len(tensor.shape) - 1)


def at_odds(tensor: SymbolicTensor, loss: Loss, whose: str) -> str | None:
    """Return a warning where a cross-entropy surely takes the output of ``whose`` for something else, or None.

    Only our own layers and functions are known well enough to tell.
    """
    right = "sigmoid" if isinstance(loss, BinaryCrossentropy) else "softmax"
    if getattr(loss, "from_logits", False):
        if not ends_in_probabilities(tensor, loss):
            return None
        return (
            f"The loss {loss.name} has from_logits=True but {whose} ends in a {right}, so its outputs are "
            f"probabilities, not logits: leave one of the two out."
        )
    function = getattr(tensor.layer, "activation", None)
    ours = type(tensor.layer) in LAYERS.values() and type(function) in activations.ACTIVATIONS.values()
    if type(loss) not in _CROSSENTROPIES or function is None or not ours or isinstance(function, _PROBABLE):
        return None
    return (
        f"The loss {loss.name} expected probabilities but {whose} ends in the activation {function.name}: end it in "
        f'activation="{right}", or give the loss from_logits=True.'
    )


def through_logits(graph: Graph, losses: Sequence[Loss | None]) -> tuple[bool, ...]:
    """Return for each output whether its final softmax or sigmoid and its loss are trained as one step.

    Not so where somebody else wants the probabilities: a layer that goes on from the output, another loss, or a
    penalty on the output.
    """
    return tuple(
        type(loss) in _CROSSENTROPIES
        and not loss.from_logits  # type: ignore[union-attr]
        and ends_in_probabilities(output, loss)  # type: ignore[arg-type]
        and not graph.flat.consumers(output)
        and graph.flat.outputs.count(output) == 1
        and output.layer.activity_regularizer is None
        for output, loss in zip(graph.flat.outputs, losses)
    )


def from_logits(loss: Loss) -> Loss:
    """Return the loss that takes the logits in place of their softmax or sigmoid."""
    again = type(loss)(**{**loss.get_config(), "from_logits": True})
    again.stands_in = True
    return again


def put_out_logits(last: StandIn) -> None:
    """Make the last layer linear in this run: it puts out the logits."""
    last.keep(activation=activations.Linear())
