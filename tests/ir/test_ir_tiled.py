"""Sums over one index for every pair of two others: which ones are added up in tiles."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.ir.tiled import tiled_sum

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
