"""A LaTeX text as statements: equations, updates, definitions behind "where", and clauses that only remark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eqc.notation.latex import commands as table
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.conditions import RELATIONS

EQUALS = frozenset(("=", ":="))
UPDATES = frozenset((r"\leftarrow",))
APPROXIMATE = frozenset((r"\approx", r"\simeq", r"\cong"))
SIDE_RELATIONS = frozenset((r"\in", r"\notin", r"\sim", r"\subset", r"\subseteq", r"\to", r"\rightarrow", *APPROXIMATE))
_BOUNDS = (*(sign for sign in RELATIONS if sign not in EQUALS), *APPROXIMATE)
_ENDING = frozenset((",", ";", ".", ":"))
_EXPLAINING = ("is ", "are ", "denotes ", "stands for ")
_TAIL_WORDS = frozenset(("for", "for all", "if", "when", "as", "in"))


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of the text; `sides` are apart at equals signs.

    `kind` says whether it defines, updates, states an inequality, is a bare expression, or only remarks.
    """

    kind: str
    sides: tuple[Boxes, ...]
    sign: Box | None = None


def clauses(boxes: Boxes) -> tuple[Clause, ...]:
    """The clauses of a text in order."""
    found: list[Clause] = []
    for line in _lines(boxes):
        for piece in _stretches(line):
            found += _clause(piece)
    if all(clause.kind == "remark" for clause in found):
        return tuple(_taken_as_equal(clause) for clause in found)
    return tuple(found)


def _taken_as_equal(clause: Clause) -> Clause:
    """An approximation that is all that is printed is what the record computes."""
    boxes, sign = clause.sides[0], clause.sign
    if sign is None or not sign.is_sign(*APPROXIMATE):
        return clause
    places = [k for k, b in _outside(boxes) if b.is_sign(*APPROXIMATE)]
    starts, ends = [0, *(p + 1 for p in places[:1])], [*places[:2], len(boxes)]
    return Clause("equation", tuple(boxes[a:b] for a, b in zip(starts, ends, strict=False)), sign)


def _without_series(sides: tuple[Boxes, ...]) -> tuple[Boxes, ...]:
    """Sides without those that go on for ever, `a + b + \\cdots`, if another one says the same in closed form."""
    closed = tuple(side for side in sides if not (side and side[-1].is_sign(r"\ldots", r"\cdots")))
    return closed if len(closed) > 1 else sides


def _lines(boxes: Boxes) -> Iterator[Boxes]:
    """Lines of an aligned block, or of the text; a line that begins with an operator continues the one before."""
    if (len(boxes) == 1 and boxes[0].kind == "table" and boxes[0].text in table.LINES) or _is_list_of_statements(boxes):
        rows = [tuple(b for cell in row for b in cell) for row in boxes[0].rows]
    else:
        rows = _at_line_ends(boxes)
    waiting: Boxes = ()
    for row in rows:
        row = _without_spaces(row)
        continues = bool(row) and (row[0].is_sign("+", "-", *EQUALS, r"\cdot", r"\times") or _is_open(waiting))
        if waiting and not continues:
            yield waiting
            waiting = ()
        waiting = (*waiting, *row)
    if waiting:
        yield waiting


def _without_spaces(row: Boxes) -> Boxes:
    """A line without the space that sets it in."""
    while row and row[0].kind == "wide":
        row = row[1:]
    return row


def _is_list_of_statements(boxes: Boxes) -> bool:
    """An array or cases with an equals sign in every row."""
    if len(boxes) != 1 or boxes[0].kind != "table" or boxes[0].text not in ("array", "cases"):
        return False
    return all(any(b.is_sign(*EQUALS) for cell in row[:2] for b in cell) for row in boxes[0].rows)


def _at_line_ends(boxes: Boxes) -> list[Boxes]:
    rows: list[Boxes] = []
    start = 0
    for place, box in enumerate((*boxes, None)):
        if box is None or box.kind == "line":
            rows.append(tuple(b for b in boxes[start:place] if b.kind != "cell"))
            start = place + 1
    return [row for row in rows if row]


def _is_open(boxes: Boxes) -> bool:
    depth = 0
    for box in boxes:
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
    return depth > 0


