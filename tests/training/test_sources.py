"""Batches from generators, datasets and other iterables: as from arrays, and as Keras counts them."""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
import warnings
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import Input, Sequential, layers, optimizers
from scratchnet.callbacks import Callback, LambdaCallback
from scratchnet.errors import NonFiniteError
from scratchnet.training.making import make_source, yields_batches
from scratchnet.utils import PyDataset

RAN_OUT = "ran out of data"


@pytest.fixture(autouse=True)
def _definitions():
    """Where batches come from does not depend on the backend; the definitions need no compiling."""
    sn.config.set_backend("numpy")


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("scratchnet")] == []


@pytest.fixture
def data(rng) -> Any:
    x = rng.normal(size=(20, 3)).astype("float32")  # (N, D)
    return x, (x.sum(axis=1) > 0).astype("int64")  # (N,)


def classifier(unbuilt=False):
    sn.utils.set_random_seed(3)
    first = [] if unbuilt else [Input((3,))]
    model = Sequential([*first, layers.Dense(4, activation="tanh"), layers.Dense(2, activation="softmax")])
    model.compile(optimizers.Adam(0.05), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def batches(data, size=4):
    return [tuple(a[k : k + size] for a in data) for k in range(0, len(data[0]), size)]


def forever(data, size=4):
    while True:
        yield from batches(data, size)


class Numbered(PyDataset):
    """Batches of some data, which notes what is asked of it."""

    def __init__(self, data, size=4):
        super().__init__()
        self.parts, self.heard = batches(data, size), []

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        self.heard.append(index)
        return self.parts[index]

    def on_epoch_begin(self):
        self.heard.append("begin")

    def on_epoch_end(self):
        self.heard.append("end")


class Duck:
    """Has what a dataset needs, and no more."""

    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        return self.parts[index]


class Again:
    """Can be iterated over again and again, of a length that nobody knows."""

    def __init__(self, parts):
        self.parts = parts

    def __iter__(self):
        return iter(self.parts)


class Steps(Callback):
    """Counts the steps of every epoch."""

    def __init__(self):
        super().__init__()
        self.steps, self.tests = [], 0

    def on_epoch_begin(self, epoch, logs=None):
        self.steps.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.steps[-1] += 1

    def on_test_batch_end(self, batch, logs=None):
        self.tests += 1


def steps_of(x, y=None, model=None, **options):
    """Return the steps of each epoch, how many batches were validated on, and how many warnings there were."""
    counter = Steps()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (model or classifier()).fit(x, y, verbose=0, callbacks=[counter], **options)
    assert all(RAN_OUT in str(warning.message) for warning in caught)
    return counter.steps, counter.tests, len(caught)


def same_weights(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.get_weights(), b.get_weights(), strict=True))


