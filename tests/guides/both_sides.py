"""Runs one program in Keras and in scratchnet, changing nothing but its import, and writes down what it did.

The programs are scripts as a user of Keras writes them. So that the two runs can be compared, the harness sees to six
things from outside, and the programs know of none:

- the float type: float64 in both. In float32, Adam and RMSprop make a full step of a gradient that is nothing but
  rounding, and two runs of one library from weights one rounding apart may be 1 % apart after fifty steps;

- the data: ``datasets.fashion_mnist.load_data()`` returns the embedded subset in both;
- the first weights: Keras draws them, and scratchnet's initializers hand out the same arrays in the same order, if they
  are asked for the same (distribution, name and shape);
- the order of the samples: ``fit`` does not shuffle;
- Adam's betas: in the bias correction scratchnet rounds them here as Keras does (docs/keras-differences.md);
- TensorFlow's ``in_top_k``, which takes nothing but float32: Keras hands it what it has.

What stays random is each library's own: dropout, noise, augmentation.

A new program is a file in ``programs/``: the guide's code, shortened, which takes its data from ``fashion_mnist`` or
from ``np.random`` and says ``import keras`` or ``from keras…``. It is found by itself, and may write into the current
directory. Tracing by Keras is what takes time, so few models and few different shapes of batches; convolutions are
trained on some hundred pictures. It has to learn enough that ``evaluate`` is better than always guessing one class.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet
from reference.display import shown
from reference.environment import floatx, keras, new_session, tf

PROGRAMS = Path(__file__).parent / "programs"
DRAWN = ("Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling")
DRAWING = ("Dropout", "GaussianNoise", "Random")
FIRST_BATCH = 32


@dataclass
class Event:
    """One call of the program, and what came of it.

    Attributes:
        kind: fit, evaluate, predict or summary.
        where: the same in words.
        random: whether the model has a layer that draws random numbers in training.
        weights: the shapes of the model's variables.
        trained_before: how many steps the model, or another with layers of it, had taken before.
        before: of fit of a random model, loss and metrics of the first samples before any step, as in inference. Of
            others the first step's loss says it.
        steps: of fit, the loss as the progress bar shows it after each step.
        logs: of fit, the history; of evaluate, loss and metrics.
        samples: how many were given, 0 if they come batch by batch.
        one_answer: of evaluate, the accuracy of the best answer that is the same for all samples; NaN if not known.
        outputs: of predict, the arrays.
        text: of summary, the lines.
    """

    kind: str
    where: str
    random: bool
    trained_before: int
    weights: list[tuple[int, ...]] = field(default_factory=list)
    before: dict[str, float] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)
    logs: dict[str, list[float]] = field(default_factory=dict)
    samples: int = 0
    one_answer: float = math.nan
    outputs: list[np.ndarray] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


_BY_KERAS: dict[str, tuple[list[Event], list[Any]]] = {}


def run_both(name: str, folder: Path) -> tuple[list[Event], list[Event]]:
    """Return what a program did in scratchnet and what in Keras, where it runs once however often this is asked."""
    if name not in _BY_KERAS:
        drawn: list[Any] = []
        _BY_KERAS[name] = _run(name, keras, folder / "keras", lambda patch: _write_down(patch, drawn)), drawn
    theirs, drawn = _BY_KERAS[name]
    left = list(reversed(drawn))
    ours = _run(name, scratchnet, folder / "scratchnet", lambda patch: _hand_out(patch, left))
    assert not left, f"scratchnet drew {len(left)} of Keras's {len(drawn)} initial weights less"
    return ours, theirs


_load_data = scratchnet.datasets.fashion_mnist.load_data  # before a run puts another in its place


@cache
def _mini() -> Any:
    return _load_data(subset="mini")


def _run(name: str, library: Any, folder: Path, weights: Callable[[pytest.MonkeyPatch], None]) -> list[Event]:
    text = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    if library is scratchnet:
        text = with_the_import_swapped(text)
    events: list[Event] = []
    before = Path.cwd()
    folder.mkdir()
    new_session()
    library.utils.set_random_seed(1)
    np.random.seed(1)
    with floatx("float64"), pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        if library is keras:
            _rank_in_float32(patch)
            warnings.simplefilter("ignore")  # TensorFlow's arrays do not yet know NumPy 2's `copy`
        weights(patch)
        _round_betas(patch)
        _watch(patch, library, events)
        patch.setattr(
            library.datasets.fashion_mnist, "load_data", lambda: tuple((x.copy(), y.copy()) for x, y in _mini())
        )
        try:
            os.chdir(folder)
            exec(compile(text, f"{name}.py in {library.__name__}", "exec"), {"__name__": "__main__"})
        finally:
            os.chdir(before)
            new_session()
    return events


def with_the_import_swapped(text: str) -> str:
    """Return a program that imports scratchnet wherever it imported Keras."""
    text = re.sub(r"^import keras$", "import scratchnet as keras", text, flags=re.M)
    text = re.sub(r"^from keras(?=[ .])", "from scratchnet", text, flags=re.M)
    assert not re.search(r"^\s*(import|from) keras", text, flags=re.M)
    return text


# The first weights ---------------------------------------------------------------------------------------------------


def _write_down(patch: pytest.MonkeyPatch, drawn: list[Any]) -> None:
    loading: list[Any] = []  # Keras draws weights for a model that it loads, and then reads over them
    load_model = keras.models.load_model

    def load(*args: Any, **kwargs: Any) -> Any:
        loading.append(args)
        try:
            return load_model(*args, **kwargs)
        finally:
            loading.pop()

    patch.setattr(keras.models, "load_model", load)
    for name in DRAWN:
        cls = getattr(keras.initializers, name)

        def draw(self: Any, shape: Any, dtype: Any = None, call: Any = cls.__call__, **more: Any) -> Any:
            array = call(self, shape, dtype=dtype, **more)
            if not loading:
                drawn.append(((type(self).__name__, tuple(shape)), np.array(array)))
            return array

        patch.setattr(cls, "__call__", draw)


def _hand_out(patch: pytest.MonkeyPatch, left: list[Any]) -> None:
    def draw(self: Any, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        asked = (type(self).__name__, tuple(shape))
        assert left, f"scratchnet drew initial weights once more than Keras: {asked}"
        drawn, array = left.pop()
        assert drawn == asked, f"Keras drew {drawn} where scratchnet draws {asked}"
        return array.astype(dtype)

    for name in DRAWN:
        patch.setattr(getattr(scratchnet.initializers, name), "__call__", draw)


def _round_betas(patch: pytest.MonkeyPatch) -> None:
    step_size = scratchnet.optimizers.Adam.step_size

    def rounded(self: Any, learning_rate: float) -> float:
        exact = self.beta_1, self.beta_2
        self.beta_1, self.beta_2 = (float(np.float32(beta)) for beta in exact)
        try:
            return step_size(self, learning_rate)
        finally:
            self.beta_1, self.beta_2 = exact

    patch.setattr(scratchnet.optimizers.Adam, "step_size", rounded)


def _rank_in_float32(patch: pytest.MonkeyPatch) -> None:
    in_top_k = tf.math.in_top_k
    patch.setattr(tf.math, "in_top_k", lambda y, scores, k: in_top_k(y, tf.cast(scores, "float32"), k))


# What the program did ------------------------------------------------------------------------------------------------


def _watch(patch: pytest.MonkeyPatch, library: Any, events: list[Event]) -> None:
    """Let the methods of every model write down what they were asked for and what came out."""
    inside: list[str] = []  # Keras's fit evaluates by calling `evaluate`; the program did not
    steps_taken: dict[Any, int] = {}  # by layer: models share them

    class Steps(library.callbacks.Callback):
        def __init__(self, into: list[float]) -> None:
            super().__init__()
            self.into = into

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.into.append(float(logs["loss"]))

        def on_test_end(self, logs: Any = None) -> None:
            self.tested = {key: [float(value)] for key, value in logs.items()}

    def watched(kind: str, method: Callable[..., Any], note: Callable[..., Any]) -> Callable[..., Any]:
        def call(model: Any, *args: Any, **kwargs: Any) -> Any:
            if inside:
                return method(model, *args, **kwargs)
            inside.append(kind)
            taken = max((steps_taken.get(layer, 0) for layer in _leaves(model)), default=0)
            event = Event(kind, f"call {len(events)}, {kind} of {model.name!r}", _random(model), taken)
            try:
                returned = note(event, model, lambda *a, **k: method(model, *a, **k), *args, **kwargs)
                event.weights = [np.shape(w) for w in model.get_weights()]
                events.append(event)
                steps_taken.update((layer, taken + len(event.steps)) for layer in _leaves(model))
            finally:
                inside.pop()
            return returned

        return call

    def fit(event: Event, model: Any, run: Any, x: Any, y: Any = None, **kwargs: Any) -> Any:
        if not model.built and isinstance(x, np.ndarray):
            model.build((None, *x.shape[1:]))  # Keras would draw the weights inside a TensorFlow graph
        if event.random and y is not None:
            logs = model.evaluate(_first(x), _first(y), return_dict=True, verbose=0)
            event.before = {key: float(value) for key, value in logs.items()}
        callbacks = [*_several(kwargs.pop("callbacks", None)), Steps(event.steps)]
        history = run(x, y, **{"shuffle": False, **kwargs}, callbacks=callbacks)
        event.logs = {key: [float(v) for v in values] for key, values in history.history.items()}
        event.samples = _count(x)
        return history

    def evaluate(event: Event, model: Any, run: Any, x: Any, y: Any = None, **kwargs: Any) -> Any:
        steps = Steps([])
        callbacks = [*_several(kwargs.pop("callbacks", None)), steps]
        returned = run(x, y, **kwargs, callbacks=callbacks)
        event.logs, event.samples, event.one_answer = steps.tested, _count(x), _one_answer(y)
        return returned

    def predict(event: Event, model: Any, run: Any, *args: Any, **kwargs: Any) -> Any:
        output = run(*args, **kwargs)
        arrays = output.values() if isinstance(output, dict) else output if isinstance(output, list) else [output]
        event.outputs = [np.array(array) for array in arrays]
        return output

    def summary(event: Event, model: Any, run: Any, **kwargs: Any) -> None:
        text: list[str] = []
        run(**kwargs, print_fn=lambda line: text.append(line))
        event.text = shown("\n".join(text))

    for note in (fit, evaluate, predict, summary):
        kind = note.__name__
        patch.setattr(library.Model, kind, watched(kind, getattr(library.Model, kind), note))


def _several(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [] if given is None else [given]


def _random(model: Any) -> bool:
    return any(type(layer).__name__.startswith(DRAWING) for layer in _leaves(model))


def _leaves(model: Any) -> list[Any]:
    parts = ([layer] if not hasattr(layer, "layers") else _leaves(layer) for layer in model.layers)
    return [leaf for part in parts for leaf in part]


def _one_answer(y: Any) -> float:
    if not isinstance(y, np.ndarray):
        return math.nan
    classes = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y
    return float(np.unique(classes, return_counts=True)[1].max() / len(y))


def _first(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: value[:FIRST_BATCH] for key, value in data.items()}
    return [value[:FIRST_BATCH] for value in data] if isinstance(data, (list, tuple)) else data[:FIRST_BATCH]


def _count(data: Any) -> int:
    while isinstance(data, (dict, list, tuple)):
        data = next(iter(data.values())) if isinstance(data, dict) else data[0]
    return len(data) if isinstance(data, np.ndarray) else 0
