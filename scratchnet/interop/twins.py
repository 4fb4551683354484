"""Twins: the Keras model of a scratchnet model, and the way back, with names, weights and the optimizer's state."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from scratchnet.interop.keras_import import keras
from scratchnet.interop.twin_layers import layer_from_keras, layer_to_keras
from scratchnet.interop.twin_training import training_from_keras, training_to_keras
from scratchnet.layers import Layer, RandomCrop
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model, Sequential
from scratchnet.utils.numbers import shown


def to_keras(model: Model, compile: bool = True) -> Any:
    """See ``scratchnet.interop.to_keras``."""
    if not isinstance(model, Model):
        raise TypeError(f"to_keras expected a scratchnet model, got {shown(model)}.")
    for layer in model.layers:
        if isinstance(layer, RandomCrop):
            warnings.warn(
                f"Layer {layer.name!r} is a RandomCrop, which Keras leaves out at inference: the Keras model predicts "
                f"from whole images, where scratchnet takes their middle.",
                stacklevel=3,
            )
    twin, _ = to_keras_with_tensors(model)
    if compile and model.loss is not None:
        training_to_keras(model, twin)
    return twin


def to_keras_with_tensors(model: Model) -> tuple[Any, dict[SymbolicTensor, Any]]:
    """Return the twin, not compiled, and for each tensor of the model's graph the twin's tensor."""
    built = getattr(model, "built", True)
    all_layers = model.graph.layers if built else model.layers
    twins = {layer: layer_to_keras(layer) for layer in all_layers}
    tensors: dict[SymbolicTensor, Any] = {}
    if isinstance(model, Sequential):
        twin = keras.Sequential([twins[layer] for layer in all_layers], name=model.name)
        if built:
            tensors = dict(zip(model.graph.tensors, [twin.inputs[0], *(layer.output for layer in twin.layers)]))
    else:
        tensors = {tensor: twins[tensor.layer].output for tensor in model.inputs}
        for tensor in _in_order_of_calls(model):
            sources = [tensors[source] for source in tensor.inputs]
            tensors[tensor] = twins[tensor.layer](sources if len(sources) > 1 else sources[0])
        inputs, outputs = ([tensors[t] for t in side] for side in (model.inputs, model.outputs))
        twin = keras.Model(
            inputs[0] if isinstance(model.input, SymbolicTensor) else inputs,
            outputs[0] if isinstance(model.output, SymbolicTensor) else outputs,
            name=model.name,
        )
    for layer in all_layers if built else []:
        twins[layer].set_weights(layer.get_weights())
    return twin, tensors


def _in_order_of_calls(model: Model) -> list[SymbolicTensor]:
    """Return the tensors that layers made, each after its sources, and those of one layer in the order of its calls.

    That order gives the calls of a shared layer the numbers in Keras that they have here.
    """
    waiting = [t for t in model.graph.tensors if t not in model.graph.inputs]
    ordered: list[SymbolicTensor] = []
    while waiting:
        for tensor in waiting:
            earlier = [t for t in tensor.layer._outputs if t in waiting]
            if earlier[0] is tensor and not any(source in waiting for source in tensor.inputs):
                break
        waiting.remove(tensor)
        ordered.append(tensor)
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
    if compile and keras_model.compiled:
        training_from_keras(keras_model, model)
    return model


def _sequential_from_keras(keras_model: Any) -> Sequential:
    layers = [layer_from_keras(layer) for layer in keras_model.layers]
    if keras_model.built:
        layers.insert(0, layer_from_keras(keras_model.inputs[0]._keras_history.operation))
    return Sequential(layers, name=keras_model.name)


def _functional_from_keras(keras_model: Any) -> Model:
    for side in (keras_model.input, keras_model.output):
        if not isinstance(side, (keras.KerasTensor, list, tuple)):
            raise ValueError(
                f"from_keras expected a model whose inputs and outputs are tensors or lists of them, got a "
                f"{type(side).__name__} in {keras_model.name!r}."
            )
    # The operations, not the layers: x + y in a Keras graph is an operation that is no layer.
    twins = {operation: layer_from_keras(operation) for operation in keras_model.operations}
    tensors = {id(t): twins[t._keras_history.operation].output for t in keras_model.inputs}
    for node in _nodes_in_order_of_calls(keras_model):
        sources = [tensors[id(t)] for t in node.input_tensors]
        tensors[id(node.outputs[0])] = twins[node.operation](sources if len(sources) > 1 else sources[0])
    inputs, outputs = ([tensors[id(t)] for t in side] for side in (keras_model.inputs, keras_model.outputs))
    return Model(
        inputs[0] if isinstance(keras_model.input, keras.KerasTensor) else inputs,
        outputs[0] if isinstance(keras_model.output, keras.KerasTensor) else outputs,
        name=keras_model.name,
    )


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
        computed.add(id(node.outputs[0]))
    return ordered


def _copy_weights(keras_layers: Iterable[Any], layers: Iterable[Layer]) -> None:
    ours = {layer.name: layer for layer in layers}
    for keras_layer in keras_layers:
        ours[keras_layer.name].set_weights(keras_layer.get_weights())
