"""Choices by the place in a short axis: sums become terms, what is written to single places becomes one choice."""

from __future__ import annotations

from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.passes import schedule
from eqc.schedule.placed import tell_places_apart

TURN = "Eq(y[k], Matrix([[a, -b], [b, a]])*x[k])"
POINTS = {"y": "{shape: [n, 2]}", "x": "{shape: [n, 2]}", "a": "a", "b": "b", "n": "points"}


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in check(value).statements]


def test_a_short_sum_of_choices_is_a_sum_of_terms() -> None:
    value = program("Sum(Piecewise((x, Eq(i, 1)), (sin(x)*i, True)), (i, 1, 3))", x="x")
    assert lines(tell_places_apart(value)) == ["out = x + 5*sin(x)"]


def test_longer_sums_and_choices_by_numbers_stay() -> None:
    for formula in (
        "Sum(Piecewise((x, Eq(i, 1)), (x*i, True)), (i, 1, 99))",
        "Sum(Piecewise((x, x > i), (0, True)), (i, 1, 3))",
    ):
        value = program(formula, x="x")
        assert tell_places_apart(value) == value


def test_the_pullback_of_a_written_matrix_is_its_transpose() -> None:
    first, second = "(a*y_bar[i, 0] + b*y_bar[i, 1], Eq(j, 0))", "(a*y_bar[i, 1] - b*y_bar[i, 0], True)"
    assert lines(schedule(vjp(program(TURN, **POINTS)))) == [
        f"x_bar[i, j] = Piecewise({first}, {second})  for i: n, j: 2",
        "a_bar = sum(k: n) x[k, 0]*y_bar[k, 0] + x[k, 1]*y_bar[k, 1]",
        "b_bar = sum(k: n) x[k, 0]*y_bar[k, 1] - x[k, 1]*y_bar[k, 0]",
    ]
