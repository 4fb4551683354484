"""The comparisons of these tests catch mistakes: each of those planted here makes one of them fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the `onnx` extra")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("keras", reason="needs the `keras` extra")

import onnx
from onnxruntime.capi import onnxruntime_pybind11_state as onnxruntime

from scratchnet import Input, Model, activations, layers, losses, optimizers
from scratchnet.graph.parameters import variable_segments
from scratchnet.interop import onnx_activations, onnx_images, onnx_layers, twin_training, twins
from scratchnet.interop.keras_import import floatx
from scratchnet.interop.onnx_graph import OnnxGraph
from tests.interop import test_every_class
from tests.interop.every_layer import ALL_CASES
from tests.interop.test_onnx import assert_same

REFUSED = (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, onnxruntime.Fail)
REFUSED += (onnxruntime.InvalidArgument, onnxruntime.InvalidGraph, onnxruntime.RuntimeException)
"""What ONNX and onnxruntime say of a file that makes no sense."""


# Wrong ONNX files ------------------------------------------------------------------------------------------------


def geometry(**changed: Callable[[Any], Any]) -> tuple[Any, str, Any]:
    """Plant a mistake in where windows lie."""
    right = onnx_images._geometry
    return onnx_images, "_geometry", lambda windows: {k: changed.get(k, list)(v) for k, v in right(windows).items()}


def attributes(operator: str, **wrong: Any) -> tuple[Any, str, Any]:
    """Plant wrong attributes of an operator."""
    right = OnnxGraph.node

    def node(graph: Any, name: str, *inputs: str, **given: Any) -> str:
        return right(graph, name, *inputs, **(given | wrong if name == operator else given))

    return OnnxGraph, "node", node


def kernels(change: Callable[[Any], Any]) -> tuple[Any, str, Any]:
    """Plant a mistake in how kernels are laid out."""
    right = OnnxGraph.weight

    def weight(graph: Any, layer: Any, name: str, array: Any) -> str:
        return right(graph, layer, name, change(array) if "kernel" in name else array)

    return OnnxGraph, "weight", weight


def writer(cls: Any, wrong: Any) -> tuple[Any, Any, Any]:
    """Plant a wrong way of writing a layer or function."""
    return onnx_layers.WRITERS if cls in onnx_layers.WRITERS else onnx_activations.WRITERS, cls, wrong


def without_epsilon(graph: OnnxGraph, call: Any) -> str:
    epsilon, call.layer.epsilon = call.layer.epsilon, 0.0
    try:
        return onnx_layers._batch_normalization(graph, call)
    finally:
        call.layer.epsilon = epsilon


def multipliers_first(kernel: Any) -> Any:
    """Exchange filters of a depthwise kernel (C·M, 1, KH, KW): those of all channels first, then the next of all."""
    return kernel[::-1] if kernel.shape[1] == 1 else kernel


WRONG_FILES = {
    "the odd row of padding above": (geometry(pads=lambda p: p[2:] + p[:2]), layers.Conv2D),
    "no padding": (geometry(pads=lambda p: [0] * 4), layers.MaxPooling2D),
    "strides across and down": (geometry(strides=lambda s: s[::-1]), layers.Conv2D),
    "no dilation": (geometry(dilations=lambda d: [1, 1]), layers.Conv2D),
    "no groups": (attributes("Conv", group=1), layers.Conv2D),
    "kernels turned": (kernels(lambda k: k[:, :, ::-1]), layers.Conv2D),
    "kernels turned, transposed": (kernels(lambda k: k[:, :, ::-1]), layers.Conv2DTranspose),
    "filters of channels mixed up": (kernels(multipliers_first), layers.DepthwiseConv2D),
    "no output_padding": (attributes("ConvTranspose", output_padding=[0, 0]), layers.Conv2DTranspose),
    "padding counted in the mean": (attributes("AveragePool", count_include_pad=1), layers.AveragePooling2D),
    "corners aligned": (attributes("Resize", coordinate_transformation_mode="align_corners"), layers.UpSampling2D),
    "rounded to nearest": (attributes("Resize", nearest_mode="ceil"), layers.UpSampling2D),
    "channels pooled": (attributes("ReduceMean", axes=[2, 3]), layers.GlobalAveragePooling2D),
    "axes of images lost": (attributes("ReduceMax", keepdims=0), layers.GlobalMaxPooling2D),
    "no epsilon": (writer(layers.BatchNormalization, without_epsilon), layers.BatchNormalization),
    "rows of the last axis only": (attributes("ReduceMean", axes=[-1]), layers.LayerNormalization),
    "concatenated along the last axis": (attributes("Concat", axis=-1), layers.Concatenate),
    "softmax of the last axis": (attributes("Softmax", axis=-1), layers.Softmax),
    "softmax of images in ONNX's layout": ((onnx_images, "OF_ROWS", ()), layers.Conv2D),
    "the slope that goes by the name": (attributes("LeakyRelu", alpha=0.2), layers.LeakyReLU),
    "no max_value": (writer(activations.ReLU, lambda graph, f, x: graph.node("Relu", x)), layers.ReLU),
    "the whole image": (writer(layers.RandomCrop, lambda graph, call: call.inputs[0]), layers.RandomCrop),
    "two summands": (writer(layers.Add, lambda graph, call: graph.node("Add", *call.inputs[:2])), layers.Add),
    "axes not permuted": (writer(layers.Permute, lambda graph, call: call.inputs[0]), layers.Permute),
    "weights shared by name only": (
        (OnnxGraph, "weight", lambda graph, layer, name, array: graph._constant(name, name, np.float32(array))),
        None,
    ),
}


@pytest.mark.parametrize("mistake", WRONG_FILES)
def test_a_mistake_in_onnx_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (where, name, wrong), cls = WRONG_FILES[mistake]

    def compare() -> None:
        if cls is None:
            assert_same(two_layers(), np.ones((2, 3)))
        for case in ALL_CASES:
            if case.cls is cls:
                assert_same(case.model(), case.batch())

    compare()
    (monkeypatch.setitem if isinstance(where, dict) else monkeypatch.setattr)(where, name, wrong)
    with pytest.raises((AssertionError, *REFUSED)):
        compare()


def two_layers() -> Model:
    inputs = Input((3,))
    return Model(inputs, layers.Dense(3)(layers.Dense(3)(inputs)))


# Wrong twins -----------------------------------------------------------------------------------------------------


def slots(change: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[Any, str, Any]:
    """Plant a mistake in which variable of Keras's optimizer is which slot."""
    right = twin_training._slots_of
    return twin_training, "_slots_of", lambda optimizer: change(right(optimizer))


