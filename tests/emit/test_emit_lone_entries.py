"""Slopes in single entries need no arrays of their own."""

from __future__ import annotations

import numpy as np
import pytest
from emit_samples import run, sample_source


def test_readers_choose_between_an_entry_and_0() -> None:
    text = sample_source("Eq(y, x[1]*x[2]**2 + x[2]*x[3])", y="number", x="{shape: [3]}")
    assert "np.zeros" not in text and "_shared_zeros" not in text
    slopes = run(text, "lone")["sample_gradient"](np.array([2.0, 3.0, 5.0]))
    np.testing.assert_array_equal(slopes, [9, 12 + 5, 3])


@pytest.mark.parametrize("label", [1, 3])
def test_entries_that_data_choose_are_stored(label: int) -> None:
    symbols = {"y": "number", "x": "{shape: [n]}", "k": "{domain: integer}", "n": "size"}
    text = sample_source("Eq(y, x[k]**2 + Sum(x[i], (i, 1, n)))", **symbols)
    expected = np.ones(4)
    expected[label - 1] += 2 * label
    np.testing.assert_array_equal(run(text, "lone")["sample_gradient"](np.array([1.0, 2, 3, 4]), label), expected)
