"""Which expressions are whole numbers, asked of SymPy only where it may say so.

SymPy tries every relation between assumptions on every part of an expression, anew for each expression. Arithmetic and
functions of reals are no whole numbers, which their parts tell.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from eqc.ir.terms import Expr, Maximum, Minimum

_ARITHMETIC = (sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.Piecewise, Maximum, Minimum)


def is_whole(node: Expr) -> bool:
    """Whether an expression is known to be a whole number.

    >>> x, n = sp.Symbol("x", real=True), sp.Symbol("n", integer=True)
    >>> is_whole(2*n + 1), is_whole(n/2), is_whole(sp.floor(x) - n), is_whole(sp.sin(x)*n)
    (True, False, True, False)
    """
    return not _holds_reals(node) and bool(node.is_integer)


@lru_cache(maxsize=65536)
def _holds_reals(node: Expr) -> bool:
    """Whether real data decide the value of a node, other than through what makes whole numbers of them."""
    if not node.args:
        return bool(node.is_Symbol and not node.is_integer)
    if isinstance(node, sp.Piecewise):
        return any(_holds_reals(pair.args[0]) for pair in node.args)
    return not _makes_whole(node.func) and any(map(_holds_reals, node.args))


@lru_cache(maxsize=1024)
def _makes_whole(head: Expr) -> bool:
    """Whether SymPy has a rule by which what a head gives is a whole number."""
    known = getattr(head, "default_assumptions", {}).get("integer")
    return bool(known) or (hasattr(head, "_eval_is_integer") and not issubclass(head, _ARITHMETIC))
