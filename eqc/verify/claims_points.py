"""The points at which a relation is tested: exact numbers from the domains, at extents from 1 up, small and large.

Entries are exact fractions that meet their domain's equations exactly (a simplex sums to 1, an orthogonal matrix is
one), because a relation may rest on them and is decided far beyond the precision of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np

from eqc.errors import EqcError, NotationError
from eqc.notation.tree import Call, Name, Node, Subscript, walk
from eqc.records.model import Domain
from eqc.verify.balls import Objects, ball
from eqc.verify.claims_eval import LawEvaluator, fitted
from eqc.verify.claims_reading import Law
from eqc.verify.draws import draw
from eqc.verify.hyperdual import HyperDual
from eqc.verify.oracle import Oracle
from eqc.verify.sampling import NoSample, Sample, generator, sample
from eqc.verify.session import Label
from eqc.verify.tensor import Tensor, Value, filled

PLAN = (
    *((3, 0),) * 6,
    *((2, 1),) * 4,
    *((3, 1),) * 5,
    *((2, 0),) * 3,
    *((1, 0),) * 2,
)
"""For each point its extent and the attempt at which the draw of extents starts; from the second on they are random."""

_FACTORS = (Fraction(1), Fraction(1), Fraction(4), Fraction(1, 8), Fraction(12))
_TRIES_FOR_SHAPES = 300
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A point: entries as integers and fractions, with the sample that they were made from."""

    drawn: Sample
    entries: Mapping[str, Objects]

    def shown(self) -> dict[str, Any]:
        """The entries as the nearest floats, whole numbers as integers."""
        return {name: _nearest(array) for name, array in self.entries.items()}


def _nearest(entries: Objects) -> Any:
    whole = all(isinstance(x, int) for x in entries.ravel())
    return entries.astype(np.int64 if whole else np.float64)


def places(oracle: Oracle, seed: int) -> Iterator[Place]:
    """Points of the record's inputs, fewer where no inputs fit; raises NoSample if none fits anywhere."""
    problem: NoSample | None = None
    missing = 0
    for number, (extent, first) in enumerate(PLAN):
        try:
            drawn = sample(oracle, seed + number, extent, first=first)
        except NoSample as error:
            problem, missing = error, missing + 1
        else:
            yield Place(drawn, _exact_inputs(oracle, drawn, number))
    if problem is not None and missing == len(PLAN):
        raise problem


def _exact_inputs(oracle: Oracle, drawn: Sample, number: int) -> dict[str, Objects]:
    """Every other point as drawn, the others with some inputs scaled up or down."""
    rng = generator(oracle.record.id, drawn.extent, drawn.seed, 11)
    entries = {}
    for name, array in drawn.inputs.items():
        factor = _FACTORS[int(rng.integers(len(_FACTORS)))] if number % 2 else Fraction(1)
        entries[name] = exact(oracle.reading.entry(name).domain, array, factor)
    return entries


def exact(domain: Domain, array: Any, factor: Fraction = Fraction(1)) -> Objects:
    """Entries as exact numbers that lie in the domain; entries of an unbounded one are scaled away from its bound.

    >>> sum(exact(Domain("simplex"), np.array([0.3, 0.7])))
    Fraction(1, 1)
    """
    array = np.asarray(array)
    if domain.integer:
        return filled(array.shape, lambda at: int(array[at]))
    fractions = filled(array.shape, lambda at: Fraction(float(array[at])))
    if domain.name in _EQUATIONS:
        fractions = _EQUATIONS[domain.name](fractions)
    if domain.name in _RIGID or (domain.lower is not None and domain.upper is not None):
        return fractions
    bound = domain.lower if domain.lower is not None else domain.upper if domain.upper is not None else Fraction(0)
    return filled(array.shape, lambda at: bound + factor * (fractions[at] - bound))


def _summing_to_one(entries: Objects) -> Objects:
    return filled(entries.shape, lambda at: entries[at] / sum(entries[at[:-1]]))


def _symmetrised(entries: Objects) -> Objects:
    return filled(entries.shape, lambda at: (entries[at] + entries[(*at[:-2], at[-1], at[-2])]) / 2)


def _orthonormal(entries: Objects) -> Objects:
    """A product of reflections along the columns; where the matrix is not square, some of its rows or columns."""
    found = filled(entries.shape, lambda at: Fraction(0))
    for at in np.ndindex(*entries.shape[:-2]):
        rows, columns = entries[at].shape
        order = max(rows, columns)
        matrix: Objects = np.array([[Fraction(int(i == j)) for j in range(order)] for i in range(order)], dtype=object)
        for vector in entries[at].T if rows >= columns else entries[at]:
            matrix = matrix - np.outer(matrix @ vector, vector) * (2 / (vector @ vector))
        found[at] = matrix[:rows, :columns]
    return found


_EQUATIONS: Mapping[str, Callable[[Objects], Objects]] = {
    "simplex": _summing_to_one,
    "symmetric": _symmetrised,
    "spd": _symmetrised,
    "orthogonal": _orthonormal,
}
"""Domain -> how to meet its equations exactly."""

_RIGID = frozenset({"simplex", "one_hot", "orthogonal", "binary", "sign", "unit_interval", "probability"})
"""Domains that scaling would leave."""


