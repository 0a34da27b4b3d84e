"""Evaluates relations about a record: its formulas with derivatives and substitutions on top.

An evaluator stands on root values (inputs, and whatever is substituted) and computes from them all that the record
assigns. A derivative or a substitution makes another evaluator with other roots, kept for the next time. Derivatives
are hyperdual parts: at one level the parts `first`, one direction per entry of the variable, and at an outer level the
part `other`, along one entry; so they go up to the second order.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from eqc.errors import NotationError, ShapeError, nearest
from eqc.notation.tree import Call, Name, Node, Number, Subscript, TupleNode, walk
from eqc.verify.balls import Ball, ball
from eqc.verify.calculus import CALCULUS
from eqc.verify.calls import MATRIX_WORDS, call_record
from eqc.verify.claims_reading import Law
from eqc.verify.hyperdual import HyperDual, Scalar, lift, undefined
from eqc.verify.points import SYMMETRIC
from eqc.verify.reading import target_name
from eqc.verify.session import Label, Session
from eqc.verify.statements import run
from eqc.verify.tensor import Tensor, Value, filled, show
from eqc.verify.tree_eval import Evaluator

_HIGHEST_ORDER = 2
At = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a derivative is taken in: an entry of a symbol, or with `at` None the whole array."""

    name: str
    at: At | None


class LawEvaluator(Evaluator):
    """Evaluates a law; `used` counts the orders of derivatives that the roots carry already.

    `values` are all that follows from the roots, if that is known.
    """

    def __init__(
        self,
        session: Session,
        law: Law,
        roots: Mapping[str, Value],
        used: int = 0,
        values: Mapping[str, Value] | None = None,
    ) -> None:
        own = law.reading
        left = tuple(s for s in own.statements if target_name(s) not in roots)
        super().__init__(session, replace(own, statements=left), dict(roots if values is None else values))
        self.law = law
        self.roots = roots
        self.used = used
        self.others: dict[Hashable, LawEvaluator] = {}
        if values is None:
            run(self)

    def value(self, node: Node) -> Value:
        """The value of any part of a law, or of a statement of the record."""
        if not isinstance(node, Call):
            return super().value(node)
        if node.function in CALCULUS and id(node) in self.law.stated:
            return super().value(node)  # the record's own derivative, of any order beside those of the law
        if node.function not in self.reading.record.symbols:
            if node.function == "Derivative":
                return _derivative(self, node)
            if node.function == "subs":
                return _substituted(self, node)
            if node.function == self.reading.record.id:
                return self.remember(node, lambda call: call_record(self, call))
            if node.function in MATRIX_WORDS:
                return self.remember(node, super().value)
        return super().value(node)

    def whole_array(self, name: str, node: Node) -> Value:
        """The value of a symbol that a derivative or a substitution is about."""
        if name in self.values and name not in self.reading.extents:
            return self.values[name]
        rule = f"{name} is an extent" if name in self.values else f"{name} has no value here"
        remedy = "take an input, or one of its entries" if name in self.values else nearest(name, self.values)
        raise NotationError(node.span, written=name, rule=rule, remedy=remedy)

    def is_finite(self) -> bool:
        """Whether all numbers that the record has assigned are finite."""
        names = [target_name(s) for s in self.reading.statements]
        numbers = (x for name in names for x in np.ravel(_entries(self.values[name])))
        return all(x.value.is_finite() for x in numbers if isinstance(x, HyperDual))

    def with_roots(self, key: Hashable, changed: Mapping[str, Value], used: int) -> LawEvaluator:
        """An evaluator with other roots; the same one for the same key."""
        if key not in self.others:
            self.others[key] = LawEvaluator(self.session, self.law, {**self.roots, **changed}, used)
        found = self.others[key]
        found.indices = self.indices
        return found


def _entries(value: Value) -> Any:
    return value.data if isinstance(value, Tensor) else [value]


def _derivative(ev: LawEvaluator, node: Call) -> Value:
    """`Derivative(expression, variable, …)` by seeding the variables' entries."""
    expression = node.arguments[0]
    variables = [v for argument in node.arguments[1:] for v in _variables(ev, argument)]
    nested = any(isinstance(n, Call) and n.function == "Derivative" for n in walk(expression))
    if ev.used + len(variables) + nested > _HIGHEST_ORDER:
        raise NotImplementedError(f"{node.span}: derivatives of an order above {_HIGHEST_ORDER} are not checked")
    if not variables:
        return ev.value(expression)
    if nested:
        (variable,) = variables
        inner = ev.with_roots(("other", variable), _along(ev, variable, {}, node), ev.used + 1)
        return _each(inner.value(expression), _other_part)
    first, *second = variables
    changed = _everywhere(ev, first.name, node)
    for variable in second:
        changed = _along(ev, variable, changed, node)
    inner = ev.with_roots(("first", first.name, *second), changed, _HIGHEST_ORDER)
    return _slopes(ev, inner.value(expression), first, mixed=bool(second))


