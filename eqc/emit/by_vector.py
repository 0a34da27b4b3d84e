"""Products of a matrix and a vector as calls on views of stored arrays."""

from __future__ import annotations

from eqc.emit import sums, teamed
from eqc.emit.function import Function
from eqc.emit.product import view
from eqc.ir.terms import read
from eqc.loops.nest import Leaf


def multiply(function: Function, leaf: Leaf, depth: int) -> None:
    """The call for one statement; all but two of its loops are loops."""
    product, statement = leaf.item.vector, leaf.statement
    assert product is not None
    depth = function.open_loops((loop for loop in leaf.inner if loop.symbol not in product.letters), depth)
    matrix = view(function, product.matrix, product.row, product.inner)
    vector = view(function, product.vector, product.inner)
    target = read(statement.target.name, statement.positions)
    result = _collected(function, leaf) if leaf.partial else view(function, target, product.row)
    if function.split is leaf:
        matrix, result = (teamed.call(function, "_share", array) for array in (matrix, result))
    function.printer.used.add("_vector_product")
    function.line(depth, f"_vector_product({matrix}, {vector}, {'1.0' if leaf.partial else '0.0'}, {result})")


def _collected(function: Function, leaf: Leaf) -> str:
    """Where a loop sums up the result."""
    assert leaf.item.vector is not None
    row, name = leaf.item.vector.row, sums.collected(function, leaf.item)
    places = [":" if loop == row else function.whole(loop.symbol) for loop in leaf.item.free_inside]
    return name if len(places) == 1 else f"{name}[{', '.join(places)}]"
