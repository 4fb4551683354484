"""Model: a graph of layers that can be trained, evaluated and asked for predictions.

It is made in three steps: ``wired.py`` is the graph of layers, which is a layer of another model too, ``trained.py``
is what learns and predicts, and here is how a model is made, saved, and written down.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scratchnet import optimizers
from scratchnet.graph.plan import Plan
from scratchnet.graph.targets import Target
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.compiling import check_targets, rebuild_target
from scratchnet.models.html import model_html
from scratchnet.models.rebuilding import MODELS, from_description
from scratchnet.models.trained import Trained
from scratchnet.models.wired import Tensors
from scratchnet.saving.architecture import describe_model
from scratchnet.saving.objects import checked_classes, rebuild
from scratchnet.saving.save import describe_settings, save_model
from scratchnet.saving.weights import load_weights, save_weights
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.naming import automatic_name
from scratchnet.utils.numbers import shown, true_or_false
from scratchnet.utils.session import global_state_given_back_on_error

if TYPE_CHECKING:
    from scratchnet.callbacks import History


class Model(Trained):
    """A network: everything between its inputs and its outputs.

    Called on a tensor, or on a list of them for several inputs, it is a layer of another model, as in Keras:
    ``base(x)``. The weights are the same ones, whichever of the two models is trained. A call on arrays runs it.

    Args:
        inputs: the tensor of an ``Input``, or a list or dict of them. A tensor from the middle of another graph makes a
            model of the rest, which shares the layers.
        outputs: the tensor of the last layer, or a list or dict of tensors. With a dict, predictions come as one, and
            its keys name the outputs in ``compile``, in y and in the logs.
        name: ``functional``, ``functional_1``, … if not given.
        trainable: if False, nothing in it is trained until the attribute is set.

    Attributes:
        history: the ``History`` of the last or running ``fit``.
        optimizer: as given to ``compile``; None before.
        inputs, outputs: the tensors in a list; those of a dict by its keys in alphabetical order, as in Keras.
        targets: what ``compile`` made of loss and metrics, for each output; empty before.

    Raises:
        ValueError: if the graph is not connected, or two layers share a name.
        TypeError: if an input or output is not a tensor.
    """

    def __init__(self, inputs: Tensors, outputs: Tensors, name: str | None = None, *, trainable: bool = True) -> None:
        self.name = name if name not in (None, "") else automatic_name("Functional")
        self._start_uncompiled(trainable)
        self._connect(inputs, outputs)

    def _start_uncompiled(self, trainable: bool = True) -> None:
        self.identity: object = object()  # by which an optimizer knows whom it serves
        self.optimizer: optimizers.Optimizer | None = None
        self.targets: list[Target] = []
        self.history: History | None = None
        self.stop_training = False
        self._trainable = true_or_false(f"trainable of model {self.name!r}", trainable)
        self.regularizers, self.constraints = {}, {}  # it has no weights but those of its layers
        self._added: list[float] = []
        self._outputs: list[SymbolicTensor] = []  # its places in other graphs: the first tensor of each call
        self._plans: dict[tuple[str, str, bool | tuple[bool, ...]], Plan] = {}

    @arguments_by_name
    def save(self, filepath: str | Path, overwrite: bool = True) -> None:
        """Write architecture, parameters, compile settings and optimizer state to one safetensors file.

        ``scratchnet.load_model(filepath)`` reads it. The file is written beside its place and moved there when it is
        whole, so an old file stays until the new one is complete.

        Raises:
            ValueError, TypeError, FileExistsError, OSError: as ``saving.save_model``.
        """
        save_model(self, filepath, overwrite)

    @arguments_by_name
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

    @arguments_by_name
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
            targets = [rebuild_target(target, custom) for target in config["targets"]]
            check_targets(self._ends(), targets)
            self._set_compiled(optimizer, targets)
        else:
            metrics = [rebuild(metric, "metric", custom) for metric in config["metrics"]]
            self.compile(optimizer, rebuild(config["loss"], "loss", custom), metrics)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, {len(self.layers)} layers, {self.count_params():,} params>"

    def _repr_html_(self) -> str:
        """Return the model as a table, for notebooks."""
        return model_html(self)


MODELS["Model"] = Model
