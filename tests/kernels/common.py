"""What the tests of the kernels share: a step and its layers, side by side on the same numbers.

Most tests use small whole numbers: float arithmetic on them is exact in any order, so kernel and definition must agree
bit by bit, and ties in a pooling window or zeros before a ReLU are common instead of never seen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def examples(count):
    """How many examples Hypothesis tries: far fewer where kernels are plain Python, a thousand times as slow."""
    return 4 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else count


def whole(rng, shape, dtype, largest=3):
    """Random whole numbers from -largest to largest."""
    return rng.integers(-largest, largest, shape, endpoint=True).astype(dtype)


def built(layers, shape, seed=0):
    """Build the layers one after the other for inputs (None, *shape), with whole numbers as parameters."""
    rng = np.random.default_rng(seed)
    y = np.zeros((1, *shape), layers[0].dtype)
    for layer in layers:
        y = layer(y)
        for p in layer.params.values():
            p[...] = whole(rng, p.shape, p.dtype)
    return layers


def twice(kind, shape, **options):
    """Return the same layer twice, built for (None, *shape), with some numbers in all its variables."""
    made = []
    for _ in range(2):
        rng = np.random.default_rng(1)
        layer = kind(**options)
        layer.build_once((None, *shape))
        for array in layer.named_weights.values():
            array[...] = rng.uniform(0.5, 2, array.shape)
        made.append(layer)
    return made


def assert_near(ours, expected, tolerance, scale=1):
    """No number is further off than the tolerance for their type, times the largest number or `scale`."""
    assert ours.dtype == expected.dtype
    assert ours.shape == expected.shape
    off = np.abs(ours - expected).max(initial=0)
    assert off <= tolerance[str(ours.dtype)] * max(np.abs(expected).max(initial=0), scale)


def definition(layers, x, dy):
    """Return y, dx and the gradients of the layers' own NumPy definitions."""
    y = x
    for layer in layers:
        y = layer.forward(y, True)
    dx = dy
    for layer in reversed(layers):
        dx = layer.backward(dx)
    return y, dx, [{name: g.copy() for name, g in layer.grads.items()} for layer in layers]


def rounding(step):
    """How far gradients may be off, relative to the largest: tiles of 4x4 round, all else is exact on integers."""
    four = step.backward_way == "winograd" and step.gradient_tiling.tiles.side == 4
    return {"float32": 1e-5, "float64": 1e-14}[step.dtype.name] if four else 0.0


def assert_step_is_definition(step_class, layers, n, seed=0, tolerance=0.0, off=0.0):
    """Forward and backward of the step equal those of the layers, with and without dx, and change no argument.

    Gradients may be `off` by so much, relative to the largest of an array.
    """
    rng = np.random.default_rng(seed)
    dtype = layers[0].dtype
    x = whole(rng, (n, *layers[0].input_shape[1:]), dtype)
    dy = whole(rng, (n, *layers[-1].output_shape[1:]), dtype)
    if tolerance:
        x, dy = x + rng.standard_normal(x.shape).astype(dtype), dy + rng.standard_normal(dy.shape).astype(dtype)
    y, dx, grads = definition(layers, x, dy)
    x_before, dy_before = x.copy(), dy.copy()
    assert step_class.fits(layers)

    def check(actual, expected, what, off=0.0):
        assert actual.dtype == expected.dtype, what
        atol = max(tolerance, off * np.abs(expected).max(initial=0))
        np.testing.assert_allclose(actual, expected, tolerance, atol, err_msg=what)

    for needs_dx in (True, False):
        for layer in layers:
            for g in layer.grads.values():
                g[...] = np.nan  # backward overwrites, whatever was there
        step = step_class(layers, needs_dx)
        check(step.forward(x, True), y, "y")
        got = step.backward(dy)
        if needs_dx:
            check(got, dx, "dx", off)
        else:
            assert got is None
        for layer, expected in zip(layers, grads):
            for name, g in layer.grads.items():
                check(g, expected[name], name, off)
        check(step.forward(x, False), y, "y, not training")
        smaller = step.forward(np.ascontiguousarray(x[: n // 2 + 1]), True)
        check(smaller, y[: n // 2 + 1], "y of a smaller batch")
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)


def run_python(code, **environment):
    """Run a piece of Python in a process of its own; return what it printed, and stderr after it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env,
        cwd=env["PYTHONPATH"],  # Python looks here first
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout, done.stderr
