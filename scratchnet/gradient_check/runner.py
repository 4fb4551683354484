"""How the checker runs what it checks: a graph on one backend, as a plain function with a backward pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.gradient_check.refusals import check_gradient_names, check_input_gradients, check_output, name_of
from scratchnet.graph.graph import Graph
from scratchnet.graph.plan import Plan
from scratchnet.graph.steps import LayerStep
from scratchnet.layers import Layer
from scratchnet.training.penalties import Penalties
from scratchnet.typing import Array
from scratchnet.utils.held_still import RandomSources


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
        logits: for each output whether to stop before its final softmax, as ``Plan`` takes it.

    Attributes:
        params: the parameters by name, ``kernel`` in a graph of one layer, else ``layer/kernel``. They are views: a
            change counts at the next ``forward``.
        has_kernels: whether some step is a compiled kernel. Kernels keep buffers that the plan guards, so what a
            layer's definition promises about memory is not asked of them.
        random: whether the output changes from call to call, unless the draws are held still.
        without_gradient: the numbers of the inputs for which the last ``backward`` gave None.
        penalties: those of the weights.
    """

    def __init__(
        self, graph: Graph, backend: str, training: bool = True, logits: bool | Sequence[bool] = False
    ) -> None:
        self.graph, self.training = graph, training
        self.plan = Plan(graph, backend, logits=logits, input_gradients=True, check=False)
        self.has_kernels = any(not isinstance(step, LayerStep) for step in self.plan.steps)
        paths, inputs = self.plan.graph.paths, [t.layer for t in graph.inputs]
        self.layers = [layer for layer in self.plan.graph.layers if layer not in inputs]
        self.dtype = np.dtype(graph.outputs[0].dtype)
        single = len(self.layers) == 1
        self.random = False
        self.without_gradient: list[int] = []
        self._sources: RandomSources | None = None
        self.penalties = Penalties(self.layers)
        self._owners = {
            name if single else f"{paths[layer]}/{name}": (layer, name)
            for layer in self.layers
            for name in layer.params
        }

    @property
    def params(self) -> dict[str, Array]:
        """The parameters by name, the arrays themselves."""
        return {key: layer.params[name] for key, (layer, name) in self._owners.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients that the last ``backward`` left, the arrays themselves."""
        return {key: layer.grads[name] for key, (layer, name) in self._owners.items() if name in layer.grads}

    @property
    def adds_losses(self) -> bool:
        """Whether the last ``forward`` added something to the loss, or a weight pays a penalty."""
        return bool(self.plan.losses or self.penalties.regularized)

    def added_losses(self) -> float:
        """Return what the last ``forward`` and the weights add to the loss."""
        return math.fsum([*self.plan.losses, *self.penalties.values()])

    def clear_gradients(self) -> None:
        """Fill ``grads`` with zeros, so that what one pass leaves does not reach the next."""
        for gradient in self.grads.values():
            gradient[...] = 0

    # Random numbers -----------------------------------------------------------------------------------------------

    def running_layers(self) -> list[Layer]:
        """Return the layers that the plan runs, which may be copies of the graph's."""
        return [layer for step in self.plan.steps for layer in step.layers]

    def random_sources(self) -> RandomSources:
        """Return where the layers may get random numbers from."""
        return RandomSources(*self.layers, *self.running_layers())

    def hold_still(self, sources: RandomSources | None = None) -> None:
        """From now on have every ``forward`` get the same random numbers."""
        self._sources = sources or self.random_sources()

    def values_by_layer(self) -> dict[str, Array]:
        """Return a copy of what every step of the last ``forward`` gave, by the name of its last layer's output."""
        return {f"{i}": np.array(self.plan.values[output]) for i, (_, _, output) in enumerate(self.plan.wiring)}

    def inputs_by_layer(self, xs: Sequence[Array]) -> list[tuple[Layer, list[Array]]]:
        """Return the layers that run by their definition, each with a copy of its inputs in one forward."""
        self.forward_copies(xs)
        values = self.plan.values
        return [
            (step.layers[0], [np.array(values[source]) for source in sources])
            for step, sources, _ in self.plan.wiring
            if isinstance(step, LayerStep)
        ]

    def changed_layers(self, before: dict[str, Array], now: dict[str, Array]) -> list[str]:
        """Return the names of the layers whose output changed though their inputs did not."""
        places = {output: f"{i}" for i, (_, _, output) in enumerate(self.plan.wiring)}
        changed = {key for key in now if not np.array_equal(before[key], now[key], equal_nan=True)}
        return [
            self.plan.graph.paths[output.layer]
            for _, sources, output in self.plan.wiring
            if places[output] in changed and not any(places.get(source) in changed for source in sources)
        ]

    @property
    def held_still(self) -> bool:
        """Whether every ``forward`` gets the same random numbers."""
        return self._sources is not None

    # Passes -------------------------------------------------------------------------------------------------------

    def forward(self, xs: Sequence[Array]) -> Array:
        """Return the output itself, which the next pass may overwrite; several outputs come side by side, flat."""
        self._x_shapes = [np.shape(x) for x in xs]
        with nullcontext() if self._sources is None else self._sources.held_still():
            return self._side_by_side(self.plan.forward(list(xs), self.training))

    def forward_copies(self, xs: Sequence[Array]) -> Array:
        """Return a copy of the output for copies of the inputs, which a layer that writes into x cannot reach."""
        return np.array(self.forward([x.copy() for x in xs]))

    def forward_from(self, param: str) -> Array:
        """Return the output after a change of one parameter: what lies before its layer still holds.

        Not for a random graph, where the layers before would not draw, and those after would draw other numbers.
        """
        params = self._owners[param][0].params
        wiring, values = self.plan.wiring, self.plan.values
        first = min(i for i, (step, _, _) in enumerate(wiring) if any(layer.params is params for layer in step.layers))
        for step, sources, output in wiring[first:]:
            x = values[sources[0]] if len(sources) == 1 else [values[source] for source in sources]
            values[output] = step.forward(x, self.plan.mode(output, self.training))
        return self._side_by_side([values[output] for output in self.plan.graph.outputs])

    def _side_by_side(self, outputs: list[Array]) -> Array:
        self._shapes = [np.shape(y) for y in outputs]
        return self.joined(outputs)

    def joined(self, parts: Sequence[Array | None]) -> Array:
        """Return something for each output side by side, flat, as ``backward`` takes it; zeros where there is none."""
        arrays = [np.zeros(shape, self.dtype) if part is None else part for part, shape in zip(parts, self._shapes)]
        return arrays[0] if len(arrays) == 1 else np.concatenate([a.reshape(len(a), -1) for a in arrays], axis=1)

    def backward(self, dy: Array) -> list[Array]:
        """Return the gradients of the inputs, zeros where there is none, and leave the parameters' in ``grads``."""
        dys, start = [dy], 0
        if len(self._shapes) > 1:
            dys = []
            for shape in self._shapes:
                width = int(np.prod(shape[1:]))
                dys.append(np.ascontiguousarray(dy[:, start : start + width]).reshape(shape))
                start += width
        self.plan.backward(dys)
        dxs = [self.plan.gradients.get(tensor) for tensor in self.graph.inputs]
        self.without_gradient = [i for i, dx in enumerate(dxs) if dx is None]
        return [np.zeros(shape, self.dtype) if dx is None else dx for dx, shape in zip(dxs, self._x_shapes)]

    def try_out(self, xs: Sequence[Array]) -> None:
        """Make one pass that looks at what each of the user's own layers returns.

        Raises:
            ValueError: if that is not what a layer should return.
        """
        own = [step for step in self.plan.steps if isinstance(step, LayerStep)]
        inputs = {id(step): len(sources) for step, sources, _ in self.plan.wiring}
        for step in own:
            _look_at(step, inputs[id(step)])
        try:
            params = {layer: set(layer.params) for layer in self.layers}
            y = self.forward_copies(xs)
            for layer in self.layers:
                new = sorted(set(layer.params) - params[layer])
                if new:
                    raise ValueError(
                        f"A gradient check expected {name_of(layer)} to have its parameters before it runs, but its "
                        f"first forward made {', '.join(new)}: make them in __init__ or build."
                    )
            self.backward(np.ones_like(y))
        finally:
            for step in own:
                del step.forward, step.backward
        for layer in self.layers:
            check_gradient_names(layer, layer.grads)

    def run(self, xs: Sequence[Array], dy: Array | Callable[[Array], Array]) -> Pass:
        """Make one forward and backward pass, from gradients of zero, and return copies of all results."""
        self.clear_gradients()
        y = np.array(self.forward(xs))
        dxs = self.backward(dy(y) if callable(dy) else dy)
        return Pass(y, [np.array(dx) for dx in dxs], {name: np.array(g) for name, g in self.grads.items()})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run what is inside on one thread: the batches are small, and the bits are the same on any number."""
        if self.plan.backend != "numba":
            with self.plan.running():
                yield
            return
        from scratchnet.kernels.machine.runtime import one_thread

        with one_thread(), self.plan.running():
            yield


def _look_at(step: LayerStep, inputs: int) -> None:
    """Have a step check what its layer returns, until its own ``forward`` and ``backward`` are deleted."""
    forward, backward, layer = step.forward, step.backward, step.layers[0]
    last: list[Any] = []

    def checked_forward(x: Any, training: bool | None) -> Array:
        last[:] = x if inputs > 1 else [x]
        y = check_output(forward(x, training), layer)
        said = layer.output_shape
        if said is not None and (len(said) != y.ndim or any(n not in (None, m) for n, m in zip(said[1:], y.shape[1:]))):
            raise ValueError(
                f"A gradient check expected {name_of(layer)}.forward to return the shape {said} that its "
                f"compute_output_shape gives, got {y.shape}: correct the one or the other."
            )
        return y

    def checked_backward(dy: Array) -> Any:
        dx = backward(dy)
        check_input_gradients(dx, last, layer)
        return dx

    step.forward, step.backward = checked_forward, checked_backward  # type: ignore[method-assign]


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
