"""Models as layers of others: the same structure, text and numbers as in Keras, over several steps of fine-tuning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from reference.environment import backend, floatx, keras, tf

pytestmark = pytest.mark.usefixtures("eagerly")

RNG = np.random.default_rng(11)
BOTH = [sn, keras]
SIDES = ("numpy", "numba")
IMAGES = RNG.normal(1, 2, (16, 6, 6, 2))
ROWS = RNG.normal(0, 1, (16, 4))
NORM = [np.array(a) for a in ([1.5, 0.5, 2.0], [0.25, -0.5, 0.0], [0.5, -0.25, 1.0], [2.0, 0.75, 1.25])]


def base_model(lib: Any) -> Any:
    inputs = lib.Input((6, 6, 2))
    x = lib.layers.Conv2D(3, 3, name="conv")(inputs)
    x = lib.layers.BatchNormalization(name="norm", momentum=0.75, epsilon=0.25)(x)
    return lib.Model(inputs, lib.layers.ReLU(name="relu")(x), name="base")


class AtRest(keras.layers.Layer):
    """Runs a model in inference mode always, which Keras's ``base(x, training=False)`` promises."""

    def __init__(self, model: Any) -> None:
        super().__init__(name="at_rest")
        self.model = model

    def call(self, x: Any) -> Any:
        return self.model(x, training=False)


def transfer(lib: Any, at_rest: bool = False) -> Any:
    """Augmentation in a Sequential, a convolutional base, a new head whose names are those of the base's layers."""
    base = base_model(lib)
    inputs = lib.Input((6, 6, 2))
    x = lib.Sequential([lib.layers.Rescaling(0.5), lib.layers.Rescaling(1.0, 0.125)], name="augmentation")(inputs)
    if at_rest:
        x = base(x, training=False) if lib is sn else AtRest(base)(x)
    else:
        x = base(x)
    x = lib.layers.GlobalAveragePooling2D()(x)
    return lib.Model(inputs, lib.layers.Dense(3, activation="softmax", name="conv")(x), name="transfer")


def siamese(lib: Any) -> Any:
    shared = lib.Sequential([lib.layers.Dense(3, activation="tanh"), lib.layers.Dense(2)], name="tower")
    a, b = lib.Input((4,)), lib.Input((4,))
    return lib.Model([a, b], lib.layers.Dense(1)(lib.layers.Subtract()([shared(a), shared(b)])), name="siamese")


def crossed(lib: Any) -> Any:
    """Two inputs and two outputs inside, called twice, with only some of the outputs used."""
    a, b = lib.Input((4,)), lib.Input((4,))
    both = lib.layers.Add()([a, lib.layers.Dense(4, name="turn")(b)])
    inner = lib.Model([a, b], [lib.layers.Dense(2)(both), lib.layers.Dense(3)(both)], name="inner")
    p, q = lib.Input((4,)), lib.Input((4,))
    two, _ = inner([p, q])
    _, three = inner([q, p])
    return lib.Model([p, q], lib.layers.Dense(1)(lib.layers.Concatenate()([three, two])), name="crossed")


def deep(lib: Any) -> Any:
    """Four models, one in the other, with layers of the same name."""
    model = None
    for level in range(4):
        inputs = lib.Input((4,))
        x = inputs if model is None else model(inputs)
        model = lib.Model(inputs, lib.layers.Dense(4, activation="tanh", name="dense")(x), name=f"level{level}")
    return model


def rows_of_rows(lib: Any) -> Any:
    inner = lib.Sequential([lib.layers.Dense(3), lib.layers.BatchNormalization()], name="inner")
    return lib.Sequential(
        [
            lib.Input((4,)),
            lib.Sequential([inner, lib.layers.Dense(2)], name="middle"),
            lib.layers.Dense(1, name="inner"),
        ]
    )


def on_a_base(lib: Any) -> Any:
    return lib.Sequential([base_model(lib), lib.layers.GlobalAveragePooling2D(), lib.layers.Dense(1)])


