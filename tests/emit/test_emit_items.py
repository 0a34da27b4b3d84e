"""Sums over the items of a block, and of groups of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from emit_samples import sample_source
from numba import njit

from eqc.emit._calls.totals import add_items
from eqc.emit._team.groups import add_groups
from eqc.emit._team.launch import compiled


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_items_are_added_in_double_precision(dtype: Any) -> None:
    for items in (0, 1, 3, 4, 9):
        block, totals = np.random.default_rng(items).normal(size=(items, 5)).astype(dtype), np.full(5, 0.1)
        expected = totals + block.sum(axis=0, dtype=np.float64)
        add_items(block, totals)
        np.testing.assert_allclose(totals, expected, rtol=1e-14)


@njit(nogil=True)
def scaled_rows(x, k, y, total, square):
    """Items: each row times a number for all; the row itself and a square are summed. An error for a row of zeros."""
    lost = False
    for i in range(len(x)):
        if x[i, 0] == 0:
            raise ValueError("zeros")
        y[i], total[i], square[i] = k[0] * x[i], x[i], x[i, 0] ** 2
        lost |= x[i, 0] - x[i, 0] != 0
    return lost


def test_what_groups_of_items_add_is_summed_block_by_block() -> None:
    items, length, step = 23, 6, 4
    x, k = np.random.default_rng(23).normal(size=(items, 3)), np.full(1, 2.0)
    y, rows, squares = np.empty_like(x), np.empty((4 * step, 3)), np.empty(4 * step)
    totals, total_squares = np.zeros((4, 3)), np.zeros((4, 1))
    arguments = (x, k, y, (rows, rows, totals), (squares, squares.reshape(-1, 1), total_squares))
    block = x[:step], k, y[:step], rows[:step], squares[:step]
    scaled_rows(*block)
    work = (*compiled(scaled_rows, block), items, length, step, arguments)
    for groups in ([0], [1, 2], [3]):
        assert not add_groups(np.array(groups), work)
    groups_of = [slice(length * n, length * (n + 1)) for n in range(4)]
    np.testing.assert_array_equal(y, 2 * x)
    np.testing.assert_allclose(totals, [x[group].sum(axis=0) for group in groups_of])
    np.testing.assert_allclose(total_squares[:, 0], [(x[group, 0] ** 2).sum() for group in groups_of])
    x[22, 0] = np.nan
    assert add_groups(np.array([3]), work)
    x[22, 0] = 0
    with pytest.raises(RuntimeError, match="block"):
        add_groups(np.array([3]), work)


def test_numbers_are_watched_before_others_are_stored() -> None:
    """LLVM would read each again behind the others, in a loop without vectors: it took five times as long for 32."""
    text = sample_source("Eq(y, (a*b + b*c)**2)", y="number", a="one", b="another", c="a third")
    loop = text.partition("def sample_gradient_into")[2].partition("return")[0].splitlines()
    stored = [n for n, line in enumerate(loop) if "_bar[item] = " in line]
    assert len(stored) == 3
    for n in stored:
        place = loop[n].partition(" = ")[0].strip()
        assert loop[n + 1].strip() == f"lost = _watch(lost, {place})"
