"""Sums in closed forms: what they do not bind stands before them, deltas pick entries, distributions sum to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.terms import Expr, Read, index_symbol
from eqc.ir.walk import branches, rebuild, substitute
from eqc.present.bound import Total, Whole
from eqc.present.length import SMALL, length
from eqc.present.matching import depends


@dataclass(frozen=True, slots=True)
class Facts:
    """What a closed form may use.

    `ranges` has the extent of every free index, `stochastic` tensors that sum to one over their last axis with its
    extent; `nonnegative` ones have no entry below 0. `counts` says what whole numbers are, `named` writes the names of
    what sums define.
    """

    ranges: Mapping[Expr, Expr]
    stochastic: Mapping[str, Expr]
    nonnegative: frozenset[str] = frozenset()
    counts: Mapping[Expr, Expr] = field(default_factory=dict)
    named: Callable[[Expr], Expr] = lambda expression: expression


def tidy_sums(expression: Expr, facts: Facts) -> Expr:
    """All sums of an expression, inner ones first."""
    expression = alike(expression)
    bound = {total.args[1]: total.args[2] for total in expression.atoms(Total)}
    return _bottom_up(expression, replace(facts, ranges={**facts.ranges, **bound}))


def alike(expression: Expr) -> Expr:
    """Give bound indices names that follow from where they stand, so that equal sums are equal expressions."""
    found = sorted(expression.atoms(Total, Whole), key=sp.default_sort_key)
    extents = sorted({str(node.args[2]) for node in found})
    bases: dict[tuple[int, int], str] = {}
    places = {node: (_height(node), extents.index(str(node.args[2]))) for node in found}
    for node, place in places.items():
        base = node.args[1].name.split("__")[0]
        bases[place] = min(base, bases.get(place, base))
    names = {node: f"{bases[place]}__h{place[0]}n{place[1]}" for node, place in places.items()}
    # by way of names that occur nowhere: a new name may be the old one of a sum around
    apart = _renamed(expression, {node: index_symbol(f"{new}__") for node, new in names.items()})
    return substitute(apart, {index_symbol(f"{new}__"): index_symbol(new) for new in sorted(set(names.values()))})


def _height(node: Expr) -> int:
    """How many sums stand inside each other."""
    inner = [_height(part) for part in node.args[0].atoms(Total, Whole)]
    return 1 + max(inner, default=0)


def _renamed(expression: Expr, names: Mapping[Expr, Expr]) -> Expr:
    if not expression.args:
        return expression
    args = tuple(_renamed(a, names) for a in expression.args)
    if expression in names:
        new = names[expression]
        return expression.func(substitute(args[0], {args[1]: new}), new, args[2])
    return expression if args == expression.args else rebuild(expression, args)


def _bottom_up(expression: Expr, facts: Facts) -> Expr:
    if not expression.args:
        return expression
    args = tuple(_bottom_up(a, facts) for a in expression.args)
    node = expression if args == expression.args else rebuild(expression, args)
    if isinstance(node, Total):
        return _total(node, facts)
    if isinstance(node, sp.KroneckerDelta):
        return _delta(node)
    if isinstance(node, sp.Piecewise):
        return _without_nan(node)
    return node


def _delta(node: Expr) -> Expr:
    """δ[j + 1, k + 1] is δ[j, k]."""
    left, right = node.args
    shift = left.as_coeff_Add()[0]
    return sp.KroneckerDelta(left - shift, right - shift) if shift == right.as_coeff_Add()[0] else node


def _without_nan(node: Expr) -> Expr:
    """The last case of an extremum's slope, for NaN, is no part of the mathematics."""
    pairs = [(p.args[0], p.args[1]) for p in node.args]
    if pairs[-1] == (sp.nan, sp.true):
        pairs = [*pairs[:-2], (pairs[-2][0], sp.true)]
    return branches(pairs)


def _total(node: Expr, facts: Facts) -> Expr:
    """The shorter of two forms: the sum as it is, or term by term."""
    whole = _term(node, facts)
    body, index, extent = node.args
    terms = sp.Add.make_args(sp.expand(body)) if sp.count_ops(body) < SMALL else ()
    if len(terms) < 2:
        return whole
    apart = facts.named(sp.Add(*(_term(Total(term, index, extent), facts) for term in terms)))
    return min(apart, whole, key=lambda e: (len(e.atoms(Total)) > 0 and _has_delta(e), length(e)))


def _has_delta(expression: Expr) -> bool:
    """Whether a delta is left inside a sum."""
    return any(total.args[0].has(sp.KroneckerDelta) for total in expression.atoms(Total))


def _term(node: Expr, facts: Facts) -> Expr:
    body, index, extent = node.args
    if body.is_Add and not depends(body, index):
        return body * extent
    outer, inner = _split(body, index)
    if isinstance(inner, sp.Piecewise) and not any(depends(pair.args[1], index) for pair in inner.args):
        cases = [(_term(Total(pair.args[0], index, extent), facts), pair.args[1]) for pair in inner.args]
        return outer * branches(cases)
    if inner.has(sp.Piecewise) and _tells_places_apart(inner, index, extent):
        places = (sp.Integer(place) for place in range(int(extent)))
        return outer * sp.Add(*(substitute(inner, {index: place}) for place in places))
    return outer * _pick(inner, index, extent, facts)


_ROUNDS = 8
"""Rounds up to which a sum over different formulas is written out."""


def _tells_places_apart(inner: Expr, index: Expr, extent: Expr) -> bool:
    """Whether a summand has another formula for every round of a short sum."""
    if not (extent.is_Integer and extent <= _ROUNDS):
        return False
    return any(pair.free_symbols == {index} for pair in inner.atoms(sp.core.relational.Relational))


def _split(body: Expr, index: Expr) -> tuple[Expr, Expr]:
    """Factors that do not depend on the index, and those that do (reads depend through their positions)."""
    outer: list[Expr] = []
    inner: list[Expr] = []
    for factor in sp.Mul.make_args(body):
        (inner if depends(factor, index) else outer).append(factor)
    return sp.Mul(*outer), sp.Mul(*inner)


def _pick(inner: Expr, index: Expr, extent: Expr, facts: Facts) -> Expr:
    if inner == 1:
        return extent
    for factor in sp.Mul.make_args(inner):
        if isinstance(factor, sp.KroneckerDelta) and index in factor.args:
            (other,) = [a for a in factor.args if a != index] or [index]
            if not depends(other, index):
                picked = substitute(inner / factor, {index: other})
                reached = facts.ranges.get(other) == extent
                return picked if reached else branches([(picked, sp.Lt(other, extent)), (sp.Integer(0), sp.true)])
    if _is_distribution(inner, index, extent, facts):
        return sp.Integer(1)
    return Total(inner, index, extent)


def _is_distribution(inner: Expr, index: Expr, extent: Expr, facts: Facts) -> bool:
    """Whether a summand is an entry of a stochastic tensor, summed over its whole last axis."""
    if not isinstance(inner, Read) or facts.stochastic.get(inner.tensor) != extent or not inner.positions:
        return False
    return bool(inner.positions[-1] == index) and not any(depends(p, index) for p in inner.positions[:-1])
