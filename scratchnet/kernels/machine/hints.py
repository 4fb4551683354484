"""Remarks to LLVM about the function in which they are called, which it cannot find out by itself.

1. `no_overlap`: the arrays are apart from each other, so that a loop over several of them can be one of vectors.
2. `never_inline`: one function, not a copy at every call, so that there is less to compile.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import config, types
from numba.extending import intrinsic


def _hint(apply: Callable[[Any], None]) -> Callable[[Callable[[], None]], Any]:
    """Replace a Python function that does nothing by a remark to LLVM about the function in which it is called."""

    def decorate(definition: Callable[[], None]) -> Any:
        if config.DISABLE_JIT:
            return definition

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            apply(builder.function)
            return context.get_dummy_value()

        def typed(typingctx: Any) -> tuple[Any, Any]:
            return types.void(), codegen

        return intrinsic(functools.update_wrapper(typed, definition, assigned=("__name__", "__doc__"), updated=()))

    return decorate


@_hint(lambda function: function.attributes.add("noinline"))
def never_inline() -> None:
    """Keep the function in which this is called as one function, instead of a copy at every call: compiles faster."""


def _promise_no_overlap(function: Any) -> None:
    for argument in function.args:
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")


@_hint(_promise_no_overlap)
def no_overlap() -> None:
    """Promise that the arrays given to the function in which this is called do not overlap.

    LLVM then needs no test for that before each vector loop, and with more than a few arrays it would give up testing
    and not use vectors at all.
    """
