"""Sums over a row for every pair of rows read the second array by columns."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.loops.nest import leaves_of, nests
from eqc.schedule.passes import schedule
from eqc.schedule.turned import turn

DISTANCE = "Eq(D[i, j], Sum((X[i, k] - Y[j, k])**2, (k, 1, d)))"
SYMBOLS = {
    "D": "{shape: [n, m]}",
    "X": "{shape: [n, d]}",
    "Y": "{shape: [m, d]}",
    "n": "rows",
    "m": "rows",
    "d": "size",
}


def turned(formula: str, **symbols: str) -> list[str]:
    return [show_statement(s) for s in check(turn(program(formula, **{**SYMBOLS, **symbols}))).statements]


def test_the_second_array_is_copied_by_columns() -> None:
    assert turned(DISTANCE) == [
        "Y_turned[k, j] = Y[j, k]  for k: d, j: m",
        "D[i, j] = sum(k: d) (X[i, k] - Y_turned[k, j])**2  for i: n, j: m",
    ]


def test_products_of_matrices_stay() -> None:
    assert turned("Eq(D[i, j], Sum(X[i, k]*Y[j, k], (k, 1, d)))") == [
        "D[i, j] = sum(k: d) X[i, k]*Y[j, k]  for i: n, j: m"
    ]


def test_what_is_read_for_one_row_only_stays() -> None:
    """Every entry of Y is needed once: a copy would take as long as the sum."""
    weights = {"X": "{shape: [n]}", "Y": "{shape: [m, d]}"}
    assert len(turned("Eq(D[i, j], Sum(exp(X[i]) + Y[j, k]**2, (k, 1, d)))", **weights)) == 1


@pytest.fixture(scope="module")
def pullback() -> Program:
    return check(schedule(vjp(program("Eq(D[i, j], exp(-Sum((X[i, k] - Y[j, k])**2, (k, 1, d))))", **SYMBOLS))))


def test_cotangents_read_the_copy_and_are_turned_at_the_end(pullback: Program) -> None:
    assert [show_statement(s) for s in pullback.statements if s.target.name != "total_bar"] == [
        "Y_turned[k, j] = Y[j, k]  for k: d, j: m",
        "total[i, j] = sum(k: d) (X[i, k] - Y_turned[k, j])**2  for i: n, j: m",
        "X_bar[i, k] = sum(j: m) 2*total_bar[i, j]*(X[i, k] - Y_turned[k, j])  for i: n, k: d",
        "Y_bar_turned[k, j] = sum(i: n) -2*total_bar[i, j]*(X[i, k] - Y_turned[k, j])  for k: d, j: m",
        "Y_bar[j, k] = Y_bar_turned[k, j]  for j: m, k: d",
    ]


def test_innermost_loops_run_along_the_memory(pullback: Program) -> None:
    tree = nests(pullback)
    last = {leaf.statement.target.name: leaf.item for leaf in leaves_of(tree)}
    for name in ("X_bar", "Y_bar_turned"):
        item = last[name]
        loops = (*(item.order or item.statement.free), *item.inner(len(item.order or item.statement.free)))
        assert [loop.name for loop in loops] == ["i", "k", "j"]
