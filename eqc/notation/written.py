"""Matrices that are written out entry by entry, and the algebra in which their entries are told apart.

Entries at known positions are what was written; along an axis with a loop they are a choice by the loop's index. So a
product with such a matrix is a sum of the terms that are not 0, and no loop over choices.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as all_of

import sympy as sp

from eqc.errors import NotationError
from eqc.ir.terms import Expr, index_symbol
from eqc.notation.tree import Call, Node, TupleNode
from eqc.notation.value import Value, by_entries

_BOTH = frozenset((0, 1))
_LONG = 24
"""Operations in all entries from which a product reads stored ones, as it repeats each of them."""
_LONGEST_SUM = 8
"""Terms up to which a product with a matrix that was written out is written out."""
_LARGEST_DETERMINANT = 3


def matrix(node: Call, entry_of: Callable[[Node], Expr]) -> Value:
    """The value of `Matrix([[a, b], [c, d]])`, or of `Matrix([a, b])`, which is a column."""
    rows = [row.items if isinstance(row, TupleNode) else (row,) for row in node.arguments]
    if len({len(row) for row in rows}) != 1:
        raise NotationError(
            node.span,
            written="Matrix(…)",
            rule="a matrix has rows of one length",
            remedy="write Matrix([[a, b], [c, d]]), or Matrix([a, b]) for a column",
        )
    entries = [[entry_of(entry) for entry in row] for row in rows]
    height, width = sp.Integer(len(rows)), sp.Integer(len(rows[0]))
    if width == 1:
        return by_entries((height,), lambda p: entries[int(p[0])][0], frozenset([0]))
    return by_entries((height, width), lambda p: entries[int(p[0])][int(p[1])], _BOTH)


def runs_out(rows: Value, columns: Value) -> bool:
    """Whether a product is written out: one factor is, along the axis that is summed over."""
    count = rows.shape[1]
    return bool(count.is_Integer) and int(count) <= _LONGEST_SUM and (1 in rows.written or 0 in columns.written)


def may_repeat(value: Value, times: Expr) -> bool:
    """Whether a product may have the entries of a value, as they are written, so many times."""
    return bool(value.written) and (times == 1 or sum(sp.count_ops(entry) for entry in _entries(value)) <= _LONG)


def _entries(value: Value) -> list[Expr]:
    """Every written entry, at any place of the axes that are not written out."""
    axes = [
        [sp.Integer(k) for k in range(int(extent))] if axis in value.written else [index_symbol("any")]
        for axis, extent in enumerate(value.shape)
    ]
    return [value.at(place) for place in all_of(*axes)]


def product(rows: Value, columns: Value) -> Value:
    """The product of two matrices, each entry a sum of terms."""
    inner = [sp.Integer(k) for k in range(int(rows.shape[1]))]

    def entry(at: tuple[Expr, ...]) -> Expr:
        return sp.Add(*(rows.at((at[0], k)) * columns.at((k, at[1])) for k in inner))

    return by_entries((rows.shape[0], columns.shape[1]), entry, outer_axes(rows, columns))


def outer_axes(rows: Value, columns: Value) -> frozenset[int]:
    """Which axes of a product are written out."""
    return (rows.written & {0}) | (columns.written & {1})


def trace(value: Value) -> Expr | None:
    """The sum of the diagonal, if that is written out."""
    if not value.written:
        return None
    places = [sp.Integer(k) for k in range(int(value.shape[0]))]
    return sp.Add(*(value.at((k, k)) for k in places))


def determinant(value: Value) -> Expr | None:
    """The determinant of a small matrix that is written out, by its first row."""
    if value.written != _BOTH or int(value.shape[0]) > _LARGEST_DETERMINANT:
        return None
    order = range(int(value.shape[0]))
    return _expanded([[value.at((sp.Integer(i), sp.Integer(j))) for j in order] for i in order])


def _expanded(rows: list[list[Expr]]) -> Expr:
    if len(rows) == 1:
        return rows[0][0]
    first, *rest = rows
    return sp.Add(
        *((-1) ** j * entry * _expanded([row[:j] + row[j + 1 :] for row in rest]) for j, entry in enumerate(first))
    )
