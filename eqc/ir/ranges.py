"""Proofs that integer expressions over loop indices are never negative.

Used to show that positions lie inside their axes, so that kernels need no bounds checks.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from eqc.ir.terms import Expr, FloorDivide, Index, Quotient

_MAX_FACTS = 2


def is_nonnegative(expression: Expr, loops: Sequence[Index], facts: Sequence[Expr] = ()) -> bool:
    """Whether `expression` >= 0 for all values of the loops (outermost first), given `facts` >= 0.

    Sound, not complete: False means "not shown".

    >>> from eqc.ir.terms import extent_symbol
    >>> i, n = Index("i", extent_symbol("n")), extent_symbol("n")
    >>> is_nonnegative(n - 1 - i.symbol, [i]), is_nonnegative(n - 2 - i.symbol, [i])
    (True, False)
    """
    running = [index.extent - 1 for index in loops]
    return _shown(sp.expand(expression), list(loops), [sp.expand(f) for f in (*facts, *running)], _MAX_FACTS)


def _shown(expression: Expr, loops: list[Index], facts: list[Expr], depth: int) -> bool:
    if _at_worst(expression, loops, facts):
        return True
    if depth == 0:
        return False
    return any(_shown(sp.expand(expression - f), loops, facts, depth - 1) for f in facts)


def _at_worst(expression: Expr, loops: list[Index], facts: list[Expr]) -> bool:
    """Bound roundings, then put every index at its worse end, innermost first."""
    candidates = [_bound_roundings(expression)]
    for index in reversed(loops):
        candidates = [end for e in candidates for end in _ends(e, index)]
        if len(candidates) > 8:
            return False
    return all(_plainly_nonnegative(_bound_roundings(e), facts) for e in candidates)


def _ends(expression: Expr, index: Index) -> list[Expr]:
    symbol = index.symbol
    if symbol not in expression.free_symbols:
        return [expression]
    if not expression.is_polynomial(symbol) or sp.degree(expression, symbol) != 1:
        return [sp.nan]
    slope = expression.coeff(symbol, 1)
    low, high = expression.subs(symbol, 0), sp.expand(expression.subs(symbol, index.extent - 1))
    if slope.is_nonnegative:
        return [low]
    if slope.is_nonpositive:
        return [high]
    return [low, high]


def _bound_roundings(expression: Expr) -> Expr:
    """A lower bound of an expression that is linear in floors, ceilings and remainders."""
    heads = expression.atoms(sp.floor, sp.ceiling, sp.Mod, FloorDivide, Quotient)
    for node in sorted(heads, key=sp.default_sort_key):
        slope = expression.coeff(node, 1)
        rest = expression - slope * node
        if rest.has(node):
            continue
        rising = slope.is_nonnegative
        if not rising and not slope.is_nonpositive:
            continue
        expression = sp.expand(rest + slope * _rounding_bound(node, lower=bool(rising)))
    return expression


def _rounding_bound(node: Expr, *, lower: bool) -> Expr:
    if isinstance(node, sp.Mod):
        return sp.Integer(0) if lower else node.args[1] - 1
    whole = isinstance(node, FloorDivide | Quotient)
    argument = node.args[0] / node.args[1] if whole else node.args[0]
    if isinstance(node, Quotient):
        return argument
    denominator = sp.denom(sp.together(argument))
    slack = (denominator - 1) / denominator
    if isinstance(node, sp.floor | FloorDivide):
        return argument - slack if lower else argument
    return argument if lower else argument + slack


def _plainly_nonnegative(expression: Expr, facts: list[Expr]) -> bool:
    """By the signs of all terms, after counting extents that must be at least one from one."""
    if expression is sp.nan:
        return False
    positive = {f + 1: f for f in facts if (f + 1).is_Symbol}
    shifted = {s: sp.Symbol(f"{s.name}_less_1", integer=True, nonnegative=True) + 1 for s in positive}
    expression = sp.expand(expression.subs(shifted))
    return bool(expression.is_nonnegative)
