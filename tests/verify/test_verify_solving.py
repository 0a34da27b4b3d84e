"""The oracle on equations with an unknown, optima and eigenvalues of any matrix, against closed forms."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special
from verify_samples import formula, jacobian, oracle, value

RNG = np.random.default_rng(7)
SQUARE = "{shape: [n, n]}"


def close(found: object, wanted: object) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


def solved(statement: str, **symbols: str) -> object:
    """The oracle of one statement for x."""
    entries = "\n".join(f"  {name}: {entry}" for name, entry in {"x": "unknown", **symbols}.items())
    return oracle(f"title: Solved\nsympy: {statement}\nsymbols:\n{entries}\n")


def test_a_root_with_its_derivatives() -> None:
    of = solved("Eq(x, Root(Eq(x*exp(x), z), (x, 1)))", z="z")
    w = special.lambertw(2.0).real
    one = {"z": np.ones(())}
    close(value(of, "x", z=2.0), w)
    close(float(of.jvp({"z": 2.0}, one)["x"][()]), w / 2 / (1 + w))
    close(float(of.second({"z": 2.0}, one, one)["x"][()]), -(w**2) * (w + 2) / (4 * (1 + w) ** 3))


def test_a_root_inside_an_expression() -> None:
    of = formula("Sum(i*Root(t**3 - a[i], (t, 0, oo)), (i, 1, n))", a="{shape: [n]}", n="n")
    a = np.array([8.0, 27.0])
    close(value(of, a=a), 8.0)
    close(jacobian(of, "a", a=a), [1 / 12, 2 / 27])


def test_a_fixed_point() -> None:
    text = "Eq(x[i], FixedPoint(Sum(A[i, k]*x[k], (k, 1, n)) + b[i], x))"
    of = solved(text, x="{shape: [n]}", A=SQUARE, b="{shape: [n]}", n="n")
    a, b = RNG.uniform(-0.3, 0.3, size=(3, 3)), RNG.normal(size=3)
    close(value(of, "x", A=a, b=b), np.linalg.solve(np.eye(3) - a, b))
    close(jacobian(of, "b", "x", A=a, b=b), np.linalg.inv(np.eye(3) - a))


def test_an_optimum_on_the_border() -> None:
    text = "Eq(x[i], ArgMin(Sum((x[k] - b[k])**2, (k, 1, n)), x, x[i] >= 0, Eq(Sum(x[k], (k, 1, n)), 1)))"
    of = solved(text, x="{shape: [n]}", b="{shape: [n]}", n="n")
    b = np.array([0.9, -1.0, 0.4])
    close(value(of, "x", b=b), [0.75, 0.0, 0.25])
    close(jacobian(of, "b", "x", b=b), [[0.5, 0, -0.5], [0, 0, 0], [-0.5, 0, 0.5]])


def test_a_free_minimum_against_scipy() -> None:
    text = "Eq(x, ArgMin(cosh(x - a) + x**2, x))"
    of = solved(text, a="a")
    found = optimize.brentq(lambda x: np.sinh(x - 1.5) + 2 * x, -5, 5, xtol=1e-15)
    close(value(of, "x", a=1.5), found)
    slope = np.cosh(found - 1.5) / (np.cosh(found - 1.5) + 2)
    close(float(of.jvp({"a": 1.5}, {"a": np.ones(())})["x"][()]), slope)


def test_eigenvalues_of_any_matrix() -> None:
    a = RNG.normal(size=(4, 4))
    wanted = np.array(sorted(np.linalg.eigvals(a), key=lambda x: (round(x.real, 9), x.imag)))
    close(value(formula("Eq(y, EigenvalueRealParts(A))", y="{shape: [n]}", A=SQUARE, n="n"), "y", A=a), wanted.real)
    found = value(formula("Eq(y, EigenvalueImaginaryParts(A))", y="{shape: [n]}", A=SQUARE, n="n"), "y", A=a)
    close(found, wanted.imag)


def test_the_eigenvalues_sum_to_the_trace_with_slope_one() -> None:
    a = RNG.normal(size=(3, 3))
    of = formula("Sum(EigenvalueRealParts(A)[i], (i, 1, n))", A=SQUARE, n="n")
    close(jacobian(of, "A", A=a), np.eye(3))
