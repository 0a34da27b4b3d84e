"""Arrays of exact or hyperdual numbers, and the algebra of matrices on them.

`unit` marks the axes that have one entry by nature (a column's second axis), as opposed to an extent that happens to
be 1 at this point: a product of a row and a column is a number, a product of two matrices of extent 1 is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from eqc.errors import ShapeError, Span
from eqc.verify.balls import Objects
from eqc.verify.hyperdual import HyperDual, Scalar, divide, lift, multiply, total, undefined


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of scalars (or truth values) with at least one axis."""

    data: Objects
    unit: tuple[bool, ...]

    @property
    def rank(self) -> int:
        return len(self.unit)


Value = Any  # a Scalar, a bool, a Tensor, or the fields of a record with several outputs


def filled(shape: Sequence[int], entry: Callable[[tuple[int, ...]], Any]) -> Objects:
    """An array of objects, entry by entry.

    >>> filled((2, 2), lambda at: sum(at)).tolist()
    [[0, 1], [1, 2]]
    """
    data: Objects = np.empty(tuple(shape), dtype=object)
    for at in places(shape):
        data[at] = entry(at)
    return data


def places(shape: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """All positions in an array, row by row: most arrays here are numbers, for which NumPy takes its time.

    >>> list(places((2, 2))), list(places(()))
    ([(0, 0), (0, 1), (1, 0), (1, 1)], [()])
    """
    return product(*map(range, shape))


def plain(shape: Sequence[int], entry: Callable[[tuple[int, ...]], Any]) -> Tensor:
    """A tensor whose axes are all extents."""
    return Tensor(filled(shape, entry), (False,) * len(shape))


def elementwise(span: Span, function: Callable[..., Any], operands: Sequence[Value]) -> Value:
    """A function of numbers, entry by entry; numbers go with any shape."""
    tensors = [v for v in operands if isinstance(v, Tensor)]
    if not tensors:
        return function(*operands)
    rank = 1 if _are_columns(tensors) else max(t.rank for t in tensors)
    aligned = [_with_rank(span, v, rank) if isinstance(v, Tensor) else v for v in operands]
    lead = next(v for v in aligned if isinstance(v, Tensor))
    for other in aligned:
        if isinstance(other, Tensor) and (other.data.shape, other.unit) != (lead.data.shape, lead.unit):
            raise _misfit(span, lead, other, "arrays of different shapes meet entry by entry")

    def entry(at: tuple[int, ...]) -> Any:
        return function(*(v.data[at] if isinstance(v, Tensor) else v for v in aligned))

    return Tensor(filled(lead.data.shape, entry), lead.unit)


def written(rows: list[list[Scalar]]) -> Tensor:
    """The matrix of some rows, a vector if it has one column; one row alone is a row by nature.

    >>> written([[1, 2]]).unit, written([[1], [2]]).unit
    ((True, False), (False,))
    """
    data: Objects = np.empty((len(rows), len(rows[0])), dtype=object)
    data[:] = rows
    if data.shape[1] == 1:
        return Tensor(data[:, 0], (False,))
    return Tensor(data, (len(rows) == 1, False))


def _are_columns(tensors: Sequence[Tensor]) -> bool:
    """Whether vectors meet matrices with one column only: the result is a vector then."""
    matrices = [t for t in tensors if t.rank == 2]
    return len(matrices) < len(tensors) and all(t.data.shape[1] == 1 and not t.unit[0] for t in matrices)


def _with_rank(span: Span, value: Tensor, rank: int) -> Tensor:
    if value.rank == 2 and rank == 1:
        return Tensor(value.data[:, 0], value.unit[:1])
    if value.rank == 1 and rank == 2:
        return as_column(value)
    if value.rank != rank:
        raise _misfit(span, value, None, "arrays with different numbers of axes meet entry by entry")
    return value


def as_column(vector: Tensor) -> Tensor:
    """A vector as a matrix with one column."""
    return Tensor(vector.data[:, None], (*vector.unit, True))


def transpose(span: Span, value: Value) -> Value:
    """Rows become columns; a number is its own transpose."""
    if not isinstance(value, Tensor):
        return value
    matrix = _as_matrix(span, value)
    return Tensor(matrix.data.T, matrix.unit[::-1])


def matrix_product(span: Span, left: Value, right: Value) -> Value:
    """The product of matrices; a vector is a column, a product of a row and a column a number."""
    if not (isinstance(left, Tensor) and isinstance(right, Tensor)):
        return elementwise(span, multiply, [left, right])
    rows, columns = _as_matrix(span, left), _as_matrix(span, right)
    if (rows.data.shape[1], rows.unit[1]) != (columns.data.shape[0], columns.unit[0]):
        raise _misfit(span, left, right, "the inner extents of a matrix product differ")
    data = filled(
        (rows.data.shape[0], columns.data.shape[1]),
        lambda at: total(multiply(a, b) for a, b in zip(rows.data[at[0]], columns.data[:, at[1]], strict=True)),
    )
    if rows.unit[0] and columns.unit[1]:
        return data[0, 0]
    if right.rank == 1:
        return Tensor(data[:, 0], rows.unit[:1])
    return Tensor(data, (rows.unit[0], columns.unit[1]))


def _as_matrix(span: Span, value: Tensor) -> Tensor:
    if value.rank == 1:
        return as_column(value)
    if value.rank == 2:
        return value
    raise _misfit(span, value, None, "matrix algebra is for vectors and matrices")


def square(span: Span, value: Value) -> Tensor:
    """The value if it is a square matrix; otherwise ShapeError."""
    if isinstance(value, Tensor) and value.rank == 2 and value.data.shape[0] == value.data.shape[1]:
        return value
    raise _misfit(span, value, None, "a square matrix is needed here")


def matrix_power(span: Span, base: Tensor, exponent: int) -> Value:
    """A whole power of a square matrix; negative powers are those of the inverse."""
    matrix = square(span, base if exponent >= 0 else inverse(span, base))
    result: Value = identity(matrix.data.shape[0])
    for _ in range(abs(exponent)):
        result = matrix_product(span, result, matrix)
    return result


def identity(order: int) -> Tensor:
    """The identity matrix.

    >>> identity(2).data.tolist()
    [[1, 0], [0, 1]]
    """
    return plain((order, order), lambda at: int(at[0] == at[1]))


def trace(span: Span, value: Value) -> Scalar:
    """The sum of the diagonal."""
    return total(np.diagonal(square(span, value).data))


def diagonal(span: Span, value: Value) -> Tensor:
    """The diagonal matrix of a vector."""
    if not (isinstance(value, Tensor) and value.rank == 1):
        raise _misfit(span, value, None, "a vector is needed here")
    vector = value.data
    return plain((len(vector), len(vector)), lambda at: vector[at[0]] if at[0] == at[1] else 0)


def inverse(span: Span, value: Value) -> Tensor:
    """The inverse by elimination."""
    return _eliminate(square(span, value))[1]


def determinant(span: Span, value: Value) -> Scalar:
    """The determinant by elimination."""
    return _eliminate(square(span, value))[0]


def _eliminate(matrix: Tensor) -> tuple[Scalar, Tensor]:
    """Determinant and inverse, pivoting by size; not a number where a pivot is 0."""
    order = matrix.data.shape[0]
    rows: list[list[Scalar]] = [
        [*(matrix.data[i, j] for j in range(order)), *(int(i == j) for j in range(order))] for i in range(order)
    ]
    found: Scalar = 1
    for column in range(order):
        best = max(range(column, order), key=lambda i: _size(rows[i][column]))
        if best != column:
            rows[column], rows[best] = rows[best], rows[column]
            found = -found
        pivot = rows[column][column]
        found = multiply(found, pivot)
        rows[column] = [divide(entry, pivot) if pivot != 0 else undefined() for entry in rows[column]]
        for i in range(order):
            if i != column:
                rows[i] = _minus_multiple(rows[i], rows[i][column], rows[column])
    return found, plain((order, order), lambda at: rows[at[0]][order + at[1]])


def _minus_multiple(row: Iterable[Scalar], factor: Scalar, pivot_row: Iterable[Scalar]) -> list[Scalar]:
    return [total((a, -multiply(factor, b))) for a, b in zip(row, pivot_row, strict=True)]


def _size(entry: Scalar) -> Any:
    return abs(lift(entry).value.mid())


def show(value: Value) -> str:
    """The shape of a value as people write it."""
    if isinstance(value, Tensor):
        return f"an array of shape {value.data.shape}"
    return "a number" if isinstance(value, int | Fraction | HyperDual) else "several outputs"


def _misfit(span: Span, left: Value, right: Value | None, rule: str) -> ShapeError:
    written = show(left) if right is None else f"{show(left)} and {show(right)}"
    return ShapeError(span, written=written, rule=rule, remedy="check the declared shapes, or write it with indices")
