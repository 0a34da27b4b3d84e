"""Sums whose rounds go up to those of a loop around them, or from those on: y[t] = Σ_{s <= t} f(s)."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from eqc.ir.program import Op, Statement, free_names, reads_of
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import substitute

_OPS = (Op.SUM, Op.PRODUCT)


@dataclass(frozen=True, slots=True)
class Ragged:
    """A statement whose loop `inner` is the longer or the shorter, the further `outer` is.

    Its rounds are those with inner < outer + shift or, if it goes `back`, with place >= outer + shift and place < end,
    where `place` = inner + outer + shift is used in `body` in the inner index' place.
    """

    statement: Statement
    outer: Index
    inner: Index
    rest: tuple[Index, ...]
    body: Expr
    back: bool
    shift: int
    end: Expr

    @property
    def at(self) -> tuple[Expr, ...]:
        """The positions of the loops around."""
        return tuple(loop.symbol for loop in self.rest)

    @property
    def place(self) -> Expr:
        return self.inner.symbol


def ragged_of(statement: Statement) -> Ragged | None:
    """How a statement runs through all entries up to each one, or from each one on."""
    return next((r for r in raggeds_of(statement) if not r.back or statement.scatter or _has_parts(r)), None)


def raggeds_of(statement: Statement) -> tuple[Ragged, ...]:
    """The ways to see a statement so."""
    loops = statement.loops
    symbols = {loop.symbol for loop in loops}
    uneven = [loop for loop in loops if loop.extent.free_symbols & symbols or reads_of(loop.extent)]
    if len(uneven) != 1 or statement.op not in _OPS or statement.target.integer:
        return ()
    (inner,) = uneven
    outer = next((loop for loop in loops if loop.symbol in inner.extent.free_symbols), None)
    rest = tuple(loop for loop in (loops if statement.scatter else statement.free) if loop not in (inner, outer))
    if outer is None or not (_is_even(statement, rest) if statement.scatter else statement.bound == (inner,)):
        return ()
    return _forward(statement, outer, inner, rest) or _backward(statement, outer, inner, rest)


def _has_parts(ragged: Ragged) -> bool:
    return parted(ragged.body, ragged.outer.name, ragged.inner.name)[1] is not None


def _is_even(statement: Statement, rest: tuple[Index, ...]) -> bool:
    """Whether a scatter writes to all of its leading axes; what else runs around it is summed up."""
    loops = {loop.symbol: loop.extent for loop in rest}
    *leading, _ = statement.positions or (None,)
    whole = [loops.get(p) == extent for p, extent in zip(leading, statement.target.shape, strict=False)]
    return all(whole) and len(set(leading)) == len(leading)


def _forward(statement: Statement, outer: Index, inner: Index, rest: tuple[Index, ...]) -> tuple[Ragged, ...]:
    shift = sp.expand(inner.extent - outer.symbol)
    if shift not in (0, 1) or (statement.scatter and statement.positions[-1] != inner.symbol):
        return ()
    end = sp.expand(outer.extent - 1 + shift)
    return (Ragged(statement, outer, inner, rest, statement.body, False, int(shift), end),)


def _backward(statement: Statement, outer: Index, inner: Index, rest: tuple[Index, ...]) -> tuple[Ragged, ...]:
    end = sp.expand(inner.extent + outer.symbol)
    if outer.symbol in end.free_symbols or not sp.expand(outer.extent - end).is_nonnegative:
        return ()
    found = []
    for shift in (0, 1):
        if not statement.scatter or statement.positions[-1] == inner.symbol + outer.symbol + shift:
            body = substitute(statement.body, {inner.symbol: inner.symbol - outer.symbol - shift})
            found.append(Ragged(statement, outer, inner, rest, body, True, shift, sp.expand(end + shift)))
    return tuple(found)


def parted(body: Expr, outer: str, inner: str) -> tuple[Expr, Expr | None]:
    """The factors of a body without an index, and those without another one; None if some have both."""
    factors = sp.Mul.make_args(body)
    with_outer = [f for f in factors if outer in free_names(f)]
    own = sp.Mul(*(f for f in factors if f not in with_outer))
    return own, None if any(inner in free_names(f) for f in with_outer) else sp.Mul(*with_outer)
