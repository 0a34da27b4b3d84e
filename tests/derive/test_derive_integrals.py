"""Integrals are sums over many nodes, too slow to run with all cases: their values and slopes against mpmath's."""

from __future__ import annotations

import mpmath
import pytest
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret

POINT = {"a": 0.5, "b": 1.25}
A, B = POINT["a"], POINT["b"]


def bell(t: mpmath.mpf) -> mpmath.mpf:
    return mpmath.exp(-A * t**2)


def test_slopes_in_the_integrand_and_in_the_limit() -> None:
    value = program("Integral(exp(-a*t**2), (t, 0, b))", a="{domain: positive}", b="{domain: positive}")
    gradient = derivative_programs(value)["value_and_gradient"]
    with mpmath.workdps(20):
        found = interpret(gradient, POINT)
        total, slope, at_the_end = (found[name] for name in gradient.outputs)
        assert abs(total - mpmath.quad(bell, [0, B])) < 1e-14
        assert abs(slope - mpmath.quad(lambda t: -(t**2) * bell(t), [0, B])) < 1e-14
        assert abs(at_the_end - bell(B)) < 1e-12


@pytest.mark.parametrize(("formula", "expected"), [("Integral(1/(1 + t**2), (t, -oo, oo))*x", mpmath.pi)])
def test_infinite_limits(formula: str, expected: mpmath.mpf) -> None:
    with mpmath.workdps(16):
        assert abs(interpret(program(formula, x="x"), {"x": 1})["out"] - expected) < 1e-9
