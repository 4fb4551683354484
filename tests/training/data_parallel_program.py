"""What the tests of data-parallel training run on each rank: ``python data_parallel_program.py <folder> <scenario> …``.

Each scenario returns what is to be compared; rank r saves it as ``<scenario>-<r>.pickle``.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet import layers

N, CLASSES = 44, 3  # of batches of 10 the last has 4 samples, of batches of 7 two, fewer than ranks


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(N, 6, 6, 2)), rng.integers(0, CLASSES, N)


def compiled(inside: Callable[[], list[Any]], optimizer: Any = None, **options: Any) -> Any:
    sn.utils.set_random_seed(3)
    sn.utils.clear_session()
    model = sn.Sequential([sn.Input((6, 6, 2)), *inside(), layers.Dense(CLASSES, activation="softmax")])
    metrics = options.pop("metrics", ["accuracy"])
    model.compile(optimizer or sn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics, **options)
    return model


def plain() -> list[Any]:
    return [layers.Conv2D(4, 2, activation="relu"), layers.Flatten()]


def dropping() -> list[Any]:
    return [*plain(), layers.Dropout(0.2), layers.BatchNormalization()]


def left(model: Any, history: Any = None) -> dict[str, Any]:
    weights = [w.copy() for w in model.get_weights()]
    return {"weights": weights, "history": history.history if history is not None else None}


def everything() -> dict[str, Any]:
    """Weights of classes and samples, validation, penalties, several metrics, clipping, a frozen layer."""
    x, y = data()
    model = compiled(
        lambda: [
            layers.Conv2D(4, 2, activation="tanh", kernel_regularizer="l2"),
            layers.Dense(5, activity_regularizer="l2", trainable=False),
            layers.Flatten(),
        ],
        sn.optimizers.SGD(0.05, momentum=0.9, clipnorm=0.5, weight_decay=0.01),
        weighted_metrics=["accuracy"],
    )
    history = model.fit(
        x,
        y,
        batch_size=7,
        epochs=2,
        class_weight={0: 2.0, 2: 0.5},
        sample_weight=np.linspace(0.5, 1.5, N),
        validation_data=(x[:15], y[:15], np.linspace(1, 2, 15)),
        verbose=0,
    )
    return left(model, history)


def epoch() -> dict[str, Any]:
    x, y = data()
    model = compiled(plain)
    return left(model, model.fit(x, y, batch_size=10, epochs=3, validation_split=0.25, verbose=0))


def kernels() -> dict[str, Any]:
    """A dense network in float64, with whatever backend there is."""
    x, y = data()
    sn.config.set_floatx("float64")
    model = compiled(lambda: [layers.Flatten(), layers.Dense(8, activation="relu")])
    return left(model, model.fit(x, y, batch_size=10, epochs=2, verbose=0))


def several_outputs() -> dict[str, Any]:
    x, y = data()
    sn.utils.set_random_seed(3)
    sn.utils.clear_session()
    inputs = sn.Input((6, 6, 2))
    flat = layers.Flatten()(inputs)
    one, two = layers.Dense(CLASSES, activation="softmax", name="one")(flat), layers.Dense(1, name="two")(flat)
    model = sn.Model(inputs, [one, two])
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"], [["accuracy"], ["mae"]], loss_weights=[1, 0.5])
    return left(model, model.fit(x, [y, y / 2], batch_size=9, epochs=2, verbose=0))


def counting() -> dict[str, Any]:
    """Metrics that are no means: they count."""
    x, y = data()
    sn.utils.set_random_seed(3)
    sn.utils.clear_session()
    model = sn.Sequential([sn.Input((6, 6, 2)), layers.Flatten(), layers.Dense(2, activation="sigmoid")])
    metrics = [sn.metrics.AUC(multi_label=True), sn.metrics.Precision(), sn.metrics.Recall(thresholds=0.3)]
    model.compile("sgd", "binary_crossentropy", metrics)
    labels = np.stack([y == 0, y == 1], axis=1).astype(float)
    history = model.fit(x, labels, batch_size=7, epochs=2, verbose=0, validation_data=(x[:9], labels[:9]))
    return left(model, history)


def random() -> dict[str, Any]:
    """Dropout, augmentation and BatchNormalization: not what one process would get, but the same on all ranks."""
    x, y = data()

    def noisy() -> list[Any]:
        first = [layers.RandomFlip(), layers.Conv2D(4, 2), layers.BatchNormalization()]
        return [*first, layers.Flatten(), layers.Dropout(0.5)]

    model = compiled(noisy)
    found = left(model, model.fit(x, y, batch_size=7, epochs=2, verbose=0))
    return found | {"random": [layer.seed_generator.state.copy() for layer in (model.layers[0], model.layers[4])]}


def normalized() -> dict[str, Any]:
    x, y = data()
    model = compiled(lambda: [layers.Flatten(), layers.BatchNormalization()], sn.optimizers.SGD(0.1))
    return left(model, model.fit(x, y, batch_size=11, epochs=1, shuffle=False, verbose=0))


def masks() -> dict[str, Any]:
    """What Dropout leaves of a batch of ones."""
    x, y = np.ones((8, 6, 6, 2)), np.zeros(8, int)
    seen = []

    class Watching(layers.Dropout):
        def forward(self, x: Any, training: bool = False) -> Any:
            seen.append(super().forward(x, training))
            return seen[-1]

    model = compiled(lambda: [Watching(0.5, seed=5), layers.Flatten()])
    model.fit(x, y, batch_size=8, verbose=0)
    return {"seen": seen[0]}


def refused(call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "not refused"


def refusals() -> dict[str, Any]:
    """What is refused, on all ranks, which live on."""
    x, y = data()
    rank = sn.distribution.current().rank
    model = compiled(plain)

    class Own(sn.metrics.Metric):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.total = max(self.total, float(np.max(y_pred)))

    class Adding(layers.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            self.add_loss(float(np.sum(x)))
            return x.copy()

        def backward(self, dy: Any) -> Any:
            return dy.copy()

    def summed() -> Any:
        model = compiled(plain)
        model.compile("sgd", sn.losses.SparseCategoricalCrossentropy(reduction="sum"))
        return model

    class Changing(sn.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.layers[0].params["kernel"][...] += rank

    return {
        "batch": refused(lambda: model.train_on_batch(x, y)),
        "generator": refused(lambda: model.fit(iter([(x, y)]), verbose=0)),
        "small": refused(lambda: model.fit(x, y, batch_size=1, verbose=0)),
        "one rank": refused(lambda: model.fit(x, y[: N - (rank == 1)], verbose=0)),
        "other data": refused(lambda: model.fit(x + (rank == 1), y, verbose=0)),
        "other settings": refused(lambda: model.fit(x, y, batch_size=10 + rank, verbose=0)),
        "metric": refused(lambda: compiled(plain, metrics=[Own()]).fit(x, y, verbose=0)),
        "adding": refused(lambda: compiled(lambda: [layers.Flatten(), Adding()]).fit(x, y, verbose=0)),
        "sum": refused(lambda: summed().fit(x, y, verbose=0)),
        "diverged": refused(lambda: compiled(plain).fit(x, y, verbose=0, callbacks=[Changing()])),
    }


def non_finite() -> dict[str, Any]:
    """Numbers of the last rank's share have an infinite sum: all refuse the step, and tell of that rank."""
    x, y = data()
    x[8:10] = 1.7e308
    model = compiled(lambda: [layers.BatchNormalization(), layers.Flatten()])
    before = left(model)
    said = refused(lambda: model.fit(x, y, batch_size=10, shuffle=False, verbose=0))
    return {"said": said, "before": before["weights"], **left(model)}


