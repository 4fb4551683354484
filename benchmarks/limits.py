"""What the machine can do, measured: the roof over the kernels."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.machine import usable_cores


@dataclass
class Limits:
    """What the machine can do, measured: float32 operations a second in a large matrix product, and bytes a second.

    ``copy`` counts bytes read and written of arrays that do not fit into the caches, ``cached_copy`` of arrays that do.
    """

    flops: float
    copy: float
    cached_copy: float


def fastest(run: Callable[[], object], repetitions: int) -> float:
    """Return the shortest of several times: a limit is what the machine can do undisturbed."""
    run()
    taken = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def measure_limits(quick: bool) -> Limits:
    """Measure sgemm by NumPy's BLAS, and copies by NumPy in one thread for each core.

    Of products there are also small ones, over in a millisecond: where others work too, these may be left alone.
    """
    sizes = (512, 1024) if quick else (512, 1024, 2048)
    return Limits(
        flops=max(_product_rate(n, 2**15 // n) for n in sizes),
        copy=_copy_rate(64 << 20, 10),
        cached_copy=_copy_rate(128 << 10, 100),
    )


def _product_rate(n: int, repetitions: int) -> float:
    a, b, c = (np.ones((n, n), np.float32) for _ in range(3))
    return 2 * n**3 / fastest(lambda: np.matmul(a, b, out=c), repetitions)


def _copy_rate(bytes_each: int, repetitions: int) -> float:
    """Return the bytes a second, read and written, when every core copies an array of its own over and over."""
    cores = usable_cores()
    rounds = max(1, (16 << 20) // bytes_each)
    arrays = [(np.ones(bytes_each, np.uint8), np.zeros(bytes_each, np.uint8)) for _ in range(cores)]

    def copy(pair: tuple[np.ndarray, np.ndarray]) -> None:
        for _ in range(rounds):
            np.copyto(pair[1], pair[0])

    with ThreadPoolExecutor(cores) as pool:
        taken = fastest(lambda: list(pool.map(copy, arrays)), repetitions)
    return 2 * bytes_each * rounds * cores / taken
