"""Structure: do both libraries, given the same code, make the same model? Shapes, counts, names, the summary's text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference import recipes
from reference.report import Report, Worst
from scratchnet import Model
from scratchnet.interop.twins import from_keras, to_keras

WIDTHS = (80, 130)
"""Terminals, in columns, that a summary is printed for: a usual one, and one wide enough that nothing is cut off."""


class Structure:
    """The counters of differing structures, one for each kind."""

    def __init__(self) -> None:
        self.shapes, self.weights, self.names, self.counts, self.text = (Worst() for _ in range(5))

    def compare(self, ours: Model, theirs: Any, where: str) -> None:
        """Compare a scratchnet and a Keras model made by the same code."""
        _shapes(self.shapes, ours, theirs, where)
        self.names.add_equal(ours.name, theirs.name, f"{where}: model")
        self.names.add_equal([x.name for x in ours.layers], [x.name for x in theirs.layers], f"{where}: layers")
        self.counts.add_equal(ours.count_params(), theirs.count_params(), f"{where}: all parameters")
        for layer, keras_layer in zip(ours.layers, theirs.layers):
            place = f"{where}: layer {keras_layer.name}"
            self.counts.add_equal(layer.count_params(), keras_layer.count_params(), place)
            expected = [(v.name, tuple(v.shape)) for v in keras_layer.weights]
            self.weights.add_equal([(k, p.shape) for k, p in layer.named_weights.items()], expected, place)
        shapes = [tuple(v.shape) for v in theirs.weights]
        self.weights.add_equal([w.shape for w in ours.get_weights()], shapes, f"{where}: get_weights()")
        for width in WIDTHS:
            self.text.add_equal(summary_text(ours, width), summary_text(theirs, width), f"{where}: {width} columns")

    def add_to(self, report: Report, subject: str) -> None:
        """Write the rows."""
        for what, worst in (
            ("output shapes", self.shapes),
            ("weights: names, shapes, order", self.weights),
            ("default names and order of layers", self.names),
            ("parameter counts", self.counts),
            ("text of summary()", self.text),
        ):
            row = worst.row(
                "structure", f"{subject}: {what}", 0, f"{subject}: shapes, counts, names, summary(): differences"
            )
            report.rows.append(row)


def _shapes(worst: Worst, ours: Model, theirs: Any, where: str) -> None:
    worst.add_equal(ours.input_shape, theirs.input_shape, f"{where}: input")
    worst.add_equal(ours.output_shape, theirs.output_shape, f"{where}: output")
    for layer, keras_layer in zip(ours.layers, theirs.layers):
        # A shared layer has several outputs; Keras calls none of them `output`, and shows the last.
        shape = tuple(keras_layer._inbound_nodes[-1].outputs[0].shape)
        worst.add_equal(layer.output_shape, shape, f"{where}: layer {keras_layer.name}")


@contextmanager
def _terminal(columns: int) -> Iterator[None]:
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def summary_text(model: Any, columns: int = 80) -> str:
    """Return what ``summary()`` of either library prints in a terminal of that width."""
    texts: list[str] = []
    with _terminal(columns):
        model.summary(print_fn=texts.append)
    return "".join(texts)


def compare_twins(worst: Worst, ours: Model, theirs: Any, where: str) -> None:
    """Compare what ``to_keras`` and ``from_keras`` make with Keras's own copy of the same model."""
    copied = theirs.__class__.from_config(theirs.get_config())  # numbers the calls of shared layers anew, as twins do
    twin, there_and_back = to_keras(ours), from_keras(to_keras(ours))
    text = summary_text(copied, max(WIDTHS))
    worst.add_equal(summary_text(twin, max(WIDTHS)), text, f"{where}: to_keras")
    worst.add_equal(summary_text(from_keras(copied), max(WIDTHS)), text, f"{where}: from_keras")
    same = all(np.array_equal(a, b) for a, b in zip(ours.get_weights(), there_and_back.get_weights(), strict=True))
    worst.add_equal(same, True, f"{where}: weights after to_keras and from_keras")
    for layer, copy in zip(ours.layers, there_and_back.layers, strict=True):
        worst.add_equal(copy.get_config(), layer.get_config(), f"{where}: layer {layer.name} there and back")


def compare_trained_summary(worst: Worst, name: str) -> None:
    """Compare the summaries of a network after a training step, when the optimizer's vectors are counted too."""
    ours, theirs = recipes.build_both(recipes.Notebook(name))
    for optimizer in ("adam", "sgd"):
        x, y = np.zeros((2, *ours.input_shape[1:])), np.zeros(2)
        for model in (ours, theirs):
            model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
            model.train_on_batch(x, y)
        worst.add_equal(summary_text(ours), summary_text(theirs), f"{name} trained with {optimizer}")


def run(report: Report, models: int = 200) -> None:
    """Compare both networks and that many random models."""
    networks, twins, trained = Structure(), Worst(), Worst()
    for name in recipes.NETWORKS:
        ours, theirs = recipes.build_both(recipes.Notebook(name))
        networks.compare(ours, theirs, name)
        compare_twins(twins, ours, theirs, name)
        compare_trained_summary(trained, name)
    networks.add_to(report, "both networks")
    group = "both networks: shapes, counts, names, summary(): differences"
    report.rows.append(trained.row("structure", "both networks: text of summary() after training", 0, group))
    several = Structure()
    for seed in range(models):
        ours, theirs = recipes.build_both(recipes.random_recipe(recipes.seeded_choice(seed)))
        several.compare(ours, theirs, f"random model {seed}")
        compare_twins(twins, ours, theirs, f"random model {seed}")
    several.add_to(report, f"{models} random models")
    report.rows.append(
        twins.row("structure", "twins: to_keras, from_keras, and there and back", 0, "their twins: differences")
    )