SOURCES: dict[str, Any] = {
    "generator": lambda data: (batch for batch in batches(data)),
    "iterator of lists": lambda data: iter([list(batch) for batch in batches(data)]),
    "dataset": Numbered,
    "what looks like a dataset": lambda data: Duck(batches(data)),
    "iterable": lambda data: Again(batches(data)),
    "set of steps": lambda data: forever(data),
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("unbuilt", [False, True])
def test_batches_train_as_arrays_do(kind, unbuilt, data):
    twin = classifier(unbuilt)
    steps = 5 if kind == "set of steps" else None
    theirs = twin.fit(*data, batch_size=4, shuffle=False, verbose=0).history
    model = classifier(unbuilt)
    if unbuilt and "dataset" in kind:
        model.build((None, 3))  # the order of its batches is drawn before the first of them can build a model
    ours = model.fit(SOURCES[kind](data), shuffle=False, steps_per_epoch=steps, verbose=0).history
    assert ours == theirs
    assert same_weights(model, twin)
    assert model.evaluate(SOURCES[kind](data), steps=steps, verbose=0) == pytest.approx(
        model.evaluate(*data, verbose=0), rel=1e-6
    )
    predicted = model.predict(SOURCES[kind](data), steps=steps, verbose=0) if "lists" not in kind else None
    if predicted is not None:
        np.testing.assert_allclose(predicted, model.predict(data[0], verbose=0), rtol=1e-6)


def test_the_first_batch_builds_a_model(data):
    model = classifier(unbuilt=True)
    assert steps_of(iter(batches(data)), model=model) == ([5], 0, 0)
    assert model.input_shape == (None, 3)


# How many steps: the numbers of Keras, see tests/reference/test_streams.py -----------------------------------------


def test_an_iterator_ends_the_training_when_it_ends(data):
    assert steps_of(iter(batches(data))) == ([5], 0, 0)
    assert steps_of(iter(batches(data)), epochs=3) == ([5], 0, 1)
    assert steps_of(iter(batches(data)), epochs=2, steps_per_epoch=3) == ([3, 2], 0, 1)
    assert steps_of(iter(batches(data)), epochs=4, steps_per_epoch=3) == ([3, 2], 0, 1)
    assert steps_of(iter(batches(data)), steps_per_epoch=5) == ([5], 0, 0)
    assert steps_of(iter(batches(data)), epochs=2, steps_per_epoch=5) == ([5], 0, 1)


@pytest.mark.parametrize("kind", ["arrays", "dataset", "iterable"])
def test_a_pass_goes_on_in_the_next_epoch(kind, data):
    def train(**options):
        if kind == "arrays":
            return steps_of(*data, batch_size=4, **options)
        return steps_of(Numbered(data) if kind == "dataset" else Again(batches(data)), **options)

    assert train(epochs=3) == ([5, 5, 5], 0, 0)
    assert train(epochs=3, steps_per_epoch=3) == ([3, 2, 3], 0, 1)
    assert train(epochs=2, steps_per_epoch=9) == ([5, 5], 0, 2)
    assert train(epochs=2, steps_per_epoch=5) == ([5, 5], 0, 0)


def test_an_endless_generator_gives_exactly_the_batches_asked_for(data):
    drawn = []

    def count():
        for number, batch in enumerate(forever(data)):
            drawn.append(number)
            yield batch

    source = count()
    assert steps_of(source, epochs=2, steps_per_epoch=4) == ([4, 4], 0, 0)
    assert drawn == list(range(8))
    assert steps_of(source, epochs=1, steps_per_epoch=3) == ([3], 0, 0)  # it is the caller's, and goes on
    assert drawn == list(range(11))


def test_steps_without_a_batch_size_make_so_many_batches(data):
    assert steps_of(*data, steps_per_epoch=3, epochs=2) == ([3, 3], 0, 0)
    model = classifier()
    model.fit(*data, steps_per_epoch=3, verbose=0)
    assert model.optimizer.iterations == 3


def test_a_cut_pass_of_arrays_is_one_shuffling(data):
    seen = []

    class Look(layers.Layer):
        def forward(self, x, training=False):
            if training:
                seen.extend(x[:, 0].tolist())
            return x.copy()

        def backward(self, dy):
            return dy.copy()

    model = Sequential([Input((3,)), Look(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match=RAN_OUT):
        model.fit(*data, batch_size=4, steps_per_epoch=3, epochs=2, verbose=0)
    assert sorted(seen) == sorted(data[0][:, 0].tolist()) != seen


def test_validation_steps_and_frequency(data):
    def train(**options):
        return steps_of(*data, batch_size=10, epochs=5, **options)[1]

    assert train(validation_data=Numbered(data), validation_freq=2) == 2 * 5
    assert train(validation_data=Numbered(data), validation_freq=[1, 4, 9]) == 2 * 5
    assert train(validation_data=data, validation_batch_size=4, validation_steps=2) == 5 * 2
    assert train(validation_split=0.5, validation_batch_size=4, validation_steps=1) == 5
    assert train(validation_data=forever(data), validation_steps=3) == 5 * 3
    assert train(validation_data=iter(batches(data)), validation_freq=[5]) == 5
    assert steps_of(*data, epochs=2, validation_data=data, validation_batch_size=4, validation_steps=9) == (
        [1, 1], 10, 2,
    )  # fmt: skip


def test_validation_on_batches_is_validation_on_arrays(data):
    histories = []
    for validation in (data, Numbered(data), Again(batches(data)), iter(batches(data))):
        times = 2 if isinstance(validation, (tuple, PyDataset, Again)) else 1
        model = classifier()
        histories.append(model.fit(*data, epochs=times, validation_data=validation, verbose=0).history)
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=1e-6)
        np.testing.assert_allclose(histories[2][key], histories[0][key], rtol=1e-6)
        np.testing.assert_allclose(histories[3][key], histories[0][key][:1], rtol=1e-6)


def test_a_validation_without_batches_leaves_its_figures_out(data):
    model = classifier()
    with pytest.warns(UserWarning, match=RAN_OUT):
        history = model.fit(
            *data, epochs=3, validation_data=iter(batches(data)), validation_steps=5, verbose=0
        ).history  # fmt: skip
    assert [len(history[name]) for name in ("loss", "val_loss")] == [3, 1]


def test_evaluate_and_predict_stop_after_their_steps(data):
    model = classifier()
    for x, y, options in ((*data, {"batch_size": 4}), (Numbered(data), None, {}), (forever(data), None, {})):
        assert model.evaluate(x, y, steps=2, verbose=0, **options) == pytest.approx(
            model.evaluate(data[0][:8], data[1][:8], verbose=0)
        )
        predicted = model.predict(x, steps=2, verbose=0, **options)
        assert predicted.shape == (8, 2)
    with pytest.warns(UserWarning, match="evaluate expected 9 batches, got 5"):
        model.evaluate(Numbered(data), steps=9, verbose=0)
    with pytest.warns(UserWarning, match="predict expected 9 batches, got 5"):
        assert model.predict(data[0], batch_size=4, steps=9, verbose=0).shape == (20, 2)


def test_the_displayed_loss_is_the_mean_over_samples_of_batches_of_any_size(data):
    model = classifier()
    model.optimizer.learning_rate = 0.0
    ragged = [tuple(a[s] for a in data) for s in (slice(0, 1), slice(1, 12), slice(12, 20))]
    assert model.fit(iter(ragged), verbose=0).history["loss"][0] == pytest.approx(
        model.evaluate(*data, verbose=0)[0], rel=1e-6
    )
    assert model.evaluate(iter(ragged), verbose=0) == pytest.approx(model.evaluate(*data, verbose=0), rel=1e-6)
    assert model.predict((x for x, _ in ragged), verbose=0).shape == (20, 2)


def test_weights_and_class_weights(data):
    weight = np.linspace(0, 2, 20)
    model, twin = classifier(), classifier()
    for source in (iter(batches((*data, weight))), Numbered((*data, weight))):
        ours = model.fit(source, class_weight={1: 3.0}, shuffle=False, verbose=0).history
        theirs = twin.fit(
            *data, batch_size=4, sample_weight=weight, class_weight={1: 3.0}, shuffle=False, verbose=0
        ).history  # fmt: skip
        assert ours == theirs
    assert same_weights(model, twin)


def test_a_batch_of_several_inputs(rng):
    a, b = Input((2,)), Input((3,))
    model = sn.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile("sgd", "mean_squared_error")
    xs, y = [rng.random((8, 2)), rng.random((8, 3))], rng.random((8, 1))
    model.fit((([x[k : k + 2] for x in xs], y[k : k + 2]) for k in range(0, 8, 2)), verbose=0)
    predicted = model.predict(([x[k : k + 2] for x in xs] for k in range(0, 8, 2)), verbose=0)
    np.testing.assert_allclose(predicted, model.predict(xs, verbose=0), rtol=1e-6)


# Laws --------------------------------------------------------------------------------------------------------------


def source_of(kind, samples, size, steps, seed):
    x, y = np.arange(samples)[:, None].repeat(3, 1), np.zeros(samples)
    if kind == "arrays":
        source = make_source("fit", classifier(), x, y, batch_size=size, steps=steps)
    elif kind == "dataset":
        source = make_source("fit", classifier(), Duck(batches((x, y), size)), steps=steps)
    else:
        source = make_source("fit", classifier(), Again(batches((x, y), size)), steps=steps)
    sn.utils.set_random_seed(seed)
    source.shuffle(True)
    return source


def hand_out(source, batches_at_most=10**6, epochs=3):
    """Return the samples of each batch, an empty one where an epoch ends, of so many batches."""
    found = []
    for _ in range(epochs):
        if not source.begun:
            source.begin_epoch()
        for _, samples, rows in source.epoch():
            found.append(samples.x[0][rows, 0].tolist())
            if len([part for part in found if part]) == batches_at_most:
                return found
        source.end_epoch()
        found.append([])
    return found


@pytest.mark.filterwarnings("ignore:Your input ran out")
@given(
    kind=st.sampled_from(["arrays", "dataset", "iterable"]),
    samples=st.integers(1, 12),
    size=st.integers(1, 5),
    steps=st.none() | st.integers(1, 7),
    seed=st.integers(0, 3),
    at=st.integers(1, 30),
)
def test_passes_show_every_sample_once_and_a_source_goes_on_from_any_place(kind, samples, size, steps, seed, at):
    alone = source_of(kind, samples, size, steps, seed)
    alone.fetch_ahead(False)
    whole = hand_out(alone)
    seen = [sample for part in whole for sample in part]
    passes = [sorted(seen[k : k + samples]) for k in range(0, len(seen) - samples + 1, samples)]
    assert all(part == list(range(samples)) for part in passes)
    lengths = [len(part) for part in " ".join("x" if part else "|" for part in whole).replace(" ", "").split("|")[:-1]]
    number = -(-samples // size)
    assert all(n <= (steps or number) for n in lengths)
    assert steps is not None or lengths == [number] * 3
    first = source_of(kind, samples, size, steps, seed)
    first.fetch_ahead(False)
    begun = hand_out(first, batches_at_most=at)
    state = json.loads(json.dumps(first.get_state()))
    second = source_of(kind, samples, size, steps, seed + 1)
    second.set_state(state)
    ended = sum(not part for part in begun)
    assert begun + hand_out(second, epochs=3 - ended) == whole
    for source in (alone, first, second):
        source.close()


# Datasets ----------------------------------------------------------------------------------------------------------


def test_a_dataset_is_shuffled_from_the_global_seed_and_hears_of_epochs(data):
    def order():
        dataset = Numbered(data)
        classifier().fit(dataset, epochs=2, verbose=0)
        return dataset.heard

    heard = order()
    assert heard == order()
    first, second = heard[1:6], heard[8:13]
    assert heard == ["begin", *first, "end", "begin", *second, "end"]
    assert sorted(first) == sorted(second) == list(range(5))
    assert first != second
    dataset = Numbered(data)
    classifier().fit(dataset, shuffle=False, verbose=0)
    assert dataset.heard == ["begin", 0, 1, 2, 3, 4, "end"]


def test_a_dataset_without_end(data):
    asked = []

    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            asked.append(index)
            return batches(data)[index % 5]

    assert steps_of(Endless(), epochs=2, steps_per_epoch=4) == ([4, 4], 0, 0)
    assert asked == list(range(8))
    with pytest.raises(ValueError, match="expected a number of steps"):
        classifier().fit(Endless(), verbose=0)


def test_a_dataset_may_be_iterated_over(data):
    assert [len(x) for x, _ in Numbered(data, 8)] == [8, 8, 4]


@pytest.mark.parametrize("options", [{"workers": 2}, {"use_multiprocessing": True}, {"max_queue_size": 0}])
def test_more_workers_than_there_are_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}"):
        PyDataset(**options)


def test_what_is_missing_in_a_dataset_is_said():
    with pytest.raises(NotImplementedError, match="num_batches"):
        classifier().fit(PyDataset(), verbose=0)

    class Half(PyDataset):
        def __len__(self):
            return 1

    with pytest.raises(NotImplementedError, match="__getitem__"):
        classifier().fit(Half(), verbose=0)


# What counts as batches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.ones(3), False), ([1, 2], False), ((1, 2), False), ({"a": 1}, False), ("abc", False), (range(3), False),
        (deque([1]), False), (memoryview(b"ab"), False), (5, False), (None, False), (PyDataset(), True),
        (iter([1]), True), (Duck([]), True), (Again([]), True), ((i for i in range(2)), True), (map(str, [1]), True),
    ],
)  # fmt: skip
def test_arrays_and_what_they_are_made_of_are_no_batches(x, expected):
    assert yields_batches(x) is expected


