"""Sums over one index for every pair of two others, whose terms are arithmetic: squared distances, for instance.

`D[i, j] = sum(k) (X[i, k] - Y[k, j])**2` reads each number many times, as a product of matrices does: in tiles of some
rows and some columns it is fetched once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from eqc.ir.products import is_rectangular, matrix_product
from eqc.ir.program import Op, Statement, Tensor, free_names, reads_of
from eqc.ir.terms import Expr, Index, Magnitude, Read

_SMALL = 4
"""Loops of this fixed length or less are unrolled instead."""

_MOST = 4
"""The highest power that is multiplied out."""


@dataclass(frozen=True, slots=True)
class TiledSum:
    """The loops of a statement: two of its entries, and the one that it sums over.

    All reads that know `along` know it as their last position, so that its rounds stand side by side in memory.
    """

    row: Index
    column: Index
    inner: Index
    along: Index

    @property
    def letters(self) -> frozenset[sp.Symbol]:
        return frozenset({self.row.symbol, self.column.symbol, self.inner.symbol})

    def renamed(self, old: Index, new: Index) -> TiledSum:
        """With another loop in one's place."""
        return TiledSum(*(new if loop == old else loop for loop in (self.row, self.column, self.inner, self.along)))


def tiled_sum(statement: Statement, tensors: Mapping[str, Tensor]) -> TiledSum | None:
    """How a statement is such a sum; None if it is none, or a product of matrices."""
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    if not plain or statement.target.integer or len(statement.free) < 2 or len(statement.bound) != 1:
        return None
    loops = (*statement.free[-2:], *statement.bound)
    if any(loop.extent.is_Integer and loop.extent <= _SMALL for loop in loops) or not is_rectangular(statement):
        return None
    reads = sorted(reads_of(statement.body), key=str)
    if not _is_arithmetic(statement.body) or not all(_is_part(r, loops, tensors) for r in reads):
        return None
    if not _is_shared(reads, loops) or matrix_product(statement) is not None:
        return None
    row, column, inner = loops
    along = next((loop for loop in (column, inner) if _runs_along(reads, loop)), None)
    return None if along is None else TiledSum(row, column, inner, along)


def _is_arithmetic(body: Expr) -> bool:
    """Whether nothing is called that takes long."""
    if isinstance(body, sp.Pow):
        whole = body.exp.is_Integer and 0 < abs(body.exp) <= _MOST
        return bool(whole and _is_arithmetic(body.base))
    if isinstance(body, sp.Add | sp.Mul | sp.Abs | Magnitude):
        return all(_is_arithmetic(part) for part in body.args)
    return isinstance(body, Read) or bool(body.is_number and body.is_Rational | body.is_Float)


def _is_part(r: Read, loops: tuple[Index, ...], tensors: Mapping[str, Tensor]) -> bool:
    """Whether a read is of real numbers, at not more than two of the loops, each at a position of its own."""
    found = [p for p in r.positions if free_names(p) & {loop.name for loop in loops}]
    plain = all(p.is_Symbol and not isinstance(p, Read) for p in found)
    return plain and len({*found}) == len(found) < 3 and not tensors[r.tensor].integer


def _is_shared(reads: list[Read], loops: tuple[Index, ...]) -> bool:
    """Whether two matrices are read, each of which misses another loop."""
    sets = {frozenset(loop.name for loop in loops if loop.symbol in r.positions) for r in reads}
    return len([names for names in sets if len(names) == 2]) > 1


def _runs_along(reads: list[Read], loop: Index) -> bool:
    known = [r for r in reads if loop.symbol in r.positions]
    return bool(known) and all(r.positions[-1] == loop.symbol for r in known)
