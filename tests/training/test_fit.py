from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, config, utils
from scratchnet.callbacks import Callback
from scratchnet.errors import NonFiniteError
from scratchnet.layers import Conv2D, Dense, Flatten, Rescaling
from scratchnet.optimizers import SGD


def classifier(seed=0, features=4, classes=3):
    utils.set_random_seed(seed)
    a = Input((features,))
    h = Dense(8, activation="relu", name="hidden")(a)
    model = Model(a, Dense(classes, activation="softmax", name="last")(h))
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


@pytest.fixture
def data(rng):
    x = rng.normal(size=(50, 4)).astype("float32")
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def same_weights(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights()))


def test_training_learns_and_says_so(backend, data):
    model = classifier()
    model.compile(SGD(0.2, momentum=0.9), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(*data, batch_size=16, epochs=30, verbose=0)
    assert history is model.history
    assert list(history.history) == ["accuracy", "loss"]
    assert len(history.history["loss"]) == 30
    loss, accuracy = model.evaluate(*data, verbose=0)
    assert loss < history.history["loss"][0] / 2
    assert accuracy > 0.9


def test_same_seed_gives_the_same_bits(backend, data):
    models = [classifier(seed=5) for _ in range(2)]
    for model in models:
        utils.set_random_seed(6)
        model.fit(*data, epochs=2, verbose=0)
    assert same_weights(*models)


def test_both_backends_train_alike(data):
    models = []
    for name in ("numpy", "numba"):
        config.set_backend(name)
        model = classifier(seed=5)
        model.fit(*data, epochs=2, verbose=0)
        models.append(model)
    for a, b in zip(models[0].get_weights(), models[1].get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_shuffling_draws_a_new_order_each_epoch_and_can_be_switched_off(data):
    seen = []

    class Watch(Dense):
        def forward(self, x, training=False):
            seen.append(x[:, 0].copy())
            return super().forward(x, training)

    utils.set_random_seed(0)
    model = Sequential([Input((4,)), Watch(3)])
    model.compile("sgd", "mse")
    y = np.zeros((50, 3))
    model.fit(data[0], y, batch_size=50, epochs=2, verbose=0)
    model.fit(data[0], y, batch_size=50, shuffle=False, verbose=0)
    first, second, plain = seen
    assert sorted(first) == sorted(second) == sorted(plain)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(plain, data[0][:, 0])


def test_displayed_loss_is_the_mean_over_samples_also_with_a_ragged_batch(backend, data):
    model = classifier()
    model.compile(SGD(0.0), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(*data, batch_size=32, verbose=0).history
    loss, accuracy = model.evaluate(*data, batch_size=50, verbose=0)
    assert history["loss"][0] == pytest.approx(loss, rel=1e-6)
    assert history["accuracy"][0] == pytest.approx(accuracy)


def test_validation_split_holds_back_the_last_samples(backend, data):
    model = classifier()
    history = model.fit(*data, validation_split=0.2, epochs=1, verbose=0).history
    assert list(history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    expected = model.evaluate(data[0][40:], data[1][40:], return_dict=True, verbose=0)
    assert history["val_loss"][0] == pytest.approx(expected["loss"], rel=1e-6)


def test_validation_data_takes_precedence_and_may_have_weights(data):
    model = classifier()
    x, y = data
    history = model.fit(x, y, validation_split=0.5, validation_data=(x, y, np.zeros(50)), verbose=0).history
    assert history["val_loss"] == [0.0]


def test_class_weights_are_sample_weights_by_class(backend, data):
    x, y = data
    models = [classifier(seed=1) for _ in range(2)]
    utils.set_random_seed(2)
    models[0].fit(x, y, class_weight={0: 2.0, 2: 0.5}, verbose=0)
    utils.set_random_seed(2)
    models[1].fit(x, y, sample_weight=np.array([2.0, 1.0, 0.5])[y], verbose=0)
    assert same_weights(*models)


def test_initial_epoch_goes_on_counting(data, capsys):
    history = classifier().fit(*data, initial_epoch=2, epochs=4, verbose=2)
    assert history.epoch == [2, 3]
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("Epoch")] == [
        "Epoch 3/4",
        "Epoch 4/4",
    ]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
def test_batches_are_cast_as_they_are_gathered(backend, dtype, rng):
    images = rng.integers(0, 255, (20, 4, 4, 1))
    losses = []
    for x in (images.astype(dtype), images.astype("float32")):
        utils.set_random_seed(0)
        model = Sequential([Input((4, 4, 1)), Rescaling(1 / 255), Conv2D(2, 2), Flatten(), Dense(3)])
        model.compile("sgd", "mse")
        losses.append(model.fit(x, np.ones((20, 3)), verbose=0).history["loss"])
    assert losses[0] == losses[1]


def test_the_data_is_left_alone(backend, data):
    x, y = (a.copy() for a in data)
    x.flags.writeable = y.flags.writeable = False
    model = classifier()
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)


def test_one_hot_labels_train_as_class_numbers_do(backend, data):
    x, y = data
    models = [classifier(seed=1) for _ in range(2)]
    models[1].compile("adam", "categorical_crossentropy", ["accuracy"])
    utils.set_random_seed(2)
    models[0].fit(x, y, verbose=0)
    utils.set_random_seed(2)
    models[1].fit(x, utils.to_categorical(y), verbose=0)
    for a, b in zip(models[0].get_weights(), models[1].get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_frozen_layer_stays_as_it_is(backend, data):
    model = classifier()
    model.get_layer("hidden").trainable = False
    before = model.get_weights()
    model.fit(*data, epochs=2, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]
    assert changed == [False, False, True, True]


def test_train_on_batch_is_one_step_of_fit(backend, data):
    x, y = data
    models = [classifier(seed=1) for _ in range(2)]
    models[0].fit(x, y, batch_size=50, shuffle=False, verbose=0)
    logs = models[1].train_on_batch(x, y, return_dict=True)
    assert same_weights(*models)
    assert logs["loss"] == models[0].history.history["loss"][0]


def test_class_weights_of_train_on_batch_are_those_of_fit(backend, data):
    x, y = data
    models = [classifier(seed=1) for _ in range(2)]
    weight = {0: 2.0, 2: 0.5}
    models[0].fit(
        x, y, batch_size=50, shuffle=False, class_weight=weight, sample_weight=np.linspace(0, 2, 50), verbose=0
    )
    models[1].train_on_batch(x, y, np.linspace(0, 2, 50), weight)
    assert same_weights(*models)
    with pytest.raises(ValueError, match="class_weight"):
        models[1].train_on_batch(x, y, class_weight=[1, 2, 3])


def test_test_on_batch_is_evaluate(data):
    model = classifier()
    assert model.test_on_batch(*data) == model.evaluate(*data, verbose=0)


def test_stop_training_ends_after_the_epoch(data):
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert classifier().fit(*data, epochs=9, verbose=0, callbacks=[Stop()]).epoch == [0, 1]


def test_batch_hooks_see_every_batch_of_fit_evaluate_and_predict(data):
    calls = []

    class Watch(Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append(("train", batch, sorted(logs)))

        def on_test_batch_end(self, batch, logs=None):
            calls.append(("test", batch, sorted(logs)))

        def on_predict_batch_end(self, batch, logs=None):
            calls.append(("predict", batch, []))

    model, watch = classifier(), Watch()
    model.fit(*data, batch_size=25, verbose=0, callbacks=watch)
    model.evaluate(*data, batch_size=25, verbose=0, callbacks=[watch])
    model.predict(data[0], batch_size=25, verbose=0, callbacks=[watch])
    keys = ["accuracy", "loss"]
    assert calls == [(kind, i, k) for kind, k in (("train", keys), ("test", keys), ("predict", [])) for i in (0, 1)]


def test_a_loss_of_nan_stops_before_the_step_and_names_the_layer(backend, data):
    model = classifier()
    model.get_layer("last").params["kernel"][0, 0] = np.inf
    before = model.get_weights()
    with pytest.raises(NonFiniteError, match="at step 1: parameter 'kernel' of layer 'last' held a non-finite number"):
        model.fit(*data, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_an_overflow_names_the_first_layer_that_held_it(backend):
    model = Sequential([Input((1,)), Dense(1, name="calm"), Dense(1, name="wild"), Dense(1)])
    model.compile("sgd", "mse")
    model.set_weights([np.array(w, "float32") for w in ([[1e20]], [0], [[1e30]], [0], [[1]], [0])])
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="the output of layer 'wild' held the first"):
        model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)


def test_ctrl_c_ends_after_the_step_and_leaves_model_and_history(data):
    class Press(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.history.epoch == [0] and batch == 0:
                os.kill(os.getpid(), signal.SIGINT)

    model = classifier()
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match=r"model\.history hold what was reached"):
        model.fit(*data, epochs=5, verbose=0, callbacks=[Press()])
    assert model.history.epoch == [0]
    assert model.optimizer.iterations == 3  # two steps of the first epoch, one of the second
    assert signal.getsignal(signal.SIGINT) is handler
    assert math.isfinite(model.evaluate(*data, verbose=0)[0])


def test_several_python_threads_may_predict_at_once(backend, data):
    model = classifier()
    expected = model.predict(data[0], verbose=0)
    results = []
    threads = [
        threading.Thread(target=lambda: results.extend(model.predict(data[0], verbose=0) for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    assert all(np.array_equal(r, expected) for r in results)


def test_two_processes_and_two_thread_counts_give_the_same_bits():
    code = """
import hashlib, numpy as np, scratchnet as sn
sn.utils.set_random_seed(42)
(x, y), _ = sn.datasets.fashion_mnist.load_data(subset="mini")
for model, shape in ((sn.architectures.mlp(), (28, 28)), (sn.architectures.cnn(), (28, 28, 1))):
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x[:200].reshape(-1, *shape) / 255, y[:200], batch_size=64, epochs=2, verbose=0)
    print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""
    digests = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "NUMBA_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("2", "2", "1")
    ]
    assert digests[0] == digests[1] == digests[2]
    assert len(digests[0].splitlines()) == 2
