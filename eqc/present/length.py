"""How long a closed form is to a reader."""

from __future__ import annotations

import sympy as sp

from eqc.ir.terms import Expr
from eqc.present.bound import Total, Whole

SMALL = 120
"""Operations beyond which forms are left as they are: looking for shorter ones takes too long."""


def length(expression: Expr) -> int:
    """Operations and leaves, with functions dear: a*(1 - a) is shorter than 1/(4*cosh(z/2)**2).

    >>> a, z = sp.symbols("a z")
    >>> length(a*(1 - a)) < length(1/(4*sp.cosh(z/2)**2))
    True
    """
    nodes = list(sp.preorder_traversal(expression))
    cheap = sp.KroneckerDelta | Total | Whole
    functions = sum(1 for node in nodes if isinstance(node, sp.Function) and not isinstance(node, cheap))
    leaves = sum(1 for node in nodes if not node.args)
    hidden = 2 * sum(map(_is_nested, nodes)) + 3 * sum(map(_is_unfactored, nodes))
    return int(sp.count_ops(expression)) + leaves + 3 * functions + hidden


def _is_nested(node: Expr) -> bool:
    """Whether a fraction over a sum has fractions in its numerator."""
    if not node.is_Mul:
        return False
    below = [f.base for f in node.args if f.is_Pow and f.exp.is_negative]
    above = [f for f in node.args if f.is_Add and any(_has_fraction(t) for t in f.args)]
    return bool(above) and any(base.is_Add for base in below)


def _is_unfactored(node: Expr) -> bool:
    """Whether all terms of a denominator share a factor."""
    if not (node.is_Pow and node.exp.is_negative and node.base.is_Add):
        return False
    first, *rest = ({f.as_base_exp()[0] for f in sp.Mul.make_args(t) if not f.is_Number} for t in node.base.args)
    return bool(first.intersection(*rest))


def _has_fraction(term: Expr) -> bool:
    return any(f.is_Pow and f.exp.is_negative for f in sp.Mul.make_args(term))
