"""How the checker runs what it checks: a graph on one backend, as a plain function with a backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from scratchnet.graph.graph import Graph
from scratchnet.graph.plan import LayerStep, Plan
from scratchnet.typing import Array


@dataclass
class Pass:
    """What one forward and backward pass left behind: copies, safe from later passes."""

    y: Array
    dxs: list[Array]
    grads: dict[str, Array]

    def arrays(self) -> dict[str, Array]:
        """Return everything by name: y, dx, and the gradient of each parameter."""
        named = dict(zip(input_names(len(self.dxs)), self.dxs))
        return {"y": self.y, **{f"d{name}": dx for name, dx in named.items()}, **gradient_names(self.grads)}


class Runner:
    """A graph on a backend.

    Args:
        graph: from ``twins``; its parameters may be changed in place between passes.
        backend: ``"numpy"`` or ``"numba"``.
        training: what ``forward`` is told.
        logits: stop before the final softmax.

    Attributes:
        params: the parameters by name, ``kernel`` in a graph of one layer, else ``layer/kernel``. They are views: a
            change counts at the next ``forward``.
        has_kernels: whether some step is a compiled kernel. Kernels keep buffers that the plan guards, so what a
            layer's definition promises about memory is not asked of them.
    """

    def __init__(self, graph: Graph, backend: str, training: bool = True, logits: bool = False) -> None:
        self.graph, self.training = graph, training
        self.plan = Plan(graph, backend, logits=logits, input_gradients=True, check=False)
        self.has_kernels = any(not isinstance(step, LayerStep) for step in self.plan.steps)
        self.layers = [layer for layer in graph.layers if layer not in [t.layer for t in graph.inputs]]
        self.dtype = np.dtype(graph.inputs[0].dtype)
        single = len(self.layers) == 1
        self._owners = {
            name if single else f"{layer.name}/{name}": (layer, name) for layer in self.layers for name in layer.params
        }

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, the arrays themselves."""
        return {key: layer.params[name] for key, (layer, name) in self._owners.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients that the last ``backward`` left, the arrays themselves."""
        return {key: layer.grads[name] for key, (layer, name) in self._owners.items() if name in layer.grads}

    def clear_gradients(self) -> None:
        """Fill ``grads`` with zeros, so that what one pass leaves does not reach the next."""
        for gradient in self.grads.values():
            gradient[...] = 0

    def forward(self, xs: Sequence[Array]) -> Array:
        """Return the output itself, which the next pass may overwrite; several outputs come side by side, flat."""
        return self._side_by_side(self.plan.forward(list(xs), self.training))

    def forward_from(self, param: str) -> Array:
        """Return the output after a change of one parameter: what lies before its layer still holds."""
        params = self._owners[param][0].params
        wiring, values = self.plan.wiring, self.plan.values
        first = min(i for i, (step, _, _) in enumerate(wiring) if any(layer.params is params for layer in step.layers))
        for step, sources, output in wiring[first:]:
            x = values[sources[0]] if len(sources) == 1 else [values[source] for source in sources]
            values[output] = step.forward(x, self.training)
        return self._side_by_side([values[output] for output in self.graph.outputs])

    def _side_by_side(self, outputs: list[Array]) -> Array:
        self._shapes = [np.shape(y) for y in outputs]
        if len(outputs) == 1:
            return outputs[0]
        return np.concatenate([y.reshape(len(y), -1) for y in outputs], axis=1)

    def backward(self, dy: Array) -> list[Array]:
        """Return the gradients of the inputs, and leave those of the parameters in ``grads``."""
        dys, start = [dy], 0
        if len(self._shapes) > 1:
            dys = []
            for shape in self._shapes:
                width = int(np.prod(shape[1:]))
                dys.append(np.ascontiguousarray(dy[:, start : start + width]).reshape(shape))
                start += width
        self.plan.backward(dys)
        return [self.plan.gradients[tensor] for tensor in self.graph.inputs]

    def run(self, xs: Sequence[Array], dy: Array | Callable[[Array], Array]) -> Pass:
        """Make one forward and backward pass, from gradients of zero, and return copies of all results."""
        self.clear_gradients()
        y = np.array(self.forward(xs))
        dxs = self.backward(dy(y) if callable(dy) else dy)
        return Pass(y, [np.array(dx) for dx in dxs], {name: np.array(g) for name, g in self.grads.items()})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run what is inside on one thread: the batches are small, and the bits are the same on any number."""
        from threadpoolctl import threadpool_limits

        if self.plan.backend != "numba":
            with threadpool_limits(1, "blas"):
                yield
            return
        import numba

        threads = numba.get_num_threads()
        numba.set_num_threads(1)
        try:
            with self.plan.running():
                yield
        finally:
            numba.set_num_threads(threads)


def input_names(count: int) -> list[str]:
    """Return ``x``, or ``x[0]``, ``x[1]``, … for several inputs."""
    return ["x"] if count == 1 else [f"x[{i}]" for i in range(count)]


def gradient_names(grads: dict[str, Array]) -> dict[str, Array]:
    """Rename ``kernel`` to ``dkernel`` and ``Conv_1/kernel`` to ``Conv_1/dkernel``."""
    return {gradient_name(name): gradient for name, gradient in grads.items()}


def gradient_name(name: str) -> str:
    """Return the name of a tensor's gradient."""
    owner, slash, last = name.rpartition("/")
    return f"{owner}{slash}d{last}"


@dataclass
class Subject:
    """A function of named tensors, with a backward pass: what gets differentiated.

    Attributes:
        tensors: every array that the output depends on. Changed in place, they count at the next ``forward``.
        forward: returns the output, a new array.
        forward_from: the same after a change of the named parameter alone; it may be quicker.
        backward: given dy, returns the gradient of Σ dy·y for every tensor by name. Runs after ``forward``.
        batched: the names of the tensors whose first axis is the batch, if every sample's output depends on that
            sample alone; many changed samples can then be run as one batch.
        forward_batch: given those tensors for any number of samples, returns the outputs, one for each sample.
    """

    tensors: dict[str, Array]
    forward: Callable[[], Array]
    forward_from: Callable[[str], Array]
    backward: Callable[[Array], dict[str, Array]]
    batched: tuple[str, ...] = ()
    forward_batch: Callable[[list[Array]], Array] | None = None


def runner_subject(runner: Runner, xs: list[Array]) -> Subject:
    """Return a graph's runner as a function of its inputs and parameters."""
    names = input_names(len(xs))

    def backward(dy: Array) -> dict[str, Array]:
        runner.clear_gradients()
        dxs = runner.backward(dy)
        return {**dict(zip(names, dxs)), **runner.grads}

    return Subject(
        tensors={**dict(zip(names, xs)), **runner.params},
        forward=lambda: np.array(runner.forward(xs)),
        forward_from=lambda name: np.array(runner.forward(xs) if name in names else runner.forward_from(name)),
        backward=backward,
        batched=tuple(names) if _samples_are_independent(runner, xs) else (),
        forward_batch=runner.forward,
    )


def _samples_are_independent(runner: Runner, xs: list[Array]) -> bool:
    """Whether each sample alone gives what it gives among the others."""
    whole = np.array(runner.forward(xs))
    for n in range(len(xs[0])):
        try:
            alone = runner.forward([x[n : n + 1].copy() for x in xs])
        except Exception:
            return False
        if alone.shape != whole[n : n + 1].shape or not np.allclose(alone[0], whole[n], rtol=1e-12, atol=1e-12):
            return False
    return True
