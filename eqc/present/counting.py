"""Closed forms counted from 1, as the mathematics counts; bound indices get short names."""

from __future__ import annotations

from collections.abc import Collection

import sympy as sp

from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import rebuild
from eqc.present.bound import Total, Whole


def count_from_one(expression: Expr, indices: tuple[Expr, ...], names: Collection[str] = ()) -> Expr:
    """Positions and indices that run from 0 as the mathematics writes them; bound indices get names not in `names`."""
    taken = {s.name for s in _symbols(expression)} | {i.name for i in indices} | set(names)
    return _Shift({i: i for i in indices}, taken).run(expression)


def _symbols(expression: Expr) -> set[Expr]:
    found: set[Expr] = set()
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            found.add(symbol)
            if isinstance(symbol, Read):
                stack.extend(symbol.positions)
    return found


def _delta(left: Expr, right: Expr) -> Expr:
    """δ[a + 1, k + 1] is δ[a, k]."""
    common = min(left.as_coeff_Add()[0], right.as_coeff_Add()[0])
    return sp.KroneckerDelta(left - common, right - common) if common > 0 else sp.KroneckerDelta(left, right)


class _Shift:
    """The walk of `count_from_one`: index i of the program becomes i - 1, positions p become p + 1."""

    def __init__(self, shown: dict[Expr, Expr], taken: set[str]) -> None:
        self.shown = shown
        self.taken = taken

    def run(self, node: Expr) -> Expr:
        if isinstance(node, Read):
            return read(node.tensor, tuple(self._position(p) for p in node.positions), integer=bool(node.is_integer))
        if node in self.shown:
            return self.shown[node] - 1
        if isinstance(node, Total | Whole):
            return self._bound(node)
        if isinstance(node, sp.KroneckerDelta):
            return _delta(*(self._position(a) for a in node.args))
        if isinstance(node, sp.core.relational.Relational) and all(a in self.shown or a.is_Integer for a in node.args):
            return node.func(*(self._position(a) for a in node.args))
        return rebuild(node, tuple(self.run(a) for a in node.args)) if node.args else node

    def _position(self, position: Expr) -> Expr:
        return sp.expand(self.run(position) + 1)

    def _bound(self, node: Expr) -> Expr:
        body, index, extent = node.args
        name = self._name(index.name.split("__")[0])
        symbol = sp.Symbol(name, integer=True, nonnegative=True)
        self.shown[index] = symbol
        result = node.func(self.run(body), symbol, self.run(extent))
        self.taken.discard(name)
        return result

    def _name(self, base: str) -> str:
        options = [base, *"kijlmnpqrst"]
        name = next((o for o in options if o not in self.taken), f"{base}{len(self.taken)}")
        self.taken.add(name)
        return name
