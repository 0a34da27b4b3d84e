"""Terms that are 0 unless a condition holds: loops over which it stays the same run only where it does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from emit_samples import run, sample_source

NEAREST = "Eq(y, Sum(MinOver(Sum((x[i, d] - c[k, d])**2, (d, 1, m)), (k, 1, K)), (i, 1, n)))"
SYMBOLS = {"y": "number", "x": "{shape: [n, m]}", "c": "{shape: [K, m]}", "n": "size", "m": "size", "K": "size"}


def test_slopes_of_an_extremum_are_added_where_it_is() -> None:
    text = sample_source(NEAREST, **SYMBOLS)
    lines = [line.strip() for line in text.splitlines()]
    heads = [after for line, after in pairwise(lines) if line == "if total_bar != 0:"]
    assert heads and all(head.startswith("for d in range(") for head in heads)
    x, c = np.array([[0.0, 1.0], [5.0, 5.0]]), np.array([[4.0, 4.0], [1.0, 1.0], [9.0, 9.0]])
    x_bar, c_bar = run(text, "guarded")["sample_gradient"](x, c)
    np.testing.assert_array_equal(x_bar, [[-2, 0], [2, 2]])
    np.testing.assert_array_equal(c_bar, [[-2, -2], [2, 0], [0, 0]])


def test_nan_is_no_slope_that_may_be_left_out() -> None:
    x, c = np.array([[np.nan, 1.0]]), np.array([[4.0, 4.0], [1.0, 1.0]])
    x_bar, _ = run(sample_source(NEAREST, **SYMBOLS), "guarded")["sample_gradient"](x, c)
    assert np.isnan(x_bar).all()