@pytest.mark.parametrize("size", [(), (2,), (2, 3)])
def test_arrays_of_another_library_are_arrays(size):
    class Foreign:
        def __array__(self, dtype=None, copy=None):
            return np.ones(size)

        def __len__(self):
            return 2

        def __getitem__(self, index):
            raise AssertionError

    assert not yields_batches(Foreign())


# Refusals ----------------------------------------------------------------------------------------------------------

REFUSED = [
    ({"y": np.ones(4)}, "no y beside a generator"),
    ({"sample_weight": np.ones(4)}, "no sample_weight beside a generator"),
    ({"batch_size": 4}, "no batch_size beside a generator"),
    ({"validation_split": 0.5}, "no validation_split beside a generator"),
    ({"steps_per_epoch": 0}, "steps_per_epoch"),
    ({"steps_per_epoch": 2.0}, "steps_per_epoch"),
    ({"validation_steps": 0}, "validation_steps"),
    ({"validation_freq": 0}, "validation_freq"),
    ({"validation_freq": "1"}, "validation_freq"),
    ({"validation_freq": [0]}, "validation_freq"),
    ({"validation_data": 5}, "validation_data"),
    ({"validation_data": iter([]), "epochs": 2}, "validation_steps"),
    ({"validation_data": iter([]), "validation_batch_size": 3}, "batch_size"),
]


