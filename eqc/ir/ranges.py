"""Proofs that integer expressions over loop indices are never negative.

Used to show that positions lie inside their axes, so that kernels need no bounds checks. An expression is bounded below
by a polynomial in extents: choices are tried case by case, roundings are replaced by their bounds, every index is put
at its worse end, and the signs of the coefficients decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from eqc.ir.terms import Expr, FloorDivide, Index, Maximum, Minimum, Quotient, Remainder

_MAX_FACTS = 2
_MAX_CASES = 16


def is_nonnegative(expression: Expr, loops: Sequence[Index], facts: Sequence[Expr] = ()) -> bool:
    """Whether the integer `expression` >= 0 for all values of the loops (outermost first), given `facts` >= 0.

    Sound, not complete: False means "not shown".

    >>> from eqc.ir.terms import extent_symbol
    >>> i, n = Index("i", extent_symbol("n")), extent_symbol("n")
    >>> is_nonnegative(n - 1 - i.symbol, [i]), is_nonnegative(n - 2 - i.symbol, [i])
    (True, False)
    """
    known = [sp.expand(f) for f in facts]
    for index in loops:
        known += _loop_facts(index)
    return _shown(sp.expand(_without_signs(expression)), tuple(loops), known, _MAX_FACTS)


def _without_signs(expression: Expr) -> Expr:
    """|a| as the largest of a, -a and 0."""
    return expression.replace(sp.Abs, lambda a: Maximum(a, -a, sp.Integer(0)))


def _loop_facts(index: Index) -> list[Expr]:
    """A loop that runs has a positive extent; one that ends at a minimum ends before each of its arguments."""
    facts = [index.extent - 1]
    for node in index.extent.atoms(Minimum):
        facts += [index.extent.xreplace({node: a}) - 1 for a in node.args]
    return [sp.expand(f) for f in facts]


def _shown(expression: Expr, loops: tuple[Index, ...], facts: list[Expr], depth: int) -> bool:
    if _at_worst(expression, loops, facts, _MAX_CASES):
        return True
    if depth == 0:
        return False
    return any(_shown(sp.expand(expression - f), loops, facts, depth - 1) for f in facts)


def _at_worst(expression: Expr, loops: tuple[Index, ...], facts: list[Expr], budget: int) -> bool:
    """Remove one choice, rounding or index, innermost first, and show what is left."""
    if budget == 0 or expression is sp.nan:
        return False
    choice = _first(expression, Maximum, Minimum)
    if choice is not None:
        return _choice(expression, choice, loops, facts, budget)
    rounding = _first(expression, FloorDivide, Quotient, Remainder, sp.floor, sp.ceiling, sp.Mod)
    if rounding is not None:
        return _rounding(expression, rounding, loops, facts, budget)
    if not loops:
        return _plainly_nonnegative(expression, facts)
    ends = _ends(expression, loops[-1])
    return all(_at_worst(end, loops[:-1], facts, budget - len(ends) + 1) for end in ends)


def _first(expression: Expr, *heads: type) -> Expr | None:
    return min(expression.atoms(*heads), key=sp.default_sort_key, default=None)


def _choice(expression: Expr, node: Expr, loops: tuple[Index, ...], facts: list[Expr], budget: int) -> bool:
    """A maximum is at least each argument and at most one of them."""
    slope = _slope(expression, node)
    if slope is None:
        return False
    cases = [_at_worst(sp.expand(expression.xreplace({node: a})), loops, facts, budget - 1) for a in node.args]
    helps = bool(slope.is_nonnegative) == isinstance(node, Maximum)
    return any(cases) if helps else all(cases)


def _slope(expression: Expr, node: Expr) -> Expr | None:
    """The factor of a node that an expression is linear in, if its sign is known."""
    slope = expression.coeff(node, 1)
    rest = sp.expand(expression - slope * node)
    known = slope.is_nonnegative or slope.is_nonpositive
    return slope if known and not rest.has(node) and not slope.has(node) else None


def _rounding(expression: Expr, node: Expr, loops: tuple[Index, ...], facts: list[Expr], budget: int) -> bool:
    slope = _slope(expression, node)
    if slope is None:
        return False
    rest = sp.expand(expression - slope * node)
    rising = bool(slope.is_nonnegative)
    if isinstance(node, Remainder | sp.Mod):
        bound = sp.Integer(0) if rising else node.args[1] - 1
        return _at_worst(sp.expand(rest + slope * bound), loops, facts, budget - 1)
    numerator, divisor, low, high = _quotient(node)
    scaled = numerator + (low if rising else high)
    share = sp.cancel(slope / divisor)
    plain = sp.expand(rest + share * scaled)
    if share.is_polynomial(*share.free_symbols) and _at_worst(plain, loops, facts, budget - 1):
        return True
    # The expression is an integer, so more than -1 is enough: divisor·expression >= 1 - divisor.
    times = sp.expand(divisor * rest + slope * scaled + divisor - 1)
    return _at_worst(times, loops, [*facts, divisor - 1], budget - 1)


def _quotient(node: Expr) -> tuple[Expr, Expr, Expr, Expr]:
    """Numerator and divisor, and between what the divisor times the rounded quotient lies, less the numerator."""
    if isinstance(node, FloorDivide | Quotient):
        numerator, divisor = node.args
    else:
        numerator, divisor = sp.fraction(sp.together(node.args[0]))
    zero = sp.Integer(0)
    if isinstance(node, Quotient):
        return numerator, divisor, zero, zero
    if isinstance(node, sp.ceiling):
        return numerator, divisor, zero, divisor - 1
    return numerator, divisor, 1 - divisor, zero


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


def _plainly_nonnegative(expression: Expr, facts: list[Expr]) -> bool:
    """By the signs of all terms, after counting extents that must be at least one from one."""
    positive = {f + 1 for f in facts if (f + 1).is_Symbol}
    shifted = {s: sp.Symbol(f"{s.name}_less_1", integer=True, nonnegative=True) + 1 for s in positive}
    return bool(sp.expand(expression.subs(shifted)).is_nonnegative)
