"""Products of matrices, and loops that are shared by what they sum up."""

from __future__ import annotations

import zlib
from itertools import product
from typing import Any

import numpy as np
import pytest
from emit_samples import sample_module, sample_source
from numba import njit

from eqc.emit._vector import block_rows, matrix_product, mirror, symmetric_product, vector_product
from eqc.emit._vector.products import LOOPS_BELOW, THREADS_FROM

SIZES = (
    *((0, 3, 2), (1, 1, 1), (2, 0, 3), (3, 17, 2), (17, 3, 65), (65, 65, 65), (1, 70, 65), (130, 64, 65)),
    *((270, 200, 3), (9, 450, 260), (300, 200, 280)),
)
MATRIX = "{shape: [n, m]}"


def stored(rng: Any, rows: int, columns: int, how: str, dtype: Any) -> Any:
    """A random matrix: by rows, by columns, or with gaps both ways."""
    if how == "rows":
        return rng.standard_normal((rows, columns)).astype(dtype)
    if how == "columns":
        return rng.standard_normal((columns, rows)).astype(dtype).T
    return rng.standard_normal((2 * rows + 1, 2 * columns + 1)).astype(dtype)[1::2, 1::2]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matrices_of_every_size_and_layout(dtype: Any) -> None:
    rng = np.random.default_rng(zlib.crc32(b"matrix_product"))
    compiled = njit(lambda scale, a, b, keep, c: matrix_product(scale, a, b, keep, c))  # noqa: PLW0108
    for (n, k, m), how, keep in product(SIZES, ("rows", "columns", "gaps"), (0.0, 1.0)):
        a, b, c = (stored(rng, *shape, h, dtype) for shape, h in (((n, k), how), ((k, m), "rows"), ((n, m), "gaps")))
        for left, right, out in ((a, b, c), (b.T, a.T, c.T)):
            expected = -0.5 * (left.astype(float) @ right.astype(float)) + keep * out.astype(float)
            compiled(-0.5, left, right, keep, out)
            np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_few_rows_times_a_large_transposed_matrix(dtype: Any) -> None:
    rng = np.random.default_rng(zlib.crc32(b"narrow"))
    compiled = njit(lambda a, b, keep, c: matrix_product(2.0, a, b.T, keep, c))
    for rows, keep in product((32, 37), (0.0, 1.0)):
        a, b, before = (rng.standard_normal(shape).astype(dtype) for shape in ((rows, 170), (301, 170), (rows, 301)))
        out = before.copy() if keep else np.full_like(before, np.nan)
        compiled(a, b, keep, out)
        expected = 2 * (a.astype(float) @ b.T.astype(float)) + keep * before
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-3 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(("dtype", "wide"), [(np.float32, np.float64), (np.float64, np.longdouble)])
def test_tiny_numbers_count_as_they_do_elsewhere(dtype: Any, wide: Any) -> None:
    """Products in which some come up go on with raised factors, unless that may overflow."""
    compiled = njit(lambda scale, a, b, keep, c: matrix_product(scale, a, b, keep, c))  # noqa: PLW0108
    rng, info = np.random.default_rng(zlib.crc32(b"tiny")), np.finfo(dtype)
    tiny = (rng.integers(-99, 99, (30, 70)) * info.smallest_subnormal).astype(dtype)
    some = np.where(rng.random((30, 70)) < 0.1, tiny, rng.standard_normal((30, 70)).astype(dtype))
    ordinary, ends = rng.standard_normal((70, 90)).astype(dtype), np.zeros((70, 90), dtype)
    ends[3, 4], ends[5, 6], ends[7, 8] = np.inf, np.nan, info.max
    factors = [(some, ordinary), (tiny, ordinary), (tiny, ordinary * (info.max / 8)), (some, some.T), (some, ends)]
    for (a, b), keep, scale in product(factors, (0.0, 1.0), (1.0, -0.5)):
        for left, right in ((a, b), (b.T, a.T), (np.asfortranarray(a), b), (a.repeat(2, axis=1)[:, ::2], b)):
            out = np.full((left.shape[0], right.shape[1]), info.tiny, dtype)
            with np.errstate(all="ignore"):
                exact = scale * (left.astype(wide) @ right.astype(wide)) + keep * out
                size = abs(scale) * np.abs(left).astype(wide) @ np.abs(right).astype(wide) + out
                compiled(scale, left, right, keep, out)
                error = np.abs(out.astype(wide) - exact)
                assert np.array_equal(np.isnan(out), np.isnan(exact))
            plain = size < info.max / 2
            assert np.all(error[plain] <= 70 * info.eps * size[plain] + 70 * info.smallest_subnormal)


