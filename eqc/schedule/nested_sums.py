"""Sums over several indices are taken one after the other where factors can be put before the inner one.

sum(c, k) a[i, c]*b[k, c]*w[i, k] takes fewer multiplications as sum(k) w[i, k]*p[i, k] with a product of matrices
p[i, k] = sum(c) a[i, c]*b[k, c].
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.products import is_rectangular, matrix_product
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in
from eqc.ir.terms import Expr, Index, read

_TERMS = 4
"""Sums of more products are left alone."""


def nest_sums(program: Program) -> Program:
    """The same program with inner sums of their own, where that makes the work less or a product of matrices."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        inner, outer = _nested(statement, taken)
        statements += [*inner, outer]
    return program.with_statements(tuple(statements))


def _nested(statement: Statement, taken: set[str]) -> tuple[list[Statement], Statement]:
    """The inner sums of a statement, and what is left of it; all of its terms have to do without the same loop."""
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    terms = sp.Add.make_args(statement.body)
    if not plain or len(statement.bound) < 2 or len(terms) > _TERMS or not is_rectangular(statement):
        return [], statement
    for loop in reversed(statement.bound):
        parts = [_parts(statement, term, loop) for term in terms]
        if not all(_is_worth(statement, inside, loop) for _, inside in parts):
            continue
        inner: list[Statement] = []
        sums = []
        for before, inside in parts:
            inner.append(_inner(statement, inside, loop, taken))
            sums.append(before * read(inner[-1].target.name, inner[-1].positions))
        rest = tuple(other for other in statement.loops if other != loop)
        return inner, replace(statement, loops=rest, body=sp.Add(*sums))
    return [], statement


def _parts(statement: Statement, term: Expr, loop: Index) -> tuple[Expr, Expr]:
    """The factors of a term that do not depend on a loop, and those that do."""
    factors = sp.Mul.make_args(term)
    inside = [f for f in factors if loop.name in free_names(f)]
    return sp.Mul(*(f for f in factors if f not in inside)), sp.Mul(*inside)


def _is_worth(statement: Statement, inside: Expr, loop: Index) -> bool:
    """Whether the inner sum has fewer loops than the statement, or is a product of matrices."""
    if loop.name not in free_names(inside):
        return False
    inner = _inner(statement, inside, loop, set())
    return len(inner.loops) < len(statement.loops) or matrix_product(inner) is not None


def _inner(statement: Statement, inside: Expr, loop: Index, taken: set[str]) -> Statement:
    names = free_names(inside)
    free = tuple(other for other in (*statement.free, *statement.bound) if other != loop and other.name in names)
    target = Tensor(fresh("part", taken), tuple(i.extent for i in free), differentiable=False)
    return Statement(target, (*free, loop), tuple(i.symbol for i in free), Op.SUM, inside)
