from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, activations, architectures, callbacks, load_model, optimizers
from scratchnet.layers import (
    Activation,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    SeparableConv2D,
)
from scratchnet.utils import clear_session


def small(name=None):
    a = Input((3,))
    h = Dense(4, activation="relu", name="first")(a)
    return Model(a, Dense(2, activation="softmax", name="last")(h), name=name)


def test_models_are_named_as_in_keras():
    assert [small().name, small().name, Sequential().name, small("mine").name, small().name] == [
        "functional",
        "functional_1",
        "sequential",
        "mine",
        "functional_2",
    ]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Sequential([Dense(2)]), "functional"),
        (lambda: Sequential([Input((3,)), Dense(2)]), "functional_1"),
        (lambda: Sequential([Dense(2)]).build((None, 3)), "functional_1"),
        (lambda: Sequential([Input((3,)), Dense(2)]).add(Dense(2)), "functional_2"),
        (lambda: Sequential([Input((3,)), Dense(2), Dense(2)]).pop(), "functional_2"),
    ],
)
def test_a_sequential_counts_among_the_functional_models_as_in_keras(make, name):
    make()
    assert small().name == name


@pytest.mark.parametrize(("make", "count"), [(architectures.mlp, 203_530), (architectures.cnn, 302_026)])
def test_the_notebooks_networks_have_its_numbers_of_parameters(make, count):
    model = make()
    assert model.count_params() == count
    assert model.output_shape == (None, 10)
    assert model.loss is None


def test_prediction_is_new_memory_and_repeats(backend, rng):
    model = small()
    x = rng.normal(size=(7, 3))
    first = model.predict(x, verbose=0)
    kept = first.copy()
    model.predict(x + 1, verbose=0)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(model.predict(x, verbose=0), kept)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_prediction_does_not_depend_on_the_batch_size(backend, batch_size, rng):
    model = small()
    x = rng.normal(size=(7, 3))
    np.testing.assert_allclose(model.predict(x, batch_size=batch_size, verbose=0), model(x), rtol=1e-6)


def test_weights_go_out_and_in(rng):
    model, twin = small(), small()
    twin.set_weights(model.get_weights())
    x = rng.normal(size=(4, 3))
    np.testing.assert_array_equal(model(x), twin(x))


def test_wrong_weights_are_refused_and_nothing_changes():
    model = small()
    before = model.get_weights()
    wrong = [*before[:3], np.ones(5)]
    with pytest.raises(ValueError, match=r"expected last/bias of shape \(2,\), got \(5,\)"):
        model.set_weights(wrong)
    with pytest.raises(ValueError, match=r"model 'functional' expected 4 arrays \(first/kernel, .*\), got 3"):
        model.set_weights(before[:3])
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before))


def test_get_layer_by_name_and_index():
    model = small()
    assert model.get_layer("first") is model.get_layer(index=1) is model.layers[1]
    with pytest.raises(ValueError, match="Unknown layer name 'frist': did you mean 'first'"):
        model.get_layer("frist")
    with pytest.raises(ValueError, match="index below 3, got 3"):
        model.get_layer(index=3)
    with pytest.raises(ValueError, match="either a name or an index"):
        model.get_layer()


def test_outputs_of_inner_layers_make_a_model_of_their_own(rng):
    model = architectures.cnn()
    inner = Model(model.inputs, [layer.output for layer in model.layers[1:3]])
    maps = inner.predict(rng.random((2, 28, 28, 1)), verbose=0)
    assert [m.shape for m in maps] == [(2, 27, 27, 32), (2, 13, 13, 32)]


def test_compile_refuses_unknown_names():
    model = small()
    with pytest.raises(ValueError, match="Unknown loss 'sparse_categorical_crossentropi': did you mean 'sparse_cat"):
        model.compile(loss="sparse_categorical_crossentropi")
    with pytest.raises(ValueError, match="Unknown metric 'accurracy'"):
        model.compile(loss="mse", metrics=["accurracy"])
    with pytest.raises(ValueError, match="Unknown optimizer 'adams'"):
        model.compile("adams", "mse")
    with pytest.raises(ValueError, match="compile expected a loss, one of"):
        model.compile()
    assert model.loss is model.optimizer is None


def test_a_softmax_before_a_loss_from_logits_is_warned_about():
    from scratchnet.losses import SparseCategoricalCrossentropy

    with pytest.warns(UserWarning, match="from_logits=True but the model ends in a softmax"):
        small().compile("sgd", SparseCategoricalCrossentropy(from_logits=True))