def roots_at(oracle: Oracle, law: Law, place: Place) -> dict[str, Value]:
    """A point's entries as numbers to compute with, at the precision at hand."""
    found: dict[str, Value] = {}
    for name, entries in place.entries.items():
        lifted = filled(entries.shape, _lifting(oracle, name, entries))
        found[name] = Tensor(lifted, oracle.reading.unit_axes(name)) if entries.ndim else lifted[()]
    return found


def _lifting(oracle: Oracle, name: str, entries: Objects) -> Callable[[Shape], Any]:
    reading = oracle.reading
    if name in reading.inputs and reading.is_integer(name):
        shift = 1 - reading.entry(name).origin
        return lambda at: Label.of(entries[at], name, shift)
    return lambda at: HyperDual(ball(entries[at]))


def with_fresh(oracle: Oracle, law: Law, place: Place, ev: LawEvaluator, number: int) -> Place:
    """The point with entries for the symbols that substitutions bring along.

    A symbol that replaces another by itself lies in that one's domain; the others are real, at every third point
    positive. Raises NotationError if the shape of one cannot be told.
    """
    rng = generator(oracle.record.id, place.drawn.extent, place.drawn.seed, 13)
    entries = dict(place.entries)
    for name, shape in shapes_of_fresh(law, ev).items():
        domain = _domain_of(oracle, law, name) or Domain("positive" if number % 3 == 2 else "real")
        entries[name] = exact(domain, draw(domain, rng, shape))
    return Place(place.drawn, entries)


def _domain_of(oracle: Oracle, law: Law, name: str) -> Domain | None:
    for call in substitutions(law):
        _, target, replacement = call.arguments
        if replacement == Name(replacement.span, name) and isinstance(target, Name) and target.name != name:
            entry = oracle.record.symbols.get(target.name)
            return None if entry is None or entry.domain.integer else entry.domain
    return None


def substitutions(law: Law) -> list[Call]:
    """Every `subs` of a law, outer ones first."""
    return [n for n in walk(law.formula) if isinstance(n, Call) and n.function == "subs"]


def shapes_of_fresh(law: Law, ev: LawEvaluator) -> dict[str, Shape]:
    """The shapes of the symbols that substitutions bring along: those for which the replacements fit.

    The shape of what is replaced comes first, then a number, then the shapes of the inputs, then all that their
    extents allow. Raises NotationError if none fits.
    """
    found: dict[str, Shape] = {}
    for call in substitutions(law):
        unknown = _names(call.arguments[2], law.fresh, found)
        if unknown:
            found |= _fitting(law, ev, call, unknown, found)
    return found


def _names(node: Node, among: Sequence[str], found: Mapping[str, Shape]) -> list[str]:
    below = {n.name for n in walk(node) if isinstance(n, Name)}
    return [name for name in among if name in below and name not in found]


def _fitting(
    law: Law, ev: LawEvaluator, call: Call, unknown: Sequence[str], found: Mapping[str, Shape]
) -> dict[str, Shape]:
    _, target, replacement = call.arguments
    old = ev.values.get(target.name) if isinstance(target, Name) else None
    choices = [_candidates(law, ev, name, old) for name in unknown]
    for shapes in islice(product(*choices), _TRIES_FOR_SHAPES):
        chosen = dict(zip(unknown, shapes, strict=True))
        if _fits(law, ev, target, replacement, old, {**found, **chosen}):
            return chosen
    rule = f"the shape of {', '.join(unknown)} cannot be told"
    raise NotationError(call.span, written=", ".join(unknown), rule=rule, remedy="replace a symbol of that shape by it")


def _candidates(law: Law, ev: LawEvaluator, name: str, old: Value | None) -> list[Shape]:
    inputs = [ev.values[n] for n in law.reading.inputs]
    arrays = [value.data.shape for value in inputs if isinstance(value, Tensor)]
    sizes = sorted({size for shape in arrays for size in shape})
    first = old.data.shape if isinstance(old, Tensor) else ()
    every: list[Shape] = [first, (), *arrays, *((n,) for n in sizes), *product(sizes, repeat=2)]
    read = [n for n in walk(law.formula) if isinstance(n, Subscript) and n.base == Name(n.base.span, name)]
    return [shape for shape in dict.fromkeys(every) if all(len(n.positions) == len(shape) for n in read)]


def _fits(
    law: Law, ev: LawEvaluator, target: Node, replacement: Node, old: Value | None, shapes: Mapping[str, Shape]
) -> bool:
    """Whether the replacement has a value of the old one's shape, with ones for the new symbols."""
    ones = {name: _ones(shape) for name, shape in shapes.items()}
    indices = dict.fromkeys((*law.placed, *law.indices), 1)
    trial = ev.with_roots(("shapes", tuple(shapes.items())), ones, ev.used)
    trial.indices = indices
    try:
        new = trial.value(replacement)
        if not isinstance(target, Name):
            return not isinstance(new, Tensor)
        if old is None:
            return False
        fit = fitted(trial, target.name, old, new, target)
    except EqcError:
        return False
    return not isinstance(old, Tensor) or (isinstance(new, Tensor) and fit.data.shape == old.data.shape)


def _ones(shape: Shape) -> Value:
    one = HyperDual(ball(1))
    return Tensor(filled(shape, lambda at: one), (False,) * len(shape)) if shape else one
