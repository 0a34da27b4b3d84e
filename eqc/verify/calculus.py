"""Derivatives and substitutions inside formulas, by numbers that carry one more derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from eqc.errors import NotationError, ShapeError
from eqc.notation.tree import Call, Name, Node, Number, Subscript, TupleNode
from eqc.verify.hyperdual import Jet, Scalar, slope_of
from eqc.verify.statements import again
from eqc.verify.tensor import Tensor, Value, filled

if TYPE_CHECKING:
    from eqc.verify.tree_eval import Evaluator

SYMMETRIC = frozenset({"spd", "symmetric"})


def derivative(ev: Evaluator, call: Call) -> Value:
    """`Derivative(expression, variable, …)`, one variable after the other."""
    expression, *others = call.arguments
    return _derivative(ev, expression, [v for node in others for v in _repeated(node)])


def _repeated(node: Node) -> list[Node]:
    if isinstance(node, TupleNode) and len(node.items) == 2 and isinstance(node.items[1], Number):
        return [node.items[0]] * int(node.items[1].value)
    return [node]


def _derivative(ev: Evaluator, expression: Node, variables: Sequence[Node]) -> Value:
    if not variables:
        return ev.value(expression)
    *inner, variable = variables
    base = variable.base if isinstance(variable, Subscript) else variable
    if not isinstance(base, Name):
        rule = "a derivative is taken in a symbol or an entry of one"
        raise NotationError(variable.span, written="…", rule=rule, remedy="write Derivative(L, x[i])")
    value = ev.value(base)
    if not isinstance(value, Tensor):
        return _slope(ev, base.name, lambda level: Jet(value, 1, level), expression, inner)

    def along(at: tuple[int, ...]) -> Value:
        return _slope(ev, base.name, lambda level: _moved(ev, base.name, value, at, level), expression, inner)

    if isinstance(variable, Subscript):
        at = tuple(ev.whole(position) - 1 for position in variable.positions)
        if not all(0 <= place < size for place, size in zip(at, value.data.shape, strict=True)):
            rule = f"{base.name} has no entry at {', '.join(str(place + 1) for place in at)}"
            raise ShapeError(variable.span, written="…", rule=rule, remedy="check the limits and the shapes")
        return along(at)
    return Tensor(filled(value.data.shape, along), value.unit)


def _moved(ev: Evaluator, name: str, value: Tensor, at: tuple[int, ...], level: int) -> Tensor:
    """The array with one entry that moves; in a symmetric input its mirror image moves as well, half each."""
    symbols = ev.reading.record.symbols
    mirror = (*at[:-2], *at[:-3:-1])
    both = name in symbols and symbols[name].domain.name in SYMMETRIC and len(at) > 1 and mirror != at
    data = value.data.copy()
    for place in [at, mirror] if both else [at]:
        data[place] = Jet(data[place], Fraction(1, 2) if both else 1, level)
    return Tensor(data, value.unit)


def _slope(ev: Evaluator, name: str, moved: Callable[[int], Value], expression: Node, inner: Sequence[Node]) -> Scalar:
    """The derivative of an expression while a symbol moves."""
    session = ev.session
    session.level += 1
    try:
        found = _derivative(replaced(ev, name, moved(session.level), expression), expression, inner)
        return slope_of(found, session.level)
    finally:
        session.level -= 1


def substitution(ev: Evaluator, call: Call) -> Value:
    """`expression.subs(symbol, value)`."""
    expression, target, value = call.arguments
    if not isinstance(target, Name):
        raise NotationError(target.span, written="…", rule="subs replaces a symbol", remedy="write L.subs(x, value)")
    return replaced(ev, target.name, ev.value(value), expression).value(expression)


def replaced(ev: Evaluator, name: str, value: Value, expression: Node) -> Evaluator:
    """An evaluator for an expression in which a symbol has another value, and what is assigned from it has followed."""
    inner = ev.alike({**ev.values, name: value})
    again(inner, name, expression)
    inner.indices = {index: number for index, number in ev.indices.items() if index != name}
    inner.in_position = ev.in_position
    return inner


CALCULUS: Mapping[str, Callable[[Evaluator, Call], Value]] = {"Derivative": derivative, "subs": substitution}
"""Word -> what it means in a formula."""