def test_garbage_is_not_kept() -> None:
    """BLAS's factor 0 overwrites infinities too."""
    for n in (3, 40):
        out = np.full((n, n), np.nan)
        njit(lambda a, c: matrix_product(1.0, a, a, 0.0, c))(np.eye(n), out)
        np.testing.assert_array_equal(out, np.eye(n))


def test_limits_are_in_order() -> None:
    assert LOOPS_BELOW < THREADS_FROM
    assert [block_rows(n, 10**6, 0) for n in (0, 1, 31, 1000)] == [1, 1, 31, 64]
    assert block_rows(10**6, 0, 0) == 32768
    assert [block_rows(10**6, 1000, 1000 * n) for n in (0, 10, 100, 1000)] == [64, 64, 200, 512]


ATTENTION = (
    "Eq(S[i, j], Sum(Q[i, k]*K[j, k], (k, 1, d))/sqrt(d))",
    "Eq(t[i], Sum(exp(S[i, k]), (k, 1, m)))",
    "Eq(O[i, c], Sum(exp(S[i, k])/t[i]*V[k, c], (k, 1, m)))",
)
AXES = {
    "S": MATRIX,
    "t": "{shape: [n]}",
    "Q": "{shape: [n, d]}",
    "K": "{shape: [m, d]}",
    "V": "{shape: [m, c0]}",
    "O": "{shape: [n, c0]}",
    "n": "queries",
    "m": "keys",
    "d": "width",
    "c0": "columns",
}


def attention(q: Any, k: Any, v: Any, bar: Any) -> tuple[Any, ...]:
    """Attention and its pullback as people write them."""
    scale = 1 / np.sqrt(q.shape[1])
    weights = np.exp(q @ k.T * scale)
    weights /= weights.sum(axis=1, keepdims=True)
    back = bar @ v.T
    inner = weights * (back - (weights * back).sum(axis=1, keepdims=True)) * scale
    return weights @ v, inner @ k, inner.T @ q, weights.T @ bar


