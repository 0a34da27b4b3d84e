"""Products of matrices as calls on views of stored arrays."""

from __future__ import annotations

import sympy as sp

from eqc.emit import teamed
from eqc.emit.function import Function
from eqc.ir.products import MatrixProduct, Term
from eqc.ir.terms import Index, Read, read
from eqc.loops import symmetric
from eqc.loops.nest import Leaf
from eqc.loops.order import Item


def multiply(function: Function, leaf: Leaf, depth: int) -> None:
    """The calls for one statement; all but three of its loops are loops."""
    product, statement = leaf.item.product, leaf.statement
    assert product is not None
    outside = tuple(loop for loop in leaf.inner if loop.symbol not in product.letters)
    adds = leaf.partial or any(loop in statement.bound for loop in outside)
    if adds and not leaf.partial:
        function.line(depth, f"{function.slices(statement, len(statement.free) - _free(leaf))} = 0.0")
    depth = function.open_loops(outside, depth)
    target = read(statement.target.name, statement.positions)
    for number, term in enumerate(product.terms):
        keep = "1.0" if adds or number else "0.0"
        scale, left, right = _factors(function, product, term)
        result = view(function, target, product.row, product.column)
        name = "_symmetric_product" if is_symmetric(function, leaf.item) else "_matrix_product"
        function.printer.used.add(name)
        if function.split is leaf:
            left, result = (teamed.call(function, "_share", matrix) for matrix in (left, result))
        weights = [] if term.weights == 1 else [f"weights={view(function, term.weights, product.inner)}"]
        given = ", ".join([scale, left, right, keep, result, *teamed.argument(function), *weights])
        function.line(depth, f"{name}({given})")
    if not leaf.partial:
        finish(function, leaf.item, depth)


def finish(function: Function, item: Item, depth: int) -> None:
    """What follows once a product is summed up."""
    if is_symmetric(function, item):
        assert item.product is not None
        target = read(item.statement.target.name, item.statement.positions)
        function.printer.used.add("_mirror")
        function.line(depth, f"_mirror({view(function, target, item.product.row, item.product.column)})")


def is_symmetric(function: Function, item: Item) -> bool:
    """Whether a product stays what it is when rows and columns change places, where it is written now."""
    return symmetric.is_symmetric(item, function.plan.leaves, function.at_block)


def _free(leaf: Leaf) -> int:
    """How many free loops a statement has left."""
    return sum(loop in leaf.statement.free for loop in leaf.inner)


def _factors(function: Function, product: MatrixProduct, term: Term) -> tuple[str, str, str]:
    """The number and the matrices of one product."""
    left = view(function, term.left, product.row, product.inner)
    right = view(function, term.right, product.inner, product.column)
    scale = sp.Float(term.scale) if term.scale.is_number else term.scale
    return function.source(scale), left, right


def view(function: Function, r: Read, *loops: Index) -> str:
    """A stored array as a matrix over two loops, or a vector over one."""
    letters = {loop.symbol: loop for loop in loops}
    places = []
    for axis, position in enumerate(r.positions):
        loop = letters.get(position)
        places.append(
            function.position(r.tensor, position, axis) if loop is None else function.run(r.tensor, loop, axis)
        )
    places = places[function.kept(r.tensor).dropped :]
    while places and places[-1] == ":":
        places.pop()
    name = function.names[r.tensor]
    text = f"{name}[{', '.join(places)}]" if places else name
    order = [r.positions.index(loop.symbol) for loop in loops]
    return text if order == sorted(order) else f"{text}.T"
