"""What differs at the place of an extremum is chosen by that place."""

from __future__ import annotations

import pytest
import sympy as sp
from core_samples import VECTOR, program

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Op, Statement, Tensor
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.ir.terms import read
from eqc.rewrite.passes import rewrite
from eqc.schedule.choices import choose_by_place
from eqc.schedule.passes import schedule

LOG_SUM = "Eq(L, log(Sum(exp(z[i]), (i, 1, n))))"
QUOTIENT = "Eq(y[i], exp(z[i])/Sum(exp(z[k]), (k, 1, n)))"


def lines(formula: str, kind: str) -> list[str]:
    symbols = {"L": "result"} if formula == LOG_SUM else {"y": VECTOR}
    value = rewrite(program(formula, z=VECTOR, n="size", **symbols), stable=True)
    return [show_statement(s) for s in check(schedule(derivative_programs(value)[kind])).statements]


@pytest.mark.parametrize(("formula", "kind"), [(LOG_SUM, "gradient"), (LOG_SUM, "hvp"), (QUOTIENT, "vjp")])
def test_neither_factors_of_zero_and_one_nor_arrays_of_zeros(formula: str, kind: str) -> None:
    text = "\n".join(lines(formula, kind))
    assert "Eq(place, " in text
    assert "Delta" not in text
    assert "+=" not in text


def test_what_is_the_same_at_the_place_stays_outside() -> None:
    found = lines(QUOTIENT, "value")
    assert found[-1] == "y[i] = Piecewise((1, Eq(place, i)), (ExpDifference_top[i], True))/(others + 1)  for i: n"


def test_entries_of_what_users_choose_are_still_added() -> None:
    """Two positions of the data may be the same."""
    value = program(
        "Eq(y[i], x[p[i]])", y=VECTOR, x="{shape: [m]}", p="{shape: [n], domain: integer}", n="size", m="size"
    )
    assert choose_by_place(value) == value
    vjp = schedule(derivative_programs(value)["vjp"])
    assert any(s.scatter for s in vjp.statements)


def test_numbers_are_no_choices() -> None:
    """What is 1 at the place and 0 elsewhere stays a delta, a float."""
    value = program("Eq(y[i], z[i])", y=VECTOR, z=VECTOR, n="size")
    (copy,) = value.statements
    (loop,) = copy.loops
    place = Statement(Tensor("place", integer=True), (loop,), (), Op.ARGMAX, copy.body)
    delta = sp.KroneckerDelta(read("place", integer=True), loop.symbol)
    whole = value.with_statements((place, Statement(copy.target, (loop,), copy.positions, Op.NONE, delta)))
    assert choose_by_place(check(whole)) == whole
