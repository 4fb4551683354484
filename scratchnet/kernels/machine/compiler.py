"""A kernel is compiled as a whole: what only it calls becomes machine code within it, and never by itself.

Numba makes all that it compiles ready to be called. So each small function, and the body of each `prange` with two
wrappers round it, is optimised and written as machine code together with all that it calls in turn; and then the kernel
again with all of them, although nothing but the kernel is ever called from Python.

1. While a kernel is compiled, every other function stays LLVM's intermediate code (`Part`), as Numba wrote it, until
   the kernel takes it in. All of it is optimised together, once. The numbers that come out have the same bits, and the
   compiler needs less than half the time.
2. `inner` functions get no wrappers. Called from Python they are compiled once more, as Numba usually does.
3. Numba compiles under a lock of its own, so no other thread finds the switch turned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from numba.core import compiler, config
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import CPUDispatcher, cpu_target

_OPTIONS = {"nopython": True, "error_model": "numpy", "boundscheck": None, "no_cfunc_wrapper": True}


class Part(JITCodeLibrary):
    """Intermediate code that another library takes in; nothing in it can be called."""

    def _optimize_final_module(self) -> None:
        """Leave that to whoever takes it in."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """Itself, whom Numba then asks to `set_env`."""
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Do nothing: what is not called needs no environment."""


@contextmanager
def _parts_only() -> Iterator[None]:
    """Have Numba make `Part`s of all that it compiles inside the `with`."""
    codegen = cpu_target.target_context.codegen()
    usual = codegen._library_class
    codegen._library_class = Part
    try:
        yield
    finally:
        codegen._library_class = usual


class _KernelCompiler(compiler.Compiler):
    """Compiles one kernel: the only one that becomes machine code."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *others: Any) -> None:
        if library is None:
            library = JITCodeLibrary(targetctx.codegen(), "kernel")
            library.enable_object_caching()
        super().__init__(typingctx, targetctx, library, *others)

    def compile_extra(self, func: Any) -> Any:
        """Compile the kernel and all that it calls."""
        with _parts_only():
            return super().compile_extra(func)


def jit(function: Callable[..., Any], parallel: bool) -> Any:
    """Return a kernel as Numba's dispatcher: a copy of the function for each type of arguments, compiled when needed.

    Args:
        function: the kernel.
        parallel: whether its `prange` loops are given to threads.
    """
    return CPUDispatcher(function, None, {**_OPTIONS, "parallel": parallel}, _KernelCompiler)


class _Inner(CPUDispatcher):
    """A function that kernels call, and Python only to look into it."""

    @functools.cached_property
    def _by_itself(self) -> Any:
        return numba.njit(error_model="numpy")(self.py_func)

    def __call__(self, *arguments: Any) -> Any:
        return self._by_itself(*arguments)


def inner(function: Callable[..., Any]) -> Any:
    """Decorator for a function that only kernels call: it becomes part of their machine code."""
    if config.DISABLE_JIT:
        return function
    return _Inner(function, None, {**_OPTIONS, "no_cpython_wrapper": True})


def any_order(function: Callable[..., Any]) -> Any:
    """As `inner`, for a function whose sums the compiler may take in another order: in partial sums, in vectors.

    In which order depends on the processor's vectors, on nothing else. NaN and infinity stay what they are.
    """
    if config.DISABLE_JIT:
        return function
    return _Inner(function, None, {**_OPTIONS, "no_cpython_wrapper": True, "fastmath": {"reassoc", "nsz"}})
