"""Matrix algebra on symbols without indices: products become sums, everything else is read entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.errors import NotationError, ShapeError, Span
from eqc.ir.program import Op, Statement, Tensor, box
from eqc.ir.terms import Expr, Index, Read, read
from eqc.notation import linalg, written
from eqc.notation.builder import Lowering, context, define, guarded
from eqc.notation.tree import Call
from eqc.notation.value import (
    Scope,
    Value,
    by_entries,
    diagonal,
    elementwise,
    identity,
    number,
    same_extent,
    show_shape,
    transpose,
)


def product(span: Span, state: Lowering, factors: list[tuple[str, Value]], scope: Scope) -> Value:
    """Numbers scale; arrays multiply as matrices. Only numbers divide.

    A product that ends in a vector is worked out from the right, which takes no product of two matrices.
    """
    numbers: list[Expr] = []
    arrays: list[Value] = []
    for op, value in factors:
        if value.rank == 0:
            numbers.append(value.at(()) if op == "*" else 1 / value.at(()))
        elif op == "/":
            raise ShapeError(
                span,
                written=f"… / {show_shape(value.shape)}",
                rule="an array cannot divide",
                remedy="write it with indices: x[i]/y[i], or X**-1 for the inverse",
            )
        else:
            arrays.append(value)
    scale = sp.Mul(*numbers)
    if not arrays:
        return Value((), lambda positions: scale, identity=any(value.identity for _, value in factors))
    result = _multiplied(span, state, arrays, scope)
    return result if scale == 1 else elementwise(span, lambda x: scale * x, [result])


def _multiplied(span: Span, state: Lowering, arrays: list[Value], scope: Scope) -> Value:
    if len(arrays) > 2 and arrays[-1].rank == 1 and all(a.rank == 2 and a.shape[0] != 1 for a in arrays[1:-1]):
        result = arrays[-1]
        for left in reversed(arrays[:-1]):
            result = multiply(span, state, left, result, scope)
        return result
    result = arrays[0]
    for right in arrays[1:]:
        result = multiply(span, state, result, right, scope)
    return result


def stray_identity(span: Span) -> ShapeError:
    """The error for an `I` whose order nothing says."""
    return ShapeError(
        span,
        written="I",
        rule="I is the identity matrix, and no other term says of which order",
        remedy="write Identity(n); there are no complex numbers",
    )


def with_identities(span: Span, terms: list[Value]) -> list[Value]:
    """Multiples of `I` among the terms of a sum as matrices of the order of the others."""
    if not any(term.identity for term in terms):
        return terms
    square = next((t for t in terms if t.rank == 2 and same_extent(*t.shape)), None)
    if square is None:
        raise stray_identity(span)
    order = square.shape[0]
    return [elementwise(span, sp.Mul, [t, identity(order)]) if t.identity else t for t in terms]


def multiply(span: Span, state: Lowering, left: Value, right: Value, scope: Scope) -> Value:
    """The matrix product; a vector is a column, a 1×1 product a number."""
    if left.rank == 0 or right.rank == 0:
        return elementwise(span, lambda a, b: a * b, [left, right])
    if left.inverse_of is not None:
        return linalg.solve(span, state, left.inverse_of, right, scope)
    if right.inverse_of is not None and left.rank == 2:
        return linalg.solve_from_right(span, state, left, right.inverse_of, scope)
    rows, columns = _two_axes(span, left), _two_axes(span, right)
    if not same_extent(rows.shape[1], columns.shape[0]):
        raise _mismatch(span, left, right)
    vector = right.rank == 1
    if rows.shape[1] == 1:
        outer = elementwise_outer(rows, columns)
        return _drop(outer, vector)
    if written.runs_out(rows, columns):
        left = rows if written.may_repeat(rows, columns.shape[1]) else stored(state, rows, scope, "factor")
        right = columns if written.may_repeat(columns, rows.shape[0]) else stored(state, columns, scope, "factor")
        return _drop(written.product(left, right), vector)
    return _drop(
        _contract(state, stored(state, rows, scope, "left"), stored(state, columns, scope, "right"), scope), vector
    )


def elementwise_outer(rows: Value, columns: Value) -> Value:
    """A column times a row needs no sum."""
    zero = sp.Integer(0)
    shape = rows.shape[0], columns.shape[1]
    return by_entries(
        shape, lambda p: rows.at((p[0], zero)) * columns.at((zero, p[1])), written.outer_axes(rows, columns)
    )


def _two_axes(span: Span, value: Value) -> Value:
    if value.rank == 1:
        return Value((*value.shape, sp.Integer(1)), lambda p: value.at(p[:1]), written=value.written)
    if value.rank == 2:
        return value
    raise ShapeError(
        span,
        written=show_shape(value.shape),
        rule="matrix products are for vectors and matrices",
        remedy="write the formula with indices: Sum(A[i, k]*B[k, j], (k, 1, n))",
    )


def _mismatch(span: Span, left: Value, right: Value) -> ShapeError:
    both_vectors = left.rank == 1 and right.rank == 1
    return ShapeError(
        span,
        written=f"{show_shape(left.shape)} * {show_shape(right.shape)}",
        rule="the inner extents of a matrix product differ",
        remedy="write x.T*y for a scalar product, HadamardProduct(x, y) entry by entry"
        if both_vectors
        else "transpose one factor with .T, or check the declared shapes",
    )


def _drop(value: Value, vector: bool) -> Value:
    """1×1 is a number; a matrix times a column is a column."""
    zero = sp.Integer(0)
    if value.shape == (1, 1):
        return number(value.at((zero, zero)))
    if vector:
        return Value(value.shape[:1], lambda p: value.at((*p, zero)), written=value.written - {1})
    return value


def stored(state: Lowering, value: Value, scope: Scope, base: str) -> Value:
    """The value as entries of a tensor, so that a product does not compute an entry many times."""
    axes = state.new_axes(value.shape, scope)
    body = _entry(value, axes)
    if isinstance(body, Read) or body.is_Number:
        return value
    tensor, outer = store(state, body, _proper(axes), scope, base)
    keep = [n for n, axis in enumerate(axes) if axis.extent != 1]
    return Value(value.shape, lambda p: read(tensor.name, (*outer, *(p[n] for n in keep))))


def store(
    state: Lowering, body: Expr, axes: tuple[Index, ...], scope: Scope, base: str
) -> tuple[Tensor, tuple[Expr, ...]]:
    """A statement for a body over some axes and over the indices in scope that it depends on, which come first."""
    body = guarded(body, scope, sp.Integer(0))
    outer = context(state, (body,), scope)
    loops = (*outer, *axes)
    at = tuple(loop.symbol for loop in loops)
    tensor = Tensor(state.name(base), box(loops), integer=bool(body.is_integer), differentiable=False)
    state.add(Statement(tensor, loops, at, Op.NONE, body))
    return tensor, tuple(loop.symbol for loop in outer)


def _proper(axes: tuple[Index, ...]) -> tuple[Index, ...]:
    """The axes that are more than an orientation."""
    return tuple(axis for axis in axes if axis.extent != 1)


def _entry(value: Value, axes: tuple[Index, ...]) -> Expr:
    return value.at(tuple(sp.Integer(0) if axis.extent == 1 else axis.symbol for axis in axes))


def _contract(state: Lowering, left: Value, right: Value, scope: Scope) -> Value:
    """The sum over the inner extent, as one statement."""
    shape = (left.shape[0], left.shape[1], right.shape[1])
    row, inner, column = axes = state.new_axes(shape, scope, ("i", "k", "j"))
    i, k, j = (sp.Integer(0) if axis.extent == 1 else axis.symbol for axis in axes)
    body = guarded(left.at((i, k)) * right.at((k, j)), scope, sp.Integer(0))
    outer = context(state, (body,), scope)
    free = (*outer, *_proper((row, column)))
    at = tuple(loop.symbol for loop in free)
    tensor = define(state, state.name("product"), box(free), (*free, inner), at, Op.SUM, body)
    prefix = tuple(loop.symbol for loop in outer)
    keep = [n for n, axis in enumerate((row, column)) if axis.extent != 1]
    return Value((shape[0], shape[2]), lambda p: read(tensor.name, (*prefix, *(p[n] for n in keep))))


def power(span: Span, state: Lowering, base: Value, exponent: Value, scope: Scope) -> Value:
    """Powers of numbers; whole powers of square matrices are products."""
    if exponent.rank:
        raise ShapeError(
            span, written="… ** array", rule="an exponent must be a number", remedy="write the power with indices"
        )
    if base.rank == 0:
        return number(base.at(()) ** exponent.at(()))
    order = exponent.at(())
    square = base.rank == 2 and same_extent(*base.shape)
    if square and order.is_Integer and -64 <= order < 0:
        inverted = linalg.inverse(span, state, base, scope)
        return inverted if order == -1 else power(span, state, inverted, number(-order), scope)
    if square and order.is_integer and order.is_nonnegative and not order.is_Integer:
        return linalg.powers(span, state, base, order, scope)
    if not (square and order.is_Integer and 0 <= order <= 64):
        raise ShapeError(
            span,
            written=f"{show_shape(base.shape)} ** {order}",
            rule="an array's power is a matrix power: a square matrix and a whole exponent, not below 0 if it varies",
            remedy="write HadamardPower(x, n) for powers entry by entry, (A**-1)**k for a k of domain natural",
        )
    result = identity(base.shape[0]) if order == 0 else base
    for _ in range(int(order) - 1):
        result = multiply(span, state, result, base, scope)
    return result


def word(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    """The matrix words, by a table."""
    if node.function in linalg.WORDS:
        return linalg.WORDS[node.function](node.span, state, arguments[0], scope)
    handler = _WORDS.get(node.function)
    if handler is None:
        raise NotationError(
            node.span,
            written=f"{node.function}(…)",
            rule=f"{node.function} cannot be compiled yet",
            remedy="write the formula out with sums over indices",
        )
    return handler(state, node, arguments, scope)


def _trace(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    value = _square(node, arguments[0])
    entries = written.trace(value)
    if entries is not None:
        return number(entries)
    loop = state.new_index("i", value.shape[0], scope)
    body = guarded(value.at((loop.symbol, loop.symbol)), scope, sp.Integer(0))
    outer = context(state, (body,), scope)
    at = tuple(o.symbol for o in outer)
    tensor = define(state, state.name("trace"), box(outer), (*outer, loop), at, Op.SUM, body)
    return number(read(tensor.name, at))


def _square(node: Call, value: Value) -> Value:
    if value.rank == 2 and same_extent(*value.shape):
        return value
    raise ShapeError(
        node.span,
        written=f"{node.function} of {show_shape(value.shape)}",
        rule=f"{node.function} takes a square matrix",
        remedy="check the declared shape",
    )


def _identity(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    return identity(_extent(node, arguments[0]))


def _constant(entry: int) -> Callable[..., Value]:
    def handler(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
        shape = tuple(_extent(node, a) for a in arguments)
        return Value(shape, lambda p: sp.Integer(entry))

    return handler


def _extent(node: Call, value: Value) -> Expr:
    extent = value.at(()) if value.rank == 0 else sp.nan
    if not extent.is_integer:
        raise ShapeError(
            node.span, written=node.function, rule=f"{node.function} takes whole numbers", remedy="give it extents"
        )
    return extent


def _transpose(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    return transpose(node.span, arguments[0])


def _hadamard(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    return elementwise(node.span, sp.Mul, arguments)


def _hadamard_power(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    return elementwise(node.span, lambda x, n: x**n, arguments)


def _diagonal(state: Lowering, node: Call, arguments: list[Value], scope: Scope) -> Value:
    if arguments[0].rank != 1:
        raise ShapeError(
            node.span, written="diag", rule="diag takes a vector", remedy="use HadamardProduct(X, Identity(n))"
        )
    return diagonal(arguments[0])


_WORDS: Mapping[str, Callable[..., Value]] = {
    "Trace": _trace,
    "Identity": _identity,
    "ZeroMatrix": _constant(0),
    "OneMatrix": _constant(1),
    "Transpose": _transpose,
    "HadamardProduct": _hadamard,
    "HadamardPower": _hadamard_power,
    "diag": _diagonal,
}
