"""A model as an ONNX model: its graph, layer by layer."""

from __future__ import annotations

from typing import Any

from scratchnet import config
from scratchnet.interop.onnx_graph import Call, OnnxGraph, value_info
from scratchnet.interop.onnx_layers import check_inference, write_layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from scratchnet.utils.numbers import shown
from scratchnet.version import __version__


def to_onnx(model: Model) -> Any:
    """See ``scratchnet.interop.to_onnx``."""
    if not isinstance(model, Model):
        raise TypeError(f"to_onnx expected a scratchnet model, got {shown(model)}.")
    if not model.built:
        raise ValueError(
            f"to_onnx expected a model that is built, got {model.name!r}, whose input shape is not known: begin it "
            f"with Input(shape), or call build((None, …)) first."
        )
    graph = OnnxGraph()
    names = [graph.new_name(tensor.layer.name) for tensor in model.inputs]
    values = write_graph(graph, model, names)
    inputs = [value_info(name, _dtype(tensor), tensor.shape) for name, tensor in zip(names, model.inputs)]
    outputs = []
    for tensor, value in zip(model.outputs, values):
        name = graph.new_name(tensor.layer.name)
        graph.rename(value, name)
        outputs.append(value_info(name, _dtype(tensor), tensor.shape))
    return graph.model(model.name, inputs, outputs, __version__)


def write_graph(graph: OnnxGraph, model: Model, inputs: list[str]) -> list[str]:
    """Add all that a model does to the values of these names; return the names of its outputs' values.

    Layers of nested models are written where these models stand.
    """
    flat = model.graph.flat
    values = dict(zip(flat.inputs, inputs))
    for tensor in flat.tensors:
        if tensor not in values:
            sources = list(tensor.inputs)
            call = Call(tensor.layer, [values[s] for s in sources], [s.shape for s in sources], tensor.shape)
            graph.layer_name = flat.paths[tensor.layer]
            if tensor.training:
                check_inference(tensor.layer)
            values[tensor] = write_layer(graph, call)
    return [values[tensor] for tensor in flat.outputs]


def _dtype(tensor: SymbolicTensor) -> str:
    """Whole numbers as they are; all else is float32, the only float type that onnxruntime has every operator for."""
    return tensor.dtype if tensor.dtype in config.INTEGERS else "float32"
