"""Sums that are products of matrices are recognised in any letters, and their factors are stored as matrices."""

from __future__ import annotations

import pytest
from core_samples import SQUARE, VECTOR, program

from eqc.ir.products import matrix_product
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.added_products import add_products
from eqc.schedule.passes import schedule
from eqc.schedule.products import prepare_products
from eqc.schedule.weighted import weigh_products

MATRICES = {"C": SQUARE, "A": SQUARE, "B": SQUARE, "n": "size"}


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in check(value).statements]


def prepared(*formulas: str, **symbols: str) -> list[str]:
    return lines(prepare_products(program(*formulas, **symbols)))


@pytest.mark.parametrize(
    "factors", ["A[i, k]*B[k, j]", "A[k, i]*B[k, j]", "A[i, k]*B[j, k]", "A[j, k]*B[k, i]", "A[k, j]*B[k, i]/n"]
)
def test_every_order_of_letters_is_a_product(factors: str) -> None:
    value = schedule(program(f"Eq(C[i, j], Sum({factors}, (k, 1, n)))", **MATRICES))
    (statement,) = value.statements
    product = matrix_product(statement)
    assert product is not None
    assert product.is_plain(value.tensors)
    assert (product.row.name, product.column.name, product.inner.name) == ("i", "j", "k")


def test_factors_that_are_computed_are_stored() -> None:
    found = prepared("Eq(C[i, j], Sum(exp(A[i, k])*B[k, j]*x[k], (k, 1, n)))", **MATRICES, x=VECTOR)
    assert found == [
        "left[i, k] = exp(A[i, k])  for i: n, k: n",
        "right[k, j] = B[k, j]*x[k]  for k: n, j: n",
        "C[i, j] = sum(k: n) left[i, k]*right[k, j]  for i: n, j: n",
    ]


def test_weights_of_a_matrix_times_itself_stay_apart() -> None:
    formula = "Eq(C[i, j], Sum(exp(x[k])*A[k, i]*A[k, j]/n, (k, 1, n)))"
    found = prepared(formula, C=SQUARE, A=SQUARE, x=VECTOR, n="size")
    assert found == [
        "weights[k] = exp(x[k])  for k: n",
        "C[i, j] = sum(k: n) A[k, i]*A[k, j]*weights[k]/n  for i: n, j: n",
    ]


@pytest.mark.parametrize(
    ("scaled", "product", "weighed"),
    [
        ("A[i, j]*x[i]", "A[k, i]*T[k, j]", True),
        ("A[i, j]*x[i]", "T[k, i]*A[k, j]", True),
        ("A[i, j]*x[j]", "A[k, i]*T[k, j]", False),
        ("A[j, i]*x[i]", "A[k, i]*T[k, j]", False),
        ("B[i, j]*x[i]", "A[k, i]*T[k, j]", False),
        ("A[i, j]*x[i]", "A[k, i]*T[k, j]*T[i, j]", False),
    ],
)
def test_a_matrix_is_scaled_in_the_product_with_itself(scaled: str, product: str, weighed: bool) -> None:
    formulas = f"Eq(T[i, j], {scaled})", f"Eq(C[i, j], Sum({product}, (k, 1, n)))"
    value = program(
        *formulas, **{name: SQUARE for name in "CATB" if name in scaled + product + "CT"}, x=VECTOR, n="size"
    )
    assert (weigh_products(value) != value) == weighed


def test_factors_of_the_results_entries_are_applied_after_the_sum() -> None:
    found = prepared("Eq(C[i, j], Sum(A[i, k]*B[k, j]*exp(C0[i, j]), (k, 1, n)))", **MATRICES, C0=SQUARE)
    assert found == [
        "product[i, j] = sum(k: n) A[i, k]*B[k, j]  for i: n, j: n",
        "C[i, j] = product[i, j]*exp(C0[i, j])  for i: n, j: n",
    ]


def test_sums_of_products_stay_one_statement() -> None:
    found = prepared("Eq(C[i, j], Sum(A[i, k]*B[k, j] - B[i, k]*A[k, j], (k, 1, n)))", **MATRICES)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("formula", "more"),
    [
        ("Eq(C[i, j], Sum((A[i, k] - B[j, k])**2, (k, 1, n)))", {}),
        ("Eq(C[i, j], Sum(A[i, k]*B[k, j]*D[i, j]**k, (k, 1, n)))", {"D": SQUARE}),
        ("Eq(C[i, j], Sum(A[i, k]*B[i, j]*x[j], (k, 1, n)))", {"x": VECTOR}),
        ("Eq(C[i, j], Sum(A[i, k]*B[k, j], (k, 1, i)))", {}),
    ],
)
def test_other_sums_are_no_products(formula: str, more: dict[str, str]) -> None:
    value = program(formula, **MATRICES, **more)
    assert prepare_products(value) == value


def test_sums_are_taken_one_after_the_other() -> None:
    formula = "Eq(y[i], Sum(Sum(A[i, c]*B[k, c]*D[i, k], (c, 1, n)), (k, 1, n)))"
    found = lines(schedule(program(formula, y=VECTOR, A=SQUARE, B=SQUARE, D=SQUARE, n="size")))
    assert found == [
        "part[i, k] = sum(c: n) A[i, c]*B[k, c]  for i: n, k: n",
        "y[i] = sum(k: n) D[i, k]*part[i, k]  for i: n",
    ]


def test_a_convolution_is_no_product() -> None:
    value = program(
        "Eq(y[i, c], Sum(x[i + k - 1]*w[k, c], (k, 1, K)))",
        y="{shape: [m, C]}",
        x="{shape: [m + K - 1]}",
        w="{shape: [K, C]}",
        m="places",
        K="width",
        C="channels",
    )
    assert prepare_products(value) == value


def test_axes_of_few_elements_are_no_matrices() -> None:
    small = "{shape: [3, 3]}"
    value = program("Eq(C[i, j], Sum(A[i, k]*B[k, j], (k, 1, 3)))", C=small, A=small, B=small)
    assert all(matrix_product(s) is None for s in value.statements)


SUMS = ["Sum(A[i, k]*B[k, j], (k, 1, n))", "Sum(B[l, i]*A[l, j], (l, 1, n))", "Sum(D[i, k]*F[k, j], (k, 1, m))"]
LONGER = {**MATRICES, "D": "{shape: [n, m]}", "F": "{shape: [m, n]}", "m": "length"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("{0} + {1}", ["C[i, j] = sum(k1: n) A[i, k1]*B[k1, j] + A[k1, j]*B[k1, i]  for i: n, j: n"]),
        (
            "{0} + {1} + {2} - A[i, j]",
            [
                "total2[i, j] = sum(k: m) D[i, k]*F[k, j]  for i: n, j: n",
                "product[i, j] = sum(k1: n) A[i, k1]*B[k1, j] + A[k1, j]*B[k1, i]  for i: n, j: n",
                "C[i, j] = -A[i, j] + product[i, j] + total2[i, j]  for i: n, j: n",
            ],
        ),
    ],
)
def test_products_of_one_length_are_added_up_by_one_sum(formula: str, expected: list[str]) -> None:
    value = program(f"Eq(C[i, j], {formula.format(*SUMS)})", **(LONGER if "{2}" in formula else MATRICES))
    assert lines(add_products(value)) == expected


def test_products_that_are_needed_alone_stay_alone() -> None:
    outputs = {**MATRICES, "E": "{shape: [n, n], output: true}"}
    value = program(f"Eq(E[i, j], {SUMS[0]})", f"Eq(C[i, j], E[i, j] + {SUMS[1]})", **outputs)
    assert add_products(value) == value
