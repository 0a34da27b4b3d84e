"""Rules that rewrite one shape of expression into one that holds over more of the float range, and how they match.

A pattern is an expression over the letters `A`, `B` and `C`, which stand for any expression. Sums and products match in
any order and may have further terms or factors; a letter that stands alone in a product takes all factors that read
data. A quotient of two letters is split at its stroke, and sums match up to a common number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import sympy as sp

from eqc.ir.program import reads_of
from eqc.ir.terms import Expr

A = sp.Symbol("a", real=True)
B = sp.Symbol("b", real=True)
C = sp.Symbol("c", real=True)
_MOST_SCALED = 12
"""Longer sums are matched as they stand, so that the work grows with the formula only."""

_LETTERS = (A, B, C)

Binding = dict[Expr, Expr]


def anything(found: Binding) -> bool:
    """No condition."""
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` = `replacement` wherever `where` holds of what the letters stand for.

    `because` says why the replacement is better, `holds` in words where the two are equal.
    """

    pattern: Expr
    replacement: Expr
    because: str
    holds: str = "for all real numbers"
    where: Callable[[Binding], bool] = anything

    @property
    def head(self) -> type:
        """The head of all that the rule may match."""
        return type(self.pattern)

    @property
    def identity(self) -> str:
        """What equals what."""
        return f"{self.pattern} = {self.replacement}"

    def apply(self, node: Expr) -> Expr | None:
        """The better form, or None where the rule does not match.

        >>> x = sp.Symbol("x", real=True)
        >>> Rule(1 - sp.cos(A), 2*sp.sin(A/2)**2, "it cancels").apply(3 - sp.cos(2*x)) is None
        True
        >>> Rule(1 - sp.cos(A), 2*sp.sin(A/2)**2, "it cancels").apply(1 + x - sp.cos(2*x))
        x + 2*sin(x)**2
        """
        if isinstance(self.pattern, sp.Add | sp.Mul):
            if type(node) is not type(self.pattern) or len(node.args) < len(self.pattern.args):
                return None
            return next(self._parts(node), None)
        for found in _match(self.pattern, node, {}):
            if self.where(found):
                return self._filled(found)
        return None

    def _parts(self, node: Expr) -> Iterator[Expr]:
        """The better forms of a sum or a product, some of whose parts match; of a sum, up to a number."""
        for number in _common_numbers(node) if isinstance(node, sp.Add) else (sp.Integer(1),):
            scaled = node if number == 1 else sp.Add(*(term / number for term in node.args))
            for found, rest in _match_part(self.pattern, scaled, {}):
                if self.where(found):
                    parts = (self._filled(found), *rest)
                    yield node.func(*parts) if number == 1 else sp.Add(*(number * part for part in parts))

    def _filled(self, found: Binding) -> Expr:
        return self.replacement.xreplace(found)


def _common_numbers(node: Expr) -> list[Expr]:
    """1, and the numbers that stand before more than one term, up to their signs; just 1 for a long sum."""
    if len(node.args) > _MOST_SCALED:
        return [sp.Integer(1)]
    sizes = [abs(term if term.is_Rational else term.as_coeff_Mul()[0]) for term in node.args]
    repeated = {n for n in sizes if n.is_Rational and sizes.count(n) > 1 and n != 0} | {sp.Integer(1)}
    return [sign * n for n in sorted(repeated, key=lambda n: (n != 1, n)) for sign in (1, -1)]


def _match(pattern: Expr, node: Expr, bound: Binding) -> Iterator[Binding]:
    """Every way to read a whole node as a pattern."""
    if pattern in _LETTERS:
        if bound.get(pattern, node) == node:
            yield {**bound, pattern: node}
    elif not pattern.args:
        if pattern == node:
            yield bound
    elif isinstance(pattern, sp.Mul) and pattern.args[0] == -1:
        yield from _match(-pattern, -node, bound)
    elif _is_quotient(pattern) and not bound:
        yield from _split_quotient(pattern, node)
    elif isinstance(pattern, sp.Add | sp.Mul):
        if type(node) is type(pattern):
            yield from (found for found, rest in _match_part(pattern, node, bound) if not rest)
    elif type(node) is type(pattern) and len(node.args) == len(pattern.args):
        yield from _match_all(pattern.args, node.args, bound)


def _is_quotient(pattern: Expr) -> bool:
    """A letter over a letter."""
    return isinstance(pattern, sp.Mul) and {*pattern.args} == {A, 1 / B}


