"""Inverses, determinants and decompositions: each use becomes a statement over whole arrays.

An inverse next to an array is a solve, and the logarithm of a determinant is computed as such; neither the inverse nor
the determinant itself is computed then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from eqc.errors import ShapeError, Span
from eqc.ir import opaque
from eqc.ir.program import Op, Statement, Tensor, box
from eqc.ir.terms import Expr, Index, Minimum, read
from eqc.notation import written
from eqc.notation.builder import Lowering, context
from eqc.notation.value import Scope, Value, number, same_extent, show_shape, transpose

Whole = tuple[str, tuple[Index, ...]]
"""A stored array: its tensor, and the loops in scope that stand before its own axes."""


def store_whole(state: Lowering, value: Value, scope: Scope, base: str) -> Whole:
    """The value as a tensor of its own, unless it is one."""
    if value.tensor is not None:
        return value.tensor, ()
    axes = state.new_axes(value.shape, scope)
    body = value.at(tuple(axis.symbol for axis in axes))
    outer = context(state, (body,), scope)
    loops = (*outer, *axes)
    at = tuple(loop.symbol for loop in loops)
    tensor = Tensor(state.name(base), box(loops), differentiable=False)
    state.add(Statement(tensor, loops, at, Op.NONE, body))
    return tensor.name, outer


def apply(
    state: Lowering, head: type[opaque.Opaque], arguments: list[Whole], shape: tuple[Expr, ...], scope: Scope, base: str
) -> Value:
    """The statement `base = head(arguments)`, over the loops in scope that the arguments depend on."""
    used = {loop for _, loops in arguments for loop in loops}
    outer = tuple(loop for loop in scope.loops if loop in used)
    at = tuple(loop.symbol for loop in outer)
    reads = [read(name, tuple(loop.symbol for loop in loops)) for name, loops in arguments]
    tensor = Tensor(state.name(base), (*box(outer), *shape), differentiable=False)
    state.add(Statement(tensor, outer, at, Op.NONE, head(*reads)))
    return Value(shape, lambda p: read(tensor.name, (*at, *p)), tensor.name if not outer else None)


def square(span: Span, value: Value, what: str) -> Value:
    """The value, if it is a square matrix."""
    if value.rank == 2 and same_extent(*value.shape):
        return value
    raise ShapeError(
        span,
        written=f"{what} of {show_shape(value.shape)}",
        rule=f"{what} takes a square matrix",
        remedy="check the shape",
    )


def inverse(span: Span, state: Lowering, value: Value, scope: Scope) -> Value:
    """The inverse, computed only where an entry of it is read; a product with it becomes a solve."""
    matrix = square(span, value, "an inverse")
    made: list[Value] = []

    def at(positions: tuple[Expr, ...]) -> Expr:
        if not made:
            whole = store_whole(state, matrix, scope, "matrix")
            made.append(apply(state, opaque.Inverse, [whole], matrix.shape, scope, "inverse"))
        return made[0].at(positions)

    return Value(matrix.shape, at, inverse_of=matrix)


def solve(span: Span, state: Lowering, matrix: Value, right: Value, scope: Scope) -> Value:
    """A⁻¹·y without the inverse."""
    if not same_extent(matrix.shape[0], right.shape[0]):
        raise ShapeError(
            span,
            written=f"{show_shape(matrix.shape)}**-1 * {show_shape(right.shape)}",
            rule="the inner extents of a matrix product differ",
            remedy="check the declared shapes",
        )
    head = opaque.SolveVector if right.rank == 1 else opaque.Solve
    arguments = [store_whole(state, matrix, scope, "matrix"), store_whole(state, right, scope, "right")]
    return apply(state, head, arguments, right.shape, scope, "solution")


def solve_from_right(span: Span, state: Lowering, left: Value, matrix: Value, scope: Scope) -> Value:
    """X·A⁻¹ = (A⁻ᵀ·Xᵀ)ᵀ."""
    if left.rank == 2 and left.shape[0] == 1:
        column = Value(left.shape[1:], lambda p: left.at((sp.Integer(0), *p)))
        return transpose(span, solve(span, state, transpose(span, matrix), column, scope))
    return transpose(span, solve(span, state, transpose(span, matrix), transpose(span, left), scope))


def powers(span: Span, state: Lowering, matrix: Value, count: Expr, scope: Scope) -> Value:
    """A**k for a k that is known when the kernel is called."""
    name, loops = store_whole(state, square(span, matrix, "a power"), scope, "matrix")
    used = {loop for loop in scope.loops if loop in loops or loop.symbol in count.free_symbols}
    outer = tuple(loop for loop in scope.loops if loop in used)
    at = tuple(loop.symbol for loop in outer)
    body = opaque.Powers(read(name, tuple(loop.symbol for loop in loops)), count)
    shape = (*box((*outer, Index("power", count + 1))), *matrix.shape)
    tensor = Tensor(state.name("powers"), shape, differentiable=False)
    state.add(Statement(tensor, outer, at, Op.NONE, body))
    return Value(matrix.shape, lambda p: read(tensor.name, (*at, count, *p)))


def determinant(span: Span, state: Lowering, value: Value, scope: Scope) -> Value:
    """The determinant, computed only where it is read."""
    matrix = square(span, value, "Determinant")
    entries = written.determinant(matrix)
    if entries is not None:
        return number(entries)
    return _lazy(state, opaque.Determinant, matrix, scope, "determinant")


def _lazy(state: Lowering, head: type[opaque.Opaque], matrix: Value, scope: Scope, base: str) -> Value:
    made: list[Value] = []

    def at(positions: tuple[Expr, ...]) -> Expr:
        if not made:
            made.append(apply(state, head, [store_whole(state, matrix, scope, "matrix")], (), scope, base))
        return made[0].at(())

    return Value((), at, determinant_of=matrix)


def log_determinant(span: Span, state: Lowering, value: Value, scope: Scope) -> Value:
    """By the Cholesky factor where the domain says that the matrix is positive definite."""
    matrix = square(span, value, "LogDeterminant")
    entry = state.record.symbols.get(matrix.tensor or "")
    spd = entry is not None and entry.domain.name == "spd"
    head = opaque.LogDeterminantSpd if spd else opaque.LogDeterminant
    whole = store_whole(state, matrix, scope, "matrix")
    return replace(apply(state, head, [whole], (), scope, "logdet"), tensor=None)


def _decomposition(
    head: type[opaque.Opaque], shape: Callable[[Value], tuple[Expr, ...]], base: str, *, symmetric: bool
) -> Callable[[Span, Lowering, Value, Scope], Value]:
    def handler(span: Span, state: Lowering, value: Value, scope: Scope) -> Value:
        matrix = square(span, value, head.__name__) if symmetric else _matrix(span, value, head.__name__)
        return apply(state, head, [store_whole(state, matrix, scope, "matrix")], shape(matrix), scope, base)

    return handler


def _matrix(span: Span, value: Value, what: str) -> Value:
    if value.rank == 2:
        return value
    raise ShapeError(
        span, written=f"{what} of {show_shape(value.shape)}", rule=f"{what} takes a matrix", remedy="use X[i]"
    )


def _least(value: Value) -> Expr:
    """The smaller extent."""
    rows, columns = value.shape
    if (columns - rows).is_nonnegative:
        return rows
    return columns if (rows - columns).is_nonnegative else Minimum(rows, columns)


WORDS: Mapping[str, Callable[[Span, Lowering, Value, Scope], Value]] = {
    "Inverse": inverse,
    "Determinant": determinant,
    "LogDeterminant": log_determinant,
    "Cholesky": _decomposition(opaque.Cholesky, lambda m: m.shape, "factor", symmetric=True),
    "RealEigenvalues": _decomposition(opaque.RealEigenvalues, lambda m: m.shape[:1], "eigenvalues", symmetric=True),
    "EigenvalueRealParts": _decomposition(
        opaque.EigenvalueRealParts, lambda m: m.shape[:1], "eigenvalues", symmetric=True
    ),
    "EigenvalueImaginaryParts": _decomposition(
        opaque.EigenvalueImaginaryParts, lambda m: m.shape[:1], "eigenvalues", symmetric=True
    ),
    "Eigenvalues": _decomposition(opaque.Eigenvalues, lambda m: m.shape[:1], "eigenvalues", symmetric=True),
    "Eigenvectors": _decomposition(opaque.Eigenvectors, lambda m: m.shape, "eigenvectors", symmetric=True),
    "SingularValues": _decomposition(opaque.SingularValues, lambda m: (_least(m),), "singular", symmetric=False),
    "LeftSingularVectors": _decomposition(
        opaque.LeftSingularVectors, lambda m: (m.shape[0], _least(m)), "left_vectors", symmetric=False
    ),
    "RightSingularVectors": _decomposition(
        opaque.RightSingularVectors, lambda m: (m.shape[1], _least(m)), "right_vectors", symmetric=False
    ),
}
