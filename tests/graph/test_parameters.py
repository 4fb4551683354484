from __future__ import annotations

import numpy as np

from scratchnet import Input, Model, architectures
from scratchnet.graph.parameters import segments
from scratchnet.layers import Dense


def test_all_parameters_are_views_into_one_vector():
    model = architectures.cnn()
    (segment,) = model.segments
    assert segment.values.shape == segment.gradients.shape == (302_026,)
    segment.values[:] = np.arange(302_026)
    np.testing.assert_array_equal(np.concatenate([w.ravel() for w in model.get_weights()]), segment.values)
    assert all(g.flags.c_contiguous for g in model.grads.values())


def test_initial_values_survive_the_move():
    a = Input((3,))
    layer = Dense(2)
    tensor = layer(a)
    before = layer.get_weights()
    Model(a, tensor)
    for w, b in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(w, b)


def test_frozen_layers_leave_a_gap():
    a = Input((3,))
    middle = Dense(4, name="middle", trainable=False)
    model = Model(a, Dense(2)(middle(Dense(5)(a))))
    first, last = model.segments
    assert (first.place, last.place) == (slice(0, 20), slice(44, 54))
    middle.trainable = True
    assert len(segments(model.layers)) == 1


def test_a_model_made_of_another_models_layers_shares_their_parameters():
    a = Input((3,))
    hidden = Dense(4)(a)
    whole, half = Model(a, Dense(2)(hidden)), Model(a, hidden)
    whole.params["dense/kernel"][...] = 7
    assert (half.get_weights()[0] == 7).all()
