"""One program as the lines of one Numba function that works on one item (no leading axes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from eqc.emit import (
    blocks,
    by_vector,
    calls,
    checks,
    doubled,
    entries,
    paired,
    product,
    reductions,
    shares,
    sums,
    teamed,
    tiled,
    watch,
)
from eqc.emit.function import Function
from eqc.emit.names import words
from eqc.emit.room import allocate
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Index, read
from eqc.loops.nest import Leaf, Nest, made


@dataclass
class Body(Function):
    """A function that writes its whole body: each statement by the module that knows its kind."""

    def body(self) -> list[str]:
        """All lines of the function, without its head and its docstring."""
        if self.doubled:
            doubled.start(self)
        if not self.own_dtype:
            checks.check_sizes(self)
        known = {t.name for t in self.program.inputs}
        waiting = checks.check_positions(self, list(self.program.checks), known)
        watch.start(self)
        self._merge_axes()
        allocate(self)
        for number, node in enumerate(self.tree):
            shares.run(self, number, node)
            known |= made(node)
            waiting = checks.check_positions(self, waiting, known)
        if self.doubt:
            self.line(0, f"if {self.names[self.doubt]} > 0:")
            self.line(1, f"return {self.fallback}")
        watch.wholes(self)
        shares.leave(self)
        if self.doubled:
            doubled.finish(self)
        returned = [*self.returned(), *watch.returned(self)]
        if returned:
            self.line(0, f"return {', '.join(returned)}")
        used = "\n".join(self.lines)
        return [*checks.extent_lines(self, set(words(used))), *self.lines]

    def _merge_axes(self) -> None:
        """What is given and what is written to, with the axes that the loops run over."""
        whole = self.given.tensors
        for name in (*(t.name for t in self.program.inputs), *self.array_outputs):
            if whole[name].rank != self.tensors[name].rank:
                view = "_shaped_result" if name in self.array_outputs else "_shaped"
                self.printer.used.add(view)
                shape = ", ".join(self.whole(extent) for extent in self.tensors[name].shape)
                comma = "," if self.tensors[name].rank == 1 else ""
                self.line(0, f"{self.names[name]} = {view}({self.names[name]}, ({shape}{comma}))")

    def returned(self) -> list[str]:
        """The numbers among the results, as they are returned."""
        return [self.place(read(n)) for n in self.scalar_outputs]

    def nest(self, node: Nest, depth: int) -> None:
        """A loop with all that is in it, or one statement."""
        if isinstance(node, Leaf):
            self.leaf(node, depth)
            return
        if node.condition != sp.true:
            self.line(depth, f"if {self.source(node.condition)}:")
            self.held, depth = node.condition, depth + 1
        names = {name: self.names[name] for name in node.summed}
        shares.open_sums(self, node, depth)
        for item in node.sums:
            sums.start(self, item, depth)
        if node.blocked:
            blocks.run(self, node, depth)
        elif paired.takes_columns(self, node):
            paired.columns(self, node, depth)
        else:
            split, parted = self.split is node, paired.takes_blocks(self, node)
            inside = (paired.open_block if parted else teamed.open_loop)(self, node.index, depth, split=split)
            for part in node.body:
                self.nest(part, inside)
            if parted:
                paired.close_block(self, node, depth + 1)
        for item in node.sums:
            shares.combine(self, node, item, depth)
            sums.finish(self, item, depth)
        shares.close_sums(self, node, names)
        if node.condition != sp.true:
            self.held = sp.true

    def open_loops(self, loops: Iterable[Index], depth: int) -> int:
        """The heads of loops; gives the depth inside them."""
        for loop in loops:
            depth = teamed.open_loop(self, loop, depth, split=False)
        return depth

    def leaf(self, leaf: Leaf, depth: int) -> None:
        """One statement, with the loops that are its own."""
        statement = leaf.statement
        if statement.scatter:
            entries.scatter(self, leaf, depth)
        elif leaf.item.product is not None:
            product.multiply(self, leaf, depth)
        elif leaf.item.vector is not None:
            by_vector.multiply(self, leaf, depth)
        elif leaf.item.tiled is not None:
            tiled.add_up(self, leaf, depth)
        elif leaf.partial:
            sums.step(self, leaf, depth)
        elif isinstance(statement.body, Opaque):
            calls.call(self, statement, depth)
        elif statement.target.name in self.pairs:
            (paired.assign if statement.op is Op.NONE else paired.reduce)(self, leaf, depth)
        elif statement.op is Op.NONE:
            self.assign(statement, depth)
        elif statement.op in (Op.ARGMAX, Op.ARGMIN):
            self.winner(leaf, depth)
        else:
            self.reduce(leaf, depth)

    # what variants of a function do in their own way -----------------------------------------------------------------

    def assign(self, statement: Statement, depth: int) -> None:
        """Store one value."""
        entries.assign(self, statement, depth)
        watch.entry(self, statement, depth)

    def reduce(self, leaf: Leaf, depth: int) -> None:
        """Accumulate over the statement's own loops, then store."""
        reductions.reduce(self, leaf, depth)

    def winner(self, leaf: Leaf, depth: int) -> None:
        """Store the place of an extremum."""
        reductions.winner(self, leaf, depth)
