"""Stable forms of single expressions, by mathematical headings. A rule knows a shape, never a record."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Program, reads_of
from eqc.ir.terms import Expr, Read, XLogY
from eqc.ir.walk import rebuild
from eqc.rewrite.rule import Rule


def _xlogy(node: Expr) -> Expr | None:
    if not isinstance(node, sp.Mul):
        return None
    logs = [f for f in node.args if isinstance(f, sp.log) and reads_of(f)]
    others = [f for f in node.args if f not in logs and reads_of(f)]
    if len(logs) != 1 or not others:
        return None
    rest = sp.Mul(*(f for f in node.args if f not in logs and f not in others))
    return rest * XLogY(sp.Mul(*others), logs[0].args[0])


LOGARITHMS = (Rule("x log x", "x·log(y) = xlogy(x, y)", "0·log 0 is 0 in the mathematics and NaN in floats", _xlogy),)

RULES: tuple[Rule, ...] = (*LOGARITHMS,)


def stabilise(program: Program) -> Program:
    """Apply every rule bottom-up to every body."""
    statements = tuple(replace(s, body=_rewritten(s.body, {})) for s in program.statements)
    return program.with_statements(statements)


def _rewritten(node: Expr, done: dict[Expr, Expr]) -> Expr:
    if isinstance(node, Read) or not node.args:
        return node
    if node not in done:
        result = rebuild(node, tuple(_rewritten(a, done) for a in node.args))
        for rule in RULES:
            result = rule.apply(result) or result
        done[node] = result
    return done[node]
