"""Where a layer stands: called on tensors it takes a place in a graph, called on arrays it runs.

Also what it adds to the loss of a run by itself, beside what it puts out: ``add_loss`` and the penalty on its output.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchnet import config, regularizers
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.layers.variables import Keeper, run_forward
from scratchnet.typing import Shape
from scratchnet.utils.numbers import real_array, shown, true_or_false, whole_number
from scratchnet.utils.random import given_back_on_error


class Placed(Keeper):
    """What every layer is from outside: something that is called, and then stands somewhere."""

    takes_integers: ClassVar[bool]
    output_shape: Any
    _outputs: list[SymbolicTensor]

    def build_once(self: Any, input_shape: Any) -> None:
        """Build the layer for inputs of that shape, unless that has been done."""
        output_shape = self.compute_output_shape(input_shape)  # first: it may refuse the shape
        if not self.built:
            with given_back_on_error():
                self.build(input_shape)
                self.finish_building(input_shape)
        self.input_shape, self.output_shape = input_shape, output_shape

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Place the layer in a graph (called on a tensor or a list of them), or run it (called on an array).

        Args:
            x: the input, or a list of inputs.
            training: whether to run in training mode or in inference mode. In a graph the place keeps the mode,
                whatever the model does; if None, it is in training mode while the model trains. On arrays, None means
                inference mode, in which only augmentations act, as in Keras.
        """
        if training is not None:
            training = true_or_false(f"training of layer {self.name!r}", training)
        several = isinstance(x, (list, tuple)) and any(isinstance(a, (SymbolicTensor, np.ndarray)) for a in x)
        inputs = list(x) if several else [x]
        if self._are_tensors(inputs):
            return self._place(inputs, several, training)
        arrays = [real_array(f"x of layer {self.name!r}", a) for a in inputs]
        arrays = [a if self.takes_integers and a.dtype.kind in "iu" else np.asarray(a, self.dtype) for a in arrays]
        shapes = [(None, *a.shape[1:]) for a in arrays]
        self.build_once(shapes if several else shapes[0])
        with self.running_alone():
            y = run_forward(self, arrays if several else arrays[0], training)
            if self.activity_regularizer is not None:
                self.add_loss(self.activity_regularizer.forward(y) / len(y))
        return y

    def _are_tensors(self, inputs: Sequence[Any]) -> bool:
        """Whether these are tensors of a graph, all of them.

        Raises:
            TypeError: if only some are.
        """
        symbolic = [isinstance(a, SymbolicTensor) for a in inputs]
        if any(symbolic) and not all(symbolic):
            raise TypeError(f"Layer {self.name!r} was called on a mix of graph tensors and arrays: use one kind.")
        return any(symbolic)

    def _place(self, inputs: Sequence[SymbolicTensor], several: bool, training: bool | None) -> Any:
        for tensor in inputs:
            self._check_dtype(tensor, self.dtype, self.takes_integers)
        shapes = self._with_one_batch_size([tensor.shape for tensor in inputs])
        self.build_once(shapes if several else shapes[0])
        if not all(isinstance(n, Integral) for n in self.output_shape[1:]):
            raise self.refuse(
                "its compute_output_shape to return a whole number for every axis but the batch", self.output_shape
            )
        output = SymbolicTensor(self.output_shape, self, tuple(inputs), training)
        self._outputs.append(output)
        return output

    def _check_dtype(self, tensor: SymbolicTensor, dtype: str, takes_integers: bool) -> None:
        if tensor.dtype != dtype and not (takes_integers and tensor.dtype in config.INTEGERS):
            raise ValueError(
                f"Layer {self.name!r} has dtype {dtype} but its input from {tensor.layer.name!r} has "
                f"{tensor.dtype}: give every layer of a model the same dtype."
            )

    def _with_one_batch_size(self, shapes: list[Shape]) -> list[Shape]:
        """Return the shapes with the size in front that one of them has; None stays, where no input has fixed it."""
        sizes = {shape[0] for shape in shapes} - {None}
        if len(sizes) > 1:
            raise self.refuse("inputs of one batch size", " and ".join(map(str, shapes)))
        size = next(iter(sizes), None)
        return [(size, *shape[1:]) for shape in shapes]

    @property
    def output(self) -> SymbolicTensor:
        """The layer's place in the graph: ``Model(model.inputs, layer.output)`` computes what it puts out."""
        if len(self._outputs) != 1:
            raise ValueError(
                f"Layer {self.name!r} was called {len(self._outputs)} times in graphs, so it has no single output."
            )
        return self._outputs[0]

    @property
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The tensor that the layer was called on; a list of them for a layer with several inputs."""
        inputs = self.output.inputs or (self.output,)
        return inputs[0] if len(inputs) == 1 else list(inputs)

    def refuse(self, expected: str, got: Any, advice: str = "") -> ValueError:
        """Return the error for an input that the layer cannot take."""
        return ValueError(
            f"Layer {self.name!r} ({type(self).__name__}) expected {expected}, got {got}"
            + (f": {advice}." if advice else ".")
        )

    # What it adds to the loss ------------------------------------------------------------------------------------

    @property
    def activity_regularizer(self) -> Any:
        """The penalty on the output; set it to a name or a ``Regularizer``, and it counts from the next batch on."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        self._activity_regularizer = regularizers.get(value)

    def add_loss(self, value: Any) -> None:
        """Add a number to the loss of the batch that ``forward`` is run for; ``backward`` must add its slope.

        Raises:
            ValueError: if it is not one real number.
        """
        number = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, Real):  # NaN may come: the step refuses it
            raise self.refuse("add_loss to get one real number", shown(value), "sum or average it first")
        self._added.append(float(number))

    @property
    def added_losses(self) -> list[float]:
        """What the layer and those inside it added to the loss in the last run: ``add_loss`` and activities."""
        return list(self._added)

    @property
    def losses(self) -> list[float]:
        """``added_losses`` of the last run, then the penalties of the weights that are trained, as they are now."""
        penalties = [(penalty, w) for _, w, _, penalty, _ in self.ruled_weights() if penalty is not None]
        return [*self.added_losses, *(float(penalty.forward(w)) for penalty, w in penalties)]


def shape_of_the_first(cls: str, input_shape: Sequence[int] | None, input_dim: int | None) -> Sequence[int] | None:
    """Return the shape that an argument gives a ``Sequential`` that begins with this layer; warn if one does."""
    if input_shape is not None and input_dim is not None:
        raise ValueError(
            f"{cls} expected either input_shape or input_dim, got {shown(input_shape)} and {shown(input_dim)}."
        )
    if input_shape is None and input_dim is None:
        return None
    shape = (input_dim,) if input_shape is None else input_shape
    if isinstance(shape, (str, bytes, set, dict)) or not np.iterable(shape):
        raise ValueError(f"input_shape of {cls} expected the shape of one sample such as (28,), got {shown(shape)}.")
    what = "input_shape" if input_dim is None else "input_dim"
    first = tuple(whole_number(f"{what} of {cls}", n, 1) for n in shape)
    warnings.warn(
        f"{cls} expected no {what}, which counts for the first layer of a Sequential model only, "
        f"got {first if input_dim is None else input_dim}: begin the model with Input({first}) instead.",
        stacklevel=4,  # of the user's call of a class with an __init__ of its own, as most have
    )
    return first
