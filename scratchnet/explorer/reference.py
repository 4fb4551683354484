"""One training step by the NumPy definitions in float64: what the page's own arithmetic is held against.

It is the step of the images as they are: layers that change them at random (RandomFlip and its like, GaussianNoise) do
what they do at inference.

The page gets of each tensor the sum, the size of its largest number, and 64 entries. Not any 64: at a tie, such as two
equal numbers in a pooling window, the last bit of a sum decides who wins, and that bit may come out otherwise in
another order of summation. So the step is taken again a few times, with the image off by rounding errors, and what
differs more than rounding can explain is not among the entries.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.activations import Softmax
from scratchnet.explorer.operations import AT_REST
from scratchnet.gradient_check.twins import graph_twin
from scratchnet.graph.graph import Graph
from scratchnet.graph.parameters import variable_segments
from scratchnet.graph.plan import Plan
from scratchnet.graph.steps import LayerStep
from scratchnet.layers import BatchNormalization, Dropout
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from scratchnet.typing import Array
from scratchnet.utils.random import seeded

ENTRIES = 64
_TIMES = 4
_ROUNDING = 1e-15
_STABLE = 1e-12


@dataclass
class Step:
    """What one training step computed, in float64.

    Attributes:
        loss: the cross-entropy, without what regularizers add.
        tensors: by the page's names, ``"Conv_1:y"``, ``"Conv_1:dkernel"``, ``"Conv_1:new.kernel"``.
        masks: what the dropout layers let through, by the page's names of the calls.
        closed: for each call that was asked for, its output and its gradients, by the page's names.
    """

    loss: float
    tensors: dict[str, Array]
    masks: dict[str, Array] = field(default_factory=dict)
    closed: dict[str, Array] = field(default_factory=dict)


class Reference:
    """A float64 twin of a model, and how its tensors are called in the page.

    Args:
        model: the model; it is not changed.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.graph: Graph = model.graph.flat
        self.names = call_names(self.graph)

    def predict(self, x: Array) -> Array:
        """Return the probabilities (N, C) at inference, in float64."""
        plan = Plan(graph_twin(self.model.graph, "float64"), "numpy", self.model.through_logits(), fuse=False)
        with np.errstate(all="ignore"):
            (logits,) = plan.forward([x.astype(np.float64)])
            return Softmax().forward(logits)

    def step(self, x: Array, labels: Array, closed: frozenset[int] = frozenset()) -> Step:
        """Take one training step.

        Args:
            x: the batch (N, …).
            labels: what the loss takes, class numbers (N,) or rows (N, C).
            closed: the places, among the graph's tensors, of the calls that the page cannot compute.
        """
        with seeded(0), np.errstate(all="ignore"):  # the same step draws the same masks; what overflows is found later
            return self._step(x, labels, closed)

    def _step(self, x: Array, labels: Array, closed: frozenset[int]) -> Step:
        twin = _at_rest(graph_twin(self.model.graph, "float64"))
        plan = Plan(twin, "numpy", self.model.through_logits(), input_gradients=True, fuse=False)
        (output,) = plan.forward([x.astype(np.float64)], training=True)
        assert self.model.loss is not None
        loss = plan.loss(self.model.loss)
        step = Step(float(loss.forward(labels, output)), {})
        plan.backward([loss.backward()])
        last = len(plan.graph.tensors) - 1
        fused = plan.logits[0]
        for place, tensor in enumerate(plan.graph.tensors):
            name = self.names[place]
            if not (fused and place == last):
                step.tensors[f"{name}:y"] = plan.values[tensor] if tensor.inputs else x.astype(np.float64)
                if tensor in plan.gradients:
                    step.tensors[f"{name}:dy"] = plan.gradients[tensor]
        if fused:
            step.tensors[f"{self.names[last]}:y"] = loss.predictions
        self._note_open_ends(plan, step, closed)
        self._update(twin, step)
        return step

    def _note_open_ends(self, plan: Plan, step: Step, closed: frozenset[int]) -> None:
        """Note what the page cannot work out: masks that were drawn, and all that closed layers computed."""
        places = {tensor: place for place, tensor in enumerate(plan.graph.tensors)}
        for run, sources, tensor in plan.wiring:
            assert isinstance(run, LayerStep)
            layer, name = run.stand_in.layer, self.names[places[tensor]]
            if type(layer) is Dropout and layer._dropping:
                step.masks[name] = np.broadcast_to(layer._mask, plan.values[tensor].shape)
            if type(layer) is BatchNormalization and layer._by_batch:
                for weight, moved in layer.non_trainable.items():
                    step.tensors[f"{name}:new.{weight}"] = moved.copy()
            if places[tensor] in closed:
                step.closed[f"{name}:y"] = plan.values[tensor]
                dx = run.backward(plan.gradients[tensor])
                for number, one in enumerate(dx if len(sources) > 1 else [dx]):
                    step.closed[f"{name}:dx{number}"] = one

    def _update(self, twin: Graph, step: Step) -> None:
        """Note the gradients of all weights, and what the optimizer makes of these."""
        ways = weight_names(twin, self.names)
        gradients = {
            ways[leaf, name]: (f"{layer.name}/{path}{name}", leaf.grads[name])
            for layer in twin.layers
            for path, leaf, _ in layer.leaves()
            for name in leaf.own("params")
            if (leaf, name) in ways
        }
        for page_name, (_, gradient) in gradients.items():
            owner, weight = page_name.split(":")
            step.tensors[f"{owner}:d{weight}"] = gradient.copy()
        optimizer: Any = copy.deepcopy(self.model.optimizer)
        optimizer.slots = {name: slot.astype(np.float64) for name, slot in optimizer.slots.items()}
        segments = variable_segments(twin.layers, self.model.trainable, twin.idle)
        total = sum(array.size for layer in twin.layers for array in layer.params.values())
        optimizer.build(total, np.float64)
        if optimizer._spares:
            optimizer.place_spared({name: segment.place for name, segment in segments.items()})
        optimizer.step(list(segments.values()))
        for page_name, (way, _) in gradients.items():
            if way in segments:
                owner, weight = page_name.split(":")
                shape = step.tensors[f"{owner}:d{weight}"].shape
                step.tensors[f"{owner}:new.{weight}"] = segments[way].values.reshape(shape).copy()


