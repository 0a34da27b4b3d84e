"""What depends on which entry of a short axis is meant is told apart by entry: sums become terms, choices one choice.

Matrices that are written out, and what is derived from them, choose by the index of an axis of known extent. Each
round of such a loop has another formula, so a sum over the rounds is a sum of those formulas.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, axes_of, fixed_names
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import branches, substitute

_LONGEST = 8
"""Rounds up to which a loop is told apart."""
_GROWTH, _FREE = 3, 16
"""How much longer a body may get by that: times, and operations in any case."""


def tell_places_apart(program: Program) -> Program:
    """The same program without loops over choices between entries, as far as they are short."""
    avoid = fixed_names(program)
    return program.with_statements(tuple(_one_choice(_as_entries(_added(s), avoid)) for s in program.statements))


def _chosen(statement: Statement) -> list[Index]:
    """The short loops whose rounds a body tells apart."""
    if isinstance(statement.body, Opaque):
        return []
    found = sp.Tuple(statement.body, statement.guard).atoms(sp.core.relational.Relational, sp.KroneckerDelta)
    compared = {symbol for pair in found if len(pair.free_symbols) == 1 for symbol in pair.free_symbols}
    ragged = {symbol for loop in statement.loops for symbol in loop.extent.free_symbols}
    return [
        loop
        for loop in statement.loops
        if loop.symbol in compared - ragged and loop.extent.is_Integer and loop.extent <= _LONGEST
    ]


def _added(statement: Statement) -> Statement:
    """A sum over rounds that differ as the sum of their formulas."""
    if statement.op is not Op.SUM and not statement.scatter:
        return statement
    for loop in _chosen(statement):
        guard = _guard(statement, loop)
        if loop.symbol in sp.Tuple(*statement.positions).free_symbols or guard is None:
            continue
        terms = [_at_place(statement, loop, sp.Integer(k)) for k in range(int(loop.extent))]
        if not _is_worth(statement.body, terms):
            continue
        rest = tuple(other for other in statement.loops if other != loop)
        statement = replace(statement, loops=rest, body=sp.Add(*terms), guard=guard)
        if not statement.scatter and not statement.bound:
            statement = replace(statement, op=Op.NONE)
    return statement


def _guard(statement: Statement, loop: Index) -> Expr | None:
    """What is left of the guard in all rounds that it lets run; None if that differs."""
    settled = {substitute(statement.guard, {loop.symbol: sp.Integer(k)}) for k in range(int(loop.extent))}
    open_rounds = settled - {sp.false} or {sp.false}
    return open_rounds.pop() if len(open_rounds) == 1 else None


def _at_place(statement: Statement, loop: Index, place: Expr) -> Expr:
    at = {loop.symbol: place}
    return sp.Integer(0) if substitute(statement.guard, at) == sp.false else substitute(statement.body, at)


def _is_worth(body: Expr, entries: list[Expr]) -> bool:
    return bool(sum(sp.count_ops(entry) for entry in entries) <= _GROWTH * sp.count_ops(body) + _FREE)


def _as_entries(statement: Statement, avoid: set[str]) -> Statement:
    """What is written to one place of a short axis for each round of all loops, as a choice along that axis."""
    shape, at = statement.target.shape, statement.positions
    fixed = [axis for axis, position in enumerate(at) if position.is_Integer]
    short = all(shape[axis].is_Integer and shape[axis] <= _LONGEST for axis in fixed)
    whole = [shape[n] for n, position in enumerate(at) if n not in fixed] == [loop.extent for loop in statement.loops]
    if not (statement.scatter and fixed and short and whole and statement.guard == sp.true and statement.loops):
        return statement
    if [p for p in at if not p.is_Integer] != [loop.symbol for loop in statement.loops]:
        return statement
    own = iter(axes_of(tuple(shape[axis] for axis in fixed), avoid | {loop.name for loop in statement.loops}))
    outer = iter(statement.loops)
    loops = tuple(next(own) if axis in fixed else next(outer) for axis in range(len(shape)))
    here = sp.And(*(sp.Eq(loops[axis].symbol, at[axis]) for axis in fixed))
    body = branches([(statement.body, here), (sp.Integer(0), sp.true)])
    return Statement(statement.target, loops, tuple(loop.symbol for loop in loops), Op.NONE, body)


def _one_choice(statement: Statement) -> Statement:
    """A body that chooses in several of its parts as one choice between the formulas of the entries."""
    if statement.op is not Op.NONE or statement.scatter:
        return statement
    body = statement.body
    for loop in reversed(_chosen(statement)):
        places = [sp.Integer(k) for k in range(int(loop.extent))]
        entries = [substitute(body, {loop.symbol: place}) for place in places]
        if not _is_worth(body, entries):
            continue
        cases = [(entry, sp.Eq(loop.symbol, place)) for entry, place in zip(entries, places, strict=True)]
        body = branches([*cases[:-1], (entries[-1], sp.true)])
    return replace(statement, body=body)
