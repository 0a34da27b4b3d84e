"""What is scattered to neighbours is read where it is made."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.derive.vjp import gradient
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.shifted import gather_shifted


def slopes(formula: str, **symbols: str) -> list[str]:
    made = check(gather_shifted(gradient(program(formula, y="number", **symbols))))
    return [show_statement(s) for s in made.statements if s.target.name.startswith("x_bar")]


def test_slopes_of_neighbours_are_gathered() -> None:
    after, before, both = slopes("Eq(y, Sum(x[i]*x[i + 1], (i, 1, n - 1)))", x="{shape: [n]}", n="size")
    assert after == "x_bar1[i] = Piecewise((x[i - 1]*y_bar, i >= 1), (0, True))  for i: n"
    assert before == "x_bar2[i] = Piecewise((x[i + 1]*y_bar, i < n - 1), (0, True))  for i: n"
    assert both.startswith("x_bar[i] = ")


@pytest.mark.parametrize("term", ["x[2*i - 1]", "x[i]*x[2]", "Sum(x[i + k - 1], (k, 1, 3))"])
def test_what_may_be_written_to_twice_or_with_steps_is_scattered(term: str) -> None:
    found = slopes(f"Eq(y, Sum({term}**2, (i, 1, n)))", x="{shape: [2*n + 2]}", n="size")
    assert any("+= sum(" in line for line in found)
