"""Messages between grader and solution: what goes in comes out, and what is no message is refused."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.learn import wire

plain = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8)
messages = st.recursive(
    plain, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3)
)


def through(message: object) -> Any:
    return wire.decode(io.BytesIO(wire.encode(message)).read)


@given(messages)
def test_plain_messages_come_out_as_they_went_in(message: object) -> None:
    assert through(message) == message


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool", "uint8"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (1, 2, 3)])
def test_arrays_keep_dtype_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    (other,) = through([array])
    assert other.dtype == array.dtype
    assert other.shape == shape
    assert np.array_equal(array, other)


def test_a_strided_array_comes_out_in_order() -> None:
    array = np.arange(12.0).reshape(3, 4).T[::2]
    assert np.array_equal(through(array), array)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1, 2}, np.array(["a"]), 1j, b"bytes"])
def test_what_could_act_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        wire.encode({"a": value})


@given(st.binary(min_size=8, max_size=64))
def test_noise_is_no_message_or_harmless(noise: bytes) -> None:
    stream = io.BytesIO(noise)

    def read(count: int) -> bytes:
        content = stream.read(count)
        if len(content) < count:
            raise wire.WireError("the end")
        return content

    with contextlib.suppress(wire.WireError):
        wire.decode(read)
