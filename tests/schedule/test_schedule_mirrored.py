"""Sums over one index of a pair that are those over the other one."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.derive.vjp import gradient
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.clean import drop_dead
from eqc.schedule.mirrored import merge_mirrored

ALIKE = ["Abs(x[i] - x[j])", "cos(x[i] - x[j])", "exp(-(x[i] - x[j])**2)", "x[i]*x[j]"]
APART = ["sin(x[i] - x[j])", "exp(x[i] - x[j])", "w[i, j]*(x[i] - x[j])**2", "x[i]*x[j]**2"]


def sums(term: str) -> list[str]:
    """The sums for the entries of a gradient."""
    given = gradient(program(f"Eq(y, Sum({term}, (j, 1, n), (i, 1, n)))", y="number", **SHAPES))
    shown = [show_statement(s) for s in check(drop_dead(merge_mirrored(given))).statements]
    return [line for line in shown if line.startswith("x_bar") and "= sum(" in line]


SHAPES = {"x": "{shape: [n]}", "w": "{shape: [n, n]}", "n": "size"}


@pytest.mark.parametrize("term", ALIKE)
def test_symmetric_terms_have_one_sum_of_slopes(term: str) -> None:
    assert len(sums(term + " + 0*w[i, j]")) == 1


@pytest.mark.parametrize("term", APART)
def test_other_terms_have_two(term: str) -> None:
    """Also where both cancel: what is not a number has to come out as such."""
    assert len(sums(term + " + 0*w[i, j]")) == 2


def test_distances_that_are_stored_are_known_to_be_symmetric() -> None:
    formula = "Eq(y, Sum(1/Sum((x[i, d] - x[j, d])**2, (d, 1, m)), (j, 1, n), (i, 1, n)))"
    given = gradient(program(formula, y="number", x="{shape: [n, m]}", n="size", m="size"))
    shown = [show_statement(s) for s in check(drop_dead(merge_mirrored(given))).statements]
    assert sum("total_bar" in line and "= sum(" in line for line in shown) == 1
