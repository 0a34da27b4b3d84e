"""Symbols that stand in no glossary and come into a claim by a substitution: their shapes and their entries.

Their shape is one for which the substitutions fit: that of what is replaced, a number, or some of the axes of the
inputs. `f.subs(x, x + t)` fits for a vector and for a number, so there may be several readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from eqc.errors import EqcError, NotationError
from eqc.notation.tree import Call, Name, Node, Subscript, walk
from eqc.records.model import Domain
from eqc.verify.balls import ball
from eqc.verify.claims_eval import LawEvaluator, fitted
from eqc.verify.claims_points import Place, exact
from eqc.verify.claims_reading import Law
from eqc.verify.draws import draw
from eqc.verify.hyperdual import HyperDual
from eqc.verify.oracle import Oracle
from eqc.verify.tensor import Tensor, Value, filled

Axis = tuple[str, int]
Shapes = Mapping[str, tuple[Axis, ...]]
"""Symbol -> its axes, each as the axis of another symbol that has its extent."""

_MOST_TRIES = 300
_MOST_READINGS = 3


def readings(law: Law, evaluators: Sequence[LawEvaluator]) -> list[Shapes]:
    """The shapes of all symbols that substitutions bring along, likely ones first; a law without any has one reading.

    The evaluators are at points of different extents, and the shapes have to fit at all of them. Raises NotationError
    if none does.
    """
    found: list[Shapes] = [{}]
    for call in substitutions(law):
        unknown = [name for name in _names(call.arguments[2], law.fresh) if name not in found[0]]
        if unknown:
            found = [{**known, **more} for known in found for more in _fitting(law, evaluators, call, unknown, known)]
        if not found:
            rule, written = f"the shape of {', '.join(unknown)} cannot be told", ", ".join(unknown)
            raise NotationError(call.span, written=written, rule=rule, remedy="replace a symbol of that shape by it")
    return found[:_MOST_READINGS]


def substitutions(law: Law) -> list[Call]:
    """Every `subs` of a law, outer ones first."""
    return [n for n in walk(law.formula) if isinstance(n, Call) and n.function == "subs"]


def _names(node: Node, among: Sequence[str]) -> list[str]:
    below = {n.name for n in walk(node) if isinstance(n, Name)}
    return [name for name in among if name in below]


def _fitting(
    law: Law, evaluators: Sequence[LawEvaluator], call: Call, unknown: Sequence[str], known: Shapes
) -> list[Shapes]:
    """The shapes of some symbols for which one substitution fits, each set of extents once."""
    target = call.arguments[1]
    choices = [_candidates(law, evaluators[0], name, target) for name in unknown]
    fitting: dict[tuple[object, ...], Shapes] = {}
    for axes in islice(product(*choices), _MOST_TRIES):
        shapes = {**known, **dict(zip(unknown, axes, strict=True))}
        extents = tuple(_extents(ev, shapes[name]) for ev in evaluators for name in unknown)
        if extents not in fitting and all(_fits(law, ev, call, shapes) for ev in evaluators):
            fitting[extents] = {name: shapes[name] for name in unknown}
    return list(fitting.values())


def _candidates(law: Law, ev: LawEvaluator, name: str, target: Node) -> list[tuple[Axis, ...]]:
    """All axes of the target, none, all of each input, then any one or two; as many as the claim reads."""
    own = target.name if isinstance(target, Name) else ""
    arrays = [_axes(ev, n) for n in (own, *law.reading.inputs) if _axes(ev, n)]
    single = list(dict.fromkeys(axis for axes in arrays for axis in axes))
    every = [_axes(ev, own), (), *arrays, *((axis,) for axis in single), *product(single, repeat=2)]
    counts = [
        len(n.positions)
        for n in walk(law.formula)
        if isinstance(n, Subscript) and isinstance(n.base, Name) and n.base.name == name
    ]
    return [axes for axes in dict.fromkeys(every) if all(count == len(axes) for count in counts)]


def _axes(ev: LawEvaluator, name: str) -> tuple[Axis, ...]:
    value = ev.values.get(name)
    return tuple((name, axis) for axis in range(value.rank)) if isinstance(value, Tensor) else ()


def _extents(ev: LawEvaluator, axes: Sequence[Axis]) -> tuple[int, ...]:
    return tuple(int(ev.values[name].data.shape[axis]) for name, axis in axes)


def _fits(law: Law, ev: LawEvaluator, call: Call, shapes: Shapes) -> bool:
    """Whether the replacement has a value of the old one's shape, with ones for the new symbols."""
    _, target, replacement = call.arguments
    ones = {name: _ones(_extents(ev, axes)) for name, axes in shapes.items()}
    trial = ev.with_roots(("shapes", tuple(shapes.items())), ones, ev.used)
    trial.indices = dict.fromkeys((*law.placed, *law.indices), 1)
    try:
        new = trial.value(replacement)
        if isinstance(target, Subscript):
            return not isinstance(new, Tensor)
        old = ev.values.get(target.name) if isinstance(target, Name) else None
        if old is None or not isinstance(target, Name):
            return False
        fit = fitted(trial, target.name, old, new, target)
    except EqcError:
        return False
    return not isinstance(old, Tensor) or (isinstance(new, Tensor) and fit.data.shape == old.data.shape)


def _ones(shape: tuple[int, ...]) -> Value:
    one = HyperDual(ball(1))
    return Tensor(filled(shape, lambda at: one), (False,) * len(shape)) if shape else one


def with_fresh(oracle: Oracle, law: Law, place: Place, ev: LawEvaluator, shapes: Shapes) -> Place:
    """The point with entries for the symbols that substitutions bring along.

    A symbol that replaces another by itself lies in that one's domain; the others are real, at every third point
    positive.
    """
    rng = place.generator(13)
    entries = dict(place.entries)
    for name, axes in shapes.items():
        domain = _domain_of(oracle, law, name) or Domain("positive" if place.number % 3 == 2 else "real")
        entries[name] = exact(domain, draw(domain, rng, _extents(ev, axes)))
    return replace(place, entries=entries, known={})


def _domain_of(oracle: Oracle, law: Law, name: str) -> Domain | None:
    for target in _replaced_by(law, name):
        entry = oracle.record.symbols.get(target)
        if entry is not None and not entry.domain.integer:
            return entry.domain
    return None


def _replaced_by(law: Law, name: str) -> Iterator[str]:
    """The symbols in whose place the name stands alone."""
    for call in substitutions(law):
        _, target, replacement = call.arguments
        if isinstance(replacement, Name) and replacement.name == name and isinstance(target, Name):
            yield target.name
