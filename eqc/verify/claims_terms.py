"""The terms that proofs are made of: entries of arrays, sums and Kronecker deltas as plain symbols with a meaning.

SymPy sees symbols and smooth functions only. What it must not touch (positions, bound indices, limits) is kept beside
the symbols: two sums are the same symbol if their bodies are the same formula, whatever their indices are called.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import sympy as sp

Expr = Any
LARGEST = 400
HIGHEST_POWER = 12
MOST_UNROLLED = 12
MOST_INDICES = 3


RELATIONS: Mapping[str, Callable[[Expr, Expr], Expr]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Unsuited(Exception):
    """The relation is not one of those that are tried."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an array, at positions counted from 1; `whole` is the extent of a last axis that sums to 1."""

    name: str
    positions: tuple[Expr, ...]
    assumptions: tuple[tuple[str, bool], ...]
    whole: Expr | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of products over indices from 1, each with its last value."""

    body: Expr
    limits: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """1 where two positions are equal, else 0."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Indicator:
    """1 where `difference` stands in a relation to 0, else 0."""

    difference: Expr
    relation: str


Meaning = Entry | Total | Delta | Indicator


def small(expression: Expr) -> Expr:
    """The expression, unless it is too large to be tried."""
    for size, part in enumerate(sp.preorder_traversal(expression)):
        if size >= LARGEST or (part.is_Pow and part.exp.is_Integer and abs(part.exp) > HIGHEST_POWER):
            raise Unsuited
    return expression


def index(name: str) -> Expr:
    """The symbol of an index."""
    return sp.Symbol(name, integer=True, positive=True)


