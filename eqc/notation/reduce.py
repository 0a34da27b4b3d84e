"""Binders: sums, products and extrema over limits become statements."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.errors import NotationError, ShapeError
from eqc.ir.program import Op, Statement, Tensor, box, free_names
from eqc.ir.terms import Expr, Index, Read, read
from eqc.notation import positions
from eqc.notation.builder import Lowering, context, define, guarded
from eqc.notation.tree import Call, Name, Node, TupleNode
from eqc.notation.value import Scope, Value, number
from eqc.notation.words import BINDERS

_OPS: Mapping[str, tuple[Op, Expr, str]] = {
    "Sum": (Op.SUM, sp.Integer(0), "total"),
    "Product": (Op.PRODUCT, sp.Integer(1), "product"),
    "MaxOver": (Op.MAX, -sp.oo, "top"),
    "MinOver": (Op.MIN, sp.oo, "bottom"),
    "ArgMaxOver": (Op.ARGMAX, -sp.oo, "best"),
    "ArgMinOver": (Op.ARGMIN, sp.oo, "best"),
}
"""Word -> operation, the value where a guard does not hold, and a name for the result."""


def reduction(state: Lowering, node: Call, scope: Scope) -> Value:
    """A binder inside a larger expression: a statement over the indices in scope that it depends on."""
    op, neutral, base = _operation(node)
    _, bound, body = _body(state, node, scope)
    body = guarded(body, scope, neutral)
    loops = context(state, (body, *(loop.extent for loop in bound)), scope)
    shape = box(loops)
    at = tuple(loop.symbol for loop in loops)
    tensor = _append(state, state.name(base), shape, loops, bound, at, op, body)
    return number(_shift(op, node, read(tensor.name, at, integer=tensor.integer), state, scope))


def largest_entry(state: Lowering, value: Value, scope: Scope) -> Value:
    """The greatest entry over all axes of a value."""
    if not value.rank:
        return value
    axes = state.new_axes(value.shape, scope)
    body = guarded(value.at(tuple(axis.symbol for axis in axes)), scope, -sp.oo)
    loops = context(state, (body, *value.shape), scope)
    at = tuple(loop.symbol for loop in loops)
    tensor = _append(state, state.name("top"), box(loops), loops, axes, at, Op.MAX, body)
    return number(read(tensor.name, at, integer=tensor.integer))


def reduction_into(state: Lowering, name: str, shape: tuple[Expr, ...], node: Node, scope: Scope) -> bool:
    """Define `name` by one statement if the whole right side is a sum, product or extremum; False if it is not."""
    if not isinstance(node, Call) or node.function not in _OPS or node.function in state.record_ids:
        return False
    op = _OPS[node.function][0]
    if op in (Op.ARGMAX, Op.ARGMIN):
        return False
    _, bound, body = _body(state, node, scope)
    at = tuple(loop.symbol for loop in scope.loops)
    _append(state, name, shape, scope.loops, bound, at, op, body)
    return True


def _append(
    state: Lowering,
    name: str,
    shape: tuple[Expr, ...],
    free: tuple[Index, ...],
    bound: tuple[Index, ...],
    at: tuple[Expr, ...],
    op: Op,
    body: Expr,
) -> Tensor:
    if op not in (Op.SUM, Op.PRODUCT) and not isinstance(body, Read):
        body = _materialise(state, name, (*free, *bound), body)
    return define(state, name, shape, (*free, *bound), at, op, body)


def _materialise(state: Lowering, name: str, loops: tuple[Index, ...], body: Expr) -> Read:
    """Extrema compare stored values, so that the derivative finds the winners by equality."""
    used = free_names(body)
    kept = context(state, (body,), Scope(loops=loops)) if used else ()
    at = tuple(loop.symbol for loop in kept)
    shape = box(kept)
    tensor = Tensor(state.name(f"{name}_of"), shape, integer=False, differentiable=False)
    state.add(Statement(tensor, kept, at, Op.NONE, body))
    return read(tensor.name, at)


def _shift(op: Op, node: Call, result: Read, state: Lowering, scope: Scope) -> Expr:
    """The best index counts as its limits do; the program's positions count from 0."""
    if op not in (Op.ARGMAX, Op.ARGMIN):
        return result
    limit = node.arguments[1]
    assert isinstance(limit, TupleNode)
    return result + _limit_end(state, limit.items[1], scope)


def _operation(node: Call) -> tuple[Op, Expr, str]:
    if node.function not in _OPS:
        raise NotationError(
            node.span,
            written=node.function,
            rule=f"{node.function} cannot be compiled yet",
            remedy="write it as a finite Sum if it is one",
        )
    return _OPS[node.function]


def _body(state: Lowering, node: Call, scope: Scope) -> tuple[Scope, tuple[Index, ...], Expr]:
    """Open the limits, outermost first; the same binder directly inside is opened with them."""
    limits: list[TupleNode] = []
    body: Node = node
    while isinstance(body, Call) and body.function == node.function and (not limits or not _is_arg(node)):
        limits = [*_limits(body), *limits]
        body = body.arguments[0]
    bound: list[Index] = []
    for limit in reversed(limits):
        scope, loop = _open(state, limit, scope)
        bound.append(loop)
    value = state.lower(state, body, scope)
    if value.rank:
        raise ShapeError(
            body.span,
            written=node.function,
            rule=f"{node.function} takes a number for each index, and this is an array",
            remedy="give the positions: x[i]",
        )
    return scope, tuple(bound), value.at(())


def _is_arg(node: Call) -> bool:
    return _OPS[node.function][0] in (Op.ARGMAX, Op.ARGMIN)


def _limits(node: Call) -> list[TupleNode]:
    limits: list[TupleNode] = []
    for limit in node.arguments[1:]:
        if not (isinstance(limit, TupleNode) and len(limit.items) == 3 and isinstance(limit.items[0], Name)):
            raise NotationError(
                limit.span,
                written=node.function,
                rule=f"a limit of {node.function} is (index, first, last)",
                remedy=f"write {node.function}(…, (i, 1, n))",
            )
        limits.append(limit)
    if not limits:
        raise NotationError(
            node.span, written=node.function, rule=BINDERS[node.function].meaning, remedy="add limits: (i, 1, n)"
        )
    return limits


def _open(state: Lowering, limit: TupleNode, scope: Scope) -> tuple[Scope, Index]:
    name = limit.items[0]
    assert isinstance(name, Name)
    low = _limit_end(state, limit.items[1], scope)
    high = _limit_end(state, limit.items[2], scope)
    loop = state.new_index(name.name, sp.expand(high - low + 1), scope)
    return scope.with_index(name.name, loop.symbol + low, loop), loop


def _limit_end(state: Lowering, node: Node, scope: Scope) -> Expr:
    value = state.lower(state, node, scope)
    end = positions.exact_quotients(value.at(()), state.symbols.values()) if value.rank == 0 else sp.nan
    if not end.is_integer:
        raise ShapeError(
            node.span,
            written=str(end),
            rule="limits must be whole numbers and finite",
            remedy="use // or floor for quotients; declare symbols with domain: integer",
        )
    return end