def test_rows_are_computed_in_blocks() -> None:
    functions = sample_module(*ATTENTION, **AXES)
    rng = np.random.default_rng(zlib.crc32(b"attention"))
    for n, m, d, c in ((1, 1, 5, 5), (3, 17, 5, 6), (65, 2, 6, 5), (70, 33, 8, 9)):
        q, k, v, bar = (rng.standard_normal(shape) for shape in ((n, d), (m, d), (m, c), (n, c)))
        expected = attention(q, k, v, bar)
        np.testing.assert_allclose(functions["sample"](q, k, v), expected[0], rtol=1e-11, atol=1e-13)
        for ours, theirs in zip(functions["sample_vjp"](q, k, v, bar), expected[1:], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def test_no_temporary_has_all_rows() -> None:
    """What only the same row reads is stored for a block of rows, or for one."""
    text = sample_source(*ATTENTION, **AXES)
    made = [line.split("np.empty(")[1] for line in text.splitlines() if "np.empty(" in line and "_dtype_of" not in line]
    assert made
    assert not any(shape.startswith(("(n,", "n,")) for shape in made)


def test_a_sum_and_an_array_run_in_one_loop() -> None:
    text = sample_source("Sum((x[i] - y[i])**2, (i, 1, n))/n", x="{shape: [n]}", y="{shape: [n]}", n="size")
    body = text.split("def _sample_value_and_gradient(")[1].split("\n\n\n")[0]
    assert body.count("for i in") == 1


def test_sums_over_rows_run_along_the_memory() -> None:
    """The sum of A[i, j]*x[i]**2 for every j jumps from row to row in the usual order of loops."""
    formula, axes = "Eq(y[j], Sum(A[i, j]*x[i]**2, (i, 1, n)))", {"A": MATRIX, "n": "rows", "m": "columns"}
    axes |= {"x": "{shape: [n]}", "y": "{shape: [m]}"}
    body = sample_source(formula, **axes).split("def _sample(")[1].split("\n\n\n")[0]
    assert body.index("in range(_begin(n, team), _end(n, team))") < body.index("in range(j_count)")
    function = sample_module(formula, **axes)["sample"]
    rng = np.random.default_rng(zlib.crc32(b"x.T*A"))
    for n, m in ((1, 1), (2, 17), (65, 3)):
        x, a = rng.standard_normal(n), rng.standard_normal((n, m))
        np.testing.assert_allclose(function(a, x), x**2 @ a, rtol=1e-12)


def test_sums_over_columns_share_the_pass_over_rows() -> None:
    """Mean and variance of columns, as in a batch norm, never jump from row to row."""
    formulas = ("Eq(mu[j], Sum(x[i, j], (i, 1, n))/n)", "Eq(v[j], Sum((x[i, j] - mu[j])**2, (i, 1, n))/n)")
    axes = {"x": MATRIX, "mu": "{shape: [m], output: true}", "v": "{shape: [m]}", "n": "rows", "m": "columns"}
    functions = sample_module(*formulas, **axes)
    rng = np.random.default_rng(zlib.crc32(b"columns"))
    for n, m in ((1, 1), (2, 17), (65, 3)):
        x = rng.standard_normal((n, m))
        for found, expected in zip(functions["sample"](x), (x.mean(0), x.var(0)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    body = sample_source(*formulas, **axes).split("def _sample(")[1].split("\n\n\n")[0]
    inner = [line for line in body.splitlines() if line.startswith(" " * 8 + "for")]
    rows = "for i in range(_begin(n, team), _end(n, team)):"  # over a block of columns
    assert [line.strip() for line in inner] == [rows, "for j in range(m):"]


def test_functions_of_rows_run_in_vectors() -> None:
    """They stand in a loop of their own over a block of rows; what they need is one number for each row."""
    formula = "Sum(log(1 + exp(Sum(A[i, j]*w[j], (j, 1, m)))), (i, 1, n))"
    axes = {"A": MATRIX, "w": "{shape: [m]}", "n": "rows", "m": "columns"}
    body = sample_source(formula, **axes).split("def _sample_value_and_gradient(")[1].split("\n\n\n")[0]
    loops = body.split("in range(start, stop):")
    assert len(loops) == 3
    assert "_softplus(" in loops[1]
    assert "for j in" not in loops[1]
    functions = sample_module(formula, **axes)
    rng = np.random.default_rng(zlib.crc32(b"rows"))
    for n, m in ((1, 1), (3, 17), (65, 2)):
        a, w = rng.standard_normal((n, m)), rng.standard_normal(m)
        value, (a_bar, w_bar) = (found := functions["sample_value_and_gradient"](a, w))[0], found[1:]
        slope = 1 / (1 + np.exp(-a @ w))
        np.testing.assert_allclose(value, np.logaddexp(0, a @ w).sum(), rtol=1e-12)
        np.testing.assert_allclose(a_bar, np.outer(slope, w), rtol=1e-12)
        np.testing.assert_allclose(w_bar, a.T @ slope, rtol=1e-11, atol=1e-13)


def test_a_symmetric_product_takes_half_of_the_work() -> None:
    rng = np.random.default_rng(zlib.crc32(b"symmetric_product"))

    @njit
    def compiled(a: Any, b: Any, c: Any) -> None:
        symmetric_product(1.0, a, b, 1.0, c)
        mirror(c)

    for rows, columns, how in product((1, 63, 200), (1, 130), ("rows", "columns", "gaps")):
        a, c = stored(rng, rows, columns, how, float), np.eye(columns)
        scaled = rng.standard_normal(rows)[:, None] * a
        expected = a.T @ scaled + c
        compiled(a.T, scaled, c)
        np.testing.assert_array_equal(c, c.T)
        np.testing.assert_allclose(c, expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_stand_beside_the_matrices(dtype: Any) -> None:
    """Few columns are summed up in strips of the result, the last of which may overlap."""
    rng = np.random.default_rng(zlib.crc32(b"weights"))

    @njit
    def compiled(a: Any, weights: Any, keep: float, whole: Any, half: Any) -> None:
        matrix_product(-0.5, a.T, a, keep, whole, weights=weights)
        symmetric_product(-0.5, a.T, a, keep, half, weights=weights)
        mirror(half)

    for rows, columns, how, keep in product((1, 200), (3, 4, 21, 130), ("rows", "columns", "gaps"), (0.0, 1.0)):
        a, weights = stored(rng, rows, columns, how, dtype), rng.standard_normal(2 * rows).astype(dtype)[::2]
        expected = keep * np.eye(columns) - 0.5 * (a.astype(float).T @ (weights.astype(float)[:, None] * a))
        whole, half = np.eye(columns, dtype=dtype), np.eye(columns, dtype=dtype)
        compiled(a, weights, keep, whole, half)
        for found in (whole, half):
            np.testing.assert_allclose(found, expected, atol=1e-4 if dtype == np.float32 else 1e-12)


def test_a_matrix_that_is_scaled_for_a_product_with_itself_is_not_stored() -> None:
    formula, axes = (
        "Sum(log(1 + exp(Sum(X[i, j]*w[j], (j, 1, m)))), (i, 1, n))",
        {"X": "{shape: [n, m], differentiable: false}", "w": "{shape: [m]}"},
    )
    body = sample_source(formula, also="derivatives: [hessian]", **axes, n="rows", m="columns")
    body = body.split("def _sample_hessian(")[1].split("\n\n\n")[0]
    assert "weights=" in body
    assert "np.empty((" not in body


SYMMETRIC = {"X": MATRIX, "v": "{shape: [n]}", "n": "rows", "m": "columns"}


@pytest.mark.parametrize(
    ("formula", "symmetric"),
    [
        ("Eq(G[i, j], Sum(X[k, i]*X[k, j]*exp(v[k]), (k, 1, n)))", True),
        ("Eq(G[i, j], Sum(X[k, i]*v[k]*X[k, j], (k, 1, n))/2)", True),
        ("Eq(G[i, j], Sum(X[k, i]*v[k]*exp(X[k, j]), (k, 1, n)))", False),
        ("Eq(G[i, j], Sum(X[k, i]*v[k]*X[k, j]*exp(X[k, j]), (k, 1, n)))", False),
    ],
)
def test_products_that_stay_themselves_when_turned_are_found(formula: str, symmetric: bool) -> None:
    source = sample_source(formula, G="{shape: [m, m]}", **SYMMETRIC)
    value = source[: source.index("def sample_jvp")]
    assert ("_symmetric_product(" in value and "_mirror(" in value) == symmetric
    assert "_matrix_product(" in value or symmetric


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matrices_times_vectors(dtype: Any) -> None:
    """Sums of float32 products are rounded once."""
    rng = np.random.default_rng(zlib.crc32(b"vector_product"))
    compiled = njit(lambda a, x, keep, y: vector_product(a, x, keep, y))  # noqa: PLW0108
    for (n, k), how, keep in product(((0, 2), (1, 1), (9, 0), (8, 33), (37, 300)), ("rows", "columns", "gaps"), (0, 1)):
        a, x = stored(rng, n, k, how, dtype), rng.standard_normal(k).astype(dtype)
        for kind, before in product((dtype, np.float64), (rng.standard_normal(n), np.full(n, 0.0 if keep else np.nan))):
            out = before.astype(kind)
            expected = a.astype(float) @ x.astype(float) + (out if keep else 0)
            compiled(a, x, float(keep), out)
            np.testing.assert_allclose(out, expected, rtol=1e-7 if kind == np.float32 else 1e-12, atol=1e-13)


def test_a_vector_of_another_precision() -> None:
    a, x, out = np.ones((3, 9), np.float32), np.full(9, 1 / 3), np.empty(3)
    njit(lambda a, x, y: vector_product(a, x, 0.0, y))(a, x, out)
    np.testing.assert_allclose(out, 3.0, rtol=1e-15)


REGRESSION = {
    "X": "{shape: [n, d], differentiable: false}",
    "w": "{shape: [d]}",
    "n": "rows",
    "d": "width",
}


def test_rows_times_vectors_share_blocks_with_what_follows() -> None:
    """The matrix is read from memory once; a loop along its rows would be in the way of functions in vectors."""
    source = sample_source(
        "Eq(L, Sum(log(1 + exp(-y[i]*Sum(X[i, j]*w[j], (j, 1, d)))), (i, 1, n)))",
        L="loss",
        y="{shape: [n]}",
        **REGRESSION,
    )
    core = source[source.index("def _sample_value_and_gradient(") :]
    first, last = (core.index(f"_vector_product(X[start:stop]{turn}, ") for turn in ("", ".T"))
    assert core.index("in range(_begin(n, team)") < first < core.index("_softplus(") < last


def test_rows_times_vectors_join_loops_along_the_same_rows() -> None:
    """Parted from the other sum, the product would read each row once more."""
    source = sample_source(
        "Eq(s[i], Sum(X[i, j]*w[j], (j, 1, d))*Sum(exp(X[i, j]), (j, 1, d)))", s="{shape: [n]}", **REGRESSION
    )
    assert "_vector_product" not in source[source.index("def _sample(") : source.index("def sample(")]
