"""Decompositions of matrices in hyperdual balls: Cholesky factors, eigenvalues and singular values with their vectors.

Eigenvectors start from NumPy's float64 result and are refined by Newton's method on A v = λ v, vᵀ v = 1. The middle of
every part (value and derivatives) is found at high precision; one more step at the precision at hand, where the inputs'
radii and rounding enter, gives the balls. Where eigenvalues meet, or a sign is a toss-up, nothing is a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np
from numpy.typing import NDArray

from eqc.errors import ShapeError, Span
from eqc.verify.balls import Ball, Objects, ball, precision
from eqc.verify.hyperdual import HyperDual, Scalar, divide, lift, multiply, power, total, undefined
from eqc.verify.newton import constant, middle, settled
from eqc.verify.tensor import Tensor, Value, determinant, filled, plain, show, square

Floats = NDArray[np.float64]

_GUARD_BITS = 64
_LEAST_BITS = 192
_STAY = 1e-7
_TOSS_UP = 1e-7


def log_determinant(span: Span, value: Value) -> Scalar:
    """The logarithm of a positive determinant."""
    found = lift(determinant(span, value))
    return found.apply(lambda s: s.log()) if found.value > 0 else undefined(found)


def cholesky(span: Span, value: Value) -> Tensor:
    """The lower triangular factor with a positive diagonal, row by row."""
    matrix = _symmetric(square(span, value).data)
    order = len(matrix)
    factor = filled((order, order), lambda at: 0)
    for i in range(order):
        for j in range(i + 1):
            known = (-multiply(factor[i, k], factor[j, k]) for k in range(j))
            rest = total((matrix[i, j], *known))
            factor[i, j] = power(lift(rest), Fraction(1, 2)) if i == j else divide(rest, factor[j, j])
    return plain((order, order), lambda at: factor[at])


def eigenvalues(span: Span, value: Value) -> Tensor:
    """The eigenvalues of a symmetric matrix, ascending."""
    pairs = _eigenpairs(square(span, value).data)
    return plain((len(pairs),), lambda at: pairs[at[0]].value)


def eigenvectors(span: Span, value: Value) -> Tensor:
    """Its orthonormal eigenvectors as columns, the component of largest absolute value positive."""
    pairs = _eigenpairs(square(span, value).data)
    columns = [_turned(pair.vector, pair.start) for pair in pairs]
    return plain((len(pairs), len(pairs)), lambda at: columns[at[1]][at[0]])


def singular_values(span: Span, value: Value) -> Tensor:
    """The singular values, descending."""
    triples = _singular_pairs(span, value)
    return plain((len(triples),), lambda at: triples[at[0]].value)


def left_singular_vectors(span: Span, value: Value) -> Tensor:
    """The left singular vectors as columns, turned along with the right ones."""
    return _singular_vectors(span, value, left=True)


def right_singular_vectors(span: Span, value: Value) -> Tensor:
    """The right singular vectors as columns, the component of largest absolute value positive."""
    return _singular_vectors(span, value, left=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """An eigenvalue with its vector, and the float64 vector that they were refined from."""

    value: HyperDual
    vector: list[HyperDual]
    start: Floats


def _symmetric(matrix: Objects) -> Objects:
    half = Fraction(1, 2)
    return filled(matrix.shape, lambda at: multiply(half, total((matrix[at], matrix[at[::-1]]))))


def _turned(vector: Sequence[HyperDual], judge: Floats) -> list[HyperDual]:
    """The vector with the sign that makes the judge's largest component positive."""
    largest = judge[np.argmax(np.abs(judge))]
    rivals = judge[np.abs(judge) > abs(largest) * (1 - _TOSS_UP)]
    if np.any(np.sign(rivals) != np.sign(largest)):
        return [undefined(x) for x in vector]
    return [x if largest > 0 else -x for x in vector]


