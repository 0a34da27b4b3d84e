"""Sums, products, extrema and integrals, with what is printed below and above them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from eqc.notation.latex import conditions, matrices, parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.boxes import walk as walk_boxes
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.ranges import Below, Range, over_set, read_below
from eqc.notation.latex.sets import BuiltSet
from eqc.notation.tree import Binary, Boolean, Call, Name, Node, Number, Subscript, TupleNode, walk

WORDS: Mapping[str, str] = {
    r"\sum": "Sum",
    r"\prod": "Product",
    r"\max": "MaxOver",
    r"\min": "MinOver",
    r"\sup": "MaxOver",
    r"\inf": "MinOver",
    r"\argmax": "ArgMaxOver",
    r"\argmin": "ArgMinOver",
}
_LISTS: Mapping[str, str] = {r"\max": "Max", r"\min": "Min", r"\sup": "Max", r"\inf": "Min"}
_PLACES = (r"\argmax", r"\argmin")
_NEUTRAL: Mapping[str, int] = {"Sum": 0, "Product": 1}


def read_big(expr: Expression, box: Box) -> Part:
    """An operator with its limits and its body."""
    expr.take()
    if box.text in (r"\int", r"\iint"):
        from eqc.notation.latex.calculus import integral

        return integral(expr, box)
    if box.text == r"\lim":
        from eqc.notation.latex.calculus import limit

        return limit(expr, box)
    if box.text not in WORDS:
        expr.context.fail(box, f"{box.text} is an operator that eqc does not know", "print it as a sum or a product")
    if box.sub is None and box.text in _LISTS:
        return _of_a_list(expr, box)
    if box.sub is None:
        expr.context.fail(box, f"{box.text} does not say over which index", f"write {box.text}_{{i=1}}^{{n}}")
    below = read_below(expr, box)
    return _reduced(expr, box, below)


def _of_a_list(expr: Expression, box: Box) -> Part:
    """`\\max(0, z)`; with one array in the brackets, its greatest entry."""
    if expr.peek is None or expr.peek.kind != "open":
        expr.context.fail(box, f"{box.text} does not say of what", f"write {box.text}(a, b) or {box.text}_i")
    pieces, close = expr.arguments(",")
    operands = [expr.inside(piece) if piece else expr.unexpected(box) for piece in pieces]
    span = expr.context.span(box)
    with expr.context.pointing_at(box):
        if len(operands) == 1 and operands[0].axes:
            node, names = parts.looped(operands[0], expr.context.fresh)
            part = parts.scalar(Call(span, WORDS[box.text], (node, *parts.limits(span, names))))
        else:
            part = parts.call(span, _LISTS[box.text], *operands)
        part = part if box.sup is None else matrices.power(part, expr.inside(box.sup))
        return expr.scripted(part, box, close)


def size_of_set(expr: Expression, box: Box, built: BuiltSet) -> Part:
    """How many elements a set has that the LaTeX builds."""
    one = parts.number(expr.context.span(box), 1)
    return _over(expr, replace(box, text=r"\sum"), over_set(expr, box, built, None), lambda: one)


def _reduced(expr: Expression, box: Box, below: Below) -> Part:
    for one in below.ranges:
        found = expr.context.symbol((one.box.bare,), 0)
        if found is not None and box.text in _PLACES and expr.context.glossary.axes.get(found.spelling.name):
            what = f"{box.text} over {flat_text((one.box,))}, which is no index"
            expr.context.fail(box, what, "print the objective, and give the optimiser in sympy: as ArgMin or ArgMax")
    outside = frozenset((*expr.context.bound, *expr.context.free))
    return _over(expr, box, below, lambda: _body(expr, box, outside))


def _over(expr: Expression, box: Box, below: Below, body_of: Callable[[], Part]) -> Part:
    """A reduction of a body that is read while its indices are bound."""
    context, word = expr.context, WORDS[box.text]
    span = context.span(box)
    ends = [
        (None if r.low is None else expr.inside(r.low).node, None if r.high is None else expr.inside(r.high).node)
        for r in below.ranges
    ]
    with context.binding([r.box for r in below.ranges]) as names:
        elements = {index_key(letter): expr.inside(boxes) for letter, boxes in below.elements}
        with context.standing_for(_entries(below.ranges, names) | elements):
            body = body_of()
            guard = _guard(expr, below.conditions)
        sample = body.whole if body.whole is not None else parts.looped(body, context.fresh)[0]
        limits = [
            TupleNode(span, (name, low or _one(span), high or extent(expr, r.box, name, sample)))
            for r, name, (low, high) in zip(below.ranges, names, ends, strict=True)
        ]
    if guard is not None and word not in _NEUTRAL:
        context.fail(box, f"{box.text} with a condition", "print the limits of the index")

    def wrap(node: Node) -> Node:
        if guard is not None:
            other = Number(span, parts.number(span, _NEUTRAL[word]).node.value)  # type: ignore[attr-defined]
            pairs = (TupleNode(span, (node, guard)), TupleNode(span, (other, Boolean(span, True))))
            node = Call(span, "Piecewise", pairs)
        return Call(span, word, (node, *reversed(limits)))

    with context.pointing_at(box):
        return parts.reduced(replace(body, span=span), wrap)


def _entries(ranges: Sequence[Range], names: Sequence[Name]) -> dict[str, Part]:
    """What letters stand for that run over the entries of an array."""
    pairs = zip(ranges, names, strict=True)
    return {index_key(r.box): parts.index_into(r.entries, (name,)) for r, name in pairs if r.entries is not None}


def _one(span: object) -> Node:
    return parts.number(span, 1).node  # type: ignore[arg-type]


def _body(expr: Expression, box: Box, outside: frozenset[str]) -> Part:
    """What an operator runs over: the term that follows."""
    if expr.peek is None:
        expr.context.fail(box, f"{box.text} has no body", "write what it runs over")
    part = expr.term()
    while WORDS[box.text] == "Sum" and expr.sees("+", "-") and _reaches(expr, box, outside):
        sign = expr.take()
        right = expr.term()
        with expr.context.pointing_at(sign):
            part = parts.added("+" if sign.text == "+" else "-", part, right)
    return part


def _reaches(expr: Expression, box: Box, outside: frozenset[str]) -> bool:
    """Whether the next term has an index of this operator that nothing else gives a meaning."""
    start, depth = expr.place + 1, 0
    stop = start
    while stop < len(expr.boxes) and not (depth == 0 and stop > start and expr.boxes[stop].is_sign("+", "-")):
        depth += {"open": 1, "close": -1}.get(expr.boxes[stop].kind, 0)
        stop += 1
    term = expr.boxes[start:stop]
    if any(b.kind == "big" for b in walk_boxes(term)):
        return False
    letters = {b.text for b in box.sub or () if b.kind == "letter" and not expr.context.declares(b.bare)}
    used = {b.text for b in walk_boxes(term) if b.kind == "letter" and not b.has_scripts}
    return bool((letters & used) - outside)


def _guard(expr: Expression, pieces: Sequence[Boxes]) -> Node | None:
    found: Node | None = None
    for piece in pieces:
        node = conditions.condition(expr, piece).node
        found = node if found is None else Binary(node.span, "and", found, node)
    return found


def extent(expr: Expression, box: Box, index: Name, body: Node) -> Node:
    """The extent of an axis that the body reads at the index."""
    axis = axis_of(expr, index.name, body)
    if axis is None:
        text = flat_text((box,))
        expr.context.fail(box, f"how far {text} runs is not known", f"print its limits, {text}=1 below and n above")
    return parts.size(index.span, axis)


def _axes(expr: Expression, base: Node) -> tuple[str, ...]:
    """The axes of a declared array, or of what a declared function gives."""
    if isinstance(base, Call):
        entry = expr.context.record.symbols.get(base.function)
        return tuple(axis.text.strip() for axis in entry.returns) if entry is not None else ()
    return expr.context.glossary.axes.get(base.name, ()) if isinstance(base, Name) else ()


def axis_of(expr: Expression, index: str, body: Node) -> str | None:
    """The axis of a declared array that is read at the bare index."""
    for node in walk(body):
        if not isinstance(node, Subscript):
            continue
        for position, axis in zip(node.positions, _axes(expr, node.base), strict=False):
            if isinstance(position, Name) and position.name == index and axis != parts.ANY:
                return axis
    return None
