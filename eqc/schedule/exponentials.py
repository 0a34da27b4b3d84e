"""Slopes of 1/(exp(u) - 1) without quotients of what overflows: exp(u)/expm1(u)² = -1/(expm1(u) expm1(-u)).

So it is for occupation numbers and Planck's law, whose slopes would be infinity over infinity from u = 355 on.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Program, Statement
from eqc.ir.stable import Expm1
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import rebuild


def join_exponentials(program: Program) -> Program:
    """The same program; exponentials are joined with what they are divided by."""
    return program.with_statements(tuple(_joined_statement(s) for s in program.statements))


def _joined_statement(statement: Statement) -> Statement:
    if isinstance(statement.body, Opaque) or not (statement.body.has(Expm1) and statement.body.has(sp.exp)):
        return statement
    return replace(statement, body=_joined(statement.body))


def _joined(node: Expr) -> Expr:
    if not node.args or isinstance(node, Read):
        return node
    result = rebuild(node, tuple(_joined(a) for a in node.args))
    return _product(result) if isinstance(result, sp.Mul) else result


def _product(node: Expr) -> Expr:
    """A product, in which exp(u)/expm1(u) is -1/expm1(-u)."""
    factors = list(node.args)
    for above in [f for f in factors if isinstance(f, sp.exp)]:
        (u,) = above.args
        if any(f.is_Pow and f.base == Expm1(u) and f.exp.is_Integer and f.exp < 0 for f in factors):
            factors.remove(above)
            factors += [Expm1(u), -1 / Expm1(-u)]
    return sp.Mul(*factors)
