"""Other ways to write a closed form change nothing, and read better."""

from __future__ import annotations

import random
import zlib

import pytest
import sympy as sp

from eqc.ir.terms import index_symbol, read
from eqc.ir.walk import branches
from eqc.present.bound import Total
from eqc.present.cases import tidy_cases
from eqc.present.length import length
from eqc.present.matching import match
from eqc.present.wording import well_worded

a, b, c = sp.symbols("a b c", real=True)
i, j, k, n = (index_symbol(name) for name in "ijkn")

WORDED = {
    -(a - 1): "1 - a",
    -a * (b - 1): "a*(1 - b)",
    a * (b - 1) * (c - 1): "a*(1 - b)*(1 - c)",
    -(a - 1) * (a + 1) * b: "b*(1 - a**2)",
    -(a - b) / c: "(-a + b)/c",
    a / (b - 1): "-a/(1 - b)",
    (a - b) / (b * (b - 1)): "(-a + b)/(b*(1 - b))",
    a * (b - 1) ** 2: "a*(1 - b)**2",
    a * (b - 1) ** 3: "-a*(1 - b)**3",
    -a * (1 + b * c - 2 * b): "a*(-b*c + 2*b - 1)",
    -a * (1 + b): "-a*(b + 1)",
}


@pytest.mark.parametrize("expression", WORDED, ids=str)
def test_products_are_well_worded(expression: sp.Expr) -> None:
    assert str(well_worded(expression)) == WORDED[expression]


@pytest.mark.parametrize("seed", range(60))
def test_wording_keeps_the_value(seed: int) -> None:
    rng = random.Random(zlib.crc32(f"wording {seed}".encode()))
    factors = [
        (rng.randint(-3, 3) + rng.choice([a, b, c, a * b]) * rng.choice([-1, 1, 2]))
        ** rng.choice([-3, -2, -1, 1, 2, 3])
        for _ in range(rng.randint(1, 4))
    ]
    expression = rng.choice([-1, 1, -2]) * sp.Mul(*factors) + rng.choice([0, a * (a - 1) * (a + 1)])
    point = {a: sp.Rational(3, 7), b: sp.Rational(-5, 11), c: sp.Rational(13, 17)}
    assert well_worded(expression).subs(point) == expression.subs(point)


X = read("x", (i,))
P = read("p", (i,))


def guarded(value: sp.Expr, condition: sp.Expr) -> sp.Expr:
    return branches([(value, condition), (sp.Integer(0), sp.true)])


CASES = [
    (X * guarded(a, b > 0), guarded(a * X, b > 0)),
    (guarded(a, b > 0) + guarded(c, b > 0), guarded(a + c, b > 0)),
    (guarded(P * X, P > 0), P * X),  # p is nowhere negative
    (guarded(P + 1, P > 0), guarded(P + 1, P > 0)),
    (guarded(P / X, P > 0), guarded(P / X, P > 0)),  # 0/0 at P = X = 0
    (guarded(X * a, X > 0), guarded(X * a, X > 0)),  # x may be negative
    (guarded(X * a, sp.Ne(X, 0)), X * a),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[str(row[0]) for row in CASES])
def test_cases(expression: sp.Expr, expected: sp.Expr) -> None:
    assert tidy_cases(expression, {"p"}) == expected


def test_a_short_form_is_shorter() -> None:
    assert length(a * (1 - a)) <= length(a - a**2)
    assert length((a - b) / (b * (1 - b))) <= length((a / b - 1) / (1 - b))


MATCHES = [
    (X, read("x", (j,)), {i: j}),
    (X, read("y", (j,)), None),
    (Total(read("A", (i, k)), k, n), Total(read("A", (j, c)), c, n), {i: j}),
    (Total(read("A", (i, k)), k, n), Total(read("A", (c, c)), c, n), None),
    (X + read("b", (i,)), read("b", (j,)) + read("x", (j,)), {i: j}),
    (X * read("b", (i,)), read("b", (j,)) * read("x", (k,)), None),
]


@pytest.mark.parametrize(("pattern", "node", "expected"), MATCHES, ids=[str(row[:2]) for row in MATCHES])
def test_patterns(pattern: sp.Expr, node: sp.Expr, expected: object) -> None:
    assert match(pattern, node, {i}) == expected
