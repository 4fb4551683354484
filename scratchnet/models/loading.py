"""Models from files, texts and other models.

A loaded model predicts the same numbers and goes on training with the same bits; one made from JSON or cloned has new
weights.
"""

from __future__ import annotations

import copy
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scratchnet.errors import ModelFileError
from scratchnet.graph.parameters import count
from scratchnet.layers.arrays import zeros_within
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.model import Model
from scratchnet.models.rebuilding import again, from_model, rebuild_model
from scratchnet.saving.agreement import expect_same
from scratchnet.saving.architecture import describe_model
from scratchnet.saving.model_file import expect_tensor, read_model_file
from scratchnet.saving.objects import checked_classes, made_again
from scratchnet.saving.older import in_todays_words
from scratchnet.saving.save import describe_compiled, explained, not_finite, notes_in, random_states
from scratchnet.typing import Array
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.files import file_path
from scratchnet.utils.numbers import shown, true_or_false, whole_number
from scratchnet.utils.session import global_state_given_back_on_error, global_state_kept

MOST_STEPS = 2**53
"""Of an optimizer; beyond it, one step more makes no difference in the rules, which count in float64."""


@arguments_by_name
def load_model(
    filepath: str | os.PathLike[str], custom_objects: Mapping[str, type] | None = None, compile: bool = True
) -> Model:
    """Read a model that ``model.save`` wrote: compiled if it was, and ready to go on training.

    Global state stays as it is: the seed, the automatic names, the float type. Weights that are NaN or infinite are
    loaded with a warning.

    Args:
        filepath: the file.
        custom_objects: your own classes (layers, activations, losses, …) by name, which the file only mentions:
            ``{"MyLayer": MyLayer}``.
        compile: if False, the model is not compiled, and what it was compiled with needs no ``custom_objects``.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if it is a folder or cannot be read.
        ModelFileError: if it is damaged, not a scratchnet model, written by a newer version, or needs a class that is
            not in ``custom_objects``. Nothing is loaded then.
        TypeError: if ``custom_objects`` holds anything but classes.
    """
    path, compiled = file_path("path of load_model", filepath), true_or_false("compile of load_model", compile)
    custom = checked_classes(custom_objects)
    with explained(path), global_state_kept():
        content, tensors = read_model_file(path)
        try:
            content |= {part: in_todays_words(content[part]) for part in ("model", "compiled")}
            with zeros_within(sum(tensor.nbytes for tensor in tensors.values())):
                model = rebuild_model(content["model"], custom)
            expected = _load_variables(model, tensors)
            if not compiled:
                content["compiled"] = None
                expected |= {name for name in tensors if name.startswith("optimizer/")}
            elif content["compiled"] is not None:
                expected |= _load_compiled(model, content["compiled"], tensors, custom)
            _check(content, model)
        except ModelFileError:
            raise
        except Exception as error:  # whatever a header that nobody's save_model wrote may lead to
            raise ModelFileError(f"its description of the model makes no sense ({error!r})") from error
        if "training" in content:  # beside the model, for callbacks.BackupAndRestore
            expected |= {name for name in tensors if name.startswith("run/")}
        if unexpected := sorted(tensors.keys() - expected):
            raise ModelFileError(f"the tensor {unexpected[0]!r} belongs to no part of the model described in the file")
    if broken := not_finite(model.named_weights):
        warnings.warn(
            f"The model loaded from {path!r} expected finite numbers, got NaN or infinity in {broken[0]} "
            f"({len(broken)} of {len(model.named_weights)} arrays): its predictions are worth nothing.",
            stacklevel=2,
        )
    return model


def _check(content: Mapping[str, Any], model: Model) -> None:
    """See that the model can be saved again, and would then say the same as the file."""
    expect_same(content["model"], describe_model(model), "model")
    expect_same(content["compiled"], describe_compiled(model), "compiled")
    if "variables" in content:  # files of whole models have not always had it
        expect_same(content["variables"], list(model.named_weights), "variables")
    notes_in(content)
    if not isinstance(content.get("scratchnet_version"), str):
        raise ModelFileError("its header does not say which version of scratchnet wrote it")


def _load_variables(model: Model, tensors: Mapping[str, Array]) -> set[str]:
    """Give the model its weights and random states, and return the names of the tensors they came from."""
    variables = {f"weights/{name}": array for name, array in model.named_weights.items()} | random_states(model)
    for name, array in variables.items():
        array[...] = expect_tensor(tensors, name, array.shape, array.dtype)
    return set(variables)


