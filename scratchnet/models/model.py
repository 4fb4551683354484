"""Model: a graph of layers that can be trained, evaluated and asked for predictions.

A model is a layer too: called on a tensor it takes its place in another model's graph, weights and all.
``graph/graph.py`` tells how such a graph runs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from scratchnet import config, losses, optimizers
from scratchnet.errors import unknown_name
from scratchnet.graph import logits, parameters
from scratchnet.graph.graph import Graph, cut_off, wire
from scratchnet.graph.plan import Plan
from scratchnet.graph.plan_table import print_plan
from scratchnet.graph.targets import Target, named_metrics, shown_names
from scratchnet.layers.arrays import check_weights
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor, call
from scratchnet.layers.variable import Variable, listed
from scratchnet.metrics import Metric
from scratchnet.models.compiling import Outputs, make_targets, rebuild_target
from scratchnet.models.rebuilding import MODELS, from_description
from scratchnet.models.summary import print_summary
from scratchnet.saving.architecture import describe_model
from scratchnet.saving.objects import checked_classes, rebuild
from scratchnet.saving.save import describe_settings, save_model
from scratchnet.saving.training_state import read_training_state, write_training_state
from scratchnet.saving.weights import load_weights, save_weights
from scratchnet.training import loop
from scratchnet.training.options import FitOptions
from scratchnet.training.penalties import Penalties
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import automatic_name
from scratchnet.utils.numbers import shown, true_or_false
from scratchnet.utils.session import global_state_given_back_on_error

if TYPE_CHECKING:
    from scratchnet.callbacks import Callback, History

_planning = threading.RLock()  # threads that ask for the same plan get the same one
Tensors = SymbolicTensor | Sequence[SymbolicTensor] | Mapping[str, SymbolicTensor]


class Model(Layer):
    """A network: everything between its inputs and its outputs.

    Called on a tensor, or on a list of them for several inputs, it is a layer of another model, as in Keras:
    ``base(x)``. The weights are the same ones, whichever of the two models is trained. A call on arrays runs it.

    Args:
        inputs: the tensor of an ``Input``, or a list or dict of them. A tensor from the middle of another graph makes a
            model of the rest, which shares the layers.
        outputs: the tensor of the last layer, or a list or dict of tensors. With a dict, predictions come as one, and
            its keys name the outputs in ``compile``, in y and in the logs.
        name: ``functional``, ``functional_1``, … if not given.

    Attributes:
        history: the ``History`` of the last or running ``fit``.
        optimizer: as given to ``compile``; None before.
        inputs, outputs: the tensors in a list; those of a dict by its keys in alphabetical order, as in Keras.
        targets: what ``compile`` made of loss and metrics, for each output; empty before.

    Raises:
        ValueError: if the graph is not connected, or two layers share a name.
        TypeError: if an input or output is not a tensor.
    """

    is_model: ClassVar[bool] = True
    is_sequential = False

    def __init__(self, inputs: Tensors, outputs: Tensors, name: str | None = None) -> None:
        self.name = name or automatic_name("Functional")
        self._start_uncompiled()
        self._connect(inputs, outputs)

    def _start_uncompiled(self) -> None:
        self.identity: object = object()  # by which an optimizer knows whom it serves
        self.optimizer: optimizers.Optimizer | None = None
        self.targets: list[Target] = []
        self.history: History | None = None
        self.stop_training = False
        self._trainable = True
        self.regularizers, self.constraints = {}, {}  # it has no weights but those of its layers
        self._added: list[float] = []
        self._outputs: list[SymbolicTensor] = []  # its places in other graphs: the first tensor of each call
        self._plans: dict[tuple[str, str, bool | tuple[bool, ...]], Plan] = {}

    def _connect(self, inputs: Tensors, outputs: Tensors) -> None:
        self.inputs_by_name, inputs = _apart_from_names("inputs", inputs)
        self.outputs_by_name, outputs = _apart_from_names("outputs", outputs)
        begin, end = cut_off(_tensors("inputs", inputs), _tensors("outputs", outputs))
        graph = Graph(begin, end)
        parameters.move_in(graph.layers)
        self.inputs, self.outputs, self.graph = begin, end, graph
        self._single_input = isinstance(inputs, SymbolicTensor)
        self._single_output = isinstance(outputs, SymbolicTensor)
        self.dtype: str = end[0].dtype
        self._plans = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle is made of: the layers and how they are wired, and everything but the plans."""
        made_anew = ("graph", "inputs", "outputs", "_plans", "_outputs", "_home")
        return {k: v for k, v in vars(self).items() if k not in made_anew} | {"wiring": self.graph.wiring()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        inputs, outputs = wire(state.pop("wiring"))
        vars(self).update(state, _outputs=[])
        self._connect(self.as_inputs_given(inputs), self.as_outputs_given(outputs))

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "name" and self.__dict__.get("_outputs") and value != self.name:
            raise ValueError(
                f"Model {self.name!r} expected to keep its name as a layer of another model, got {value!r}: name it "
                f"before it is called on a tensor."
            )
        object.__setattr__(self, name, value)

    @property
    def built(self) -> bool:  # type: ignore[override]  # what a layer keeps, a model works out
        """Whether the input's shape is known and the parameters have been made: always, but for a ``Sequential``."""
        return True

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Do nothing: a ``Sequential`` makes its parameters here."""

    @property  # type: ignore[misc]
    def activity_regularizer(self) -> None:
        """None, and cannot be set: give it to the layer that makes the output."""

    # Shapes and layers --------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first, in a new list."""
        return list(self.graph.layers)

    @property
    def input_shape(self) -> Shape | list[Shape]:
        """The shape of the input, with None for the batch; a list for several inputs."""
        return self.inputs[0].shape if len(self.inputs) == 1 else [t.shape for t in self.inputs]

    @property
    def output_shape(self) -> Shape | list[Shape]:
        """The shape of the output, with None for the batch; a list for several outputs."""
        return self.outputs[0].shape if len(self.outputs) == 1 else [t.shape for t in self.outputs]

    @property
    def input(self) -> Any:
        """The tensor, or list or dict of tensors, that the model begins with."""
        return self.as_inputs_given(self.inputs)

    @property
    def output(self) -> Any:
        """The tensor, or list or dict of tensors, that the model ends with."""
        return self.as_outputs_given(self.outputs)

    @property
    def output_names(self) -> list[str]:
        """For each of ``outputs`` the name of the layer that makes it."""
        return [tensor.layer.name for tensor in self.outputs]

    @property
    def input_keys(self) -> list[str]:
        """The names by which x may be given: the inputs' own, or the keys of the inputs' dict."""
        return sorted(self.inputs_by_name) if self.inputs_by_name else [tensor.layer.name for tensor in self.inputs]

    @property
    def output_keys(self) -> list[str]:
        """The names by which y and losses may be given: ``output_names``, or the keys of the outputs' dict."""
        if not self.built:
            return [layer.name for layer in self.layers[-1:]] or [self.name]
        return sorted(self.outputs_by_name) if self.outputs_by_name else self.output_names

    def as_inputs_given(self, each: list[Any]) -> Any:
        """Return something for each input in the form in which the inputs were given: alone, a list, or a dict."""
        if self.inputs_by_name:
            return {key: each[place] for key, place in _places(self.inputs_by_name)}
        return each[0] if self._single_input else each

    def as_outputs_given(self, each: list[Any]) -> Any:
        """Return something for each output in the form in which the outputs were given: alone, a list, or a dict."""
        if self.outputs_by_name:
            return {key: each[place] for key, place in _places(self.outputs_by_name)}
        return each[0] if self._single_output else each

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return one layer by its name or by its place in ``layers``.

        Raises:
            ValueError: if there is none, or not exactly one of ``name`` and ``index`` is given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer expected either a name or an index, got name={name!r} and index={index!r}.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"get_layer expected an index below {len(self.layers)}, got {index}.")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise unknown_name("layer name", name, [layer.name for layer in self.layers])

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and their numbers of parameters.

        Args:
            line_length: width in characters; 88 for a chain of layers, 108 for other graphs, less in a narrow terminal.
            positions: where each column ends, as parts of the width: ``[0.45, 0.8, 1.0]``.
            print_fn: called with the whole text, instead of printing it.
            expand_nested: whether to list the layers of nested models as well.
            show_trainable: whether to add a column that says whether a layer is trainable.
            layer_range: the names of the first and the last layer to list, or patterns for them.

        Raises:
            ValueError: if an argument makes no sense.
        """
        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def plan(self, batch_size: int = 64, print_fn: Callable[[str], object] | None = None) -> None:
        """Print how training runs on the current backend: which layers are computed together, and what each step costs.

        The gradients in ``grads`` are those of random batches afterwards.

        Args:
            batch_size: samples in a batch.
            print_fn: called with the whole text, instead of printing it.
        """
        plan = Plan(self.graph, config.backend(), self.through_logits())
        print_plan(plan, batch_size, print_fn, [target.loss for target in self.targets])

    # Parameters ---------------------------------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Array]:  # type: ignore[override]
        """All parameters by ``"layer/name"``, views into the model's flat vector."""
        return {f"{layer.name}/{k}": p for layer in self.layers for k, p in layer.params.items()}

    @property
    def grads(self) -> dict[str, Array]:  # type: ignore[override]
        """The gradient of the last backward pass for each of ``params``."""
        return {f"{layer.name}/{k}": g for layer in self.layers for k, g in layer.grads.items()}

    @property
    def non_trainable(self) -> dict[str, Array]:  # type: ignore[override]
        """All variables that no gradient moves, such as running means, by ``"layer/name"``."""
        return {f"{layer.name}/{k}": a for layer in self.layers for k, a in layer.non_trainable.items()}

    @property
    def weights(self) -> list[Variable]:
        """All weights in the order of ``get_weights``: ``w.path`` is the name that ``named_weights`` has for w."""
        return listed(self.layers)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer moves."""
        return listed(self.layers, True, whole=self.trainable)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that it does not: running means and the like, and all those of frozen layers."""
        return listed(self.layers, False, whole=self.trainable)

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def own(self, kind: str) -> dict[str, Array]:
        """Return nothing: all that a model has belongs to its layers."""
        return {}

    def leaves(self, path: str = "", trainable: bool = True) -> Iterator[tuple[str, Any, bool]]:
        """Yield the model, its layers and all layers inside them: the way to each, the layer, whether it is trained."""
        trainable = trainable and self._trainable
        yield path, self, trainable
        for layer in self.layers:
            yield from layer.leaves(f"{path}{layer.name}/", trainable)

    def list_inner(self) -> None:
        """Do nothing: ``params`` and the like are listed anew whenever they are asked for."""

    def add_weight(self, *arguments: Any, **named: Any) -> Array:
        """Refuse: a model has layers, and they have the weights."""
        raise TypeError(f"Model {self.name!r} has no weights beside its layers': add them in a layer of your own.")

    @property
    def segments(self) -> list[parameters.Segment]:
        """The trainable parameters as flat runs with their gradients; mostly a single one."""
        return parameters.segments(self.graph.layers, self.trainable, self.graph.idle)

    @property
    def losses(self) -> list[float]:
        """What is added to the loss: by layers in the last run, then the penalties of the trained weights as they are.

        Layers add to it by ``add_loss`` and by an ``activity_regularizer``, weights by a regularizer of theirs.
        """
        added = [loss for layer in self.graph.flat.layers for loss in layer.added_losses]
        return [*added, *Penalties(self.layers, self.trainable).values()]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Copy arrays into the parameters, in the order of ``get_weights``.

        Raises:
            ValueError: if there are too many or too few, a shape differs, or they are no real numbers; then nothing
                has been changed.
        """
        variables = self.named_weights
        for array, weight in zip(variables.values(), check_weights(f"model {self.name!r}", variables, weights)):
            array[...] = weight

    # Training -----------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "adam",
        loss: Any = None,
        metrics: Any = None,
        *,  # Keras has loss_weights in third place: a list of numbers must not slip into metrics
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Choose how the model learns. The parameters stay as they are; the optimizer starts afresh.

        An optimizer that has served another model serves this one from now on. The number that training makes smaller
        is the sum of the outputs' losses, each times its weight.

        Args:
            optimizer: a name (adam, sgd) or an ``Optimizer``.
            loss: a name, a ``Loss``, or a pair of functions (value, slope), see ``losses.FunctionLoss``. With several
                outputs also a list, or a dict by the outputs' names: None for an output that is not trained.
            metrics: a list of names, ``Metric`` objects or functions (y_true, y_pred) → a number for each sample, to
                report beside the loss. With several outputs a list with such a list for each, or a dict by names.
            loss_weights: a number; with several outputs a list of them or a dict by names. 1 if not given.
            weighted_metrics: as ``metrics``, for those in which a sample counts by its ``sample_weight``.

        Raises:
            ValueError: for an unknown name, with the nearest known one; for a missing loss, or one without reduction;
                for a metric of several numbers; for a list or dict that does not fit the outputs. Nothing has been
                changed then.
        """
        outputs = Outputs(self.output_keys, self.outputs_by_name if self.built else None)
        targets = make_targets(outputs, loss, metrics, loss_weights, weighted_metrics)
        chosen_optimizer = optimizers.get(optimizer)
        if chosen_optimizer is None:
            raise ValueError(f"compile expected an optimizer, one of {', '.join(optimizers.OPTIMIZERS)}, got None.")
        self._set_compiled(chosen_optimizer, targets)
        for target, tensor in zip(targets, self.graph.flat.outputs if self.built else ()):
            one = target.loss
            if one is not None and one.from_logits and logits.ends_in_probabilities(tensor, one):
                import warnings

                ending = "sigmoid" if isinstance(one, losses.BinaryCrossentropy) else "softmax"
                whose = "the model" if len(targets) == 1 else f"output {target.output!r}"
                warnings.warn(
                    f"The loss {one.name} has from_logits=True but {whose} ends in a {ending}, so its outputs are "
                    f"probabilities, not logits: leave one of the two out.",
                    stacklevel=2,
                )

    def _set_compiled(self, optimizer: optimizers.Optimizer, targets: list[Target]) -> None:
        optimizer.start(self.identity)
        self.optimizer, self.targets = optimizer, targets

    @property
    def loss(self) -> Any:
        """The loss; for several outputs a list of them. None before ``compile``."""
        chosen = [target.loss for target in self.targets]
        return chosen if len(chosen) > 1 else chosen[0] if chosen else None

    @property
    def metrics(self) -> list[Metric]:
        """All metrics: those of each output, then those with weights."""
        return list(self.metrics_by_name.values())

    @property
    def metrics_by_name(self) -> dict[str, Metric]:
        """All metrics by their names in the logs."""
        return named_metrics(self.targets)

    @property
    def compiled(self) -> bool:
        """Whether the model knows how to learn: ``compile`` has been called."""
        return self.optimizer is not None

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` returns, in order."""
        return shown_names(self.targets)

    def through_logits(self) -> tuple[bool, ...]:
        """For each output whether its final softmax and its loss are computed as one stable step, from the logits."""
        return logits.through_logits(self.graph, [target.loss for target in self.targets] or [None] * len(self.outputs))

    def trains_through_logits(self) -> bool:
        """Whether this is so for any output."""
        return any(self.through_logits())

    def run_plan(self, use: str) -> Plan:
        """Return the plan that runs the model now; "train", "test" and "predict" do not see each other's memory.

        It is made at the first need, and anew when the layers are no longer what it was made from.
        """
        key = config.backend(), use, use != "predict" and self.through_logits()
        plan = self._plans.get(key)
        if plan is None or not plan.is_current():
            with _planning:
                plan = self._plans.get(key)
                if plan is None or not plan.is_current():
                    plan = self._plans[key] = Plan(self.graph, key[0], key[2], trainable=self.trainable)
        return plan

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Train on passes through the data.

        The data may come in batches, ``(x, y)`` or ``(x, y, sample_weight)``: from a ``utils.PyDataset`` or whatever
        has ``__len__`` and ``__getitem__``, from a generator or another iterator, or from anything else that can be
        iterated over. Each batch is checked as arrays are, and the next one is fetched in a thread meanwhile: data
        that look at the model while they are made may see it in the middle of a step. An iterator is not rewound, and
        ends the training when it ends; where the number of steps is known, exactly so many batches are taken from it.

        Args:
            x: samples (N, …) of any number type; for several inputs a list of arrays, or a dict by the inputs' names.
                Batches are cast as they are gathered; the data itself is neither copied nor changed. Or what yields
                batches; then without ``y``, ``sample_weight``, ``batch_size`` and ``validation_split``.
            y: labels (N,), (N, C) or (N, …), as the loss takes them; for several outputs a list or dict of them.
            batch_size: samples a step; 32 if not given, or with ``steps_per_epoch`` what makes so many batches.
            epochs: the epoch to train up to, so the number of passes if ``initial_epoch`` is 0.
            verbose: 0 silent, 1 a live bar, 2 a line an epoch; "auto" is 1 in a terminal or notebook, 2 elsewhere.
            callbacks: one or more ``Callback`` objects.
            validation_split: the share of samples, taken from the end before shuffling, to hold back for validation.
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)`` to evaluate after every epoch, or what yields
                batches.
            shuffle: whether each pass sees the samples, or the batches of a dataset, in a new order, drawn from the
                global seed. An iterator's batches come as they come.
            class_weight: for each class the factor of its samples' losses; 1 where not given. In training only, and
                for one output only.
            sample_weight: for each sample the factor of its loss, (N,) or (N, 1); for several outputs one array for
                all, or a list or dict of them, None for all 1.
            initial_epoch: where to go on counting.
            steps_per_epoch: the steps of an epoch, if not a whole pass: the next epoch goes on where it stopped. Where
                the pass ends too early, so does the epoch, with a warning, and the next begins a new pass.
            validation_steps: the steps of a validation, if not all.
            validation_batch_size: samples a validation step; ``batch_size`` if not given.
            validation_freq: after how many epochs to validate, or a list of the epochs, from 1.

        Returns:
            The ``History``: loss and metrics of each epoch, ``val_…`` included. It is also ``model.history``, where it
            can be found after an interruption by Ctrl-C, which stops after the step that is running.

        Raises:
            ValueError: if an argument makes no sense; nothing has been changed then.
            RuntimeError: before ``compile``.
            NonFiniteError: if the loss becomes NaN or infinite; the parameters are those before that step.
        """
        return loop.fit(
            self,
            x,
            y,
            FitOptions(
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                class_weight=class_weight,
                sample_weight=sample_weight,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_freq=validation_freq,
                validation_batch_size=validation_batch_size,
            ),
        )

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Return loss and metrics on data that are not learnt from.

        Args:
            x, y, verbose, sample_weight, callbacks: as for ``fit``.
            steps: how many batches to look at, if not all.
            batch_size: samples a step, for the display and for callbacks; 32 if not given.
            return_dict: return ``{"accuracy": …, "loss": …}`` rather than ``[loss, accuracy]``.

        Returns:
            A list of floats in the order of ``metrics_names``; the loss alone, if there are no metrics.
        """
        logs = loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        if return_dict:
            return logs
        values = [logs[name] for name in self.metrics_names]
        return values if len(values) > 1 else values[0]

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Any:
        """Return the model's outputs for samples x.

        Args:
            x: samples (N, …); for several inputs a list of arrays, or a dict by the inputs' names. Or what yields
                batches: of a tuple ``(x, …)`` the first is taken, all else is x itself.
            steps: how many batches to compute, if not all.
            batch_size: samples a step, for the display and for callbacks; 32 if not given.
            verbose, callbacks: as for ``fit``.

        Returns:
            A new array (N, …) of the model's dtype; a list or dict of them, as the model's outputs were given.
        """
        return self.as_outputs_given(loop.predict(self, x, batch_size, verbose, steps, callbacks))

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Take one training step on one batch and return its loss and metrics, as ``evaluate`` does.

        The gradients of the step stay in ``grads``.
        """
        return self._on_batch(loop.train_on_batch(self, x, y, sample_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return loss and metrics of one batch, as ``evaluate`` does."""
        return self._on_batch(loop.test_on_batch(self, x, y, sample_weight), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, as ``predict`` does."""
        return self.predict(x, verbose=0)

    def _on_batch(self, logs: dict[str, float], return_dict: bool) -> Any:
        values = [logs[name] for name in self.metrics_names]
        return logs if return_dict else values if len(values) > 1 else values[0]

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Return the outputs for one batch, as arrays; called on tensors, become a layer of their graph.

        Args:
            x: an array or a tensor; a list of them for several inputs, or tensors by the names of the inputs.
            training: whether to run in training mode, as Dropout and BatchNormalization do while a model trains. A
                place in a graph keeps the mode: ``base(x, training=False)`` leaves the running means of ``base`` as
                they are even while the model round it trains. If None, the place goes with that model; arrays are run
                in inference mode, in which only augmentations act, as in Keras. A layer inside that was itself called
                with ``training`` keeps its own.

        Returns:
            An array or a tensor; a list of them for a model with several outputs.

        Raises:
            ValueError: if the tensors are not what the model takes.
            TypeError: if arrays and tensors are mixed.
        """
        if training is not None:
            training = true_or_false(f"training of model {self.name!r}", training)
        if isinstance(x, dict) and self._are_tensors(list(x.values())):
            x = self._by_input_name(x)
        several = isinstance(x, (list, tuple)) and any(isinstance(a, SymbolicTensor) for a in x)
        inputs = list(x) if several else [x]
        if self._are_tensors(inputs):
            return self._place(inputs, several, training)
        return self.as_outputs_given(loop.call(self, x, training))

    def _by_input_name(self, named: dict[str, SymbolicTensor]) -> list[SymbolicTensor]:
        names = self.input_keys
        if set(named) != set(names):
            raise self.refuse(f"tensors for its inputs {', '.join(names)}", ", ".join(map(str, named)))
        return [named[name] for name in names]

    def _place(self, inputs: Sequence[SymbolicTensor], several: bool, training: bool | None) -> Any:
        if "/" in self.name:
            raise ValueError(f"A model that is a layer of another expected a name without '/', got {self.name!r}.")
        self._begin_with(inputs)
        if len(inputs) != len(self.inputs):
            raise self.refuse(
                f"a list of {len(self.inputs)} tensors" if len(self.inputs) > 1 else "a single tensor", f"{len(inputs)}"
            )
        for given, own in zip(inputs, self.inputs):
            if given.shape != own.shape:
                raise self.refuse(f"a tensor of shape {own.shape} for its input {own.layer.name!r}", given.shape)
            self._check_dtype(given, own.dtype, own.dtype in config.INTEGERS)
        outputs = call(self, [(tensor.shape, tensor.dtype) for tensor in self.outputs], tuple(inputs), training)
        self._outputs.append(outputs[0])
        return self.as_outputs_given(outputs)

    def _begin_with(self, inputs: Sequence[SymbolicTensor]) -> None:
        """Do nothing: a ``Sequential`` that has waited for its input makes its parameters here."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for that of the input; lists of them for several.

        Raises:
            ValueError: if the model takes another shape.
        """
        given = [tuple(s) for s in input_shape] if isinstance(input_shape, list) else [tuple(input_shape)]
        if [shape[1:] for shape in given] != [tensor.shape[1:] for tensor in self.inputs]:
            raise self.refuse(f"inputs of shape {self.input_shape}", input_shape)
        return self.output_shape

    def save(self, path: str | Path) -> None:
        """Write architecture, parameters, compile settings and optimizer state to one safetensors file.

        ``scratchnet.load_model(path)`` reads it. The file is written beside its place and moved there when it is
        whole, so an old file stays until the new one is complete.
        """
        save_model(self, path)

    def save_weights(self, filepath: str | Path, overwrite: bool = True) -> None:
        """Write all variables, and nothing of how the model is built, to a safetensors file.

        Args:
            filepath: where to.
            overwrite: whether a file that is there may be replaced.

        Raises:
            ValueError: for a ``Sequential`` that is not built yet.
            FileExistsError: if there is a file, and ``overwrite`` is False.
            OSError: if the file cannot be written.
        """
        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | Path, skip_mismatch: bool = False, by_name: bool = False) -> None:
        """Read variables that ``save_weights`` or ``save`` wrote.

        Args:
            filepath: the file.
            skip_mismatch: whether layers whose variables differ from the file's in number or shape stay as they are,
                with a warning, rather than to be refused.
            by_name: whether a layer gets the variables of the file's layer of its name, and stays as it is if there is
                none, rather than those of the layer at its place among all layers with variables.

        Raises:
            ValueError: if layers differ, with a list of them; for a ``Sequential`` that is not built yet; if the file
                is damaged, or none of weights or a model. Nothing has been changed then.
            FileNotFoundError, OSError: if there is no such file, or it cannot be read.
        """
        load_weights(self, filepath, skip_mismatch, by_name)

    def _save_run(self, path: str, run: Mapping[str, Any]) -> None:
        write_training_state(self, path, run)

    def _load_run(self, path: str) -> tuple[dict[str, Any], Callable[[], None]] | None:
        return read_training_state(self, path)

    # Descriptions -------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what ``from_config`` makes an equal model from, ready for JSON: its layers and how they are wired.

        Raises:
            TypeError: if the ``get_config`` of a layer of your own does not return the arguments that make it again.
        """
        description = describe_model(self)
        return {key: value for key, value in description.items() if key not in ("class", "custom")}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, type] | None = None) -> Self:
        """Make a model with fresh weights, not compiled, from what ``get_config`` returned.

        Args:
            config: of a model of this class.
            custom_objects: your own classes by name, as for ``load_model``.

        Raises:
            ValueError: if it is of another kind of model, or needs a class that is not in ``custom_objects``.
            TypeError: if ``custom_objects`` holds anything but classes.
        """
        keys = {"name", "layers"} | (set() if cls.is_sequential else {"tensors", "inputs", "outputs"})
        if not isinstance(config, Mapping) or not keys <= config.keys() or (cls.is_sequential and "tensors" in config):
            raise ValueError(f"{cls.__name__}.from_config expected what its get_config returns, got {shown(config)}.")
        with global_state_given_back_on_error():
            model: Self = from_description(cls, config, checked_classes(custom_objects))
        return model

    def to_json(self, **options: Any) -> str:
        """Return ``get_config``, and which class it is, as JSON; ``models.model_from_json`` makes a model of it.

        It is not the text that Keras writes.

        Args:
            options: passed to ``json.dumps``, such as ``indent=2``.
        """
        return json.dumps(describe_model(self), **options)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return optimizer, loss and metrics, ready for JSON; None if the model is not compiled.

        Raises:
            TypeError: if the loss or a metric is made of functions, which JSON does not hold.
        """
        return describe_settings(self) if self.compiled else None

    def compile_from_config(self, config: Mapping[str, Any], custom_objects: Mapping[str, type] | None = None) -> None:
        """Compile as the model was whose ``get_compile_config`` returned ``config``; the optimizer starts afresh.

        Raises:
            ValueError: if it needs a class that is not in ``custom_objects``.
            TypeError: if ``custom_objects`` holds anything but classes.
        """
        forms: list[set[str]] = [{"optimizer", "loss", "metrics"}, {"optimizer", "targets"}]
        if not isinstance(config, Mapping) or not any(keys <= config.keys() for keys in forms):
            raise ValueError(f"compile_from_config expected what get_compile_config returns, got {shown(config)}.")
        custom = checked_classes(custom_objects)
        optimizer = rebuild(config["optimizer"], "optimizer", custom)
        if "targets" in config:
            self._set_compiled(optimizer, [rebuild_target(target, custom) for target in config["targets"]])
        else:
            metrics = [rebuild(metric, "metric", custom) for metric in config["metrics"]]
            self.compile(optimizer, rebuild(config["loss"], "loss", custom), metrics)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, {len(self.layers)} layers, {self.count_params():,} params>"


MODELS["Model"] = Model


def _apart_from_names(what: str, given: Any) -> tuple[list[str] | None, Any]:
    """Return the keys of a dict, and its entries by their alphabetical order; anything else as it is."""
    if not isinstance(given, Mapping):
        return None, given
    for key in given:
        if not isinstance(key, str) or not key:
            raise TypeError(f"Model({what}=…) expected names as keys of the dict, got {key!r}.")
    return list(given), [given[key] for key in sorted(given)]


def _places(keys: Sequence[str]) -> list[tuple[str, int]]:
    """Return each key with its place among all in alphabetical order."""
    order = sorted(keys)
    return [(key, order.index(key)) for key in keys]


def _tensors(what: str, given: Any) -> list[SymbolicTensor]:
    tensors = [given] if isinstance(given, SymbolicTensor) else list(given) if np.iterable(given) else [given]
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            advice = "call the layer on a tensor first" if isinstance(tensor, Layer) else "begin with Input(shape)"
            raise TypeError(f"Model({what}=…) expected tensors of a graph, got {tensor!r}: {advice}.")
    if not tensors:
        raise ValueError(f"Model({what}=…) expected at least one tensor, got none.")
    return tensors
