"""The points at which a relation is tested: exact numbers from the domains, at extents from 1 up, small and large.

Entries are exact fractions that meet their domain's equations exactly (a simplex sums to 1, an orthogonal matrix is
one), because a relation may rest on them and is decided far beyond the precision of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from eqc.records.model import Domain
from eqc.verify.balls import Objects, ball
from eqc.verify.draws import Style
from eqc.verify.hyperdual import HyperDual
from eqc.verify.oracle import Oracle
from eqc.verify.sampling import NoSample, Sample, generator, sample
from eqc.verify.session import Label
from eqc.verify.tensor import Tensor, Value, filled

PLAN: tuple[tuple[int, int, Style], ...] = (
    *((3, 0, "single"),) * 6,
    *((2, 1, "single"),) * 4,
    *((3, 1, "single"),) * 5,
    *((2, 0, "single"),) * 3,
    *((1, 0, "single"),) * 2,
)
"""For each point its extent, the attempt at which the draw of extents starts (from 1 on they are random), and style."""

MORE: tuple[tuple[int, int, Style], ...] = (
    *((3, 1, "grid"), (4, 1, "single"), (2, 1, "single")),
    *((2, 1, "grid"), (4, 1, "single"), (3, 1, "single")),
) * 10
"""Points on top where the formulas make choices, for a branch may be taken at few points, and some at ties only."""

_FACTORS = (Fraction(1), Fraction(4), Fraction(1, 8), Fraction(12))
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a record: entries as integers and fractions, with the sample that they were made from.

    `known` is what laws have computed here from these entries, for others that need it too.
    """

    id: str
    number: int
    drawn: Sample
    entries: Mapping[str, Objects]
    known: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    def generator(self, purpose: int) -> np.random.Generator:
        """A random generator for one purpose at this point."""
        return generator(self.id, self.drawn.extent, self.drawn.seed, purpose)

    def shown(self) -> dict[str, Any]:
        """The entries as the nearest floats, whole numbers as integers."""
        return {name: _nearest(array) for name, array in self.entries.items()}


def _nearest(entries: Objects) -> Any:
    whole = all(isinstance(x, int) for x in entries.ravel())
    return entries.astype(np.int64 if whole else np.float64)


def places(oracle: Oracle, seed: int) -> Iterator[Place]:
    """Points of the record's inputs, fewer where no inputs fit; raises NoSample if none fits anywhere."""
    problem: NoSample | None = None
    found = 0
    for number, (extent, first, style) in enumerate((*PLAN, *MORE)):
        if number == len(PLAN) and problem is not None and not found:
            raise problem
        try:
            drawn = sample(oracle, seed + number, extent, style, first)
        except NoSample as error:
            problem = error
        else:
            found += 1
            place = Place(oracle.record.id, number, drawn, {})
            yield replace(place, entries=_exact_inputs(oracle, place))


def _exact_inputs(oracle: Oracle, place: Place) -> dict[str, Objects]:
    """Every other point, and those with ties, as drawn, the others with some inputs scaled up or down."""
    rng = place.generator(11)
    as_drawn = place.number % 2 == 0 or place.drawn.style == "grid"
    entries = {}
    for name, array in place.drawn.inputs.items():
        factor = Fraction(1) if as_drawn else _FACTORS[int(rng.integers(len(_FACTORS)))]
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
    """A product of reflections, as for a factorisation by columns; some rows or columns of it if it is not square."""
    found = filled(entries.shape, lambda at: Fraction(0))
    for at in np.ndindex(*entries.shape[:-2]):
        rows, columns = entries[at].shape
        order = max(rows, columns)
        matrix: Objects = np.array([[Fraction(int(i == j)) for j in range(order)] for i in range(order)], dtype=object)
        for place, column in enumerate(entries[at].T if rows >= columns else entries[at]):
            vector: Objects = np.array([Fraction(0)] * place + list(column[place:]), dtype=object)
            if vector @ vector:
                matrix = matrix - np.outer(matrix @ vector, vector) * (2 / (vector @ vector))
        signs = [1 if row[0] > 0 else -1 for row in entries[at]]
        found[at] = matrix[:rows, :columns] * np.array(signs, dtype=object)[:, None]
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


def roots_at(oracle: Oracle, place: Place) -> dict[str, Value]:
    """A point's entries as numbers to compute with, at the precision at hand."""
    found: dict[str, Value] = {}
    for name, entries in place.entries.items():
        lifted = filled(entries.shape, _lifting(oracle, name, entries))
        unit = oracle.reading.unit_axes(name) or (False,) * entries.ndim
        found[name] = Tensor(lifted, unit) if entries.ndim else lifted[()]
    return found


def _lifting(oracle: Oracle, name: str, entries: Objects) -> Callable[[Shape], Any]:
    reading = oracle.reading
    if name in reading.inputs and reading.is_integer(name):
        shift = 1 - reading.entry(name).origin
        return lambda at: Label.of(entries[at], name, shift)
    return lambda at: HyperDual(ball(entries[at]))