class _Kept:
    """A function of a matrix with its last result: the words for values and for vectors ask for the same pairs."""

    def __init__(self, function: Callable[[Objects], list[Pair]]) -> None:
        self.function = function
        self.key: tuple[int, ...] = ()
        self.matrix: Objects | None = None
        self.found: list[Pair] = []

    def __call__(self, matrix: Objects) -> list[Pair]:
        key = (flint.ctx.prec, *matrix.shape, *map(id, matrix.ravel()))
        if key != self.key:
            self.key, self.found = key, self.function(matrix)
            self.matrix = matrix  # so that no other number gets the identity of one of its entries
        return self.found


@_Kept
def _eigenpairs(matrix: Objects) -> list[Pair]:
    halves = _symmetric(matrix)
    symmetric = filled(matrix.shape, lambda at: lift(halves[at]))
    floats = _floats(symmetric)
    if not np.all(np.isfinite(floats)):
        return [_nothing(symmetric) for _ in floats]
    values, vectors = np.linalg.eigh(floats)
    return [_refined(symmetric, float(values[k]), vectors[:, k], 1) for k in range(len(values))]


def _singular_pairs(span: Span, value: Value) -> list[Pair]:
    """Eigenpairs (σ, (u, v)) of [[0, A], [Aᵀ, 0]] with vectors of norm √2, by descending σ."""
    if not (isinstance(value, Tensor) and value.rank == 2):
        raise ShapeError(span, written=show(value), rule="a matrix is needed here", remedy="check the declared shape")
    return _singular(value.data)


@_Kept
def _singular(matrix: Objects) -> list[Pair]:
    rows, columns = matrix.shape
    doubled = filled((rows + columns,) * 2, lambda at: _doubled_entry(matrix, at))
    floats = _floats(doubled)[:rows, rows:]
    if not np.all(np.isfinite(floats)):
        return [_nothing(doubled) for _ in range(min(rows, columns))]
    left, sizes, right = np.linalg.svd(floats, full_matrices=False)
    starts = [np.concatenate([left[:, k], right[k]]) for k in range(len(sizes))]
    return [_refined(doubled, float(size), start, 2) for size, start in zip(sizes, starts, strict=True)]


def _doubled_entry(matrix: Objects, at: tuple[int, ...]) -> HyperDual:
    rows = len(matrix)
    i, j = sorted(at)
    return lift(matrix[i, j - rows]) if i < rows <= j else lift(0)


def _singular_vectors(span: Span, value: Value, *, left: bool) -> Tensor:
    pairs = _singular_pairs(span, value)
    rows = value.data.shape[0]
    kept = slice(0, rows) if left else slice(rows, None)
    columns = [_turned(pair.vector[kept], pair.start[rows:]) for pair in pairs]
    return plain((len(columns[0]), len(columns)), lambda at: columns[at[1]][at[0]])


def _floats(matrix: Objects) -> Floats:
    found: Floats = filled(matrix.shape, lambda at: float(matrix[at].value.mid())).astype(np.float64)
    return found


def _nothing(matrix: Objects) -> Pair:
    bad = undefined(*matrix.ravel())
    return Pair(bad, [bad] * len(matrix), np.ones(len(matrix)))


def _refined(matrix: Objects, value: float, vector: Floats, norm: int) -> Pair:
    """The eigenpair near a float64 one; `norm` is vᵀ v."""
    bits = max(_LEAST_BITS, flint.ctx.prec + _GUARD_BITS)
    start = [*vector, value]
    try:
        with precision(bits):
            centre = filled(matrix.shape, lambda at: middle(matrix[at]))
            unknowns = _solved(centre, start, norm, bits)
            inverse = _jacobian(_values(centre), [x.value for x in unknowns]).inv()
    except ZeroDivisionError:
        return _nothing(matrix)
    if not _stayed(unknowns, start):
        return _nothing(matrix)
    correction = _correction(matrix, unknowns, norm, _entries(inverse))
    *found, number = (lift(total((x, -c))) for x, c in zip(unknowns, correction, strict=True))
    return Pair(number, found, vector)