MANY = [transfer, siamese, crossed, deep, rows_of_rows, on_a_base]


def data_for(model: Any) -> tuple[Any, Any]:
    x = [ROWS, -ROWS[::-1] / 2] if len(model.inputs) > 1 else IMAGES if len(model.inputs[0].shape) == 4 else ROWS
    return x, RNG.normal(size=(16, *model.outputs[0].shape[1:]))


def texts(model: Any, **arguments: Any) -> str:
    printed: list[str] = []
    model.summary(print_fn=lambda text, **_: printed.append(text), **arguments)
    return "\n".join(line.rstrip() for line in "\n".join(printed).splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"expand_nested": True},
        {"show_trainable": True},
        {"expand_nested": True, "show_trainable": True, "line_length": 76},
        {"expand_nested": True, "positions": "chain"},
    ],
    ids=str,
)
@pytest.mark.parametrize("make", MANY)
def test_summary_is_keras_s(make: Any, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    models = [make(lib) for lib in BOTH]
    if "positions" in arguments:
        graph = "Connected to" in texts(models[1])
        arguments = arguments | {"positions": [0.35, 0.6, 0.7, 1.0] if graph else [0.5, 0.8, 1.0]}
    for model in models:
        model.layers[-2].trainable = False
    assert texts(models[0], **arguments) == texts(models[1], **arguments)


@pytest.mark.parametrize("layer_range", [("base", "conv"), ("aug", "global.*"), ("conv", "base"), ["base", "base"]])
def test_a_range_of_layers_in_the_summary(layer_range: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ours, theirs = (texts(transfer(lib), layer_range=layer_range, expand_nested=True) for lib in BOTH)
    assert ours == theirs


@pytest.mark.parametrize("make", MANY)
def test_layers_and_weights_come_in_keras_s_order(make: Any) -> None:
    ours, theirs = (make(lib) for lib in BOTH)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [a.shape for a in ours.get_weights()] == [a.shape for a in theirs.get_weights()]
    assert [name.rpartition("/")[2] for name in ours.named_weights] == [w.name for w in theirs.weights]
    marked = [np.full_like(a, i) for i, a in enumerate(ours.get_weights())]
    for model in (ours, theirs):
        model.set_weights(marked)
    for ours_inside, theirs_inside in zip(ours.layers, theirs.layers, strict=True):
        for mine, others in zip(ours_inside.get_weights(), theirs_inside.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, others)
    assert ours.count_params() == theirs.count_params()


def same(ours: Any, theirs: Any, what: str) -> None:
    for i, (mine, others) in enumerate(zip(ours.get_weights(), theirs.get_weights(), strict=True)):
        difference = np.abs(mine - others).max() / max(np.abs(others).max(), 1)
        assert difference <= 1e-10, f"{what}: {list(ours.named_weights)[i]} is {difference:.1e} apart"


def keras_gradients(model: Any, x: Any, y: Any, loss: Any) -> list[Any]:
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(y, model(x, training=True)))
    return [np.asarray(g) for g in tape.gradient(value, [v.value for v in model.trainable_variables])]


@pytest.mark.parametrize("make", MANY)
def test_values_gradients_and_steps(make: Any) -> None:
    with floatx("float64"):
        theirs, ours = make(keras), {side: make(sn) for side in SIDES}
        start = theirs.get_weights()
        x, y = data_for(ours["numpy"])
        y = np.abs(y) / np.abs(y).sum(-1, keepdims=True) if make is transfer else y
        name = "categorical_crossentropy" if make is transfer else "mse"
        predicted = theirs.predict(x, verbose=0)
        slopes = keras_gradients(theirs, x, y, keras.losses.get(name))
        for lib, model in ((keras, theirs), *((sn, model) for model in ours.values())):
            model.set_weights(start)  # running means included
            model.compile(optimizer=lib.optimizers.SGD(0.03125, momentum=0.5), loss=name)
        for side, model in ours.items():
            with backend(side):
                np.testing.assert_allclose(model.predict(x, verbose=0), predicted, rtol=0, atol=1e-10, err_msg=side)
        for step in range(4):
            expected = float(theirs.train_on_batch(x, y))
            for side, model in ours.items():
                with backend(side):
                    assert float(model.train_on_batch(x, y)) == pytest.approx(expected, rel=1e-10), side
                same(model, theirs, f"{side}, step {step}")
                for gradient, slope in zip(model.grads.values(), slopes, strict=True) if step == 0 else ():
                    np.testing.assert_allclose(gradient, slope, rtol=0, atol=1e-10, err_msg=side)


@pytest.mark.parametrize("optimizer", ["SGD", "RMSprop", "AdamW"])
def test_transfer_learning_then_fine_tuning(optimizer: str) -> None:
    """As in Keras's guide: a frozen base and a new head; then the base thaws, some of its layers, at rest all along."""
    labels = RNG.integers(0, 3, 16)
    with floatx("float64"):
        theirs, ours = transfer(keras, at_rest=True), {side: transfer(sn, at_rest=True) for side in SIDES}
        start = theirs.get_weights()
        all_of_them = [(keras, theirs, theirs.get_layer("at_rest").model)]
        all_of_them += [(sn, model, model.get_layer("base")) for model in ours.values()]
        for _, model, base in all_of_them:
            model.set_weights(start)
            base.get_layer("norm").set_weights(NORM)
        for thawed in (None, 2, 3):
            for lib, model, base in all_of_them:
                base.trainable = False
                base.trainable = thawed is not None  # Keras overlooks what is set to the value that it has
                for layer in base.layers[: -(thawed or 1)]:
                    layer.trainable = False
                options = {"beta_2": 0.75, "beta_1": 0.5} if optimizer == "AdamW" else {}
                options |= {"rho": 0.75} if optimizer == "RMSprop" else {}
                chosen = getattr(lib.optimizers, optimizer)(0.03125, **options, weight_decay=0.125)
                model.compile(optimizer=chosen, loss="sparse_categorical_crossentropy")
            for model in ours.values():
                trained = sum(int(np.prod(v.shape)) for v in theirs.trainable_variables)
                assert sum(s.values.size for s in model.segments) == trained
            for step in range(3):
                expected = float(theirs.train_on_batch(IMAGES, labels))
                for side, model in ours.items():
                    with backend(side):
                        assert float(model.train_on_batch(IMAGES, labels)) == pytest.approx(expected, rel=1e-10)
                    same(model, theirs, f"{side}, {thawed} layers, step {step}")


def test_the_summary_between_freezing_and_compiling_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the guide prints it: the optimizer still holds what it has moved, the counts are those to come."""
    monkeypatch.setenv("COLUMNS", "80")
    printed = []
    for lib in BOTH:
        model = transfer(lib)
        base = model.get_layer("base")
        base.trainable = False
        model.compile(optimizer=lib.optimizers.Adam(), loss="categorical_crossentropy")
        model.train_on_batch(IMAGES, np.eye(3)[np.arange(16) % 3])
        base.trainable = True
        printed.append(texts(model, show_trainable=True))
        assert "Optimizer params" in printed[-1]
    assert printed[0] == printed[1]


def test_every_chain_counts_among_the_names_of_functional_models() -> None:
    names: list[list[str]] = []
    for lib in BOTH:
        names.append([])
        x = lib.Input((4,))

        def next_name(lib: Any = lib, x: Any = x) -> None:
            names[-1].append(lib.Model(x, lib.layers.Dense(1)(x)).name)

        model = lib.Sequential([lib.Input((4,)), lib.layers.Dense(2)])
        next_name()
        model.add(lib.layers.Dense(2))
        model.pop()
        next_name()
        lib.Sequential([lib.layers.Dense(2)])(x)
        next_name()
        lib.Sequential([lib.layers.Dense(2)]).build((None, 4))
        lib.Sequential([lib.layers.Dense(2)])
        next_name()
        lib.Sequential([model, lib.layers.Dense(2)])
        next_name()
    assert names[0] == names[1]