@pytest.mark.parametrize(
    ("options", "expected"), REFUSED, ids=[f"{next(iter(o))}-{i}" for i, (o, _) in enumerate(REFUSED)]
)
def test_what_does_not_go_with_batches_is_refused_and_nothing_has_happened(options, expected, data):
    drawn = []
    source = (drawn.append(1) or batch for batch in batches(data))
    model = classifier(unbuilt=True)
    with pytest.raises(ValueError, match=expected) as caught:
        model.fit(source, verbose=0, **options)
    assert str(caught.value).endswith(".")
    assert drawn == []
    assert not model.built
    assert model.history is None


def test_a_generator_function_and_an_empty_generator_are_refused(data):
    with pytest.raises(ValueError, match="call it"):
        classifier().fit(forever, verbose=0)
    for run in ("fit", "evaluate", "predict"):
        with pytest.raises(ValueError, match=f"{run} expected at least one batch"):
            getattr(classifier(), run)(iter([]), verbose=0)
    model = classifier()
    model.targets = []
    source = iter(batches(data))
    with pytest.raises(RuntimeError, match="compile"):
        model.fit(source, verbose=0)
    assert len(list(source)) == 5


@pytest.mark.parametrize("run", ["fit", "evaluate"])
@pytest.mark.parametrize("bad", [0, 2])
@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ((np.ones((4, 2)), np.zeros(4)), r"batch {bad} of {run} expected x of shape \(N, 3\)"),
        ((np.full((4, 3), np.nan), np.zeros(4)), "x of batch {bad} of {run} expected finite numbers"),
        ((np.ones((4, 3)), np.zeros(3)), "batch {bad} of {run} expected one label for each sample"),
        ((np.ones((4, 3)),), "batch {bad} of {run} expected labels y"),
        (np.ones((4, 3)), r"batch {bad} of {run} expected a tuple \(x, y\)"),
        ((np.ones((4, 3)), np.zeros(4), np.ones(4), 0), r"batch {bad} of {run} expected a tuple \(x, y\)"),
    ],
)
def test_a_bad_batch_is_named_and_leaves_the_model_as_after_the_one_before(run, bad, batch, expected, data):
    model, twin = classifier(), classifier()
    good = batches(data)
    with pytest.raises(ValueError, match=expected.format(bad=bad, run=run)):
        getattr(model, run)(iter([*good[:bad], batch, *good[bad:]]), verbose=0)
    if run == "fit" and bad:
        twin.fit(iter(good[:bad]), verbose=0)
    assert same_weights(model, twin)


