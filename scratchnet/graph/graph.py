"""The graph of a model: which tensors it consists of, in an order in which they can be computed.

A layer may be a model itself, with a graph of its own. It stays one layer here, with its name, its row in the summary
and its weights under it. What runs is the graph's ``flat`` form: in the place of a model's tensors stand those of its
own layers, called on what the model was called on. So nothing that runs a graph needs to know that models nest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.layers.variables import Keeper


class Graph:
    """Everything between ``inputs`` and ``outputs``.

    Args:
        inputs, outputs: where it begins and ends.
        paths: the way to each layer, in a graph made flat; then layers of several models may have the same name.

    Attributes:
        tensors: every tensor of the graph, each after those it is made of.
        layers: every layer, inputs first; in Keras's order, by depth.
        paths: the way to each layer: its name, and before it that of the model it belongs to, ``"base/conv"``.

    Raises:
        ValueError: if an output does not hang together with the inputs, or two layers share a name.
    """

    def __init__(
        self,
        inputs: Sequence[SymbolicTensor],
        outputs: Sequence[SymbolicTensor],
        paths: Mapping[Layer, str] | None = None,
    ) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.given = set(self.inputs)
        self.tensors, met = walk(self.outputs, self.given)
        self._first_met = {layer: turn for turn, layer in enumerate(met)}
        if paths is None:  # what is asked of a user's graph, which a flat one comes from
            self._check_inputs()
        self._consumers: dict[SymbolicTensor, list[SymbolicTensor]] = {tensor: [] for tensor in self.tensors}
        for tensor in self.tensors:
            for source in self._sources(tensor):
                self._consumers[source].append(tensor)
        self.depths = self._depths()
        self.layers = self._layers_by_depth()
        if paths is None:
            self._check_names()
        self.paths = dict(paths or {layer: layer.name for layer in self.layers})

    def _sources(self, tensor: SymbolicTensor) -> tuple[SymbolicTensor, ...]:
        """Return what a tensor is made of; nothing, for an input of this graph."""
        return () if tensor in self.given else tensor.inputs

    def _check_inputs(self) -> None:
        reached = set(self.tensors)
        for tensor in self.tensors:
            if not tensor.inputs and tensor not in self.given:
                given = ", ".join(repr(t.layer.name) for t in self.inputs)
                raise ValueError(
                    f"The graph is not connected: the outputs need the input {tensor.layer.name!r}, which is not "
                    f"among the inputs given ({given}): add it to Model(inputs=…) or build the outputs from them."
                )
        for tensor in self.inputs:
            if tensor not in reached:
                raise ValueError(
                    f"The graph is not connected: no output depends on the input {tensor.layer.name!r}: build the "
                    f"outputs from it or leave it out of Model(inputs=…)."
                )

    def _depths(self) -> dict[SymbolicTensor, int]:
        """Return how many layers lie between each tensor and the outputs, along the longest way."""
        depths: dict[SymbolicTensor, int] = {}
        layer_depths: dict[Layer, int] = {}
        for tensor in reversed(self.tensors):
            depth = max(depths.get(tensor, 0), layer_depths.get(tensor.layer, 0))
            depths[tensor] = layer_depths[tensor.layer] = depth
            for source in self._sources(tensor):
                depths[source] = max(depths.get(source, 0), depth + 1)
        return depths

    def _layers_by_depth(self) -> list[Layer]:
        deepest = dict[Layer, int]()
        for tensor, depth in self.depths.items():
            deepest[tensor.layer] = max(depth, deepest.get(tensor.layer, 0))
        return sorted(deepest, key=lambda layer: (-deepest[layer], self._first_met[layer]))

    def _check_names(self) -> None:
        for name, times in Counter(layer.name for layer in self.layers).items():
            if times > 1:
                raise ValueError(f"{times} layers are named {name!r}: give each layer of a model a name of its own.")
        owners: dict[int, str] = {}
        for layer in self.layers:
            for path, leaf, _ in layer.leaves():
                if isinstance(leaf, InputLayer):  # several models may begin with it
                    continue
                if id(leaf) in owners:
                    raise ValueError(
                        f"The layer {leaf.name!r} is found at {owners[id(leaf)]} and at {layer.name}/{path}: its "
                        f"gradients would overwrite each other; a layer belongs to one other layer, one nested "
                        f"model or the graph."
                    )
                owners[id(leaf)] = f"{layer.name}/{path}"

    @cached_property
    def flat(self) -> Graph:
        """The graph with the layers of nested models in these models' places; itself, if it has none."""
        if not any(layer.is_model for layer in self.layers):
            return self
        paths: dict[Layer, str] = {tensor.layer: tensor.layer.name for tensor in self.inputs}
        return Graph(self.inputs, _unfolded(self, self.inputs, None, "", paths), paths)

    @cached_property
    def idle(self) -> frozenset[Keeper]:
        """The layers of nested models that no output depends on: behind an output of such a model that nobody uses."""
        if self.flat is self:
            return frozenset()
        at_work = {leaf for layer in self.flat.layers for _, leaf, _ in layer.leaves()}
        return frozenset(leaf for layer in self.layers for _, leaf, _ in layer.leaves()) - at_work

    def consumers(self, tensor: SymbolicTensor) -> list[SymbolicTensor]:
        """Return the tensors that are made of ``tensor``, once for each time it is used."""
        return self._consumers[tensor]

    @property
    def is_chain(self) -> bool:
        """Whether the layers follow each other in one line, each used once."""
        one_each = len(self.layers) == len(self.tensors)
        return (
            one_each
            and len(set(self.depths.values())) == len(self.tensors)
            and all(len(t.inputs) <= 1 for t in self.tensors)
        )

    def wiring(self) -> Wiring:
        """Return the graph in a form that can be copied and written down."""
        number: dict[SymbolicTensor, int] = {}
        place = {layer: i for i, layer in enumerate(self.layers)}
        calls = []
        for first in self._in_calling_order():
            sources = [number[source] for source in self._sources(first)]
            calls.append((place[first.layer], sources, first.training))
            number |= {tensor: len(number) + i for i, tensor in enumerate(first.of_call)}
        return Wiring(self.layers, calls, [number[t] for t in self.inputs], [number[t] for t in self.outputs])

    def _in_calling_order(self) -> list[SymbolicTensor]:
        """Return the first tensor of each call, after those it is made of and after its layer's earlier calls.

        The summary numbers the calls of a shared layer, so they should be repeated in the order they were made in.
        """
        made = {tensor.of_call[0] for tensor in self.tensors}
        calls = {layer: [t for t in layer._outputs if t in made] for layer in self.layers}
        order: dict[SymbolicTensor, None] = {}
        to_do = [(tensor.of_call[0], False) for tensor in reversed(self.tensors)]
        while to_do:
            tensor, ready = to_do.pop()
            if ready:
                order[tensor] = None
            elif tensor not in order:
                own = calls[tensor.layer]
                earlier = own[: own.index(tensor)] if tensor in own else []
                to_do.append((tensor, True))
                sources = [source.of_call[0] for source in self._sources(tensor)]
                to_do += [(before, False) for before in reversed((*earlier, *sources))]
        return list(order)


