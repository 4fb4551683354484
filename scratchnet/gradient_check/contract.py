"""What a layer promises beside right gradients: the contract, one function for each promise.

Each function makes a few passes, and returns what it saw that breaks the promise, or an empty string.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scratchnet.gradient_check.runner import Pass, Runner
from scratchnet.gradient_check.subject import samples_are_independent
from scratchnet.gradient_check.twins import graph_twin
from scratchnet.typing import Array

EXACT = 1e-10
"""Relative difference between two ways of computing the same in float64; different orders of summing stay below."""

SINGLE = 1e-3
"""The same between float32 and float64."""

FAR = 1e4
"""An input of this size is finite; its exponential is not."""


BOUNDED = ("sigmoid", "softmax", "tanh", "hard_sigmoid")
"""Activations that stay between bounds, however large x is."""


@dataclass
class Finding:
    """One promise, and what was seen.

    Attributes:
        promise: in a few words.
        problem: what broke it; empty if nothing did.
        skipped: why it was not looked at; empty if it was.
    """

    promise: str
    problem: str = ""
    skipped: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing broke the promise."""
        return not self.problem


@dataclass
class Case:
    """What the contract is checked on: a runner, a batch for it, and an upstream gradient of its output's shape.

    Whole numbers in the batch, such as indices, stay as they are where a promise changes the numbers.
    ``independent_samples`` is False for a layer whose samples are meant to influence each other.
    """

    runner: Runner
    xs: list[Array]
    dy: Array
    independent_samples: bool = True

    def run(self) -> Pass:
        """Make one pass over copies of the batch."""
        return self.runner.run([x.copy() for x in self.xs], self.dy.copy())


def inputs_unchanged(case: Case) -> str:
    """Neither pass writes into x, dy or the parameters."""
    xs, dy = [x.copy() for x in case.xs], case.dy.copy()
    params = {name: p.copy() for name, p in case.runner.params.items()}
    case.runner.forward(xs)
    changed = [f"forward changed its input {name} in place" for name in _changed(xs, case.xs)]
    xs = [x.copy() for x in case.xs]
    case.runner.forward(xs)
    case.runner.backward(dy)
    if not np.array_equal(dy, case.dy):
        changed.append("backward changed dy in place: the layer behind it, or a sum in the graph, still needs it")
    changed += [f"backward changed the layer's input {name} in place" for name in _changed(xs, case.xs) if not changed]
    for name, before in params.items():
        if not np.array_equal(before, case.runner.params[name]):
            changed.append(f"the pass changed the parameter {name}, which only an optimizer should")
            case.runner.params[name][...] = before
    return "; ".join(changed)


def _changed(now: Sequence[Array], before: Sequence[Array]) -> list[str]:
    names = ["x"] if len(now) == 1 else [f"x[{i}]" for i in range(len(now))]
    return [name for name, a, b in zip(names, now, before) if not np.array_equal(a, b)]


def same_again(case: Case) -> str:
    """A second pass, after one of another batch size, gives the very same bits."""
    first = case.run()
    case.runner.run([_scaled(np.concatenate([x, x[:1]]), 0.5) for x in case.xs], np.concatenate([case.dy, case.dy[:1]]))
    return _difference(case.run(), first, 0, "a second pass over the same batch gives other numbers")


def _is_whole(x: Array) -> bool:
    return x.dtype.kind in "iub"


def _scaled(x: Array, factor: float) -> Array:
    return x if _is_whole(x) else x * factor


def overwrites_gradients(case: Case) -> str:
    """``backward`` replaces what is in ``grads``; it does not add to it."""
    once = case.run()
    case.runner.backward(case.dy.copy())
    twice = {name: g.copy() for name, g in case.runner.grads.items()}
    for name, gradient in once.grads.items():
        if not np.array_equal(gradient, twice[name]):
            if np.allclose(twice[name], 2 * gradient):
                return f'backward adds to grads["{name}"], so a second call doubles it: write grads["{name}"][...] = …'
            return f'a second call of backward leaves another grads["{name}"] than the first'
    return ""


def gradients_in_place(case: Case) -> str:
    """``backward`` writes into the arrays in ``grads``, which are the optimizer's."""
    before = dict(case.runner.grads)
    case.run()
    for name, array in case.runner.grads.items():
        if array is not before[name]:
            return (
                f'backward put a new array in place of grads["{name}"]; the optimizer, which holds the old one, never '
                f'sees it: write grads["{name}"][...] = …'
            )
    return ""


