"""The two innermost loops of every fast kernel, written for vector registers.

Almost all arithmetic of a network is one of these two sums, with `x` and `panel` read in place (no im2col matrix):

    tile_product   out[p, :] = sum over k of x[rows[p] + k's offset] * panel[k, :]        (p < TILE rows at a time)
    add_rows       out[:]   += sum over j of coefficient[j] * x[offset[j] : offset[j] + width]

1. LLVM does not keep a block of partial sums in registers by itself (they would have to live in an array, and arrays
   live in memory). So the loops are given to it as vector instructions; `TILE x WIDTH` sums then stay in registers
   during the whole sum, and every number loaded is used TILE or WIDTH times. 116 of 118 GFLOP/s on one Zen 4 core.
2. The rows of a tile are given by their offsets in `x`. One routine thus serves the dense product (offset = row), its
   transpose (step = row length), the convolution with any stride and dilation (offset = pixel) and its gradients.
3. `NUMBA_DISABLE_JIT=1` uses the Python bodies below, which define what the vector code has to compute.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

from scratchnet.typing import Array


def _register_file() -> tuple[int, int]:
    """Bytes of one vector register, and how many rows of two vectors leave room for the operands."""
    try:
        has = llvm.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell on some platforms
        has = {}
    if has.get("avx512f"):
        return 64, 8
    if has.get("avx2"):
        return 32, 6
    return 16, 6


VECTOR_BYTES, TILE = _register_file()
INT = ir.IntType(64)


def lanes(dtype: Any) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return int(VECTOR_BYTES // np.dtype(dtype).itemsize)


class _Emitter:
    """Shorthands for the LLVM builder; `itype` is the type of the numbers, `vec` of a register full of them."""

    def __init__(self, context: Any, builder: Any, array_type: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(array_type.dtype)
        self.count = VECTOR_BYTES // (array_type.dtype.bitwidth // 8)
        self.vec = ir.VectorType(self.scalar, self.count)
        self.align = array_type.dtype.bitwidth // 8
        self.mask: Any = None

    def data(self, array_type: Any, value: Any) -> Any:
        """The address of the first number of an array."""
        return self.context.make_array(array_type)(self.context, self.builder, value).data

    def at(self, pointer: Any, *offsets: Any) -> Any:
        """`pointer + sum(offsets)`, counted in numbers."""
        for offset in offsets:
            pointer = self.builder.gep(pointer, [INT(offset) if isinstance(offset, int) else offset])
        return pointer

    def keep_first(self, width: Any) -> None:
        """From here on `load` and `store` touch only the first `width` numbers of a register."""
        kind = ir.VectorType(INT, self.count)
        undefined, zeros = ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        first = self.builder.insert_element(undefined, width, ir.Constant(ir.IntType(32), 0))
        widths = self.builder.shuffle_vector(first, undefined, zeros)
        self.mask = self.builder.icmp_signed("<", ir.Constant(kind, list(range(self.count))), widths)

    def _masked(self, name: str, result: Any, *operands: Any) -> Any:
        kind = ir.FunctionType(result, [operand.type for operand in operands])
        suffix = f"v{self.count}f{self.align * 8}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.masked.{name}.{suffix}")
        return self.builder.call(function, operands)

    def load(self, pointer: Any) -> Any:
        """A register full of numbers from an address that need not be aligned."""
        place = self.builder.bitcast(pointer, self.vec.as_pointer())
        if self.mask is not None:
            zeros = ir.Constant(self.vec, None)
            return self._masked("load", self.vec, place, ir.Constant(ir.IntType(32), self.align), self.mask, zeros)
        instruction = self.builder.load(place)
        instruction.align = self.align
        return instruction

    def store(self, value: Any, pointer: Any) -> None:
        """The opposite of `load`."""
        place = self.builder.bitcast(pointer, self.vec.as_pointer())
        if self.mask is not None:
            self._masked("store", ir.VoidType(), value, place, ir.Constant(ir.IntType(32), self.align), self.mask)
        else:
            self.builder.store(value, place).align = self.align

    def splat(self, number: Any) -> Any:
        """A register with the same number in every lane."""
        undefined = ir.Constant(self.vec, ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def multiply_add(self, a: Any, b: Any, total: Any) -> Any:
        """`a * b + total`; "contract" lets LLVM use one fused instruction where the machine has it."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, total, flags=("contract",))

    def zeros(self, count: int) -> list[Any]:
        """`count` register variables that start at zero."""
        zero = ir.Constant(self.vec, [0.0] * self.count)
        variables = [cgutils.alloca_once(self.builder, self.vec) for _ in range(count)]
        for variable in variables:
            self.builder.store(zero, variable)
        return variables


def _vectorised(emit: Callable[..., None]) -> Callable[[Callable[..., None]], Any]:
    """Replace a Python definition by the vector code that `emit` writes, unless jitting is switched off."""

    def decorate(definition: Callable[..., None]) -> Any:
        if config.DISABLE_JIT:
            return definition
        names = list(inspect.signature(definition).parameters)

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            arrays = [t for t in signature.args if isinstance(t, types.Array)]
            emitter = _Emitter(context, builder, arrays[0])
            values = {
                name: emitter.data(kind, value) if isinstance(kind, types.Array) else value
                for name, kind, value in zip(names, signature.args, arguments)
            }
            emit(emitter, **values)
            return context.get_dummy_value()

        def typed(*kinds: Any) -> tuple[Any, Any]:
            casts = [kind if isinstance(kind, types.Array) else types.int64 for kind in kinds]
            return types.void(*casts), codegen

        # Numba reads the argument names of an intrinsic, so it gets a function with the definition's own.
        scope: dict[str, Any] = {"typed": typed}
        exec(f"def {definition.__name__}(typingctx, {', '.join(names)}): return typed({', '.join(names)})", scope)
        return intrinsic(scope[definition.__name__])

    return decorate


