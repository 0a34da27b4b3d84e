"""Axes that loops run through together are one axis."""

from __future__ import annotations

import numpy as np
import pytest
from core_samples import program
from numba import njit

from eqc.emit._vector import item_of, shaped, shaped_result
from eqc.emit._vector.unwanted import Unwanted
from eqc.emit.body import Body
from eqc.ir.spec import check
from eqc.loops.merged_axes import merge_axes
from eqc.schedule.passes import schedule

MATRIX = "{shape: [n, m]}"
CUBE = "{shape: [k, n, m]}"


def shapes(*formulas: str, **symbols: str) -> dict[str, str]:
    """The shapes of all tensors of a program, once axes are merged."""
    sizes = {name: "size" for name in "kmn" if any(name in entry for entry in symbols.values())}
    merged = check(merge_axes(schedule(program(*formulas, **symbols, **sizes))))
    return {name: str(tensor.shape) for name, tensor in merged.tensors.items()}


def test_a_sum_over_all_entries_is_one_loop() -> None:
    found = shapes("Eq(s, Sum(x[l, i, j]**2, (j, 1, m), (i, 1, n), (l, 1, k)))", s="total", x=CUBE)
    assert found == {"x": "(k*m*n,)", "s": "()"}


def test_rows_are_one_with_what_looks_at_no_row_alone() -> None:
    mean = "Eq(a[l], Sum(x[l, i, j], (j, 1, m), (i, 1, n)))"
    found = shapes(mean, "Eq(y[l, i, j], x[l, i, j] - a[l])", a="{shape: [k]}", x=CUBE, y=CUBE)
    assert found["x"] == found["y"] == "(k, m*n)"


@pytest.mark.parametrize(
    "formula",
    [
        "Eq(y[i, j], x[i, j]*w[j])",
        "Eq(y[i, j], x[i, j]*w[1])",
        "Eq(y[i, j], x[i, j]*j*w[1])",
        "Eq(y[i, j], x[i, m + 1 - j]*w[1])",
        "Eq(y[i, j], x[i, j]*x[i, 1]*w[1])",
        "Eq(y[i, j], x[i, j]*Sum(x[i, c]*w[c], (c, 1, m)))",
    ],
)
def test_axes_that_something_tells_apart_stay(formula: str) -> None:
    found = shapes(formula, x=MATRIX, y=MATRIX, w="{shape: [m]}")
    assert (found["x"] == "(m*n,)") == (formula == "Eq(y[i, j], x[i, j]*w[1])")


def test_a_square_matrix_and_its_transpose_stay() -> None:
    square = "{shape: [n, n]}"
    found = shapes("Eq(y[i, j], x[i, j] + x[j, i])", x=square, y=square)
    assert found["x"] == found["y"] == "(n, n)"


def test_what_is_given_has_its_axes_when_sizes_are_read_off_it() -> None:
    mean = "Eq(a[l], Sum(x[l, i, j], (j, 1, m), (i, 1, n)))"
    symbols = {"a": "{shape: [k]}", "x": CUBE, "y": CUBE, "k": "size", "n": "size", "m": "size"}
    text = Body(schedule(program(mean, "Eq(y[l, i, j], exp(x[l, i, j] - a[l]))", **symbols)), frozenset()).body()
    assert text.index("m = x.shape[2]") < text.index("x = _shaped(x, (k, m*n))")
    assert "y = _shaped_result(y, (k, m*n))" in text


@njit
def doubled(x, y):
    flat, result = shaped(x, (x.size,)), shaped_result(y, (x.size,))
    for i in range(flat.shape[0]):
        result[i] = 2 * flat[i]


@njit
def halves(x, y, rows):
    part = shaped(item_of(x, 1), rows)
    for i in range(part.shape[0]):
        y[i] = item_of(part, i)[1]


def test_arrays_have_other_axes_in_the_same_memory() -> None:
    x = np.arange(12.0).reshape(3, 4)
    for array in (x, np.asfortranarray(x), np.arange(24.0).reshape(3, 8)[:, ::2]):
        y = np.empty(array.shape)
        doubled(array, y)
        np.testing.assert_array_equal(y, 2 * array)
    with pytest.raises(ValueError, match="contiguous"):
        doubled(x, np.asfortranarray(x))
    doubled(x, Unwanted((3, 4), float))


def test_an_item_may_have_other_axes() -> None:
    x, y = np.arange(24.0).reshape(2, 3, 4), np.empty(6)
    halves(x, y, (6, 2))
    np.testing.assert_array_equal(y, np.arange(13.0, 24, 2))
