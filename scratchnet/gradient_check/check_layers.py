"""The check of a layer. That of a whole model is in ``check_models.py``, that of a loss in ``check_losses.py``."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.gradient_check.checking import (
    backend_named,
    begun_report,
    check_gradients,
    check_options,
    explain,
    prepare,
)
from scratchnet.gradient_check.compare import MOST_ON_KNOWN_KINKS
from scratchnet.gradient_check.contract import Case, check_contract
from scratchnet.gradient_check.diagnosis import conclude
from scratchnet.gradient_check.holdings import is_built_in
from scratchnet.gradient_check.kinks import CONVENTIONS, check_kinks, check_kinks_at, convention_of
from scratchnet.gradient_check.refusals import check_finite, check_layer_forward, check_methods
from scratchnet.gradient_check.report import Report
from scratchnet.gradient_check.runner import Runner, input_names
from scratchnet.gradient_check.subject import runner_subject, with_added_losses
from scratchnet.gradient_check.twins import layer_graph
from scratchnet.typing import Array
from scratchnet.utils.held_still import held_still
from scratchnet.utils.namers import NAMERS
from scratchnet.utils.numbers import shown
from scratchnet.utils.random import seeded


def check_layer(
    layer: Any,
    input_shape: Sequence[Any],
    *,
    x: Array | Sequence[Array] | None = None,
    dy: Array | None = None,
    dtype: str = "float64",
    seed: int = 0,
    backend: str | None = None,
    tolerance: float = 1e-7,
    max_entries: int = 5000,
    training: bool = True,
    kinks: str | None = None,
    independent_samples: bool = True,
    constants: Sequence[str] = (),
) -> Report:
    """Check a layer's ``backward`` against its ``forward``, entry by entry, and the contract of layers.

    What is differentiated is Σ dy·y, plus all that is added to the loss: by ``add_loss``, by an activity regularizer,
    and by the regularizers of the weights, which are checked with it.

    Args:
        layer: a ``Layer``, or any object with ``forward(x)``, ``backward(dy)``, and if it has parameters ``params``
            and ``grads``. It is copied; the original stays as it is. If it is built, its parameters are used.
        input_shape: the batch in front: ``(4, 8, 8, 3)``. For several inputs, a list of shapes.
        x: the input to check at, or a list of them; random if not given. Whole numbers, such as the indices of an
            embedding, stay whole where ``backward`` returns None for them.
        dy: the upstream gradient, of the output's shape; random if not given, which is what it should be: ones, the
            usual choice elsewhere, cannot see a wrong softmax.
        dtype: ``"float64"``. ``"float32"`` has the layer compute in float32, where difference quotients are good for
            two or three digits only.
        seed: of everything random: parameters of a layer that is not built, x, and the upstream gradient dy.
        backend: ``"numba"`` or ``"numpy"``, the current one if not given. A layer that has no kernel runs by its
            definition on both.
        tolerance: the largest relative error that counts as right. An error is relative to the entry's slope, or
            the root mean square of the whole gradient if that is larger.
        max_entries: of a larger tensor, a random sample of this many entries is checked, 500 at the least.
        training: passed to ``forward``, if that has a parameter of this name.
        kinks: the convention at kinks, ``"relu"``, ``"first_maximum"`` or ``"between"`` (any slope between left and
            right); found out if not given.
        independent_samples: False for a layer whose samples influence each other, such as a batch normalization.
        constants: names of attributes that hold arrays which the output depends on and which are no parameters.

    Returns:
        The report. ``report.passed`` is the verdict, ``print(report)`` explains it.

    Raises:
        ValueError: if an argument makes no sense, the layer refuses the shape, or it holds what looks like parameters
            but is not in ``params`` and ``grads``.
    """
    if kinks is not None and kinks not in CONVENTIONS:
        raise ValueError(f"check_layer expected kinks to be one of {', '.join(CONVENTIONS)}, got {shown(kinks)}.")
    check_options(tolerance, max_entries, seed)
    generator = np.random.default_rng(seed)
    shapes = _shapes(input_shape)
    check_methods(layer)
    check_layer_forward(layer)
    constants = (constants,) if isinstance(constants, str) else constants
    given = _given_inputs(x, shapes)
    with held_still(layer), seeded(seed):
        graph = layer_graph(layer, shapes, config.check_float(dtype), given)
    runner = Runner(graph, backend_named(backend), training)
    if not getattr(layer, "params", None):
        _vary_parameters(runner, generator)
    xs = [np.array(generator.standard_normal(shape), dtype) for shape in shapes] if given is None else given
    with held_still(layer), runner.running():
        xs = _settle_inputs(runner, xs, dtype)
        runner.try_out(xs)
        y = runner.forward_copies(xs)
        check_finite("y", y, "a slope can only be measured where the output is finite: give another x")
        dy = generator.standard_normal(y.shape).astype(dtype) if dy is None else np.array(dy, dtype)
        if dy.shape != y.shape:
            raise ValueError(f"check_layer expected dy of the output's shape {y.shape}, got {dy.shape}.")
        check_finite("dy", dy, "give finite numbers")
        title = f"{type(layer).__name__} {getattr(layer, 'name', '')!r}".replace(" ''", "")
        report = begun_report(title, runner, y, seed, tolerance)
        if not prepare(report, runner, xs, independent_samples, constants):
            return report
        subject, weights = with_added_losses(runner_subject(runner, xs), runner, dy)
        tensors = check_gradients(subject, weights, tolerance, max_entries, generator)
        report.tensors = tensors
        if not tensors:
            report.refusal = "there are no parameters, and no input has a gradient: there is nothing to compare"
        if dtype == "float64":
            report.contract = check_contract(Case(runner, xs, dy, independent_samples))
        known = any(t.failed for t in tensors)  # the same mistake would show once more
        if dtype == "float64" and not known and not runner.adds_losses:
            convention = kinks or convention_of(layer) or "between"
            found = check_kinks(runner, xs, convention, tolerance, dy)
            report.kinks = found if found.outputs or not found.passed else None
            if convention != "between" and any(t.on_kinks for t in tensors):
                here = check_kinks_at(runner, xs, convention, tolerance, dy)
                report.kinks = report.kinks if here.passed else here
                for tensor in tensors if here.passed and here.outputs else []:
                    tensor.most_on_a_kink = MOST_ON_KNOWN_KINKS
    explain(tensors, _sizes(xs[0].shape, y.shape))
    report.conclusion = conclude(tensors)
    if not report.passed and not runner.random and not is_built_in(layer):
        own = copy.deepcopy(layer)
        report.namer = lambda: NAMERS.layer(own, shapes, training)
    return report


def _given_inputs(x: Any, shapes: list[tuple[int, ...]]) -> list[Array] | None:
    """Return the inputs that the caller gave, one for each shape; None if there are none."""
    if x is None:
        return None
    alone = len(shapes) == 1 and not (isinstance(x, (list, tuple)) and len(x) == 1 and np.shape(x[0]) == shapes[0])
    given = [np.asarray(a) for a in ([x] if alone else x)]
    if [a.shape for a in given] != shapes:
        raise ValueError(
            f"check_layer expected x of the shape {' and '.join(map(str, shapes))} that input_shape says, got "
            f"{' and '.join(str(a.shape) for a in given)}."
        )
    for name, array in zip(input_names(len(given)), given):
        if array.dtype.kind not in "fiub":
            raise ValueError(f"check_layer expected {name} to hold numbers, got an array of {array.dtype}.")
        check_finite(name, array, "give finite numbers")
    return given


def _settle_inputs(runner: Runner, xs: list[Array], dtype: str) -> list[Array]:
    """Return copies of the inputs as floats, but whole numbers as they are where ``backward`` gives None for them."""
    floats = [np.array(x, dtype) for x in xs]
    mixed = [x.copy() if x.dtype.kind in "iub" else a for x, a in zip(xs, floats)]
    if runner.has_kernels or all(a.dtype.kind == "f" for a in mixed):
        return floats
    try:
        y = runner.forward_copies(mixed)
        runner.backward(np.ones(y.shape, dtype))
    except Exception as error:
        try:
            runner.forward_copies(floats)
        except Exception:
            raise error from None  # as indices they were meant, and as indices they are wrong
        return floats
    return [a if i in runner.without_gradient else floats[i] for i, a in enumerate(mixed)]


def _vary_parameters(runner: Runner, generator: np.random.Generator) -> None:
    """Give parameters that start all equal, such as a bias of zeros, different values."""
    for param in runner.params.values():
        if param.size and np.ptp(param) == 0:
            param += 0.1 * generator.standard_normal(param.shape)


def _sizes(x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> dict[str, int]:
    sizes = {"N": x_shape[0]}
    if len(y_shape) == 4:
        places = y_shape[1] * y_shape[2]
        sizes |= {"OH·OW": places, "N·OH·OW": x_shape[0] * places}
    return sizes


def _shapes(input_shape: Sequence[Any]) -> list[tuple[int, ...]]:
    if not isinstance(input_shape, (list, tuple)):
        raise ValueError(
            f"check_layer expected input_shape as a shape with the batch in front, such as (4, 8, 8, 3), or a list of "
            f"them, got {shown(input_shape)}."
        )
    several = bool(len(input_shape)) and isinstance(input_shape[0], (tuple, list))
    shapes = [tuple(shape) for shape in input_shape] if several else [tuple(input_shape)]
    for shape in shapes:
        if not shape or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
            raise ValueError(
                f"check_layer expected input_shape as positive whole numbers, the batch in front, such as "
                f"(4, 8, 8, 3), got {shape}."
            )
    return shapes
