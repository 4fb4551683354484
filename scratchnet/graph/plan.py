"""The plan: how one batch runs through a graph of layers, as a list of steps.

A step stands for one layer or for a run of layers that are computed together. With the ``"numpy"`` backend each step
is a layer's own ``forward`` and ``backward``, as written in ``scratchnet/layers``. With ``"numba"`` a step is a
compiled kernel wherever there is one for exactly that layer, and the definition everywhere else (``backends.py``).

Models that are layers of the graph do not run: the layers inside them do, in their places (``graph.flat``). Whose
memory a layer runs in is told in ``stand_in.py``; why a plan may stop at the logits, in ``logits.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np

from scratchnet.activations import ActivationFunction
from scratchnet.graph import moments
from scratchnet.graph.backends import backend_named
from scratchnet.graph.graph import Graph
from scratchnet.graph.logits import from_logits, put_out_logits
from scratchnet.graph.parameters import learns
from scratchnet.graph.stand_in import StandIn
from scratchnet.graph.steps import LayerStep, Step
from scratchnet.layers import LAYERS
from scratchnet.layers.arrays import fitting
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.losses import Loss
from scratchnet.optimizers import Optimizer, UpdateRule
from scratchnet.typing import Array
from scratchnet.utils import changes


class Plan:
    """How batches run through a graph on one backend.

    Args:
        graph: the graph.
        backend: ``"numba"`` or ``"numpy"``.
        logits: for each output whether to stop before its final softmax or sigmoid, see ``through_logits``; one word
            will do for a graph with one output.
        input_gradients: whether ``backward`` must also work out the gradients of the inputs.
        fuse: whether a kernel may compute several layers together.
        trainable: whether the model as a whole is trained.
        check: whether what layers return is checked; the gradient checker wants to see it as it is.

    Attributes:
        made_for: the graph as given.
        graph: the graph that runs, with the layers of nested models in these models' places.
        steps: the steps in order.
        wiring: for each step the tensors that go in and the one that comes out.
        values: the array of each tensor in the last ``forward``; tensors inside a fused step have none.
        gradients: the gradient of each tensor in the last ``backward``.
        losses: what layers added to the loss in the last ``forward``, penalties on activities included.
        lock: steps own buffers, so one batch runs at a time.
        kept: for training, to keep here what it has worked out from the same layers, and lasts as long as the plan.
    """

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
        self.lock = threading.RLock()
        self.kept: Any = None
        self.values: dict[SymbolicTensor, Array] = {}
        self.gradients: dict[SymbolicTensor, Array] = {}
        self.losses: list[float] = []
        self._stand_ins = self._places()
        self._needs_gradient = self._find_needs(input_gradients)
        self.steps: list[Step] = []
        self.wiring: list[tuple[Step, tuple[SymbolicTensor, ...], SymbolicTensor]] = []
        self._plan()
        self._modes = {t: t.training for _, _, t in self.wiring if t.training is not None}
        self._idle = [gradient for leaf in graph.idle for gradient in leaf.own("grads").values()]
        defined = {output for step, _, output in self.wiring if isinstance(step, LayerStep)}
        self._adding = tuple((t, s.losses) for t, s in self._stand_ins.items() if t in defined or t in self._penalized)
        moments.add(self)

    # What the plan is made from -----------------------------------------------------------------------------------

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
        self._activities: dict[SymbolicTensor, Array] = {}
        self._penalized = {tensor: penalty for tensor, penalty in penalties.items() if penalty is not None}
        for output, stops in zip(self.graph.outputs, self.logits):
            if stops:
                put_out_logits(stand_ins[output])
        self._further = [place for place in stand_ins.values() if place.has_own_gradients]
        return stand_ins

    def _find_needs(self, input_gradients: bool) -> dict[SymbolicTensor, bool]:
        """Return for each tensor whether some trainable parameter, or an input that counts, lies upstream."""
        leaves = [leaf for layer in self.made_for.layers for leaf in layer.leaves(trainable=self._trainable)]
        trained = {layer: is_trained for _, layer, is_trained in leaves}  # not if a model round it is frozen
        needs: dict[SymbolicTensor, bool] = {}
        for tensor in self.graph.tensors:
            if tensor in self.graph.given:
                needs[tensor] = input_gradients
            else:
                own = learns(tensor.layer, trained[tensor.layer])
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
        return LayerStep(self._stand_ins[tensor], self._check, needed), tensor

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

    # How a batch runs ---------------------------------------------------------------------------------------------

    @property
    def always_trains(self) -> bool:
        """Whether some layer runs in training mode whatever the run, and may depend on who shares its batch."""
        return any(self._modes.values())

    @property
    def penalized(self) -> int:
        """How many layers' activities pay a penalty."""
        return len(self._penalized)

    def mode(self, output: SymbolicTensor, training: bool | None) -> bool | None:
        """Return the mode in which the step that puts out ``output`` runs: that of its place, if it asks for one."""
        return self._modes.get(output, training)

    def forward(self, inputs: Sequence[Array], training: bool | None = False) -> list[Array]:
        """Run a batch through all steps in order and return the model's outputs."""
        values = dict(zip(self.graph.inputs, inputs))
        for step, sources, output in self.wiring:
            x = values[sources[0]] if len(sources) == 1 else [values[source] for source in sources]
            values[output] = step.forward(x, self.mode(output, training) if self._modes else training)
        self.values = values
        if self._adding:  # layers that may add to the loss, and are few or none: those that kernels run do not
            self._collect_losses()
        return [values[output] for output in self.graph.outputs]

    def backward(self, output_gradients: Sequence[Array | None]) -> None:
        """Run the gradients of the outputs back through all steps in reverse, and fill every layer's ``grads``.

        In reverse, because a step can only say how the loss depends on its input once it is known how the loss depends
        on its output, and that is what the steps behind it have to tell. So nothing is worked out twice: one walk back
        costs about as much as the walk forward, however many parameters there are. Where a tensor was used twice, the
        loss depends on it in both ways, and the gradients that come back add up. None stands for
        an output that the loss does not look at.
        """
        gradients: dict[SymbolicTensor, Array] = {}
        for tensor, dy in zip(self.graph.outputs, output_gradients):
            if dy is not None:
                gradients[tensor] = gradients[tensor] + dy if tensor in gradients else dy
        for tensor, penalty in self._penalized.items():
            y = self._activities[tensor]
            slope = fitting(penalty.gradient(y), y.shape, type(penalty).__name__, "its gradient")
            slope = np.asarray(slope / len(y), y.dtype)
            gradients[tensor] = gradients[tensor] + slope if tensor in gradients else slope
        for step, sources, output in reversed(self.wiring):
            if not self._needs_gradient[output]:
                continue
            if output not in gradients:  # no loss depends on it
                for gradient in (g for layer in step.layers for g in layer.grads.values()):
                    gradient[...] = 0
                continue
            dx = step.backward(gradients[output])
            for source, d in zip(sources, dx if len(sources) > 1 else [dx]):
                if d is not None:
                    met = source in gradients
                    gradients[source] = self._parts.add(source, gradients[source], d) if met else d
        for place in self._further:
            place.add_gradients()
        for gradient in self._idle:  # what another model's training may have left there is none of this one's
            gradient[...] = 0
        self.gradients = gradients

    def _collect_losses(self) -> None:
        """Note what the layers have added to the loss, and set it on them, to be looked at."""
        self.losses = []
        for tensor, _ in self._adding:
            if tensor.layer._added:
                tensor.layer._added.clear()
        for tensor, losses in self._adding:
            if tensor in self._penalized:
                y = self._activities[tensor] = self.values[tensor].copy()  # whoever gets it may change it
                losses = [*losses, float(self._penalized[tensor].forward(y)) / len(y)]
            if losses:
                tensor.layer._added.extend(losses)
                self.losses += losses

    # The parts around the graph -----------------------------------------------------------------------------------

    @property
    def backend(self) -> str:
        """The backend's name."""
        return self._parts.name

    def loss(self, loss: Loss, place: int = 0) -> Loss:
        """Return what computes ``loss`` on this backend, for output number ``place``; it takes logits if the plan does.

        Where the plan ends in logits it may compute the last layer together with the loss. From then on the logits that
        ``forward`` returns are only filled by the loss's ``forward``.
        """
        if self.logits[place]:
            loss = from_logits(loss)
        with self.lock:  # another thread may be preparing its evaluation
            return self._computed(loss, place)

    def _computed(self, loss: Loss, place: int) -> Loss:
        if not (self.logits[place] and self.fuse):
            return self._parts.loss(loss, None)[0]
        ends = [output for _, _, output in self.wiring]
        number = ends.index(self.graph.outputs[place])
        computed, last = self._parts.loss(loss, self.steps[number])
        _, sources, output = self.wiring[number]
        self.steps[number], self.wiring[number] = last, (last, sources, output)
        return computed

    def update_rule(self, optimizer: Optimizer) -> UpdateRule:
        """Return what computes the optimizer's ``update`` on this backend."""
        return self._parts.update_rule(optimizer)

    def is_finite(self, numbers: Array) -> bool:
        """Whether no number of a contiguous array is NaN or infinite."""
        return self._parts.is_finite(numbers)

    def looking(self) -> dict[Layer, Any]:
        """Return the layers whose step looks whether the gradients it writes are finite, each with that step.

        None, if some layer stands in several places: its gradients are added up after all steps.
        """
        if self._further:
            return {}
        layer_of = {stand_in.layer: tensor.layer for tensor, stand_in in self._stand_ins.items()}
        return {layer_of[own]: step for step in self.steps if hasattr(step, "finite") for own in step.layers}

    def gather(self, data: Array, rows: Any, place: int = 0) -> Array:
        """Return rows of a data set as a batch for input number ``place``, cast to the model's dtype.

        With kernels the batch lies in a buffer that the next one overwrites.
        """
        return self._parts.gather(place, data, rows, self.graph.inputs[place].dtype)

    def running(self) -> AbstractContextManager[Any]:
        """Return the context in which batches run."""
        return self._parts.running()

    def running_forward(self, samples: int) -> AbstractContextManager[Any]:
        """As ``running``, for ``forward`` alone and so many samples."""
        return self._parts.running_forward(samples * self._flops, self._calls_blas)

    @property
    def _calls_blas(self) -> bool:
        """Whether some step may leave a product to BLAS."""
        return any(getattr(step, "calls_blas", True) for step in self.steps)

    @cached_property
    def _flops(self) -> int:
        """Floating-point operations of the kernels for one sample, forward."""
        return sum(step.flops(1)[0] for step in self.steps if hasattr(step, "flops"))


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
