"""Evaluates notation trees at concrete extents, straight from what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqc.errors import NotationError, ShapeError, nearest
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
from eqc.notation.words import SOLVERS
from eqc.verify.balls import CONSTANT_NAMES, NAN, constant
from eqc.verify.calculus import CALCULUS
from eqc.verify.calls import (
    CONSTANT_MATRICES,
    DECOMPOSITION_STEPS,
    DECOMPOSITIONS,
    MATRIX_WORDS,
    call_function,
    call_record,
    integrate,
    reduce,
)
from eqc.verify.functions import greatest, modulo, scalar_function
from eqc.verify.hyperdual import HyperDual, Scalar, divide, normal, power, total
from eqc.verify.reading import REDUCTIONS, Reading
from eqc.verify.session import Label, OutOfRange, Session
from eqc.verify.solving import solution
from eqc.verify.tensor import Tensor, Value, elementwise, matrix_power, matrix_product, show, transpose, written


class Evaluator:
    """Evaluates the formulas of one record; `values` holds inputs, extents and what is assigned so far."""

    def __init__(self, session: Session, reading: Reading, values: dict[str, Value]) -> None:
        self.session = session
        self.reading = reading
        self.values = values
        self.indices: dict[str, Scalar] = {}
        self.memo: dict[tuple[Any, ...], Value] = {}
        self.in_position = False

    def value(self, node: Node) -> Value:
        """The value of any part of a formula."""
        self.session.steps += 1
        return _HANDLERS[type(node)](self, node)

    def number(self, node: Node) -> Scalar:
        """The value of a part that must be a number."""
        value = self.value(node)
        if isinstance(value, HyperDual | int | Fraction):
            return value
        raise ShapeError(node.span, written=show(value), rule="a number is needed here", remedy="give its positions")

    def whole(self, node: Node) -> int:
        """The value of a part that must be a whole number: an extent, a limit, a position."""
        value = self.number(node)
        if isinstance(value, int):
            return value
        raise ShapeError(node.span, written=str(value), rule="a whole number is needed here", remedy="use floor or //")

    def with_values(self, values: dict[str, Value]) -> Evaluator:
        """An evaluator of the same formulas where names mean something else."""
        return Evaluator(self.session, self.reading, values)

    def nested(self, id: str, values: dict[str, Value]) -> Evaluator:
        """An evaluator for another record that this one uses."""
        return Evaluator(self.session, self.session.reading(id), values)

    def alike(self, values: dict[str, Value]) -> Evaluator:
        """An evaluator for the same record with other values."""
        return Evaluator(self.session, self.reading, values)

    def remember(self, node: Call, compute: Callable[[Call], Value]) -> Value:
        """A value that depends only on the indices inside it is computed once for each of their values."""
        below = self.reading.names_below[id(node)]
        key = (id(node), self.in_position, *(self.indices.get(name) for name in below))
        if key not in self.memo:
            self.memo[key] = compute(node)
        return self.memo[key]


def _number(ev: Evaluator, node: Number) -> Value:
    return normal(node.value)


def _boolean(ev: Evaluator, node: Boolean) -> Value:
    return node.value


def _name(ev: Evaluator, node: Name) -> Value:
    if node.name in ev.indices:
        return ev.indices[node.name]
    if node.name in ev.values:
        value = ev.values[node.name]
        return _shifted(value) if ev.in_position else value
    if node.name == "I" and node.name not in ev.reading.record.symbols:
        return IdentityMultiple(1)
    if node.name in CONSTANT_NAMES and node.name not in ev.reading.record.symbols:
        return HyperDual(constant(node.name))
    raise NotationError(
        node.span, written=node.name, rule=f"{node.name} has no value here", remedy=nearest(node.name, ev.values)
    )


def _shifted(value: Value) -> Value:
    """A label with `origin: 0`, read as a position, counts from 0 in the data."""
    if isinstance(value, Label) and value.shift:
        return Label.of(value + value.shift, value.name, value.shift)
    return value


def _subscript(ev: Evaluator, node: Subscript) -> Value:
    base = ev.value(node.base)
    if not isinstance(base, Tensor) or base.rank < len(node.positions):
        raise ShapeError(
            node.span,
            written=f"{show(base)} at {len(node.positions)} position(s)",
            rule="an array is read with at most one position per axis",
            remedy="check the declared shape",
        )
    before, ev.in_position = ev.in_position, True
    try:
        at = tuple(_position(ev, p, size) for p, size in zip(node.positions, base.data.shape, strict=False))
    finally:
        ev.in_position = before
    entry = base.data[at]
    if len(at) < base.rank:
        return Tensor(entry, base.unit[len(at) :])
    return _shifted(entry) if ev.in_position else entry


def _position(ev: Evaluator, node: Node, size: int) -> int:
    position = ev.whole(node)
    if isinstance(position, Label):
        low, high = ev.session.ranges.get(position.name, (1 - position.shift, size - position.shift))
        ev.session.ranges[position.name] = low, min(high, size - position.shift)
    if 1 <= position <= size:
        return position - 1
    raise OutOfRange(
        node.span, written=str(position), rule=f"the position is outside 1 … {size}", remedy="guard it with Piecewise"
    )


def _unary(ev: Evaluator, node: Unary) -> Value:
    operand = ev.value(node.operand)
    if node.op == "-":
        return elementwise(node.span, lambda x: -x, [operand])
    return elementwise(node.span, lambda x: not x, [operand]) if node.op == "not" else operand


def _binary(ev: Evaluator, node: Binary) -> Value:
    if node.op in ("+", "-"):
        return _sum(ev, node)
    if node.op in ("*", "/"):
        return _product(ev, node)
    if node.op in ("and", "or"):
        return _connective(ev, node)
    left, right = ev.value(node.left), ev.value(node.right)
    if node.op == "**":
        return _power(node, left, right)
    decide = ev.session.decide
    if node.op == "%":
        return elementwise(node.span, lambda a, b: modulo(decide, a, b), [left, right])
    return elementwise(node.span, lambda a, b: decide.floor(divide(a, b)), [left, right])


def _spine(node: Node, ops: tuple[str, str]) -> list[tuple[str, Node]]:
    """A chain of operators from left to right, so that long sums need no recursion."""
    parts: list[tuple[str, Node]] = []
    while isinstance(node, Binary) and node.op in ops:
        parts.append((node.op, node.right))
        node = node.left
    return [(ops[0], node), *reversed(parts)]


@dataclass(frozen=True, slots=True)
class IdentityMultiple:
    """A multiple of the identity matrix whose order the other terms of a sum decide."""

    scale: Scalar


def _with_orders(node: Node, values: list[Value]) -> list[Value]:
    """Multiples of `I` as matrices of the order of the other terms."""
    square = next((v for v in values if isinstance(v, Tensor) and v.rank == 2), None)
    if square is None or not any(isinstance(v, IdentityMultiple) for v in values):
        return values
    matrix = MATRIX_WORDS["Identity"](node.span, square.data.shape[0])
    return [matrix_product(node.span, v.scale, matrix) if isinstance(v, IdentityMultiple) else v for v in values]


def _sum(ev: Evaluator, node: Binary) -> Value:
    parts = _spine(node, ("+", "-"))
    values = _with_orders(node, [ev.value(part) for _, part in parts])
    terms = [(op, value) for (op, _), value in zip(parts, values, strict=True)]
    signs = [op == "+" for op, _ in terms]

    def add(*numbers: Scalar) -> Scalar:
        return total(x if plus else -x for plus, x in zip(signs, numbers, strict=True))

    return elementwise(node.span, add, [value for _, value in terms])


def _product(ev: Evaluator, node: Binary) -> Value:
    (_, first), *rest = _spine(node, ("*", "/"))
    result = ev.value(first)
    for op, part in rest:
        factor = ev.value(part)
        if isinstance(factor, IdentityMultiple) or isinstance(result, IdentityMultiple):
            result = _scaled_identity(node, op, result, factor)
            continue
        result = matrix_product(node.span, result, factor) if op == "*" else _quotient(node, result, factor)
    return result


def _scaled_identity(node: Node, op: str, left: Value, right: Value) -> Value:
    """A number times `I`, or an array times it."""
    if isinstance(left, IdentityMultiple) and isinstance(right, IdentityMultiple):
        return IdentityMultiple(elementwise(node.span, lambda a, b: a * b, [left.scale, right.scale]))
    one, other = (left, right) if isinstance(left, IdentityMultiple) else (right, left)
    scaled = matrix_product(node.span, one.scale, other) if op == "*" else _quotient(node, one.scale, other)
    return scaled if isinstance(other, Tensor) else IdentityMultiple(scaled)


def _quotient(node: Node, left: Value, right: Value) -> Value:
    if isinstance(right, Tensor):
        raise ShapeError(node.span, written=show(right), rule="an array cannot divide", remedy="write it with indices")
    return elementwise(node.span, divide, [left, right])


def _power(node: Node, base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Tensor):
        raise ShapeError(node.span, written=show(exponent), rule="an exponent is a number", remedy="use indices")
    if not isinstance(base, Tensor):
        return power(base, exponent)
    if isinstance(exponent, int):
        return matrix_power(node.span, base, exponent)
    raise ShapeError(node.span, written=show(base), rule="a matrix has whole powers only", remedy="use HadamardPower")


def _connective(ev: Evaluator, node: Binary) -> Value:
    """`and` and `or` stop where the answer is known, so that a condition can guard the next."""
    assert node.op in ("and", "or")
    stops = node.op == "or"
    left = ev.value(node.left)
    if left is stops:
        return stops
    combine = any if stops else all
    return elementwise(node.span, lambda *conditions: combine(conditions), [left, ev.value(node.right)])


def _compare(ev: Evaluator, node: Compare) -> Value:
    decide, op = ev.session.decide, node.op
    return elementwise(node.span, lambda a, b: decide.holds(op, a, b), [ev.value(node.left), ev.value(node.right)])


def _attribute(ev: Evaluator, node: Attribute) -> Value:
    value = ev.value(node.base)
    if isinstance(value, Mapping) and node.name in value:
        return value[node.name]
    if node.name == "T" and not isinstance(value, Mapping):
        return transpose(node.span, value)
    known = value if isinstance(value, Mapping) else ("T",)
    raise NotationError(
        node.span, written=f".{node.name}", rule="there is no such field", remedy=nearest(node.name, known)
    )


def _call(ev: Evaluator, node: Call) -> Value:
    word = node.function
    if word in ev.reading.functions:
        return ev.remember(node, lambda call: call_function(ev, call))
    if word in ev.session.records and word != ev.reading.record.id:
        return ev.remember(node, lambda call: call_record(ev, call))
    if word in _REMEMBERED:
        return ev.remember(node, lambda call: _REMEMBERED[word](ev, call))
    if word == "Piecewise":
        return _piecewise(ev, node.arguments)
    if word == "Matrix":
        return written([list(map(ev.number, _row(row))) for row in node.arguments])
    arguments = [ev.value(a) for a in node.arguments]
    if word in CONSTANT_MATRICES:
        units = tuple(isinstance(a, Number) and a.value == 1 for a in node.arguments)
        return Tensor(CONSTANT_MATRICES[word](*arguments).data, units)
    if word == "MaxEntry":
        (array,) = arguments
        return greatest(ev.session.decide, list(array.data.ravel())) if isinstance(array, Tensor) else array
    if word in MATRIX_WORDS:
        ev.session.steps += DECOMPOSITION_STEPS if word in DECOMPOSITIONS else 0
        return MATRIX_WORDS[word](node.span, *arguments)
    function = scalar_function(word)
    if function is None:
        raise NotImplementedError(f"{node.span}: the oracle has no {word}(…)")
    decide = ev.session.decide
    return elementwise(node.span, lambda *numbers: function(decide, *numbers), arguments)


def _row(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, TupleNode) else (node,)


_REMEMBERED: Mapping[str, Callable[[Evaluator, Call], Value]] = {
    **dict.fromkeys(SOLVERS, solution),
    **dict.fromkeys(REDUCTIONS, reduce),
    "Integral": integrate,
    **CALCULUS,
}
"""Words whose values are computed once for each setting of the indices inside."""


def _piecewise(ev: Evaluator, pairs: tuple[Node, ...]) -> Value:
    """Only the branch that holds is evaluated, unless the conditions are arrays; nothing holding is no number."""
    for place, pair in enumerate(pairs):
        assert isinstance(pair, TupleNode)
        value, condition = pair.items
        holds = ev.value(condition)
        if isinstance(holds, Tensor):
            branches = [holds, ev.value(value), _piecewise(ev, pairs[place + 1 :])]
            return elementwise(pair.span, lambda chosen, this, other: this if chosen else other, branches)
        if holds:
            return ev.value(value)
    return HyperDual(NAN)


_HANDLERS: Mapping[type[Node], Callable[[Evaluator, Any], Value]] = {
    Number: _number,
    Boolean: _boolean,
    Name: _name,
    Subscript: _subscript,
    Unary: _unary,
    Binary: _binary,
    Compare: _compare,
    Attribute: _attribute,
    Call: _call,
}
