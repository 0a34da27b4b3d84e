"""Dots: `x_1, \\ldots, x_n` as one formula in an index, from what stands before and behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from eqc.notation.latex import parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text, same, same_nucleus
from eqc.notation.latex.context import index_key
from eqc.notation.latex.parts import Part
from eqc.notation.tree import Call, Name, Node, TupleNode

if TYPE_CHECKING:
    from eqc.notation.latex.expression import Expression

DOTS = frozenset((r"\ldots", r"\cdots", r"\vdots", r"\ddots"))
_LETTER = Box("letter", "mathtt dots", 0, 0)  # no record prints it


def are_dots(boxes: Boxes) -> bool:
    """Whether nothing but dots stands here."""
    return len(boxes) == 1 and boxes[0].is_sign(*DOTS)


@dataclass(frozen=True, slots=True)
class Family:
    """A formula in which `_LETTER` runs from a whole number to what is printed last."""

    boxes: Boxes
    low: int
    high: Boxes


@dataclass(slots=True)
class _Difference:
    """Where the first and the last member differ: a number there, something else here, everywhere the same."""

    low: Box | None = None
    high: Boxes = ()
    consistent: bool = True

    def at(self, low: Box, high: Boxes) -> Boxes:
        if self.low is not None and (self.low.text != low.text or flat_text(self.high) != flat_text(high)):
            self.consistent = False
        self.low, self.high = low, high
        return (replace(_LETTER, offset=low.offset, end=low.end),)


def family(first: Boxes, last: Boxes) -> Family | None:
    """The formula of which two lists of boxes are the first and the last case; None if they are not alike.

    >>> one, n = Box("number", "1", 0, 1), Box("letter", "n", 0, 1)
    >>> family((Box("letter", "x", 0, 1, sub=(one,)),), (Box("letter", "x", 0, 1, sub=(n,)),)).low
    1
    """
    difference = _Difference()
    boxes = _general(first, last, difference)
    if boxes is None or difference.low is None or not difference.consistent:
        return None
    return Family(boxes, int(difference.low.text), difference.high)


def _is_count(box: Box) -> bool:
    return box.kind == "number" and not box.has_scripts and box.text.isdigit()


def _general(a: Boxes | None, b: Boxes | None, difference: _Difference) -> Boxes | None:
    if a is None or b is None:
        return None
    if same(a, b):
        return a
    if len(a) == 1 and _is_count(a[0]) and b:
        return difference.at(a[0], b)
    if len(a) != len(b):
        return None
    found: list[Box] = []
    for x, y in zip(a, b, strict=True):
        piece = _general_box(x, y, difference)
        if piece is None:
            return None
        found += piece
    return tuple(found)


def _general_box(x: Box, y: Box, difference: _Difference) -> Boxes | None:
    if _is_count(x) and not same((x,), (y,)):
        return difference.at(x, (y,))
    scripts: dict[str, Boxes | None] = {}
    for name in ("sub", "sup"):
        a, b = getattr(x, name), getattr(y, name)
        scripts[name] = None if a is None and b is None else _general(a, b, difference)
        if (a is None) != (b is None) or (a is not None and scripts[name] is None):
            return None
    if x.primes != y.primes:
        return None
    if same_nucleus(x.bare, y.bare):
        return (replace(x, sub=scripts["sub"], sup=scripts["sup"]),)
    inner = [_general(a, b, difference) for a, b in zip(x.parts, y.parts, strict=False)]
    if x.text != y.text or x.kind != y.kind or not x.parts or len(x.parts) != len(y.parts) or None in inner:
        return None
    kept = tuple(boxes for boxes in inner if boxes is not None)
    return (replace(x, parts=kept, sub=scripts["sub"], sup=scripts["sup"]),)


def spanning(members: Sequence[Boxes], last: Boxes) -> Family | None:
    """The family of which these are the first members in order, and the last one."""
    whole = family(members[0], last)
    if whole is None:
        return None
    for number, member in enumerate(members[1:], whole.low + 1):
        own = family(member, last)
        if own is None or own.low != number:
            return None
    return whole


def member(expr: Expression, of: Family, place: Node) -> Part:
    """The member with a number; the first one has the number that is printed there."""
    with expr.context.standing_for({index_key(_LETTER): parts.scalar(place)}):
        return expr.inside(of.boxes)


def summed(expr: Expression, of: Family, word: str) -> Part:
    """The sum or product of all members."""
    high = expr.inside(of.high).node
    name = Name(high.span, expr.context.fresh.name())
    limit = TupleNode(high.span, (name, parts.number(high.span, of.low).node, high))
    return parts.reduced(member(expr, of, name), lambda node: Call(high.span, word, (node, limit)))
