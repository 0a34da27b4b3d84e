"""Closed forms in SymPy's own objects, for people to calculate with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.ir.terms import Expr, FloorDivide, Maximum, Minimum, Quotient, Read, Remainder
from eqc.ir.walk import rebuild
from eqc.present.areas import Integrated
from eqc.present.bound import Total, Whole


def _inert(head: type, body: Expr, index: Expr, extent: Expr) -> Expr:
    """A sum or product as it stands: SymPy's constructor pulls conditions on inner indices out of it."""
    total = sp.Expr.__new__(head, body, sp.Tuple(index, sp.Integer(1), extent))
    total.is_commutative = True
    return total


def to_sympy(expression: Expr) -> Expr:
    """The closed form in SymPy's own objects: Indexed, Sum, Product, Max, Min."""
    heads: Mapping[type, Callable[..., Expr]] = {
        Total: lambda body, i, n: _inert(sp.Sum, body, i, n),
        Whole: lambda body, i, n: _inert(sp.Product, body, i, n),
        Integrated: lambda body, x, low, high: sp.Integral(body, (x, low, high)),
        Maximum: sp.Max,
        Minimum: sp.Min,
        FloorDivide: lambda a, b: sp.floor(a / b),
        Remainder: sp.Mod,
        Quotient: lambda a, b: a / b,
    }
    if isinstance(expression, Read):
        if not expression.positions:
            return sp.Symbol(expression.tensor, real=True)
        return sp.Indexed(sp.IndexedBase(expression.tensor, real=True), *(to_sympy(p) for p in expression.positions))
    if not expression.args:
        return expression
    args = tuple(to_sympy(a) for a in expression.args)
    head = heads.get(type(expression))
    return head(*args) if head is not None else rebuild(expression, args)