def test_a_bad_batch_of_a_dataset_is_named_by_its_own_number(data):
    dataset = Numbered(data)
    dataset.parts[3] = (np.ones((4, 2)), np.zeros(4))
    with pytest.raises(ValueError, match="batch 3 of fit"):
        classifier().fit(dataset, verbose=0)


def test_a_refused_first_batch_leaves_an_unbuilt_model_unbuilt():
    model = classifier(unbuilt=True)
    with pytest.raises(ValueError, match="one label for each"):
        model.fit(iter([(np.ones((4, 3)), np.zeros(3))]), verbose=0)
    assert not model.built


# The thread --------------------------------------------------------------------------------------------------------


def test_one_batch_is_fetched_while_the_model_learns_and_no_more(data):
    drawn, ahead = [], []

    def slow():
        for batch in batches(data):
            drawn.append(threading.current_thread() is threading.main_thread())
            yield batch

    class Wait(layers.Layer):
        def forward(self, x, training=False):
            time.sleep(0.02)
            ahead.append(len(drawn))
            return x.copy()

        def backward(self, dy):
            return dy.copy()

    model = Sequential([Input((3,)), Wait(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(slow(), steps_per_epoch=5, verbose=0)
    assert drawn == [True, False, False, False, False]
    assert ahead == [2, 3, 4, 5, 5]


def test_an_error_of_the_generator_arrives_with_its_own_traceback(data):
    def broken():
        yield from batches(data)[:2]
        raise KeyError("the disk is gone")

    model, twin = classifier(), classifier()
    with pytest.raises(KeyError, match="the disk is gone") as caught:
        model.fit(broken(), verbose=0)
    assert "broken" in [frame.name for frame in traceback.extract_tb(caught.tb)]
    twin.fit(iter(batches(data)[:2]), verbose=0)
    assert same_weights(model, twin)


def test_a_generator_may_fill_the_same_arrays_again(data):
    def reuse():
        x, y = np.empty((4, 3), "float32"), np.empty(4, "int64")
        for part_x, part_y in batches(data):
            x[...], y[...] = part_x, part_y
            yield x, y

    model, twin = classifier(), classifier()
    assert model.fit(reuse(), verbose=0).history == twin.fit(iter(batches(data)), verbose=0).history
    assert same_weights(model, twin)


def test_random_numbers_of_the_generator_are_the_same_in_every_run(data):
    def noisy():
        while True:
            generator = sn.utils.random.new_generator()
            noise = np.random.normal() + random.random()
            yield data[0] + generator.normal(size=(20, 3)) + noise, data[1]

    def draw(batch, logs):
        sn.utils.random.new_generator(), np.random.random()

    runs = []
    for _ in range(3):
        model = classifier()
        np.random.seed(0), random.seed(0)
        watch = [LambdaCallback(on_train_batch_end=draw, on_epoch_end=draw)]
        runs.append(model.fit(noisy(), epochs=3, steps_per_epoch=3, verbose=0, callbacks=watch).history)
    assert runs[0] == runs[1] == runs[2]


def stop(epoch_or_batch, logs):
    raise ZeroDivisionError


@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_train_batch_end", "on_epoch_end", "on_epoch_begin"])
def test_no_thread_is_left_after_an_error(hook, data):
    with pytest.raises(ZeroDivisionError):
        classifier().fit(forever(data), steps_per_epoch=4, verbose=0, callbacks=[LambdaCallback(**{hook: stop})])


def test_no_thread_is_left_after_stop_training_or_ctrl_c(data):
    import signal

    model = classifier()
    halt = LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True))
    model.fit(forever(data), verbose=0, callbacks=[halt])
    assert model.optimizer.iterations == 1
    model = classifier()
    press = LambdaCallback(on_train_batch_begin=lambda batch, logs: batch == 2 and signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        model.fit(forever(data), verbose=0, callbacks=[press])
    assert model.optimizer.iterations == 3


def test_the_generator_sees_the_callers_settings_not_those_of_the_loop(data):
    def divide():
        for batch in batches(data):
            assert np.geterr()["invalid"] == "raise"
            yield batch

    with np.errstate(invalid="raise"):
        classifier().fit(divide(), verbose=0)


# What is shown -----------------------------------------------------------------------------------------------------


def test_the_number_of_steps_is_said_when_it_is_known(data, capsys):
    model = classifier()
    known = []
    look = LambdaCallback(on_train_begin=lambda logs: known.append(look.params["steps"]))
    model.fit(iter(batches(data)), verbose=2, callbacks=[look])
    model.fit(Numbered(data), verbose=2, callbacks=[look])
    model.fit(*data, batch_size=4, steps_per_epoch=3, verbose=2, callbacks=[look])
    assert known == [None, 5, 3]
    assert [line.split(" ")[0] for line in capsys.readouterr().out.splitlines()] == ["5/5", "5/5", "3/3"]


def test_a_loss_of_nan_is_as_with_arrays(data):
    model = classifier()
    model.params["dense/kernel"][0, 0] = np.nan
    with pytest.raises(NonFiniteError, match="at step 1"):
        model.fit(forever(data), steps_per_epoch=3, verbose=0)
