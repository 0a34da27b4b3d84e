"""Sums for pairs of indices, in tiles: each number that is read serves several rows and columns.

A few terms at a time are added up in the precision of the data, and what they give in double precision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sympy as sp

from eqc.emit import sums, teamed
from eqc.emit.function import Function
from eqc.ir.terms import Index
from eqc.ir.tiled import TiledSum
from eqc.loops.nest import Leaf, leaves_of, loops_of

ROWS = 8
"""The rows of a tile."""

TERMS = 16
"""So many terms are added up in the precision of the data."""

ROUNDS = 16
"""So many tiles side by side stay in the nearest cache while rows go by; each adds a term to the sum of a column."""


def add_up(function: Function, leaf: Leaf, depth: int) -> None:
    """All of a statement, or what a block of rows adds to it."""
    tiled = leaf.item.tiled
    assert tiled is not None
    work = _Work(function, leaf, tiled)
    work.find_ranges(depth)
    depth = function.open_loops((loop for loop in leaf.inner if loop.symbol not in tiled.letters), depth)
    (_along_sum if tiled.adds_columns else _along_entries)(work, depth)


def allocate(function: Function) -> None:
    """Room for sums that are collected part by part."""
    for leaf in leaves_of(function.tree):
        tiled = leaf.item.tiled
        if tiled is not None and not leaf.partial and tiled.adds_columns:
            block = next((loop for loop in loops_of(function.tree) if loop.blocked and leaf in loop.body), None)
            in_block = block is not None and block.index == tiled.row
            rows = sp.Symbol(function.blocks[id(block)].rows) if in_block else tiled.row.extent
            shape = f"({function.whole(rows)}, {function.whole(tiled.column.extent)})"
            function.line(0, f"{sums.collected(function, leaf.item)} = np.empty({shape}, np.float64)")


@dataclass
class _Work:
    """One statement, and where its loops begin and end: blocks and threads take a part of one."""

    function: Function
    leaf: Leaf
    tiled: TiledSum
    ranges: dict[str, tuple[str, str]] = field(default_factory=dict)

    def find_ranges(self, depth: int) -> None:
        function, tiled = self.function, self.tiled
        loops = (tiled.row, tiled.column, *tiled.inner)
        self.ranges = {loop.name: ("0", function.whole(loop.extent)) for loop in loops}
        if function.at_block is not None:
            block = function.blocks[id(function.at_block)]
            self.ranges[function.at_block.index.name] = (block.start, block.stop)
        elif function.split is self.leaf:
            self.ranges[tiled.row.name] = teamed.rounds(function, tiled.row, depth, split=True)

    def call(self, name: str, *arguments: str) -> str:
        """A call of a function for tiles."""
        self.function.printer.used.add(name)
        return f"{name}({', '.join(arguments)})"

    def name(self, loop: Index, part: str = "") -> str:
        """The name of a loop, or of something that belongs to it."""
        own = self.function.names[loop.name]
        return self.function.local(f"{own}_{part}") if part else own

    def line(self, depth: int, text: str) -> None:
        self.function.line(depth, text)

    def open(self, loop: Index, depth: int, step: str = "") -> int:
        """The head of a loop."""
        start, stop = self.ranges[loop.name]
        given = f"{start}, {stop}, {step}" if step else stop if start == "0" else f"{start}, {stop}"
        self.line(depth, f"for {self.name(loop)} in range({given}):")
        return depth + 1

    def open_all(self, loops: Iterable[Index], depth: int) -> int:
        """The heads of loops."""
        for loop in loops:
            depth = self.open(loop, depth)
        return depth

    def open_rows(self, loop: Index, depth: int) -> int:
        """A loop over so many rows at a time."""
        depth = self.open(loop, depth, str(ROWS))
        rows = self.call("_rows_at", self.name(loop), self.ranges[loop.name][1])
        self.line(depth, f"{self.name(loop, 'rows')} = {rows}")
        return depth

    def open_columns(self, loop: Index, depth: int) -> int:
        """A loop over so many columns at a time."""
        depth = self.open(loop, depth, self.call("_width", self.function.dtype()))
        self.line(depth, f"{self.name(loop, 'columns')} = {self.columns(self.name(loop), self.ranges[loop.name][1])}")
        return depth

    def columns(self, start: str, stop: str) -> str:
        """The columns from one place on."""
        return self.call("_columns_at", start, stop, self.function.dtype())

    def open_tiles(self, depth: int) -> int:
        """The loops over tiles: along the memory, but down the columns of a block, whose rows stay in the cache."""
        rows, along = self.tiled.rows, self.tiled.along
        if self.function.at_block is None:
            return self.open_columns(along, self.open_rows(rows, depth))
        return self.open_rows(rows, self.open_columns(along, depth))

    def open_parts(self, loop: Index, count: str, depth: int) -> int:
        """A loop over parts of a loop, which then runs over one part only."""
        (start, stop), begin, end = self.ranges[loop.name], self.name(loop, "from"), self.name(loop, "to")
        self.line(depth, f"for {begin} in range({start}, {stop}, {count}):")
        self.line(depth + 1, f"{end} = min({begin} + {count}, {stop})")
        self.ranges[loop.name] = (begin, end)
        return depth + 1

    def rounds(self, inner: Index) -> str:
        """So many rounds of a loop have the terms of a part, with all rounds of the loop in it."""
        return f"max(1, {TERMS}//max(1, {self.function.whole(inner.extent)}))"

    def of_tile(self) -> tuple[str, str]:
        """The terms of a statement, and where it stores or collects their sums, for all rows and columns of a tile."""
        function = self.function
        loops = ((self.tiled.rows, "rows"), (self.tiled.along, "columns"))
        names = {loop.name: function.names[loop.name] for loop, _ in loops}
        for loop, part in loops:
            function.names[loop.name] = self.name(loop, part)
        found = function.value(self.leaf.statement), self._place()
        function.names.update(names)
        return found

    def _place(self) -> str:
        function, tiled, item = self.function, self.tiled, self.leaf.item
        if self.leaf.partial:
            return self.entry(*(function.whole(loop.symbol) for loop in item.free_inside))
        if not tiled.adds_columns:
            return function.target(self.leaf.statement)
        return self.entry(self.row(), function.whole(tiled.column.symbol))

    def entry(self, *places: str) -> str:
        """An entry of the array in which sums are collected."""
        return f"{sums.collected(self.function, self.leaf.item)}[{', '.join(places)}]"

    def row(self) -> str:
        """The row of a statement in that array, which has those of a block only."""
        function, row = self.function, self.tiled.row
        inside = function.at_block is not None and function.at_block.index == row
        return f"{self.name(row)} - {self.ranges[row.name][0]}" if inside else self.name(row)

    def nothing(self, dtype: str) -> str:
        """A tile to begin a sum with."""
        tiled = self.tiled
        return self.call("_no_tile", self.name(tiled.rows, "rows"), self.name(tiled.along, "columns"), dtype)

    def total(self, part: str = "") -> str:
        """The name of a sum for a tile."""
        return self.function.local(f"{self.function.names[self.leaf.statement.target.name]}_{part or 'tile'}")


def _along_entries(work: _Work, depth: int) -> None:
    """Tiles of entries, each of which is summed up at once."""
    tiled, total, part = work.tiled, work.total(), work.total("part")
    depth = work.open_tiles(depth)
    value, place = work.of_tile()
    work.line(depth, f"{total} = {work.nothing('np.float64')}")
    *outer, last = tiled.inner
    parts = work.open_all(outer[:-1], depth)
    for loop in outer[-1:]:
        parts = work.open_parts(loop, work.rounds(last), parts)
    parts = work.open_parts(last, str(TERMS), parts)
    work.line(parts, f"{part} = {work.nothing(work.function.dtype())}")
    work.line(work.open_all((*outer[-1:], last), parts), f"{part} = {work.call('_add', part, value)}")
    work.line(parts, f"{total} = {work.call('_add', total, part)}")
    work.line(depth, f"{place} {'+=' if work.leaf.partial else '='} {total}")


def _along_sum(work: _Work, depth: int) -> None:
    """Tiles of terms, which are added up across their columns."""
    tiled = work.tiled
    other = tiled.column if tiled.rows == tiled.row else tiled.row
    if not work.leaf.partial:
        work.line(depth, f"{work.entry(':')} = 0.0")
    inside = work.open_parts(tiled.along, f"{ROUNDS}*{work.call('_width', work.function.dtype())}", depth)
    work.line(inside, f"{work.name(tiled.along, 'columns')} = {work.columns(*work.ranges[tiled.along.name])}")
    inside = work.open_rows(tiled.rows, work.open(other, inside))
    value, place = work.of_tile()
    kept = work.call("_inside", value, work.name(tiled.along, "columns"))
    found = _collected(work, inside, kept) if len(tiled.inner) > 1 else _part(work, inside, kept)
    work.line(inside, f"{place} += {work.call('_across', found)}")
    if not work.leaf.partial:
        _store(work, depth)


def _part(work: _Work, depth: int, term: str, outer: Iterable[Index] = ()) -> str:
    """The sum of terms in the precision of the data."""
    part = work.total("part")
    work.line(depth, f"{part} = {work.nothing(work.function.dtype())}")
    terms = work.open_columns(work.tiled.along, work.open_all(outer, depth))
    work.line(terms, f"{part} = {work.call('_add', part, term)}")
    return part


def _collected(work: _Work, depth: int, term: str) -> str:
    """The sum over several loops, a few columns of the innermost one at a time."""
    *outer, last, along = work.tiled.inner
    total = work.total()
    work.line(depth, f"{total} = {work.nothing('np.float64')}")
    begin, end = work.ranges[along.name]
    few = f"max(1, {TERMS}*{work.call('_width', work.function.dtype())}//({end} - {begin}))"
    parts = work.open_parts(last, few, work.open_all(outer, depth))
    part = _part(work, parts, term, [last])
    work.line(parts, f"{total} = {work.call('_add', total, part)}")
    return total


def _store(work: _Work, depth: int) -> None:
    """What was collected for all rows."""
    function, column = work.function, work.tiled.column
    depth = work.open(column, work.open(work.tiled.row, depth))
    entry = work.entry(work.row(), work.name(column))
    work.line(depth, f"{function.target(work.leaf.statement)} = {entry}")
