"""Every layer as nodes of an ONNX graph; those for images stand in ``onnx_images.py``.

A layer's function gets the graph and the call, adds nodes that compute what the layer does at inference, and returns
the name of the result. A further layer is a function and a line in ``WRITERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from scratchnet import layers
from scratchnet.interop import onnx_images
from scratchnet.interop.known_layers import built_in_class, differs_in_training
from scratchnet.interop.onnx_activations import write_activation
from scratchnet.interop.onnx_graph import Call, OnnxGraph


def write_layer(graph: OnnxGraph, call: Call) -> str:
    """Add what a layer does at inference and return the name of its output.

    Raises:
        ValueError: if the layer or its activation is the user's own; the message names it.
    """
    return WRITERS[built_in_class(call.layer, "to_onnx", "ONNX")](graph, call)


def check_inference(layer: layers.Layer) -> None:
    """Refuse a layer that was called with ``training=True``, unless that makes no difference.

    Raises:
        ValueError: if it does; the message names the layer.
    """
    if differs_in_training(layer):
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) was called with training=True, which an ONNX file has not: "
            f"to_onnx expected layers that predict in inference mode."
        )


def _as_it_is(graph: OnnxGraph, call: Call) -> str:
    """What acts in training only."""
    return call.inputs[0]


def _activation(graph: OnnxGraph, call: Call) -> str:
    return write_activation(graph, call.layer, call.inputs[0])


def _dense(graph: OnnxGraph, call: Call) -> str:
    layer = call.layer
    z = graph.node("MatMul", call.inputs[0], graph.weight(layer, "kernel", layer.params["kernel"]))
    if layer.use_bias:
        z = graph.node("Add", z, graph.weight(layer, "bias", layer.params["bias"]))
    return write_activation(graph, layer, z)


def _embedding(graph: OnnxGraph, call: Call) -> str:
    table = graph.weight(call.layer, "embeddings", call.layer.params["embeddings"])
    return graph.node("Gather", table, graph.node("Cast", call.inputs[0], to=_INT64))


def _batch_normalization(graph: OnnxGraph, call: Call) -> str:
    """γ (x - mean) / √(var + ε) + β, the factor γ / √(var + ε) being a constant; along any axis."""
    layer, ndim = call.layer, len(call.input_shapes[0])
    shape = [-1 if i == layer.axis % ndim else 1 for i in range(1, ndim)]  # without the batch
    kept = {**layer.non_trainable, **layer.params}
    factor = kept.get("gamma", 1.0) / np.sqrt(np.asarray(kept["moving_variance"], np.float64) + layer.epsilon)
    centred = graph.node("Sub", call.inputs[0], graph.weight(layer, "mean", kept["moving_mean"].reshape(shape)))
    y = graph.node("Mul", centred, graph.weight(layer, "factor", factor.reshape(shape)))
    return graph.node("Add", y, graph.weight(layer, "beta", kept["beta"].reshape(shape))) if layer.center else y


def _layer_normalization(graph: OnnxGraph, call: Call) -> str:
    """The definition, step by step: ONNX's own LayerNormalization knows the last axes only."""
    layer, x = call.layer, call.inputs[0]
    axes = layer._axes(call.input_shapes[0])
    shape = [n if i in axes else 1 for i, n in enumerate(call.input_shapes[0])][1:]
    centred = graph.node("Sub", x, graph.node("ReduceMean", x, axes=axes))
    variance = graph.node("ReduceMean", graph.node("Mul", centred, centred), axes=axes)
    sigma = graph.node("Sqrt", graph.node("Add", variance, graph.number(layer.epsilon)))
    y = graph.node("Div", centred, sigma)
    if layer.scale:
        y = graph.node("Mul", y, graph.weight(layer, "gamma", layer.params["gamma"].reshape(shape)))
    if layer.center:
        y = graph.node("Add", y, graph.weight(layer, "beta", layer.params["beta"].reshape(shape)))
    return y


def _rescaling(graph: OnnxGraph, call: Call) -> str:
    scaled = graph.node("Mul", call.inputs[0], graph.number(call.layer.scale))
    return graph.node("Add", scaled, graph.number(call.layer.offset))


def _reshape(graph: OnnxGraph, call: Call) -> str:
    """The sizes are those that the output has; 0 stands for the batch, which stays."""
    return graph.node("Reshape", call.inputs[0], graph.sizes(0, *(n or 1 for n in call.output_shape[1:])))


def _multiply(graph: OnnxGraph, call: Call) -> str:
    return reduce(lambda x, y: graph.node("Mul", x, y), call.inputs)


_INT64 = 7  # onnx.TensorProto.INT64

WRITERS: dict[type[layers.Layer], Callable[[OnnxGraph, Call], str]] = {
    layers.Activation: _activation,
    layers.ActivityRegularization: _as_it_is,
    layers.Add: lambda graph, call: graph.node("Sum", *call.inputs),
    layers.Average: lambda graph, call: graph.node("Mean", *call.inputs),
    layers.AveragePooling2D: onnx_images.average_pooling2d,
    layers.BatchNormalization: _batch_normalization,
    layers.Concatenate: lambda graph, call: graph.node("Concat", *call.inputs, axis=call.layer.axis),
    layers.Conv2D: onnx_images.conv2d,
    layers.Conv2DTranspose: onnx_images.conv2d_transpose,
    layers.Dense: _dense,
    layers.DepthwiseConv2D: onnx_images.depthwise_conv2d,
    layers.Dropout: _as_it_is,
    layers.Embedding: _embedding,
    layers.Flatten: lambda graph, call: graph.node("Flatten", call.inputs[0], axis=1),
    layers.GaussianNoise: _as_it_is,
    layers.GlobalAveragePooling2D: onnx_images.global_average_pooling2d,
    layers.GlobalMaxPooling2D: onnx_images.global_max_pooling2d,
    layers.LayerNormalization: _layer_normalization,
    layers.LeakyReLU: _activation,
    layers.MaxPooling2D: onnx_images.max_pooling2d,
    layers.Multiply: _multiply,
    layers.Permute: lambda graph, call: graph.node("Transpose", call.inputs[0], perm=[0, *call.layer.dims]),
    layers.RandomCrop: onnx_images.random_crop,
    layers.RandomErasing: _as_it_is,
    layers.RandomFlip: _as_it_is,
    layers.RandomTranslation: _as_it_is,
    layers.ReLU: _activation,
    layers.Rescaling: _rescaling,
    layers.Reshape: _reshape,
    layers.SeparableConv2D: onnx_images.separable_conv2d,
    layers.Softmax: _activation,
    layers.Subtract: lambda graph, call: graph.node("Sub", *call.inputs),
    layers.UpSampling2D: onnx_images.up_sampling2d,
    layers.ZeroPadding2D: onnx_images.zero_padding2d,
}
