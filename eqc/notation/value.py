"""Values during lowering: array expressions that are read entry by entry, and the algebra of shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from eqc.errors import ShapeError, Span
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import branches
from eqc.notation.tree import Assign

At = Callable[[tuple[Expr, ...]], Expr]


@dataclass(frozen=True, slots=True)
class Value:
    """An expression over some axes: `at(positions)` is its body at 0-based positions; `shape` () is a number.

    `tensor` names the tensor when the value is one, read as it stands. `identity` marks a number that multiplies the
    identity matrix, whose order the other terms of a sum decide. `inverse_of` and `determinant_of` are the
    matrix of an inverse or a determinant that nothing has read yet. `written` are the axes whose entries were written
    out one by one, see `eqc.notation.written`.
    """

    shape: tuple[Expr, ...]
    at: At
    tensor: str | None = None
    identity: bool = False
    inverse_of: Value | None = None
    determinant_of: Value | None = None
    written: frozenset[int] = frozenset()

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Scope:
    """The indices in scope with their values (counted as in the formula), their loops, and the guards that hold.

    `values` are the symbols that stand for something else here.
    """

    indices: tuple[tuple[str, Expr], ...] = ()
    loops: tuple[Index, ...] = ()
    guards: tuple[Expr, ...] = ()
    values: tuple[tuple[str, Value | Assign], ...] = ()

    def bound(self, name: str) -> Value | Assign | None:
        """What a substitution or a derivative makes of a symbol: a value, or a statement to work out anew."""
        return next((value for symbol, value in reversed(self.values) if symbol == name), None)

    def with_value(self, name: str, value: Value | Assign) -> Scope:
        return Scope(self.indices, self.loops, self.guards, (*self.values, (name, value)))

    def value_of(self, name: str) -> Expr | None:
        """The value of an index, the innermost one of that name; None if there is none."""
        return next((value for index, value in reversed(self.indices) if index == name), None)

    def with_index(self, name: str, value: Expr, loop: Index) -> Scope:
        return Scope((*self.indices, (name, value)), (*self.loops, loop), self.guards, self.values)

    def with_guard(self, condition: Expr) -> Scope:
        return self if condition == sp.true else Scope(self.indices, self.loops, (*self.guards, condition), self.values)

    @property
    def guard(self) -> Expr:
        return sp.And(*self.guards) if self.guards else sp.true


def number(expression: Expr) -> Value:
    """A value without axes."""
    return Value((), lambda positions: expression)


def show_shape(shape: tuple[Expr, ...]) -> str:
    """A shape as people write it: (N, C), or "a number"."""
    if not shape:
        return "a number"
    return f"({', '.join(str(e) for e in shape)}{',' if len(shape) == 1 else ''})"


def same_extent(left: Expr, right: Expr) -> bool:
    """Whether two extents are equal for all sizes."""
    return bool(left == right or sp.expand(left - right) == 0)


def same_shape(left: tuple[Expr, ...], right: tuple[Expr, ...]) -> bool:
    """Whether two shapes are equal for all sizes."""
    return len(left) == len(right) and all(same_extent(a, b) for a, b in zip(left, right, strict=True))


def elementwise(span: Span, function: Callable[..., Expr], operands: list[Value]) -> Value:
    """Apply a function of numbers entry by entry; numbers go with any shape, and n×1 matrices are vectors."""
    if any(v.rank == 1 for v in operands):
        operands = [as_vector(v) if v.rank == 2 and v.shape[1] == 1 else v for v in operands]
    shapes = [v.shape for v in operands if v.shape]
    if not shapes:
        return number(function(*(v.at(()) for v in operands)))
    for shape in shapes[1:]:
        if not same_shape(shapes[0], shape):
            raise ShapeError(
                span,
                written=" and ".join(show_shape(s) for s in (shapes[0], shape)),
                rule="arrays of different shapes meet entry by entry",
                remedy="make the shapes equal, or write the formula with indices",
            )

    def at(positions: tuple[Expr, ...]) -> Expr:
        return function(*(v.at(positions) if v.shape else v.at(()) for v in operands))

    return by_entries(shapes[0], at, frozenset[int]().union(*(v.written for v in operands)))


def by_entries(shape: tuple[Expr, ...], entry: At, written: frozenset[int]) -> Value:
    """A value whose entries differ along the `written` axes, of known extents: a choice by position along these.

    >>> from eqc.ir.terms import index_symbol
    >>> squares = by_entries((sp.Integer(3),), lambda p: p[0]**2, frozenset([0]))
    >>> squares.at((sp.Integer(2),)), squares.at((index_symbol("i"),))
    (4, Piecewise((0, Eq(i, 0)), (1, Eq(i, 1)), (4, True)))
    """
    if not written:
        return Value(shape, entry)

    def at(positions: tuple[Expr, ...]) -> Expr:
        open_axes = [axis for axis in sorted(written) if not positions[axis].is_Integer]
        if not open_axes:
            return entry(positions)
        axis = open_axes[0]
        places = [sp.Integer(place) for place in range(int(shape[axis]))]
        values = [at((*positions[:axis], place, *positions[axis + 1 :])) for place in places]
        if all(value == values[0] for value in values):
            return values[0]
        cases = [(value, sp.Eq(positions[axis], place)) for value, place in zip(values, places, strict=True)]
        return branches([*cases[:-1], (values[-1], sp.true)])

    return Value(shape, at, written=written)


def transpose(span: Span, value: Value) -> Value:
    """Rows become columns; a value with one axis is a column, so its transpose is a row."""
    if value.rank == 0:
        return value
    if value.rank == 1:
        written = frozenset(axis + 1 for axis in value.written)
        return Value((sp.Integer(1), *value.shape), lambda p: value.at(p[1:]), written=written)
    if value.rank == 2:
        written = frozenset(1 - axis for axis in value.written)
        return Value((value.shape[1], value.shape[0]), lambda p: value.at((p[1], p[0])), written=written)
    raise ShapeError(
        span,
        written=show_shape(value.shape),
        rule="only vectors and matrices have a transpose",
        remedy="write the formula with indices",
    )


def as_vector(value: Value) -> Value:
    """A row or column with a unit axis as a vector; other values as they are."""
    if value.rank == 2 and value.shape[0] == 1:
        written = frozenset(axis - 1 for axis in value.written if axis)
        return Value(value.shape[1:], lambda p: value.at((sp.Integer(0), *p)), written=written)
    if value.rank == 2 and value.shape[1] == 1:
        return Value(value.shape[:1], lambda p: value.at((*p, sp.Integer(0))), written=value.written - {1})
    return value


def identity(order: Expr) -> Value:
    """The identity matrix."""
    return Value((order, order), lambda p: sp.KroneckerDelta(p[0], p[1]))


def diagonal(value: Value) -> Value:
    """The diagonal matrix of a vector."""
    extent = value.shape[0]
    return Value((extent, extent), lambda p: sp.Mul(sp.KroneckerDelta(p[0], p[1]), value.at(p[:1])))
