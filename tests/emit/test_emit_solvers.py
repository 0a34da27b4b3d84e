"""The solvers that kernels share, run as plain Python: what they find, how closely, and what they refuse."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import seed_of
from emit_samples import sample_module
from scipy import optimize, special

EXTENTS = {"n": "size"}


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng(seed_of(name))


def close(found: Any, wanted: Any, relative: float = 1e-12) -> None:
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(wanted, dtype=float), rtol=relative, atol=0)


def scalar(formula: str, **symbols: str) -> Any:
    """The value function of a record `Eq(x, formula)`."""
    return sample_module(f"Eq(x, {formula})", x="x", **symbols)["sample"]


# roots ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [1e-9, 0.3, 2.0, 1e3])
def test_lambert_w_from_a_start(z: float) -> None:
    close(scalar("Root(Eq(x*exp(x), z), (x, 1))", z="z")(z), special.lambertw(z).real)


def test_the_start_chooses_the_root() -> None:
    roots = sample_module("Eq(x, Root(x**3 - 4*x, (x, start)))", x="x", start="{differentiable: false}")["sample"]
    assert [round(roots(start), 12) for start in (3.0, -3.0, 0.1)] == [2.0, -2.0, 0.0]


@pytest.mark.parametrize(("mean", "e"), [(0.1, 0.99), (3.0, 0.2), (-40.0, 0.7), (1e-8, 0.5)])
def test_keplers_equation_without_ends(mean: float, e: float) -> None:
    found = scalar("Root(Eq(x - e*sin(x), m), (x, -oo, oo))", e="e", m="m")(e, mean)
    with mpmath.workdps(30):
        close(found, mpmath.findroot(lambda x: x - e * mpmath.sin(x) - mean, mean + e * math.sin(mean)))


def test_colebrooks_equation_in_a_bracket() -> None:
    formula = "Root(1/sqrt(x) + 2*log(r/3.7 + 2.51/(Re*sqrt(x)))/log(10), (x, 1e-4, 1))"
    for roughness, reynolds in ((1e-6, 5e3), (1e-3, 1e5), (0.05, 1e8)):
        found = scalar(formula, r="r", Re="Re")(roughness, reynolds)
        left = 1 / math.sqrt(found) + 2 * math.log10(roughness / 3.7 + 2.51 / (reynolds * math.sqrt(found)))
        assert abs(left) < 1e-13 / math.sqrt(found)


def test_a_bracket_with_one_end() -> None:
    close(scalar("Root(sqrt(x) - y, (x, 0, oo))", y="y")(3e4), 9e8)
    close(scalar("Root(exp(x) - y, (x, -oo, 0))", y="y")(1e-6), math.log(1e-6))


def test_a_root_at_an_end_of_its_bracket() -> None:
    assert scalar("Root(x - a, (x, 0, 1))", a="a")(1.0) == 1.0


def test_systems() -> None:
    rng = rng_of("systems")
    matrix, right = rng.normal(size=(4, 4)) / 4, rng.normal(size=4)
    solve = sample_module(
        "Eq(x[i], Root(x[i] + Sum(A[i, k]*tanh(x[k]), (k, 1, n)) - b[i], x))",
        x="{shape: [n]}",
        A="{shape: [n, n]}",
        b="{shape: [n]}",
        **EXTENTS,
    )["sample"]
    found = solve(matrix, right)
    assert np.max(np.abs(found + matrix @ np.tanh(found) - right)) < 1e-15
    close(found, optimize.root(lambda x: x + matrix @ np.tanh(x) - right, right, tol=1e-14).x)


def test_several_unknowns_of_different_kinds() -> None:
    formula = "Eq(x[i], Root(Piecewise((x[1]**2 + x[2]**2 - a, Eq(i, 1)), (x[1]*x[2] - b, True)), (x, start)))"
    solve = sample_module(formula, x="{shape: [2]}", a="a", b="b", start="{shape: [2], differentiable: false}")[
        "sample"
    ]
    close(solve(5.0, 2.0, np.array([3.0, 0.5])), [2.0, 1.0])


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Root(x**2 + z, (x, 1))", "no root was found"),
        ("Root(exp(x) + z, (x, 0))", "no root was found"),
        ("Root(x**2 + z, (x, -1, 1))", "no root is bracketed"),
        ("Root(x**2 + z, (x, -oo, oo))", "no root is bracketed"),
        ("FixedPoint(x**2 + z, x)", "a fixed point was not reached"),
        ("FixedPoint(2 + z*x, x)", "a fixed point was not reached"),
        ("ArgMin(z*x, x)", "no minimum was found"),
        ("ArgMin(exp(-x*z), x)", "no minimum was found"),
        ("ArgMin(-z*x**2, (x, 1))", "no minimum was found"),
        ("ArgMin(x**2, x, x >= z, x <= -z)", "no optimum was found"),
        ("ArgMin(-z*x**2 + x, x, x >= -3, x <= 3, Eq(0*x, 0))", "optimum"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_has_no_solution_raises(formula: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scalar(formula, z="z")(1.0)


# fixed points ---------------------------------------------------------------------------------------------------------


def bellman() -> Any:
    return sample_module(
        "Eq(V[s], FixedPoint(MaxOver(R[s, a] + g*Sum(P[s, a, k]*V[k], (k, 1, n)), (a, 1, m)), V))",
        V="{shape: [n]}",
        R="{shape: [n, m]}",
        P="{shape: [n, m, n]}",
        g="g",
        n="n",
        m="m",
    )["sample"]


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.99, 0.9999])
def test_bellman_optimality_to_the_last_digits(discount: float) -> None:
    rng = rng_of(f"bellman {discount}")
    rewards, moves = rng.normal(size=(5, 3)), rng.dirichlet(np.ones(5), (5, 3))
    values = bellman()(rewards, moves, discount)
    policy = np.argmax(rewards + discount * moves @ values, axis=1)
    rows = np.arange(5)
    close(values, np.linalg.solve(np.eye(5) - discount * moves[rows, policy], rewards[rows, policy]))


def test_a_contraction_that_newton_cannot_follow() -> None:
    """The slope is 0 or -0.9 in steps: Newton's method jumps about, the plain iteration does not."""
    found = scalar("FixedPoint(0.9*Abs(x - z) - 1, x)", z="z")(1.0)
    assert abs(0.9 * abs(found - 1) - 1 - found) < 1e-15


