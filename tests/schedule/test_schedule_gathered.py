"""Scatters near an entry are gathered from copies with zeros around them."""

from __future__ import annotations

from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.gathered import gather

SIZES = {"n": "rows", "m": "columns", "p": "rows", "q": "columns"}


def gathered(formula: str, **symbols: str) -> list[str]:
    made = vjp(program(formula, **symbols, **SIZES))
    return [show_statement(s) for s in check(gather(made)).statements if s not in made.statements]


def test_the_slope_of_an_image_is_a_sum_near_each_entry() -> None:
    formula = "Eq(c[x, y], Sum(a[x + u - 1, y + v - 1]*k[u, v], (v, 1, q), (u, 1, p)))"
    shapes = {"c": "{shape: [n - p + 1, m - q + 1]}", "a": "{shape: [n, m]}", "k": "{shape: [p, q]}"}
    copy, slope = gathered(formula, **shapes)
    there = "(m > y) & (n > x) & (x >= p - 1) & (y >= q - 1)"
    entries = f"Piecewise((c_bar[-p + x + 1, -q + y + 1], {there}), (0, True))"
    assert copy == f"c_bar_around[x, y] = {entries}  for x: n + p - 1, y: m + q - 1"
    assert "c_bar_around[p - u + x - 1, q - v + y - 1]*k[u, v]" in slope
    assert slope.endswith("  for x: n, y: m")


def test_steps_that_skip_entries_are_scattered_as_they_are() -> None:
    formula = "Eq(c[x, y], Sum(a[2*x + u - 2, y + v - 1]*k[u, v], (v, 1, q), (u, 1, p)))"
    shapes = {"c": "{shape: [n, m - q + 1]}", "a": "{shape: [2*n + p - 2, m]}", "k": "{shape: [p, q]}"}
    assert gathered(formula, **shapes) == []
