"""The plan: how one batch runs through a model, as a list of steps.

A step stands for one layer or for a run of layers that are computed together. With the ``"numpy"`` backend each step
is a layer's own ``forward`` and ``backward``, as written in ``scratchnet/layers``. With ``"numba"`` a step is a
compiled kernel wherever there is one for exactly that layer, and the definition everywhere else.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from scratchnet import activations
from scratchnet.graph.graph import Graph
from scratchnet.layers import Activation, Conv2D, Dense, Softmax
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.losses import Loss
from scratchnet.optimizers import Optimizer, UpdateRule
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

_WORTH_SHARING = 6e6  # floating-point operations of kernels for which it pays to wake more than one thread


class Step(Protocol):
    """One step of a plan. What it returns may lie in a buffer that it uses again at its next call."""

    layers: list[Layer]

    def forward(self, x: Any, training: bool) -> Array:
        """Return y."""

    def backward(self, dy: Array) -> Any:
        """Return dx, or None where nobody needs it, and fill the layers' ``grads``."""


class LayerStep:
    """A layer run by its own definition."""

    def __init__(self, layer: Layer) -> None:
        self.layers = [layer]

    def forward(self, x: Any, training: bool) -> Array:
        """Return the layer's output."""
        return self.layers[0].forward(x, training)

    def backward(self, dy: Array) -> Any:
        """Return the layer's dx."""
        return self.layers[0].backward(dy)


def ends_in_softmax(graph: Graph) -> bool:
    """Whether the only output is the softmax, along the last axis, of one of our own layers."""
    layer = graph.outputs[0].layer
    if len(graph.outputs) != 1 or type(layer) not in (Dense, Conv2D, Activation, Softmax):
        return False
    function: activations.ActivationFunction = layer.activation
    return type(function) is activations.Softmax and function.axis in (-1, len(layer.output_shape) - 1)


def without_activation(layer: Layer) -> Layer:
    """Return the layer with the same parameters and gradients but linear: it puts out the logits."""
    twin = copy.copy(layer)
    twin.activation = activations.Linear()  # type: ignore[attr-defined]
    return twin