def _split_quotient(pattern: Expr, node: Expr) -> Iterator[Binding]:
    """A product as what stands above its stroke, over what stands below."""
    below = [f for f in sp.Mul.make_args(node) if isinstance(f, sp.Pow) and f.args[1].could_extract_minus_sign()]
    if below:
        above = [f for f in sp.Mul.make_args(node) if f not in below]
        yield {A: sp.Mul(*above), B: sp.Mul(*(sp.Pow(f.args[0], -f.args[1]) for f in below))}


def _match_all(patterns: tuple[Expr, ...], nodes: tuple[Expr, ...], bound: Binding) -> Iterator[Binding]:
    if not patterns:
        yield bound
        return
    for found in _match(patterns[0], nodes[0], bound):
        yield from _match_all(patterns[1:], nodes[1:], found)


def _match_part(pattern: Expr, node: Expr, bound: Binding) -> Iterator[tuple[Binding, list[Expr]]]:
    """Every way to read some terms (or factors) of a node as those of a pattern, with the others."""
    fixed, letters = _parts_of(pattern)
    terms = _terms_of(node)
    if not all(terms.places(p, bound) for p in fixed):
        return
    for found, chosen in _choose(fixed, terms, bound, ()):
        rest = [part for place, part in enumerate(node.args) if place not in chosen]
        taken = _take_letters(letters, type(node), rest, found)
        if taken is not None:
            yield taken


@lru_cache(maxsize=1024)
def _parts_of(pattern: Expr) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """The parts of a pattern that are no letters, in the order in which they are matched, and the letters."""
    fixed = sorted((p for p in pattern.args if p not in _LETTERS), key=_letter_count)
    return tuple(fixed), tuple(p for p in pattern.args if p in _LETTERS)


class _Terms:
    """The terms (or factors) of a node, found by what they are equal to, by their heads, and by those of negatives."""

    def __init__(self, node: Expr) -> None:
        self.args = node.args
        self.by_key: defaultdict[object, list[int]] = defaultdict(list)
        for place, part in enumerate(node.args):
            self.by_key[part].append(place)
            if part.args:
                self.by_key[type(part)].append(place)
            if isinstance(part, sp.Mul) and part.args[0] == -1 and len(part.args) == 2:
                self.by_key[-1, type(part.args[1])].append(place)

    def places(self, pattern: Expr, bound: Binding) -> Sequence[int]:
        """Where a part of a pattern may match: all places that do are among them."""
        if _letters_in(pattern) <= bound.keys():
            return self.by_key.get(pattern.xreplace(bound), ())
        if isinstance(pattern, sp.Mul) and pattern.args[0] == -1 and len(pattern.args) == 2:
            inner = pattern.args[1]
            return range(len(self.args)) if inner in _LETTERS else self.by_key.get((-1, type(inner)), ())
        return range(len(self.args)) if _is_quotient(pattern) else self.by_key.get(type(pattern), ())


@lru_cache(maxsize=256)
def _terms_of(node: Expr) -> _Terms:
    return _Terms(node)


@lru_cache(maxsize=1024)
def _letters_in(pattern: Expr) -> frozenset[Expr]:
    return frozenset(pattern.free_symbols & set(_LETTERS))


def _letter_count(pattern: Expr) -> int:
    """What is matched first leaves less to choose."""
    return len(_letters_in(pattern))


def _choose(
    patterns: tuple[Expr, ...], terms: _Terms, bound: Binding, chosen: tuple[int, ...]
) -> Iterator[tuple[Binding, tuple[int, ...]]]:
    """Every way to read some terms as patterns, with the places that are `chosen`."""
    if not patterns:
        yield bound, chosen
        return
    for place in terms.places(patterns[0], bound):
        if place not in chosen:
            for found in _match(patterns[0], terms.args[place], bound):
                yield from _choose(patterns[1:], terms, found, (*chosen, place))


def _take_letters(
    letters: tuple[Expr, ...], head: type, nodes: list[Expr], bound: Binding
) -> tuple[Binding, list[Expr]] | None:
    """Letters that are known take what they stand for, an unknown one the rest."""
    found, rest = dict(bound), list(nodes)
    for letter in sorted(letters, key=lambda p: p not in found):
        if letter in found:
            for part in head.make_args(found[letter]):  # type: ignore[attr-defined]
                if part not in rest:
                    return None
                rest.remove(part)
            continue
        mine, others = (rest, []) if head is sp.Add else _with_data(rest)
        if not mine:
            return None
        found[letter] = head(*mine)
        rest = others
    return found, rest


def _with_data(nodes: list[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Those that read data, and the others."""
    reading = [bool(reads_of(n)) for n in nodes]
    return list(compress(nodes, reading)), [n for n, reads in zip(nodes, reading, strict=True) if not reads]
