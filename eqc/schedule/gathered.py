"""What is scattered near an entry is gathered there, from copies with zeros around them.

`I[x + u] += C[x]*K[u]` writes every entry many times; as `I[x] = sum(u) Z[x - u + k - 1]*K[u]`, where Z is C with the
k - 1 zeros on either side that a kernel of k entries reads beyond C, each is summed up at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.tiled import gathered, tiled_convolution
from eqc.ir.walk import map_reads


def gather(program: Program) -> Program:
    """The same program, in which sums in tiles take the place of such scatters."""
    work = _Gathering(program)
    for statement in program.statements:
        work.take(statement)
    return program.with_statements(tuple(work.statements))


@dataclass
class _Gathering:
    """The statements so far."""

    program: Program
    statements: list[Statement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.tensors = self.program.tensors

    def take(self, statement: Statement) -> None:
        """Append a statement, or the sum that gives the same."""
        sums = gathered(statement, self.tensors)
        tiled = tiled_convolution(sums, self.tensors) if sums is not None else None
        if sums is None or tiled is None or tiled.adds_columns:
            self.statements.append(statement)
            return
        loops = {loop.symbol: loop for loop in sums.loops}
        wide = {
            r: self._surrounded(r, loops)
            for r in sorted(reads_of(sums.body), key=str)
            if not all(p.is_Symbol for p in r.positions)
        }
        self.statements.append(replace(sums, body=map_reads(sums.body, lambda r: wide.get(r, r))))

    def _surrounded(self, r: Read, loops: Mapping[Expr, Index]) -> Expr:
        """A read near an entry as one of a copy of the array, which has zeros wherever there is nothing to read."""
        tensor = self.tensors[r.tensor]
        axes = [_Axis.of(position, extent, loops) for position, extent in zip(r.positions, tensor.shape, strict=True)]
        copy = Tensor(
            fresh(f"{r.tensor}_around", self.taken), tuple(a.index.extent for a in axes), differentiable=False
        )
        there = sp.And(*(condition for axis in axes for condition in axis.conditions))
        inside = read(r.tensor, tuple(axis.index.symbol - axis.before for axis in axes))
        places = tuple(axis.index.symbol for axis in axes)
        body = sp.Piecewise((inside, there), (sp.Integer(0), sp.true))
        self.statements.append(Statement(copy, tuple(axis.index for axis in axes), places, Op.NONE, body))
        return read(copy.name, tuple(p + axis.before for p, axis in zip(r.positions, axes, strict=True)))


@dataclass(frozen=True, slots=True)
class _Axis:
    """An axis of a copy: its loop, how many zeros it begins with, and how many entries follow them."""

    index: Index
    before: Expr
    known: Expr

    @classmethod
    def of(cls, position: Expr, extent: Expr, loops: Mapping[Expr, Index]) -> _Axis:
        """As long as it takes for every position that some loops give."""
        if position.is_Symbol:
            return cls(Index(loops[position].name, extent), sp.Integer(0), extent)
        slopes = {symbol: sp.expand(position).coeff(symbol) for symbol in loops if symbol in position.free_symbols}
        before = -position.subs(
            {symbol: loops[symbol].extent - 1 if slope < 0 else 0 for symbol, slope in slopes.items()}
        )
        last = position.subs({symbol: loops[symbol].extent - 1 if slope > 0 else 0 for symbol, slope in slopes.items()})
        moved = next(symbol for symbol, slope in slopes.items() if slope == 1)
        return cls(Index(loops[moved].name, sp.expand(before + last + 1)), before, extent)

    @property
    def conditions(self) -> tuple[Expr, ...]:
        """Where there is an entry."""
        symbol = self.index.symbol
        return () if self.before == 0 else (sp.Ge(symbol, self.before), sp.Lt(symbol, self.before + self.known))
