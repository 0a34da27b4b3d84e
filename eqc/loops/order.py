"""In which order a statement's loops may run, so that it can share them with other statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.near import is_convolution, is_shorter, runs_along
from eqc.ir.opaque import Opaque
from eqc.ir.products import MatrixProduct, VectorProduct, is_rectangular, is_small, matrix_product, vector_product
from eqc.ir.program import Op, Program, Statement, Tensor, reads_of, statement_reads, tensors_read
from eqc.ir.terms import Index
from eqc.ir.tiled import TiledSum, tiled_convolution, tiled_sum
from eqc.ir.walk import substitute
from eqc.loops.vectors import SLOW_ALONE

_ONE_BY_ONE = (Op.PRODUCT, Op.MAX, Op.MIN)
"""What is collected in a number only, not in an array."""


@dataclass(frozen=True, slots=True)
class Item:
    """A statement and the loops that it shares with others or runs itself, outermost first.

    `order` is None while it may still be chosen; the loops that it does not name are innermost. A sum that runs over a
    bound loop before a free one collects in an array.
    """

    statement: Statement
    product: MatrixProduct | None = None
    vector: VectorProduct | None = None
    tiled: TiledSum | None = None
    order: tuple[Index, ...] | None = None

    @property
    def first_bound(self) -> int | None:
        """The depth of the loop that sums up; None if only the innermost loops do."""
        bound = () if self.statement.scatter else self.statement.bound
        return next((n for n, loop in enumerate(self.order or ()) if loop in bound), None)

    @property
    def shared_free(self) -> tuple[Index, ...]:
        """The free loops around the one that sums up."""
        return (self.order or ())[: self.first_bound]

    @property
    def free_inside(self) -> tuple[Index, ...]:
        """The free loops inside the one that sums up, for which a number is collected each."""
        return tuple(loop for loop in self.statement.free if loop not in self.shared_free)

    @property
    def whole(self) -> MatrixProduct | VectorProduct | TiledSum | None:
        """What takes a whole block of rows, if it does."""
        return self.product or self.vector or self.tiled

    @property
    def is_weighted(self) -> bool:
        """Whether it is the product of a matrix with itself and with weights, which threads share by what is summed."""
        return self.product is not None and any(term.weights != 1 for term in self.product.terms)

    def takes_block(self, depth: int) -> bool:
        """Whether it is a product with a matrix, or a sum in tiles, over a block of the rows of the loop at a depth."""
        if self.whole is None or self.order is None or depth != len(self.order) - 1:
            return False
        return self.order[depth].symbol in self.whole.letters

    def has_loops_below(self, depth: int) -> bool:
        """Whether loops are left inside the one at a depth."""
        return bool(self.inner(depth + 1))

    def calls_vector_function(self) -> bool:
        """Whether a function is called that vector instructions compute for many numbers at once."""
        return bool(self.statement.body.has(*SLOW_ALONE))

    def inner(self, depth: int) -> tuple[Index, ...]:
        """The loops that are left for the statement itself, where so many are shared."""
        shared = (self.order or self.statement.free)[:depth]
        return tuple(loop for loop in self.statement.loops if loop not in shared)

    def choices(self, depth: int) -> tuple[tuple[Index, Item], ...]:
        """The loops that may come next, the usual one first."""
        if self.order is not None:
            return ((self.order[depth], self),) if depth < len(self.order) else ()
        free, bound = self.statement.free, self.statement.bound
        if self.whole is not None:
            return self._of_whole(depth)
        usual = ((free[depth], self),) if depth < len(free) else ()
        if (self.statement.op in _ONE_BY_ONE or all(map(is_small, self.statement.loops))) and depth < len(free):
            return usual  # numbers in registers, no array that is made anew for every item
        if self._ends_along_row(depth):
            return ((bound[0], self._ordered((*free[:-1], *bound, free[-1]))),)
        if depth == len(free) - 1 and self._reads_rows():
            return usual
        rest = free[depth:]
        return usual + tuple(
            (loop, self._ordered((*free[:depth], loop, *rest, *(b for b in bound if b != loop)))) for loop in bound
        )

    def _ends_along_row(self, depth: int) -> bool:
        """Whether the last free loop should be innermost, since sums over it would jump from row to row."""
        free, bound = self.statement.free, self.statement.bound
        last = depth == len(free) - 1 and self.statement.op is Op.SUM
        return last and runs_along(self.statement, free[-1], bound[-1]) is free[-1]

    def _reads_rows(self) -> bool:
        """Whether the sum runs along rows of an array, which its last free loop would jump across."""
        column, inner = self.statement.free[-1].symbol, {loop.symbol for loop in self.statement.bound}
        return any(
            r.positions[-1] in inner and column in r.positions[:-1]
            for r in statement_reads(self.statement)
            if r.positions
        )

    def _of_whole(self, depth: int) -> tuple[tuple[Index, Item], ...]:
        """Free loops up to the rows of a matrix, or a loop that sums up what blocks give.

        Some rows of a matrix times itself would have as many columns as all of it, which is symmetric.
        """
        assert self.whole is not None
        free, bound = self.statement.free, self.statement.bound
        here = free[depth]
        summed = tuple((loop, self._ordered((*free[:depth], loop))) for loop in bound)
        if here != self.whole.row:
            return ((here, self), *summed)
        return summed if self.is_weighted else ((here, self._ordered(free[: depth + 1])), *summed)

    def alone(self, depth: int) -> tuple[Index, Item] | None:
        """The next loop where there is nothing to share: the innermost one runs along the memory."""
        found = self.choices(depth)
        if not found:
            return None
        free, bound = self.statement.free, self.statement.bound
        if depth > 0 or self.order is not None or self.whole is not None or self.statement.op is not Op.SUM:
            return found[0]
        whole = bool(free) and len(bound) > 1 and is_convolution(self.statement)
        if whole and runs_along(self.statement, free[-1], bound[-1]) is bound[-1]:
            return bound[0], self._ordered((*bound[:-1], *free))
        return found[0]

    def _ordered(self, order: tuple[Index, ...]) -> Item:
        return replace(self, order=order)

    def by_loops(self) -> Item:
        """With loops for a product of a matrix and a vector."""
        if self.vector is None or self.order is None:
            return replace(self, vector=None)
        rest = tuple(loop for loop in self.statement.free if loop not in self.order)
        return replace(self, vector=None, order=(*self.order, *rest))

    def renamed(self, old: Index, new: Index) -> Item:
        """With one loop's name changed."""
        if old.name == new.name:
            return self
        statement = _with_index(self.statement, old, new)
        named = {loop.name: loop for loop in statement.loops} | {old.name: new}
        order = None if self.order is None else tuple(named[loop.name] for loop in self.order)
        product = matrix_product(statement) if self.product else None
        vector = self.vector.renamed(old, new) if self.vector else None
        tiled = self.tiled.renamed(old, new) if self.tiled else None
        return Item(statement, product, vector, tiled, order)


