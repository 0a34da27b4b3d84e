"""Sums over a short row for every pair of rows read one of the arrays by columns, from a copy that is made once.

D[i, j] = sum(k) (X[i, k] - Y[j, k])**2 adds up a few numbers for every entry; with the rows of Y as columns of Z, all
entries of a row of D are added up at once, D[i, j] = sum(k) (X[i, k] - Z[k, j])**2, in vectors along j. Sums that read
the same rows later, as in the derivatives, do so from the copy, and give what has the shape of Y by columns first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.products import is_rectangular, matrix_product
from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Read, read


def turn(program: Program) -> Program:
    """The same program, in which such sums run along the memory."""
    work = _Turning(program)
    for statement in program.statements:
        work.take(statement)
    return program.with_statements(tuple(work.statements))


@dataclass
class _Turning:
    """The statements so far, and the names of the copies by columns."""

    program: Program
    statements: list[Statement] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.shapes = {name: tensor.shape for name, tensor in self.program.tensors.items()}

    def take(self, statement: Statement) -> None:
        """Append a statement that may be turned."""
        if not _is_over_pairs(statement):
            self.statements.append(statement)
            return
        for r in _across(statement):
            if r.tensor not in self.copies and self._is_whole(r, statement):
                self.copies[r.tensor] = fresh(f"{r.tensor}_turned", self.taken)
                self._copy(r, statement)
        reads = sorted(reads_of(statement.body), key=str)
        known = [r for r in reads if r.tensor in self.copies and self._is_whole(r, statement)]
        if not known:
            self.statements.append(statement)
            return
        memo: dict[Expr, Expr] = {r: read(self.copies[r.tensor], r.positions[::-1]) for r in known}
        body = statement.body.xreplace(memo)
        if any(r.positions == statement.positions for r in known):
            self._append_by_columns(statement, body)
        else:
            self.statements.append(replace(statement, body=body))

    def _is_whole(self, r: Read, host: Statement) -> bool:
        """Whether two loops of a statement run over all of a matrix."""
        extents = {loop.symbol: loop.extent for loop in host.loops}
        return tuple(extents.get(p) for p in r.positions) == self.shapes[r.tensor]

    def _copy(self, r: Read, host: Statement) -> None:
        """All of an array by columns."""
        loops = {loop.symbol: loop for loop in host.loops}
        column, inner = (loops[p] for p in r.positions)
        target = Tensor(self.copies[r.tensor], (inner.extent, column.extent), differentiable=False)
        self.statements.append(Statement(target, (inner, column), (inner.symbol, column.symbol), Op.NONE, r))

    def _append_by_columns(self, statement: Statement, body: Expr) -> None:
        """A sum whose result is turned once it is complete."""
        row, column = statement.free
        name = fresh(f"{statement.target.name}_turned", self.taken)
        target = Tensor(name, statement.target.shape[::-1], differentiable=False)
        loops, at = (column, row, *statement.bound), (column.symbol, row.symbol)
        self.statements.append(replace(statement, target=target, loops=loops, positions=at, body=body))
        self.statements.append(replace(statement, loops=(row, column), op=Op.NONE, body=read(name, at)))


def _is_over_pairs(statement: Statement) -> bool:
    """Whether a statement sums up over one index what is no product of matrices, for every entry of a matrix.

    What stands in a branch may be read only where the branch holds.
    """
    plain = statement.op is Op.SUM and not statement.scatter and not statement.target.integer
    if not plain or len(statement.free) != 2 or len(statement.bound) != 1 or not is_rectangular(statement):
        return False
    return not statement.body.has(sp.Piecewise) and matrix_product(statement) is None


def _across(statement: Statement) -> list[Read]:
    """The reads of rows at the last free index, if these are all that it stands in and each is needed many times."""
    row, column, inner = (loop.symbol for loop in (*statement.free, *statement.bound))
    reads = sorted(reads_of(statement.body), key=str)
    found = [r for r in reads if column in _letters(r)]
    across = all(r.positions == (column, inner) for r in found)
    return found if across and any({row, inner} <= _letters(r) for r in reads) else []


def _letters(r: Read) -> set[Expr]:
    return set().union(*(p.free_symbols for p in r.positions)) if r.positions else set()
