"""Proofs of equations: both sides as symbolic forms whose difference is zero in normal form.

What is tried depends on the formulas' size alone, never on time, so the answer is always the same. SymPy sees plain
symbols and smooth functions only; its answer never overrules a test.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.notation.tree import Compare, Node
from eqc.verify.claims_forms import Form, Writer, writer
from eqc.verify.claims_fresh import Shapes
from eqc.verify.claims_reading import Law
from eqc.verify.claims_terms import Expr, Unsuited, small
from eqc.verify.oracle import Oracle

_MOST_AXES = 4


def is_proved(oracle: Oracle, law: Law, shapes: Shapes) -> bool:
    """Whether the sides of every relation of a law are found to be the same function.

    `shapes` are those of the symbols that the law brings along.

    >>> from eqc.notation.sympy_form import parse_text
    >>> from eqc.records.load import load_text
    >>> from eqc.verify.claims_reading import read_law
    >>> text = "title: Squares\\nsympy: Eq(L, Sum(x[k]**2, (k, 1, n)))\\nsymbols: {L: sum, x: {shape: [n]}, n: size}"
    >>> oracle = Oracle(load_text(text, id="squares", area="a", file="squares.yaml"), {})
    >>> is_proved(oracle, read_law(oracle.reading, parse_text("Eq(Derivative(L, x[i]), 2*x[i])")), {})
    True
    """
    try:
        return all(_same(writer(oracle, law, shapes), part) for part in law.parts)
    except Unsuited:
        return False


def _same(own: Writer, part: Node) -> bool:
    if not isinstance(part, Compare) or part.op != "==":
        raise Unsuited
    left, right = own.of(part.left), own.of(part.right)
    at = tuple(own.terms.new_index(extent) for extent in (left.shape or right.shape))
    if len(at) > _MOST_AXES or (left.shape and right.shape and left.shape != right.shape):
        raise Unsuited
    return _is_zero(own, _entry(left, at) - _entry(right, at))


def _entry(form: Form, at: tuple[Expr, ...]) -> Expr:
    return small(form.at(at if form.shape else ()))


def _is_zero(own: Writer, difference: Expr) -> bool:
    """Whether a difference vanishes as a quotient of polynomials in its exponentials, or its exponential is 1."""
    difference = own.terms.settled(difference)
    tries: tuple[Callable[[], Expr], ...] = (
        lambda: difference,
        lambda: sp.expand_log(difference),
        lambda: difference.rewrite(sp.exp),
        lambda: sp.exp(sp.expand(difference)) - 1,
        lambda: sp.exp(sp.expand(difference.rewrite(sp.exp))) - 1,
    )
    return any(_vanishes(own, small(attempt())) for attempt in tries)


def _vanishes(own: Writer, expression: Expr) -> bool:
    reduced = sp.cancel(sp.together(sp.expand(expression)))
    if reduced == 0:
        return True
    numerator, _ = sp.fraction(sp.together(reduced))
    return bool(own.terms.settled(numerator) == 0)
