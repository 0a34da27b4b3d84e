"""Equal ways to write a product: its signs and its conjugate factors."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.ir.terms import Expr
from eqc.ir.walk import rebuild


def everywhere(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Apply a change to all parts, inner ones first."""
    if not expression.args or isinstance(expression, sp.core.relational.Relational):
        return expression
    args = tuple(everywhere(a, change) for a in expression.args)
    return change(expression if args == expression.args else rebuild(expression, args))


def well_worded(expression: Expr) -> Expr:
    """The expression with its products written as one would."""
    return everywhere(everywhere(expression, conjugates), signs)


def signs(expression: Expr) -> Expr:
    """1 - x rather than -(x - 1) and (a - 1)*(b - 1): factors with few signs, and none before the product."""
    if not expression.is_Mul:
        return expression
    coefficient, rest = expression.as_coeff_Mul()
    turned = [(_turned(f), f) for f in sp.Mul.make_args(rest)]
    flips = sum(1 for new, old in turned if new != old and old.as_base_exp()[1] % 2)
    coefficient = -coefficient if flips % 2 else coefficient
    chosen = [new for new, _ in turned]
    if coefficient.is_negative:
        place = next((n for n, f in enumerate(chosen) if _is_even_handed(f)), None)
        if place is not None:
            coefficient, chosen[place] = -coefficient, _negated(chosen[place])
    return sp.Mul(coefficient, *chosen)


def _turned(factor: Expr) -> Expr:
    """A power of a sum with fewer signs, the factor itself if that is not its negative or its equal."""
    base, exponent = factor.as_base_exp()
    if not base.is_Add or not exponent.is_Integer:
        return factor
    if _weight(-base) < _weight(base):
        return sp.Pow(-base, exponent)
    return factor


def _weight(base: Expr) -> tuple[int, bool]:
    negative = sum(1 for t in base.args if t.could_extract_minus_sign())
    number = base.as_coeff_Add()[0]
    return negative, bool(number.is_negative)


def _is_even_handed(factor: Expr) -> bool:
    """Whether a sum reads as well with all signs turned: a - b does, 1 - a and a + b do not."""
    base, exponent = factor.as_base_exp()
    if not base.is_Add or not exponent.is_Integer or exponent % 2 == 0:
        return False
    negative, _ = _weight(base)
    if len(base.args) == 2:
        return negative == 1 and not base.as_coeff_Add()[0]
    return negative > 0 and exponent == 1


def _negated(factor: Expr) -> Expr:
    base, exponent = factor.as_base_exp()
    return sp.Pow(-base, exponent)


def conjugates(expression: Expr) -> Expr:
    """(1 - a)*(1 + a) is written 1 - a**2."""
    if not expression.is_Mul:
        return expression
    factors = list(expression.args)
    for n, first in enumerate(factors):
        for second in factors[n + 1 :]:
            if first.is_Add and second.is_Add and len(first.args) == len(second.args) == 2:
                joined = sp.expand(first * second)
                if joined.is_Add and len(joined.args) == 2:
                    rest = [f for f in factors if f is not first and f is not second]
                    return conjugates(sp.Mul(*rest, joined, evaluate=True))
    return expression
