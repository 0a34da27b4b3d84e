"""Divisions by what many entries share go by its inverse and the remainder, to the same digits: loops divide once."""

from __future__ import annotations

import sympy as sp

from eqc.ir.program import Statement, free_names
from eqc.ir.terms import Expr
from eqc.ir.walk import is_short, rebuild


class SharedQuotient(sp.Function):  # type: ignore[misc]
    """x/y for a y that is the same along a row."""

    nargs = 2


def with_shared_divisors(statement: Statement) -> Expr:
    """What a statement stores, with its divisions by what the last index does not decide marked as such.

    >>> from eqc.ir.program import Op, Tensor
    >>> from eqc.ir.terms import Index, extent_symbol, read
    >>> n, i, j = extent_symbol("n"), Index("i", extent_symbol("n")), Index("j", extent_symbol("n"))
    >>> at = (i.symbol, j.symbol)
    >>> body = read("x", at)/read("s", (i.symbol,)) + 1/read("s", (i.symbol,)) + read("x", at)/read("t", (j.symbol,))
    >>> sorted(map(str, with_shared_divisors(Statement(Tensor("y", (n, n)), (i, j), at, Op.NONE, body)).args))
    ['1/s[i]', 'SharedQuotient(x[i, j], s[i])', 'x[i, j]/t[j]']
    >>> with_shared_divisors(Statement(Tensor("y", (n,)), (i,), at[:1], Op.NONE, read("x", at[:1])/sp.sqrt(n)))
    SharedQuotient(x[i], sqrt(n))
    """
    along = statement.positions[-1] if statement.positions else None
    if along is None or not along.is_Symbol or not is_short(statement.body):
        return statement.body
    return _shared(statement.body, along.name)


def _shared(node: Expr, along: str) -> Expr:
    if not node.args or along not in free_names(node) or node.is_Boolean:
        return node
    if isinstance(node, sp.Mul):
        below = [f for f in node.args if _is_inverse(f)]
        above = sp.Mul(*(_shared(f, along) for f in node.args if f not in below))
        if below and along in free_names(above) and all(_is_shared(f, along) for f in below):
            return SharedQuotient(above, sp.Mul(*(1 / f for f in below)))
    return rebuild(node, tuple(_shared(a, along) for a in node.args))


def _is_inverse(factor: Expr) -> bool:
    """Whether a factor is one over some power."""
    return bool(isinstance(factor, sp.Pow) and factor.args[1].is_number and factor.args[1].could_extract_minus_sign())


def _is_shared(inverse: Expr, along: str) -> bool:
    """Whether what is divided by is a real number that stays the same along a row."""
    whole = inverse.args[0].is_integer and inverse.args[1].is_integer
    return bool(inverse.free_symbols) and not whole and along not in free_names(inverse)
