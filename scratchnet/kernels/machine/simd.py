"""Vector instructions for the innermost loops.

1. LLVM does not keep a block of partial sums in registers by itself (they would have to live in an array, and arrays
   live in memory). `vectorised` lets a file give a loop to LLVM as vector instructions, next to a Python function that
   defines what the loop computes and that runs in its place under `NUMBA_DISABLE_JIT=1`.
2. The instructions are LLVM's, not a machine's: the same code is AVX-512, AVX2, SSE or NEON (see `processor.py`).
3. The loops of one operation that differ only in how many vectors they hold are one text: `emit` is made for a number
   of vectors, and the Python definition gets it by `functools.partial`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, errors, types
from numba.extending import intrinsic

from scratchnet.kernels.machine.processor import VECTOR_BYTES

INT = ir.IntType(64)
ZERO: Any = np.int64(0)
"""An int64: for a literal 0 as argument Numba would compile one more version of the function that is called."""


WORD = 64
"""Bits in a word, an int64 that says which of 64 numbers count."""


def bits_of(word: int) -> list[int]:
    """The numbers of the set bits, from the lowest."""
    whole = int(word)
    return [i for i in range(WORD) if whole >> i & 1]


def word_of(bits: Any) -> Any:
    """The word whose bit i is ``bits[i]``."""
    padded = np.zeros(WORD, np.uint8)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view(np.int64)[0]


def _bytes(kind: Any) -> int:
    return int(kind.width // 8) if isinstance(kind, ir.IntType) else 4 if isinstance(kind, ir.FloatType) else 8


class Emitter:
    """Shorthands for the LLVM builder; `itype` is the type of the numbers, `vec` of a register full of them."""

    def __init__(self, context: Any, builder: Any, array_type: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(array_type.dtype)
        self.count = VECTOR_BYTES // (array_type.dtype.bitwidth // 8)
        self.vec = ir.VectorType(self.scalar, self.count)
        self.mask: Any = None

    def data(self, array_type: Any, value: Any) -> Any:
        """The address of the first number of an array."""
        return self.context.make_array(array_type)(self.context, self.builder, value).data

    def at(self, pointer: Any, *offsets: Any) -> Any:
        """`pointer + sum(offsets)`, counted in numbers."""
        for offset in offsets:
            pointer = self.builder.gep(pointer, [INT(offset) if isinstance(offset, int) else offset])
        return pointer

    def lanes_below(self, width: Any) -> Any:
        """For each lane, whether its number is below `width`."""
        kind = ir.VectorType(INT, self.count)
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), width, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        widths = self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)
        return self.builder.icmp_signed("<", ir.Constant(kind, list(range(self.count))), widths)

    def keep_first(self, width: Any) -> None:
        """From here on `load` and `store` touch only the first `width` numbers of a register."""
        self.mask = self.lanes_below(width)

    def _masked(self, name: str, kind: Any, result: Any, *operands: Any) -> Any:
        function_type = ir.FunctionType(result, [operand.type for operand in operands])
        letter = "i" if isinstance(kind.element, ir.IntType) else "f"
        suffix = f"v{self.count}{letter}{8 * _bytes(kind.element)}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, function_type, f"llvm.masked.{name}.{suffix}")
        return self.builder.call(function, operands)

    def load(self, pointer: Any) -> Any:
        """As many numbers as a register has lanes, from an address that need not be aligned."""
        kind = ir.VectorType(pointer.type.pointee, self.count)
        align = _bytes(kind.element)
        place = self.builder.bitcast(pointer, kind.as_pointer())
        if self.mask is not None:
            zeros = ir.Constant(kind, None)
            return self._masked("load", kind, kind, place, ir.Constant(ir.IntType(32), align), self.mask, zeros)
        instruction = self.builder.load(place)
        instruction.align = align
        return instruction

    def store(self, value: Any, pointer: Any) -> None:
        """The opposite of `load`."""
        align = _bytes(value.type.element)
        place = self.builder.bitcast(pointer, value.type.as_pointer())
        if self.mask is not None:
            alignment = ir.Constant(ir.IntType(32), align)
            self._masked("store", value.type, ir.VoidType(), value, place, alignment, self.mask)
        else:
            self.builder.store(value, place).align = align

    def prefetch(self, pointer: Any) -> None:
        """Begin to bring the cache line at an address nearer; the address may lie beyond the array."""
        word, place = ir.IntType(32), self.builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(function, [place, word(0), word(3), word(1)])  # to read, into the nearest cache, of data

    def splat(self, number: Any) -> Any:
        """A register with the same number in every lane."""
        undefined = ir.Constant(ir.VectorType(number.type, self.count), ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def broadcast(self, pointer: Any) -> Any:
        """As `splat` of the number at `pointer`, for loops that wait for their loads of vectors.

        An integer load and a move do not take the vectors' turn; `splat`, which LLVM makes one load of a vector, does.
        That counts where one vector is loaded at a time and few are multiplied by one number (Zen 4: faster with 4);
        elsewhere the move costs more (Zen 5, two vectors at a time: a fifth slower in a strip of 8).
        That the load is "monotonic" keeps LLVM from joining the two.
        """
        kind = ir.IntType(8 * _bytes(self.scalar))
        place = self.builder.bitcast(pointer, kind.as_pointer())
        return self.builder.bitcast(self.splat(self.builder.load_atomic(place, "monotonic", _bytes(kind))), self.vec)

    def multiply_add(self, a: Any, b: Any, total: Any) -> Any:
        """`a * b + total`; "contract" lets LLVM use one fused instruction where the machine has it."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, total, flags=("contract",))

    @property
    def zero(self) -> Any:
        """A register full of zeros."""
        return ir.Constant(self.vec, None)

    def number(self, value: float) -> Any:
        """A register with a number that is known now in every lane."""
        return ir.Constant(self.vec, [ir.Constant(self.scalar, float(value))] * self.count)

    def bits(self, lanes_set: Any) -> Any:
        """An int64 with bit i set if lane i of a comparison is true."""
        return self.builder.zext(self.builder.bitcast(lanes_set, ir.IntType(self.count)), INT)

    def all_zero(self, rows: list[list[Any]]) -> Any:
        """Whether the single numbers at these addresses are all 0, by their bits: -0 is not."""
        kind = ir.IntType(8 * _bytes(self.scalar))
        places = [self.builder.bitcast(pointer, kind.as_pointer()) for row in rows for pointer in row]
        bits = [self.builder.load(place) for place in places]
        return self.builder.icmp_unsigned("==", functools.reduce(self.builder.or_, bits), kind(0))

    def word(self, count: Any, lanes_set: Callable[[int], Any]) -> Any:
        """An int64 with a bit for each of the first `count` numbers, at most 64.

        ``lanes_set(i)`` compares one register full of them, beginning with number i; `load` is masked there.
        """
        word: Any = INT(0)
        for first in range(0, WORD, self.count):
            self.keep_first(self.builder.sub(count, INT(first)))
            bits = self.bits(self.builder.and_(lanes_set(first), self.mask))
            word = self.builder.or_(word, self.builder.shl(bits, INT(first)))
        return word

    def load_sums(self, places: list[Any]) -> list[Any]:
        """Register variables that begin with the vectors at these addresses."""
        return [cgutils.alloca_once_value(self.builder, self.load(place)) for place in places]

    def store_sums(self, sums: list[Any], places: list[Any]) -> None:
        """The opposite of `load_sums`."""
        for total, place in zip(sums, places):
            self.store(self.builder.load(total), place)

    def add_row(self, number: Any, row: list[Any], sums: list[Any]) -> None:
        """sums += number * row, where the row is given by the address of each vector."""
        for place, total in zip(row, sums):
            self.builder.store(self.multiply_add(number, self.load(place), self.builder.load(total)), total)

    def pieces(self, pointer: Any, gap: Any, pieces: int, vectors: int) -> list[Any]:
        """The addresses of the vectors of one or two pieces, the second `gap` numbers after the first."""
        starts = [pointer] if pieces == 1 else [pointer, self.at(pointer, gap)]
        return [self.at(start, v * self.count) for start in starts for v in range(vectors)]

    @contextmanager
    def for_each_bit(self, word: Any) -> Iterator[Any]:
        """A loop over the numbers of the set bits of an int64, from the lowest: the body of the `with` is its body."""
        builder = self.builder
        left = cgutils.alloca_once_value(builder, word)
        test, body, end = (builder.append_basic_block(f"bits.{name}") for name in ("test", "body", "end"))
        builder.branch(test)
        builder.position_at_end(test)
        remaining = builder.load(left)
        builder.cbranch(builder.icmp_unsigned("!=", remaining, INT(0)), body, end)
        builder.position_at_end(body)
        yield builder.cttz(remaining, ir.IntType(1)(1))
        builder.store(builder.and_(remaining, builder.sub(remaining, INT(1))), left)
        builder.branch(test)
        builder.position_at_end(end)


