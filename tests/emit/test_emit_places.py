"""The places of extrema in rows, found in vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from eqc.emit._vector import KernelCompiler, place_of_largest, place_of_least

LENGTHS = (1, 3, 7, 8, 9, 15, 16, 17, 40, 64, 65, 300, 4095, 4097, 9000)


@njit(pipeline_class=KernelCompiler)
def places(row, first, end):
    return place_of_largest(row, first, end), place_of_least(row, first, end)


def expected(row: Any, first: int, end: int) -> tuple[int, int]:
    part = row[first:end]
    if np.isnan(part.astype(float)).all():
        return 0, 0
    return first + int(np.nanargmax(part)), first + int(np.nanargmin(part))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_first_places_of_extrema(dtype: Any) -> None:
    rng = np.random.default_rng(2)
    for n in LENGTHS:
        few = rng.integers(-3, 3, n).astype(dtype)  # many are equal
        some = np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)).astype(dtype)
        for row in (
            rng.normal(size=n).astype(dtype),
            few,
            some,
            np.where(few < 0, -np.inf, few).astype(dtype),
            np.full(n, np.nan, dtype),
        ):
            first = int(rng.integers(0, n // 2 + 1))
            for end in (n, int(rng.integers(first, n)) + 1):
                with np.errstate(all="ignore"):
                    found = expected(row, first, end)
                assert places(row, first, end) == found
                assert (place_of_largest(row, first, end), place_of_least(row, first, end)) == found


def test_no_numbers_have_the_place_0() -> None:
    assert places(np.ones(3), 3, 3) == (0, 0)


def test_rows_of_integers_and_rows_apart() -> None:
    assert places(np.array([3, 5, 1, 5]), 0, 4) == (1, 2)
    assert places(np.array([0.0, 9.0, 2.0, 9.0, -1.0, 9.0])[::2], 0, 3) == (1, 2)
