"""Roots and functions of some of a statement's indices are computed for those alone."""

from __future__ import annotations

from core_samples import SQUARE, VECTOR, program

from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.hoist import hoist

SYMBOLS = {"B": SQUARE, "A": SQUARE, "v": VECTOR, "n": "size"}


def hoisted(formula: str, **symbols: str) -> list[str]:
    return [show_statement(s) for s in check(hoist(program(formula, **{**SYMBOLS, **symbols}))).statements]


def test_a_root_is_stored_and_divided_by() -> None:
    """A product with the inverse root would be rounded once more."""
    assert hoisted("Eq(B[i, j], A[i, j]/sqrt(v[j] + 1))") == [
        "root_v[j] = sqrt(v[j] + 1)  for j: n",
        "B[i, j] = A[i, j]/root_v[j]  for i: n, j: n",
    ]


def test_a_function_of_rows_is_stored() -> None:
    assert hoisted("Eq(B[i, j], A[i, j]*exp(v[i]) + exp(v[i]))") == [
        "exp_v[i] = exp(v[i])  for i: n",
        "B[i, j] = A[i, j]*exp_v[i] + exp_v[i]  for i: n, j: n",
    ]


def test_a_function_of_numbers_is_computed_before_the_loop() -> None:
    """Compilers do not move functions with branches out of loops; roots they do."""
    assert hoisted("Eq(B[i, j], A[i, j]*v[j]*exp(-t)/sqrt(s))", t="time", s="scale") == [
        "exp_t = exp(-t)",
        "B[i, j] = A[i, j]*exp_t*v[j]/sqrt(s)  for i: n, j: n",
    ]


def test_powers_with_an_index_are_stored_also_out_of_branches() -> None:
    body = "v[i]*t**(j - 1) + Piecewise((0, Eq(j, 1)), (A[i, j]*t**(j - 2), True))"
    assert hoisted(f"Eq(B[i, j], {body})", t="discount") == [
        "power_t[j] = t**(j - 1)  for j: n",
        "power_t1[j] = t**j  for j: n",
        "B[i, j] = power_t1[j]*v[i] + Piecewise((0, Eq(j + 1, 1)), (A[i, j]*power_t[j], True))  for i: n, j: n",
    ]
    assert len(hoisted("Eq(B[i, j], A[i, j]*v[j]**2)")) == 1


def test_powers_in_ragged_sums_are_stored_for_the_longest() -> None:
    power, total, _ = hoisted("Eq(B[i, j], v[j]*Sum(A[i, k]*t**(k - j), (k, j, n)))", t="discount")
    assert power == "power_t[k] = t**k  for k: n"
    assert "power_t[k]" in total


def test_what_depends_on_every_index_stays() -> None:
    assert len(hoisted("Eq(B[i, j], exp(A[i, j]*v[j]))")) == 1


def test_what_stands_in_a_branch_stays() -> None:
    """It may be computed only where the branch holds."""
    assert len(hoisted("Eq(B[i, j], Piecewise((A[i, j]*log(v[j]), v[j] > 0), (0, True)))")) == 1


def test_functions_of_numbers_in_a_branch_are_computed_before_the_loop() -> None:
    assert (
        hoisted("Eq(B[i, j], Piecewise((A[i, j]*gamma(s), v[j] > 0), (0, True)))", s="scale")[0] == "gamma_s = gamma(s)"
    )


def test_what_a_ragged_sum_repeats_is_stored_for_its_rounds() -> None:
    lines = hoisted("Eq(B[i, j], Sum(v[k]*A[k, j]*exp(A[i, k]), (k, 1, i)))")
    assert lines[0] == "exp_A[i, k] = exp(A[i, k])  for i: n, k: i + 1"
