"""Derivatives and substitutions inside formulas, against mpmath's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import program, record_text

from eqc.errors import EqcError
from eqc.ir.interpret import interpret
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.records.load import load_text
from eqc.schedule.passes import schedule
from eqc.verify.oracle import Oracle

V = {"x": "{shape: [n]}", "n": "n"}
POINT = [0.5, 1.25, -2.0]
SOFT = record_text("Eq(p[j], exp(z[j])/Sum(exp(z[k]), (k, 1, C)))", p="{shape: [C]}", z="{shape: [C]}", C="C")


def norm(x: Any) -> Any:
    return mpmath.sqrt(sum(v**2 for v in x))


def slopes(f: Callable[..., Any], x: Any) -> list[Any]:
    return [mpmath.diff(lambda v, k=k: f([*x[:k], v, *x[k + 1 :]]), x[k]) for k in range(len(x))]


def bends(f: Callable[..., Any], x: Any) -> list[list[Any]]:
    return [slopes(lambda y, k=k: slopes(f, y)[k], x) for k in range(len(x))]


def weighted(x: Any) -> Any:
    return sum(mpmath.exp(v) for v in x) * x[0]


def score(x: Any) -> Any:
    return mpmath.log(mpmath.exp(x[1]) / sum(mpmath.exp(v) for v in x))


def penalty(x: Any) -> Any:
    return sum(d**2 for d in slopes(weighted, x))


CASES: dict[str, tuple[tuple[str, ...], dict[str, str], Callable[[Any], Any]]] = {
    "an expression": (("Derivative(x[1]**3*x[2], x[1])",), {}, lambda x: 3 * x[0] ** 2 * x[1]),
    "twice": (("Derivative(sin(x[1]*x[2]), (x[1], 2))",), {}, lambda x: -(x[1] ** 2) * mpmath.sin(x[0] * x[1])),
    "mixed": (("Derivative(x[1]**2*x[2]**3, x[1], x[2])",), {}, lambda x: 6 * x[0] * x[1] ** 2),
    "a gradient": (("Eq(y[i], Derivative(Sum(exp(x[k]), (k, 1, n))*x[1], x[i]))",), {}, lambda x: slopes(weighted, x)),
    "through assigned names": (
        ("Eq(e[k], exp(x[k]))", "Eq(L, Sum(e[k], (k, 1, n))*x[1])", "Eq(y, Derivative(L, x))"),
        {"e": "{shape: [n]}", "L": "L"},
        lambda x: slopes(weighted, x),
    ),
    "a Hessian": (
        ("Eq(y[a, b], Derivative(Sum(exp(x[k]), (k, 1, n))*x[1], x[a], x[b]))",),
        {"y": "{shape: [n, n]}"},
        lambda x: bends(weighted, x),
    ),
    "a Jacobian": (
        ("Eq(y[a, b], Derivative(x[a]**2*Sum(x[k], (k, 1, n)), x[b]))",),
        {"y": "{shape: [n, n]}"},
        lambda x: [slopes(lambda y, a=a: y[a] ** 2 * sum(y), x) for a in range(len(x))],
    ),
    "a penalty": (
        ("Sum(Derivative(Sum(exp(x[k]), (k, 1, n))*x[1], x[i])**2, (i, 1, n))",),
        {},
        penalty,
    ),
    "a score, stable": (("Eq(y[i], Derivative(log(soft(x)[2]), x[i]))",), {}, lambda x: slopes(score, x)),
    "substituted": (
        ("Eq(y[i], Derivative(sin(u)*u, u).subs(u, x[i]**2))",),
        {},
        lambda x: [mpmath.diff(lambda u: mpmath.sin(u) * u, v**2) for v in x],
    ),
    "the other spelling": (
        ("Eq(y[i], Subs(Derivative(sin(u)*u, u), u, x[i]**2))",),
        {},
        lambda x: [mpmath.diff(lambda u: mpmath.sin(u) * u, v**2) for v in x],
    ),
    "an array substituted": (
        ("Eq(y[i], Derivative(sqrt(Sum(w[k]**2, (k, 1, n))), w[i]).subs(w, 2*x))",),
        {},
        lambda x: slopes(norm, [2 * v for v in x]),
    ),
    "under an integral": (
        ("Integral(Derivative(exp(-t**2*x[2]), t)*t, (t, 0, 1))",),
        {},
        lambda x: mpmath.quad(lambda t: -2 * t**2 * x[1] * mpmath.exp(-(t**2) * x[1]), [0, 1]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_mpmath(name: str) -> None:
    formulas, symbols, expected = CASES[name]
    named = {"y": "{shape: [n]}"} if formulas[-1].startswith("Eq(y") else {}
    value = schedule(check(program(*formulas, others={"soft": SOFT}, **{**V, **named, **symbols})))
    with mpmath.workdps(30):
        (found,) = interpret(value, {"x": POINT}).values()
        wanted = np.array(expected([mpmath.mpf(v) for v in POINT]), dtype=object)
        assert np.max(np.abs(np.asarray(found, dtype=object) - wanted)) < 1e-12, name


@pytest.mark.parametrize("name", [n for n in CASES if "integral" not in n and "stable" not in n])
def test_the_oracle_agrees(name: str) -> None:
    formulas, symbols, expected = CASES[name]
    named = {"y": "{shape: [n]}"} if formulas[-1].startswith("Eq(y") else {}
    text = record_text(formulas, **{**V, **named, **symbols})
    (found,) = Oracle(load_text(text, id="t", area="a", file="t.yaml"), {}).value({"x": POINT}).values()
    with mpmath.workdps(30):
        wanted = np.array(expected([mpmath.mpf(v) for v in POINT]), dtype=object).astype(float)
    assert np.allclose(np.asarray(found, dtype=object).astype(float), wanted, rtol=1e-13, atol=1e-13)


def test_the_program_is_what_one_would_write() -> None:
    value = schedule(program("Eq(y[i], Derivative(Sum(x[k]**3, (k, 1, n)), x[i]))", y="{shape: [n]}", **V))
    assert [show_statement(s) for s in value.statements] == ["y[k] = 3*x[k]**2  for k: n"]


@pytest.mark.parametrize(
    ("formula", "rule"),
    [
        ("Derivative(x, x[1])", "the derivative of a number"),
        ("Derivative(x[1], 2)", "a symbol or an entry of one"),
        ("Derivative(x[1], (x[1], 9))", "a whole number of times"),
        ("(x[1] + 1).subs(x[1], 2)", "subs replaces a symbol"),
    ],
)
def test_refused(formula: str, rule: str) -> None:
    with pytest.raises(EqcError) as error:
        program(formula, **V)
    assert rule in error.value.rule
