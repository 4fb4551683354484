"""Display: what fit and evaluate print and return, line by line, on both sides.

The text is compared as a terminal shows it, since Keras moves its cursor with backspaces and scratchnet with carriage
returns; and with all times replaced, since those differ from run to run. The models are float64: in
float32, numbers that differ in their last digit only would print differently once in a while.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import product
from typing import Any

import numpy as np

import scratchnet
from reference.environment import backend, floatx, new_session
from reference.report import Report, Worst
from scratchnet import Input, Model, layers
from scratchnet.interop.twins import to_keras
from scratchnet.metrics import SparseCategoricalAccuracy


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def shown(text: str) -> list[str]:
    """Return the lines that a terminal would show once all of ``text`` has been written to it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = []
    for raw in text.split("\n"):
        cells: list[str] = []
        at = 0
        for character in raw:
            if character == "\r":
                at = 0
            elif character == "\b":
                at = max(0, at - 1)
            else:
                cells[at : at + 1] = [character]
                at += 1
        lines.append("".join(cells).rstrip())
    return lines


def without_times(lines: list[str]) -> list[str]:
    """Replace how long things took."""
    lines = [re.sub(r"\b\d+(s|ms|us)/step", "…/step", line) for line in lines]
    return [re.sub(r"(?<=[ ━])\d+(s|:\d\d(:\d\d)?)(?= )", "…", line) for line in lines]


@contextmanager
def _captured(terminal: bool) -> Iterator[io.StringIO]:
    out = Terminal() if terminal else io.StringIO()
    with redirect_stdout(out):
        yield out


def _model() -> Model:
    new_session()
    scratchnet.utils.set_random_seed(3)
    model = scratchnet.Sequential(
        [Input((12, 12, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(10, "softmax")]
    )
    last = SparseCategoricalAccuracy(name="weighted")  # in alphabetical order it comes after val_…
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=[last])
    return model


def _data(samples: int) -> tuple[Any, Any]:
    (x, y), _ = scratchnet.datasets.fashion_mnist.load_data(subset="mini")
    return (x[:samples, 2:26:2, 2:26:2, None] / 255).astype("float64"), y[:samples].astype("int64")


Call = Callable[[Any], Any]


def _calling(method: str, *arguments: Any, **options: Any) -> Call:
    return lambda model: getattr(model, method)(*arguments, **options)


def _fitting(*arguments: Any, **options: Any) -> Call:
    return lambda model: model.fit(*arguments, **options).history


def calls() -> Iterator[tuple[str, Call]]:
    """The calls to compare: a description, and what to do with a model of either library."""
    x, y = _data(450)
    held_back = (x[400:], y[400:])
    for verbose, epochs, validation in product((0, 1, 2), (1, 3), ({}, {"validation_data": held_back})):
        settings = {"batch_size": 64, "epochs": epochs, "verbose": verbose, "shuffle": False, **validation}
        where = f"fit(epochs={epochs}, verbose={verbose}{', validation' if validation else ''})"
        yield where, _fitting(x[:400], y[:400], **settings)
    split = {"batch_size": 50, "epochs": 2, "verbose": 2, "shuffle": False, "validation_split": 0.25}
    yield "fit(validation_split=0.25)", lambda model: model.fit(x, y, **split).history
    yield (
        "fit(initial_epoch=2)",
        lambda model: model.fit(x, y, epochs=3, initial_epoch=2, verbose=2, shuffle=False).history,
    )
    for verbose in (0, 1, 2):
        yield f"evaluate(verbose={verbose})", _calling("evaluate", x, y, batch_size=64, verbose=verbose)
        yield f"predict(verbose={verbose})", _calling("predict", x, verbose=verbose)
    yield "evaluate(return_dict=True)", lambda model: model.evaluate(x, y, return_dict=True, verbose=0)
    yield "train_on_batch", lambda model: model.train_on_batch(x[:64], y[:64])
    yield "test_on_batch", lambda model: model.test_on_batch(x[:64], y[:64], return_dict=True)


class Shown:
    """The counters of what differs."""

    def __init__(self) -> None:
        self.text, self.form, self.values = Worst(), Worst(), Worst()

    def compare(self, where: str, call: Call, terminal: bool) -> None:
        """Make the call on a new model and on its twin, and compare what is printed and returned."""
        with floatx("float64"), backend("numba"):
            model = _model()
            twin = to_keras(model)
            with _captured(terminal) as ours:
                returned = call(model)
            with _captured(terminal) as theirs:
                expected = call(twin)
        place = f"{where}, {'terminal' if terminal else 'file'}"
        self.text.add_equal(without_times(shown(ours.getvalue())), without_times(shown(theirs.getvalue())), place)
        self.form.add_equal(_form(returned), _form(expected), place)
        if _form(returned) == _form(expected):
            # to 4 digits: what people compare
            self.values.add_equal(_digits(returned), _digits(expected), place)


def _form(returned: Any) -> Any:
    """Return the kind of what a call returns: the keys and lengths of a history, the shape of predictions."""
    if isinstance(returned, dict):
        return {key: len(value) if isinstance(value, list) else "number" for key, value in returned.items()}
    if isinstance(returned, list):
        return f"list of {len(returned)}"
    return np.shape(returned)


def _digits(returned: Any) -> Any:
    if isinstance(returned, dict):
        return {key: _digits(value) for key, value in returned.items()}
    return np.round(np.asarray(returned, np.float64), 4).tolist()


def run(report: Report, quick: bool = False) -> None:
    """Compare every call, to a terminal and to a file; ``quick`` does half of it."""
    result = Shown()
    for number, (where, call) in enumerate(calls()):
        for terminal in [number % 2 == 0] if quick else (True, False):
            result.compare(where, call, terminal)
    for what, worst in (
        ("what fit, evaluate and predict print, times apart", result.text),
        ("keys and lengths of History.history; kinds of results", result.form),
        ("losses and accuracies returned, to 4 digits", result.values),
    ):
        group = "what fit, evaluate and predict print and return: differences"
        report.rows.append(worst.row("display", what, 0, group))
