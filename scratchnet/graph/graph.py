"""The graph of a model: which tensors it consists of, in an order in which they can be computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
        self._first_met: dict[Layer, int] = {}  # layer → its turn in the walk from the outputs
        self.tensors: list[SymbolicTensor] = []
        finished = set[SymbolicTensor]()
        for output in self.outputs:
            self._walk(output, finished)
        self._check_inputs()
        self._consumers: dict[SymbolicTensor, list[SymbolicTensor]] = {tensor: [] for tensor in self.tensors}
        for tensor in self.tensors:
            for source in tensor.inputs if tensor not in self.inputs else ():
                self._consumers[source].append(tensor)
        self.depths = self._depths()
        self.layers = self._layers_by_depth()
        self._check_names()

    def _walk(self, tensor: SymbolicTensor, finished: set[SymbolicTensor]) -> None:
        """Go backwards from a tensor, and note each tensor once all that it is made of is noted."""
        if tensor in finished:
            return
        self._first_met.setdefault(tensor.layer, len(self._first_met))
        if tensor not in self.inputs:
            for source in tensor.inputs:
                self._walk(source, finished)
        finished.add(tensor)
        self.tensors.append(tensor)

    def _check_inputs(self) -> None:
        for tensor in self.tensors:
            if not tensor.inputs and tensor not in self.inputs:
                given = ", ".join(repr(t.layer.name) for t in self.inputs)
                raise ValueError(
                    f"The graph is not connected: the outputs need the input {tensor.layer.name!r}, which is not "
                    f"among the inputs given ({given}): add it to Model(inputs=…) or build the outputs from them."
                )
        for tensor in self.inputs:
            if tensor not in self.tensors:
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
            if tensor not in self.inputs:
                for source in tensor.inputs:
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
