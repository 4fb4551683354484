"""Classes of the user's own: the file names them, the caller hands them in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import ModelFileError

Reload = Callable[..., Any]


class Scale(layers.Layer):
    """y = factor · w · x, with an argument of every type that JSON has no exact word for."""

    def __init__(self, factor: float, shape: tuple[int, ...] = (1, 2), table: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor, self.shape, self.table = factor, shape, table

    def build(self, input_shape: Any) -> None:
        self.add_weight("w", (input_shape[-1],), "ones")

    def forward(self, x: Any, training: bool = False) -> Any:
        self._x = x
        return (self.factor * self.params["w"] * x).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        self.grads["w"][...] = (dy * self.factor * self._x).sum(axis=0)
        return (dy * self.factor * self.params["w"]).astype(dy.dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"factor": self.factor, "shape": self.shape, "table": self.table}
        return {**super().get_config(), **own}


class Square(layers.Layer):
    """A layer that takes no argument at all, not even a name."""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: Any, training: bool = False) -> Any:
        self._x = x
        return x * x

    def backward(self, dy: Any) -> Any:
        return 2 * dy * self._x


class Leaky(sn.activations.ActivationFunction):
    name: ClassVar[str] = "leaky"

    def __init__(self, slope: float = 0.1) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x, self.slope * x).astype(x.dtype)

    def backward(self, dy: Any, y: Any) -> Any:
        return np.where(y > 0, dy, self.slope * dy).astype(dy.dtype)

    def get_config(self) -> dict[str, Any]:
        return {"slope": self.slope}


class Constant(sn.initializers.Initializer):
    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Any:
        return np.full(shape, self.value, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class Halving(sn.schedules.LearningRateSchedule):
    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: int) -> float:
        return self.start * 0.5**step


class SignDescent(sn.optimizers.Optimizer):
    slot_names = ("previous",)

    def __init__(self, learning_rate: Any = 0.01, weight_decay: float | None = None, damping: float = 0.5) -> None:
        super().__init__(learning_rate, weight_decay)
        self.damping = damping

    def update(self, w: Any, g: Any, slots: Any, learning_rate: float) -> None:
        (previous,) = slots
        previous *= self.damping
        previous += np.sign(g)
        w -= learning_rate * previous

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "damping": self.damping}


class Doubled(sn.losses.MeanSquaredError):
    name = "doubled"

    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        return self.factor * super().forward(y_true, y_pred, sample_weight)

    def backward(self) -> Any:
        return self.factor * super().backward()

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}


class LargestError(sn.metrics.Metric):
    default_name = "largest_error"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return np.abs(y_true - y_pred).max(axis=1)


CUSTOM: dict[str, type] = {
    cls.__name__: cls for cls in (Scale, Square, Leaky, Constant, Halving, SignDescent, Doubled, LargestError)
}


def custom_model() -> Any:
    x = inputs = sn.Input((4,))
    x = Scale(0.5, shape=(3, 3), table={"rows": [(1, 2), None], "on": True, "size": np.float32(0.1)}, name="scale")(x)
    x = layers.Dense(5, activation=Leaky(0.25), kernel_initializer=Constant(0.125), name="leaky")(Square()(x))
    model = sn.Model(inputs, layers.Dense(2)(x))
    model.compile(SignDescent(Halving(0.1), damping=0.25), Doubled(3.0), [LargestError("worst")])
    return model


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(20, 4)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")


def test_a_model_of_custom_parts_goes_on_training(backend: str, reload: Reload) -> None:
    model = custom_model()
    model.fit(*data(), verbose=0, shuffle=False)
    loaded = reload(model, custom_objects=CUSTOM)
    histories = [one.fit(*data(), verbose=0, shuffle=False, epochs=2).history for one in (model, loaded)]
    assert histories[0] == histories[1]
    assert list(histories[0]) == ["loss", "worst"]
    for name, param in model.params.items():
        np.testing.assert_array_equal(loaded.params[name], param, strict=True)


def test_custom_arguments_come_back_exactly(reload: Reload) -> None:
    loaded = reload(custom_model(), custom_objects=CUSTOM)
    scale, dense = loaded.get_layer("scale"), loaded.get_layer("leaky")
    assert scale.shape == (3, 3)
    assert scale.table == {"rows": [(1, 2), None], "on": True, "size": float(np.float32(0.1))}
    assert dense.activation.slope == 0.25
    assert dense.kernel_initializer.value == 0.125
    assert (loaded.optimizer.damping, loaded.loss.factor) == (0.25, 3.0)
    assert loaded.optimizer.learning_rate == 0.1


def test_a_layer_without_arguments_keeps_name_dtype_and_trainable(reload: Reload) -> None:
    inputs = sn.Input((3,))
    layer = Square()
    layer.name, layer.trainable = "mine", False
    loaded = reload(sn.Model(inputs, layer(inputs)), custom_objects=CUSTOM).layers[1]
    assert (loaded.name, loaded.dtype, loaded.trainable) == ("mine", "float32", False)


@pytest.mark.parametrize("name", CUSTOM)
def test_a_missing_class_is_named_with_what_to_do(name: str, reload: Reload) -> None:
    others = {key: cls for key, cls in CUSTOM.items() if key != name}
    with pytest.raises(ModelFileError) as caught:
        reload(custom_model(), custom_objects=others)
    assert f"class '{name}', for it is not scratchnet's own" in str(caught.value)
    assert f'pass custom_objects={{"{name}": {name}}}' in str(caught.value)


def test_a_subclass_is_never_taken_for_the_built_in_class_of_its_name(backend: str, reload: Reload) -> None:
    class Dense(layers.Dense):
        def forward(self, x: Any, training: bool = False) -> Any:
            return -super().forward(x, training)

    inputs = sn.Input((3,))
    model = sn.Model(inputs, Dense(2)(inputs))
    with pytest.raises(ModelFileError, match="unknown layer class 'Dense'"):
        reload(model)
    x = np.ones((1, 3), "float32")
    y = reload(model, custom_objects={"Dense": Dense})(x)
    np.testing.assert_allclose(y, -(x @ model.params["dense/kernel"]), rtol=1e-6)


def test_an_activation_is_never_taken_for_the_built_in_one_of_its_name(backend: str, reload: Reload) -> None:
    class Mirrored(sn.activations.ReLU):
        def forward(self, x: Any) -> Any:
            return -super().forward(x)

    inputs = sn.Input((3,))
    model = sn.Model(inputs, layers.Dense(2, activation=Mirrored(), kernel_initializer="ones")(inputs))
    with pytest.raises(ModelFileError, match="unknown activation class 'Mirrored'"):
        reload(model)
    y = reload(model, custom_objects={"Mirrored": Mirrored})(np.ones((1, 3), "float32"))
    np.testing.assert_array_equal(y, [[-3, -3]])


def test_a_class_handed_in_stands_for_the_built_in_one(small_model: Any, reload: Reload) -> None:
    class Loud(layers.Dense):
        pass

    assert type(reload(small_model, custom_objects={"Dense": Loud}).layers[0]) is Loud


@pytest.mark.parametrize("base", [sn.Model, sn.Sequential])
def test_a_model_class_comes_back(base: Any, reload: Reload) -> None:
    mine = type("Mine", (base,), {"answer": lambda self: 42})
    if base is sn.Sequential:
        model = mine([sn.Input((3,)), layers.Dense(2)])
    else:
        inputs = sn.Input((3,))
        model = mine(inputs, layers.Dense(2)(inputs))
    assert reload(model, custom_objects={"Mine": mine}).answer() == 42
    with pytest.raises(ModelFileError, match="unknown model class 'Mine'"):
        reload(model)


def test_an_object_instead_of_a_class_is_refused(path: Path) -> None:
    with pytest.raises(TypeError, match=r"custom_objects expected the class itself for 'Leaky', not an object of it"):
        sn.load_model(path, custom_objects={"Leaky": Leaky()})  # type: ignore[dict-item]


def test_a_class_of_the_wrong_kind_is_refused(reload: Reload) -> None:
    with pytest.raises(ModelFileError, match="the layer class 'Scale' should be a Layer, and custom_objects has"):
        reload(custom_model(), custom_objects={**CUSTOM, "Scale": dict})


def test_a_layer_that_changed_since_is_refused(reload: Reload) -> None:
    class Changed(Scale):
        def build(self, input_shape: Any) -> None:
            self.add_weight("w", (2, 2))

    with pytest.raises(ModelFileError, match=r"expected 'weights/scale/w' to be float32 of shape \(2, 2\)"):
        reload(custom_model(), custom_objects={**CUSTOM, "Scale": Changed})


def test_a_layer_that_raises_is_explained(reload: Reload) -> None:
    class Broken(Scale):
        def __init__(self, **kwargs: Any) -> None:
            raise ZeroDivisionError("boom")

    with pytest.raises(ModelFileError, match=r"the layer Broken cannot be made from the arguments .*: boom"):
        reload(custom_model(), custom_objects={**CUSTOM, "Scale": Broken})


# What could not be made again is refused when it is saved -------------------------------------------------------------


def saved_with(layer: layers.Layer, path: Path) -> None:
    inputs = sn.Input((3,))
    sn.Model(inputs, layer(inputs)).save(path)


class Forgetful(Square):
    def __init__(self, power: int = 2) -> None:
        super().__init__()


class Talkative(Square):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": 2}


class Holding(Square):
    def __init__(self, thing: Any) -> None:
        super().__init__()
        self.thing = thing

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thing": self.thing}


def test_an_argument_that_get_config_leaves_out_is_named(path: Path) -> None:
    with pytest.raises(
        TypeError, match=r"Cannot save the layer Forgetful 'forgetful': its get_config\(\) leaves out 'pow"
    ):
        saved_with(Forgetful(3), path)
    assert not path.exists()


def test_an_argument_that_init_does_not_take_is_named(path: Path) -> None:
    with pytest.raises(TypeError, match=r"its get_config\(\) returns 'power', which its __init__ does not take"):
        saved_with(Talkative(), path)


@pytest.mark.parametrize("thing", [np.zeros(2), {1: 2}, {"!tuple": []}, object(), [{"deep": (b"bytes",)}]])
def test_an_argument_that_json_cannot_hold_is_named(thing: Any, path: Path) -> None:
    with pytest.raises(TypeError, match=r"Cannot save 'thing' of layer Holding 'holding': get_config\(\) may return"):
        saved_with(Holding(thing), path)
    assert not path.exists()


def test_a_layer_among_the_arguments_comes_back(reload: Reload) -> None:
    inputs = sn.Input((3,))
    model = sn.Model(inputs, Holding(Scale(2.0, name="inner"))(inputs))
    inner = reload(model, custom_objects={**CUSTOM, "Holding": Holding}).layers[1].thing
    assert (type(inner), inner.name, inner.factor) == (Scale, "inner", 2.0)


def test_from_config_decides_what_it_takes(reload: Reload) -> None:
    class Packed(Square):
        def __init__(self, power: int = 1) -> None:
            super().__init__()
            self.power = power

        def get_config(self) -> dict[str, Any]:
            return {"packed": str(self.power)}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Packed:
            return cls(int(config["packed"]))

    inputs = sn.Input((3,))
    assert reload(sn.Model(inputs, Packed(7)(inputs)), custom_objects={"Packed": Packed}).layers[1].power == 7
