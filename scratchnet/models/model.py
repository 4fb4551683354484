"""Model: a graph of layers that can be trained, evaluated and asked for predictions."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import config, losses, metrics, optimizers
from scratchnet.errors import unknown_name
from scratchnet.graph import logits, parameters
from scratchnet.graph.graph import Graph, cut_off, wire
from scratchnet.graph.plan import Plan
from scratchnet.graph.plan_table import print_plan
from scratchnet.layers.arrays import check_weights
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.summary import print_summary
from scratchnet.training import loop
from scratchnet.training.options import FitOptions
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import automatic_name

if TYPE_CHECKING:
    from scratchnet.callbacks import Callback, History

_planning = threading.RLock()  # threads that ask for the same plan get the same one
Tensors = SymbolicTensor | Sequence[SymbolicTensor]


class Model:
    """A network: everything between its inputs and its outputs.

    Args:
        inputs: the tensor of an ``Input``, or a list of them. A tensor from the middle of another graph makes a model
            of the rest, which shares the layers.
        outputs: the tensor of the last layer; a list of tensors makes a model for predictions only.
        name: ``functional``, ``functional_1``, … if not given.

    Attributes:
        history: the ``History`` of the last or running ``fit``.
        optimizer, loss, metrics: as given to ``compile``; None and empty before.

    Raises:
        ValueError: if the graph is not connected, or two layers share a name.
        TypeError: if an input or output is not a tensor.
    """

    is_sequential = False

    def __init__(self, inputs: Tensors, outputs: Tensors, name: str | None = None) -> None:
        self.name = name or automatic_name("Functional")
        self._start_uncompiled()
        self._connect(inputs, outputs)

    def _start_uncompiled(self) -> None:
        self.identity: object = object()  # by which an optimizer knows whom it serves
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.history: History | None = None
        self.stop_training = False
        self._trainable = True
        self._plans: dict[tuple[str, str, bool], Plan] = {}

    def _connect(self, inputs: Tensors, outputs: Tensors) -> None:
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
        made_anew = ("graph", "inputs", "outputs", "_plans")
        return {k: v for k, v in vars(self).items() if k not in made_anew} | {"wiring": self.graph.wiring()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        inputs, outputs = wire(state.pop("wiring"))
        vars(self).update(state)
        self._connect(inputs[0] if self._single_input else inputs, outputs[0] if self._single_output else outputs)

    def __copy__(self) -> Model:
        return copy.deepcopy(self)  # a model of the same layers would train with this one

    @property
    def built(self) -> bool:
        """Whether the input's shape is known and the parameters have been made: always, but for a ``Sequential``."""
        return True

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Do nothing: a ``Sequential`` makes its parameters here."""

    @property
    def trainable(self) -> bool:
        """Whether the parameters are trained; setting it sets it for all layers as well, whoever shares them."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value  # refuses anything but True and False
        self._trainable = bool(value)

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
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The tensor, or list of tensors, that the model begins with."""
        return self.inputs[0] if self._single_input else self.inputs

    @property
    def output(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The tensor, or list of tensors, that the model ends with."""
        return self.outputs[0] if self._single_output else self.outputs

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

    def summary(self, line_length: int | None = None, print_fn: Callable[[str], object] | None = None) -> None:
        """Print a table of the layers, their output shapes and their numbers of parameters."""
        print_summary(self, line_length, print_fn)

    def plan(self, batch_size: int = 64, print_fn: Callable[[str], object] | None = None) -> None:
        """Print how training runs on the current backend: which layers are computed together, and what each step costs.

        The gradients in ``grads`` are those of random batches afterwards.

        Args:
            batch_size: samples in a batch.
            print_fn: called with the whole text, instead of printing it.
        """
        plan = Plan(self.graph, config.backend(), self.trains_through_logits())
        print_plan(plan, batch_size, print_fn, self.loss)

    # Parameters ---------------------------------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Array]:
        """All parameters by ``"layer/name"``, views into the model's flat vector."""
        return {f"{layer.name}/{k}": p for layer in self.layers for k, p in layer.params.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradient of the last backward pass for each of ``params``."""
        return {f"{layer.name}/{k}": g for layer in self.layers for k, g in layer.grads.items()}

    @property
    def non_trainable(self) -> dict[str, Array]:
        """All variables that no gradient moves, such as running means, by ``"layer/name"``."""
        return {f"{layer.name}/{k}": a for layer in self.layers for k, a in layer.non_trainable.items()}

    @property
    def variables(self) -> dict[str, Array]:
        """``params`` and ``non_trainable`` together, layer by layer, in Keras's order."""
        return {f"{layer.name}/{k}": a for layer in self.layers for k, a in layer.variables.items()}

    @property
    def segments(self) -> list[parameters.Segment]:
        """The trainable parameters as flat runs with their gradients; mostly a single one."""
        return parameters.segments(self.graph.layers, self.trainable)

    def count_params(self) -> int:
        """Return how many numbers the model holds, those that are not trained included."""
        return sum(layer.count_params() for layer in self.layers)

    def get_weights(self) -> list[Array]:
        """Return copies of all parameters, and what is not trained, layer by layer, in Keras's order."""
        return [array.copy() for array in self.variables.values()]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Copy arrays into the parameters, in the order of ``get_weights``.

        Raises:
            ValueError: if there are too many or too few, a shape differs, or they are no real numbers; then nothing
                has been changed.
        """
        variables = self.variables
        for array, weight in zip(variables.values(), check_weights(f"model {self.name!r}", variables, weights)):
            array[...] = weight

    # Training -----------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "adam",
        loss: Any = None,
        metrics: Any = None,
    ) -> None:
        """Choose how the model learns. The parameters stay as they are; the optimizer starts afresh.

        An optimizer that has served another model serves this one from now on.

        Args:
            optimizer: a name (adam, sgd) or an ``Optimizer``.
            loss: a name, a ``Loss``, or a pair of functions (value, slope), see ``losses.FunctionLoss``.
            metrics: a list of names, ``Metric`` objects or functions (y_true, y_pred) → a number for each sample, to
                report beside the loss.

        Raises:
            ValueError: for an unknown name, with the nearest known one; for a missing loss.
        """
        from scratchnet import metrics as all_metrics

        if loss is None:
            raise ValueError(f"compile expected a loss, one of {', '.join(losses.LOSSES)} or a Loss object, got None.")
        chosen = [all_metrics.get(m) for m in ([metrics] if isinstance(metrics, str) else metrics or [])]
        if None in chosen:
            raise ValueError(f"compile expected metrics as names or Metric objects, got None among {metrics!r}.")
        chosen_loss, chosen_optimizer = losses.get(loss), optimizers.get(optimizer)
        if chosen_optimizer is None:
            raise ValueError(f"compile expected an optimizer, one of {', '.join(optimizers.OPTIMIZERS)}, got None.")
        chosen_optimizer.start(self.identity)
        self.loss, self.optimizer, self.metrics = chosen_loss, chosen_optimizer, chosen
        if self.built and chosen_loss.from_logits and logits.ends_in_probabilities(self.graph, chosen_loss):
            import warnings

            ending = "sigmoid" if isinstance(chosen_loss, losses.BinaryCrossentropy) else "softmax"
            warnings.warn(
                f"The loss {chosen_loss.name} has from_logits=True but the model ends in a {ending}, so its outputs "
                f"are probabilities, not logits: leave one of the two out.",
                stacklevel=2,
            )

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` returns, in order."""
        return ["loss", *(m.name for m in self.metrics)] if self.loss else []

    def trains_through_logits(self) -> bool:
        """Whether the final softmax and the loss are computed as one stable step, from the logits."""
        return logits.trains_through_logits(self.graph, self.loss)

    def run_plan(self, use: str) -> Plan:
        """Return the plan that runs the model now; "train", "test" and "predict" do not see each other's memory.

        It is made at the first need, and anew when the layers are no longer what it was made from.
        """
        key = config.backend(), use, use != "predict" and self.trains_through_logits()
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
            x: samples (N, …) of any number type, an array or a list of arrays for several inputs. Batches are cast
                as they are gathered; the data itself is neither copied nor changed. Or what yields batches; then
                without ``y``, ``sample_weight``, ``batch_size`` and ``validation_split``.
            y: labels (N,), (N, C) or (N, …), as the loss takes them.
            batch_size: samples a step; 32 if not given, or with ``steps_per_epoch`` what makes so many batches.
            epochs: the epoch to train up to, so the number of passes if ``initial_epoch`` is 0.
            verbose: 0 silent, 1 a live bar, 2 a line an epoch; "auto" is 1 in a terminal or notebook, 2 elsewhere.
            callbacks: one or more ``Callback`` objects.
            validation_split: the share of samples, taken from the end before shuffling, to hold back for validation.
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)`` to evaluate after every epoch, or what yields
                batches.
            shuffle: whether each pass sees the samples, or the batches of a dataset, in a new order, drawn from the
                global seed. An iterator's batches come as they come.
            class_weight: for each class the factor of its samples' losses; 1 where not given. In training only.
            sample_weight: for each sample the factor of its loss, (N,) or (N, 1).
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
            return_dict: return ``{"loss": …, "accuracy": …}`` rather than ``[loss, accuracy]``.

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
            x: samples (N, …), an array or a list of arrays for several inputs. Or what yields batches: of a tuple
                ``(x, …)`` the first is taken, all else is x itself.
            steps: how many batches to compute, if not all.
            batch_size: samples a step, for the display and for callbacks; 32 if not given.
            verbose, callbacks: as for ``fit``.

        Returns:
            A new array (N, …) of the model's dtype; a list of them for a model with several outputs.
        """
        outputs = loop.predict(self, x, batch_size, verbose, steps, callbacks)
        return outputs[0] if self._single_output else outputs

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Take one training step on one batch and return its loss and metrics, as ``evaluate`` does.

        The gradients of the step stay in ``grads``.
        """
        return self._on_batch(loop.train_on_batch(self, x, y, sample_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return loss and metrics of one batch, as ``evaluate`` does."""
        return self._on_batch(loop.evaluate(self, x, y, len(y), 0, sample_weight, None, None), return_dict)

    def _on_batch(self, logs: dict[str, float], return_dict: bool) -> Any:
        values = [logs[name] for name in self.metrics_names]
        return logs if return_dict else values if len(values) > 1 else values[0]

    def __call__(self, x: Any, training: bool = False) -> Any:
        """Return the outputs for one batch, as an array."""
        if isinstance(x, SymbolicTensor):
            raise TypeError(
                f"Model {self.name!r} was called on a graph tensor: models cannot be nested, call their layers instead."
            )
        outputs = loop.call(self, x, training)
        return outputs[0] if self._single_output else outputs

    def save(self, path: str | Path) -> None:
        """Write architecture, parameters, compile settings and optimizer state to one safetensors file.

        ``scratchnet.load_model(path)`` reads it. The file is written beside its place and moved there when it is
        whole, so an old file stays until the new one is complete.
        """
        from scratchnet.saving import save_model

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
        from scratchnet.saving.weights import save_weights

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
        from scratchnet.saving.weights import load_weights

        load_weights(self, filepath, skip_mismatch, by_name)

    def _save_run(self, path: str, run: Mapping[str, Any]) -> None:
        from scratchnet.saving.training_state import write_training_state

        write_training_state(self, path, run)

    def _load_run(self, path: str) -> tuple[dict[str, Any], Callable[[], None]] | None:
        from scratchnet.saving.training_state import read_training_state

        return read_training_state(self, path)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, {len(self.layers)} layers, {self.count_params():,} params>"


def _tensors(what: str, given: Any) -> list[SymbolicTensor]:
    tensors = [given] if isinstance(given, SymbolicTensor) else list(given) if np.iterable(given) else [given]
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            advice = "call the layer on a tensor first" if isinstance(tensor, Layer) else "begin with Input(shape)"
            raise TypeError(f"Model({what}=…) expected tensors of a graph, got {tensor!r}: {advice}.")
    if not tensors:
        raise ValueError(f"Model({what}=…) expected at least one tensor, got none.")
    return tensors
