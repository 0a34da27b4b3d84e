"""What `eqc explain` says of a kernel's loops and cost, counted by hand."""

from __future__ import annotations

import pytest
from core_samples import SQUARE, VECTOR, program

from eqc.loops.plan import plan_of
from eqc.loops.report import schedule_report
from eqc.schedule.passes import schedule

PRODUCT = {"C": SQUARE, "A": SQUARE, "B": SQUARE, "n": "size"}


def test_a_product_of_matrices() -> None:
    value = schedule(program("Eq(C[i, j], Sum(A[i, k]*B[k, j], (k, 1, n)))", **PRODUCT))
    assert schedule_report(plan_of(value)).splitlines() == [
        "  C: product of matrices over k, in shares of threads",
        "  cost: 2*n**3 flops; reads 16*n**2 bytes, writes 8*n**2",
        "  temporaries: 0 bytes",
    ]


def test_a_sum_with_functions() -> None:
    value = schedule(program("Sum(exp(x[i])*x[i], (i, 1, n))", x=VECTOR, n="size"))
    assert schedule_report(plan_of(value)).splitlines() == [
        "  over i: n, summing up out, in shares of threads",
        "    out",
        "  cost: 2*n flops, n exp; reads 8*n bytes, writes 8",
        "  temporaries: 0 bytes",
    ]


def test_choices_cost_nothing_but_what_is_chosen() -> None:
    value = schedule(program("Sum(Piecewise((2*x[i], x[i] > 0), (0, True)), (i, 1, n))", x=VECTOR, n="size"))
    assert schedule_report(plan_of(value)).splitlines()[2] == "  cost: 2*n flops; reads 8*n bytes, writes 8"


@pytest.mark.parametrize(("formula", "temporaries"), [("Eq(y[i], x[i]/Sum(x[k], (k, 1, n)))", "0 bytes")])
def test_numbers_are_no_memory(formula: str, temporaries: str) -> None:
    report = schedule_report(plan_of(schedule(program(formula, y=VECTOR, x=VECTOR, n="size"))))
    assert report.endswith(temporaries)


def test_blocks_of_rows_need_memory_for_a_block() -> None:
    formulas = ("Eq(C[i, j], exp(Sum(A[i, k]*B[k, j], (k, 1, n))))", "Eq(D[i, j], Sum(C[i, k]*B[k, j], (k, 1, n)))")
    report = schedule_report(plan_of(schedule(program(*formulas, **PRODUCT, D=SQUARE))))
    assert "in blocks of rows i: n" in report
    assert report.endswith("temporaries: 16*n*rows bytes")
