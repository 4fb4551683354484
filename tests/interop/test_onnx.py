"""What is written as ONNX predicts in onnxruntime what the model predicts here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the `onnx` extra")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

import onnx
import onnxruntime

import scratchnet
from scratchnet import Input, Model, Sequential, activations, interop, layers
from scratchnet.interop import onnx_activations, onnx_layers
from tests.interop.every_layer import ALL_CASES, Case, activation_functions


def run(proto: Any, x: Any) -> list[Any]:
    """Run a model in onnxruntime; inputs in order."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    arrays = x if isinstance(x, list) else [x]
    kinds = {
        "tensor(float)": np.float32,
        "tensor(int32)": np.int32,
        "tensor(int64)": np.int64,
        "tensor(uint8)": np.uint8,
    }
    feed = {i.name: np.asarray(a, kinds[i.type]) for i, a in zip(session.get_inputs(), arrays, strict=True)}
    return list(session.run(None, feed))


def assert_same(model: Model, x: Any, tolerance: float = 1e-5) -> Any:
    """Assert that the ONNX model predicts the same, for the batch and for one of a single sample; return it."""
    proto = interop.to_onnx(model)
    for batch in (x, [a[:1] for a in x] if isinstance(x, list) else x[:1]):
        found, expected = run(proto, batch), model.predict(batch, verbose=0)
        expected = expected if isinstance(expected, list) else [expected]
        for a, b in zip(found, expected, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1, np.abs(b).max(initial=0)))
    return proto


def randomized(model: Model) -> Model:
    """Give a model random weights, biases and running means too."""
    generator = np.random.default_rng(0)
    new = {
        k: generator.standard_normal(w.shape) / max(1, math.prod(w.shape[:-1])) ** 0.5
        for k, w in model.named_weights.items()
    }
    model.set_weights([abs(w) + 0.5 if "variance" in name else w for name, w in new.items()])
    return model


def images(model: Model, n: int = 3) -> Any:
    generator = np.random.default_rng(1)
    shapes = [[k for k in tensor.shape[1:] if k is not None] for tensor in model.inputs]
    x = [generator.standard_normal((n, *shape)) for shape in shapes]
    return x if len(x) > 1 else x[0]


# Layer by layer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_every_layer(case: Case) -> None:
    assert_same(case.model(), case.batch())


@pytest.mark.parametrize("name", activation_functions())
@pytest.mark.parametrize("cls", [layers.Activation, layers.Dense, layers.Conv2D])
def test_every_activation(name: str, cls: Any) -> None:
    function = activation_functions()[name]()
    arguments = {layers.Activation: (), layers.Dense: (4,), layers.Conv2D: (4, 2)}[cls]
    inputs = Input((4, 5, 3))
    model = randomized(Model(inputs, cls(*arguments, activation=function)(inputs)))
    assert_same(model, 2 * images(model))


def test_every_registered_class_can_be_written() -> None:
    assert {*onnx_layers.WRITERS} == {*layers.LAYERS.values()} - {layers.InputLayer}
    assert {*onnx_activations.WRITERS} == {*activations.ACTIVATIONS.values()}
    assert {case.cls for case in ALL_CASES} == {*onnx_layers.WRITERS}


# Whole networks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", scratchnet.architectures.ARCHITECTURES)
def test_the_networks_of_the_notebook(name: str) -> None:
    model = randomized(scratchnet.architectures.ARCHITECTURES[name]())
    proto = assert_same(model, images(model))
    assert [i.name for i in proto.graph.input] == [t.layer.name for t in model.inputs]
    assert [o.name for o in proto.graph.output] == [t.layer.name for t in model.outputs]


def resnet() -> Model:
    def block(x: Any, filters: int, strides: int) -> Any:
        y = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        shortcut = layers.Conv2D(filters, 1, strides)(x) if strides > 1 else x
        return layers.ReLU()(layers.Add()([y, shortcut]))

    inputs = Input((16, 16, 3), name="image")
    x = layers.RandomFlip("horizontal")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = block(block(x, 8, 1), 16, 2)
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return Model(inputs, layers.Dense(10, "softmax", name="class")(x), name="resnet")


