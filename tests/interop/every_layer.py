"""Every layer in many settings, with a batch for it: what is converted to Keras and exported to ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from scratchnet import Input, Model, activations, layers

Shape = tuple[int, ...]


@dataclass
class Case:
    """A layer to be made, and the shape of its input or inputs.

    Attributes:
        tolerance: how far Keras may be in float64, which takes a few numbers through float32.
        only_here: whether Keras, or TensorFlow on a CPU, has no code for it, so that it only goes to ONNX.
        predicts_otherwise: whether Keras's layer does something else at inference.
    """

    cls: Any
    shapes: Shape | list[Shape]
    arguments: dict[str, Any]
    tolerance: float = 1e-10
    only_here: bool = False
    predicts_otherwise: bool = False

    def __str__(self) -> str:
        return f"{self.cls.__name__}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"

    def layer(self) -> Any:
        """Return a new one."""
        return self.cls(**self.arguments)

    def model(self) -> Model:
        """Return a model of the layer, with random weights."""
        several = self.shapes if isinstance(self.shapes, list) else [self.shapes]
        whole = "int32" if self.cls is layers.Embedding else None
        inputs = [Input(shape, dtype=whole) for shape in several]
        model = Model(inputs if len(inputs) > 1 else inputs[0], self.layer()(inputs if len(inputs) > 1 else inputs[0]))
        generator = np.random.default_rng(0)
        positive = {name: "variance" in name for name in model.named_weights}
        random = [generator.standard_normal(w.shape) / 2 for w in model.get_weights()]
        model.set_weights([abs(w) + 0.5 if positive[name] else w for name, w in zip(positive, random)])
        return model

    def batch(self, n: int = 3) -> Any:
        """Return a batch, a list of arrays for several inputs."""
        generator = np.random.default_rng(1)
        if self.cls is layers.Embedding:
            assert isinstance(self.shapes, tuple)
            return generator.integers(0, self.arguments["input_dim"], (n, *self.shapes))
        if isinstance(self.shapes, list):
            return [generator.standard_normal((n, *shape)) for shape in self.shapes]
        return generator.standard_normal((n, *self.shapes))


def _convolutions() -> Iterator[Case]:
    image = (8, 7, 4)
    places = [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((3, 2), (1, 1)), ((1, 1), (2, 3)), ((1, 1), (2, 1))]
    sizes = ((1, 1), (2, 2), (3, 2), (3, 3))
    for number, (padding, size, (strides, dilation)) in enumerate(product(("valid", "same"), sizes, places)):
        geometry = {"kernel_size": size, "strides": strides, "padding": padding, "dilation_rate": dilation}
        if number % 3 == 0:
            geometry |= {"use_bias": False}
        activation = {"activation": (None, "relu", "softmax", "gelu")[number % 4]}
        tolerance = 1e-5 if activation["activation"] == "gelu" else 1e-10
        yield Case(layers.Conv2D, image, {"filters": 6, "groups": 1 + number % 2, **geometry, **activation}, tolerance)
        depthwise = {**geometry, **activation, "depth_multiplier": 1 + number % 3}
        unequal = strides[0] != strides[1]  # TensorFlow has no code for it
        yield Case(layers.DepthwiseConv2D, image, depthwise, tolerance, unequal)
        yield Case(layers.SeparableConv2D, image, {"filters": 3, **depthwise}, tolerance, unequal)
        dilated = dilation != (1, 1)  # Keras has it, TensorFlow on a CPU has not in every case
        yield Case(layers.Conv2DTranspose, (4, 3, 2), {"filters": 3, **geometry, **activation}, tolerance, dilated)
    for padding, extra in product(("valid", "same"), ((0, 0), (1, 0), (1, 2))):
        geometry = {"kernel_size": 3, "strides": 3, "padding": padding, "output_padding": extra}
        yield Case(layers.Conv2DTranspose, (4, 3, 2), {"filters": 3, **geometry})
    yield Case(layers.Conv2D, image, {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 2}, only_here=True)


def _pooling() -> Iterator[Case]:
    sizes, all_strides = ((2, 2), (3, 2)), (None, (1, 1), (3, 2))
    for cls, padding, size, strides in product(
        (layers.MaxPooling2D, layers.AveragePooling2D), ("valid", "same"), sizes, all_strides
    ):
        yield Case(cls, (7, 6, 2), {"pool_size": size, "strides": strides, "padding": padding})
    for cls, keepdims in product((layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D), (False, True)):
        yield Case(cls, (5, 4, 3), {"keepdims": keepdims})


def _normalizations() -> Iterator[Case]:
    image = (4, 3, 5)
    for number, axis in enumerate((-1, 1, 2, 3)):
        affine = {"center": number != 1, "scale": number != 2}
        yield Case(layers.BatchNormalization, image, {"axis": axis, "epsilon": 0.25, "momentum": 0.5, **affine})
    yield Case(layers.BatchNormalization, (6,), {"trainable": False, "center": False, "scale": False})
    for number, axes in enumerate((-1, 1, 2, (1, 2), (1, 3), (1, 2, 3))):
        affine = {"center": number != 1, "scale": number != 2}
        yield Case(layers.LayerNormalization, image, {"axis": axes, "epsilon": 0.25, **affine})
    yield Case(layers.LayerNormalization, (6,), {})


def _others() -> Iterator[Case]:
    image = (4, 3, 2)
    yield Case(layers.Dense, (7,), {"units": 5})
    yield Case(layers.Dense, (7,), {"units": 5, "activation": "softmax", "use_bias": False})
    yield Case(layers.Dense, image, {"units": 5, "activation": "log_softmax"})
    yield Case(layers.Activation, image, {"activation": "softplus"})
    penalized = {"kernel_regularizer": "l2", "bias_constraint": "non_neg", "activity_regularizer": "l1"}
    yield Case(layers.Dense, image, {"units": 2, **penalized})
    yield Case(layers.ActivityRegularization, image, {"l1": 0.25, "l2": 0.5})
    yield Case(layers.ReLU, image, {})
    for number in range(4):
        options = {"max_value": (None, 0.75)[number % 2], "negative_slope": 0.25, "threshold": (0.0, 0.5)[number // 2]}
        yield Case(layers.ReLU, image, options)
    yield Case(layers.ReLU, image, {"max_value": 0.5, "threshold": 0.75})
    yield Case(layers.LeakyReLU, image, {"negative_slope": 0.25})
    yield Case(layers.Softmax, image, {"axis": 1})
    yield Case(layers.Flatten, image, {})
    yield Case(layers.Flatten, (), {})
    yield Case(layers.Rescaling, image, {"scale": 0.5, "offset": -1.0})
    yield Case(layers.Reshape, image, {"target_shape": (-1, 6)})
    yield Case(layers.Reshape, image, {"target_shape": (24,)})
    yield Case(layers.Permute, image, {"dims": (3, 1, 2)})
    yield Case(layers.ZeroPadding2D, image, {"padding": ((1, 2), (0, 3))})
    for interpolation in ("nearest", "bilinear"):
        yield Case(layers.UpSampling2D, image, {"size": (3, 2), "interpolation": interpolation}, 1e-6)
    for cls in (layers.Add, layers.Multiply, layers.Average):
        yield Case(cls, [image] * 3, {})
    yield Case(layers.Subtract, [image] * 2, {})
    yield Case(layers.Concatenate, [(2, 3), (2, 1), (2, 2)], {})
    yield Case(layers.Concatenate, [(2, 3), (1, 3)], {"axis": 1})
    yield Case(layers.Embedding, (4,), {"input_dim": 6, "output_dim": 3})
    yield Case(layers.Embedding, (2, 3), {"input_dim": 6, "output_dim": 3})
    yield Case(layers.Dropout, image, {"rate": 0.5, "noise_shape": (None, 1, 1, None), "seed": 3})
    yield Case(layers.GaussianNoise, image, {"stddev": 0.5})
    yield Case(layers.RandomFlip, image, {"mode": "vertical", "seed": 2})
    yield Case(layers.RandomCrop, image, {"height": 2, "width": 2, "seed": 4}, predicts_otherwise=True)
    yield Case(layers.RandomErasing, image, {"factor": 0.5, "scale": (0.1, 0.2), "fill_value": 0.5})
    yield Case(layers.RandomTranslation, image, {"height_factor": (-0.1, 0.2), "width_factor": 0.5})


ALL_CASES = [*_convolutions(), *_pooling(), *_normalizations(), *_others()]
EVERY_LAYER = [case for case in ALL_CASES if not case.only_here]


def activation_functions() -> dict[str, Callable[[], activations.ActivationFunction]]:
    """Return every activation function, those with arguments in other settings too."""
    return {
        **activations.ACTIVATIONS,
        "relu(0.25, 0.75, 0.5)": lambda: activations.ReLU(0.25, 0.75, 0.5),
        "leaky_relu(1.5)": lambda: activations.LeakyReLU(1.5),
        "elu(0.5)": lambda: activations.ELU(0.5),
        "gelu(approximate)": lambda: activations.GELU(approximate=True),
        "softmax(axis=1)": lambda: activations.Softmax(axis=1),
        "log_softmax(axis=2)": lambda: activations.LogSoftmax(axis=2),
    }
