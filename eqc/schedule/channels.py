"""Sums near an entry are taken for several channels at once, which read the same entries.

`C[o, x, y] = sum(u, v) I[x + u, y + v]*K[o, u, v]` is a product of matrices for each u and v: in tiles of some o and
some y every number of I is fetched once for all these o. Tiles have the last two axes of a sum, so that it is stored
with that of the channels as the last but one.

`K[o, c, u, v] = sum(x, y) D[o, x, y]*I[c, x + u, y + v]` is one of D and of I too, for each u and v. There the channels
of I are the columns of the tiles, which takes a copy with these side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.tiled import channels_of, crossed
from eqc.ir.walk import map_reads


def join_channels(program: Program) -> Program:
    """The same program, in which such sums have their channels side by side."""
    work = _Channels(program)
    for statement in program.statements:
        work.take(map_statement(statement, work.moved_read))
    return program.with_statements(tuple(work.statements))


@dataclass
class _Channels:
    """The statements so far, what took the place of arrays that are no results, and copies by tensor and last axis."""

    program: Program
    statements: list[Statement] = field(default_factory=list)
    moved: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    copies: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.tensors: Mapping[str, Tensor] = self.program.tensors
        checks = {name for check in self.program.checks for name in check.reads}
        self.fixed = {*self.program.outputs, *checks, *(use.tensor for use in self.program.uses)}

    def take(self, statement: Statement) -> None:
        """Append a statement, or the sum and, if others need it as it was, a copy."""
        if self._take_crossed(statement):
            return
        channels = channels_of(statement, self.tensors)
        if channels is None:
            self.statements.append(statement)
        else:
            *rest, last = (loop for loop in statement.free if loop != channels)
            self._append(statement, (*rest, channels, last), statement.body)

    def _take_crossed(self, statement: Statement) -> bool:
        """Append a sum whose tiles have channels as rows and as columns, if it is one."""
        found = crossed(statement, self.tensors)
        if found is None:
            return False
        row, column = found
        known = [r for r in sorted(reads_of(statement.body), key=str) if column.symbol in r.positions]
        parts = {r: self._with_last(r, column) for r in known}
        free = (*(loop for loop in statement.free if loop not in found), row, column)
        self._append(statement, free, map_reads(statement.body, lambda r: parts.get(r, r)))
        return True

    def _append(self, statement: Statement, free: tuple[Index, ...], body: Expr) -> None:
        """A sum whose axes come in another order."""
        target, order = statement.target, tuple(statement.free.index(loop) for loop in free)
        name = fresh(f"{target.name}_side_by_side", self.taken)
        made = Tensor(name, _ordered(target.shape, order), differentiable=False)
        positions, loops = _ordered(statement.positions, order), (*free, *statement.bound)
        self.statements.append(replace(statement, target=made, loops=loops, positions=positions, body=body))
        if target.name in self.fixed:
            self.statements.append(replace(statement, loops=statement.free, op=Op.NONE, body=read(name, positions)))
        else:
            self.moved[target.name] = name, order

    def _with_last(self, r: Read, column: Index) -> Read:
        """A read of an array as one of a copy that has the axis of a loop last."""
        axis, rank = r.positions.index(column.symbol), len(r.positions)
        if axis == rank - 1:
            return r
        order = (*(n for n in range(rank) if n != axis), axis)
        if (r.tensor, axis) not in self.copies:
            self.copies[r.tensor, axis] = fresh(f"{r.tensor}_turned", self.taken)
            axes = axes_of(self.tensors[r.tensor].shape, fixed_names(self.program) | self.taken)
            inside = read(r.tensor, tuple(a.symbol for a in axes))
            loops = _ordered(axes, order)
            copy = Tensor(self.copies[r.tensor, axis], tuple(a.extent for a in loops), differentiable=False)
            self.statements.append(Statement(copy, loops, tuple(a.symbol for a in loops), Op.NONE, inside))
        return read(self.copies[r.tensor, axis], _ordered(r.positions, order))

    def moved_read(self, r: Read) -> Expr:
        """A read of what has its axes in another order by now."""
        if r.tensor not in self.moved:
            return r
        name, order = self.moved[r.tensor]
        return read(name, _ordered(r.positions, order))


def _ordered(parts: Sequence[Expr], order: tuple[int, ...]) -> tuple[Expr, ...]:
    return tuple(parts[n] for n in order)