@pytest.mark.parametrize(
    ("loss", "activation", "ending"),
    [
        ("sparse_categorical_crossentropy", None, 'linear: end it in activation="softmax"'),
        ("categorical_crossentropy", "tanh", 'tanh: end it in activation="softmax"'),
        ("binary_crossentropy", "relu", 'relu: end it in activation="sigmoid"'),
    ],
)
def test_a_crossentropy_of_what_are_no_probabilities_is_warned_about(loss, activation, ending):
    words = f"{loss} expected probabilities but the model ends in the activation {ending}, or give .* from_logits=True"
    given = Sequential([Input((3,)), Dense(2, activation)])
    with pytest.warns(UserWarning, match=words):
        given.compile("sgd", loss)
    waiting = Sequential([Dense(2, activation)])
    waiting.compile("sgd", loss)
    with pytest.warns(UserWarning, match=words):
        waiting.build((None, 3))
    x = Input((3,))
    two = Model(x, [Dense(2, name="a")(x), Dense(2, activation, name="b")(x)])
    with pytest.warns(UserWarning, match=f"{loss} expected probabilities but output 'b' ends"):
        two.compile("sgd", ["mse", loss])


@pytest.mark.parametrize(
    "last", [Conv2DTranspose(1, 2), SeparableConv2D(1, 2), Activation("tanh"), LeakyReLU(), ReLU()]
)
def test_it_is_warned_about_whichever_of_our_layers_the_model_ends_in(last):
    with pytest.warns(UserWarning, match="binary_crossentropy expected probabilities but the model ends in"):
        Sequential([Input((4, 4, 1)), last]).compile("sgd", "binary_crossentropy")


class OfMyOwn(activations.Linear):
    """Who knows what a user's function makes."""


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "exponential", OfMyOwn()])
def test_what_may_be_probabilities_is_not_warned_about(activation):
    for loss in ("sparse_categorical_crossentropy", "binary_crossentropy"):
        Sequential([Input((3,)), Dense(2, activation)]).compile("sgd", loss)


def test_sequential_is_the_functional_model_of_its_chain(rng):
    chain = Sequential([Input((8, 8, 1)), Conv2D(2, 3, activation="relu"), MaxPool2D(), Flatten(), Dense(3)])
    x = first = Input((8, 8, 1))
    for layer in chain.layers:
        x = layer(x)
    images = rng.random((2, 8, 8, 1))
    np.testing.assert_array_equal(chain(images), Model(first, x)(images))
    assert [type(layer).__name__ for layer in chain.layers] == ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]


def test_sequential_without_input_is_built_by_its_first_data(rng):
    model = Sequential([Dense(4), Dense(2)])
    with pytest.raises(AttributeError, match=r"'sequential' is not built yet.*begin it with Input"):
        model.summary()
    assert model.predict(rng.random((5, 3)), verbose=0).shape == (5, 2)
    assert model.count_params() == 26


def test_sequential_grows_and_shrinks():
    model = Sequential([Input((3,))])
    model.add(Dense(4))
    model.add(Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 4)
    with pytest.raises(TypeError, match="expected a layer, got 3"):
        model.add(3)
    with pytest.raises(ValueError, match="Input only as its first layer"):
        model.add(Input((3,)))
    with pytest.raises(ValueError, match="has a layer named 'dense' already"):
        model.add(Dense(1, name="dense"))


def test_summary_of_the_notebooks_mlp(capsys):
    clear_session()
    x = Input(shape=(28, 28))
    h = Flatten()(x)
    h = Dense(256, activation="relu", name="Hidden")(h)
    model = Model(x, Dense(10, activation="softmax", name="Output")(h))
    model.summary(line_length=88)
    assert (
        capsys.readouterr().out
        == """\
Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ input_layer (InputLayer)             │ (None, 28, 28)              │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ flatten (Flatten)                    │ (None, 784)                 │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ Hidden (Dense)                       │ (None, 256)                 │         200,960 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ Output (Dense)                       │ (None, 10)                  │           2,570 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 203,530 (795.04 KB)
 Trainable params: 203,530 (795.04 KB)
 Non-trainable params: 0 (0.00 B)
"""
    )


