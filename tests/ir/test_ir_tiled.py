"""Sums over one index for every pair of two others: which ones are added up in tiles."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.show import show_statement
from eqc.ir.tiled import gathered, tiled_sum

SYMBOLS = {"X": "{shape: [n, d]}", "Y": "{shape: [d, m]}", "n": "rows", "m": "columns", "d": "size"}


def along(formula: str, **symbols: str) -> str | None:
    """The loop whose rounds stand side by side, if the last statement's sum is one for tiles."""
    made = program(formula, **{**SYMBOLS, "D": "{shape: [n, m]}", **symbols})
    found = tiled_sum(made.statements[-1], made.tensors)
    return None if found is None else found.along.name


@pytest.mark.parametrize(
    "term",
    ["(X[i, k] - Y[k, j])**2", "Abs(X[i, k] - Y[k, j])", "(X[i, k] + 2*Y[k, j])/Y[k, j]**2", "X[i, k] + Y[k, j]"],
)
def test_arithmetic_of_two_matrices_is_summed_up_in_tiles(term: str) -> None:
    assert along(f"Eq(D[i, j], Sum({term}, (k, 1, d)))") == "j"


def test_the_summed_index_may_run_along_the_memory() -> None:
    weighted = "Eq(D[i, k], Sum(W[i, j]*(X[i, k] - Y[k, j]), (j, 1, m)))"
    assert along(weighted, D="{shape: [n, d]}", W="{shape: [n, m]}") == "j"
    assert along("Eq(D[i, j], Sum((X[i, k] - Y[j, k])**2, (k, 1, d)))", Y="{shape: [m, d]}") == "k"


def test_something_must_stand_side_by_side() -> None:
    assert (
        along("Eq(D[i, j], Sum((X[i, k] - Y[j, k] + Z[k, i])**2, (k, 1, d)))", Y="{shape: [m, d]}", Z="{shape: [d, n]}")
        is None
    )


@pytest.mark.parametrize(
    "term",
    [
        "X[i, k]*Y[k, j]",  # a product of matrices
        "exp(X[i, k] - Y[k, j])",  # a function takes longer than what is read
        "X[i, k]**2 + Y[1, 1]",  # what is read depends on one index
        "(X[i, k] - Y[k, j])**n",
    ],
)
def test_others_are_not(term: str) -> None:
    assert along(f"Eq(D[i, j], Sum({term}, (k, 1, d)))") is None


def scattered(formula: str, **symbols: str) -> list[str]:
    """What each entry is given by the scatters of a pullback, where they can be turned into sums."""
    made = vjp(program(formula, **symbols))
    found = [gathered(s, made.tensors) for s in made.statements if s.scatter]
    return [show_statement(s) for s in found if s is not None]


def test_what_is_scattered_near_an_entry_is_gathered_there() -> None:
    symbols = {"x": "{shape: [n]}", "k": "{shape: [m]}", "y": "{shape: [n - m + 1]}", "n": "points", "m": "width"}
    assert scattered("Eq(y[i], Sum(x[i + u - 1]*k[u], (u, 1, m)))", **symbols) == [
        "x_bar[i] = sum(u: m) k[u]*y_bar[i - u]  for i: n"
    ]
    assert not scattered("Eq(y[i], Sum(exp(x[i + u - 1] - k[u]), (u, 1, m)))", **{**symbols, "y": "{shape: [n - m]}"})
