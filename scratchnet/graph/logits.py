"""Softmax or sigmoid and its cross-entropy are trained as one step: this is where that is decided.

A network that ends in a softmax p = softmax(z) and is trained by a cross-entropy is run up to its logits z only, and
the loss takes these (``from_logits=True``). Then L = Σ t (log Σ eᶻ - z) and ∂L/∂z = p - t: no number is divided by a
probability that may have become zero. ``losses/`` derives it. ``predict`` runs the whole network, softmax included.
The same goes for a sigmoid and the binary cross-entropy.
"""

from __future__ import annotations

from scratchnet import activations
from scratchnet.graph.graph import Graph
from scratchnet.graph.stand_in import StandIn
from scratchnet.layers import Activation, Conv2D, Dense, Softmax
from scratchnet.losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, SparseCategoricalCrossentropy


def ends_in_softmax(graph: Graph) -> bool:
    """Whether the only output is the softmax, along the last axis, of one of our own layers."""
    return _ends_in(graph, activations.Softmax)


def ends_in_probabilities(graph: Graph, loss: Loss) -> bool:
    """Whether the graph ends in the function that makes probabilities of what the loss would take as logits."""
    return _ends_in(graph, activations.Sigmoid if type(loss) is BinaryCrossentropy else activations.Softmax)


def _ends_in(graph: Graph, kind: type[activations.ActivationFunction]) -> bool:
    layer = graph.flat.outputs[0].layer  # the last layer of the last model, if models nest
    if len(graph.outputs) != 1 or type(layer) not in (Dense, Conv2D, Activation, Softmax):
        return False
    function: activations.ActivationFunction = layer.activation
    return type(function) is kind and getattr(function, "axis", -1) in (-1, len(graph.outputs[0].shape) - 1)


def trains_through_logits(graph: Graph, loss: Loss | None) -> bool:
    """Whether the graph's final softmax or sigmoid and the loss are trained as one step."""
    if type(loss) not in (SparseCategoricalCrossentropy, CategoricalCrossentropy, BinaryCrossentropy):
        return False
    if graph.outputs[0].layer.activity_regularizer is not None:
        return False  # the penalty is on the probabilities, so they are needed
    return not loss.from_logits and ends_in_probabilities(graph, loss)  # type: ignore[arg-type, union-attr]


def from_logits(loss: Loss) -> Loss:
    """Return the loss that takes the logits in place of their softmax or sigmoid."""
    return type(loss)(**{**loss.get_config(), "from_logits": True})


def put_out_logits(last: StandIn) -> None:
    """Make the last layer linear in this run: it puts out the logits."""
    last.keep(activation=activations.Linear())
