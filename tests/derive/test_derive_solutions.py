"""Derivatives of solutions against closed forms and differences, at many digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.errors import EqcError
from eqc.ir.interpret import interpret


def gradient(*formulas: str, at: dict[str, Any], **symbols: str) -> list[Any]:
    made = derivative_programs(program(*formulas, **symbols))["gradient"]
    found = interpret(made, at)
    return [found[name] for name in made.outputs]


def test_lambert_w_to_third_order() -> None:
    """W' = W/(z (1 + W)), and its derivative along a direction by the Hessian product."""
    programs = derivative_programs(program("Eq(w, Root(Eq(w*exp(w), z), (w, 1)))", w="w", z="{domain: positive}"))
    with mpmath.workdps(40):
        slope = interpret(programs["gradient"], {"z": 2})[programs["gradient"].outputs[0]]
        bend = interpret(programs["hvp"], {"z": 2, "z_dot": 1})[programs["hvp"].outputs[0]]
        assert abs(slope - mpmath.diff(mpmath.lambertw, 2)) < 1e-25
        assert abs(bend - mpmath.diff(mpmath.lambertw, 2, 2)) < 1e-20


def test_the_start_has_no_derivative() -> None:
    found = gradient(
        "Eq(x, Root(x**3 - a*x, (x, s)))", at={"a": mpmath.mpf(4), "s": mpmath.mpf(3)}, x="x", a="a", s="s"
    )
    assert abs(found[0] - mpmath.mpf(1) / 4) < 1e-12 and found[1] == 0


def test_a_multiplier_is_the_price_of_its_condition() -> None:
    """d(least cost)/db is the multiplier of x + y = b: here b itself."""
    at = {"b": mpmath.mpf(3)}
    formulas = ("Eq(x[i], ArgMin(Sum(x[k]**2, (k, 1, 2)), x, Eq(x[1] + x[2], b)))", "Eq(L, Sum(x[k]**2, (k, 1, 2)))")
    (found,) = gradient(*formulas, at=at, x="{shape: [2]}", b="b", L="L")
    assert abs(found - 3) < 1e-12


def test_conditions_that_do_not_hold_the_optimum_do_not_matter() -> None:
    at = {"z": mpmath.mpf(2), "a": mpmath.mpf(-1), "b": mpmath.mpf(5)}
    found = gradient("Eq(x, ArgMin((x - z)**2, x, x >= a, x <= b))", at=at, x="x", z="z", a="a", b="b")
    np.testing.assert_allclose(np.array(found, dtype=float), [1, 0, 0], atol=1e-15)


def test_an_eigenvalue_of_a_rotation() -> None:
    """λ = a ± ib for [[a, -b], [b, a]]."""
    formula = "Eq(L, EigenvalueImaginaryParts(A)[2] + 3*EigenvalueRealParts(A)[1])"
    at = {"A": np.array([[mpmath.mpf(1), mpmath.mpf(-2)], [mpmath.mpf(2), mpmath.mpf(1)]])}
    with mpmath.workdps(30):
        (found,) = gradient(formula, at=at, L="L", A="{shape: [2, 2]}")
    np.testing.assert_allclose(found.astype(float), [[1.5, -0.5], [0.5, 1.5]], rtol=1e-14)


@pytest.mark.parametrize(
    ("formula", "rule"),
    [
        ("Eq(x, 2*Root(x - z, x))", "only that statement solves for it"),
        ("Eq(x, ArgMin((x - z)**2, x, x > 0))", "conditions are"),
        ("Eq(x, ArgMin((x - z)**2, (x, 1), x >= 0))", "without a start"),
        ("Eq(x, FixedPoint(cos(x) + z, (x, 0, 1)))", "a bracket is for one root"),
        ("Eq(x, Root(x - z, 3))", "the second argument of Root is its unknown"),
        ("Eq(x, Root(x - z))", "takes 2 arguments"),
    ],
)
def test_what_is_refused(formula: str, rule: str) -> None:
    with pytest.raises(EqcError, match=rule):
        program(formula, x="x", z="z")


def test_function_inputs_in_equations_are_refused() -> None:
    with pytest.raises(EqcError, match="a function input inside a solver"):
        program("Eq(x, Root(f(x) - z, x))", x="x", z="z", f="{kind: function}")


def test_as_many_equations_as_unknowns() -> None:
    with pytest.raises(EqcError, match="needs as many equations"):
        program("Eq(x, Root(A*x - 1, x))", x="{shape: [n]}", A="{shape: [m, n]}", n="n", m="m")
