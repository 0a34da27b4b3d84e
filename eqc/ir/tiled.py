"""Sums for every pair of two indices, whose terms are arithmetic: squared distances and convolutions, for instance.

`D[i, j] = sum(k) (X[i, k] - Y[k, j])**2` reads each number many times, as a product of matrices does: in tiles of some
rows and some columns it is fetched once for all of them. `C[x, y] = sum(u, v) I[x + u, y + v]*K[u, v]` keeps a tile's
sums at hand until they are complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.near import is_convolution, is_shorter, runs_along
from eqc.ir.products import is_rectangular, matrix_product
from eqc.ir.program import Op, Statement, Tensor, free_names, reads_of
from eqc.ir.terms import Expr, Index, Magnitude, Read
from eqc.ir.walk import substitute

_SMALL = 4
"""Loops of this fixed length or less are unrolled instead."""

_MOST = 4
"""The highest power that is multiplied out."""


@dataclass(frozen=True, slots=True)
class TiledSum:
    """The last two loops of the entries, and those that are summed over in tiles.

    All reads that know `along` know it in their last position, so that its rounds stand side by side in memory: they
    are the columns of the tiles. The rows of the tiles are those of `rows`, one of the first two.
    """

    row: Index
    column: Index
    inner: tuple[Index, ...]
    rows: Index
    along: Index

    @property
    def letters(self) -> frozenset[sp.Symbol]:
        return frozenset(loop.symbol for loop in (self.row, self.column, *self.inner))

    @property
    def adds_columns(self) -> bool:
        """Whether the columns of a tile are summed over."""
        return self.along in self.inner

    def renamed(self, old: Index, new: Index) -> TiledSum:
        """With another loop in one's place."""
        row, column, rows, along, *inner = (
            new if loop == old else loop for loop in (self.row, self.column, self.rows, self.along, *self.inner)
        )
        return TiledSum(row, column, tuple(inner), rows, along)


def tiled_sum(statement: Statement, tensors: Mapping[str, Tensor]) -> TiledSum | None:
    """How a statement with one bound loop is such a sum; None if it is none, or a product of matrices."""
    loops = (*statement.free[-2:], *statement.bound)
    if len(statement.bound) != 1 or not _is_suitable(statement, tensors):
        return None
    if any(loop.extent.is_Integer and loop.extent <= _SMALL for loop in loops):
        return None
    reads = sorted(reads_of(statement.body), key=str)
    if not all(_is_part(r, loops) for r in reads):
        return None
    if not _is_shared(reads, loops) or matrix_product(statement) is not None:
        return None
    row, column, inner = loops
    along = next((loop for loop in (column, inner) if _runs_along(reads, loop)), None)
    return None if along is None else TiledSum(row, column, (inner,), row if along == column else column, along)


def tiled_convolution(statement: Statement, tensors: Mapping[str, Tensor]) -> TiledSum | None:
    """How a sum of what stands near an entry is taken in tiles, with the columns that run along the memory.

    Where these are summed over, the other loops that are run outside, unless there are entries for many pairs.
    """
    if not statement.bound or not _is_suitable(statement, tensors) or not is_convolution(statement):
        return None
    row, column = statement.free[-2:]
    along = runs_along(statement, column, statement.bound[-1])
    others = tuple(loop for loop in statement.bound if loop != along)
    inner = statement.bound if along not in statement.bound else (*others, along) if statement.free[2:] else (along,)
    found = [rows for rows in (row, column) if rows != along and _move_apart(statement, rows, along)]
    return TiledSum(row, column, inner, found[0], along) if found else None


def channels_of(statement: Statement, tensors: Mapping[str, Tensor]) -> Index | None:
    """The loop over which tiles should run as their rows, if it is none of the last two of the entries.

    Its rounds have what runs along the memory in common, so that this is read once for all of them.
    """
    tiled = tiled_convolution(statement, tensors) if len(statement.free) > 2 else None
    if tiled is None:
        return None
    reads = reads_of(statement.body)
    shared = [loop for loop in statement.free[:-2] if any(_at(r, tiled.along) and not _at(r, loop) for r in reads)]
    found = [loop for loop in shared if any(_at(r, loop) for r in reads) and _move_apart(statement, loop, tiled.along)]
    return found[-1] if found else None


def crossed(statement: Statement, tensors: Mapping[str, Tensor]) -> tuple[Index, Index] | None:
    """Two loops of the entries, of which no read knows both, if what tiles have as their columns is summed over.

    For these two it is a product of matrices, whose rows and columns tiles may have instead: then none are summed up.
    """
    tiled = tiled_convolution(statement, tensors)
    if tiled is None or not tiled.adds_columns:
        return None
    reads = reads_of(statement.body)
    alone = [loop for loop in statement.free if {p for r in reads for p in _at(r, loop)} == {loop.symbol}]
    pairs = ((row, column) for column in reversed(alone) for row in alone if row != column)
    return next((p for p in pairs if not any(all(_at(r, loop) for loop in p) for r in reads)), None)