def _solved(matrix: Objects, start: Sequence[float], norm: int, bits: int) -> list[HyperDual]:
    """Newton's method: first for the values, then with a fixed Jacobian for first and second derivatives."""
    plain_matrix = filled(matrix.shape, lambda at: HyperDual(matrix[at].value))
    unknowns = [HyperDual(ball(float(x))) for x in start]

    def step(of: Objects) -> list[HyperDual]:
        change = _applied(inverse, _residual(of, unknowns, norm))
        return [middle(lift(total((x, -c)))) for x, c in zip(unknowns, change, strict=True)]

    for _ in range(bits.bit_length()):
        inverse, before = _entries(_jacobian(_values(matrix), [x.value for x in unknowns]).inv()), unknowns
        unknowns = step(plain_matrix)
        if settled(before, unknowns, bits):
            break
    for _ in range(3):
        unknowns = step(matrix)
    return unknowns


def _residual(matrix: Objects, unknowns: Sequence[HyperDual], norm: int) -> list[Scalar]:
    """A v - λ v, and (vᵀ v - norm)/2."""
    *vector, value = unknowns
    rows = [
        total((*(multiply(a, x) for a, x in zip(row, vector, strict=True)), -multiply(value, own)))
        for row, own in zip(matrix, vector, strict=True)
    ]
    half = Fraction(1, 2)
    return [*rows, multiply(half, total((*(multiply(x, x) for x in vector), -norm)))]


def _jacobian(matrix: Objects, unknowns: Sequence[Ball]) -> flint.arb_mat:
    """The derivative of the residual: [[A - λ I, -v], [vᵀ, 0]]."""
    *vector, value = unknowns
    order = len(vector)
    rows = [[matrix[i, j] - value if i == j else matrix[i, j] for j in range(order)] for i in range(order)]
    bordered = [[*row, -own] for row, own in zip(rows, vector, strict=True)]
    return flint.arb_mat([*bordered, [*vector, ball(0)]])


def _correction(matrix: Objects, unknowns: list[HyperDual], norm: int, inverse: Objects) -> list[Scalar]:
    """What the last step subtracts: the solution of J c = residual, with the derivatives and radii of J."""
    residual = _residual(matrix, unknowns, norm)
    *vector, value = unknowns
    shift = filled(matrix.shape, lambda at: total((matrix[at], -constant(matrix[at]))))
    moves = [_without_value(x) for x in vector]
    number = _without_value(value)
    change = _applied(inverse, residual)
    for _ in range(2):
        *inner, last = change
        rows = [
            total(
                (
                    *(multiply(a, c) for a, c in zip(row, inner, strict=True)),
                    -multiply(number, own),
                    -multiply(move, last),
                )
            )
            for row, own, move in zip(shift, inner, moves, strict=True)
        ]
        border = total(multiply(m, c) for m, c in zip(moves, inner, strict=True))
        change = _applied(inverse, [total((r, -n)) for r, n in zip(residual, [*rows, border], strict=True)])
    return change


def _applied(inverse: Objects, residual: Sequence[Scalar]) -> list[Scalar]:
    return [total(multiply(HyperDual(a), r) for a, r in zip(row, residual, strict=True)) for row in inverse]


def _entries(matrix: flint.arb_mat) -> Objects:
    """The middles of a matrix of balls."""
    return filled((matrix.nrows(), matrix.ncols()), lambda at: matrix[at[0], at[1]].mid())


def _values(matrix: Objects) -> Objects:
    return filled(matrix.shape, lambda at: matrix[at].value)


def _without_value(x: HyperDual) -> HyperDual:
    return HyperDual(ball(0), x.first, x.other, x.mixed)


def _stayed(unknowns: Sequence[HyperDual], start: Sequence[float]) -> bool:
    """Whether Newton's method converged to the pair that it started from."""
    size = max(abs(x) for x in start)
    return all(
        bool(x.value.is_finite()) and abs(float(x.value.mid()) - s) <= _STAY * size
        for x, s in zip(unknowns, start, strict=True)
    )
