"""fast-relu-bias, fast-conv: the same numbers, sooner."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.exercise import Case, Exercise, Speed
from scratchnet.learn.exercises.convolution import cut
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

# fast-relu-bias -------------------------------------------------------------------------------------------------------


def _filled(solution: Namespace, z: Array, bias: Array) -> dict[str, Any]:
    out = np.full_like(z, 7)
    solution.relu_bias(z, bias, out)
    return {"out": out}


def _filled_in_time(solution: Namespace, who: str, z: Array, bias: Array, out: Array) -> dict[str, Any]:
    if who == "yours":
        solution.relu_bias(z, bias, out)
    else:
        np.add(z, bias, out=out)
        np.maximum(out, 0, out=out)
    return {"out": out}


def _relu_bias_cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"z": np.array([[1.0, -5], [-3, 4]], np.float32), "bias": np.array([2.0, 1], np.float32)},
        {"out": np.array([[3.0, 0], [0, 5]])},
    )
    shapes = ((5, 3), (1, 7), (300, 16))
    arrays = [(shape, random.normal(size=shape), random.normal(size=shape[1])) for shape in shapes]
    return [
        worked,
        *(
            Case(f"M = {shape[0]}, F = {shape[1]}", {"z": z.astype(np.float32), "bias": bias.astype(np.float32)})
            for shape, z, bias in arrays
        ),
    ]


def _relu_bias_inputs(random: np.random.Generator) -> dict[str, Any]:
    z = random.normal(size=(64 * 27 * 27, 32)).astype(np.float32)
    return {"z": z, "bias": random.normal(size=32).astype(np.float32), "out": np.empty_like(z)}


def _put(function: Any) -> Any:
    def relu_bias(z: Array, bias: Array, out: Array) -> None:
        out[...] = function(z, bias)

    return relu_bias


_RELU_BIAS_HINTS = (
    "NumPy walks through the array twice, and memory is slower than arithmetic. What would one walk do with a number?",
    "out[m,f] = max(z[m,f] + bias[f], 0)",
    "@njit(parallel=True, fastmath=True); for m in prange(M): for f in range(F): out[m, f] = max(z[m, f] + bias[f], "
    "np.float32(0))",
)

# fast-conv ------------------------------------------------------------------------------------------------------------


def all_windows_at_once(x: Array, kernel: Array) -> Array:
    """Return z (N, OH, OW, F): all windows are cut out, and one product serves them all."""
    KH, KW, C, F = kernel.shape
    cols = cut(x, KH, KW)
    z: Array = cols.reshape(-1, KH * KW * C) @ kernel.reshape(-1, F)
    return z.reshape(*cols.shape[:3], F)


def _convolved(solution: Namespace, x: Array, kernel: Array) -> dict[str, Any]:
    return {"z": solution.conv2d(x, kernel)}


def _convolved_in_time(solution: Namespace, who: str, x: Array, kernel: Array) -> dict[str, Any]:
    return {"z": solution.conv2d(x, kernel) if who == "yours" else all_windows_at_once(x, kernel)}


def _conv_cases(random: np.random.Generator) -> list[Case]:
    image, kernel = np.arange(1.0, 10).reshape(1, 3, 3, 1), np.array([[1.0, 0], [0, -1]]).reshape(2, 2, 1, 1)
    worked = Case(
        "the worked number",
        {"x": image.astype(np.float32), "kernel": kernel.astype(np.float32)},
        {"z": np.full((1, 2, 2, 1), -4.0)},
    )
    cases = [worked]
    sizes = (((2, 6, 5, 3), (3, 2, 4)), ((3, 4, 4, 2), (1, 1, 5)), ((1, 5, 7, 1), (5, 2, 2)), ((2, 5, 6, 2), (3, 3, 3)))
    for (N, H, W, C), (KH, KW, F) in sizes:
        x, kernel = random.normal(size=(N, H, W, C)), random.normal(size=(KH, KW, C, F))
        inputs = {"x": x.astype(np.float32), "kernel": kernel.astype(np.float32)}
        cases.append(Case(f"x {N, H, W, C}, kernel {KH, KW, C, F}", inputs))
    return cases


def _conv_inputs(random: np.random.Generator) -> dict[str, Any]:
    x, kernel = random.normal(size=(64, 26, 26, 16)), random.normal(size=(3, 3, 16, 16))
    return {"x": x.astype(np.float32), "kernel": kernel.astype(np.float32)}


_CONV_HINTS = (
    "How many bytes are the windows of the whole batch, and how many fit into the processor's cache?",
    "z[p,f] = Σ_q cols[p,q] kernel[q,f],   p = (n,oh,ow), q = (i,j,c)",
    "one `cols` (OH, OW, KH, KW, C), filled anew for each image, and one product per image; or the same in "
    "@njit(parallel=True), with a `cols` for each image",
)

EXERCISES = (
    Exercise(
        name="fast-relu-bias",
        title="Bias and ReLU in one walk, compiled with Numba",
        run=_filled,
        cases=_relu_bias_cases,
        hints=_RELU_BIAS_HINTS,
        slips=slips(
            "relu_bias",
            _RELU_BIAS_HINTS,
            bias_forgotten=(_put(lambda z, bias: np.maximum(z, 0)), "The bias is not added."),
            relu_forgotten=(_put(lambda z, bias: z + bias), "What is negative stays: the ReLU is missing."),
            bias_after_the_relu=(
                _put(lambda z, bias: np.maximum(z, 0) + bias),
                "The bias is added after the ReLU: it comes before.",
            ),
            one_bias_for_all=(
                _put(lambda z, bias: np.maximum(z + bias[0], 0)),
                "Every filter gets the bias of the first: filter f has its own, bias[f].",
            ),
            nothing_written=(
                lambda z, bias, out: None,
                "Nothing is written into out: out = … makes a new array, out[m, f] = … writes into this one.",
            ),
        ),
        speed=Speed(_filled_in_time, _relu_bias_inputs, 1.3, "NumPy's np.add and np.maximum"),
        shapes={"out": "(M, F)"},
        keeps_float32=False,
        seconds=90.0,
    ),
    Exercise(
        name="fast-conv",
        title="A convolution that is fast",
        run=_convolved,
        cases=_conv_cases,
        hints=_CONV_HINTS,
        slips=slips(
            "conv2d",
            _CONV_HINTS,
            kernel_upside_down=(
                lambda x, kernel: all_windows_at_once(x, kernel[::-1, ::-1]),
                "The kernel is turned by 180°: mathematicians' convolution does that, neural networks do not.",
            ),
            kernel_transposed=(
                lambda x, kernel: all_windows_at_once(x, kernel.swapaxes(0, 1).reshape(kernel.shape)),
                "Rows and columns of the kernel are exchanged: first i, down, then j, across.",
            ),
            first_channel_only=(
                lambda x, kernel: all_windows_at_once(x[..., :1], kernel[:, :, :1]),
                "Only the first channel is counted: the sum goes over all of them.",
            ),
            mean_for_sum=(
                lambda x, kernel: all_windows_at_once(x, kernel) / np.float32(kernel[..., 0].size),
                "Each window is averaged: it is a weighted sum.",
            ),
        ),
        speed=Speed(_convolved_in_time, _conv_inputs, 1.5, "im2col of the whole batch and one product"),
        shapes={"z": "(N, OH, OW, F)"},
        seconds=90.0,
    ),
)
