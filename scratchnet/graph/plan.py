"""The plan: how one batch runs through a graph of layers, as a list of steps.

A step stands for one layer or for a run of layers that are computed together. With the ``"numpy"`` backend each step
is a layer's own ``forward`` and ``backward``, as written in ``scratchnet/layers``. With ``"numba"`` a step is a
compiled kernel wherever there is one for exactly that layer, and the definition everywhere else (``backends.py``).

Models that are layers of the graph do not run: the layers inside them do, in their places (``graph.flat``). Whose
memory a layer runs in is told in ``stand_in.py``; why a plan may stop at the logits, in ``logits.py``; how the steps
are found, in ``planning.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np

from scratchnet.graph import moments
from scratchnet.graph.graph import Graph
from scratchnet.graph.logits import from_logits
from scratchnet.graph.planning import Planned
from scratchnet.graph.steps import LayerStep
from scratchnet.layers.arrays import fitting
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.losses import Loss
from scratchnet.metrics import Metric
from scratchnet.optimizers import Optimizer, UpdateRule
from scratchnet.typing import Array


class Plan(Planned):
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
        super().__init__(graph, backend, logits, input_gradients, fuse, trainable, check)
        self.lock = threading.RLock()
        self.kept: Any = None
        self.values: dict[SymbolicTensor, Array] = {}
        self.gradients: dict[SymbolicTensor, Array] = {}
        self.losses: list[float] = []
        self._activities: dict[SymbolicTensor, Array] = {}
        self._modes = {t: t.training for _, _, t in self.wiring if t.training is not None}
        self._idle = [gradient for leaf in graph.idle for gradient in leaf.own("grads").values()]
        defined = {output for step, _, output in self.wiring if isinstance(step, LayerStep)}
        self._adding = tuple((t, s.losses) for t, s in self._stand_ins.items() if t in defined or t in self._penalized)
        moments.add(self)

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

    def counting(self, metric: Metric) -> Callable[..., None]:
        """Return what takes a batch into a metric on this backend."""
        return self._parts.counting(metric)

    def update_rule(self, optimizer: Optimizer) -> UpdateRule:
        """Return what computes the optimizer's ``update`` on this backend."""
        return self._parts.update_rule(optimizer)

    @property
    def is_finite(self) -> Callable[[Array], bool]:
        """Whether no number of a contiguous array is NaN or infinite, as a function of it."""
        return self._parts.is_finite

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
