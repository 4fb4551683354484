"""The graph of a model: which tensors it consists of, in an order in which they can be computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor


class Graph:
    """Everything between ``inputs`` and ``outputs``.

    Attributes:
        tensors: every tensor of the graph, each after those it is made of.
        layers: every layer, inputs first; in Keras's order, by depth.

    Raises:
        ValueError: if an output does not hang together with the inputs, or two layers share a name.
    """

    def __init__(self, inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.given = set(self.inputs)
        self.tensors, met = walk(self.outputs, self.given)
        self._first_met = {layer: turn for turn, layer in enumerate(met)}
        self._check_inputs()
        self._consumers: dict[SymbolicTensor, list[SymbolicTensor]] = {tensor: [] for tensor in self.tensors}
        for tensor in self.tensors:
            for source in self._sources(tensor):
                self._consumers[source].append(tensor)
        self.depths = self._depths()
        self.layers = self._layers_by_depth()
        self._check_names()

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
                if id(leaf) in owners:
                    raise ValueError(
                        f"The layer {leaf.name!r} is found at {owners[id(leaf)]} and at {layer.name}/{path}: its "
                        f"gradients would overwrite each other; a layer belongs to one other layer or to the graph."
                    )
                owners[id(leaf)] = f"{layer.name}/{path}"

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
        order = self._in_calling_order()
        number = {tensor: i for i, tensor in enumerate(order)}
        place = {layer: i for i, layer in enumerate(self.layers)}
        calls = [(place[tensor.layer], [number[source] for source in self._sources(tensor)]) for tensor in order]
        return Wiring(self.layers, calls, [number[t] for t in self.inputs], [number[t] for t in self.outputs])

    def _in_calling_order(self) -> list[SymbolicTensor]:
        """Return the tensors, each after those it is made of and after its layer's earlier calls.

        The summary numbers the calls of a shared layer, so they should be repeated in the order they were made in.
        """
        calls: dict[Layer, list[SymbolicTensor]] = {}
        for layer in self.layers:
            inside = [t for t in layer._outputs if t in self.depths]
            calls[layer] = inside
        order: dict[SymbolicTensor, None] = {}
        to_do = [(tensor, False) for tensor in reversed(self.tensors)]
        while to_do:
            tensor, ready = to_do.pop()
            if ready:
                order[tensor] = None
            elif tensor not in order:
                own = calls[tensor.layer]
                earlier = own[: own.index(tensor)] if tensor in own else []
                to_do.append((tensor, True))
                to_do += [(before, False) for before in reversed((*earlier, *self._sources(tensor)))]
        return list(order)


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
    """A graph without tensors: its layers, and the calls: (layer, earlier calls that go in). Numbers count from 0."""

    layers: list[Layer]
    calls: list[tuple[int, list[int]]]
    inputs: list[int]
    outputs: list[int]


def wire(wiring: Wiring) -> tuple[list[SymbolicTensor], list[SymbolicTensor]]:
    """Call layers as a wiring says, and return the tensors of inputs and outputs."""
    tensors: list[SymbolicTensor] = []
    for number, sources in wiring.calls:
        layer, given = wiring.layers[number], [tensors[i] for i in sources]
        tensors.append(layer(given if len(given) > 1 else given[0]) if given else layer.output)
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
            begin[tensor] = SymbolicTensor(tensor.shape, tensor.layer, tuple(begin[source] for source in tensor.inputs))
    return [begin[t] for t in inputs], [begin[t] for t in outputs]
