"""The layers that look at images, as nodes of an ONNX graph.

Kernels are laid out anew: here (KH, KW, C, F), in ONNX (F, C, KH, KW). Padding is written in numbers, which are those
that the layer itself works with: ONNX's own "same" puts the odd row elsewhere for a transposed convolution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.interop.onnx_activations import OF_ROWS, write_activation
from scratchnet.interop.onnx_graph import Call, OnnxGraph
from scratchnet.layers.windows import Windows, image_size, place_windows


def conv2d(graph: OnnxGraph, call: Call) -> str:
    """A kernel (KH, KW, C/G, F) becomes (F, C/G, KH, KW)."""
    layer, kernel = call.layer, call.layer.params["kernel"]
    weights = [graph.weight(layer, "kernel", kernel.transpose(3, 2, 0, 1)), *_bias(graph, layer)]
    windows = layer._windows(image_size(call.input_shapes[0]))
    z = graph.node("Conv", graph.channels_first(call.inputs[0]), *weights, group=layer.groups, **_geometry(windows))
    return _activated(graph, layer, z)


def depthwise_conv2d(graph: OnnxGraph, call: Call) -> str:
    """A convolution with a group for each channel."""
    kernel = call.layer.params["kernel"]
    return _activated(graph, call.layer, _depthwise(graph, call, "kernel", kernel, _bias(graph, call.layer)))


def separable_conv2d(graph: OnnxGraph, call: Call) -> str:
    """The two convolutions that it consists of."""
    layer, (depthwise, pointwise) = call.layer, (call.layer.params[f"{w}_kernel"] for w in ("depthwise", "pointwise"))
    t = _depthwise(graph, call, "depthwise_kernel", depthwise, [])
    weights = [graph.weight(layer, "pointwise_kernel", pointwise.transpose(3, 2, 0, 1)), *_bias(graph, layer)]
    return _activated(graph, layer, graph.node("Conv", t, *weights))


def _depthwise(graph: OnnxGraph, call: Call, name: str, kernel: Any, bias: list[str]) -> str:
    """A kernel (KH, KW, C, M) becomes (C·M, 1, KH, KW)."""
    KH, KW, C, M = kernel.shape
    weight = graph.weight(call.layer, name, kernel.transpose(2, 3, 0, 1).reshape(C * M, 1, KH, KW))
    windows = call.layer._windows(image_size(call.input_shapes[0]))
    return graph.node("Conv", graph.channels_first(call.inputs[0]), weight, *bias, group=C, **_geometry(windows))


def conv2d_transpose(graph: OnnxGraph, call: Call) -> str:
    """A kernel (KH, KW, F, C) becomes (C, F, KH, KW). The windows lie on the output; what they leave free is padding.

    ONNX makes the output (H - 1)·stride + span - pads + output_padding large, so the last of these is what is missing.
    """
    layer = call.layer
    weights = [graph.weight(layer, "kernel", layer.params["kernel"].transpose(3, 2, 0, 1)), *_bias(graph, layer)]
    sizes = image_size(call.input_shapes[0]), image_size(call.output_shape)
    windows = layer._windows(sizes[1])
    missing = [
        large - ((small - 1) * stride + (k - 1) * step + 1 - before - after)
        for small, large, k, stride, step, before, after in zip(
            *(*sizes, windows.size, windows.strides, windows.dilation, windows.pad_before, windows.pad_after)
        )
    ]
    x = graph.channels_first(call.inputs[0])
    z = graph.node("ConvTranspose", x, *weights, output_padding=missing, **_geometry(windows))
    return _activated(graph, layer, z)


def max_pooling2d(graph: OnnxGraph, call: Call) -> str:
    """The largest number of each window."""
    return _pooled(graph, call, "MaxPool")


def average_pooling2d(graph: OnnxGraph, call: Call) -> str:
    """The mean of each window's pixels, padding not counted."""
    return _pooled(graph, call, "AveragePool", count_include_pad=0)


def _pooled(graph: OnnxGraph, call: Call, operator: str, **attributes: int) -> str:
    layer = call.layer
    windows = place_windows(image_size(call.input_shapes[0]), layer.pool_size, layer.strides, layer.padding)
    geometry = {key: value for key, value in _geometry(windows).items() if key != "dilations"}
    return graph.channels_last(
        graph.node(operator, graph.channels_first(call.inputs[0]), **geometry, **attributes),
    )


def global_average_pooling2d(graph: OnnxGraph, call: Call) -> str:
    """The mean over both axes of the image."""
    return graph.node("ReduceMean", call.inputs[0], axes=[1, 2], keepdims=int(call.layer.keepdims))


def global_max_pooling2d(graph: OnnxGraph, call: Call) -> str:
    """The maximum over both axes of the image."""
    return graph.node("ReduceMax", call.inputs[0], axes=[1, 2], keepdims=int(call.layer.keepdims))


def zero_padding2d(graph: OnnxGraph, call: Call) -> str:
    """Zeros round the image."""
    (top, bottom), (left, right) = call.layer.padding
    return graph.node("Pad", call.inputs[0], graph.sizes(0, top, left, 0, 0, bottom, right, 0))


def up_sampling2d(graph: OnnxGraph, call: Call) -> str:
    """A larger image: of "nearest", new row p is old row ⌊p / size⌋; "bilinear" counts from the middle of pixels."""
    layer = call.layer
    scales = graph.weight(layer, "scales", np.asarray([1, 1, *layer.size]))
    how = {
        "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "bilinear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    }[layer.interpolation]
    return graph.channels_last(graph.node("Resize", graph.channels_first(call.inputs[0]), "", scales, **how))


def random_crop(graph: OnnxGraph, call: Call) -> str:
    """The middle of the image, which is what the layer leaves at inference."""
    layer = call.layer
    H, W = image_size(call.input_shapes[0])
    top, left = (H - layer.height) // 2, (W - layer.width) // 2
    ends = graph.sizes(top + layer.height, left + layer.width)
    return graph.node("Slice", call.inputs[0], graph.sizes(top, left), ends, graph.sizes(1, 2))


def _geometry(windows: Windows) -> dict[str, list[int]]:
    return {
        "kernel_shape": list(windows.size),
        "strides": list(windows.strides),
        "dilations": list(windows.dilation),
        "pads": [*windows.pad_before, *windows.pad_after],
    }


def _bias(graph: OnnxGraph, layer: Any) -> list[str]:
    return [graph.weight(layer, "bias", layer.params["bias"])] if layer.use_bias else []


def _activated(graph: OnnxGraph, layer: Any, z: str) -> str:
    """Return the layer's activation of images (N, C, H, W), as (N, H, W, C)."""
    if isinstance(layer.activation, OF_ROWS):
        return write_activation(graph, layer, graph.channels_last(z))
    return graph.channels_last(write_activation(graph, layer, z))
