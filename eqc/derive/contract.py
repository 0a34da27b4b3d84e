"""Kronecker deltas inside sums: a sum over an index that a delta fixes loses that index."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Statement, fresh
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import branches, substitute


def contract(statement: Statement, taken: set[str], directions: tuple[Index, ...]) -> list[Statement]:
    """The statement with every sum over an index that a delta fixes done; parts with other loops come first."""
    if statement.op is not Op.SUM or statement.scatter or statement.guard != sp.true:
        return [statement]
    groups: dict[tuple[Index, ...], list[Expr]] = {}
    for term in sp.Add.make_args(sp.expand_mul(statement.body, deep=False)):
        body, bound = _picked(_deltas_first(term), statement.bound, directions)
        groups.setdefault(bound, []).append(body)
    if set(groups) == {statement.bound}:
        return [statement]
    parts: list[Statement] = []
    terms = list(groups.pop((), []))
    for bound, bodies in groups.items():
        target = replace(statement.target, name=fresh(statement.target.name, taken))
        loops = (*statement.free, *bound)
        parts.append(replace(statement, target=target, loops=loops, body=sp.Add(*bodies)))
        terms.append(read(target.name, statement.positions))
    return [*parts, replace(statement, loops=statement.free, op=Op.NONE, body=sp.Add(*terms))]


def _deltas_first(term: Expr) -> Expr:
    """A product in which the deltas that all branches of a choice have stand before it."""
    factors = sp.Mul.make_args(term)
    choice = next((f for f in factors if isinstance(f, sp.Piecewise)), None)
    if choice is None:
        return term
    cases = [(sp.Mul.make_args(pair.args[0]), pair.args[1]) for pair in choice.args]
    moving = [case for case, _ in cases if case not in ((sp.Integer(0),), (sp.nan,))]
    first = moving[0] if moving else ()
    common = [f for f in first if isinstance(f, sp.KroneckerDelta) and all(f in case for case in moving)]
    rest = branches([(sp.Mul(*(f for f in case if f not in common)), condition) for case, condition in cases])
    return sp.Mul(*(f for f in factors if f is not choice), *common, rest)


def _picked(term: Expr, bound: tuple[Index, ...], directions: tuple[Index, ...]) -> tuple[Expr, tuple[Index, ...]]:
    """One term with the deltas over its bound indices applied, where the loop reaches that far."""
    for factor in sp.Mul.make_args(term):
        if not isinstance(factor, sp.KroneckerDelta):
            continue
        for loop in bound:
            other = _other(factor, loop.symbol)
            if other is not None and not any(loop.symbol in o.extent.free_symbols for o in bound):
                rest = tuple(o for o in bound if o != loop)
                picked, left = _picked(substitute(term / factor, {loop.symbol: other}), rest, directions)
                whole = any(d.symbol == other and sp.expand(d.extent - loop.extent) == 0 for d in directions)
                reached = sp.true if whole else sp.Lt(other, loop.extent)
                return branches([(picked, reached), (sp.Integer(0), sp.true)]), left
    return term, bound


def _other(delta: Expr, symbol: Expr) -> Expr | None:
    """The bare index that a delta equates with a symbol."""
    if symbol not in delta.args:
        return None
    others = [a for a in delta.args if a != symbol]
    return others[0] if len(others) == 1 and others[0].is_Symbol and not isinstance(others[0], Read) else None
