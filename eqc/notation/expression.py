"""Expressions: every kind of node of the notation tree has one handler, in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import sympy as sp

from eqc.errors import NotationError, ShapeError, nearest
from eqc.ir.terms import Expr, floor_divide, read, remainder
from eqc.ir.walk import branches, negation, relation
from eqc.notation import calculus, compose, functions, integral, linalg, matrix, positions, reduce, solver, written
from eqc.notation.builder import Lowering, origin_shift
from eqc.notation.scalar import CONSTANT, IDENTITY, SCALAR
from eqc.notation.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
)
from eqc.notation.value import Scope, Value, elementwise, number, show_shape, transpose
from eqc.notation.words import BINDERS, FUNCTION_WORDS, SCALAR_FUNCTIONS, SOLVERS

_RELATION = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}


def lower_expression(state: Lowering, node: Node, scope: Scope) -> Value:
    """The value of any part of a formula."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise NotationError(
            node.span, written=type(node).__name__, rule="this has no meaning here", remedy="write an expression"
        )
    return handler(state, node, scope)


def lower_number(state: Lowering, node: Node, scope: Scope) -> Expr:
    """The value of a part that must be a number."""
    value = lower_expression(state, node, scope)
    if value.rank:
        raise ShapeError(
            node.span,
            written=f"an array of shape {show_shape(value.shape)}",
            rule="a number is needed here",
            remedy="give its positions, x[i, j], or sum over its indices",
        )
    if value.identity:
        raise matrix.stray_identity(node.span)
    return value.at(())


def lower_integer(state: Lowering, node: Node, scope: Scope) -> Expr:
    """An expression that must be a whole number: an extent or a limit."""
    expression = positions.exact_quotients(lower_number(state, node, scope), state.symbols.values())
    if not expression.is_integer:
        raise ShapeError(
            node.span,
            written=str(expression),
            rule="an extent or limit must be a whole number",
            remedy="declare its symbols with domain: integer, or use // or floor",
        )
    return expression


def _number(state: Lowering, node: Number, scope: Scope) -> Value:
    return number(sp.Rational(node.value.numerator, node.value.denominator))


def _boolean(state: Lowering, node: Boolean, scope: Scope) -> Value:
    return number(sp.true if node.value else sp.false)


def _name(state: Lowering, node: Name, scope: Scope) -> Value:
    bound = calculus.bound_value(state, node, scope)
    if bound is not None:
        return bound
    index = scope.value_of(node.name)
    if index is not None:
        return number(index)
    if node.name in state.symbols:
        return number(state.symbols[node.name])
    tensor = state.tensors.get(node.name)
    if tensor is not None:
        return Value(tensor.shape, lambda p: read(tensor.name, p, integer=tensor.integer), tensor.name)
    if node.name in CONSTANT and node.name not in state.record.symbols:
        return number(CONSTANT[node.name])
    if node.name == IDENTITY and node.name not in state.record.symbols:
        return Value((), lambda positions: sp.Integer(1), identity=True)
    raise _no_value(state, node, scope)


def _no_value(state: Lowering, node: Name, scope: Scope) -> NotationError:
    if node.name == next((name for name in state.roles.assigned if name not in state.tensors), None):
        return NotationError(
            node.span,
            written=node.name,
            rule=f"{node.name} is made of itself: statements do not run through recursions",
            remedy=f"write one step, with the {node.name} before as an input, or a sum over what is given",
        )
    if node.name in state.roles.assigned:
        return NotationError(
            node.span,
            written=node.name,
            rule=f"{node.name} is read before it is assigned",
            remedy="reorder the statements",
        )
    known = {*state.record.symbols, *(name for name, _ in scope.indices)} - {node.name}
    return NotationError(
        node.span,
        written=node.name,
        rule=f"{node.name} has no value here (an index is known only inside its sum or on the left side)",
        remedy=nearest(node.name, known),
    )