def stopping() -> dict[str, Any]:
    """A callback of one rank asks to stop after the second step: all stop there."""
    x, y = data()
    rank, size = sn.distribution.current().rank, sn.distribution.current().size
    steps = []

    class Stopping(sn.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append((batch, logs))
            if rank == size - 1 and batch == 1:
                self.model.stop_training = True

    model = compiled(plain)
    return left(model, model.fit(x, y, batch_size=10, epochs=5, callbacks=[Stopping()], verbose=0)) | {"steps": steps}


def signalled() -> dict[str, Any]:
    """Ctrl-C comes to one rank alone, before the first step: all stop after that."""
    x, y = data()
    rank, size, steps = sn.distribution.current().rank, sn.distribution.current().size, []

    class Signalling(sn.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            if rank == size - 1:
                os.kill(os.getpid(), signal.SIGINT)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append(batch)

    model, stopped = compiled(plain), False
    try:
        model.fit(x, y, batch_size=10, epochs=5, callbacks=[Signalling()], verbose=0)
    except KeyboardInterrupt:
        stopped = True
    return left(model) | {"steps": steps, "stopped": stopped}


def unseeded() -> dict[str, Any]:
    """Each rank has other weights and another seed at first; rank 0's count."""
    x, y = data()
    model = compiled(lambda: [*plain(), layers.Dropout(0.1)])
    sn.utils.set_random_seed(100 + sn.distribution.current().rank)
    for weight in model.params.values():
        weight += sn.distribution.current().rank
    return left(model, model.fit(x, y, batch_size=10, epochs=2, verbose=0))


def writing() -> dict[str, Any]:
    """Callbacks that write do so on rank 0; the run is taken up where another left it."""
    x, y = data()
    home, told = Path("writing"), []

    class Telling(sn.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            told.append(epoch)

    def fit(model: Any, epochs: int) -> Any:
        keep = [
            sn.callbacks.ModelCheckpoint(home / "best.safetensors", monitor="loss", save_best_only=True),
            sn.callbacks.EarlyStopping("loss", patience=3),
            sn.callbacks.CSVLogger(home / "history.csv"),
            sn.callbacks.BackupAndRestore(home / "backup", delete_checkpoint=False),
            Telling(),
        ]
        return model.fit(x, y, batch_size=10, epochs=epochs, callbacks=keep, verbose=2)

    home.mkdir(exist_ok=True)
    fit(compiled(dropping), 2)
    return left(model := compiled(dropping), fit(model, 4)) | {"told": told}


def alone() -> dict[str, Any]:
    """What ``writing`` does, without an interruption."""
    x, y = data()
    model = compiled(dropping)
    return left(model, model.fit(x, y, batch_size=10, epochs=4, verbose=0))


def failing() -> dict[str, Any]:
    """A callback of one rank fails in the middle."""
    x, y = data()

    class Failing(sn.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if sn.distribution.current().rank == 1 and batch == 2:
                raise MemoryError("no room")

    model = compiled(plain)
    return left(model, model.fit(x, y, batch_size=10, callbacks=[Failing()], verbose=0))


def main(folder: str, *names: str) -> None:
    sn.config.set_floatx("float64")
    parallel = sn.distribution.DataParallel()
    for name in names:
        with parallel.scope():
            found = globals()[name]()
        Path(folder, f"{name}-{parallel.rank}.pickle").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