def vectorised(emit: Callable[[Emitter, Any], None]) -> Callable[[Callable[..., None]], Any]:
    """Replace a Python definition by the vector code that `emit` writes, unless jitting is switched off.

    `emit` gets the arguments by their names: an array as the address of its first number, anything else as an int64.
    The first array decides how many numbers a register holds. Arrays that are not C-contiguous are refused when the
    kernel is compiled for them: vectors know no strides.
    """

    def decorate(definition: Callable[..., None]) -> Any:
        if config.DISABLE_JIT:
            return definition
        names, name = list(inspect.signature(definition).parameters), getattr(definition, "func", definition).__name__

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            arrays = [t for t in signature.args if isinstance(t, types.Array)]
            emitter = Emitter(context, builder, arrays[0])
            values = {
                name: emitter.data(kind, value) if isinstance(kind, types.Array) else value
                for name, kind, value in zip(names, signature.args, arguments)
            }
            emit(emitter, SimpleNamespace(**values))
            return context.get_dummy_value()

        def typed(*kinds: Any) -> tuple[Any, Any]:
            if any(isinstance(kind, types.Array) and kind.layout != "C" for kind in kinds):
                raise errors.TypingError(f"{name} takes C-contiguous arrays only.")
            casts = [kind if isinstance(kind, types.Array) else types.int64 for kind in kinds]
            return types.void(*casts), codegen

        # Numba reads the argument names of an intrinsic, so it gets a function with the definition's own.
        scope: dict[str, Any] = {"typed": typed}
        exec(f"def {name}(typingctx, {', '.join(names)}): return typed({', '.join(names)})", scope)
        return intrinsic(scope[name])

    return decorate