def _subscript(state: Lowering, node: Subscript, scope: Scope) -> Value:
    base = lower_expression(state, node.base, scope)
    label = base.tensor or "the array"
    if len(node.positions) > base.rank:
        raise ShapeError(
            node.span,
            written=f"{label} with {len(node.positions)} position(s)",
            rule=f"{label} has {base.rank} axes: {show_shape(base.shape)}",
            remedy="write one position per axis, or fewer for a row or a slice",
        )
    at: list[Expr] = []
    for part, extent in zip(node.positions, base.shape, strict=False):
        position = origin_shift(state, lower_number(state, part, scope)) - 1
        position = positions.exact_quotients(position, state.symbols.values())
        if not position.is_integer:
            raise ShapeError(
                part.span,
                written=str(position + 1),
                rule="a position must be a whole number",
                remedy="declare its symbols with domain: integer, or use floor or //",
            )
        check = positions.place(part, label, position, extent, scope, label)
        if check is not None:
            state.checks.append(check)
        at.append(position)
    kept = frozenset(axis - len(at) for axis in base.written if axis >= len(at))
    return Value(base.shape[len(at) :], lambda rest: base.at((*at, *rest)), written=kept)


def _unary(state: Lowering, node: Unary, scope: Scope) -> Value:
    operand = lower_expression(state, node.operand, scope)
    if node.op == "not":
        return elementwise(node.span, negation, [operand])
    if node.op == "+":
        return operand
    negated = elementwise(node.span, lambda x: -x, [operand])
    return replace(negated, identity=operand.identity)


def _compare(state: Lowering, node: Compare, scope: Scope) -> Value:
    operands = [lower_expression(state, part, scope) for part in (node.left, node.right)]
    return elementwise(node.span, partial(relation, _RELATION[node.op]), operands)


def _binary(state: Lowering, node: Binary, scope: Scope) -> Value:
    if node.op in ("+", "-"):
        return _sum(state, node, scope)
    if node.op in ("*", "/"):
        return matrix.product(node.span, state, _factors(state, node, scope), scope)
    operands = [lower_expression(state, part, scope) for part in (node.left, node.right)]
    if node.op == "**":
        return matrix.power(node.span, state, operands[0], operands[1], scope)
    if node.op == "//":
        return elementwise(node.span, floor_divide, operands)
    if node.op == "%":
        return elementwise(node.span, remainder, operands)
    return elementwise(node.span, sp.And if node.op == "and" else sp.Or, operands)


def _spine(node: Node, ops: tuple[str, str]) -> list[tuple[str, Node]]:
    """A left-leaning chain of operators as a list, so that long sums need no recursion."""
    parts: list[tuple[str, Node]] = []
    while isinstance(node, Binary) and node.op in ops:
        parts.append((node.op, node.right))
        node = node.left
    parts.append((ops[0], node))
    return parts[::-1]


def _sum(state: Lowering, node: Binary, scope: Scope) -> Value:
    parts = _spine(node, ("+", "-"))
    signs = [1 if op == "+" else -1 for op, _ in parts]
    values = matrix.with_identities(node.span, [lower_expression(state, part, scope) for _, part in parts])

    def add(*terms: Expr) -> Expr:
        return sp.Add(*(t if sign > 0 else -t for sign, t in zip(signs, terms, strict=True)))

    return elementwise(node.span, add, values)


def _factors(state: Lowering, node: Binary, scope: Scope) -> list[tuple[str, Value]]:
    return [(op, lower_expression(state, part, scope)) for op, part in _spine(node, ("*", "/"))]


def _attribute(state: Lowering, node: Attribute, scope: Scope) -> Value:
    if node.name == "T":
        return transpose(node.span, lower_expression(state, node.base, scope))
    if isinstance(node.base, Call) and compose.is_record(state, node.base.function):
        return compose.call(state, node.base, scope, node.name)
    raise NotationError(
        node.span,
        written=f".{node.name}",
        rule="only .T and the outputs of a record with several may follow a dot",
        remedy="write record(…).output",
    )


