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

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from scratchnet import config, constraints, initializers, regularizers
from scratchnet.errors import unexpected_arguments
from scratchnet.layers.arrays import initial_values, try_on
from scratchnet.layers.placing import Placed, shape_of_the_first
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.typing import Array, Shape
from scratchnet.utils.arguments import argument_names
from scratchnet.utils.naming import automatic_name


class Layer(Placed):
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
        acts_when_called: whether ``layer(x)``, without ``training``, means training mode, as it does for augmentations.
    """

    takes_integers: ClassVar[bool] = False
    acts_when_called: ClassVar[bool] = False
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
        **unknown: Any,
    ) -> None:
        if unknown:
            raise unexpected_arguments(type(self).__name__, unknown, argument_names(type(self)))
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
        self._first_shape = shape_of_the_first(type(self).__name__, input_shape, input_dim)

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
        """Return dx for the batch of the last ``forward``, and fill ``grads`` anew: assign, do not add.

        An input that has no gradient, such as indices, gets None.
        """
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
    def compute_dtype(self) -> str:
        """The type that the layer computes in: its ``dtype``, since nothing is mixed here."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the weights: the layer's ``dtype``."""
        return self.dtype

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
