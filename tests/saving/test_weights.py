"""The parameters alone: get_weights and set_weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn


def test_weights_move_to_a_twin() -> None:
    model, twin = sn.architectures.mlp(), sn.architectures.mlp()
    twin.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((4, 28, 28)).astype("float32")
    np.testing.assert_array_equal(twin(x), model(x))


def test_weights_come_in_keras_s_order() -> None:
    shapes = [w.shape for w in sn.architectures.mlp().get_weights()]
    assert shapes == [(784, 256), (256,), (256, 10), (10,)]


def test_weights_are_copies(small_model: Any) -> None:
    weights = small_model.get_weights()
    weights[0][...] = 7
    assert not (small_model.params["dense/kernel"] == 7).any()


def test_set_weights_does_not_keep_the_arrays(small_model: Any) -> None:
    weights = [np.ones_like(w) for w in small_model.get_weights()]
    small_model.set_weights(weights)
    weights[0][...] = 7
    assert (small_model.params["dense/kernel"] == 1).all()


def test_set_weights_reaches_the_optimizer_s_vector(small_model: Any) -> None:
    small_model.set_weights([np.full_like(w, 2) for w in small_model.get_weights()])
    (segment,) = small_model.segments
    assert (segment.values == 2).all()


def test_weights_go_through_an_npz_file(small_model: Any, tmp_path: Any) -> None:
    np.savez(tmp_path / "weights.npz", *small_model.get_weights())
    before = small_model.get_weights()
    small_model.set_weights([np.zeros_like(w) for w in before])
    with np.load(tmp_path / "weights.npz") as file:
        small_model.set_weights([file[name] for name in file.files])
    for ours, theirs in zip(before, small_model.get_weights()):
        np.testing.assert_array_equal(theirs, ours, strict=True)


def test_wrong_weights_change_nothing(small_model: Any) -> None:
    before = small_model.get_weights()
    wrong = [np.zeros_like(w) for w in before[:-1]] + [np.zeros(4, "float32")]
    with pytest.raises(ValueError, match=r"expected dense_1/bias of shape \(3,\), got \(4,\)"):
        small_model.set_weights(wrong)
    for ours, theirs in zip(before, small_model.get_weights()):
        np.testing.assert_array_equal(theirs, ours)
