"""Derivatives, gradients and integrals as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eqc.notation.latex import leibniz, parts
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.tree import Call, Name, Node, Subscript, TupleNode

_DIFFERENTIALS = frozenset((r"\partial", "d", "mathrm d"))


def is_derivative(expr: Expression, box: Box) -> bool:
    """Whether a fraction is a derivative: both of its parts begin with a d that is no symbol."""
    return all(part and _is_differential(expr, part[0]) for part in box.parts[:2]) and len(box.parts[1]) > 1


def _is_differential(expr: Expression, box: Box) -> bool:
    if box.text not in _DIFFERENTIALS or box.sub is not None:
        return False
    return box.text != "d" or expr.context.symbol((replace(box, sup=None),), 0) is None or box.sup is not None


def derivative(expr: Expression, box: Box) -> Part:
    """`\\frac{\\partial L}{\\partial z_j}`, or `\\frac{d}{dx}` before what it is about."""
    expr.take()
    above, below = box.parts[0][1:], box.parts[1]
    function = leibniz.function_named(expr, below[1:])
    part = leibniz.quantity(expr, above, function, below[1:]) if above else expr.run()
    variables = [v for piece in _variables(expr, below, part) for v in piece]
    with expr.context.pointing_at(box):
        return expr.scripted(_derived(expr, box, part, variables), box, box)


def _variables(expr: Expression, below: Boxes, part: Part) -> list[list[Part]]:
    """The variables of a denominator, each as often as its power says."""
    starts = [k for k, b in enumerate(below) if _is_differential(expr, b)]
    found = []
    for start, stop in zip(starts, [*starts[1:], len(below)], strict=True):
        boxes = below[start + 1 : stop]
        if not boxes:
            expr.context.fail(below[start], "a derivative needs a variable", r"write \partial x")
        last, times = boxes[-1], 1
        if last.sup is not None and len(last.sup) == 1 and last.sup[0].kind == "number" and stop == len(below):
            times, boxes = int(last.sup[0].text), (*boxes[:-1], replace(last, sup=None))
        found.append([leibniz.variable(expr, boxes, part)] * min(times, 9))
    return found


def _derived(expr: Expression, box: Box, part: Part, variables: Sequence[Part]) -> Part:
    span = expr.context.span(box)
    if len(variables) == 1 and variables[0].whole is not None and leibniz.is_between(expr, part, variables[0].whole):
        return _in_between(expr, box, part, variables[0])
    for variable in variables:
        if not isinstance(variable.whole, Name | Subscript):
            expr.context.fail(box, "a derivative is taken in a symbol", "name what it is taken in")
    axes = (*part.axes, *(axis for v in variables for axis in v.axes))

    def entry(at: tuple[Node, ...]) -> Node:
        rest = at[part.rank :]
        taken = []
        for variable in variables:
            taken.append(variable.entry(rest[: variable.rank]) if variable.axes else variable.node)
            rest = rest[variable.rank :]
        return Call(span, "Derivative", (part.entry(at[: part.rank]) if part.axes else part.node, *taken))

    whole = None if part.whole is None else Call(span, "Derivative", (part.whole, *(v.node for v in variables)))
    if len(variables) > 1 and any(v.axes for v in variables):
        whole = None
    return Part(span, axes, whole if axes else entry(()), entry)


def _in_between(expr: Expression, box: Box, part: Part, variable: Part) -> Part:
    """A derivative in a value that a statement or a function gives."""

    def entry(at: tuple[Node, ...]) -> Node:
        node = part.entry(at[: part.rank]) if part.axes else part.node
        place = variable.entry(at[part.rank :]) if variable.axes else variable.node
        found = leibniz.partial(expr, node, place)
        if found is None:
            expr.context.fail(box, "what is differentiated does not depend on this", "check the symbols")
        return found

    axes = (*part.axes, *variable.axes)
    return Part(expr.context.span(box), axes, None if axes else entry(()), entry)


def nabla(expr: Expression, box: Box) -> Part:
    """`\\nabla_\\theta L`: the gradient in what stands below it."""
    inline = _inline(expr) if box.text == r"\partial" and box.sub is None else None
    if inline is not None:
        return inline
    expr.take()
    if box.sub is None or box.sup is not None:
        remedy = r"write \nabla_\theta L, or declare it in the glossary"
        expr.context.fail(box, f"{box.text} does not say in what the derivative is taken", remedy)
    variable = expr.inside(box.sub)
    part = _function_of(expr, box, variable) or expr.factor()
    with expr.context.pointing_at(box):
        return _derived(expr, box, part, [variable])


def _inline(expr: Expression) -> Part | None:
    """`\\partial f/\\partial x_1` in a line, of one symbol in another."""
    boxes, start = expr.boxes, expr.place
    slash = next((k for k in range(start + 1, len(boxes)) if boxes[k].is_sign("/")), None)
    if slash is None or slash + 2 >= len(boxes) or not _is_differential(expr, boxes[slash + 1]):
        return None
    found = expr.context.symbol(boxes, slash + 2)
    stop = slash + 3 if found is None else found.match.end
    fraction = replace(boxes[start], kind="command", parts=(boxes[start:slash], boxes[slash + 1 : stop]), sup=None)
    expr.place = stop - 1
    return derivative(expr, fraction)


def _function_of(expr: Expression, box: Box, variable: Part) -> Part | None:
    """A function without arguments behind a gradient: it is one of what the gradient is taken in."""
    found = expr.context.symbol(expr.boxes, expr.place) if expr.peek is not None else None
    if found is None or found.spelling.role != "function" or found.match.sup is not None or found.match.primes:
        return None
    following = expr.boxes[found.match.end] if found.match.end < len(expr.boxes) else None
    entry = expr.context.record.symbols[found.spelling.name]
    if (following is not None and following.kind == "open") or len(entry.arguments) != 1:
        return None
    expr.place = found.match.end
    returns = tuple(axis.text.strip() for axis in entry.returns)
    return parts.array(Call(expr.context.span(box), found.spelling.name, (variable.node,)), returns)


def integral(expr: Expression, box: Box) -> Part:
    """`\\int_a^b f(x)\\,dx`; without limits over the whole line."""
    span = expr.context.span(box)
    stop = _differential(expr, box)
    letter = expr.boxes[stop + 1]
    minus = parts.negated(parts.scalar(Name(span, "oo"))).node
    ends = [
        minus if box.sub is None else expr.inside(box.sub).node,
        Name(span, "oo") if box.sup is None else expr.inside(box.sup).node,
    ]
    inside = expr.boxes[expr.place : stop]
    with expr.context.binding([replace(letter, sup=None)]) as names:
        body = expr.inside(inside) if inside else parts.number(span, 1)
    expr.place = stop + 2
    limit = TupleNode(span, (names[0], *ends))
    with expr.context.pointing_at(box):
        return parts.reduced(body, lambda node: Call(span, "Integral", (node, limit)))


def _differential(expr: Expression, box: Box) -> int:
    """Where the `d` before the variable of this integral stands: that of an integral inside comes first."""
    depth, inner = 0, 0
    for place in range(expr.place, len(expr.boxes) - 1):
        one, following = expr.boxes[place], expr.boxes[place + 1]
        depth += {"open": 1, "close": -1}.get(one.kind, 0)
        if one.kind == "big" and one.text == r"\int":
            inner += 1
        if depth == 0 and one.text in ("d", "mathrm d") and not one.has_scripts and following.kind == "letter":
            if inner == 0:
                return place
            inner -= 1
    return expr.context.fail(box, "this integral does not say in which variable", r"write \, dx at its end")


def limit(expr: Expression, box: Box) -> Part:
    """`\\lim_{h \\to 0}` of a quotient by the slopes of its parts (l'Hôpital), of anything else by its value there."""
    arrow = next((k for k, b in enumerate(box.sub or ()) if b.is_sign(r"\to", r"\rightarrow")), 0)
    if box.sub is None or arrow != 1:
        expr.context.fail(box, "a limit says what goes where", r"write \lim_{h \to 0}")
    letter, fraction = box.sub[0], expr.peek
    span, goal = expr.context.span(box), expr.inside(_without_side(box.sub[2:])).node
    variable = Name(span, expr.context.fresh.name())
    with expr.context.standing_for({index_key(letter): parts.scalar(variable)}):
        quotient = fraction is not None and fraction.text == r"\frac" and not fraction.has_scripts
        if not quotient or fraction is None:
            body = expr.term()
            return parts.pointwise(lambda x: Call(span, "subs", (x, variable, goal)), body)
        above, below = (expr.inside(part) for part in expr.take().parts)

    def slope(node: Node) -> Node:
        return Call(span, "subs", (Call(span, "Derivative", (node, variable)), variable, goal))

    if isinstance(below.whole, Name):
        return parts.pointwise(slope, above)
    return parts.divided(parts.pointwise(slope, above), parts.pointwise(slope, below))


def _without_side(boxes: Boxes) -> Boxes:
    """`0^+` without the sign that says from which side."""
    last = boxes[-1] if boxes else None
    if last is not None and last.sup is not None and len(last.sup) == 1 and last.sup[0].is_sign("+", "-"):
        return (*boxes[:-1], replace(last, sup=None))
    return boxes