def _load_compiled(
    model: Model, saved: Mapping[str, Any], tensors: Mapping[str, Array], custom: Mapping[str, type]
) -> set[str]:
    """Compile the model as it was, and return the names of the optimizer's tensors."""
    model.compile_from_config(saved, custom)
    optimizer = model.optimizer
    assert optimizer is not None
    optimizer.iterations = whole_number("iterations of the optimizer", saved["iterations"], 0, MOST_STEPS)
    if "batches" in saved:
        optimizer.batches = whole_number("batches of the optimizer", saved["batches"], 0, MOST_STEPS)
    names = [f"optimizer/{name}" for name in optimizer.vector_names]
    if any(name.startswith("optimizer/") for name in tensors):  # there are none before the first step
        shape, dtype = (count(model.layers),), np.dtype(model.dtype)
        optimizer.slots = {
            slot: expect_tensor(tensors, name, shape, dtype).copy() for slot, name in zip(optimizer.vector_names, names)
        }
    return set(names)


def model_from_json(json_string: str, custom_objects: Mapping[str, type] | None = None) -> Model:
    """Make the model that ``model.to_json()`` describes, with fresh weights and not compiled.

    Args:
        json_string: the text.
        custom_objects: your own classes by name, as for ``load_model``.

    Raises:
        ValueError: if the text is no JSON, or no description of a model by scratchnet (Keras's own ``to_json`` writes
            another), or needs a class that is not in ``custom_objects``.
        TypeError: if ``custom_objects`` holds anything but classes.
    """
    custom = checked_classes(custom_objects)
    try:
        description = json.loads(json_string)
    except json.JSONDecodeError as error:
        raise ValueError(f"model_from_json expected JSON, got {shown(json_string)}: {error}.") from None
    if not (isinstance(description, dict) and {"class", "custom", "layers"} <= description.keys()):
        raise ValueError(
            f"model_from_json expected what model.to_json() of scratchnet returns, got {shown(json_string)}."
        )
    with global_state_given_back_on_error():
        model: Model = rebuild_model(description, custom)
    return model


@arguments_by_name
def clone_model(
    model: Model,
    input_tensors: SymbolicTensor | Sequence[SymbolicTensor] | None = None,
    clone_function: Callable[[Layer], Layer] | None = None,
) -> Model:
    """Make a model of new layers that equal those of ``model`` and have fresh weights; compiled alike, if it is.

    Args:
        model: what to clone; it stays as it is.
        input_tensors: what the clone is to begin with: the tensor of an ``Input``, or a list with one for each input.
            Inputs like the model's own if not given.
        clone_function: takes each layer, ``Input`` apart, and returns the one to stand in its place. The layer itself
            is then shared. If not given, a layer is made again from its ``get_config``.

    Raises:
        TypeError: if one of the three is something else.
        ValueError: if the number of tensors is not that of the model's inputs, or the layers do not fit.
    """
    if not isinstance(model, Model):
        raise TypeError(f"clone_model expected a Model, got {shown(model)}.")
    inputs: list[Any] | None = None
    if input_tensors is not None:
        inputs = list(input_tensors) if isinstance(input_tensors, (list, tuple)) else [input_tensors]
        for tensor in inputs:
            if not isinstance(tensor, SymbolicTensor) or tensor.inputs:
                raise TypeError(
                    f"input_tensors of clone_model expected what Input(shape) returns, got {shown(tensor)}."
                )
        expected = 1 if model.is_sequential else len(model.inputs)
        if len(inputs) != expected:
            raise ValueError(f"input_tensors of clone_model expected {expected} of them, got {len(inputs)}.")

    def clone(layer: Layer) -> Layer:
        assert clone_function is not None
        new = clone_function(layer)
        if not isinstance(new, Layer):
            raise TypeError(
                f"clone_function of clone_model expected to return a layer for {layer!r}, got {shown(new)}."
            )
        return new

    with global_state_given_back_on_error():
        new: Model = from_model(model, inputs, again if clone_function is None else clone)
        if model.optimizer is not None:
            model.optimizer.name_spared(model.params)
            new._set_compiled(made_again(model.optimizer), copy.deepcopy(model.targets))
    return new
