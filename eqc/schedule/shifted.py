"""Slopes of neighbours are read where they are made: x[i + 1] += f(i) is x[k] = f(k - 1), or 0 where there is none.

What is scattered so has at most one term for each entry. Gathered, it needs no array of zeros, and stands in one loop
with the other parts of the same slope, as where differences of neighbours are squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.products import is_rectangular
from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Index, read
from eqc.ir.walk import branches, substitute


def gather_shifted(program: Program) -> Program:
    """The same program, in which such scatters are written entry by entry.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.show import show_statement
    >>> from eqc.ir.terms import extent_symbol, read
    >>> n, i = extent_symbol("n"), Index("i", extent_symbol("n") - 1)
    >>> body = read("g", (i.symbol,))
    >>> moved = Statement(Tensor("x_bar", (n,)), (i,), (i.symbol + 1,), Op.SUM, body, scatter=True)
    >>> given = Program("p", (Tensor("g", (n - 1,)),), (), (), (), (moved,), ("x_bar",))
    >>> print(show_statement(gather_shifted(given).statements[0]))
    x_bar[i] = Piecewise((g[i - 1], i >= 1), (0, True))  for i: n
    """
    found = [_gathered(s) for s in program.statements]
    alike = [s for s, after in zip(program.statements, found, strict=True) if after is not None]
    taken = names_in(program)
    stored: dict[tuple[tuple[Index, ...], Expr], Statement] = {}
    kept: list[Statement] = []
    for given, after in zip(program.statements, found, strict=True):
        for root in _common_roots(given, alike) if after is not None else ():
            key = given.loops, root
            if key not in stored:
                stored[key] = _stored(root, given.loops, taken)
                kept.append(stored[key])
        own = {root: _entry(stored[key]) for key in stored for loops, root in [key] if loops == given.loops}
        kept.append(given if after is None else _gathered(replace(given, body=given.body.xreplace(own))) or after)
    return program.with_statements(tuple(kept))


def _common_roots(statement: Statement, others: Sequence[Statement]) -> list[Expr]:
    """The roots that other such scatters over the same loops take as well: gathered, each does at its own place."""
    same = [other.body for other in others if other is not statement and other.loops == statement.loops]
    roots = [p for p in statement.body.atoms(sp.Pow) if not p.args[1].is_integer and reads_of(p)]
    return sorted((p for p in roots if any(body.has(p) for body in same)), key=str)


def _stored(root: Expr, loops: tuple[Index, ...], taken: set[str]) -> Statement:
    target = Tensor(fresh("root", taken), tuple(loop.extent for loop in loops), differentiable=False)
    return Statement(target, loops, tuple(loop.symbol for loop in loops), Op.NONE, root)


def _entry(statement: Statement) -> Expr:
    return read(statement.target.name, statement.positions)


def _gathered(statement: Statement) -> Statement | None:
    """A scatter that writes to each entry once at most, entry by entry."""
    if not statement.scatter or isinstance(statement.body, Opaque) or not is_rectangular(statement):
        return None
    shifts = [_shift(p, statement.loops) for p in statement.positions]
    loops = [found[0] for found in shifts if found is not None]
    if len(loops) != len(shifts) or len(set(loops)) != len(statement.loops) or len(loops) != len(statement.loops):
        return None
    conditions: list[Expr] = []
    back: dict[Expr, Expr] = {}
    axes = []
    for found, extent in zip(shifts, statement.target.shape, strict=True):
        assert found is not None
        loop, shift = found
        axes.append(Index(loop.name, extent))
        back[loop.symbol] = loop.symbol - shift
        conditions += [sp.Ge(loop.symbol, shift)] if shift != 0 else []
        end = sp.expand(loop.extent + shift)
        conditions += [sp.Lt(loop.symbol, end)] if sp.expand(end - extent) != 0 else []
    value, own = _chosen(statement)
    body = substitute(value, back)
    there = [c for c in (*conditions, *sp.And.make_args(substitute(own, back))) if not _always_holds(c, axes)]
    body = branches([(body, sp.And(*there)), (sp.Integer(0), sp.true)])
    places = tuple(axis.symbol for axis in axes)
    return replace(statement, loops=tuple(axes), positions=places, op=Op.NONE, body=body, scatter=False, guard=sp.true)


def _chosen(statement: Statement) -> tuple[Expr, Expr]:
    """What a scatter adds, and where: a choice between it and 0 is a condition."""
    body, guard = statement.body, statement.guard
    if not isinstance(body, sp.Piecewise) or [tuple(pair.args) for pair in body.args[1:]] != [(0, sp.true)]:
        return body, guard
    value, condition = body.args[0].args
    return value, sp.And(guard, condition)


def _always_holds(condition: Expr, axes: Sequence[Index]) -> bool:
    """Whether an index is always less than what it is compared with."""
    if not isinstance(condition, sp.Lt | sp.Le | sp.Gt | sp.Ge):
        return bool(condition == sp.true)
    gap = sp.expand(condition.gts - condition.lts)
    for axis in axes:
        if gap.coeff(axis.symbol) == -1 and gap.is_Add:
            least = sp.expand(gap.subs(axis.symbol, axis.extent - 1))
            return bool(least.is_positive if isinstance(condition, sp.Lt | sp.Gt) else least.is_nonnegative)
    return False


def _shift(position: Expr, loops: tuple[Index, ...]) -> tuple[Index, Expr] | None:
    """The loop that a position moves with, and how far it is moved; None for any other position."""
    own = [loop for loop in loops if loop.symbol in position.free_symbols]
    if len(own) != 1:
        return None
    shift = sp.expand(position - own[0].symbol)
    return (own[0], shift) if shift.is_number else None
