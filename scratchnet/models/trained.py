"""A model as what is trained: fit, evaluate, predict, and the same for one batch. ``compilable.py`` has compile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scratchnet import config
from scratchnet.graph.plan import Plan
from scratchnet.graph.plan_table import print_plan
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.compilable import Compilable
from scratchnet.models.summary import print_summary
from scratchnet.saving.training_state import model_arrays, read_training_state, training_snapshot
from scratchnet.training import loop, passes
from scratchnet.training.options import FitOptions
from scratchnet.utils.arguments import ArgumentsByName, arguments_by_name
from scratchnet.utils.numbers import function_or_none, true_or_false, whole_number

if TYPE_CHECKING:
    from scratchnet.callbacks import Callback, History
    from scratchnet.saving.snapshot import Snapshot
    from scratchnet.typing import Array


class Trained(Compilable, ArgumentsByName):
    """What a model does once it is wired."""

    history: History | None
    stop_training: bool

    @arguments_by_name
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
                batches. The first of these is checked before the first step: that of an iterator is taken then and put
                back, unless ``BackupAndRestore`` is there, whose resumed run must meet the same batches.
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
            can be found after an interruption by Ctrl-C or SIGTERM, which stops after the step that is running, and
            once the epoch's last step is done after the validation. A second one stops at once, but for the step.

        Raises:
            ValueError: if an argument makes no sense; nothing has been changed then.
            RuntimeError: before ``compile``.
            NonFiniteError: if the loss becomes NaN or infinite; the parameters are those before that step.
            KeyboardInterrupt, SystemExit: after Ctrl-C, and after SIGTERM (exit code 143); the callbacks have heard
                that training ends.
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

    @arguments_by_name
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
        return_dict = true_or_false("return_dict of evaluate", return_dict)
        logs = passes.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return self._figures(logs, return_dict)

    @arguments_by_name
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
        return self.as_results(passes.predict(self, x, batch_size, verbose, steps, callbacks))

    @arguments_by_name
    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one training step on one batch and return its loss and metrics, as ``evaluate`` does.

        The gradients of the step stay in ``grads``. Weights are those of ``fit``.
        """
        return_dict = true_or_false("return_dict of train_on_batch", return_dict)
        return self._figures(loop.train_on_batch(self, x, y, sample_weight, class_weight), return_dict)

    @arguments_by_name
    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return loss and metrics of one batch, as ``evaluate`` does."""
        return_dict = true_or_false("return_dict of test_on_batch", return_dict)
        return self._figures(passes.test_on_batch(self, x, y, sample_weight), return_dict)

    @arguments_by_name
    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, computed together whatever its size; else as ``predict`` does."""
        return self.as_results(passes.call(self, x, False, "predict_on_batch"))

    def _figures(self, logs: dict[str, float], return_dict: bool) -> Any:
        values = [logs[name] for name in self.metrics_names]
        return logs if return_dict else values if len(values) > 1 else values[0]

    @arguments_by_name
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
        batch_size = whole_number("batch_size of plan", batch_size, 1)
        show = function_or_none("print_fn of plan", print_fn)
        plan = Plan(self.graph, config.backend(), self.through_logits())
        print_plan(plan, batch_size, show, [target.loss for target in self.targets])

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
        return self.as_results(passes.call(self, x, training, "The model"))

    def _run_snapshot(self, run: Mapping[str, Any]) -> Snapshot:
        return training_snapshot(self, run)

    def _run_arrays(self) -> dict[str, Array]:
        return model_arrays(self)

    def _load_run(self, path: str) -> tuple[dict[str, Any], Callable[[], None]] | None:
        return read_training_state(self, path)