def exchanged(found: dict[str, Any]) -> dict[str, Any]:
    return {"momentum": found["velocity"], "velocity": found["momentum"]}


WRONG_TWINS = {
    "no slots": slots(lambda found: {}),
    "slots exchanged": slots(exchanged),
    "slots in another order": slots(lambda found: {k: [v[1], v[0], *v[2:]] for k, v in found.items()}),
    "frozen layers among the slots": (
        *(twin_training, "_trained"),
        lambda model: {f"{i}": s for i, s in enumerate(variable_segments(model.layers[::-1]).values())},
    ),
    "another loss": (twin_training, "loss_to_keras", lambda loss, dtype: "mae"),
    "a fresh optimizer": (
        *(twin_training, "optimizer_to_keras"),
        lambda optimizer: twin_training.keras.optimizers.Adam(0.125),
    ),
    "weights left behind": (twins, "_copy_weights", lambda keras_layers, ours: None),
}


@pytest.mark.parametrize("mistake", WRONG_TWINS)
def test_a_mistake_in_a_twin_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def compare() -> None:
        adam = optimizers.Adam(0.25, beta_1=0.5, beta_2=0.75, epsilon=2**-10)
        with floatx("float64"):
            test_every_class.test_every_optimizer_goes_on_where_it_was(adam, 3)

    compare()
    monkeypatch.setattr(*WRONG_TWINS[mistake])
    with pytest.raises((AssertionError, ValueError)):
        compare()


def test_arguments_that_keras_leaves_out_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin_training, "_loss_from_keras", lambda saved, theirs: losses.Huber())
    with pytest.raises(AssertionError):
        test_every_class.test_every_loss(losses.Huber(0.25))