# optima ---------------------------------------------------------------------------------------------------------------


def test_a_smooth_minimum_far_from_its_start() -> None:
    """Rosenbrock's valley."""
    formula = "Eq(x[i], ArgMin((a - x[1])**2 + 100*(x[2] - x[1]**2)**2, (x, start)))"
    solve = sample_module(formula, x="{shape: [2]}", a="a", start="{shape: [2], differentiable: false}")["sample"]
    close(solve(1.5, np.array([-1.2, 1.0])), [1.5, 2.25])


def test_nonnegative_least_squares() -> None:
    rng = rng_of("nnls")
    matrix, right = rng.normal(size=(8, 5)), rng.normal(size=8)
    solve = sample_module(
        "Eq(x[j], ArgMin(Sum((Sum(A[i, k]*x[k], (k, 1, n)) - b[i])**2, (i, 1, m)), x, x[j] >= 0))",
        x="{shape: [n]}",
        A="{shape: [m, n]}",
        b="{shape: [m]}",
        n="n",
        m="m",
    )["sample"]
    wanted = optimize.nnls(matrix, right)[0]
    assert 0 < np.count_nonzero(wanted) < 5
    np.testing.assert_allclose(solve(matrix, right), wanted, rtol=1e-11, atol=1e-15)


def test_a_portfolio_of_least_variance() -> None:
    rng = rng_of("portfolio")
    root = rng.normal(size=(4, 4))
    covariance, gains = root @ root.T + np.eye(4) / 4, np.array([0.1, 0.2, 0.3, 0.15])
    solve = sample_module(
        "Eq(w, ArgMin(w.T*S*w/2, w, Eq(w.T*OneMatrix(n, 1), 1), w.T*g >= r, w >= 0))",
        w="{shape: [n]}",
        S="{shape: [n, n], domain: spd}",
        g="{shape: [n]}",
        r="r",
        **EXTENTS,
    )["sample"]
    found = solve(covariance, gains, 0.22)
    wanted = optimize.minimize(
        lambda w: w @ covariance @ w / 2,
        np.full(4, 0.25),
        jac=lambda w: covariance @ w,
        method="SLSQP",
        bounds=[(0, None)] * 4,
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "ineq", "fun": lambda w: w @ gains - 0.22},
        ],
        options={"ftol": 1e-15, "maxiter": 500},
    ).x
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert abs(found.sum() - 1) < 1e-14 and abs(found @ gains - 0.22) < 1e-14 and found.min() > -1e-14
    assert found @ covariance @ found <= wanted @ covariance @ wanted + 1e-12