def caches_are_own(case: Case) -> str:
    """What happens to x and y after ``forward`` does not reach ``backward``."""
    expected = case.run()
    xs = [x.copy() for x in case.xs]
    for name, arrays in (("x", lambda y: xs), ("y", lambda y: [y])):
        for x, original in zip(xs, case.xs):
            x[...] = original
        case.runner.clear_gradients()
        y = case.runner.forward(xs)
        for array in arrays(y):
            if array.flags.writeable:
                array[...] = 0 if _is_whole(array) else 7.25
        seen = Pass(expected.y, [np.array(dx) for dx in case.runner.backward(case.dy.copy())], _copies(case.runner))
        problem = _difference(seen, expected, EXACT, "")
        if problem:
            return (
                f"changing {name} after forward changes what backward returns: the layer remembers {name} itself, and "
                f"should remember a copy"
            )
    return ""


def results_are_own(case: Case) -> str:
    """No result is a view of something else."""
    xs, dy = [x.copy() for x in case.xs], case.dy.copy()
    case.runner.clear_gradients()
    y = case.runner.forward(xs)
    if any(np.shares_memory(y, x) for x in xs):
        return "forward returns x itself, or a view of it: return a copy"
    dxs = case.runner.backward(dy)
    for dx in dxs:
        if np.shares_memory(dx, dy):
            return "backward returns dy itself, or a view of it: return a copy"
        if any(np.shares_memory(dx, g) for g in case.runner.grads.values()):
            return "backward returns a view of grads: return a copy"
    kept, grads = [np.array(dx) for dx in dxs], _copies(case.runner)
    if any(np.shares_memory(a, b) for i, a in enumerate(dxs) for b in dxs[:i]):
        return "backward returns the same array for two inputs: return a copy for each"
    for array in (dy, y, *dxs):
        if array.flags.writeable:
            array[...] = 7.25
    for name, gradient in case.runner.grads.items():
        if not np.array_equal(gradient, grads[name]):
            return f'changing dy or dx after backward changes grads["{name}"], which is a view of it: write a copy'
    case.runner.clear_gradients()
    again = [np.array(dx) for dx in case.runner.backward(case.dy.copy())]
    if not all(np.array_equal(a, b) for a, b in zip(again, kept)):
        return "changing the dx that backward returned changes its next result: it is a view of the layer's memory"
    return ""


def _copies(runner: Runner) -> dict[str, Array]:
    return {name: np.array(g) for name, g in runner.grads.items()}


def linear(case: Case) -> str:
    """``backward`` is linear in dy: 2·dy₁ - 3·dy₂ gives 2 times the first result less 3 times the second.

    Beside the slopes of added losses, which come with every dy, and so are what is left for a dy of 0.
    """
    other = np.random.default_rng(1).standard_normal(case.dy.shape)
    one, two = case.runner.run(case.xs, case.dy), case.runner.run(case.xs, other)
    both = case.runner.run(case.xs, 2 * case.dy - 3 * other)
    none = case.runner.run(case.xs, 0 * case.dy) if case.runner.plan.losses else None
    expected = Pass(
        both.y,
        [2 * a - 3 * b for a, b in zip(one.dxs, two.dxs)],
        {name: 2 * one.grads[name] - 3 * two.grads[name] for name in one.grads},
    )
    if none is not None:
        for a, b in zip([*expected.dxs, *expected.grads.values()], [*none.dxs, *none.grads.values()]):
            a += 2 * b
    problem = _difference(both, expected, EXACT, "backward is not linear in dy, as the chain rule is")
    if problem and not _difference(both, expected, 1e-5, "no"):
        return f"{problem}: so small a difference comes from computing in float32"
    return problem


def batch_is_a_sum(case: Case) -> str:
    """A batch in two parts gives the same y and dx, and parameter gradients that add up to the whole batch's."""
    parts = [
        case.runner.run([x[part] for x in case.xs], case.dy[part]) for part in (slice(0, 1), slice(1, len(case.dy)))
    ]
    joined = Pass(
        np.concatenate([p.y for p in parts]),
        [np.concatenate(dx) for dx in zip(*(p.dxs for p in parts))],
        {name: parts[0].grads[name] + parts[1].grads[name] for name in parts[0].grads},
    )
    problem = _difference(joined, case.run(), EXACT, "a batch cut in two parts and put together gives other numbers")
    if problem and not samples_are_independent(case.runner, case.xs):
        return (
            f"{problem}: its samples depend on each other; if that is meant, as in a batch normalization, say so with "
            f"independent_samples=False (on the command line: --batch-dependent)"
        )
    return problem


def order_does_not_matter(case: Case) -> str:
    """The samples in another order give the same, in that order."""
    order = np.roll(np.arange(len(case.dy))[::-1], 1)
    whole, shuffled = case.run(), case.runner.run([x[order] for x in case.xs], case.dy[order])
    expected = Pass(whole.y[order], [dx[order] for dx in whole.dxs], whole.grads)
    return _difference(shuffled, expected, EXACT, "the result depends on the order of the samples in the batch")


