"""How a plan is made from the layers of a graph: what runs at each place, what needs a gradient, and in which steps.

And whether it still is what it was made from: a layer may have been frozen, or given another activation, since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.activations import ActivationFunction
from scratchnet.graph.backends import backend_named
from scratchnet.graph.graph import Graph
from scratchnet.graph.logits import put_out_logits
from scratchnet.graph.parameters import learns
from scratchnet.graph.stand_in import StandIn
from scratchnet.graph.steps import LayerStep, Step
from scratchnet.layers import LAYERS
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.utils import changes


class Planned:
    """What is worked out once, before a batch runs; arguments and attributes are those of ``plan.Plan``."""

    def __init__(
        self,
        graph: Graph,
        backend: str,
        logits: bool | Sequence[bool] = False,
        input_gradients: bool = False,
        fuse: bool = True,
        trainable: bool = True,
        check: bool = True,
    ) -> None:
        self.graph, self.fuse = graph.flat, fuse
        self.made_for = graph
        self.logits = (logits,) * len(graph.outputs) if isinstance(logits, bool) else tuple(logits)
        self._parts = backend_named(backend)
        self._trainable, self._check = trainable, check
        self._seen = changes.count()
        self._made_from = self._what_it_is_made_from()
        self._kinds = list({type(layer) for layer in self.graph.layers})
        self._methods = [(kind.forward, kind.backward) for kind in self._kinds]
        self._stand_ins = self._places()
        self._needs_gradient = self._find_needs(input_gradients)
        self.steps: list[Step] = []
        self.wiring: list[tuple[Step, tuple[SymbolicTensor, ...], SymbolicTensor]] = []
        self._plan()

    def is_current(self) -> bool:
        """Whether the layers still are what the plan was made from."""
        if self._methods != [(kind.forward, kind.backward) for kind in self._kinds]:
            return False
        if self._seen != changes.count():
            seen = changes.count()
            if self._what_it_is_made_from() != self._made_from:
                return False
            self._seen = seen
        return True

    def _what_it_is_made_from(self) -> list[Any]:
        made_from: list[Any] = [self._trainable]
        for layer in self.made_for.layers:
            made_from.append([leaf.trainable for _, leaf, _ in layer.leaves()])
        for layer in self.graph.layers:
            made_from.append(layer.activity_regularizer)
            if type(layer) in LAYERS.values():
                made_from += [(name, _plain(value)) for name, value in dict(vars(layer)).items() if name[0] != "_"]
        return made_from

    def _places(self) -> dict[SymbolicTensor, StandIn]:
        """Return what runs at each place of the graph; a layer's further places have gradients of their own."""
        stand_ins: dict[SymbolicTensor, StandIn] = {}
        met = set[Layer]()
        for tensor in self.graph.tensors:
            if tensor not in self.graph.given:
                shapes = [source.shape for source in tensor.inputs]
                again = tensor.layer in met
                met.add(tensor.layer)
                stand_in = StandIn(tensor.layer, shapes if len(shapes) > 1 else shapes[0], tensor.shape, again)
                if self.graph.paths[tensor.layer] != tensor.layer.name:  # for the table of steps, and for messages
                    stand_in.keep(name=self.graph.paths[tensor.layer])
                stand_ins[tensor] = stand_in
                _refuse_inner_activity_regularizers(tensor.layer)
        penalties = {tensor: tensor.layer.activity_regularizer for tensor in stand_ins}
        self._penalized = {tensor: penalty for tensor, penalty in penalties.items() if penalty is not None}
        for output, stops in zip(self.graph.outputs, self.logits):
            if stops:
                put_out_logits(stand_ins[output])
        self._further = [place for place in stand_ins.values() if place.has_own_gradients]
        return stand_ins

    def _find_needs(self, input_gradients: bool) -> dict[SymbolicTensor, bool]:
        """Return for each tensor whether some trainable parameter, or an input that counts, lies upstream."""
        leaves = [leaf for layer in self.made_for.layers for leaf in layer.leaves(trainable=self._trainable)]
        self._trained = {layer: is_trained for _, layer, is_trained in leaves}  # not if a model round it is frozen
        needs: dict[SymbolicTensor, bool] = {}
        for tensor in self.graph.tensors:
            if tensor in self.graph.given:
                needs[tensor] = input_gradients
            else:
                own = learns(tensor.layer, self._trained[tensor.layer])
                needs[tensor] = own or any(needs[source] for source in tensor.inputs)
        return needs

    def _plan(self) -> None:
        planned = set[SymbolicTensor](self.graph.inputs)
        for tensor in self.graph.tensors:
            if tensor in planned:
                continue
            step, last = self._next_step(tensor)
            run = [tensor]
            while run[-1] is not last:
                run.append(self.graph.consumers(run[-1])[0])
            planned.update(run)
            self.steps.append(step)
            self.wiring.append((step, tensor.inputs, last))

    def _next_step(self, tensor: SymbolicTensor) -> tuple[Step, SymbolicTensor]:
        """Return the step that begins with ``tensor``, and the tensor it ends with."""
        run = self._chain_from(tensor)
        layers = [self._stand_ins[t].layer for t in run]
        step = self._parts.step(layers, any(self._needs_gradient[source] for source in tensor.inputs), self.fuse)
        if step is not None:
            return step, run[len(step.layers) - 1]
        needed = [self._needs_gradient[source] and source not in self.graph.given for source in tensor.inputs]
        return LayerStep(self._stand_ins[tensor], self._check, needed, self._trained[tensor.layer]), tensor

    def _chain_from(self, tensor: SymbolicTensor) -> list[SymbolicTensor]:
        """Return ``tensor`` and the tensors after it for as long as nobody else looks at what lies between."""
        chain = [tensor]
        while chain[-1] not in self.graph.outputs and len(chain) < self._parts.longest_run:
            consumers = self.graph.consumers(chain[-1])
            if len(consumers) != 1 or len(consumers[0].inputs) != 1 or consumers[0].training != tensor.training:
                break
            if chain[-1] in self._penalized:
                break
            chain.append(consumers[0])
        return chain


def _refuse_inner_activity_regularizers(layer: Layer) -> None:
    for path, leaf, _ in layer.leaves():
        if path and leaf.activity_regularizer is not None:
            raise ValueError(
                f"Layer {layer.name!r} expected layers inside it to have no activity_regularizer, got one at {path}: "
                f"say add_loss in its forward and add the slope in its backward, or use the layer in the graph itself."
            )


def _plain(value: Any) -> Any:
    """Return what an attribute's value is compared by: numbers and words by themselves, other objects as they are."""
    if isinstance(value, ActivationFunction):
        return type(value), tuple(vars(value).items())
    return value if isinstance(value, (bool, int, float, str, tuple)) or value is None else id(value)