def test_support_vectors() -> None:
    """The dual of a small soft-margin machine against the conditions that its solution has."""
    rng = rng_of("svm")
    points = rng.normal(size=(6, 2))
    labels = np.where(points[:, 0] + 0.5 * rng.normal(size=6) > 0, 1.0, -1.0)
    gram = np.exp(-((points[:, None] - points[None]) ** 2).sum(-1))
    solve = sample_module(
        "Eq(a[i], ArgMax(Sum(a[k], (k, 1, n)) - Sum(a[k]*a[l]*y[k]*y[l]*K[k, l], (k, 1, n), (l, 1, n))/2, a,"
        " And(a[i] >= 0, a[i] <= C), Eq(Sum(a[k]*y[k], (k, 1, n)), 0)))",
        a="{shape: [n]}",
        K="{shape: [n, n], domain: spd}",
        y="{shape: [n], differentiable: false}",
        C="C",
        **EXTENTS,
    )["sample"]
    a = solve(gram, labels, 0.9)
    assert a.min() > -1e-14 and a.max() < 0.9 + 1e-14 and abs(a @ labels) < 1e-13
    gradient = 1 - labels * (gram @ (a * labels))
    free = (a > 1e-9) & (a < 0.9 - 1e-9)
    offset = (gradient * labels)[free].mean() if free.any() else 0.0
    slope = gradient - offset * labels
    assert np.abs(slope[free]).max(initial=0.0) < 1e-12
    if free.any():
        assert slope[a <= 1e-9].max(initial=-1) <= 1e-12 and slope[a >= 0.9 - 1e-9].min(initial=1) >= -1e-12


def test_a_minimum_where_a_condition_only_just_holds() -> None:
    close(scalar("ArgMin((x - z)**2 + 1, x, x >= 0)", z="z")(0.0) + 1.0, 1.0)


def test_random_problems_of_one_unknown() -> None:
    """The nearest point of an interval."""
    solve = scalar("ArgMin((x - z)**2, x, x >= a, x <= b)", z="z", a="a", b="b")
    rng = random.Random(seed_of("intervals"))
    for _ in range(20):
        low, high = sorted(rng.uniform(-3, 3) for _ in range(2))
        z = rng.uniform(-5, 5)
        assert abs(solve(z, low, high) - min(max(z, low), high)) < 1e-13


def test_what_rests_on_a_solution_is_decided_in_float64() -> None:
    """Two actions with the same reward differ by what lies behind them: by less than float32 tells apart."""
    module = sample_module(
        "Eq(V[s], FixedPoint(MaxOver(R[s, a] + g*Sum(P[s, a, k]*V[k], (k, 1, S)), (a, 1, A)), V))",
        V="{shape: [S]}",
        R="{shape: [S, A]}",
        P="{shape: [S, A, S], differentiable: false}",
        g="{domain: '[0, 0.99]'}",
        S="size",
        A="size",
    )
    rewards = np.array([[-11297.334, -11297.334], [-11297.332, -11297.337]], np.float32)
    chances = np.array([0.49992979, 0.49994835, 0.4996509, 0.49997380], np.float32)
    given = rewards, np.stack([chances, 1 - chances], 1).reshape(2, 2, 2), np.float32(0.98999536)
    wide = [np.asarray(one, np.float64) for one in given]
    for single, double in zip(
        module["sample_vjp"](*given, np.ones(2, np.float32)), module["sample_vjp"](*wide, np.ones(2)), strict=True
    ):
        close(single, double, 2e-7)
    assert module["sample_vjp"](*given, np.ones(2, np.float32))[0].dtype == np.float32