class Plan:
    """How batches run through a graph on one backend.

    Args:
        graph: the graph.
        backend: ``"numba"`` or ``"numpy"``.
        logits: stop before the final softmax (only where ``ends_in_softmax``).
        input_gradients: whether ``backward`` must also work out the gradients of the inputs.
        fuse: whether a kernel may compute several layers together.

    Attributes:
        steps: the steps in order.
        wiring: for each step the tensors that go in and the one that comes out.
        values: the array of each tensor in the last ``forward``; tensors inside a fused step have none.
        gradients: the gradient of each tensor in the last ``backward``.
    """

    def __init__(
        self, graph: Graph, backend: str, logits: bool = False, input_gradients: bool = False, fuse: bool = True
    ) -> None:
        self.fuse = fuse
        self.graph = graph
        self.backend = backend
        self.logits = logits
        self.lock = threading.RLock()  # steps own buffers: one batch at a time
        self.values: dict[SymbolicTensor, Array] = {}
        self.gradients: dict[SymbolicTensor, Array] = {}
        self._batches: dict[tuple[int, int], Array] = {}  # (input, samples) → where that batch is gathered
        self._twins: list[tuple[Layer, Layer]] = []  # (shared layer, what stands for it at a further place)
        self._layers = {t: self._layer_at(t) for t in graph.tensors if t not in graph.inputs}
        self._needs_gradient = self._find_needs(input_gradients)
        self.steps: list[Step] = []
        self.wiring: list[tuple[Step, tuple[SymbolicTensor, ...], SymbolicTensor]] = []
        self._plan()

    def _layer_at(self, tensor: SymbolicTensor) -> Layer:
        """Return the layer to run for a tensor: a twin with its own memory where a layer is used several times."""
        layer = tensor.layer
        if self.logits and tensor is self.graph.outputs[0]:
            return without_activation(layer)
        places = [t for t in self.graph.tensors if t.layer is layer and t not in self.graph.inputs]
        if tensor is places[0]:
            return layer
        twin = copy.copy(layer)
        twin.grads = {name: np.zeros_like(g) for name, g in layer.grads.items()}
        self._twins.append((layer, twin))
        return twin

    def _find_needs(self, input_gradients: bool) -> dict[SymbolicTensor, bool]:
        """Return for each tensor whether some trainable parameter, or an input that counts, lies upstream."""
        needs: dict[SymbolicTensor, bool] = {}
        for tensor in self.graph.tensors:
            if tensor in self.graph.inputs:
                needs[tensor] = input_gradients
            else:
                own = bool(tensor.layer.params) and tensor.layer.trainable
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
        if self.backend == "numba" and len(tensor.inputs) == 1:
            from scratchnet.graph.kernel_steps import kernel_step

            run = self._chain_from(tensor)
            step = kernel_step([self._layers[t] for t in run], self._needs_gradient[tensor.inputs[0]], self.fuse)
            if step is not None:
                return step, run[len(step.layers) - 1]
        return LayerStep(self._layers[tensor]), tensor

    def _chain_from(self, tensor: SymbolicTensor) -> list[SymbolicTensor]:
        """Return ``tensor`` and the tensors after it for as long as nobody else looks at what lies between."""
        chain = [tensor]
        while chain[-1] not in self.graph.outputs:
            consumers = self.graph.consumers(chain[-1])
            if len(consumers) != 1 or len(consumers[0].inputs) != 1:
                break
            chain.append(consumers[0])
        return chain

    def forward(self, inputs: Sequence[Array], training: bool = False) -> list[Array]:
        """Run a batch through all steps in order and return the model's outputs."""
        values = dict(zip(self.graph.inputs, inputs))
        for step, sources, output in self.wiring:
            x = values[sources[0]] if len(sources) == 1 else [values[source] for source in sources]
            values[output] = step.forward(x, training)
        self.values = values
        return [values[output] for output in self.graph.outputs]

    def backward(self, output_gradients: Sequence[Array]) -> None:
        """Run the gradients of the outputs back through all steps in reverse, and fill every layer's ``grads``.

        Where a tensor was used twice, the gradients that come back from both uses add up.
        """
        gradients: dict[SymbolicTensor, Array] = {}
        for tensor, dy in zip(self.graph.outputs, output_gradients):
            gradients[tensor] = gradients[tensor] + dy if tensor in gradients else dy
        for step, sources, output in reversed(self.wiring):
            if output not in gradients or not self._needs_gradient[output]:
                continue
            dx = step.backward(gradients[output])
            for source, d in zip(sources, dx if len(sources) > 1 else [dx]):
                if d is not None:
                    gradients[source] = gradients[source] + d if source in gradients else d
        for layer, twin in self._twins:
            for name, gradient in twin.grads.items():
                layer.grads[name] += gradient
        self.gradients = gradients

    # The parts around the graph -----------------------------------------------------------------------------------

    def loss(self, loss: Loss) -> Loss:
        """Return what computes ``loss`` on this backend; in a plan that ends in logits it takes these.

        A plan that ends in logits may compute its last layer together with the loss. From then on the logits that
        ``forward`` returns are only filled by the loss's ``forward``.
        """
        if self.logits:
            loss = type(loss)(from_logits=True)  # type: ignore[call-arg]
        if self.backend == "numba":
            from scratchnet.graph.kernel_steps import kernel_loss

            _, sources, output = self.wiring[-1]
            loss, last = kernel_loss(loss, self.steps[-1] if self.logits and self.fuse else None)
            if last is not None:
                self.steps[-1], self.wiring[-1] = last, (last, sources, output)
        return loss

    def update_rule(self, optimizer: Optimizer) -> UpdateRule:
        """Return what computes the optimizer's ``update`` on this backend."""
        if self.backend == "numba":
            from scratchnet.graph.kernel_steps import kernel_update_rule

            return kernel_update_rule(optimizer)
        return optimizer.update

    def gather(self, data: Array, rows: Any, place: int = 0) -> Array:
        """Return rows of a data set as a batch for input number ``place``, cast to the model's dtype.

        With kernels the batch lies in a buffer that the next one of its size overwrites.
        """
        dtype = self.graph.inputs[place].dtype
        if self.backend == "numpy":
            return np.asarray(data[rows], dtype)
        from scratchnet.graph.kernel_steps import kernel_gather

        n = len(range(*rows.indices(len(data)))) if isinstance(rows, slice) else len(rows)
        if (place, n) not in self._batches:
            self._batches[place, n] = place_zeros((n, *data.shape[1:]), dtype)
        return kernel_gather(data, rows, self._batches[place, n])

    def running(self) -> AbstractContextManager[Any]:
        """Return the context in which batches run: BLAS at one thread while kernels own the threads."""
        if self.backend == "numba":
            from scratchnet.kernels.runtime import single_threaded_blas

            return single_threaded_blas()
        return nullcontext()

    @contextmanager
    def running_forward(self, samples: int) -> Iterator[None]:
        """As ``running``, for ``forward`` alone and so many samples: a few of them run faster on one thread."""
        with self.running():
            if self.backend == "numba" and samples * self._flops < _WORTH_SHARING:
                from scratchnet.kernels.runtime import one_thread

                with one_thread():
                    yield
            else:
                yield

    @cached_property
    def _flops(self) -> int:
        """Floating-point operations of the kernels for one sample, forward."""
        return sum(step.flops(1)[0] for step in self.steps if hasattr(step, "flops"))