def _call(state: Lowering, node: Call, scope: Scope) -> Value:
    if node.function in state.functions:
        return functions.call(state, node, scope)
    if compose.is_record(state, node.function):
        return compose.call(state, node, scope, None)
    _check_word(state, node)
    if node.function in _SCOPED:
        return _SCOPED[node.function](state, node, scope)
    if node.function in BINDERS:
        return reduce.reduction(state, node, scope)
    arguments = [lower_expression(state, a, scope) for a in node.arguments]
    if node.function == "log" and len(arguments) == 1 and arguments[0].determinant_of is not None:
        return linalg.log_determinant(node.span, state, arguments[0].determinant_of, scope)
    if node.function == "MaxEntry":
        return reduce.largest_entry(state, arguments[0], scope)
    if node.function in SCALAR_FUNCTIONS:
        return elementwise(node.span, SCALAR[node.function], arguments)
    if node.function in _CONNECTIVE:
        return elementwise(node.span, _CONNECTIVE[node.function], arguments)
    return matrix.word(state, node, arguments, scope)


_CONNECTIVE: Mapping[str, Callable[..., Expr]] = {"And": sp.And, "Or": sp.Or, "Not": negation}


def _check_word(state: Lowering, node: Call) -> None:
    word = FUNCTION_WORDS.get(node.function)
    if word is None:
        known = {*FUNCTION_WORDS, *state.record_ids}
        hint = "write f*(…) for a product" if node.function in state.record.symbols else nearest(node.function, known)
        raise NotationError(
            node.span, written=f"{node.function}(…)", rule=f"{node.function} is no function or record", remedy=hint
        )
    if not word.accepts(len(node.arguments)):
        raise NotationError(
            node.span,
            written=f"{node.function} with {len(node.arguments)} argument(s)",
            rule=f"{node.function} takes {word.arity()}: {word.meaning}",
            remedy="give it those",
        )


def _piecewise(state: Lowering, node: Call, scope: Scope) -> Value:
    """Each branch is lowered where its condition holds and no earlier one does."""
    values: list[Value] = []
    for pair in node.arguments:
        if not isinstance(pair, TupleNode) or len(pair.items) != 2:
            raise NotationError(
                pair.span,
                written="Piecewise",
                rule="Piecewise takes pairs (value, condition)",
                remedy="write Piecewise((x, x > 0), (0, True))",
            )
        condition = lower_expression(state, pair.items[1], scope)
        plain = condition.at(()) if condition.rank == 0 else sp.true
        values.append(lower_expression(state, pair.items[0], scope.with_guard(plain)))
        values.append(condition)
        scope = scope.with_guard(negation(plain)) if condition.rank == 0 and plain != sp.true else scope

    def choose(*flat: Expr) -> Expr:
        return branches(list(zip(flat[::2], flat[1::2], strict=True)))

    return elementwise(node.span, choose, values)


def _written_out(state: Lowering, node: Call, scope: Scope) -> Value:
    return written.matrix(node, lambda entry: lower_number(state, entry, scope))


_SCOPED: Mapping[str, Callable[[Lowering, Call, Scope], Value]] = {
    "Piecewise": _piecewise,
    "Integral": integral.integral,
    "Derivative": calculus.derivative,
    "subs": calculus.substitution,
    "Matrix": _written_out,
    **dict.fromkeys(SOLVERS, solver.solution),
}
"""Words whose arguments are not simply lowered."""

_HANDLERS: Mapping[type[Node], Callable[..., Value]] = {
    Number: _number,
    Boolean: _boolean,
    Name: _name,
    Subscript: _subscript,
    Unary: _unary,
    Compare: _compare,
    Binary: _binary,
    Attribute: _attribute,
    Call: _call,
}
