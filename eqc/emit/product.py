"""Products of matrices as calls on views of stored arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from eqc.emit.nest import Leaf
from eqc.ir.products import MatrixProduct, Term
from eqc.ir.terms import Index, Read, read

if TYPE_CHECKING:
    from eqc.emit.function import Function


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
        result = _view(function, target, product.row, product.column)
        function.printer.used.add("_matrix_product")
        function.line(depth, f"_matrix_product({scale}, {left}, {right}, {keep}, {result})")


def _free(leaf: Leaf) -> int:
    """How many free loops a statement has left."""
    return sum(loop in leaf.statement.free for loop in leaf.inner)


def _factors(function: Function, product: MatrixProduct, term: Term) -> tuple[str, str, str]:
    """The number and the matrices of one product."""
    left = _view(function, term.left, product.row, product.inner)
    right = _view(function, term.right, product.inner, product.column)
    scale = sp.Float(term.scale) if term.scale.is_number else term.scale
    return function.source(scale), left, right


def _view(function: Function, r: Read, row: Index, column: Index) -> str:
    """A stored array as a matrix over two loops."""
    letters = {row.symbol: row, column.symbol: column}
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
    return text if r.positions.index(row.symbol) < r.positions.index(column.symbol) else f"{text}.T"
