"""Slopes of occupation numbers."""

from __future__ import annotations

import mpmath
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret
from eqc.ir.stable import Expm1
from eqc.rewrite.passes import rewrite
from eqc.schedule.passes import schedule


def test_no_exponential_is_left_to_be_divided_by_its_square() -> None:
    value = rewrite(program("Eq(n, c/(exp(x/t) - 1))", n="number", c="scale", x="energy", t="temperature"), stable=True)
    slopes = schedule(derivative_programs(value)["gradient"])
    bodies = [statement.body for statement in slopes.statements]
    assert any(body.has(Expm1) for body in bodies)
    assert not any("exp(" in str(body) for body in bodies)
    for x in (-400, -1, 1, 400):
        found = interpret(slopes, {"c": 2, "x": x, "t": 1})["x_bar"]
        exact = -2 * mpmath.exp(x) / mpmath.expm1(x) ** 2
        assert abs(found - exact) <= 1e-13 * abs(exact)
