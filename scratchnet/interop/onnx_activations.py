"""Activation functions as nodes of an ONNX graph. The formulas are those of ``scratchnet/activations``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scratchnet import activations
from scratchnet.interop.onnx_graph import OnnxGraph

OF_ROWS = (activations.Softmax, activations.LogSoftmax)
"""The functions that look at whole rows, so that they need them where they are here, along the last axis."""


def write_activation(graph: OnnxGraph, layer: Any, x: str) -> str:
    """Add f(x) for a layer's activation function and return its name.

    Raises:
        ValueError: if the function is the user's own; the message names the layer.
    """
    function = layer.activation
    if type(function) not in WRITERS:
        raise ValueError(
            f"Layer {layer.name!r} has the activation {function!r}, which is not scratchnet's own: to_onnx expected "
            f"one of {', '.join(activations.ACTIVATIONS)}."
        )
    return WRITERS[type(function)](graph, function, x)


def _relu(graph: OnnxGraph, f: Any, x: str) -> str:
    if f.threshold == 0:
        y = graph.node("LeakyRelu", x, alpha=f.negative_slope) if f.negative_slope else graph.node("Relu", x)
    else:
        threshold = graph.number(f.threshold)
        below = graph.node("Mul", graph.node("Sub", x, threshold), graph.number(f.negative_slope))
        y = graph.node("Where", graph.node("LessOrEqual", x, threshold), below, x)
    return y if f.max_value is None else graph.node("Min", y, graph.number(f.max_value))


def _silu(graph: OnnxGraph, f: Any, x: str) -> str:
    return graph.node("Mul", x, graph.node("Sigmoid", x))


def _gelu(graph: OnnxGraph, f: Any, x: str) -> str:
    """x·Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2, or with (1 + tanh(√(2/π)(x + 0.044715x³))) / 2 for it."""
    if f.approximate:
        cube = graph.node("Mul", x, graph.node("Mul", x, x))
        inner = graph.node("Add", x, graph.node("Mul", cube, graph.number(0.044715)))
        t = graph.node("Tanh", graph.node("Mul", inner, graph.number(math.sqrt(2 / math.pi))))
    else:
        t = graph.node("Erf", graph.node("Mul", x, graph.number(math.sqrt(0.5))))
    probability = graph.node("Mul", graph.node("Add", t, graph.number(1.0)), graph.number(0.5))
    return graph.node("Mul", x, probability)


Writer = Callable[[OnnxGraph, Any, str], str]

WRITERS: dict[type[activations.ActivationFunction], Writer] = {
    activations.Linear: lambda graph, f, x: x,
    activations.ReLU: _relu,
    activations.LeakyReLU: lambda graph, f, x: graph.node("LeakyRelu", x, alpha=f.negative_slope),
    activations.ELU: lambda graph, f, x: graph.node("Elu", x, alpha=f.alpha),
    activations.SELU: lambda graph, f, x: graph.node("Selu", x, alpha=f.ALPHA, gamma=f.SCALE),
    activations.Exponential: lambda graph, f, x: graph.node("Exp", x),
    activations.Sigmoid: lambda graph, f, x: graph.node("Sigmoid", x),
    activations.HardSigmoid: lambda graph, f, x: graph.node("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    activations.Tanh: lambda graph, f, x: graph.node("Tanh", x),
    activations.Softplus: lambda graph, f, x: graph.node("Softplus", x),
    activations.SiLU: _silu,
    activations.GELU: _gelu,
    activations.Softmax: lambda graph, f, x: graph.node("Softmax", x, axis=f.axis),
    activations.LogSoftmax: lambda graph, f, x: graph.node("LogSoftmax", x, axis=f.axis),
}