def gathered(statement: Statement, tensors: Mapping[str, Tensor]) -> Statement | None:
    """A scatter as the sum of what each entry is given, if that is 0 where arrays are read outside of their range.

    `I[x + u] += C[x]*K[u]` is `I[x] = sum(u) C[x - u]*K[u]` with as many rounds of x as I is long.
    """
    target = statement.target
    if not statement.scatter or statement.op is not Op.SUM or statement.guard != sp.true or not target.rank:
        return None
    found = [_longest(p, statement) for p in statement.positions]
    loops = [loop for loop in found if loop is not None]
    if len({*loops}) < len(found) or not _vanishes(statement, loops, tensors):
        return None
    pairs = zip(loops, statement.positions, strict=True)
    moved = {loop.symbol: 2 * loop.symbol - position for loop, position in pairs}
    free = tuple(Index(loop.name, extent) for loop, extent in zip(loops, target.shape, strict=True))
    bound = tuple(loop for loop in statement.loops if loop not in loops)
    places, body = tuple(loop.symbol for loop in free), substitute(statement.body, moved)
    return replace(statement, loops=(*free, *bound), positions=places, body=body, scatter=False)


def _longest(position: Expr, statement: Statement) -> Index | None:
    """The loop of a position of which the others' extents are taken off, if a round of it moves by one."""
    found = [loop for loop in statement.loops if loop.symbol in position.free_symbols]
    longest = [loop for loop in found if all(loop == other or is_shorter(other, loop) for other in found)]
    moves = longest and _is_sum(position) and sp.expand(position).coeff(longest[0].symbol) == 1
    return longest[0] if moves else None


def _vanishes(statement: Statement, loops: list[Index], tensors: Mapping[str, Tensor]) -> bool:
    """Whether nothing is added in rounds of these loops that there are not: each is read over a whole axis."""
    for loop in loops:
        reads = [r for r in reads_of(statement.body) if _at(r, loop)]
        axes = [(p, extent) for r in reads for p, extent in zip(r.positions, tensors[r.tensor].shape, strict=True)]
        if any(loop.symbol in p.free_symbols and (p, extent) != (loop.symbol, loop.extent) for p, extent in axes):
            return False
        if not reads or statement.body.xreplace(dict.fromkeys(reads, sp.Integer(0))) != 0:
            return False
    return True


def _is_suitable(statement: Statement, tensors: Mapping[str, Tensor]) -> bool:
    """Whether arithmetic of real numbers is summed up for every pair of two indices."""
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    if not plain or statement.target.integer or len(statement.free) < 2 or not is_rectangular(statement):
        return False
    real = not any(tensors[r.tensor].integer for r in reads_of(statement.body))
    return real and _is_arithmetic(statement.body)


def _move_apart(statement: Statement, rows: Index, along: Index) -> bool:
    """Whether reads move by one number with a round of either loop, on an axis each, the last one being `along`'s."""
    reads = reads_of(statement.body)
    return all(
        all(sp.expand(p).coeff(loop.symbol) == 1 and _is_sum(p) for loop in (rows, along) for p in _at(r, loop))
        and len(_at(r, rows)) < 2
        and (not _at(r, along) or (_at(r, along) == [r.positions[-1]] and _at(r, rows) != [r.positions[-1]]))
        for r in reads
    ) and any(_at(r, along) for r in reads)


def _at(r: Read, loop: Index) -> list[Expr]:
    """The positions of a read that depend on a loop."""
    return [p for p in r.positions if loop.symbol in p.free_symbols]


def _is_sum(position: Expr) -> bool:
    """Whether a position is made of whole multiples of loops and extents."""
    factors = [term.as_coeff_Mul()[1] for term in sp.Add.make_args(position)]
    return all(f == 1 or (f.is_Symbol and not isinstance(f, Read)) for f in factors)


def _is_arithmetic(body: Expr) -> bool:
    """Whether nothing is called that takes long."""
    if isinstance(body, sp.Pow):
        whole = body.exp.is_Integer and 0 < abs(body.exp) <= _MOST
        return bool(whole and _is_arithmetic(body.base))
    if isinstance(body, sp.Add | sp.Mul | sp.Abs | Magnitude):
        return all(_is_arithmetic(part) for part in body.args)
    return isinstance(body, Read) or bool(body.is_number and body.is_Rational | body.is_Float)


def _is_part(r: Read, loops: tuple[Index, ...]) -> bool:
    """Whether a read is at not more than two of the loops, each at a position of its own."""
    found = [p for p in r.positions if free_names(p) & {loop.name for loop in loops}]
    plain = all(p.is_Symbol and not isinstance(p, Read) for p in found)
    return plain and len({*found}) == len(found) < 3


def _is_shared(reads: list[Read], loops: tuple[Index, ...]) -> bool:
    """Whether two matrices are read, each of which misses another loop."""
    sets = {frozenset(loop.name for loop in loops if loop.symbol in r.positions) for r in reads}
    return len([names for names in sets if len(names) == 2]) > 1


def _runs_along(reads: list[Read], loop: Index) -> bool:
    known = [r for r in reads if loop.symbol in r.positions]
    return bool(known) and all(r.positions[-1] == loop.symbol for r in known)
