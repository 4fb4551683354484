"""Twins: the Keras model of a scratchnet model, and the way back, with names, weights and the optimizer's state.

A Keras model saved as a ``.keras`` file needs nothing of scratchnet any more:

    to_keras(model).save("model.keras")
    keras.models.load_model("model.keras")
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reference.environment import keras
from reference.twin_layers import layer_from_keras, layer_to_keras
from reference.twin_training import training_from_keras, training_to_keras
from scratchnet import Model, Sequential
from scratchnet.layers import Layer
from scratchnet.layers.tensor import SymbolicTensor


def to_keras(model: Model, compile: bool = True) -> Any:
    """Return the Keras model of any scratchnet model.

    Args:
        model: any model, functional or ``Sequential``.
        compile: whether to compile the twin as the model is, the optimizer's state included.

    Returns:
        A Keras model with the same layers, names, arguments, dtypes and weights. It shares no memory with ``model``.

    Raises:
        ValueError: if a layer, activation, initializer, loss, metric or optimizer is the user's own, which Keras
            cannot know; the message names it.
    """
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
            model.as_inputs_given(inputs),
            model.as_outputs_given(outputs),
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
    """Return the scratchnet model of a Keras model.

    Args:
        keras_model: a functional or ``Sequential`` Keras model, made of layers that scratchnet has.
        compile: whether to compile the model as the Keras model is, the optimizer's state included.

    Returns:
        A model with the same layers, names, arguments, dtypes and weights. It shares no memory with ``keras_model``.

    Raises:
        TypeError: if it is not such a model.
        ValueError: if scratchnet lacks a layer, option, loss, metric or optimizer; the message names the first one.
    """
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
        parts = side.values() if isinstance(side, dict) else side if isinstance(side, (list, tuple)) else [side]
        if not all(isinstance(part, keras.KerasTensor) for part in parts):
            raise ValueError(
                f"from_keras expected a model whose inputs and outputs are tensors, or lists or dicts of them, got "
                f"{side!r} in {keras_model.name!r}."
            )
    # The operations, not the layers: x + y in a Keras graph is an operation that is no layer.
    twins = {operation: layer_from_keras(operation) for operation in keras_model.operations}
    tensors = {id(t): twins[t._keras_history.operation].output for t in keras_model.inputs}
    for node in _nodes_in_order_of_calls(keras_model):
        sources = [tensors[id(t)] for t in node.input_tensors]
        tensors[id(node.outputs[0])] = twins[node.operation](sources if len(sources) > 1 else sources[0])
    inputs, outputs = (
        {name: tensors[id(t)] for name, t in side.items()}
        if isinstance(side, dict)
        else [tensors[id(t)] for t in side]
        if isinstance(side, (list, tuple))
        else tensors[id(side)]
        for side in (keras_model.input, keras_model.output)
    )
    return Model(inputs, outputs, name=keras_model.name)


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
