"""Loops over blocks of rows, whose products of matrices stay in cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp

from eqc.emit import teamed
from eqc.ir.terms import Expr
from eqc.loops.nest import Leaf, Loop, leaves_of, loops_of

if TYPE_CHECKING:
    from eqc.emit.function import Function

LEAST_ROWS = 16
"""Rows of a block without products of matrices, which take longer for few."""


@dataclass
class Block:
    """The names with which a loop runs over blocks of rows."""

    function: Function
    loop: Loop
    number: str

    def __post_init__(self) -> None:
        self.rows, self.start, self.stop = (self.function.local(f"{w}{self.number}") for w in ("rows", "start", "stop"))
        self.extent = self.loop.index.extent

    def width(self) -> Expr:
        """How many numbers a row of a block has in all temporaries, and in what its inner loops read again."""
        function = self.function
        own = [name for name in sorted(function.storage) if function.storage[name].blocked is self.loop]
        shapes = [function.tensors[name].shape[function.storage[name].dropped + 1 :] for name in own]
        parts = [part for part in self.loop.body if isinstance(part, Leaf)]
        vectors = [part.item.vector for part in parts if part.item.vector is not None]
        shapes += [(product.across(self.loop.index).extent,) for product in vectors]
        if len(parts) == len(vectors):
            inner = [loop for loop in loops_of(self.loop.body) if loop.index.name != self.loop.index.name]
            shapes += [(loop.index.extent,) for loop in inner]
            rest = [leaf for leaf in leaves_of(self.loop.body) if leaf.inner and leaf not in parts]
            shapes += [tuple(loop.extent for loop in leaf.inner) for leaf in rest]
        return sp.Add(*(sp.Mul(*shape) for shape in shapes))

    def summed(self) -> Expr:
        """How many numbers the matrices have to which each block adds a product."""
        shapes = [item.statement.target.shape for item in self.loop.sums if item.whole is not None]
        return sp.Add(*(sp.Mul(*shape) for shape in shapes))

    def size(self) -> None:
        """Find how many rows a block has."""
        function = self.function
        numbers = [function.whole(number) for number in (self.extent, self.width(), self.summed())]
        if not any(leaf.item.product for leaf in leaves_of([self.loop])):
            numbers.append(str(LEAST_ROWS))
        function.printer.used.add("_block_rows")
        function.line(0, f"{self.rows} = _block_rows({', '.join(numbers)})")

    def run(self, depth: int) -> None:
        """Products of matrices take all rows of a block, other nests one row after the other."""
        function, index = self.function, self.loop.index
        begin, end = teamed.rounds(function, index, depth, split=function.split is self.loop)
        function.line(depth, f"for {self.start} in range({begin}, {end}, {self.rows}):")
        function.line(depth + 1, f"{self.stop} = min({self.start} + {self.rows}, {end})")
        for part in self.loop.body:
            if isinstance(part, Leaf):
                function.at_block = self.loop
                function.leaf(part, depth + 1)
                function.at_block = None
                continue
            function.line(depth + 1, f"for {function.names[index.name]} in range({self.start}, {self.stop}):")
            for inner in part.body:
                function.nest(inner, depth + 2)
