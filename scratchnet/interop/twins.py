"""Twins: the Keras model of a scratchnet model, and the way back, with names, weights and the optimizer's state."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scratchnet.interop.keras_import import keras
from scratchnet.interop.known_layers import differs_in_training
from scratchnet.interop.twin_layers import layer_from_keras, layer_to_keras
from scratchnet.interop.twin_training import training_from_keras, training_to_keras
from scratchnet.layers import Layer, RandomCrop
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model, Sequential


def to_keras(model: Model, compile: bool = True) -> Any:
    """See ``scratchnet.interop.to_keras``."""
    for said in _what_keras_does_otherwise(model):
        warnings.warn(said, stacklevel=3)
    twin, _ = to_keras_with_tensors(model)
    if compile and model.targets:
        training_to_keras(model, twin)
    return twin


def _what_keras_does_otherwise(model: Model) -> Iterator[str]:
    for layer in model.layers:
        if isinstance(layer, RandomCrop):
            yield (
                f"Layer {layer.name!r} is a RandomCrop, which Keras leaves out at inference: the Keras model predicts "
                f"from whole images, where scratchnet takes their middle."
            )
    for tensor in model.graph.tensors if model.built else ():
        if tensor.training is not None and differs_in_training(tensor.layer):
            yield (
                f"Layer {tensor.layer.name!r} was called with training={tensor.training}, which Keras's fit and "
                f"predict pass over: there the layer does what they tell it."
            )


def to_keras_with_tensors(model: Model) -> tuple[Any, dict[SymbolicTensor, Any]]:
    """Return the twin, not compiled, and for each tensor of the model's graph the twin's tensor."""
    built = getattr(model, "built", True)
    all_layers = model.graph.layers if built else model.layers
    twins = {layer: _twin_of(layer) for layer in all_layers}
    tensors: dict[SymbolicTensor, Any] = {}
    if isinstance(model, Sequential):
        twin = keras.Sequential([twins[layer] for layer in all_layers], name=model.name)
        if built:
            made = [twin.inputs[0], *(layer._inbound_nodes[-1].output_tensors[0] for layer in twin.layers)]
            tensors = dict(zip(model.graph.tensors, made))
    else:
        tensors = {tensor: twins[tensor.layer].output for tensor in model.inputs}
        for call in _in_order_of_calls(model):
            sources = [tensors[source] for source in call[0].inputs]
            mode = {} if call[0].training is None else {"training": call[0].training}
            made = twins[call[0].layer](sources if len(sources) > 1 else sources[0], **mode)
            tensors.update(zip(call, _parts(made)))
        inputs, outputs = ([tensors[t] for t in side] for side in (model.inputs, model.outputs))
        twin = keras.Model(model.as_inputs_given(inputs), model.as_outputs_given(outputs), name=model.name)
    for layer in all_layers if built else []:
        if not layer.is_model:  # a nested model has got them already
            twins[layer].set_weights(layer.get_weights())
    _copy_trainable(model, twin)
    return twin, tensors


def _twin_of(layer: Layer) -> Any:
    return to_keras(layer, compile=False) if isinstance(layer, Model) else layer_to_keras(layer)


def _copy_trainable(model: Any, other: Any, nested: bool = False) -> None:
    """Freeze what is frozen, from the outside inwards: setting a model's flag sets those of its layers.

    Raises:
        ValueError: for a layer that is not frozen in a nested model that is: it is trained there, and not here.
    """
    other.trainable = model.trainable
    others = {layer.name: layer for layer in getattr(other, "layers", [])}
    for layer in getattr(model, "layers", []):
        if nested and layer.trainable and not model.trainable and layer.get_weights():
            raise ValueError(
                f"The model {model.name!r} is frozen but its layer {layer.name!r} is not, which scratchnet leaves as "
                f"it is and Keras trains: set trainable of both to the same."
            )
        if layer.name in others:  # all but the inputs of a Sequential
            _copy_trainable(layer, others[layer.name], nested=True)


def _in_order_of_calls(model: Model) -> list[Sequence[SymbolicTensor]]:
    """Return the calls of layers, as the tensors that each made: after its sources, those of one layer in order.

    That order gives the calls of a shared layer the numbers in Keras that they have here.
    """
    made = [t for t in model.graph.tensors if t not in model.graph.given]
    waiting = list({id(t.of_call): t.of_call for t in made}.values())
    ordered: list[Sequence[SymbolicTensor]] = []
    while waiting:
        uncomputed = {tensor for call in waiting for tensor in call}
        for call in waiting:
            places = call[0].layer._outputs
            earlier = [c for c in waiting if c[0].layer is call[0].layer and c[0] in places and c is not call]
            is_first = call[0] not in places or all(places.index(call[0]) < places.index(c[0]) for c in earlier)
            if is_first and not uncomputed.intersection(call[0].inputs):
                break
        waiting.remove(call)
        ordered.append(call)
    return ordered


def from_keras(keras_model: Any, compile: bool = True) -> Model:
    """See ``scratchnet.interop.from_keras``."""
    if isinstance(keras_model, keras.Sequential):
        model: Model = _sequential_from_keras(keras_model)
    elif isinstance(keras_model, keras.Model) and hasattr(keras_model, "_nodes_by_depth"):
        model = _functional_from_keras(keras_model)
    else:
        raise TypeError(
            f"from_keras expected a functional or Sequential Keras model, got a {type(keras_model).__name__}: build "
            f"it with keras.Model(inputs, outputs) first."
        )
    if keras_model.built:
        _copy_weights(keras_model.layers, model.layers)
    _copy_trainable(keras_model, model)
    if compile and keras_model.compiled:
        training_from_keras(keras_model, model)
    return model


def _layer_of(operation: Any) -> Layer:
    return from_keras(operation, compile=False) if isinstance(operation, keras.Model) else layer_from_keras(operation)


def _sequential_from_keras(keras_model: Any) -> Sequential:
    layers = [_layer_of(layer) for layer in keras_model.layers]
    if keras_model.built:
        layers.insert(0, layer_from_keras(keras_model.inputs[0]._keras_history.operation))
    return Sequential(layers, name=keras_model.name)


def _functional_from_keras(keras_model: Any) -> Model:
    for side in (keras_model.input, keras_model.output):
        if not all(isinstance(part, keras.KerasTensor) for part in _parts(side)):
            raise ValueError(
                f"from_keras expected a model whose inputs and outputs are tensors, or lists or dicts of them, got "
                f"{side!r} in {keras_model.name!r}."
            )
    # The operations, not the layers: x + y in a Keras graph is an operation that is no layer.
    twins = {operation: _layer_of(operation) for operation in keras_model.operations}
    tensors = {id(t): twins[t._keras_history.operation].output for t in keras_model.inputs}
    for node in _nodes_in_order_of_calls(keras_model):
        sources = [tensors[id(t)] for t in node.input_tensors]
        made = twins[node.operation](sources if len(sources) > 1 else sources[0], training=_mode(node))
        tensors.update(zip(map(id, node.outputs), _parts(made)))
    inputs, outputs = (
        {name: tensors[id(t)] for name, t in side.items()}
        if isinstance(side, dict)
        else [tensors[id(t)] for t in side]
        if isinstance(side, (list, tuple))
        else tensors[id(side)]
        for side in (keras_model.input, keras_model.output)
    )
    return Model(inputs, outputs, name=keras_model.name)


def _parts(several: Any) -> list[Any]:
    """Return what is in a list, or in a dict by the alphabet of its keys; one thing alone as a list."""
    if isinstance(several, dict):
        return [several[key] for key in sorted(several)]
    return list(several) if isinstance(several, (list, tuple)) else [several]


def _mode(node: Any) -> bool | None:
    """Return the mode that a call asked for; where it asked for none, Keras notes the default of ``layer.call``."""
    noted: bool | None = node.arguments.kwargs.get("training")
    parameter = inspect.signature(node.operation.call).parameters.get("training")
    return None if parameter is not None and noted == parameter.default else noted


def _nodes_in_order_of_calls(keras_model: Any) -> list[Any]:
    """Return the calls that the Keras graph consists of, each after its sources, and those of one layer in order."""
    nodes = [node for depth in keras_model._nodes_by_depth.values() for node in depth]
    computed = {id(t) for t in keras_model.inputs}
    waiting = [node for node in nodes if id(node.outputs[0]) not in computed]
    ordered: list[Any] = []
    while waiting:
        for node in waiting:
            earlier = [n for n in node.operation._inbound_nodes if n in waiting]
            if earlier[0] is node and all(id(t) in computed for t in node.input_tensors):
                break
        waiting.remove(node)
        ordered.append(node)
        computed.update(map(id, node.outputs))
    return ordered


def _copy_weights(keras_layers: Iterable[Any], layers: Iterable[Layer]) -> None:
    ours = {layer.name: layer for layer in layers}
    for keras_layer in keras_layers:
        if not isinstance(keras_layer, keras.Model):  # a nested model has got them already
            ours[keras_layer.name].set_weights(keras_layer.get_weights())
