"""What stands in a derivative as Leibniz wrote it: functions without their arguments, values that others define.

`\\frac{\\partial f}{\\partial x_i}` is about f at x; `\\frac{\\partial L}{\\partial z_j}`, with L a function of values
z that other statements give, is the slope of L at these values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace

from eqc.notation.latex import parts
from eqc.notation.latex.boxes import Boxes
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Assign, Call, Name, Node, Subscript, placeholders, walk

Test = Callable[[Node], bool]


def quantity(expr: Expression, boxes: Boxes, inner: str | None = None, below: Boxes = ()) -> Part:
    """What a derivative is about, or taken in.

    A function without arguments is taken at the function `inner`, at the symbol `below`, or at the input that it fits.
    """
    found = expr.context.symbol(boxes, 0) if boxes else None
    if found is None or found.spelling.role != "function" or found.match.end != len(boxes) or found.match.primes:
        return expr.inside(boxes)
    part = value_of(expr, boxes, found.spelling.name, inner, below)
    return part if found.match.sub is None else expr.indexed(part, boxes[0], found.match.sub)


def variable(expr: Expression, boxes: Boxes, part: Part) -> Part:
    """What a derivative of a part is taken in; a function without arguments is its value there."""
    name = function_named(expr, boxes)
    inside = () if name is None or part.whole is None else walk(part.whole)
    call = next((n for n in inside if isinstance(n, Call) and n.function == name), None)
    if call is None:
        return quantity(expr, boxes)
    sub = boxes[-1].sub
    part = parts.array(call, _returns(expr, call.function))
    return part if sub is None or not part.rank else expr.indexed(part, boxes[0], sub)


def function_named(expr: Expression, boxes: Boxes) -> str | None:
    """The function that stands here without arguments."""
    found = expr.context.symbol(boxes, 0) if boxes else None
    is_alone = found is not None and found.spelling.role == "function" and found.match.end == len(boxes)
    return found.spelling.name if found is not None and is_alone else None


def value_of(expr: Expression, boxes: Boxes, name: str, inner: str | None = None, below: Boxes = ()) -> Part:
    """A function at a function, or at the only input that has the shape of its argument."""
    record = expr.context.record
    span = expr.context.span(boxes[0])
    takes = _shape(record.symbols[name].arguments[0]) if record.symbols[name].arguments else ()
    if inner is not None and inner != name and _shape(record.symbols[inner].returns) == takes:
        point = value_of(expr, boxes, inner).node
    else:
        found = expr.context.symbol(below, 0) if below and len(record.symbols[name].arguments) <= 1 else None
        named = found.spelling.name if found is not None and found.spelling.role == "value" else ""
        fits = bool(named) and expr.context.glossary.axes[named] == takes
        point = Name(span, named if fits else _fitting(expr, boxes, name, takes))
    return parts.array(Call(span, name, (point,)), _returns(expr, name))


def _returns(expr: Expression, name: str) -> tuple[str, ...]:
    return _shape(expr.context.record.symbols[name].returns)


def _shape(axes: object) -> tuple[str, ...]:
    return tuple(axis.text.strip() for axis in axes)  # type: ignore[attr-defined]


def _fitting(expr: Expression, boxes: Boxes, name: str, takes: tuple[str, ...]) -> str:
    """The input that a function is taken at if nothing is printed."""
    context = expr.context
    variables = placeholders(s.value for s in _statements(expr).values())
    sizes = {axis for axes in context.glossary.axes.values() for axis in axes}
    found = [
        e.name
        for e in context.record.symbols.values()
        if e.kind == "value" and context.glossary.axes[e.name] == takes
        if e.name not in context.assigned | variables | sizes | context.glossary.record_ids and not e.domain.integer
    ]
    if len(found) != 1 or len(context.record.symbols[name].arguments) > 1:
        context.fail(boxes[0], f"{name} is a function and has no arguments here", "write them in brackets")
    return found[0]


def _statements(expr: Expression) -> Mapping[str, Assign]:
    """The record's statements by the names that they assign."""
    found: dict[str, Assign] = {}
    for text in expr.context.record.statements:
        statement = parse_statement(text)
        base = statement.target.base if isinstance(statement.target, Subscript) else statement.target
        if isinstance(base, Name):
            found[base.name] = statement
    return found


def is_between(expr: Expression, part: Part, node: Node) -> bool:
    """Whether a derivative is taken in a function's value, or in an assigned symbol that the formula leads to."""
    base = node.base if isinstance(node, Subscript) else node
    if not isinstance(base, Name):
        return isinstance(base, Call)
    inside = () if part.whole is None else walk(part.whole)
    return base.name in _statements(expr) and not any(_name(n) == base.name for n in inside)


def partial(expr: Expression, node: Node, variable: Node) -> Node | None:
    """The derivative in a value between, with all that it does not lead through held; None if it leads nowhere."""
    base = variable.base if isinstance(variable, Subscript) else variable
    span = variable.span
    fresh = Name(span, expr.context.fresh.name())
    if isinstance(base, Call):
        held = replaced(node, lambda n: isinstance(n, Call) and n.function == base.function, fresh)
    else:
        assert isinstance(base, Name)
        held = replaced(_inlined(expr, node, base.name), lambda n: isinstance(n, Name) and n.name == base.name, fresh)
    if not any(isinstance(n, Name) and n.name == fresh.name for n in walk(held)):
        return None
    entry = Subscript(span, fresh, variable.positions) if isinstance(variable, Subscript) else fresh
    return Call(span, "subs", (Call(span, "Derivative", (held, entry)), fresh, base))


def _inlined(expr: Expression, node: Node, stop: str) -> Node:
    """A formula with definitions in place of names, until it is about `stop`."""
    statements = {name: s for name, s in _statements(expr).items() if name != stop}
    for _ in statements:
        if any(isinstance(n, Name) and n.name == stop for n in walk(node)):
            return node
        node = replaced(
            node, lambda n: _definition(statements, n) is not None, lambda n: _definition(statements, n) or n
        )
    return node


def _definition(statements: Mapping[str, Assign], node: Node) -> Node | None:
    """What a symbol is defined as, or its entry at some positions."""
    base = node.base if isinstance(node, Subscript) else node
    statement = statements.get(base.name) if isinstance(base, Name) else None
    if statement is None or isinstance(statement.target, Subscript) != isinstance(node, Subscript):
        return None
    value = statement.value
    if isinstance(node, Subscript) and isinstance(statement.target, Subscript):
        indices = [_name(p) for p in statement.target.positions]
        places = dict(zip(indices, node.positions, strict=False))
        value = replaced(value, lambda n: isinstance(n, Name) and n.name in places, lambda n: places[_name(n)])
    return value


def _name(node: Node) -> str:
    return node.name if isinstance(node, Name) else ""


def replaced(node: Node, chosen: Test, by: Node | Callable[[Node], Node]) -> Node:
    """A formula with the outermost chosen parts replaced."""
    if chosen(node):
        return by(node) if callable(by) else by
    changes: dict[str, object] = {}
    for one in fields(node):
        value = getattr(node, one.name)
        if isinstance(value, Node):
            changes[one.name] = replaced(value, chosen, by)
        elif isinstance(value, tuple):
            changes[one.name] = tuple(replaced(v, chosen, by) if isinstance(v, Node) else v for v in value)
    return replace(node, **changes) if changes else node  # type: ignore[arg-type]
