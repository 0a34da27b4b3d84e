"""Loops over blocks of rows, whose products of matrices stay in cache."""

from __future__ import annotations

import sympy as sp

from eqc.emit import teamed
from eqc.emit.function import Function
from eqc.ir.terms import Expr
from eqc.loops.nest import Leaf, Loop, leaves_of, loops_of

LEAST_ROWS = 16
"""Rows of a block without products of matrices, which take longer for few."""


def size(function: Function, loop: Loop) -> None:
    """Find how many rows a block has."""
    numbers = [function.whole(number) for number in (loop.index.extent, _width(function, loop), _summed(loop))]
    if not any(leaf.item.product for leaf in leaves_of([loop])):
        numbers.append(str(LEAST_ROWS))
    function.printer.used.add("_block_rows")
    function.line(0, f"{function.blocks[id(loop)].rows} = _block_rows({', '.join(numbers)})")


def _width(function: Function, loop: Loop) -> Expr:
    """How many numbers a row of a block has in all temporaries, and in what its inner loops read again."""
    own = [name for name in sorted(function.storage) if function.storage[name].blocked is loop]
    shapes = [function.tensors[name].shape[function.storage[name].dropped + 1 :] for name in own]
    parts = [part for part in loop.body if isinstance(part, Leaf)]
    vectors = [part.item.vector for part in parts if part.item.vector is not None]
    shapes += [(product.across(loop.index).extent,) for product in vectors]
    if len(parts) == len(vectors):
        inner = [one for one in loops_of(loop.body) if one.index.name != loop.index.name]
        shapes += [(one.index.extent,) for one in inner]
        rest = [leaf for leaf in leaves_of(loop.body) if leaf.inner and leaf not in parts]
        shapes += [tuple(one.extent for one in leaf.inner) for leaf in rest]
    return sp.Add(*(sp.Mul(*shape) for shape in shapes))


def _summed(loop: Loop) -> Expr:
    """How many numbers the matrices have to which each block adds a product."""
    shapes = [item.statement.target.shape for item in loop.sums if item.whole is not None]
    return sp.Add(*(sp.Mul(*shape) for shape in shapes))


def run(function: Function, loop: Loop, depth: int) -> None:
    """Products of matrices take all rows of a block, other nests one row after the other."""
    index, names = loop.index, function.blocks[id(loop)]
    begin, end = teamed.rounds(function, index, depth, split=function.split is loop)
    function.line(depth, f"for {names.start} in range({begin}, {end}, {names.rows}):")
    function.line(depth + 1, f"{names.stop} = min({names.start} + {names.rows}, {end})")
    for part in loop.body:
        if isinstance(part, Leaf):
            function.at_block = loop
            function.leaf(part, depth + 1)
            function.at_block = None
            continue
        function.line(depth + 1, f"for {function.names[index.name]} in range({names.start}, {names.stop}):")
        for inner in part.body:
            function.nest(inner, depth + 2)