def _at_rest(graph: Graph) -> Graph:
    """Have the layers of a twin that change images at random leave them as they are, and return it."""
    for tensor in graph.flat.tensors:
        if type(tensor.layer) in AT_REST and tensor.training is None:
            tensor.training = False
    return graph


def call_names(graph: Graph) -> list[str]:
    """Return what the page calls each call of a layer: the way to it, with a number where it is called again."""
    names, seen = [], dict[str, int]()
    for tensor in graph.tensors:
        path = graph.paths[tensor.layer]
        seen[path] = seen.get(path, 0) + 1
        names.append(path if seen[path] == 1 else f"{path}#{seen[path]}")
    return names


def weight_names(graph: Graph, names: list[str]) -> dict[tuple[Any, str], str]:
    """Return what the page calls each parameter: the first call of its layer, and its name."""
    found: dict[tuple[Any, str], str] = {}
    for tensor, name in zip(graph.flat.tensors, names):
        for path, leaf, _ in tensor.layer.leaves():
            for weight in leaf.own("params"):
                found.setdefault((leaf, weight), f"{name}:{path}{weight}")
    return found


def checks(reference: Reference, x: Array, labels: Array, step: Step) -> list[dict[str, Any]]:
    """Return of each tensor of a step its sum, its largest size, and entries that do not hang on a tie."""
    rng = np.random.default_rng(0)
    nudges = [1 + _ROUNDING * rng.choice([-1, 1], x.shape) for _ in range(_TIMES)]
    others = [reference.step(x * nudge, labels).tensors for nudge in nudges]
    found = []
    for name, array in step.tensors.items():
        flat = array.ravel()
        off = np.max([np.abs(flat - other[name].ravel()) for other in others], axis=0)
        largest = float(np.abs(flat).max(initial=0))
        stable = np.flatnonzero(off <= _STABLE * largest)
        chosen = np.sort(rng.choice(stable, min(ENTRIES, len(stable)), replace=False))
        found.append(
            {
                "name": name,
                "size": flat.size,
                "largest": largest,
                "sum": float(flat.sum()) if len(stable) == flat.size else None,
                "entries": [[int(i), float(flat[i])] for i in chosen],
            }
        )
    return found


def sources_of(graph: Graph, tensor: SymbolicTensor) -> list[int]:
    """Return the places of the tensors that a tensor is made of; none for the input."""
    places = {one: place for place, one in enumerate(graph.tensors)}
    return [] if tensor in graph.given else [places[source] for source in tensor.inputs]
