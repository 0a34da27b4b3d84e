"""Entries of a program's outputs as one expression: temporaries are put in, sums stay sums.

A closed form is a SymPy expression over reads, `KroneckerDelta` and `Total`, a sum over named indices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement
from eqc.ir.terms import Expr, Index, Read, index_symbol
from eqc.ir.walk import branches, map_reads, substitute
from eqc.present.bound import Total, Whole
from eqc.present.wholes import Wholes


class TooLarge(Exception):
    """The closed form would be longer than a person would write."""


@dataclass
class Inliner:
    """Closed forms of entries. Tensors in `kept` stay names; `seeds` gives the cotangents that are put in."""

    program: Program
    kept: frozenset[str]
    seeds: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    limit: int = 400
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.statements = {s.target.name: s for s in self.program.statements}
        self.wholes = Wholes(self.program)

    def entry(self, tensor: str, positions: tuple[Expr, ...]) -> Expr:
        """The closed form of one entry."""
        statement = self.statements[tensor]
        if isinstance(statement.body, Opaque):
            return self._whole(statement, positions)
        return self.expand(self._definition(statement, positions))

    def expand(self, expression: Expr) -> Expr:
        """An expression with the closed forms of what it reads."""
        result = map_reads(expression, self._read)
        if sp.count_ops(result) > self.limit:
            raise TooLarge
        return result

    def _read(self, r: Read) -> Expr:
        if r.tensor in self.seeds:
            pairs = zip(r.positions, self.seeds[r.tensor], strict=True)
            return sp.Mul(*(sp.KroneckerDelta(p, q) for p, q in pairs))
        if r.tensor in self.kept or r.tensor not in self.statements:
            return r
        return self.entry(r.tensor, r.positions)

    def _definition(self, statement: Statement, positions: tuple[Expr, ...]) -> Expr:
        if statement.scatter:
            return self._scattered(statement, positions)
        mapping = dict(zip(statement.positions, positions, strict=True))
        if statement.op is Op.NONE:
            return substitute(statement.body, mapping)
        if statement.op not in (Op.SUM, Op.PRODUCT):
            raise TooLarge
        head = Total if statement.op is Op.SUM else Whole
        return self._bind(statement.bound, statement.body, mapping, head)

    def _whole(self, statement: Statement, positions: tuple[Expr, ...]) -> Expr:
        """An entry of an array that is computed as a whole: read by name, or a sum over such entries."""
        entry = self.wholes.entry(statement, positions, self.numbers)
        if entry is None:
            raise TooLarge
        return entry if isinstance(entry, Read) else self.expand(entry)

    def _scattered(self, statement: Statement, positions: tuple[Expr, ...]) -> Expr:
        """A scatter's entry sums what lands on it."""
        marks = tuple(index_symbol(f"mark__{next(self.numbers)}") for _ in positions)
        pairs = zip(statement.positions, marks, strict=True)
        hits = sp.Mul(*(sp.KroneckerDelta(p, mark, evaluate=False) for p, mark in pairs))
        landing = statement.body * hits
        if statement.guard != sp.true:
            landing = branches([(landing, statement.guard), (sp.Integer(0), sp.true)])
        total = self._bind(statement.loops, landing, {}, Total)
        return substitute(total, dict(zip(marks, positions, strict=True)))

    def _bind(self, loops: tuple[Index, ...], body: Expr, mapping: dict[Expr, Expr], head: type) -> Expr:
        """Bound indices get names of their own, so that sums may be nested."""
        fresh = [(loop, index_symbol(f"{loop.name}__{next(self.numbers)}")) for loop in loops]
        mapping = {**mapping, **{loop.symbol: symbol for loop, symbol in fresh}}
        result = substitute(body, mapping)
        for loop, symbol in reversed(fresh):
            result = head(result, symbol, substitute(loop.extent, mapping))
        return result