def _variables(ev: LawEvaluator, node: Node) -> list[Variable]:
    """A variable, or `(variable, times)`."""
    if isinstance(node, TupleNode) and len(node.items) == 2 and isinstance(node.items[1], Number):
        return _variables(ev, node.items[0]) * int(node.items[1].value)
    base = node.base if isinstance(node, Subscript) else node
    if not isinstance(base, Name):
        rule = "a derivative is taken in a symbol or an entry of one"
        raise NotationError(node.span, written="…", rule=rule, remedy="write Derivative(L, x[i])")
    value = ev.whole_array(base.name, node)
    if isinstance(node, Subscript):
        return [Variable(base.name, _place(ev, node, value))]
    return [Variable(base.name, None if isinstance(value, Tensor) else ())]


def _place(ev: LawEvaluator, node: Subscript, value: Value) -> At:
    """The entry that a subscript names, counted from 0; errors are those of reading it."""
    if isinstance(ev.value(node), Tensor):
        rule = f"{show(value)} has one entry for each position"
        raise ShapeError(node.span, written="…", rule=rule, remedy="give one position per axis")
    return tuple(ev.whole(position) - 1 for position in node.positions)


def _everywhere(ev: LawEvaluator, name: str, node: Node) -> dict[str, Value]:
    """The symbol with a direction of its own for every entry."""
    value = ev.whole_array(name, node)
    _require_real(ev, name, value, node)
    if not isinstance(value, Tensor):
        return {name: _with_first(value, 0)}
    shape = value.data.shape
    data = filled(shape, lambda at: _with_first(value.data[at], _flat(at, shape)))
    return {name: Tensor(data, value.unit)}


def _along(ev: LawEvaluator, variable: Variable, changed: dict[str, Value], node: Node) -> dict[str, Value]:
    """The symbol with the one direction `other` along an entry."""
    value: Value = changed[variable.name] if variable.name in changed else ev.whole_array(variable.name, node)
    _require_real(ev, variable.name, value, node)
    if variable.at is None:
        rule = "only one derivative at a time is taken in a whole array"
        raise NotationError(node.span, written=variable.name, rule=rule, remedy=f"write {variable.name}[i]")
    if not isinstance(value, Tensor):
        return {**changed, variable.name: _with_other(value, ball(1))}
    places = _mirrored(ev, variable.name, variable.at)
    weight = ball(Fraction(1, len(places)))
    data = value.data.copy()
    for at in places:
        data[at] = _with_other(data[at], weight)
    return {**changed, variable.name: Tensor(data, value.unit)}


def _require_real(ev: LawEvaluator, name: str, value: Value, node: Node) -> None:
    if ev.reading.is_integer(name):
        rule = f"{name} takes whole numbers, so there is no derivative in it"
        raise NotationError(node.span, written=name, rule=rule, remedy="take the derivative in a real input")


def _with_first(x: Scalar, direction: int) -> HyperDual:
    number = lift(x)
    return HyperDual(number.value, {direction: ball(1)}, number.other)


def _with_other(x: Scalar, weight: Ball) -> HyperDual:
    number = lift(x)
    return HyperDual(number.value, number.first, weight)


def _mirrored(ev: LawEvaluator, name: str, at: At) -> list[At]:
    """The entries that move together: in a symmetric input an entry and its mirror image, half each."""
    symmetric = name in ev.reading.record.symbols and ev.reading.entry(name).domain.name in SYMMETRIC
    mirror = (*at[:-2], *at[:-3:-1])
    return [at, mirror] if symmetric and len(at) > 1 and mirror != at else [at]


def _flat(at: At, shape: Sequence[int]) -> int:
    return int(np.ravel_multi_index(at, tuple(shape)))


def _slopes(ev: LawEvaluator, result: Value, variable: Variable, *, mixed: bool) -> Value:
    """The derivative along an entry, or along all of them with the entries' axes last."""
    base = ev.values[variable.name]
    shape = base.data.shape if isinstance(base, Tensor) else ()

    def along(x: Scalar, at: At) -> Scalar:
        keys = [_flat(place, shape) for place in _mirrored(ev, variable.name, at)] if at else [0]
        return _first_part(x, keys, mixed=mixed)

    if variable.at is not None:
        at = variable.at
        return _each(result, lambda x: along(x, at))
    unit = (False,) * len(shape)
    if not isinstance(result, Tensor):
        return Tensor(filled(shape, lambda at: along(result, at)), unit)
    depth = result.rank
    data = filled((*result.data.shape, *shape), lambda at: along(result.data[at[:depth]], at[depth:]))
    return Tensor(data, (*result.unit, *unit))