def _stretches(line: Boxes) -> Iterator[Boxes]:
    """Parts of a line apart at wide spaces, words, commas and arrows that separate statements."""
    depth, start = 0, 0
    pieces: list[Boxes] = []
    for place, box in enumerate(line):
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        ends = (
            (box.kind == "wide" and not _is_beside_relation(line, place))
            or box.kind == "prose"
            or box.is_sign(",", ";", ":", ".", r"\Rightarrow")
        )
        if depth <= 0 and ends:
            is_remark = box.kind == "prose" and box.text.lower().startswith(_EXPLAINING)
            pieces.append(() if is_remark and not _has_relation(line[start:place]) else line[start:place])
            if box.kind == "prose" and box.text.lower() in _TAIL_WORDS:
                pieces.append((box,))
            start = place + 1
    pieces.append(line[start:])
    yield from _merged(pieces)


def _is_beside_relation(line: Boxes, place: int) -> bool:
    """Whether a wide space only sets off a relation, `a \\quad = \\quad b`."""
    before = next((b for b in reversed(line[:place]) if b.kind != "wide"), None)
    after = next((b for b in line[place + 1 :] if b.kind != "wide"), None)
    signs = (*EQUALS, *UPDATES, *SIDE_RELATIONS, *RELATIONS)
    return any(b is not None and b.is_sign(*signs) for b in (before, after))


def _merged(pieces: list[Boxes]) -> Iterator[Boxes]:
    """Pieces without a relation go with the next one: `y, b \\in \\mathbb{R}^m`; behind `if` they are remarks."""
    waiting: Boxes = ()
    remark = started = False
    for number, piece in enumerate(pieces):
        if not piece:
            continue
        if _is_list_of_values(piece, pieces[number + 1 :]):
            remark = started = True  # `l = 1, \ldots, L` says which values an index takes
            continue
        if len(piece) == 1 and piece[0].kind == "prose":
            remark, started = True, False
            continue
        if remark and (not started or not _has_relation(piece)):
            started = True
            continue
        remark = False
        if _has_relation(piece):
            if waiting and not (_is_name(waiting) and any(b.is_sign(r"\in", r"\sim") for b in piece)):
                yield waiting
            yield piece
            waiting = ()
        else:
            if waiting:
                yield waiting
            waiting = piece
    if waiting:
        yield waiting


def _is_list_of_values(piece: Boxes, rest: list[Boxes]) -> bool:
    """`n = 1, 2, \\ldots` says which values a symbol takes."""
    while rest and piece and len(rest[0]) == 1 and rest[0][0].kind == "number":
        if len(rest) == 1 and any(b.is_sign(*EQUALS) for b in piece[-2:]):
            return True
        rest = rest[1:]
    return bool(rest) and len(rest[0]) == 1 and rest[0][0].is_sign(r"\ldots", r"\cdots")


def _is_name(boxes: Boxes) -> bool:
    return len(boxes) == 1 and boxes[0].kind in ("letter", "word", "accent")


def _has_relation(boxes: Boxes) -> bool:
    return any(box.is_sign(*EQUALS, *UPDATES, *SIDE_RELATIONS, *RELATIONS) for _, box in _outside(boxes))


def _outside(boxes: Boxes) -> Iterator[tuple[int, Box]]:
    """Boxes outside all brackets, with their places."""
    depth = 0
    for place, box in enumerate(boxes):
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        if depth == 0:
            yield place, box


def _clause(piece: Boxes) -> Iterator[Clause]:
    boxes = tuple(b for b in piece if b.kind not in ("wide", "cell"))
    while boxes and boxes[-1].is_sign(*_ENDING):
        boxes = boxes[:-1]
    if not boxes:
        return
    for kind, signs in (("update", UPDATES), ("equation", EQUALS)):
        places = [k for k, b in _outside(boxes) if b.is_sign(*signs)]
        if places:
            bound = next((k for k, b in _outside(boxes) if k > places[-1] and b.is_sign(*_BOUNDS)), len(boxes))
            starts, ends = [0, *(p + 1 for p in places)], [*places, bound]
            sides = tuple(boxes[a:b] for a, b in zip(starts, ends, strict=True))
            yield Clause(kind, _without_series(sides), boxes[places[0]])
            if bound < len(boxes):
                yield from _clause(boxes[starts[-1] :])
            return
    relation = next((b for _, b in _outside(boxes) if b.is_sign(*SIDE_RELATIONS, *RELATIONS)), None)
    if relation is None:
        yield Clause("expression", (boxes,))
    else:
        yield Clause(
            "condition" if relation.text in RELATIONS or relation.is_sign(r"\in") else "remark", (boxes,), relation
        )
