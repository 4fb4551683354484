"""Kinks on purpose: inputs that sit exactly on a corner, where no difference quotient can help.

A ReLU has a corner at zero and a maximum has one at every tie. There is no derivative there, only a convention, and
every framework has the same ones: the slope of ReLU at 0 is 0, and a tie pays its gradient to the first of the
largest. With small whole numbers as inputs and parameters, zeros and ties are everywhere and exact.

Each convention is turned into a question that difference quotients *can* answer:

- ReLU'(0) = 0 means that an output which is exactly 0 contributes nothing. So blank out dy where y = 0; what is left
  is smooth, and its numerical gradient must be backward's.
- "The first maximum wins" means that the gradient at a tie is the one we would get if the first were a little larger.
  So lower every pixel a little more than the one before it; there are no ties left.

Other layers, whose convention we do not know, must choose a slope between the one from the left and the one from the
right. Their parameters stay as they are: a sum over several corners, of which a step passes some one way and some the
other way, may have any slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.activations import ReLU
from scratchnet.gradient_check.compare import TensorResult, choose_entries, compare
from scratchnet.gradient_check.differences import Prober
from scratchnet.gradient_check.runner import Runner
from scratchnet.gradient_check.subject import runner_subject
from scratchnet.layers import MaxPooling2D
from scratchnet.typing import Array

RELU = "ReLU'(0) = 0"
FIRST_MAXIMUM = "the first maximum wins"
BETWEEN = "a slope between left and right"
CONVENTIONS = {"relu": RELU, "first_maximum": FIRST_MAXIMUM, "between": BETWEEN}


@dataclass
class KinkFinding:
    """How a layer behaves where its output has corners.

    Attributes:
        convention: what was expected.
        outputs: how many outputs sat exactly on a corner, or how many entries, where the convention is not known.
        results: the gradients there, compared with the convention.
    """

    convention: str
    outputs: int
    results: list[TensorResult]

    @property
    def passed(self) -> bool:
        """Whether the convention was kept everywhere."""
        return not any(r.wrong.any() or r.problem for r in self.results)

    @property
    def problem(self) -> str:
        """The worst offence in a sentence; empty if there is none."""
        bad = [r for r in self.results if r.wrong.any() or r.problem]
        if not bad:
            return ""
        r = bad[0]
        if r.problem:
            return r.problem
        index = ", ".join(f"{letter}={i}" for letter, i in zip(r.letters, r.worst_index))
        value, estimate = r.analytic[r.worst], r.estimate
        if estimate.kink[r.worst]:
            expected = f"a slope between {estimate.low[r.worst]:.6g} and {estimate.high[r.worst]:.6g} is possible"
        else:
            expected = f"by the convention it is {estimate.value[r.worst]:.6g}"
        return (
            f"exactly on a kink, {r.name}[{index}] is {value:.6g}, but {expected} "
            f"({int(r.wrong.sum())} of {len(r.wrong)} entries are off)"
        )


def convention_of(layer: Any) -> str | None:
    """Return the convention that ``layer`` documents, ``"relu"`` or ``"first_maximum"``, or None if not known."""
    wrapped = getattr(layer, "wrapped", layer)
    if isinstance(wrapped, MaxPooling2D):
        return "first_maximum"
    activation = getattr(wrapped, "activation", None)
    bent = isinstance(activation, ReLU) and activation.get_config() != ReLU().get_config()  # has other corners
    if getattr(activation, "name", activation) == "relu" and not bent:
        return "relu"
    return None


def check_kinks(runner: Runner, given: list[Array], convention: str, tolerance: float, dy: Array) -> KinkFinding:
    """Run a layer on whole numbers and compare its gradients with the convention.

    Args:
        runner: of one layer; its parameters are changed for the check and put back.
        given: its inputs; of those of floats only the shapes count.
        convention: ``"relu"``, ``"first_maximum"`` or ``"between"``.
        tolerance: the relative error to allow.
        dy: the upstream gradient.
    """
    generator = np.random.default_rng(7)
    kept = {name: p.copy() for name, p in runner.params.items()}
    try:
        xs = [generator.integers(-2, 3, x.shape).astype(x.dtype) if x.dtype.kind == "f" else x.copy() for x in given]
        for param in runner.params.values() if convention != "between" else ():
            param[...] = generator.integers(-1, 2, param.shape)
        return check_kinks_at(runner, xs, convention, tolerance, dy)
    finally:
        for name, before in kept.items():
            runner.params[name][...] = before


def check_kinks_at(runner: Runner, given: list[Array], convention: str, tolerance: float, dy: Array) -> KinkFinding:
    """Compare a layer's gradients with the convention at these very inputs, with the parameters that it has."""
    generator, xs = np.random.default_rng(7), [x.copy() for x in given]
    y = runner.forward_copies(xs)
    subject = runner_subject(runner, xs)
    subject.forward()
    gradients = {name: np.array(g) for name, g in subject.backward(dy).items()}
    smooth_dy, outputs = dy, 0
    if convention == "relu":
        smooth_dy, outputs = np.where(y == 0, 0, dy), int((y == 0).sum())
    if convention == "first_maximum":
        outputs = _ties(runner, xs, y)
        for x in xs:
            x -= _ramp(x)
    results = []
    for name, gradient in gradients.items():
        if name in subject.without_gradient:
            continue
        prober = Prober(subject, name, smooth_dy)
        entries = choose_entries(prober.tensor.size, 500, generator)
        results.append(compare(prober, gradient, entries, tolerance))
    if convention == "between":
        outputs = sum(int(r.estimate.kink.sum()) for r in results)
    return KinkFinding(CONVENTIONS[convention], outputs, results)


def _ties(runner: Runner, xs: list[Array], y: Array) -> int:
    """Return how many outputs are maxima that several pixels reach.

    Lowering the pixels by a ramp and by its mirror image costs a single winner the ramp's height in all.
    """
    down = np.array(runner.forward([x - _ramp(x) for x in xs]))
    up = np.array(runner.forward([x - (_ramp(x).max() - _ramp(x)) for x in xs]))
    return int((np.abs(2 * y - down - up - _ramp(xs[0]).max()) > 1e-9).sum())


def _ramp(x: Array) -> Array:
    """Return numbers from 0 to 1/16 that rise along each sample, pixel by pixel, in row-major order."""
    return np.broadcast_to(np.arange(x[0].size).reshape(x.shape[1:]) / (16 * x[0].size), x.shape)
