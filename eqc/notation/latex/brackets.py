"""What stands between brackets and bars: floors, inner products, lists, indicators, sizes and norms."""

from __future__ import annotations

from dataclasses import replace

from eqc.notation.latex import big, commands, conditions, lists, matrices, parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text, walk
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.scripts import is_evaluation
from eqc.notation.tree import Call, Name


def bracket(expr: Expression, box: Box) -> Part:
    """A bracket, by its kind and by what it holds."""
    inside, close = expr.bracket()
    if not inside:
        expr.context.fail(box, "these brackets are empty", "write what should stand between them")
    span = expr.context.span(box)
    if _brings_a_letter(expr, close):
        return _at_its_value(expr, inside, close)
    if close.text != commands.OPENERS[box.text]:
        expr.context.fail(close, f"{close.text} closes {box.text}", f"write {commands.OPENERS[box.text]}")
    if box.text in (r"\lfloor", r"\lceil"):
        word = "floor" if box.text == r"\lfloor" else "ceiling"
        part = parts.call(span, word, expr.inside(inside))
    elif box.text == r"\langle":
        part = _inner_product(expr, box, inside)
    elif conditions.is_condition(inside):
        part = conditions.indicator(expr, box, inside)
    elif len(pieces := lists.pieces_of(inside)) > 1:
        part = lists.listed(expr, box, pieces)
    else:
        part = expr.inside(inside)
    return expr.scripted(part, box, close)


def _brings_a_letter(expr: Expression, close: Box) -> bool:
    """Whether a bracket takes what it holds at a value of a letter that stands for nothing like it: f(v) at v = 2x."""
    sub = close.sub or ()
    if not is_evaluation(close) or len(sub) < 3 or sub[0].kind != "letter" or not sub[1].is_sign("="):
        return False
    known = expr.context.symbol(sub[:1], 0)
    if known is not None:
        return expr.context.glossary.axes.get(known.spelling.name, ()) != expr.inside(sub[2:]).axes
    return expr.context.index(sub[0]) is None


def _at_its_value(expr: Expression, inside: Boxes, close: Box) -> Part:
    letter, *_ = sub = close.sub or ()
    value = expr.inside(sub[2:])
    name, point = Name(value.span, expr.context.fresh.name()), value.node
    with expr.context.standing_for({index_key(letter): parts.array(name, value.axes)}):
        part = expr.inside(inside)
    found = parts.pointwise(lambda x: Call(x.span, "subs", (x, name, point)), part)
    return expr.scripted(found, close, replace(close, sub=None))


def _inner_product(expr: Expression, box: Box, inside: Boxes) -> Part:
    pieces = split(inside, ",", "|")
    if len(pieces) != 2:
        expr.context.fail(box, "an inner product has two sides", r"write \langle a, b \rangle")
    left, right = (expr.inside(piece) for piece in pieces)
    with expr.context.pointing_at(box):
        if left.rank == right.rank == 2:
            return _summed(parts.hadamard(left, right), expr)
        return matrices.product(left, right, expr.context.fresh, dot=True)


def _summed(part: Part, expr: Expression) -> Part:
    node, names = parts.looped(part, expr.context.fresh)
    if not names:
        return parts.scalar(node)
    return parts.scalar(Call(part.span, "Sum", (node, *parts.limits(part.span, names))))


def bar(expr: Expression, box: Box) -> Part:
    """`|x|` or a norm; the content ends at the bar that closes this one."""
    expr.take()
    stop = _closing_bar(expr, box)
    inner = Expression(expr.context, expr.boxes[expr.place : stop])
    built = expr.context.sets.get(index_key(inner.boxes[0])) if len(inner.boxes) == 1 else None
    if built is not None:
        expr.place = stop + 1
        return expr.scripted(big.size_of_set(expr, box, built), box, expr.boxes[stop])
    part = inner.whole() if inner.boxes else expr.unexpected(box)
    close = expr.boxes[stop]
    expr.place = stop + 1
    with expr.context.pointing_at(box):
        if box.text == "|" and not (part.rank == 1 and _is_vector(inner.boxes)):
            return expr.scripted(_absolute(part), box, close)
        return expr.scripted(_norm(expr, part, box, close.sub), box, replace(close, sub=None))


_VECTOR_FACES = frozenset(style.lstrip("\\") for style in commands.PLAIN_STYLES)


def _closing_bar(expr: Expression, box: Box) -> int:
    """The bar that closes one: the next at which a value has ended, counting those that open in between."""
    depth, opened = 0, 0
    for place in range(expr.place, len(expr.boxes)):
        one = expr.boxes[place]
        depth += {"open": 1, "close": -1}.get(one.kind, 0)
        if one.kind != "bar" or one.text != box.text or depth or one.side == "middle":
            continue
        before = expr.boxes[place - 1]
        opens = one.side == "open" or (not one.side and (before.kind in ("sign", "open", "big") or place == expr.place))
        if opens:
            opened += 1
        elif opened:
            opened -= 1
        else:
            return place
    return expr.context.fail(box, f"this {box.text} is never closed", "write the closing bar")


def _is_vector(boxes: Boxes) -> bool:
    """Whether letters are printed as vectors, so that bars around them mean the length."""
    return any(b.text.partition(" ")[0] in _VECTOR_FACES for b in walk(boxes) if " " in b.text)


def _absolute(part: Part) -> Part:
    if part.rank == 2 and part.axes[0] == part.axes[1]:
        return matrices.determinant(part)
    return parts.call(part.span, "Abs", part)


def _norm(expr: Expression, part: Part, box: Box, sub: Boxes | None) -> Part:
    """A norm: Euclidean (for matrices Frobenius's) unless a subscript says otherwise."""
    order = "2" if sub is None else flat_text(sub).removeprefix("mathrm ")
    if part.rank == 2 and order not in ("F", "2") and part.axes[0] != parts.UNIT:
        expr.context.fail(box, f"the norm {order} of a matrix", "print it as a sum, or declare it in the glossary")
    if part.rank == 2 and sub is not None and order == "2":
        expr.context.fail(box, "the spectral norm of a matrix", "declare it in the glossary")
    span = part.span
    node, names = parts.looped(part, expr.context.fresh)
    size = Call(span, "Abs", (node,))
    if not names:
        return parts.scalar(size)
    limits = tuple(parts.limits(span, names))
    if order == r"\infty":
        return parts.scalar(Call(span, "MaxOver", (size, *limits)))
    exponent = parts.number(span, 2) if order in ("2", "F") else expr.inside(sub or ())
    entry = parts.scalar(node) if order in ("2", "F") else parts.scalar(size)
    if order == "1":
        return parts.scalar(Call(span, "Sum", (size, *limits)))
    total = parts.scalar(Call(span, "Sum", (matrices.power(entry, exponent).node, *limits)))
    if order in ("2", "F"):
        return parts.call(span, "sqrt", total)
    return matrices.power(total, parts.divided(parts.number(span, 1), exponent))