@dataclass(slots=True)
class Terms:
    """The meanings of the symbols of one proof; `ranges` has the last value of every index whose range is known."""

    meaning: dict[Expr, Meaning] = field(default_factory=dict)
    ranges: dict[Expr, Expr] = field(default_factory=dict)
    fresh: int = 0

    def new_index(self, last: Expr) -> Expr:
        """An index over 1 … last that stands nowhere yet."""
        self.fresh += 1
        found = index(f"_{self.fresh}")
        self.ranges[found] = last
        return found

    def placed(self, positions: tuple[Expr, ...], shape: tuple[Expr, ...]) -> None:
        """Note that an array of this shape is read there: claims are meant where that is inside."""
        for position, extent in zip(positions, shape, strict=False):
            if position.is_Symbol:
                self.ranges.setdefault(position, extent)

    def entry(
        self, name: str, positions: tuple[Expr, ...], assumptions: Mapping[str, bool], whole: Expr | None = None
    ) -> Expr:
        """An entry of an array, or with no positions a number."""
        shown = f"{name}[{', '.join(map(str, positions))}]" if positions else name
        symbol = sp.Symbol(shown, **assumptions)
        self.meaning[symbol] = Entry(name, positions, tuple(sorted(assumptions.items())), whole)
        return symbol

    def delta(self, left: Expr, right: Expr) -> Expr:
        """A Kronecker delta."""
        if left == right:
            return sp.Integer(1)
        if (left - right).is_nonzero and (left - right).is_number:
            return sp.Integer(0)
        left, right = sorted((left, right), key=str)
        symbol = sp.Symbol(f"delta({left}, {right})", integer=True)
        self.meaning[symbol] = Delta(left, right)
        return symbol

    def indicator(self, difference: Expr, relation: str) -> Expr:
        """Whether a relation to 0 holds, as 1 or 0."""
        difference = sp.expand(difference)
        if difference.is_number:
            return sp.Integer(bool(RELATIONS[relation](difference, 0)))
        if isinstance(self.meaning.get(difference), Indicator | Delta):
            raise Unsuited
        symbol = sp.Symbol(f"holds({difference} {relation} 0)", integer=True)
        self.meaning[symbol] = Indicator(difference, relation)
        return symbol

    def total(self, body: Expr, at: Expr, last: Expr) -> Expr:
        """The sum of a body over at = 1 … last: numbers of terms written out, deltas used, constant factors before."""
        if last.is_Integer and last <= MOST_UNROLLED:
            return small(sp.Add(*(self.replaced(body, {at: sp.Integer(k)}) for k in range(1, int(last) + 1))))
        return sp.Add(*(self._term(term, at, last) for term in sp.Add.make_args(small(sp.expand(body)))))

    def _term(self, term: Expr, at: Expr, last: Expr) -> Expr:
        factors = sp.Mul.make_args(term)
        for factor in factors:
            base = factor.base if factor.is_Pow else factor
            meaning = self.meaning.get(base)
            if isinstance(meaning, Delta) and at in (meaning.left, meaning.right):
                other = meaning.right if meaning.left == at else meaning.left
                if self.ranges.get(other) != last:
                    raise Unsuited
                rest = sp.Mul(*(f for f in factors if f is not factor))
                return self.replaced(rest, {at: other})
        inner = [f for f in factors if self.depends(f, at)]
        outer = sp.Mul(*(f for f in factors if not self.depends(f, at)))
        return outer * (self._atom(inner, at, last) if inner else last)

    def _atom(self, factors: list[Expr], at: Expr, last: Expr) -> Expr:
        """A sum that cannot be worked out; sums among the factors are drawn into it."""
        if len(factors) == 1 and self._is_distribution(factors[0], at, last):
            return sp.Integer(1)
        limits, body = [(at, last)], sp.Integer(1)
        for factor in factors:
            meaning = self.meaning.get(factor)
            if isinstance(meaning, Total):
                fresh = {old: self.new_index(extent) for old, extent in meaning.limits}
                limits += [(fresh[old], extent) for old, extent in meaning.limits]
                factor = self.replaced(meaning.body, fresh)
            body *= factor
        return self._named(body, limits)

    def _is_distribution(self, factor: Expr, at: Expr, last: Expr) -> bool:
        meaning = self.meaning.get(factor)
        if not isinstance(meaning, Entry) or meaning.whole is None or meaning.whole != last:
            return False
        return meaning.positions[-1] == at and not any(self.depends(p, at) for p in meaning.positions[:-1])

    def _named(self, body: Expr, limits: list[tuple[Expr, Expr]]) -> Expr:
        """The symbol of a sum: the first in order of those that it has under other names of its indices."""
        if len(limits) > MOST_INDICES:
            raise Unsuited
        depth = max((str(s).count("Sum(") for s in body.free_symbols), default=0)
        names = [index(f"_k{depth}_{n}") for n in range(len(limits))]
        found: dict[str, tuple[Expr, tuple[tuple[Expr, Expr], ...]]] = {}
        for order in permutations(limits):
            own = tuple((name, last) for name, (_, last) in zip(names, order, strict=True))
            renamed = self.replaced(body, {old: name for (old, _), name in zip(order, names, strict=True)})
            found[f"Sum({renamed}, {own})"] = renamed, own
        shown = min(found)
        symbol = sp.Symbol(shown, **({"positive": True} if body.is_positive else {"real": True}))
        self.meaning[symbol] = Total(*found[shown])
        return symbol

    def depends(self, expression: Expr, at: Expr) -> bool:
        """Whether an expression holds an index, in positions and sums too."""
        return any(s == at or any(self.depends(p, at) for p in self._parts(s)) for s in expression.free_symbols)

    def _parts(self, symbol: Expr) -> Iterator[Expr]:
        meaning = self.meaning.get(symbol)
        if isinstance(meaning, Entry):
            yield from meaning.positions
        elif isinstance(meaning, Total):
            yield from (meaning.body, *(last for _, last in meaning.limits))
        elif isinstance(meaning, Delta):
            yield from (meaning.left, meaning.right)
        elif isinstance(meaning, Indicator):
            yield meaning.difference

    def replaced(self, expression: Expr, places: Mapping[Expr, Expr]) -> Expr:
        """The expression with other indices."""
        return self.rebuilt(expression, lambda symbol: places.get(symbol, symbol))

    def rebuilt(self, expression: Expr, leaf: Callable[[Expr], Expr]) -> Expr:
        """The expression with its plain symbols and entries replaced, in positions and sums too."""
        changed = {}
        for symbol in sorted(expression.free_symbols, key=str):
            new = self._rebuilt(symbol, leaf)
            if new != symbol:
                changed[symbol] = new
        return expression.xreplace(changed)

    def _rebuilt(self, symbol: Expr, leaf: Callable[[Expr], Expr]) -> Expr:
        meaning = self.meaning.get(symbol)
        if isinstance(meaning, Entry):
            positions = tuple(self.rebuilt(p, leaf) for p in meaning.positions)
            return leaf(self.entry(meaning.name, positions, dict(meaning.assumptions), meaning.whole))
        if isinstance(meaning, Total):
            fresh = {old: self.new_index(self.rebuilt(last, leaf)) for old, last in meaning.limits}
            return self._totals(self.rebuilt(meaning.body, lambda s: fresh.get(s, leaf(s))), fresh.values())
        if isinstance(meaning, Delta):
            return self.delta(self.rebuilt(meaning.left, leaf), self.rebuilt(meaning.right, leaf))
        if isinstance(meaning, Indicator):
            return self.indicator(self.rebuilt(meaning.difference, leaf), meaning.relation)
        return leaf(symbol)

    def derivative(self, expression: Expr, name: str, at: tuple[Expr, ...], shape: tuple[Expr, ...]) -> Expr:
        """The partial derivative in one entry of an array of some shape."""
        self.placed(at, shape)
        found = []
        for symbol in sorted(expression.free_symbols, key=str):
            slope = self._slope(symbol, name, at, shape)
            if slope != 0:
                found.append(sp.diff(expression, symbol) * slope)
        return small(sp.Add(*found))

    def _slope(self, symbol: Expr, name: str, at: tuple[Expr, ...], shape: tuple[Expr, ...]) -> Expr:
        meaning = self.meaning.get(symbol)
        if isinstance(meaning, Entry) and meaning.name == name:
            return sp.Mul(*(self.delta(p, q) for p, q in zip(meaning.positions, at, strict=True)))
        if isinstance(meaning, Total):
            fresh = {old: self.new_index(last) for old, last in meaning.limits}
            body = self.replaced(meaning.body, fresh)
            return self._totals(self.derivative(body, name, at, shape), fresh.values())
        return sp.Integer(0)

    def _totals(self, body: Expr, over: Iterable[Expr]) -> Expr:
        for at in over:
            body = self.total(body, at, self.ranges[at])
        return body

    def settled(self, expression: Expr) -> Expr:
        """Every term with deltas and indicators to the first power, and what they make equal written alike."""
        return sp.Add(*(self._settled(term) for term in sp.Add.make_args(small(sp.expand(expression)))))

    def _settled(self, term: Expr) -> Expr:
        for factor in sp.Mul.make_args(term):
            base = factor.base if factor.is_Pow else factor
            meaning = self.meaning.get(base)
            if not isinstance(meaning, Delta | Indicator):
                continue
            rest = sp.Mul(*(f for f in sp.Mul.make_args(term) if f is not factor))
            if factor.is_Pow:
                return self._settled(base * rest)
            if isinstance(meaning, Delta) and meaning.right.is_Symbol and self.depends(rest, meaning.right):
                return base * self._settled(self.replaced(rest, {meaning.right: meaning.left}))
        return term
