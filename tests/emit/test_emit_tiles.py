"""Sums in tiles: what kernels compute with them, and how compiled code reads and writes rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from emit_samples import sample_module, sample_source
from numba import njit

from eqc.emit import tiled
from eqc.emit._vector import KernelCompiler, across, add, columns_at, inside, no_tile, rows_at, tiles, width

DISTANCES = "Eq(D[i, j], Sum((X[i, k] - Y[j, k])**2, (k, 1, d)))"
SYMBOLS = {"X": "{shape: [n, d]}", "Y": "{shape: [m, d]}", "n": "rows", "m": "rows", "d": "size"}
random = np.random.default_rng(61)


def test_all_distances_and_their_pullback() -> None:
    made = sample_module(DISTANCES, D="{shape: [n, m]}", **SYMBOLS)
    x, y, bar = (random.normal(size=shape) for shape in ((11, 9), (19, 9), (11, 19)))
    gaps = x[:, None] - y
    assert np.allclose(made["sample"](x, y), (gaps**2).sum(-1))
    x_bar, y_bar = made["sample_vjp"](x, y, bar)
    assert np.allclose(x_bar, (2 * bar[..., None] * gaps).sum(1))
    assert np.allclose(y_bar, (-2 * bar[..., None] * gaps).sum(0))


def test_weights_of_one_axis_stand_beside_pairs() -> None:
    formula = "Eq(f[i, k], Sum(m[j]*(x[j, k] - x[i, k])/(e + Sum((x[j, l] - x[i, l])**2, (l, 1, d))), (j, 1, n)))"
    made = sample_module(formula, f="{shape: [n, d]}", m="{shape: [n]}", x="{shape: [n, d]}", e="e", n="rows", d="size")
    m, x = random.normal(size=11), random.normal(size=(11, 9))
    gaps = x[None] - x[:, None]
    wanted = (m[None, :, None] * gaps / (0.5 + (gaps**2).sum(-1))[..., None]).sum(1)
    assert np.allclose(made["sample"](m, x, 0.5), wanted)


def test_a_convolution_and_its_pullback() -> None:
    formula = "Eq(c[x, y], Sum(a[x + u - 1, y + v - 1]*k[u, v], (v, 1, q), (u, 1, p)))"
    shapes = {"c": "{shape: [n - p + 1, m - q + 1]}", "a": "{shape: [n, m]}", "k": "{shape: [p, q]}"}
    sizes = {"n": "rows", "m": "columns", "p": "rows", "q": "columns"}
    made = sample_module(formula, **shapes, **sizes)
    a, k, bar = (random.normal(size=shape) for shape in ((13, 21), (3, 10), (11, 12)))
    near = np.lib.stride_tricks.sliding_window_view(a, k.shape)
    assert np.allclose(made["sample"](a, k), (near * k).sum((2, 3)))
    a_bar, k_bar = made["sample_vjp"](a, k, bar)
    assert np.allclose(k_bar, (near * bar[..., None, None]).sum((0, 1)))
    wide = np.pad(bar, ((2, 2), (9, 9)))
    assert np.allclose(a_bar, (np.lib.stride_tricks.sliding_window_view(wide, k.shape) * k[::-1, ::-1]).sum((2, 3)))


def test_convolutions_of_channels_store_nothing_twice() -> None:
    formula = "Eq(y[o, i, j], b[o] + Sum(w[o, c, u, v]*x[c, i + u - 1, j + v - 1], (v, 1, q), (u, 1, p), (c, 1, k)))"
    symbols = {"y": "{shape: [r, n - p + 1, m - q + 1]}", "b": "{shape: [r]}", "w": "{shape: [r, k, p, q]}"}
    symbols |= {"x": "{shape: [k, n, m]}", "n": "rows", "m": "columns", "p": "rows", "q": "columns"}
    made = sample_module(formula, **symbols, r="channels out", k="channels")
    b, w, x, bar = (random.normal(size=shape) for shape in (3, (3, 2, 3, 5), (2, 13, 21), (3, 11, 17)))
    near = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (1, 2))
    assert np.allclose(made["sample"](b, w, x), b[:, None, None] + np.einsum("cijuv,ocuv->oij", near, w))
    b_bar, w_bar, x_bar = made["sample_vjp"](b, w, x, bar)
    assert np.allclose(b_bar, bar.sum((1, 2)))
    assert np.allclose(w_bar, np.einsum("cijuv,oij->ocuv", near, bar))
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(bar, ((0, 0), (2, 2), (4, 4))), w.shape[2:], (1, 2))
    assert np.allclose(x_bar, np.einsum("oijuv,ocuv->cij", wide, w[..., ::-1, ::-1]))
    assert "_matrix_product" not in sample_source(formula, **symbols, r="channels out", k="channels")


def test_what_needs_no_block_stands_before_the_sums_of_a_block() -> None:
    """Otherwise the exponentials would have to be stored for the second statement that reads them."""
    text = sample_source(
        "Eq(K[i, j], exp(-c*Sum((X[i, k] - Y[j, k])**2, (k, 1, d))))", K="{shape: [n, m]}", c="width", **SYMBOLS
    )
    assert text[text.index("def _sample_vjp") :].count("exp_c = _exp(") == 1


def test_tiles_have_as_many_rows_as_loops_take() -> None:
    assert tiled.ROWS == tiles.ROWS


@njit(error_model="numpy", pipeline_class=KernelCompiler)
def work(x: Any, y: Any, w: Any, sums: Any, rows: Any) -> None:
    n, d, m = x.shape[0], x.shape[1], y.shape[1]
    for j in range(0, m, width(x.dtype)):
        j_columns = columns_at(j, m, x.dtype)
        for i in range(2, n, 8):
            i_rows = rows_at(i, n)
            total = no_tile(i_rows, j_columns, np.float64)
            for k in range(d):
                total = add(total, abs(x[i_rows, k] - 2 * y[k, j_columns]) ** 3 / -(y[k, j_columns] ** -2))
            sums[i_rows - 2, j_columns] += total
            rows[i_rows, 0] += across(inside(total + w[i_rows, j_columns], j_columns))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_tiles_reach_all_rows_and_columns_and_no_others(dtype: type) -> None:
    """Also where columns are no neighbours in memory, and at the ends."""
    x, w = (random.normal(size=shape).astype(dtype) for shape in ((13, 3), (13, 21)))
    y = np.asfortranarray(random.normal(size=(3, 21)).astype(dtype))[:, ::1]
    beyond = np.full((13, 23), 5.0, dtype)
    sums, rows = beyond[:11, 1:22], np.zeros((13, 1))
    work(x, y, w, sums, rows)
    terms = -(abs(x[2:, :, None] - 2 * y) ** 3.0 * y**2.0).sum(1)
    tolerance = {"rtol": 100 * np.finfo(dtype).eps, "atol": 100 * np.finfo(dtype).eps}
    assert np.allclose(sums, 5 + terms, **tolerance)
    assert np.allclose(rows[2:, 0], (terms + w[2:]).sum(1), **tolerance)
    assert not rows[:2].any() and (beyond[11:] == 5).all() and (beyond[:, [0, 22]] == 5).all()