def items_of(program: Program, *, shared: bool, apart: frozenset[str]) -> list[Item]:
    """The statements in order; if nothing is to be `shared` but free loops, each has its usual order.

    Those that are `apart` are not summed up in tiles.
    """
    return [_item(s, program, shared=shared, tiles=s.target.name not in apart) for s in program.statements]


def _item(statement: Statement, program: Program, *, shared: bool, tiles: bool) -> Item:
    if statement.scatter:
        return Item(_along_rows(statement), order=_rows(statement)) if shared else Item(statement, order=())
    product = matrix_product(statement) if shared else None
    if product is not None and product.is_plain(program.tensors):
        item = Item(statement, product)
        return replace(item, order=()) if _stands_alone(statement, program) and not item.is_weighted else item
    vector = vector_product(statement, program.tensors) if shared and tiles else None
    if vector is not None and vector.matrix.tensor in program.given:
        return Item(statement, vector=vector, order=() if _stands_alone(statement, program) else None)
    summed = statement.op in (Op.SUM, *_ONE_BY_ONE) and not isinstance(statement.body, Opaque)
    if shared and summed and is_rectangular(statement):
        return (_in_tiles(statement, program.tensors) if tiles else None) or Item(statement)
    return Item(statement, order=_ragged_order(statement) if shared and summed else statement.free)


def _ragged_order(statement: Statement) -> tuple[Index, ...]:
    """The order of a sum over ranges that vary: its last free loop innermost if that runs along rows."""
    free, bound = statement.free, statement.bound
    if not free or not bound or statement.op is not Op.SUM or reads_of(sp.Tuple(*(loop.extent for loop in bound))):
        return free
    varying = {loop.symbol for loop in (free[-1], *bound)}
    even = not any(loop.extent.free_symbols & varying for loop in (*free, *bound))
    inside = not free[-1].extent.free_symbols & {loop.symbol for loop in free}
    along = even and inside and runs_along(statement, free[-1], bound[-1]) is free[-1]
    return (*free[:-1], *bound, free[-1]) if along else free


def _in_tiles(statement: Statement, tensors: Mapping[str, Tensor]) -> Item | None:
    """A sum in tiles; what is summed up near each entry has the order of its loops already."""
    free, bound = statement.free, statement.bound
    tiled = tiled_sum(statement, tensors)
    if tiled is not None:
        return Item(statement, tiled=tiled)
    tiled = tiled_convolution(statement, tensors)
    if tiled is None:
        return None
    outside = tuple(loop for loop in bound if loop not in tiled.inner)
    return Item(statement, tiled=tiled, order=outside or free[: -2 if tiled.adds_columns else -1])


def _stands_alone(statement: Statement, program: Program) -> bool:
    """Whether a product makes a result of what is stored as a whole in any case: blocks of rows would gain nothing."""
    name = statement.target.name
    if name not in program.outputs or name in program.read:
        return False
    return all(r in program.given or r in program.outputs for r in tensors_read(statement))


def _rows(statement: Statement) -> tuple[Index, ...]:
    """The leading axes of a scatter whose slices are written in one round each."""
    loops = {loop.symbol: loop for loop in statement.loops}
    found: list[Index] = []
    if is_rectangular(statement):
        for position, extent in list(zip(statement.positions, statement.target.shape, strict=True))[:-1]:
            if position not in loops or loops[position] in found or loops[position].extent != extent:
                break
            found.append(loops[position])
    return tuple(found)


def _along_rows(statement: Statement) -> Statement:
    """A scatter with the loop innermost that runs along the rows of its target, the longest of several."""
    last = statement.positions[-1].free_symbols if statement.positions else set()
    along = [loop for loop in statement.loops if loop.symbol in last]
    if not along or not is_rectangular(statement):
        return statement
    inner = next((loop for loop in along if not any(is_shorter(loop, other) for other in along)), along[0])
    return replace(statement, loops=(*(loop for loop in statement.loops if loop != inner), inner))


def _with_index(statement: Statement, old: Index, new: Index) -> Statement:
    mapping = {old.symbol: new.symbol}
    return replace(
        statement,
        loops=tuple(
            new if loop == old else Index(loop.name, substitute(loop.extent, mapping)) for loop in statement.loops
        ),
        positions=tuple(substitute(p, mapping) for p in statement.positions),
        body=substitute(statement.body, mapping),
        guard=substitute(statement.guard, mapping),
    )