def autoencoder() -> Model:
    return Sequential(
        [
            Input((12, 12, 1)),
            layers.GaussianNoise(0.1),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(interpolation="bilinear"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize("make", [resnet, autoencoder])
def test_networks_of_many_kinds_of_layers(make: Any) -> None:
    model = randomized(make())
    assert_same(model, images(model))


def test_several_inputs_and_outputs_and_shared_layers() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = layers.Dense(3, "tanh", name="shared")
    first, second = shared(a), shared(layers.Multiply()([a, b]))
    model = randomized(Model([b, a], [second, first, shared(first), layers.Dense(2, name="head")(first), a]))
    proto = assert_same(model, images(model))
    assert [i.name for i in proto.graph.input] == ["b", "a"]
    assert [o.name for o in proto.graph.output] == ["shared", "shared_1", "shared_2", "head", "a_1"]
    assert sorted(c.name for c in proto.graph.initializer if c.name.startswith("shared/")) == [
        "shared/bias",
        "shared/kernel",
    ]


def test_names_that_other_values_would_get_are_no_trouble() -> None:
    inputs = Input((3,), name="x_1")
    x = layers.Dense(3, name="x")(inputs)
    model = Model(inputs, [x, layers.Dense(3, name="y")(x), inputs, inputs])
    assert len({o.name for o in assert_same(model, images(model)).graph.output} | {"x_1"}) == 5


def test_between_a_convolution_and_a_pooling_nothing_is_transposed() -> None:
    inputs = Input((8, 8, 1))
    x = layers.MaxPooling2D()(layers.Conv2D(2, 3, activation="relu")(inputs))
    proto = interop.to_onnx(Model(inputs, x))
    assert [node.op_type for node in proto.graph.node] == [
        "Transpose",
        "Conv",
        "Relu",
        "MaxPool",
        "Transpose",
        "Identity",
    ]


def test_the_file_says_what_it_is() -> None:
    proto = interop.to_onnx(resnet())
    assert (proto.producer_name, proto.producer_version) == ("scratchnet", scratchnet.__version__)
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", 17)]
    assert proto.graph.name == "resnet"
    (batch, *rest) = proto.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param == "N"
    assert [d.dim_value for d in rest] == [16, 16, 3]


def test_a_model_in_float64_is_written_in_float32() -> None:
    scratchnet.config.set_floatx("float64")
    model = randomized(resnet())
    assert_same(model, images(model))


def test_whole_numbers_stay_whole_numbers() -> None:
    for dtype in ("int32", "int64", "uint8"):
        words = Input((4,), dtype=dtype, name="words")
        x = layers.Flatten()(layers.Embedding(6, 3)(words))
        model = randomized(Model(words, layers.Dense(2)(x)))
        proto = assert_same(model, np.random.default_rng(0).integers(0, 6, (3, 4)))
        kind = onnx.helper.tensor_dtype_to_np_dtype(proto.graph.input[0].type.tensor_type.elem_type)
        assert kind == np.dtype(dtype)


def test_saving_writes_the_same_model(tmp_path: Any) -> None:
    model = randomized(autoencoder())
    interop.save_onnx(model, tmp_path / "model.onnx")
    assert onnx.load(tmp_path / "model.onnx") == interop.to_onnx(model)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


# What cannot be written ------------------------------------------------------------------------------------------


class Doubled(layers.Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return 2 * x


class Wave(activations.ActivationFunction):
    name = "relu"  # the name of another

    def forward(self, x: Any) -> Any:
        return np.sin(x)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda: Doubled(name="mine"), "Layer 'mine' is a Doubled, which ONNX does not have: to_onnx expected only"),
        (lambda: layers.Dense(2, Wave(), name="odd"), "Layer 'odd' has the activation Wave"),
        (lambda: layers.Activation(Wave(), name="odd"), "Layer 'odd' has the activation Wave"),
    ],
)
def test_what_is_ones_own_is_refused_by_name(layer: Any, said: str, tmp_path: Any) -> None:
    inputs = Input((2,))
    model = Model(inputs, layer()(inputs))
    with pytest.raises(ValueError, match=said):
        interop.save_onnx(model, tmp_path / "model.onnx")
    assert not [*tmp_path.iterdir()]


def test_a_subclass_that_only_changes_the_gradient_is_what_it_inherits_from() -> None:
    class Clipped(layers.Dense):
        def backward(self, dy: Any) -> Any:
            return super().backward(np.clip(dy, -1, 1))

    inputs = Input((2,))
    model = Model(inputs, Clipped(3)(inputs))
    assert_same(model, images(model))


def test_what_is_no_model_or_not_built_is_refused() -> None:
    with pytest.raises(TypeError, match="to_onnx expected a scratchnet model, got 3"):
        interop.to_onnx(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a model that is built, got 'sequential'"):
        interop.to_onnx(Sequential([layers.Dense(2)]))