def test_summary_goes_to_print_fn_whole():
    texts = []
    architectures.cnn().summary(print_fn=texts.append)
    (text,) = texts
    assert " Total params: 302,026 (1.15 MB)\n" in text
    assert "\x1b" not in text


def test_summary_of_a_branching_graph_says_what_is_connected_to_what():
    a = Input((3,), name="a")
    model = Model(a, a + Dense(3, name="d")(a))
    texts = []
    model.summary(print_fn=texts.append, line_length=100)
    assert "d[0][0]" in texts[0]
    assert "a[0][0]" in texts[0]


def test_a_refused_sequential_leaves_its_layers_free_for_another():
    first = Dense(4)
    with pytest.raises(ValueError, match="expected images"):
        Sequential([Input((5,)), first, Conv2D(3, 2)])
    model = Sequential([Input((5,)), first])
    assert first.output is model.output


def test_a_refused_add_leaves_the_model_as_it_was(tmp_path):
    model = Sequential([Input((5,)), Dense(4)])
    for refused in (Conv2D(3, 2), "dense", Dense(2, name=model.layers[0].name)):
        with pytest.raises((ValueError, TypeError)):
            model.add(refused)
    assert len(model.layers) == 1
    model.save(tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors").output_shape == (None, 4)


def test_a_build_that_is_refused_leaves_the_model_waiting():
    model = Sequential([Dense(4), Conv2D(3, 2)])
    with pytest.raises(ValueError, match="expected images"):
        model.build((None, 5))
    assert not model.built
    model.pop()
    model.build((None, 5))
    assert model.output_shape == (None, 4)


@pytest.mark.parametrize("in_a_list", [(True, True), (False, True), (True, False)])
def test_the_result_for_a_single_output_is_an_array_also_where_it_was_given_in_a_list(backend, in_a_list, rng):
    i = Input((3,))
    o = Dense(2)(i)
    model = Model([i] if in_a_list[0] else i, [o] if in_a_list[1] else o)
    x = rng.normal(size=(40, 3)).astype("float32")
    expected = x @ model.get_weights()[0]
    seen = []
    hook = callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(logs["outputs"]))
    for y in (
        model.predict(x, verbose=0),
        model.predict([x], 32, verbose=0),
        model.predict_on_batch(x),
        model(x),
        model([x]),
    ):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    model.predict(x, verbose=0, callbacks=[hook])
    np.testing.assert_allclose(np.concatenate(seen), expected, rtol=1e-5, atol=1e-6)
    assert isinstance(model.output, list) is in_a_list[1]


@pytest.mark.parametrize(
    "make", [lambda: Sequential([Input((3,)), Dense(2)], False), lambda: frozen_model()], ids=["row", "graph"]
)
def test_a_model_may_begin_frozen(make):
    model = make()
    assert not model.trainable
    assert model.trainable_weights == []
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))
    model.trainable = True
    assert len(model.trainable_weights) == 2


def frozen_model():
    i = Input((3,))
    return Model(i, Dense(2)(i), trainable=False)


def test_whether_a_model_is_trained_is_said_by_true_or_false():
    with pytest.raises(ValueError, match="trainable"):
        Sequential([Dense(2)], "a name")


@pytest.mark.parametrize("name", ["__name__", "__qualname__", "__wrapped__", "nothing"])
@pytest.mark.parametrize("shape", [[], [Input((3,))]])
def test_what_a_sequential_has_not_is_an_attribute_error(name, shape):
    model = Sequential([*shape, Dense(2)])
    assert getattr(model, name, None) is None
    assert not hasattr(model, name)


@pytest.mark.parametrize("value", [optimizers.SGD(0.5), "adam", None])
def test_an_optimizer_comes_by_compile_alone(value: Any) -> None:
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", "mse")
    compiled = model.optimizer
    with pytest.raises(AttributeError, match=r"expected an optimizer by compile, .*: call compile\(optimizer, loss\)"):
        model.optimizer = value
    model.optimizer = compiled
    assert model.optimizer is compiled


@pytest.mark.parametrize("name", ["dtype", "inputs", "outputs", "graph"])
def test_what_a_model_is_made_of_stays(name: str) -> None:
    model = Sequential([Input((3,)), Dense(2)])
    before = getattr(model, name)
    with pytest.raises(AttributeError, match=f"expected its {name} to stay as it is, got 'float64': make a new model"):
        setattr(model, name, "float64")
    assert getattr(model, name) is before