def any_memory_layout(case: Case) -> str:
    """Arrays that are not contiguous in memory give the same."""

    def scattered(a: Array) -> Array:
        room = np.full((*a.shape[:-1], 2 * a.shape[-1]), 0 if _is_whole(a) else np.nan, a.dtype)
        room[..., ::2] = a
        return room[..., ::2]

    seen = case.runner.run([scattered(x) for x in case.xs], scattered(case.dy))
    return _difference(seen, case.run(), EXACT, "an x or dy that is not contiguous in memory gives other numbers")


def keeps_float32(case: Case) -> str:
    """float32 in gives float32 out, everywhere, and nearly the numbers of float64."""
    plan = case.runner.plan
    single = Runner(graph_twin(case.runner.graph, "float32"), plan.backend, case.runner.training, plan.logits)
    if case.runner.held_still:
        single.hold_still()
    seen = single.run([x if _is_whole(x) else x.astype(np.float32) for x in case.xs], case.dy.astype(np.float32))
    for name, array in seen.arrays().items():
        if array.dtype != np.float32:
            return f"with float32 in, {name} comes out as {array.dtype}: some step on the way promotes it"
    double = case.run()
    for name, array in double.arrays().items():
        if array.dtype != np.float64:
            return f"with float64 in, {name} comes out as {array.dtype}: some step on the way rounds it"
    if case.runner.random:  # a generator asked for float32 draws other numbers
        return ""
    return _difference(seen, double, SINGLE, "float32 and float64 give different numbers")


def finite_when_extreme(case: Case) -> str:
    """Inputs of ±10,000 give finite outputs and gradients, where the function itself stays between bounds."""
    xs = [
        x if _is_whole(x) else np.where(np.arange(x.size).reshape(x.shape) % 3 == 1, FAR, -FAR).astype(x.dtype)
        for x in case.xs
    ]
    seen = case.runner.run(xs, case.dy)
    for name, array in seen.arrays().items():
        if not np.isfinite(array).all():
            return f"with inputs of ±{FAR:,.0f}, {name} is partly {'NaN' if np.isnan(array).any() else 'infinite'}"
    return ""


def _is_bounded(case: Case) -> bool:
    activation = getattr(case.runner.plan.graph.outputs[0].layer, "activation", None)
    return getattr(activation, "name", activation) in BOUNDED


def _difference(seen: Pass, expected: Pass, tolerance: float, what: str) -> str:
    """Return ``what`` and the first array that differs by more than ``tolerance`` of its largest number, or ""."""
    for (name, a), b in zip(seen.arrays().items(), expected.arrays().values()):
        if a.shape != b.shape:
            return f"{what}: {name} has the shape {a.shape} in place of {b.shape}"
        off = np.abs(a - b)
        if off.size and not off.max() <= tolerance * max(np.abs(b).max(), 1e-30):
            i = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
            place = ", ".join(str(int(k)) for k in i)
            return f"{what}: {name}[{place}] is {a[i]:.6g} in place of {b[i]:.6g}"
    return ""


PROMISES: list[tuple[str, Callable[[Case], str]]] = [
    ("x, dy and parameters stay unchanged", inputs_unchanged),
    ("a second pass gives the same bits", same_again),
    ("grads are overwritten, not added to", overwrites_gradients),
    ("grads are written in place", gradients_in_place),
    ("memory of x and y is the layer's own", caches_are_own),
    ("results are no views", results_are_own),
    ("backward is linear in dy", linear),
    ("a batch is the sum of its parts", batch_is_a_sum),
    ("the order of samples does not matter", order_does_not_matter),
    ("any memory layout will do", any_memory_layout),
    ("float32 and float64 are kept", keeps_float32),
    ("extreme inputs stay finite", finite_when_extreme),
]

MEMORY = (caches_are_own, results_are_own)
BATCH = (batch_is_a_sum, order_does_not_matter)


def check_contract(case: Case) -> list[Finding]:
    """Check every promise and return one finding for each."""
    findings = []
    for promise, look in PROMISES:
        skipped = ""
        if look in MEMORY and case.runner.has_kernels:
            skipped = "kernels reuse their buffers; the plan guards them"
        if look is batch_is_a_sum and not case.independent_samples:
            skipped = "the samples of this layer depend on each other"
        if look is batch_is_a_sum and case.runner.plan.losses:
            skipped = "this layer adds to the loss what need be no sum over the batch"
        if look in BATCH and case.runner.random:
            skipped = "the layer is random, and draws other numbers for another batch"
        if look in BATCH and len(case.dy) < 2:
            skipped = "needs a batch of two samples or more"
        if look is finite_when_extreme and not _is_bounded(case):
            skipped = f"for {', '.join(BOUNDED[:-1])} and {BOUNDED[-1]}"
        problem = ""
        if not skipped:
            try:
                with np.errstate(all="ignore"):
                    problem = look(case)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
        if problem and look is order_does_not_matter and not case.independent_samples:
            problem, skipped = "", "the samples of this layer depend on each other, and on their order"
        findings.append(Finding(promise, problem, skipped))
    return findings
