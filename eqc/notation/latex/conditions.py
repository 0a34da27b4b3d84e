"""Conditions: relations and their chains, cases, indicators, membership in intervals and sets of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from eqc.notation.latex import parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.text import formula_text
from eqc.notation.tree import Binary, Boolean, Call, Compare, CompareOp, Node, TupleNode, Unary

RELATIONS: Mapping[str, CompareOp] = {"=": "==", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}
NEGATED: Mapping[CompareOp, CompareOp] = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
OTHERWISE = frozenset(("otherwise", "else", "elsewhere", "otherwise.", "else."))
_INTRODUCING = frozenset(("if", "when", "for", "where", "while", "for all", "as"))
_AND = frozenset(("and", "with"))


def is_condition(boxes: Boxes) -> bool:
    """Whether a relation stands outside all brackets."""
    depth = 0
    for box in boxes:
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        if depth == 0 and box.is_sign(*RELATIONS, r"\in", r"\notin"):
            return True
    return False


def condition(expr: Expression, boxes: Boxes) -> Part:
    """A condition as a part whose entries are truth values."""
    boxes = _trimmed(boxes)
    if not boxes:
        last = expr.boxes[-1] if expr.boxes else None
        expr.context.fail(last, "a condition is missing", "write one, or \\text{otherwise}")
    for word, signs, op in (("or", (r"\lor",), "or"), ("and", (r"\land", ",", ";"), "and")):
        pieces = _apart(boxes, word, signs)
        if len(pieces) > 1:
            found = condition(expr, pieces[0])
            for piece in pieces[1:]:
                right = condition(expr, piece)
                found = parts.pointwise(lambda a, b, op=op: Binary(a.span, op, a, b), found, right)
            return found
    if boxes[0].is_sign(r"\lnot"):
        with expr.context.deeper(boxes[0]):
            return parts.pointwise(lambda a: Unary(a.span, "not", a), condition(expr, boxes[1:]))
    if boxes[0].text == "(" and boxes[-1].text == ")" and is_condition(boxes[1:-1]) and not is_condition(boxes):
        return condition(expr, boxes[1:-1])
    return _chain(expr, boxes)


def joined_by_and(boxes: Boxes) -> list[Boxes]:
    """Conditions apart at commas and at what says that all have to hold."""
    return _apart(boxes, "and", (r"\land", ",", ";"))


def _trimmed(boxes: Boxes) -> Boxes:
    """Without words that only introduce a condition, and punctuation around it."""
    while boxes and (boxes[0].kind == "wide" or boxes[0].is_sign(",", ":") or _is_word(boxes[0], _INTRODUCING)):
        boxes = boxes[1:]
    while boxes and (boxes[-1].kind == "wide" or boxes[-1].is_sign(",", ".", ";")):
        boxes = boxes[:-1]
    return boxes


def _is_word(box: Box, words: frozenset[str]) -> bool:
    return box.kind in ("prose", "word") and box.text.lower() in words


def _apart(boxes: Boxes, word: str, signs: tuple[str, ...]) -> list[Boxes]:
    pieces: list[Boxes] = []
    depth, start = 0, 0
    for place, box in enumerate(boxes):
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        if depth == 0 and (box.is_sign(*signs) or _is_word(box, _AND if word == "and" else frozenset((word,)))):
            pieces.append(boxes[start:place])
            start = place + 1
    found = [_trimmed(piece) for piece in (*pieces, boxes[start:])]
    found = [piece for piece in found if piece]
    return _with_shared_bounds(found) if word == "and" else found


def _with_shared_bounds(pieces: list[Boxes]) -> list[Boxes]:
    """`1 <= a, b <= k`: a piece that ends in a name shares the relation of the next one."""
    if len(pieces) == 2 and all(_relation_places(p) for p in pieces):
        first, second = pieces
        a, b = _relation_places(first), _relation_places(second)
        if len(a) == len(b) == 1 and len(first) - a[0] == 2 and b[0] == 1 and a[0] and first[a[0]].text in ("<", "<="):
            low, high = first[: a[0] + 1], second[1:]
            return [(*first, *high), (*low, *second)]
    return pieces


def _relation_places(boxes: Boxes) -> list[int]:
    depth, found = 0, []
    for place, box in enumerate(boxes):
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        if depth == 0 and box.is_sign(*RELATIONS, r"\in", r"\notin"):
            found.append(place)
    return found


def _chain(expr: Expression, boxes: Boxes) -> Part:
    """`0 <= x < 1`: every link has to hold."""
    places = _relation_places(boxes)
    if not places:
        expr.context.fail(boxes[0], "a condition has a relation", "write =, <, \\le or the like")
    if boxes[places[0]].is_sign(r"\in", r"\notin"):
        return _membership(expr, boxes, places[0])
    starts = [0, *(p + 1 for p in places)]
    ends = [*places, len(boxes)]
    for start, end in zip(starts, ends, strict=True):
        if start == end:
            sign = boxes[min(start, len(boxes) - 1)]
            expr.context.fail(sign, "a side of this relation is missing", "write what it compares")
    sides = [expr.inside(boxes[start:end]) for start, end in zip(starts, ends, strict=True)]
    links = []
    for place, left, right in zip(places, sides, sides[1:], strict=False):
        op = RELATIONS[boxes[place].text]
        with expr.context.pointing_at(boxes[place]):
            links.append(parts.pointwise(lambda a, b, op=op: Compare(a.span, op, a, b), left, right))
    found = links[0]
    for link in links[1:]:
        found = parts.pointwise(lambda a, b: Binary(a.span, "and", a, b), found, link)
    return found


def _membership(expr: Expression, boxes: Boxes, place: int) -> Part:
    """`x \\in (0, 1)` and `x \\in \\{0, 1\\}`."""
    sign, inside = boxes[place], boxes[place + 1 :]
    left = expr.inside(boxes[:place])
    if len(inside) < 3 or inside[0].kind not in ("open", "close") or inside[-1].kind not in ("open", "close"):
        expr.context.fail(sign, "membership in a set that is not printed", "print an interval or the elements")
    pieces = split(inside[1:-1], ",")
    if inside[0].text == r"\{":
        found = parts.pointwise(_equal, left, expr.inside(pieces[0]))
        for piece in pieces[1:]:
            other = parts.pointwise(_equal, left, expr.inside(piece))
            found = parts.pointwise(lambda a, b: Binary(a.span, "or", a, b), found, other)
        return _maybe_not(sign, found)
    if len(pieces) != 2:
        expr.context.fail(inside[0], "an interval has two ends", "write (0, 1) or [0, 1)")
    bounds = list(_bounds(expr, left, inside, pieces))
    if not bounds:
        expr.context.fail(sign, "this interval has no finite end", "take the condition out")
    found = bounds[0]
    for bound in bounds[1:]:
        found = parts.pointwise(lambda a, b: Binary(a.span, "and", a, b), found, bound)
    return _maybe_not(sign, found)


def _bounds(expr: Expression, left: Part, inside: Boxes, pieces: list[Boxes]) -> Iterator[Part]:
    ops: tuple[CompareOp, CompareOp] = (">=" if inside[0].text == "[" else ">", "<=" if inside[-1].text == "]" else "<")
    for op, piece in zip(ops, pieces, strict=True):
        if r"\infty" not in flat_text(piece):
            yield parts.pointwise(lambda a, b, op=op: Compare(a.span, op, a, b), left, expr.inside(piece))


def _equal(a: Node, b: Node) -> Node:
    return Compare(a.span, "==", a, b)


def _maybe_not(sign: Box, part: Part) -> Part:
    return parts.pointwise(lambda a: Unary(a.span, "not", a), part) if sign.is_sign(r"\notin") else part


def indicator(expr: Expression, box: Box, inside: Boxes) -> Part:
    """1 where the condition holds, else 0."""
    span = expr.context.span(box)
    one, zero = parts.number(span, 1).node, parts.number(span, 0).node
    rest = TupleNode(span, (zero, Boolean(span, True)))
    return parts.pointwise(
        lambda holds: Call(span, "Piecewise", (TupleNode(span, (one, holds)), rest)), condition(expr, inside)
    )


def indicator_of(expr: Expression, box: Box) -> Part:
    """`\\mathbb{1}[…]` or `\\mathbb{1}_{…}`."""
    expr.take()
    if box.sub is not None:
        inside = without_brackets(box.sub)
        return expr.scripted(indicator(expr, box, inside), box, replace(box, sub=None))
    if expr.peek is None or expr.peek.kind != "open":
        expr.context.fail(box, "an indicator has a condition", r"write \mathbb{1}[x > 0]")
    inside, close = expr.bracket()
    return expr.scripted(indicator(expr, box, inside), box, close)


def without_brackets(boxes: Boxes) -> Boxes:
    """The condition of an indicator without brackets around it."""
    return boxes[1:-1] if boxes and boxes[0].kind == "open" else boxes


def has_conditions(box: Box) -> bool:
    """Whether the second cell of every row is a condition, so that an array stands for cases."""
    seconds = [tuple(b for cell in row[1:] for b in cell) for row in box.rows]
    return bool(seconds) and all(s and (is_condition(s) or _is_word(s[0], _INTRODUCING | OTHERWISE)) for s in seconds)


def cases(expr: Expression, box: Box) -> Part:
    """A value for every condition; the last one may be what is left over."""
    rows = [_row(expr, box, row) for row in box.rows]
    span = expr.context.span(box)
    conditions = [part for _, part in rows if part is not None]
    if len(conditions) < len(rows) - 1 or any(part is None for _, part in rows[:-1]):
        expr.context.fail(box, "only the last case may be without a condition", r"write \text{if } …")
    values = [value for value, _ in rows]

    def build(*nodes: Node) -> Node:
        given, chosen = nodes[: len(values)], list(nodes[len(values) :])
        if len(chosen) == len(given) and _completes(chosen):
            chosen.pop()
        chosen += [Boolean(span, True)] * (len(given) - len(chosen))
        return Call(span, "Piecewise", tuple(TupleNode(span, pair) for pair in zip(given, chosen, strict=True)))

    with expr.context.pointing_at(box):
        return parts.pointwise(build, *values, *conditions)


def _completes(conditions: list[Node]) -> bool:
    """Whether the last of two conditions is what the first one leaves."""
    if len(conditions) != 2:
        return False
    first, second = conditions
    if not (isinstance(first, Compare) and isinstance(second, Compare)) or NEGATED[first.op] != second.op:
        return False
    sides = (first.left, second.left), (first.right, second.right)
    return all(formula_text(a) == formula_text(b) for a, b in sides)


def _row(expr: Expression, box: Box, row: tuple[Boxes, ...]) -> tuple[Part, Part | None]:
    """A case as value and condition, which stand in two cells, or apart by a comma or a word."""
    boxes = tuple(b for cell in row for b in (*cell, Box("wide", r"\quad", box.offset, box.offset)))
    depth, cut = 0, len(boxes)
    for place, one in enumerate(boxes):
        depth += {"open": 1, "close": -1}.get(one.kind, 0)
        if depth == 0 and (
            one.kind in ("wide", "prose") or one.is_sign(",", ";") or _is_word(one, _INTRODUCING | OTHERWISE)
        ):
            cut = place
            break
    value, rest = boxes[:cut], _trimmed(boxes[cut:])
    if not value:
        expr.context.fail(boxes[0], "a case has no value", "write value & condition")
    if not rest or _is_word(rest[0], OTHERWISE):
        return expr.inside(value), None
    return expr.inside(value), condition(expr, rest)
