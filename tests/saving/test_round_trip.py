"""A loaded model is the model that was saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers, losses
from scratchnet.errors import ModelFileError
from scratchnet.saving import read_notes, save_model

Reload = Callable[..., Any]


def text_of(model: Any) -> str:
    pieces: list[str] = []
    model.summary(print_fn=pieces.append)
    return "".join(pieces)


def assert_same_model(loaded: Any, model: Any, *inputs: Any) -> None:
    assert type(loaded) is type(model)
    assert loaded.name == model.name
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]
    assert (loaded.input_shape, loaded.output_shape) == (model.input_shape, model.output_shape)
    if all(call in model.graph.tensors for layer in model.layers for call in layer._outputs):
        # A shared layer's calls are numbered in the summary, those for other models included, which are not saved.
        assert text_of(loaded) == text_of(model)
    assert list(loaded.params) == list(model.params)
    for name, param in model.params.items():
        np.testing.assert_array_equal(loaded.params[name], param, strict=True)
    x = list(inputs) if len(inputs) > 1 else inputs[0]
    for ours, theirs in zip(*(y if isinstance(y, list) else [y] for y in (model(x, False), loaded(x, False)))):
        np.testing.assert_array_equal(theirs, ours, strict=True)


@pytest.mark.parametrize("name", sn.architectures.ARCHITECTURES)
def test_the_course_networks_come_back(name: str, reload: Reload, rng: Any) -> None:
    model = sn.architectures.ARCHITECTURES[name]()
    assert_same_model(reload(model), model, rng.random((3, *model.input_shape[1:])))


def test_sequential_comes_back_as_sequential(small_model: Any, reload: Reload, rng: Any) -> None:
    assert_same_model(reload(small_model), small_model, rng.normal(size=(4, 7)))


def test_a_sequential_that_learnt_its_shape_from_data_comes_back(reload: Reload, rng: Any) -> None:
    model = sn.Sequential([layers.Flatten(), layers.Dense(2)])
    model.build((None, 3, 2))
    assert_same_model(reload(model), model, rng.normal(size=(4, 3, 2)))


def test_a_loaded_sequential_can_grow(small_model: Any, reload: Reload) -> None:
    loaded = reload(small_model)
    loaded.add(layers.Dense(2, name="more"))
    assert loaded.output_shape == (None, 2)


def test_a_sequential_without_a_shape_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match=r"Cannot save the Sequential model 'sequential': it is not built yet"):
        sn.Sequential([layers.Dense(2)]).save(path)


def every_built_in_layer() -> Any:
    image = sn.Input((6, 6, 2), name="image")
    x = layers.Rescaling(1 / 255, offset=-0.5)(image)
    x = layers.RandomFlip("vertical", seed=1)(layers.RandomErasing(0.5, fill_value=(1.0, 2.0), seed=2)(x))
    x = layers.RandomCrop(6, 6)(layers.RandomTranslation(0.1, (-0.2, 0.1), "nearest", seed=3)(x))
    words = layers.ReLU(3.0, threshold=0.5)(x)
    x = layers.Add()([x, layers.Reshape((6, 6, -1))(layers.Embedding(9, 1)(words))])
    x = layers.Conv2D(
        3, (2, 3), strides=(1, 2), padding="same", activation="tanh", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = layers.Conv2D(3, 2, dilation_rate=2, kernel_initializer=sn.initializers.HeUniform(seed=3))(x)
    x = layers.MaxPooling2D((2, 1), strides=(1, 1), padding="same")(x)
    x = layers.Add()([x, layers.ReLU()(x)])
    x = layers.ZeroPadding2D(((1, 0), (2, 0)))(layers.AveragePooling2D(2, strides=1, padding="same")(x))
    x = layers.Conv2DTranspose(4, (2, 3), strides=(3, 1), padding="same", output_padding=(1, 0), activation="relu")(x)
    x = layers.Conv2D(6, 2, groups=2)(layers.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False)(x))
    x = layers.UpSampling2D((1, 2), interpolation="bilinear")(x)
    x = layers.SeparableConv2D(5, 2, strides=2, depth_multiplier=2, pointwise_initializer="he_uniform")(x)
    x = layers.Add()([layers.GlobalAveragePooling2D(keepdims=True)(x), layers.GlobalMaxPooling2D(keepdims=True)(x)])
    x = layers.LeakyReLU(0.1)(layers.Activation("sigmoid")(layers.Flatten()(x)))
    product = layers.Multiply()([x, layers.Average()([x, layers.ReLU(0.4, 0.2)(x)])])
    x = layers.Concatenate(axis=1)([layers.Subtract()([x, product]), x])
    words = layers.Flatten()(layers.Embedding(3, 2)(layers.Flatten()(image)))
    x = layers.Concatenate()([words, layers.Flatten()(layers.Permute((2, 1))(layers.Reshape((2, -1))(x)))])
    x = layers.LayerNormalization()(layers.ActivityRegularization(l2=0.25)(x))
    x = layers.BatchNormalization(1, 0.5, scale=False, moving_variance_initializer="ones")(x)
    x = layers.Dropout(0.25, noise_shape=(None, 1), seed=3)(layers.GaussianNoise(0.125)(x))
    return sn.Model(image, layers.Softmax(axis=1)(layers.Dense(4, bias_initializer="ones")(x)))


def test_every_built_in_layer_comes_back(reload: Reload, rng: Any) -> None:
    model = every_built_in_layer()
    assert {type(layer) for layer in model.layers} == set(layers.LAYERS.values())  # or this test knows too few
    assert_same_model(reload(model), model, rng.random((2, 6, 6, 2)))


def shared_layers() -> Any:
    left, right = sn.Input((4,), name="left"), sn.Input((4,), name="right")
    shared, top = layers.Dense(4, activation="relu", name="shared"), layers.Dense(2, name="top")
    first = shared(right)  # called before the layer's other place, but met after it on the way from the outputs
    second = shared(shared(left))
    both = layers.Add(name="both")([second, first, second])
    return sn.Model([left, right], [top(both), top(first), both])


def test_shared_layers_and_several_ends_come_back(reload: Reload, rng: Any) -> None:
    model = shared_layers()
    assert_same_model(reload(model), model, rng.normal(size=(5, 4)), rng.normal(size=(5, 4)))


def test_a_list_of_one_output_stays_a_list(reload: Reload, rng: Any) -> None:
    inputs = sn.Input((3,))
    loaded = reload(sn.Model([inputs], [layers.Dense(2)(inputs)]))
    assert [tensor.shape for tensor in loaded.output] == [(None, 2)]
    assert loaded.predict([rng.normal(size=(4, 3))], verbose=0).shape == (4, 2)


def test_a_model_without_layers_comes_back(reload: Reload, rng: Any) -> None:
    inputs = sn.Input((3,))
    model = sn.Model(inputs, inputs)
    assert_same_model(reload(model), model, rng.normal(size=(4, 3)))


def test_a_part_of_a_larger_model_comes_back(reload: Reload, rng: Any) -> None:
    whole = shared_layers()
    part = sn.Model(whole.inputs, whole.get_layer("both").output)
    assert_same_model(reload(part), part, rng.normal(size=(5, 4)), rng.normal(size=(5, 4)))


def test_an_activation_with_an_argument_keeps_it(reload: Reload, rng: Any) -> None:
    inputs = sn.Input((3, 2))
    model = sn.Model(inputs, layers.Activation(sn.activations.Softmax(axis=1))(inputs))
    loaded = reload(model)
    np.testing.assert_allclose(loaded(rng.normal(size=(2, 3, 2))).sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_float_type_is_the_saved_one_whatever_the_session_s(dtype: str, path: Path, rng: Any) -> None:
    sn.config.set_floatx(dtype)
    model = every_built_in_layer()
    model.save(path)
    sn.config.set_floatx("float64" if dtype == "float32" else "float32")
    assert_same_model(sn.load_model(path), model, rng.random((2, 6, 6, 2)))


def test_frozen_layers_stay_frozen(small_model: Any, reload: Reload, small_data: Any) -> None:
    small_model.layers[0].trainable = False
    loaded = reload(small_model)
    loaded.fit(*small_data, verbose=0)
    before, after = small_model.params, loaded.params
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert changed == ["dense_1/kernel", "dense_1/bias"]


def test_non_finite_weights_come_back_as_they_were(small_model: Any, reload: Reload) -> None:
    small_model.params["dense/bias"][:] = [np.nan, np.inf, -np.inf, -0.0, 1e-42]
    with pytest.warns(UserWarning, match="got NaN or infinity in dense/bias"):
        loaded = reload(small_model).params["dense/bias"]
    assert loaded.tobytes() == small_model.params["dense/bias"].tobytes()


def test_any_name_will_do(reload: Reload, rng: Any) -> None:
    inputs = sn.Input((3,), name="optimizer")
    model = sn.Model(inputs, layers.Dense(2, name="Größe·数 \"'")(inputs), name="__metadata__")
    assert_same_model(reload(model), model, rng.normal(size=(4, 3)))


def test_loading_leaves_automatic_names_alone(small_model: Any, path: Path) -> None:
    layers.Dense(2)
    small_model.save(path)
    sn.load_model(path)
    assert layers.Dense(2).name == "dense_3"


def test_loading_leaves_the_seed_alone(small_model: Any, path: Path) -> None:
    small_model.save(path)
    sn.utils.set_random_seed(5)
    expected = layers.Dense(4)(np.ones((1, 4), "float32"))
    sn.utils.set_random_seed(5)
    sn.load_model(path)
    np.testing.assert_array_equal(layers.Dense(4)(np.ones((1, 4), "float32")), expected)


def test_a_failed_load_leaves_names_and_seed_alone(small_model: Any, path: Path, rewrite: Any) -> None:
    small_model.save(path)
    rewrite(lambda head, tensors: tensors.pop("weights/dense/kernel"))
    sn.utils.set_random_seed(0)
    expected = layers.Dense(4)(np.ones((1, 4), "float32"))
    sn.utils.set_random_seed(0)
    sn.utils.clear_session()
    with pytest.raises(sn.errors.ModelFileError):
        sn.load_model(path)
    layer = layers.Dense(4)
    assert layer.name == "dense"
    np.testing.assert_array_equal(layer(np.ones((1, 4), "float32")), expected)


def test_the_loaded_parameters_lie_in_one_vector(small_model: Any, reload: Reload) -> None:
    loaded = reload(small_model)
    assert [len(segment.values) for segment in loaded.segments] == [small_model.count_params()]


def test_saving_changes_nothing_and_gives_the_same_bytes_again(small_model: Any, tmp_path: Path) -> None:
    small_model.save(tmp_path / "a")
    small_model.save(tmp_path / "b")
    sn.load_model(tmp_path / "a").save(tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_other_programs_find_the_tensors_and_plain_json(small_model: Any, small_data: Any, path: Path) -> None:
    small_model.fit(*small_data, verbose=0)
    small_model.save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        names = sorted(file.keys())
        head = json.loads(file.metadata()["scratchnet"])
        kernel = file.get_tensor("weights/dense/kernel")
    parameters = [f"weights/dense{n}/{p}" for n in ("", "_1") for p in ("bias", "kernel")]
    assert names == ["optimizer/momentum", "optimizer/velocity", *parameters]
    np.testing.assert_array_equal(kernel, small_model.params["dense/kernel"])
    assert (head["format"], head["format_version"], head["scratchnet_version"]) == (
        "scratchnet model", 1, sn.__version__,
    )  # fmt: skip
    assert [layer["class"] for layer in head["model"]["layers"]] == ["InputLayer", "Dense", "Dense"]


def test_notes_come_back(small_model: Any, path: Path) -> None:
    notes = {"data": "trained on the mini subset", "Übung": "\n"}
    save_model(small_model, path, notes=notes)
    assert read_notes(path) == notes
    assert sn.load_model(path).count_params() == small_model.count_params()


def test_without_notes_there_are_none(small_model: Any, path: Path) -> None:
    small_model.save(path)
    assert read_notes(path) == {}


def test_notes_are_texts(small_model: Any, path: Path) -> None:
    with pytest.raises(TypeError, match="notes expected strings as keys and values, got 'epochs': 3"):
        save_model(small_model, path, notes={"epochs": 3})  # type: ignore[dict-item]
    assert not path.exists()


def test_a_model_is_only_written_over_if_it_may_be(small_model: Any, path: Path) -> None:
    small_model.save(filepath=path, overwrite=False)
    content = path.read_bytes()
    small_model.params["dense/kernel"][...] = 0
    for save in (small_model.save, lambda *given: save_model(small_model, *given)):
        with pytest.raises(FileExistsError, match="overwrite=False"):
            save(path, False)
    assert path.read_bytes() == content
    small_model.save(path)
    assert path.read_bytes() != content


class Squares(losses.MeanSquaredError):
    """A loss that whoever loads the file may not have."""


def test_a_model_can_be_loaded_without_what_it_was_compiled_with(small_model: Any, path: Path) -> None:
    small_model.compile("adam", Squares())
    small_model.fit(np.ones((4, 7)), np.ones((4, 3)), verbose=0)
    small_model.save(path)
    with pytest.raises(ModelFileError, match="Squares"):
        sn.load_model(path)
    loaded = sn.load_model(filepath=path, compile=False)
    assert loaded.optimizer is None
    assert loaded.loss is None
    for one, other in zip(loaded.get_weights(), small_model.get_weights()):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="compile of load_model"):
        sn.load_model(path, compile="no")  # type: ignore[arg-type]


def test_only_models_can_be_saved(path: Path) -> None:
    with pytest.raises(TypeError, match="save_model expected a Model, got"):
        save_model(layers.Dense(2), path)  # type: ignore[arg-type]


@st.composite
def random_graphs(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    """Draw a graph of width 3: layers new or used again, on any earlier tensor, with Adds, any ends."""
    inputs = [sn.Input((3,)) for _ in range(draw(st.integers(1, 3)))]
    tensors, used = list(inputs), []
    for _ in range(draw(st.integers(0, 6))):
        which = draw(st.sampled_from(["dense", "again", "add", "relu"]))
        source = draw(st.sampled_from(tensors))
        if which == "add":
            tensors.append(layers.Add()([source, *draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=3))]))
            continue
        if which == "again" and used:
            layer = draw(st.sampled_from(used))
        else:
            activation = draw(st.sampled_from(["linear", "tanh"]))
            layer = layers.ReLU() if which == "relu" else layers.Dense(3, activation, trainable=draw(st.booleans()))
            used.append(layer)
        tensors.append(layer(source))
    outputs = draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=3))
    needed = [tensor for tensor in inputs if any(_depends(output, tensor) for output in outputs)]
    given = draw(st.permutations(needed))
    return sn.Model(given[0] if len(given) == 1 and draw(st.booleans()) else given, outputs), given


def _depends(output: Any, tensor: Any) -> bool:
    return output is tensor or any(_depends(source, tensor) for source in output.inputs)


@given(graph=random_graphs())
def test_any_graph_comes_back(graph: Any, tmp_path_factory: Any) -> None:
    model, inputs = graph
    path = tmp_path_factory.getbasetemp() / "graph.safetensors"
    rng = np.random.default_rng(0)
    model.save(path)
    loaded = sn.load_model(path)
    xs = [rng.normal(size=(2, 3)).astype("float32") for _ in inputs]
    assert_same_model(loaded, model, *xs)
    assert_same_gradients(loaded, model, xs)


def assert_same_gradients(loaded: Any, model: Any, xs: list[Any]) -> None:
    for one in (model, loaded):
        plan = one.run_plan("predict")
        plan.backward([np.ones_like(y) for y in plan.forward(xs)])
    for name, gradient in model.grads.items():
        np.testing.assert_array_equal(loaded.grads[name], gradient, strict=True)