def _unfolded(
    graph: Graph, inputs: Sequence[SymbolicTensor], training: bool | None, way: str, paths: dict[Layer, str]
) -> list[SymbolicTensor]:
    """Call the layers of a graph, and of the models in it, on other inputs, and return its outputs there.

    Args:
        graph: the graph.
        inputs: what stands in the place of its inputs.
        training: the mode in which the graph was called; a call inside that asks for its own keeps that.
        way: the way to the graph, ``"base/"``.
        paths: where to note the way to each layer.
    """
    there = dict(zip(graph.inputs, inputs))
    for tensor in graph.tensors:
        if tensor in there:
            continue
        layer, path = tensor.layer, f"{way}{tensor.layer.name}"
        sources = tuple(there[source] for source in tensor.inputs)
        mode = training if tensor.training is None else tensor.training
        if layer.is_model:
            there.update(zip(tensor.of_call, _unfolded(layer.graph, sources, mode, f"{path}/", paths)))
        else:
            paths[layer] = path
            there[tensor] = SymbolicTensor(tensor.shape, layer, sources, mode)
    return [there[tensor] for tensor in graph.outputs]


def walk(
    outputs: Sequence[SymbolicTensor], given: Collection[SymbolicTensor]
) -> tuple[list[SymbolicTensor], list[Layer]]:
    """Go backwards from the outputs to what is given, and return the tensors, each after those it is made of.

    With a list of what is still to be done in place of recursion: a chain may have thousands of layers.

    Returns:
        The tensors, and their layers in the order in which they were met.
    """
    noted: dict[SymbolicTensor, None] = {}
    met: dict[Layer, None] = {}
    to_do = [(output, False) for output in reversed(outputs)]
    while to_do:
        tensor, sources_noted = to_do.pop()
        if sources_noted:
            noted[tensor] = None
        elif tensor not in noted:
            met[tensor.layer] = None
            to_do.append((tensor, True))
            to_do += [(source, False) for source in reversed(tensor.inputs if tensor not in given else ())]
    return list(noted), list(met)


class Wiring(NamedTuple):
    """A graph without tensors: its layers, and the calls: (layer, tensors that go in, mode asked for).

    Numbers count from 0; the tensors are counted in the order of the calls that return them.
    """

    layers: list[Layer]
    calls: list[tuple[int, list[int], bool | None]]
    inputs: list[int]
    outputs: list[int]


def wire(wiring: Wiring) -> tuple[list[SymbolicTensor], list[SymbolicTensor]]:
    """Call layers as a wiring says, and return the tensors of inputs and outputs."""
    tensors: list[SymbolicTensor] = []
    for number, sources, training in wiring.calls:
        layer, given = wiring.layers[number], [tensors[i] for i in sources]
        returned = layer(given if len(given) > 1 else given[0], training=training) if given else layer.output
        tensors += returned if isinstance(returned, list) else [returned]
    return [tensors[i] for i in wiring.inputs], [tensors[i] for i in wiring.outputs]


def copied(graph: Graph, copy: Callable[[Layer], Layer]) -> Graph:
    """Return a graph of copies of all layers, wired in the same way."""
    wiring = graph.wiring()
    return Graph(*wire(wiring._replace(layers=[copy(layer) for layer in wiring.layers])))


def cut_off(inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> tuple[list[SymbolicTensor], ...]:
    """Return inputs and outputs of the part of a graph that begins at ``inputs``, which may be tensors in its middle.

    Each of these is replaced by a tensor of an ``InputLayer`` of its own. The layers stay the same, and where they
    already stand in a graph (``layer.output``) does not change.
    """
    if all(not tensor.inputs for tensor in inputs):
        return list(inputs), list(outputs)
    begin = {
        t: InputLayer([n or 1 for n in t.shape[1:]], t.shape[0], name=f"{t.layer.name}_input", dtype=t.dtype).output
        if t.inputs
        else t
        for t in inputs
    }
    for tensor in walk(outputs, begin)[0]:
        if tensor not in begin:
            again = tensor.called_on(tuple(begin[source] for source in tensor.inputs))
            for old, new in zip(tensor.of_call, again):
                begin.setdefault(old, new)
    return [begin[t] for t in inputs], [begin[t] for t in outputs]
