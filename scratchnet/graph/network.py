"""What training and saving ask of a model: they know its graph and its parts, and nothing of the class ``Model``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scratchnet.graph.graph import Graph
    from scratchnet.graph.parameters import Segment
    from scratchnet.graph.plan import Plan
    from scratchnet.graph.targets import Target
    from scratchnet.layers.layer import Layer
    from scratchnet.layers.tensor import SymbolicTensor
    from scratchnet.optimizers import Optimizer
    from scratchnet.typing import Array


class Network(Protocol):
    """A compiled or uncompiled network; ``models.Model`` is one and documents the names."""

    name: str
    identity: object
    dtype: str
    graph: Graph
    inputs: list[SymbolicTensor]
    outputs: list[SymbolicTensor]
    optimizer: Optimizer | None
    targets: list[Target]
    history: Any
    stop_training: bool
    trainable: bool
    is_sequential: bool
    inputs_by_name: list[str] | None
    outputs_by_name: list[str] | None
    _single_input: bool
    _single_output: bool

    @property
    def input_keys(self) -> list[str]:
        """The names by which x may be given."""

    @property
    def output_keys(self) -> list[str]:
        """The names by which y and all that goes with it may be given."""

    @property
    def built(self) -> bool:
        """Whether the input's shape is known and the parameters have been made."""

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first."""

    @property
    def named_weights(self) -> dict[str, Array]:
        """All parameters and variables that are not trained, by ``"layer/name"``, in Keras's order."""

    @property
    def non_trainable(self) -> dict[str, Array]:
        """All variables that no gradient moves, by ``"layer/name"``."""

    @property
    def params(self) -> dict[str, Array]:
        """All parameters by ``"layer/name"``."""

    @property
    def segments(self) -> list[Segment]:
        """The trainable parameters as flat runs with their gradients."""

    def as_inputs_given(self, each: list[Any]) -> Any:
        """Return something for each input in the form in which the inputs were given."""

    def as_outputs_given(self, each: list[Any]) -> Any:
        """Return something for each output in the form in which the outputs were given."""

    def as_results(self, each: list[Any]) -> Any:
        """Return what has been computed for each output: a dict, or a list, or that of a single output by itself."""

    def _run_snapshot(self, run: Mapping[str, Any]) -> Any:
        """Return a ``saving.Snapshot`` of the model in the middle of training, and the state of the training loop."""

    def _run_arrays(self) -> dict[str, Array]:
        """Return the arrays that training changes, themselves: weights, random numbers, the optimizer's vectors."""

    def _load_run(self, path: str) -> tuple[dict[str, Any], Callable[[], None]] | None:
        """Return what was written and what puts the model's part of it in its place; None if there is no file."""

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters for inputs of that shape."""

    def count_params(self) -> int:
        """Return how many numbers there are in ``named_weights``."""

    def through_logits(self) -> tuple[bool, ...]:
        """For each output whether its final softmax and its loss are computed as one step, from the logits."""

    def run_plan(self, use: str, backend: str | None = None) -> Plan:
        """Return the plan for "train", "test" or "predict", on the current backend if none is given."""
