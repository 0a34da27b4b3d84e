"""Sums of multiples of what is summed up elsewhere are taken from those sums: Σ c(a x + b y) is a Σ c x + b Σ c y.

Cotangents of several parameters of one formula are such sums; loops then collect each product once. Multiples that
depend on sums themselves stay inside: Σ c(x - m) is best taken from the gaps if m is a mean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, reads_of, tensors_read
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import is_short
from eqc.schedule.centred import Known, moves

_MOST_TERMS = 4
_LARGEST_BODY = 100


def combine_sums(program: Program) -> Program:
    """The same program with such sums of numbers, over one loop, as arithmetic of others before them."""
    known = Known()
    totals: set[str] = set()
    statements: list[Statement] = []
    for statement in program.statements:
        if statement.op is not Op.NONE or tensors_read(statement) & totals:
            totals.add(statement.target.name)
        statements.append(_combined(statement, known, totals))
        known.add(statements[-1])
    return program.with_statements(tuple(statements))


def _combined(statement: Statement, known: Known, totals: Collection[str]) -> Statement:
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    if not plain or statement.free or len(statement.bound) != 1 or not is_short(statement.body, _LARGEST_BODY):
        return statement
    body = _from_sums(statement.body, statement.bound[0], known, totals)
    return statement if body is None else replace(statement, loops=(), op=Op.NONE, body=body)


def _from_sums(body: Expr, loop: Index, known: Known, totals: Collection[str]) -> Expr | None:
    """The sum of a body over a loop by other sums; None if a part is summed up nowhere else."""
    terms = list(_terms(body, loop))
    if not 1 < len(terms) <= _MOST_TERMS:
        return None
    found = sp.Integer(0)
    for term in terms:
        factors = sp.Mul.make_args(term)
        moving = [f for f in factors if moves(f, loop)]
        rest = sp.Mul(*(f for f in factors if f not in moving))
        summed = known.sum_of(sp.Mul(*moving), loop) if moving else None
        if summed is None or any(r.tensor in totals for r in reads_of(rest)):
            return None
        found += rest * summed
    return found


def _terms(node: Expr, loop: Index) -> Iterator[Expr]:
    """The terms of a sum that are not the same in all rounds; what is the same stays together."""
    if isinstance(node, sp.Add) and moves(node, loop):
        for term in node.args:
            yield from _terms(term, loop)
        return
    sums = [f for f in sp.Mul.make_args(node) if isinstance(f, sp.Add) and moves(f, loop)]
    if not sums:
        yield node
        return
    others = sp.Mul(*(f for f in sp.Mul.make_args(node) if f is not sums[0]))
    for term in sums[0].args:
        yield from _terms(term * others, loop)
