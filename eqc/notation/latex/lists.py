"""Lists in brackets: vectors of numbers, arrays one behind the other, and lists whose middle is left out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from eqc.errors import Span
from eqc.notation.latex import matrices, parts
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.families import Family, are_dots, member, spanning
from eqc.notation.latex.parts import Part, Positions
from eqc.notation.latex.patterns import split
from eqc.notation.text import formula_text
from eqc.notation.tree import Binary, Boolean, Call, Compare, Node, Number, TupleNode

_SEPARATORS = (",", ";")
_JOINING = (r"\|", "|")


def pieces_of(inside: Boxes) -> list[Boxes]:
    """The items of a list; of `[a \\| b]` too, where two things stand beside one pair of bars."""
    pieces = split(inside, *_SEPARATORS)
    bars = [box for box in inside if box.kind == "bar" and not (box.side and box.side != "middle")]
    if len(pieces) == 1 and len(bars) == 1:
        pieces = split(inside, *_JOINING)
    return pieces


def listed(expr: Expression, box: Box, pieces: Sequence[Boxes]) -> Part:
    """Numbers as a vector, arrays one behind the other; dots stand for what lies between."""
    if any(not piece for piece in pieces):
        expr.context.fail(box, "an item of this list is missing", "write it, or take the comma out")
    with expr.context.pointing_at(box):
        dots = [place for place, piece in enumerate(pieces) if are_dots(piece)]
        if dots:
            return _with_dots(expr, box, pieces, dots)
        items = [expr.inside(piece) for piece in pieces]
        if not any(item.axes for item in items):
            return matrices.matrix(expr.context.span(box), [[item] for item in items])
        return joined(expr.context.span(box), items)


def _with_dots(expr: Expression, box: Box, pieces: Sequence[Boxes], dots: Sequence[int]) -> Part:
    found = spanning(pieces[: dots[0]], pieces[-1]) if dots == [len(pieces) - 2] and len(pieces) > 2 else None
    if found is None:
        expr.context.fail(box, "what these dots leave out is not known", "print it like x_1, \\ldots, x_n")
    return all_of(expr, box, found)


def all_of(expr: Expression, box: Box, of: Family) -> Part:
    """All members of a family: a vector of numbers, or arrays one behind the other."""
    span = expr.context.span(box)
    first = Number(span, Fraction(of.low))
    last = expr.inside(of.high)
    count = last if of.low == 1 else parts.added("+", last, parts.number(span, 1 - of.low))
    sample = member(expr, of, first)
    if not sample.axes:
        return Part(span, (_axis(count.node),), None, lambda at: member(expr, of, _shifted(at[0], of.low - 1)).node)
    width = parts.size(span, sample.axes[-1])

    def entry(at: Positions) -> Node:
        before = Binary(span, "-", at[-1], _number(span, 1))
        which = Call(span, "floor", (Binary(span, "/", before, width),))
        place = Binary(span, "+", Call(span, "Mod", (before, width)), _number(span, 1))
        return member(expr, of, _shifted(which, of.low)).entry((*at[:-1], place))

    axis = _axis(Binary(span, "*", count.node, width))
    return Part(span, (*sample.axes[:-1], axis), None, entry)


def _shifted(place: Node, by: int) -> Node:
    return place if not by else Binary(place.span, "+" if by > 0 else "-", place, _number(place.span, abs(by)))


def _number(span: Span, value: int) -> Node:
    return Number(span, Fraction(value))


def _axis(node: Node) -> str:
    return formula_text(node).replace(" ", "")


def joined(span: Span, items: Sequence[Part]) -> Part:
    """Arrays one behind the other along their last axis; a number counts as an array of one entry."""
    rank = max(item.rank for item in items)
    if any(item.rank != rank and item.rank for item in items) or (rank > 1 and any(not i.rank for i in items)):
        shapes = " and ".join(parts.show(item.axes) for item in items)
        raise parts.Misfit(f"{shapes} in one list", "give them as many axes in the glossary, or write indices")
    widths = [item.axes[-1] if item.axes else "1" for item in items]
    lead = items[0].axes[:-1] if rank > 1 else ()

    def entry(at: Positions) -> Node:
        pairs: list[Node] = []
        for number, item in enumerate(items):
            before = [parts.size(span, width) for width in widths[:number]]
            place = _minus(at[-1], before)
            value = item.entry((*at[:-1], place)) if item.axes else item.node
            fits = Compare(span, "<=", place, parts.size(span, widths[number]))
            pairs.append(TupleNode(span, (value, Boolean(span, True) if number == len(items) - 1 else fits)))
        return Call(span, "Piecewise", tuple(pairs))

    return Part(span, (*lead, "+".join(widths)), None, entry)


def _minus(node: Node, others: Sequence[Node]) -> Node:
    for other in others:
        node = Binary(node.span, "-", node, other)
    return node


def concatenation(expr: Expression, box: Box) -> Part:
    """`\\mathrm{Concat}(a, b)`."""
    expr.take()
    if expr.peek is None or expr.peek.kind != "open":
        expr.context.fail(box, f"{box.text} has no arguments here", "write them in brackets")
    inside, close = expr.bracket()
    return expr.scripted(listed(expr, box, pieces_of(inside)), box, close)
