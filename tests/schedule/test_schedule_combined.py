"""Sums of multiples of what is summed up elsewhere are taken from those sums."""

from __future__ import annotations

import pytest
import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor
from eqc.ir.show import show_statement
from eqc.ir.terms import Expr, Index, extent_symbol, read
from eqc.schedule.combined import combine_sums

N = extent_symbol("n")
ROUND = Index("i", N)
A, B, M = read("a"), read("b"), read("m")
C, X, Y = (read(name, (ROUND.symbol,)) for name in "cxy")


def one(name: str, body: Expr, *loops: Index) -> Statement:
    return Statement(Tensor(name), loops, (), Op.SUM if loops else Op.NONE, body)


def combined(body: Expr) -> str:
    """The last statement of a program in which two products and a number are summed up before."""
    before = (one("p", C * X, ROUND), one("q", C * Y, ROUND), one("m", read("p") / N))
    inputs = (*(Tensor(name, (N,)) for name in "cxy"), Tensor("a"), Tensor("b"))
    program = Program("f", inputs, (), (), (), (*before, one("r", body, ROUND)), ("r",))
    return show_statement(combine_sums(program).statements[-1])


def test_cotangents_of_parameters_share_their_products() -> None:
    assert combined(C * (A * X + sp.sqrt(B) * Y)) == "r = a*p + sqrt(b)*q"


def test_what_is_the_same_in_all_rounds_stays_together() -> None:
    """1 - a is exact where a is close to 1."""
    assert combined(C * (X * (1 - A) + B * Y)) == "r = b*q + p*(1 - a)"


@pytest.mark.parametrize("body", [C * (X + A * Y**2), C * (X - M * Y), C * X + A, C * X * Y], ids=str)
def test_other_sums_stay(body: Expr) -> None:
    """What is summed up nowhere else; means, from which gaps are taken; numbers; and single terms."""
    assert combined(body).startswith("r = sum(i: n)")
