"""Batches to validate on: the first is checked before the first step, and is none the worse for it."""

from __future__ import annotations

import random

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import Input, Sequential, layers
from scratchnet.callbacks import BackupAndRestore, LambdaCallback
from scratchnet.utils import PyDataset

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int64)

WRONG = {
    "too few columns": ((X[:, :2], Y), r"shape \(N, 3\)"),
    "words": ((X.astype(str), Y), "array of numbers"),
    "NaN": ((np.where(X > 9, 0, np.nan), Y), "finite numbers"),
    "labels of another length": ((X, Y[:5]), "one label for each"),
    "no samples": ((X[:0], Y[:0]), "at least one sample"),
    "classes that there are not": ((X, Y + 7), "labels in 0…1"),
    "x alone": ((X,), "expected labels"),
    "four parts": ((X, Y, Y, Y), r"tuple \(x, y\)"),
    "a number": (5, r"tuple \(x, y\)"),
    "None": (None, r"tuple \(x, y\)"),
    "x in its place": (X, r"tuple \(x, y\)"),
}


class Numbered(PyDataset):
    def __init__(self, *given):
        super().__init__()
        self.given, self.asked = given, []

    def __len__(self):
        return len(self.given)

    def __getitem__(self, number):
        self.asked.append(number)
        return self.given[number]


class Again:
    def __init__(self, *given):
        self.given = given

    def __iter__(self):
        return iter(self.given)


KINDS = {"dataset": Numbered, "iterator": lambda *given: iter(given), "iterable": Again}


@pytest.fixture(autouse=True)
def _definitions():
    sn.config.set_backend("numpy")


def model_of(built=True):
    sn.utils.set_random_seed(5)
    model = Sequential([*([Input((3,))] if built else []), layers.Dense(4, "tanh"), layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_batch_is_refused_before_the_first_step(wrong, kind):
    batch, said = WRONG[wrong]
    model, steps = model_of(), []
    before = [w.copy() for w in model.get_weights()]
    count = LambdaCallback(on_train_begin=steps.append, on_train_batch_end=lambda step, logs: steps.append(step))
    with pytest.raises(ValueError, match=said) as caught:
        model.fit(X, Y, batch_size=4, validation_data=KINDS[kind](batch), callbacks=[count], verbose=0)
    assert "batch 0 of fit(validation_data)" in str(caught.value)
    assert steps == []
    assert model.history is None
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_an_input_waits_again(kind):
    model = model_of(built=False)
    with pytest.raises(ValueError, match=r"shape \(N, 3\)"):
        model.fit(X, Y, validation_data=KINDS[kind]((X[:, :2], Y)), verbose=0)
    assert not model.built


@pytest.mark.parametrize("empty", [iter(()), Again()], ids=["iterator", "iterable"])
def test_no_batch_at_all_is_refused(empty):
    with pytest.raises(ValueError, match=r"fit\(validation_data\) expected at least one batch"):
        model_of().fit(X, Y, validation_data=empty, verbose=0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_are_those_of_arrays(kind):
    def figures(given):
        return model_of().fit(X, Y, batch_size=4, epochs=1, validation_data=given, verbose=0).history

    there, here = figures((X, Y)), figures(KINDS[kind]((X[:6], Y[:6]), (X[6:], Y[6:])))
    assert here["val_loss"] == pytest.approx(there["val_loss"], rel=1e-6)
    assert here["val_accuracy"] == there["val_accuracy"]


def test_what_a_dataset_draws_to_be_looked_at_is_given_back():
    class Drawing(Numbered):
        def __getitem__(self, number):
            np.random.random()
            random.random()
            return super().__getitem__(number)

    def drawn(given):
        model = model_of()
        states = []
        hook = LambdaCallback(on_train_begin=lambda logs: states.append((np.random.random(), random.random())))
        model.fit(X, Y, validation_data=given, callbacks=[hook], verbose=0)
        return states

    assert drawn(Drawing((X, Y))) == drawn((X, Y))


def test_a_dataset_that_makes_its_batches_when_an_epoch_begins_is_not_looked_at_before():
    class Late(Numbered):
        def on_epoch_begin(self):
            self.given = ((X, Y),)

    assert "val_loss" in model_of().fit(X, Y, validation_data=Late(None), verbose=0).history


def test_an_iterator_is_left_alone_where_it_is_not_needed_yet(tmp_path):
    taken = []

    def noting():
        for _ in range(3):
            taken.append(1)
            yield X, Y

    def taken_at_the_beginning(x=X, y=Y, given=None, more=(), **options):
        taken.clear()
        given, at_beginning = given or noting(), []
        hook = LambdaCallback(on_train_begin=lambda logs: at_beginning.append(len(taken)))
        model_of().fit(x, y, validation_data=given, callbacks=[hook, *more], verbose=0, **options)
        return at_beginning

    assert taken_at_the_beginning(validation_steps=1) == [1]
    assert len(taken) == 1
    assert taken_at_the_beginning(validation_freq=2) == [0]
    assert taken_at_the_beginning(more=[BackupAndRestore(tmp_path / "backup")], validation_steps=1) == [0]
    both = noting()
    assert taken_at_the_beginning(both, None, given=both, steps_per_epoch=1, validation_steps=1) == [1]
