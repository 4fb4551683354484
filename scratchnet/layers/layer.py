"""What every layer is: a function of an array, with parameters, that can pass a gradient back.

Training needs two things of a layer. ``forward`` turns its input x into its output y. ``backward`` gets dy, the slope
of the loss L with respect to each number of y, and by the chain rule works out two more slopes:

    dx = ∂L/∂x = Σ (∂L/∂y)(∂y/∂x)        handed on to the layer before, whose output x was
    grads["kernel"] = ∂L/∂kernel            stays behind, for the optimizer

No layer knows the loss, the optimizer or its neighbours. That is the whole idea of backpropagation.

A layer of your own is a subclass with ``forward`` and ``backward``; if it has parameters also ``build``, and if its
output has another shape than its input also ``compute_output_shape``. Layers that it keeps as attributes, or in lists
and dictionaries, belong to it. What ``forward`` leaves in attributes for ``backward`` belongs to the run: a model that
trains and predicts at once runs a copy of the layer for each (``graph/stand_in.py``).

A layer may add a term of its own to the loss: ``forward`` says ``self.add_loss(value)``, and ``backward`` adds that
term's slope to the dx that it returns, or to ``grads``, beside what it makes of dy. Here, too, nobody derives for you.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from scratchnet import config, constraints, initializers, regularizers
from scratchnet.layers.arrays import initial_values, try_on
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.layers.variables import Keeper, run_forward
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import automatic_name
from scratchnet.utils.numbers import shown, true_or_false, whole_number


class Layer(Keeper):
    """Base class of all layers.

    Args:
        name: unique within a model; made from the class name if not given.
        dtype: ``"float32"`` or ``"float64"``, of parameters, inputs and outputs; ``config.floatx()`` if not given.
        trainable: if False, the optimizer leaves the parameters as they are, and they pay no penalty.
        activity_regularizer: a penalty on the output y, see ``regularizers``; its mean over the batch is added to the
            loss. Where the layer stands in a model, the model adds the slope to dy before ``backward`` gets it.
        input_shape: the shape of one sample, for the first layer of a ``Sequential`` without ``Input``. As in Keras it
            is passed over everywhere else, and a warning says to begin with ``Input(shape)`` instead.
        input_dim: the same for a shape of one axis: ``(input_dim,)``.

    Attributes:
        params: the parameters by name. In a model they are views into the model's one flat vector.
        grads: the loss's gradient for each of ``params``, of equal shapes; written by ``backward``.
        non_trainable: the variables that no gradient moves, such as running means, by name; written by ``forward``.
        built: whether these have been made.
        input_shape, output_shape: with ``None`` for the batch; known once the layer has been called.
        regularizers, constraints: those of the parameters that have one, by the parameter's name.
        takes_integers: whether x may be whole numbers, as they are; all other layers get them as floats.
    """

    takes_integers: ClassVar[bool] = False
    _first_shape: Sequence[int] | None = None

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        activity_regularizer: str | regularizers.Regularizer | dict[str, Any] | None = None,
        input_shape: Sequence[int] | None = None,
        input_dim: int | None = None,
    ) -> None:
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ValueError(f"A layer's name must be a non-empty string without '/', got {name!r}.")
        self.name = name if name is not None else automatic_name(type(self).__name__)
        self.dtype = config.check_float(dtype) if dtype is not None else config.floatx()
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.non_trainable: dict[str, Array] = {}
        self.built = False
        self.input_shape: Any = None
        self.output_shape: Any = None
        self.trainable = trainable
        self.activity_regularizer = activity_regularizer
        self.regularizers: dict[str, regularizers.Regularizer] = {}
        self.constraints: dict[str, constraints.Constraint] = {}
        self._outputs: list[SymbolicTensor] = []
        self._added: list[float] = []
        self._first_shape = self._shape_of_the_first(input_shape, input_dim)

    # What a subclass defines -------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the parameters with ``add_weight``. Layers without parameters need not define it."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the output's shape for an input of ``input_shape``; by default the same."""
        return tuple(input_shape)

    def forward(self, x: Any, training: bool = False) -> Array:
        """Return the output y for a batch x, and keep what ``backward`` will need."""
        raise NotImplementedError(f"Layer {self.name!r} ({type(self).__name__}) has no forward(x, training).")

    def backward(self, dy: Array) -> Any:
        """Return dx for the batch of the last ``forward``, and fill ``grads``."""
        raise NotImplementedError(f"Layer {self.name!r} ({type(self).__name__}) has no backward(dy).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer, ready for JSON."""
        settings: dict[str, Any] = {"name": self.name, "dtype": self.dtype, "trainable": self.trainable}
        if self.activity_regularizer is not None:
            settings["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return settings

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what ``get_config`` returned."""
        return cls(**config)

    # What every layer has ----------------------------------------------------------------------------------------

    def add_weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: str | initializers.Initializer = "glorot_uniform",
        trainable: bool = True,
        regularizer: str | regularizers.Regularizer | dict[str, Any] | None = None,
        constraint: str | constraints.Constraint | dict[str, Any] | None = None,
    ) -> Array:
        """Add the parameter ``params[name]`` and room for its gradient, ``grads[name]``.

        With ``trainable=False``, add the variable ``non_trainable[name]``, which ``forward`` changes in place.

        Args:
            name, shape, initializer: the weight's.
            trainable: whether it is a parameter.
            regularizer: its penalty, which training adds to the loss, and its slope to the gradient.
            constraint: what moves it back after each update to where it may be.

        Raises:
            ValueError: if the name is taken, or the initializer returns anything but numbers of that shape; if the
                regularizer or constraint cannot be applied to it, or it is not trained at all.
        """
        if name in self.params or name in self.non_trainable:
            raise ValueError(f"Layer {self.name!r} has a weight named {name!r} already.")
        array = initial_values(initializer, tuple(shape), self.dtype, f"Layer {self.name!r}", f"initial {name!r}")
        penalty, projection = regularizers.get(regularizer), constraints.get(constraint)
        if not trainable and (penalty is not None or projection is not None):
            raise ValueError(
                f"Layer {self.name!r} expected no regularizer and no constraint for {name!r}, since it is not trained."
            )
        for table, thing in ((self.regularizers, penalty), (self.constraints, projection)):
            table.pop(name, None)  # of a build that failed
            if thing is not None:
                try_on(thing, array, f"Layer {self.name!r}", name)
                table[name] = thing  # type: ignore[assignment]
        (self.params if trainable else self.non_trainable)[name] = array
        if trainable:
            self.grads[name] = np.zeros_like(array)
        return array

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

    def build_once(self, input_shape: Any) -> None:
        """Build the layer for inputs of that shape, unless that has been done."""
        output_shape = self.compute_output_shape(input_shape)  # first: it may refuse the shape
        if not self.built:
            self.build(input_shape)
            self.finish_building(input_shape)
        self.input_shape, self.output_shape = input_shape, output_shape

    def _shape_of_the_first(self, input_shape: Sequence[int] | None, input_dim: int | None) -> Sequence[int] | None:
        """Return the shape that an argument gives a ``Sequential`` that begins with this layer; warn if one does."""
        if input_shape is not None and input_dim is not None:
            raise ValueError(
                f"{type(self).__name__} expected either input_shape or input_dim, got {input_shape!r} and "
                f"{input_dim!r}."
            )
        if input_shape is None and input_dim is None:
            return None
        shape = (input_dim,) if input_shape is None else input_shape
        if isinstance(shape, (str, bytes, set, dict)) or not np.iterable(shape):
            raise ValueError(
                f"input_shape of {type(self).__name__} expected the shape of one sample such as (28,), got {shape!r}."
            )
        what = "input_shape" if input_dim is None else "input_dim"
        first = tuple(whole_number(f"{what} of {type(self).__name__}", n, 1) for n in shape)
        warnings.warn(
            f"{type(self).__name__} expected no {what}, which counts for the first layer of a Sequential model only, "
            f"got {first if input_dim is None else input_dim}: begin the model with Input({first}) instead.",
            stacklevel=4,  # of the user's call of a class with an __init__ of its own, as most have
        )
        return first

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Place the layer in a graph (called on a tensor or a list of them), or run it (called on an array).

        Args:
            x: the input, or a list of inputs.
            training: whether to run in training mode or in inference mode. In a graph the place keeps the mode,
                whatever the model does; if None, it is in training mode while the model trains. On arrays, None means
                inference mode.
        """
        if training is not None:
            training = true_or_false(f"training of layer {self.name!r}", training)
        several = isinstance(x, (list, tuple)) and any(isinstance(a, (SymbolicTensor, np.ndarray)) for a in x)
        inputs = list(x) if several else [x]
        if self._are_tensors(inputs):
            return self._place(inputs, several, training)
        arrays = [np.asarray(a) for a in inputs]
        arrays = [a if self.takes_integers and a.dtype.kind in "iu" else np.asarray(a, self.dtype) for a in arrays]
        shapes = [(None, *a.shape[1:]) for a in arrays]
        self.build_once(shapes if several else shapes[0])
        with self.running_alone():
            y = run_forward(self, arrays if several else arrays[0], bool(training))
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
    def compute_dtype(self) -> str:
        """The type that the layer computes in: its ``dtype``, since nothing is mixed here."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the weights: the layer's ``dtype``."""
        return self.dtype

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
