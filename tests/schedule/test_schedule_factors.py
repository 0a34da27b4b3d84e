"""Factors of all terms of a sum stand before it."""

from __future__ import annotations

import pytest
from core_samples import SQUARE, VECTOR, program

from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.factors import factor_numbers, factor_sums

SYMBOLS = {"A": SQUARE, "B": SQUARE, "u": VECTOR, "v": VECTOR, "s": "{domain: positive}", "y": "value", "n": "size"}


def factored(formula: str, names: str) -> list[str]:
    symbols = {name: SYMBOLS[name] for name in names.split()}
    return [show_statement(s) for s in check(factor_sums(program(formula, **symbols))).statements]


def test_one_division_for_the_sum() -> None:
    assert factored("Eq(y, Sum(v[i]**2/sqrt(s), (i, 1, n)))", "v s y n") == [
        "part = sum(i: n) v[i]**2",
        "y = part/sqrt(s)",
    ]


def test_factors_of_free_indices_go_too() -> None:
    assert factored("Eq(u[i], Sum(A[i, j]**2*v[i]/s, (j, 1, n)))", "A u v s n") == [
        "part[i] = sum(j: n) A[i, j]**2  for i: n",
        "u[i] = part[i]*v[i]/s  for i: n",
    ]


def test_functions_stay_where_they_keep_terms_small() -> None:
    assert len(factored("Eq(y, Sum(exp(v[i])*exp(-s)*v[i], (i, 1, n)))", "v s y n")) == 1


def test_products_of_matrices_and_plain_numbers_stay() -> None:
    assert len(factored("Eq(B[i, k], Sum(A[i, j]*A[j, k]/s, (j, 1, n)))", "A B s n")) == 1
    assert len(factored("Eq(y, Sum(2*v[i], (i, 1, n)))", "v y n")) == 1


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("s*(2*v[i] - 2*u[i])", "-2*s*(u[i] - v[i])"),
        ("s*(2*u[i] - 2*v[i])", "2*s*(u[i] - v[i])"),
        ("s*(4*v[i] + 2*u[i])", "2*s*(u[i] + 2*v[i])"),
        ("s*(u[i] + 2*v[i])", "s*(u[i] + 2*v[i])"),
    ],
)
def test_gradients_share_a_difference(body: str, after: str) -> None:
    symbols = {"y": VECTOR, "u": VECTOR, "v": VECTOR, "s": "scale", "n": "size"}
    (statement,) = check(factor_numbers(program(f"Eq(y[i], {body})", **symbols))).statements
    assert show_statement(statement) == f"y[i] = {after}  for i: n"
