"""Proofs of equations: both sides as symbolic forms whose difference is zero in normal form.

What is tried depends on the formulas' size alone, never on time, so the answer is always the same. SymPy sees plain
symbols and smooth functions only; its answer never overrules a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from eqc.notation.tree import Compare, Node
from eqc.records.model import Domain
from eqc.verify.claims_form import Form, Shape
from eqc.verify.claims_forms import Writer
from eqc.verify.claims_fresh import Shapes
from eqc.verify.claims_reading import Law
from eqc.verify.claims_terms import Expr, Terms, Unsuited, index, small
from eqc.verify.oracle import Oracle
from eqc.verify.reading import Reading

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
        return all(_same(_writer(oracle, law, shapes), part) for part in law.parts)
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


def _writer(oracle: Oracle, law: Law, shapes: Shapes) -> Writer:
    """The writer for the sides of a law, whose inputs stand for themselves; what it brings along has these shapes."""
    reading, terms = law.reading, Terms()
    extents = {name: index(name) for name in reading.extents}
    found = Writer(oracle, reading, terms, {}, extents, {name: index(name) for name in law.indices})
    roots: dict[str, Form] = {}
    for name in (*reading.inputs, *law.fresh):
        if name in reading.inputs:
            shape = tuple(found.number(axis) for axis in reading.shapes.get(name, ()))
        else:
            shape = tuple(roots[other].shape[axis] for other, axis in shapes.get(name, ()))
        known = _assumptions(reading.entry(name).domain) if name in reading.inputs else {"real": True}
        roots[name] = _entries(terms, name, shape, known, _sums_to_one(reading, name))
    return replace(found, roots=roots)


def _assumptions(domain: Domain) -> dict[str, bool]:
    kind = {"integer": True} if domain.integer else {"real": True}
    if domain.lower is None or domain.lower < 0:
        return kind
    positive = domain.lower > 0 or domain.lower_open
    return {**kind, "positive" if positive else "nonnegative": True}


def _entries(terms: Terms, name: str, shape: Shape, known: Mapping[str, bool], whole: bool) -> Form:
    extent = shape[-1] if whole else None
    return Form(shape, lambda p: terms.entry(name, p, known, extent))


def _sums_to_one(reading: Reading, name: str) -> bool:
    return name in reading.inputs and reading.entry(name).domain.name in ("simplex", "one_hot")
