"""Sums over the items of a block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqc.emit._vector import add_items


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_items_are_added_in_double_precision(dtype: Any) -> None:
    for items in (0, 1, 3, 4, 9):
        block, totals = np.random.default_rng(items).normal(size=(items, 5)).astype(dtype), np.full(5, 0.1)
        expected = totals + block.sum(axis=0, dtype=np.float64)
        add_items(block, totals)
        np.testing.assert_allclose(totals, expected, rtol=1e-14)