def _emit_tile(vectors: int, masked: bool = False) -> Callable[..., None]:
    def emit(
        e: _Emitter, x: Any, x_at: Any, rows: Any, rows_at: Any, offsets: Any, runs: Any, run: Any, step: Any,
        panel: Any, panel_at: Any, panel_step: Any, out: Any, out_at: Any, out_step: Any, add: Any, width: Any,
    ) -> None:  # fmt: skip
        builder = e.builder
        if masked:
            e.keep_first(width)
        sums = [e.zeros(vectors) for _ in range(TILE)]
        start = [e.at(x, x_at, builder.load(e.at(rows, rows_at, p))) for p in range(TILE)]
        panel_row = cgutils.alloca_once_value(builder, e.at(panel, panel_at))
        with cgutils.for_range(builder, runs) as r:
            position = cgutils.alloca_once_value(builder, builder.load(e.at(offsets, r.index)))
            with cgutils.for_range(builder, run):
                here, weights = builder.load(position), builder.load(panel_row)
                columns = [e.load(e.at(weights, v * e.count)) for v in range(vectors)]
                for p in range(TILE):
                    number = e.splat(builder.load(e.at(start[p], here)))
                    for v in range(vectors):
                        builder.store(e.multiply_add(number, columns[v], builder.load(sums[p][v])), sums[p][v])
                builder.store(builder.add(here, step), position)
                builder.store(e.at(weights, panel_step), panel_row)
        adding = builder.icmp_signed("!=", add, INT(0))
        for p in range(TILE):
            row = e.at(out, out_at, builder.mul(out_step, INT(p)))
            for v in range(vectors):
                place, total = e.at(row, v * e.count), builder.load(sums[p][v])
                e.store(builder.select(adding, builder.fadd(e.load(place), total), total), place)

    return emit


def _define_tile(
    width: int, x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int,
) -> None:  # fmt: skip
    x, panel, out = x.reshape(-1), panel.reshape(-1), out.reshape(-1)
    for p in range(TILE):
        total = np.zeros(width, x.dtype)
        for r in range(runs):
            for i in range(run):
                k = panel_at + (r * run + i) * panel_step
                total += x[x_at + rows[rows_at + p] + offsets[r] + i * step] * panel[k : k + width]
        place = slice(out_at + p * out_step, out_at + p * out_step + width)
        out[place] = out[place] + total if add else total


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


@_vectorised(_emit_tile(2))
def wide_tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """Two vectors of columns for TILE rows, written (or, if `add` is not 0, added) to ``out[out_at + p * out_step :]``.

    Row p is ``sum over r < runs, i < run of x[x_at + rows[rows_at + p] + offsets[r] + i * step] * panel row (r * run +
    i)``. A panel row begins at ``panel_at + k * panel_step``. All arrays C-contiguous; all offsets count numbers.
    `width` must be two vectors.
    """
    _define_tile(width, x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at, panel_step, out, out_at, out_step, add)


@_vectorised(_emit_tile(1, masked=True))
def masked_tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """As `wide_tile`, with `width` columns, at most one vector: nothing beyond `width` is read or written."""
    _define_tile(width, x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at, panel_step, out, out_at, out_step, add)


def _emit_add_rows(vectors: int) -> Callable[..., None]:
    def emit(
        e: _Emitter, out: Any, out_at: Any, coefficients: Any, offsets: Any, list_at: Any, count: Any, x: Any, x_at: Any,
    ) -> None:  # fmt: skip
        builder = e.builder
        target, source = e.at(out, out_at), e.at(x, x_at)
        sums = e.zeros(vectors)
        for v in range(vectors):
            builder.store(e.load(e.at(target, v * e.count)), sums[v])
        with cgutils.for_range(builder, count) as j:
            number = e.splat(builder.load(e.at(coefficients, list_at, j.index)))
            row = e.at(source, builder.load(e.at(offsets, list_at, j.index)))
            for v in range(vectors):
                product = e.multiply_add(number, e.load(e.at(row, v * e.count)), builder.load(sums[v]))
                builder.store(product, sums[v])
        for v in range(vectors):
            e.store(builder.load(sums[v]), e.at(target, v * e.count))

    return emit


def _define_add_rows(
    vectors: int, out: Array, out_at: int, coefficients: Array, offsets: Array, list_at: int, count: int, x: Array, x_at: int,
) -> None:  # fmt: skip
    x, out = x.reshape(-1), out.reshape(-1)
    width = vectors * lanes(x.dtype)
    for j in range(list_at, list_at + count):
        row = x_at + offsets[j]
        out[out_at : out_at + width] += coefficients[j] * x[row : row + width]


@_vectorised(_emit_add_rows(4))
def add_four(
    out: Array, out_at: int, coefficients: Array, offsets: Array, list_at: int, count: int, x: Array, x_at: int
) -> None:
    """``out[out_at:][:w] += sum over j of coefficients[j] * x[x_at + offsets[j]:][:w]``, w = 4 vectors."""
    _define_add_rows(4, out, out_at, coefficients, offsets, list_at, count, x, x_at)


@_vectorised(_emit_add_rows(1))
def add_one(
    out: Array, out_at: int, coefficients: Array, offsets: Array, list_at: int, count: int, x: Array, x_at: int
) -> None:
    """As `add_four`, for one vector."""
    _define_add_rows(1, out, out_at, coefficients, offsets, list_at, count, x, x_at)
