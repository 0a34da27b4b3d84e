"""Sums of quotients become one where their numerators cancel."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import branches
from eqc.schedule.quotients import join_quotients

X, Y, Z = read("x"), read("y"), read("z")


def joined(body: Expr) -> Expr:
    statement = Statement(Tensor("r"), (), (), Op.NONE, body)
    program = join_quotients(Program("r", (), (), (), (), (statement,), ("r",)))
    return program.statements[0].body


SLOPES = {
    1 / (X + Y) - X / (X + Y) ** 2: Y / (X + Y) ** 2,
    2 * X / (X + Y) - 2 * X * Y / (X + Y) ** 2: 2 * X**2 / (X + Y) ** 2,
    Z * (2 * X / (X + Y) ** 3 - 1 / (X + Y) ** 2): Z * (X - Y) / (X + Y) ** 3,
    X / (X * Y + Z * (1 - X)) - X**2 * Y / (X * Y + Z * (1 - X)) ** 2: -X * Z * (X - 1) / (X * Y + Z * (1 - X)) ** 2,
}


@pytest.mark.parametrize("body", SLOPES, ids=str)
def test_slopes_of_quotients_are_one_quotient(body: Expr) -> None:
    found = joined(body)
    assert found == SLOPES[body]
    rng = random.Random(str(body))
    at = {symbol: Fraction(rng.randint(1, 99), rng.randint(1, 99)) for symbol in sorted(body.free_symbols, key=str)}
    values = {symbol: sp.Rational(x.numerator, x.denominator) for symbol, x in at.items()}
    assert body.xreplace(values) == found.xreplace(values)


def test_choices_are_joined_case_by_case() -> None:
    slope = next(iter(SLOPES))
    assert joined(branches([(slope, X > 0), (Y, sp.true)])) == branches([(SLOPES[slope], X > 0), (Y, sp.true)])


@pytest.mark.parametrize(
    "body",
    [
        X / (X + Y) + Z / (X + Y) ** 2,
        1 / (X + Y) - 1 / (X - Y),
        X / Y - 1 / Y**2,
        sp.exp(X) / (X + Y) - X / (X + Y) ** 2,
        sp.Add(*(read("x", (sp.Integer(n),)) / (X + Y) ** (n + 1) for n in range(9))),
    ],
    ids=str,
)
def test_other_sums_stay_as_they_are(body: Expr) -> None:
    assert joined(body) == body
    assert all(isinstance(symbol, Read) for symbol in body.free_symbols)
