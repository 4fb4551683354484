"""What holds arrays that look like parameters, and is not understood, is refused with the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.gradient_check import check_layer, check_model


def draw(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape)


class Linear:
    """y = x W + b, for subclasses that keep W and b in their own ways; gradients are wrong on purpose."""

    weights: Any  # of a subclass: returns W and b
    keep: Any  # of a subclass: takes dW and db

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        W, b = self.weights()
        return (x @ W + b).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        self.keep(7 * self.x.T @ dy, 3 * dy.sum(axis=0))
        return (dy @ self.weights()[0].T).astype(dy.dtype)


class Attributes(Linear):
    def __init__(self) -> None:
        self.W, self.b = draw(3, 2), np.zeros(2)

    def weights(self) -> Any:
        return self.W, self.b

    def keep(self, dW: Any, db: Any) -> None:
        self.dW, self.db = dW, db


class Words(Linear):
    def __init__(self) -> None:
        self.gamma, self.beta = draw(3, 2), np.zeros(2, np.float32)

    def weights(self) -> Any:
        return self.gamma, self.beta

    def keep(self, dW: Any, db: Any) -> None:
        self.grad_gamma, self.beta_grad = dW, db


class OneList(Linear):
    def __init__(self) -> None:
        self.weights_and_bias = [draw(3, 2), np.zeros(2)]

    def weights(self) -> Any:
        return self.weights_and_bias

    def keep(self, dW: Any, db: Any) -> None:
        self.gradients = [dW, db]


class OneTuple(OneList):
    def __init__(self) -> None:
        self.weights_and_bias: Any = (draw(3, 2), np.zeros(2))


class OtherDictionary(Linear):
    def __init__(self) -> None:
        self.layers_params = {"dense": {"W": draw(3, 2), "b": np.zeros(2)}}

    def weights(self) -> Any:
        return tuple(self.layers_params["dense"].values())

    def keep(self, dW: Any, db: Any) -> None:
        self.layers_grads = {"dense": {"W": dW, "b": db}}


class Parameter:
    def __init__(self, data: Any) -> None:
        self.data, self.grad = data, None


class LikeTorch(Linear):
    def __init__(self) -> None:
        self.weight, self.bias = Parameter(draw(3, 2)), Parameter(np.zeros(2))

    def weights(self) -> Any:
        return self.weight.data, self.bias.data

    def keep(self, dW: Any, db: Any) -> None:
        self.weight.grad, self.bias.grad = dW, db


class OnTheClass(Linear):
    W, b = draw(3, 2), np.zeros(2)

    def weights(self) -> Any:
        return self.W, self.b

    def keep(self, dW: Any, db: Any) -> None:
        pass


def in_a_function() -> Any:
    W, b, dW, db = draw(3, 2), np.zeros(2), np.zeros((3, 2)), np.zeros(2)

    class InAFunction(Linear):
        def weights(self) -> Any:
            return W, b

        def keep(self, new_dW: Any, new_db: Any) -> None:
            dW[...], db[...] = new_dW, new_db

    return InAFunction()


OF_THE_MODULE = {"W": np.random.default_rng(0).normal(size=(3, 2)), "b": np.zeros(2)}


class InTheModule(OnTheClass):
    def weights(self) -> Any:
        return OF_THE_MODULE["W"], OF_THE_MODULE["b"]


class ReadOnly(Attributes):
    def __init__(self) -> None:
        super().__init__()
        self.W.flags.writeable = False


class Slots(Linear):
    __slots__ = ("W", "b", "dW", "db", "x")

    def __init__(self) -> None:
        self.W, self.b = draw(3, 2), np.zeros(2)

    weights, keep = Attributes.weights, Attributes.keep


class MadeAtTheFirstCall(Attributes):
    def __init__(self) -> None:
        self.W = None

    def weights(self) -> Any:
        if self.W is None:
            super().__init__()
        return self.W, self.b


class HalfKnown(Linear):
    """W is understood, b is not."""

    def __init__(self) -> None:
        self.params, self.grads, self.b = {"W": draw(3, 2)}, {"W": np.zeros((3, 2))}, np.zeros(2)

    def weights(self) -> Any:
        return self.params["W"], self.b

    def keep(self, dW: Any, db: Any) -> None:
        self.grads["W"][...], self.db = dW / 7, db


class Ours(sn.Layer):
    """A subclass of Layer that does not use add_weight."""

    def build(self, input_shape: Any) -> None:
        self.kernel = draw(*input_shape[1:]).astype(self.dtype)

    def forward(self, x: Any, training: bool = False) -> Any:
        return (x * self.kernel).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        return (dy * self.kernel).astype(dy.dtype)


class WholeNumbers(Linear):
    """Its W and b have no slope that shows when they are nudged, but gradients."""

    W: Any

    def __init__(self) -> None:
        self.W, self.b = np.arange(6).reshape(3, 2), 0

    def weights(self) -> Any:
        return self.W, self.b

    def keep(self, dW: Any, db: Any) -> None:
        self.gradW = dW


class ListOfNumbers(WholeNumbers):
    def __init__(self) -> None:
        self.W, self.b = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 0

    def weights(self) -> Any:
        return np.array(self.W), self.b

    def keep(self, dW: Any, db: Any) -> None:
        self.W_grad = dW.tolist()


@dataclass
class Record(Linear):
    W: Any = None
    b: Any = 0.0
    dW: Any = None
    db: Any = None

    weights, keep = Attributes.weights, Attributes.keep


class Numbers:
    """Its parameter is one Python number, which only the name of its gradient gives away."""

    def __init__(self) -> None:
        self.slope = 1.5

    def forward(self, x: Any) -> Any:
        return x * self.slope

    def backward(self, dy: Any) -> Any:
        self.dslope = 7.0
        return dy * self.slope


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (Attributes, ["W", "b", "dW", "db"]),
        (Words, ["gamma", "beta", "grad_gamma", "beta_grad"]),
        (OneList, ["weights_and_bias[0]", "weights_and_bias[1]"]),
        (OneTuple, ["weights_and_bias[0]", "weights_and_bias[1]"]),
        (OtherDictionary, ["layers_params['dense']['W']", "layers_params['dense']['b']"]),
        (LikeTorch, ["weight.data", "bias.data", "weight.grad", "bias.grad"]),
        (OnTheClass, ["W", "b"]),
        (in_a_function, ["W", "b", "dW", "db"]),
        (InTheModule, ["OF_THE_MODULE['W']", "OF_THE_MODULE['b']"]),
        (ReadOnly, ["W", "b", "dW", "db"]),
        (Slots, ["W", "b", "dW", "db"]),
        (MadeAtTheFirstCall, ["W", "b", "dW", "db"]),
        (HalfKnown, ["b", "db"]),
        (Ours, ["kernel"]),
        (Numbers, ["slope", "dslope"]),
        (WholeNumbers, ["W", "gradW"]),
        (ListOfNumbers, ["W", "W_grad"]),
        (lambda: Record(draw(3, 2)), ["W", "b", "dW", "db"]),
    ],
)
def test_parameters_in_all_but_name_are_refused(make: Callable[[], Any], names: list[str], backend: str) -> None:
    with pytest.raises(ValueError, match=r"which would go unchecked: keep parameters as self\.params = ") as caught:
        check_layer(make(), (4, 3), backend=backend)
    found = str(caught.value).partition("but found ")[2].partition(", which would")[0].split(", ")
    assert sorted(found) == sorted(names)
    assert f"--constant {names[0].partition('[')[0].partition('.')[0]}" in str(caught.value)


class Known:
    """Everything as it should be, but for what a test puts in the place of params or grads."""

    def __init__(self, params: Any, grads: Any) -> None:
        self.params, self.grads = params, grads

    def forward(self, x: Any) -> Any:
        return x.copy()

    def backward(self, dy: Any) -> Any:
        return dy.copy()


@pytest.mark.parametrize(
    ("params", "grads", "words"),
    [
        ([np.ones(3)], [np.ones(3)], "Known.params to be a dictionary of arrays by name, got a list of 1"),
        ((np.ones(3),), {}, "Known.params to be a dictionary of arrays by name, got a tuple of 1"),
        (np.ones(3), {}, "Known.params to be a dictionary of arrays by name, got an array of float64"),
        (dict, {}, "Known.params to be a dictionary of arrays by name, got a function"),
        (Parameter(np.ones(3)), {}, "Known.params to be a dictionary of arrays by name, got one of type Parameter"),
        ({"a": np.ones(3)}, [np.ones(3)], "Known.grads to be a dictionary of arrays by name, got a list of 1"),
        ({"a": None}, {}, "Known.params to hold arrays of floats by name, got None under 'a'"),
        ({"a": {"W": np.ones(3)}}, {}, "Known.params to hold arrays of floats by name, got one of type dict under 'a'"),
        ({3: np.ones(3)}, {}, "Known.params to hold arrays of floats by name, got an array of float64 under 3"),
        ({}, {"a": np.ones(3)}, "the same names in params and grads after backward, got 'a' in grads alone"),
    ],
)
def test_params_and_grads_are_dictionaries_of_arrays(params: Any, grads: Any, words: str) -> None:
    with pytest.raises(ValueError, match="A gradient check expected") as caught:
        check_layer(Known(params, grads), (4, 3))
    assert words in str(caught.value)


def test_a_dictionary_made_anew_at_every_look_is_refused() -> None:
    class Anew(Attributes):
        @property
        def params(self) -> Any:
            return {"W": self.W, "b": self.b}

    with pytest.raises(ValueError, match=r"Anew.params to be one dictionary, got a new one at every look"):
        check_layer(Anew(), (4, 3))


def test_gradients_in_a_new_dictionary_are_seen_and_must_be_complete() -> None:
    class New(Linear):
        names: tuple[str, ...] = ("W", "b")

        def __init__(self) -> None:
            self.params, self.grads = {"W": draw(3, 2), "b": np.zeros(2)}, {}

        def weights(self) -> Any:
            return self.params["W"], self.params["b"]

        def keep(self, dW: Any, db: Any) -> None:
            self.grads = {name: g for name, g in {"W": dW / 7, "b": db / 3}.items() if name in self.names}

    report = check_layer(New(), (4, 3))
    assert [t.passed for t in report.tensors] == [True, True, True]
    assert [f.promise for f in report.contract if f.problem] == ["grads are written in place"]
    New.names = ("W",)
    with pytest.raises(ValueError, match="got 'b' in params alone: put it into grads too"):
        check_layer(New(), (4, 3))


class Table:
    """y = x · table, a constant; as it is, nothing says whether it should be learned."""

    table: Any

    def __init__(self) -> None:
        self.table = np.arange(3.0)

    def forward(self, x: Any) -> Any:
        return (x * self.table).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        return (dy * self.table).astype(dy.dtype)


def test_a_constant_is_named_and_the_report_names_it() -> None:
    with pytest.raises(ValueError, match=r"constants=\('table',\)"):
        check_layer(Table(), (4, 3))
    report = check_layer(Table(), (4, 3), constants=("table",))
    assert report.passed
    assert "not checked: table: a constant, as told" in str(report)
    with pytest.raises(ValueError, match="got 'tabel'; those that hold numbers: table"):
        check_layer(Table(), (4, 3), constants=("tabel",))


def test_a_layer_of_a_model_is_looked_at_too() -> None:
    inputs = sn.Input((3,))
    model = sn.Model(inputs, sn.layers.Dense(2)(Ours(name="mine")(inputs)))
    x = draw(4, 3)
    with pytest.raises(ValueError, match="all parameters of Ours in its dictionaries, but found kernel"):
        check_model(model, x)
    assert check_model(model, x, constants=("mine/kernel",)).passed


@settings(max_examples=30)
@given(
    depth=st.lists(st.sampled_from(["list", "dict", "tuple", "object"]), max_size=3),
    dtype=st.sampled_from(["float16", "float32", "float64"]),
    zero=st.booleans(),
)
def test_an_array_is_found_however_it_is_kept(depth: list[str], dtype: str, zero: bool) -> None:
    """Whatever the containers, the type and the values; and what is named as a constant is let pass."""

    class Kept(Table):
        def __init__(self) -> None:
            array = np.zeros(3, dtype) if zero else np.arange(3).astype(dtype)
            self.kept: Any = array
            for kind in depth:
                made = {"list": [self.kept], "dict": {"a": self.kept}, "tuple": (self.kept,)}
                self.kept = made.get(kind) or Parameter(self.kept)

        @property
        def table(self) -> Any:
            inner = self.kept
            for kind in reversed(depth):
                inner = inner.data if kind == "object" else inner["a" if kind == "dict" else 0]
            return inner

        @table.setter
        def table(self, value: Any) -> None:
            raise AssertionError

    with pytest.raises(ValueError, match="which would go unchecked"):
        check_layer(Kept(), (4, 3))
    report = check_layer(Kept(), (4, 3), constants=("kept",))
    assert all(t.passed for t in report.tensors)


def test_what_a_layer_remembers_for_backward_and_what_it_never_reads_are_no_parameters() -> None:
    class Remembers(Table):
        def __init__(self) -> None:
            self.table, self.unused, self.indices = 2.0, np.ones(5), np.arange(3)

        def forward(self, x: Any) -> Any:
            self.x, self.y = x.copy(), x[:, self.indices] * self.table
            return self.y.copy()

        def backward(self, dy: Any) -> Any:
            self.dy, self.dx = dy.copy(), dy * self.table
            return self.dx.copy()

    report = check_layer(Remembers(), (4, 3))
    assert report.passed, f"\n{report}"
    assert report.notes == []
    layer = Remembers()
    layer.backward(layer.forward(draw(2, 3)))  # a layer that has been used before
    assert check_layer(layer, (4, 3)).passed
