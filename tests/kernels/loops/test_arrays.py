"""The kernels that work on plain arrays: gather, optimizers, softmax cross-entropy, and the vector loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet.kernels.loops.gather import gather
from scratchnet.kernels.loops.matrix_product import matrix_product, tile_table
from scratchnet.kernels.loops.nonzero_product import (
    NARROW,
    WIDE,
    add_nonzero_product,
    mark_nonzeros,
    strip_of,
    words_in,
)
from scratchnet.kernels.loops.optimizers import adam, momentum
from scratchnet.kernels.loops.softmax_crossentropy import softmax_crossentropy, sparse_softmax_crossentropy
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.machine.runtime import kernel
from scratchnet.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from scratchnet.optimizers import SGD, Adam
from tests.kernels.common import examples, whole

dtypes = st.sampled_from([np.float32, np.float64])


@pytest.mark.parametrize("out_type", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1 / 255, -0.5)])
def test_gather_is_indexing_a_cast_and_rescaling(kind, out_type, scale, offset, rng):
    x = rng.integers(0, 255, (20, 3, 5)).astype(kind)
    indices = rng.integers(0, 20, 9)
    out = np.empty((9, 3, 5), out_type)
    assert gather(x, indices, out, scale, offset) is out
    expected = x[indices].astype(out_type) * out_type(scale) + out_type(offset)
    np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(out_type).eps, atol=np.finfo(out_type).eps)


@pytest.mark.parametrize(
    ("indices", "shape", "error", "message"),
    [
        ([0, 20], (2, 3), IndexError, "20"),
        ([-1, 3], (2, 3), IndexError, "-1"),
        ([0, 1], (2, 4), ValueError, "shape"),
        ([0, 1], (3, 3), ValueError, "shape"),
    ],
)
def test_gather_refuses_what_does_not_fit(indices, shape, error, message):
    with pytest.raises(error, match=message):
        gather(np.zeros((20, 3), np.float32), np.array(indices), np.empty(shape, np.float32))


def test_gather_takes_rows_without_numbers():
    assert gather(np.zeros((20, 0), np.float32), np.array([0, 19]), np.empty((2, 0), np.float32)).shape == (2, 0)


def test_gather_refuses_a_data_set_that_is_not_contiguous():
    with pytest.raises(ValueError, match="contiguous"):
        gather(np.zeros((3, 20), np.float32).T, np.array([1]), np.empty((1, 3), np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_keeps_no_denormal_means(dtype):
    """They are slow to compute with: the mean of a gradient that has become 0 becomes 0 too, in time."""
    w, g, v = np.ones(40, dtype), np.zeros(40, dtype), np.ones(40, dtype)
    m = np.full(40, 1e-3, dtype)
    for _ in range(7000 if dtype is np.float64 else 900):
        adam(w, g, m, v, 0.01, 0.9, 0.999, 1e-7)
        assert not ((m != 0) & (abs(m) < np.finfo(dtype).tiny)).any()
    assert not m.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 17, 4096, 10_000])
def test_adam_is_its_definition(size, dtype, rng):
    optimizer = Adam(0.01)
    vectors = [rng.standard_normal(size).astype(dtype) for _ in range(2)] + [np.zeros(size, dtype) for _ in range(2)]
    ours = [v.copy() for v in vectors]
    for _ in range(5):
        optimizer.iterations += 1
        w, g, m, v = vectors
        optimizer.update(w, g, (m, v), 0.01)
        adam(*ours, optimizer.step_size(0.01), 0.9, 0.999, 1e-7)
    for a, b in zip(ours, vectors):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_its_definition(nesterov, dtype, rng):
    optimizer = SGD(0.1, 0.9, nesterov)
    vectors = [rng.standard_normal(5000).astype(dtype) for _ in range(2)] + [np.zeros(5000, dtype)]
    ours = [v.copy() for v in vectors]
    for _ in range(5):
        w, g, v = vectors
        optimizer.update(w, g, (v,), 0.1)
        momentum(*ours, 0.1, 0.9, nesterov)
    for a, b in zip(ours, vectors):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("largest", [1.0, 1e4])
@pytest.mark.parametrize("sparse", [True, False])
def test_softmax_crossentropy_is_its_definition(sparse, largest, dtype, rng):
    z = (largest * rng.standard_normal((13, 10))).astype(dtype)
    labels, weight = rng.integers(0, 10, 13), rng.random(13)
    scale, p, dz = (weight / 13).astype(dtype), np.empty_like(z), np.empty_like(z)
    if sparse:
        definition, y = SparseCategoricalCrossentropy(from_logits=True), labels
        loss = sparse_softmax_crossentropy(z, y, scale, p, dz)
    else:
        definition, y = CategoricalCrossentropy(from_logits=True), rng.dirichlet(np.ones(10), 13).astype(dtype)
        loss = softmax_crossentropy(z, y, scale, p, dz)
    eps = np.finfo(dtype).eps
    assert np.isfinite(loss)
    definition.stands_in = True  # for a softmax, whose probabilities it then keeps
    np.testing.assert_allclose(loss, definition.forward(y, z, weight), rtol=20 * eps)
    np.testing.assert_allclose(p, definition.predictions, rtol=0, atol=4 * largest * eps)
    np.testing.assert_allclose(dz, definition.backward(), rtol=0, atol=4 * largest * eps)


@kernel()
def multiply(x, rows, count, k, panel, columns, out, add):
    nothing = np.zeros(1, np.int64)
    matrix_product(x, 0, rows, 0, count, nothing, 1, k, 1, panel, 0, columns, columns, out, 0, columns, add)


@settings(max_examples=examples(100))
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 80), st.integers(0, 1), dtypes)
def test_product_is_a_matrix_product_and_writes_nowhere_else(m, k, n, add, dtype):
    rng = np.random.default_rng(0)
    x, panel = whole(rng, (m, k), dtype), whole(rng, (k, n), dtype)
    out = np.full((m + 1, n), 7, dtype)
    multiply(x.reshape(-1), tile_table(np.arange(m) * k), m, k, panel.reshape(-1), n, out.reshape(-1), add)
    np.testing.assert_array_equal(out[:m], x @ panel + 7 * add)
    np.testing.assert_array_equal(out[m], 7)


@kernel()
def multiply_in_pieces(x, rows, count, k, panel, columns, out, piece):
    nothing = np.zeros(1, np.int64)
    for first in range(0, k, piece):
        matrix_product(
            x, first, rows, 0, count, nothing, 1, min(piece, k - first), 1, panel, first * columns, columns, columns,
            out, 0, columns, first,
        )  # fmt: skip


@settings(max_examples=examples(40))
@given(st.integers(1, 20), st.integers(1, 40), st.integers(1, 80), st.integers(1, 20), dtypes, st.integers(0, 99))
def test_a_product_in_pieces_has_the_bits_of_the_whole(m, k, n, piece, dtype, seed):
    rng = np.random.default_rng(seed)
    x, panel = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    whole_product, pieces = np.empty((2, m, n), dtype)
    rows = tile_table(np.arange(m) * k)
    multiply(x.reshape(-1), rows, m, k, panel.reshape(-1), n, whole_product.reshape(-1), 0)
    multiply_in_pieces(x.reshape(-1), rows, m, k, panel.reshape(-1), n, pieces.reshape(-1), piece)
    np.testing.assert_array_equal(pieces, whole_product)


@kernel()
def turn(x, rows, columns, out):
    transpose(x, 0, columns, rows, columns, out, 0, rows)


@settings(max_examples=examples(60))
@given(hnp.arrays(dtypes, st.tuples(st.integers(1, 50), st.integers(1, 50)), elements=st.integers(-9, 9)))
def test_transpose(x):
    out = np.zeros(x.shape[::-1], x.dtype)
    turn(x.reshape(-1), *x.shape, out.reshape(-1))
    np.testing.assert_array_equal(out, x.T)


@kernel()
def nonzero_product(x, rows, columns, words, panel, at, step, strip, out):
    count = mark_nonzeros(x, rows, columns, words)
    for word in range(words_in(columns)):
        add_nonzero_product(
            x, columns, words, word, 0, rows, panel, at + word * 64 * step, step, strip, out, 0, strip, word == 0
        )
    return count


@kernel()
def strip_for(x, columns):
    return strip_of(x, columns)


@settings(max_examples=examples(40))
@given(
    st.integers(1, 20), st.integers(1, 200), st.floats(0, 1), dtypes, st.sampled_from([NARROW, WIDE]),
    st.integers(0, 9), st.integers(0, 99),
)  # fmt: skip
def test_a_product_over_nonzeros_is_the_product(rows, columns, share, dtype, vectors, beside, seed):
    rng, strip = np.random.default_rng(seed), vectors * lanes(dtype)
    x = whole(rng, (rows, columns), dtype) * (rng.random((rows, columns)) < share)
    panel = whole(rng, (columns, strip + beside), dtype)
    out, words = np.full((rows, strip), np.nan, dtype), np.empty(rows * -(-columns // 64), np.int64)
    arrays = x.reshape(-1), rows, columns, words, panel.reshape(-1)
    assert nonzero_product(*arrays, beside, strip + beside, strip, out.reshape(-1)) == (x != 0).sum()
    np.testing.assert_array_equal(out, x @ panel[:, beside:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_strip_is_wide_unless_narrow_ones_leave_fewer_columns_over(dtype):
    x, narrow, wide = np.empty(1, dtype), NARROW * lanes(dtype), WIDE * lanes(dtype)
    assert strip_for(x, 2 * wide) == strip_for(x, 3 * wide + 1) == wide
    assert strip_for(x, narrow) == strip_for(x, 2 * wide + narrow) == narrow
    assert strip_for(x, 2 * wide - 1) == narrow


def test_nan_and_infinity_count_as_numbers_other_than_zero():
    x, words = np.array([0, np.nan, np.inf, 0, -np.inf], np.float32), np.empty(1, np.int64)
    strip = NARROW * lanes(np.float32)
    out = np.zeros(strip, np.float32)
    assert nonzero_product(x, 1, 5, words, np.ones(5 * strip, np.float32), 0, strip, strip, out) == 3
    assert words[0] == 0b10110
    assert np.isnan(out).all()