def _each(value: Value, part: Any) -> Value:
    if isinstance(value, Tensor):
        return Tensor(filled(value.data.shape, lambda at: part(value.data[at])), value.unit)
    return part(value)


def _first_part(x: Scalar, keys: Sequence[int], *, mixed: bool) -> Scalar:
    """The mean derivative along some directions; the part `other` of the number becomes that of the derivative."""
    if not isinstance(x, HyperDual):
        return 0
    if not x.value.is_finite():
        return undefined(x)
    first = _mean([x.first.get(k) for k in keys])
    both = _mean([x.mixed.get(k) for k in keys])
    if mixed:
        return 0 if both is None else HyperDual(both)
    return 0 if first is None and both is None else HyperDual(ball(0) if first is None else first, {}, both)


def _mean(parts: Sequence[Ball | None]) -> Ball | None:
    given = [part for part in parts if part is not None]
    return sum(given[1:], start=given[0]) / len(parts) if given else None


def _other_part(x: Scalar) -> Scalar:
    if not isinstance(x, HyperDual):
        return 0
    if not x.value.is_finite():
        return undefined(x)
    return 0 if x.other is None else HyperDual(x.other)


def _substituted(ev: LawEvaluator, node: Call) -> Value:
    """`expression.subs(target, value)`: the record's formulas with another value of a symbol, entry or index."""
    expression, target, replacement = node.arguments
    base = target.base if isinstance(target, Subscript) else target
    if not isinstance(base, Name):
        rule = "subs replaces a symbol or an entry of one"
        raise NotationError(target.span, written="…", rule=rule, remedy="write L.subs(x, value)")
    if base.name in ev.law.placed:
        return _at_index(ev, expression, base.name, ev.whole(replacement))
    new = ev.value(replacement)
    if isinstance(target, Subscript):
        new = _with_entry(ev, target, base.name, new)
    elif base.name in ev.values:
        new = fitted(ev, base.name, ev.whole_array(base.name, target), new, target)
    key = ("subs", id(node), *(ev.indices.get(name) for name in ev.reading.names_below[id(node)]))
    return ev.with_roots(key, {base.name: new}, ev.used).value(expression)


def _at_index(ev: LawEvaluator, expression: Node, name: str, place: int) -> Value:
    before = ev.indices
    ev.indices = {**before, name: place}
    try:
        return ev.value(expression)
    finally:
        ev.indices = before


def _with_entry(ev: LawEvaluator, target: Subscript, name: str, new: Value) -> Value:
    """The array with one entry replaced."""
    value = ev.whole_array(name, target)
    at = _place(ev, target, value)
    if isinstance(new, Tensor):
        raise ShapeError(target.span, written=show(new), rule="an entry takes a number", remedy="give its positions")
    data = value.data.copy()
    data[at] = _as_label(ev, name, new, target)
    return Tensor(data, value.unit)


def fitted(ev: LawEvaluator, name: str, old: Value, new: Value, node: Node) -> Value:
    """A value in the shape of the symbol that it replaces: a column fills a vector, a number every entry.

    Raises ShapeError if the numbers of axes differ.
    """
    if not isinstance(new, Tensor):
        number = _as_label(ev, name, new, node)
        return Tensor(filled(old.data.shape, lambda at: number), old.unit) if isinstance(old, Tensor) else number
    if not isinstance(old, Tensor):
        raise ShapeError(node.span, written=show(new), rule=f"{name} is a number", remedy="replace it by a number")
    if new.rank == 2 and old.rank == 1 and any(new.unit):
        new = Tensor(new.data.reshape(-1), (False,))
    if new.rank != old.rank:
        written = f"{show(new)} in place of {show(old)}"
        rule = f"{name} has {old.rank} axes"
        raise ShapeError(node.span, written=written, rule=rule, remedy="replace it by an array of its shape")
    return Tensor(filled(new.data.shape, lambda at: _as_label(ev, name, new.data[at], node)), old.unit)


def _as_label(ev: LawEvaluator, name: str, x: Scalar, node: Node) -> Scalar:
    """An entry of an integer input remembers its symbol; other entries stay as they are."""
    if not ev.reading.is_integer(name) or name not in ev.reading.inputs:
        return x
    if isinstance(x, int):
        return Label.of(x, name, 1 - ev.reading.entry(name).origin)
    raise ShapeError(node.span, written=str(x), rule=f"{name} takes whole numbers", remedy="use floor")
