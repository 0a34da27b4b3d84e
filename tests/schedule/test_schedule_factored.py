"""One factorisation for a positive definite matrix."""

from __future__ import annotations

from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.factored import share_factors
from eqc.schedule.passes import schedule

DENSITY = "Eq(p, exp(-(x.T*S**-1*x + log(Determinant(S)))/2))"
SYMBOLS = {"p": "density", "x": "{shape: [d]}", "d": "size"}
DEFINITE, SYMMETRIC = "{shape: [d, d], domain: spd}", "{shape: [d, d], domain: symmetric}"


def shown(made: Program) -> list[str]:
    return [show_statement(s) for s in check(made).statements]


def test_solve_determinant_and_inverse_share_a_factor() -> None:
    lines = shown(schedule(vjp(program(DENSITY, S=DEFINITE, **SYMBOLS))))
    assert lines[:2] == ["factor = Cholesky(S)", "solution = FactorSolveVector(factor, x)"]
    assert "inverse = FactorInverse(factor)" in lines
    assert not [line for line in lines if "(S" in line and not line.startswith("factor")]


def test_a_solve_for_a_multiple_is_a_multiple() -> None:
    """The cotangent is solved for c*x, where x has been solved for already."""
    lines = shown(schedule(vjp(program(DENSITY, S=DEFINITE, **SYMBOLS))))
    assert sum("SolveVector" in line for line in lines) == 1


def test_symmetric_matrices_have_no_factor_but_need_no_transpose() -> None:
    made = vjp(program("Eq(p, x.T*S**-1*x)", S=SYMMETRIC, **SYMBOLS))
    lines = shown(schedule(made))
    assert [line for line in lines if "Solve" in line] == ["solution = SolveVector(S, x)"]


def test_a_matrix_that_nothing_proves_definite_has_no_factor() -> None:
    """A gradient without the determinant itself: a solve also takes a matrix that is not quite definite."""
    lines = shown(schedule(vjp(program("Eq(p, x.T*S**-1*x + log(Determinant(S)))", S=DEFINITE, **SYMBOLS))))
    assert "inverse = Inverse(S)" in lines


def test_one_use_needs_no_factor() -> None:
    lines = shown(share_factors(program("Eq(p, log(Determinant(S)))", S=DEFINITE, p="value", d="size")))
    assert lines == ["p = LogDeterminantSpd(S)"]
