from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Model
from scratchnet.layers import Add, Dense, ReLU


def test_layers_come_in_the_order_of_their_depth():
    a = Input((3,))
    b = Dense(3, name="b")(a)
    c = Dense(3, name="c")(b)
    model = Model(a, Add(name="sum")([c, a]))
    assert [layer.name for layer in model.layers] == ["input_layer", "b", "c", "sum"]


def test_output_that_needs_another_input_is_refused():
    a, b = Input((3,)), Input((3,))
    with pytest.raises(
        ValueError, match=r"not connected: the outputs need the input 'input_layer_1'.*\('input_layer'\)"
    ):
        Model(a, Add()([a, b]))


def test_input_that_no_output_needs_is_refused():
    a, b = Input((3,)), Input((3,))
    with pytest.raises(ValueError, match="not connected: no output depends on the input 'input_layer_1'"):
        Model([a, b], Dense(1)(a))


def test_two_layers_of_one_name_are_refused():
    a = Input((3,))
    with pytest.raises(ValueError, match="2 layers are named 'twin'"):
        Model(a, Dense(1, name="twin")(Dense(1, name="twin")(a)))


def test_a_layer_or_array_in_place_of_a_tensor_is_explained():
    a = Input((3,))
    with pytest.raises(TypeError, match=r"Model\(outputs=…\) expected tensors.*call the layer on a tensor first"):
        Model(a, Dense(1))
    with pytest.raises(TypeError, match=r"Model\(inputs=…\) expected tensors.*begin with Input"):
        Model(3, a)
    with pytest.raises(ValueError, match=r"the outputs need the input 'input_layer', which is not among the inputs"):
        Model(ReLU()(a), Dense(1)(a))


def test_a_graph_as_deep_as_a_long_chain_is_walked():
    x = first = Input((2,))
    for _ in range(400):
        x = ReLU()(x)
    np.testing.assert_array_equal(Model(first, x).predict(np.ones((1, 2)), verbose=0), [[1, 1]])
