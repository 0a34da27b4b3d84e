"""What is printed below and above an operator: indices, how far they run, conditions, sets that they run over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eqc.notation.latex import conditions
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.sets import BuiltSet, element_names

DOTS = (r"\ldots", r"\cdots")


@dataclass(frozen=True, slots=True)
class Range:
    """An index with the ends that are printed; None is where the array ends. The letter may stand for `entries`."""

    box: Box
    low: Boxes | None = None
    high: Boxes | None = None
    entries: Part | None = None


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below an operator: its indices, conditions on them, and letters that stand for formulas in them."""

    ranges: tuple[Range, ...]
    conditions: tuple[Boxes, ...] = ()
    elements: tuple[tuple[Box, Boxes], ...] = ()


def read_below(expr: Expression, box: Box) -> Below:
    """The indices and conditions below an operator."""
    found: list[Range] = []
    guards: list[Boxes] = []
    elements: list[tuple[Box, Boxes]] = []
    for piece in _pieces(box.sub or ()):
        one = _range(expr, box, piece, known=[r.box.text for r in found])
        if isinstance(one, Below):
            found += [r for r in one.ranges if r.box.text not in [f.box.text for f in found]]
            guards += one.conditions
            elements += one.elements
        else:
            found.append(one)
    if box.sup is not None and len(found) == 1 and box.text in (r"\sum", r"\prod"):
        found[0] = replace(found[0], high=box.sup)
    if not found:
        expr.context.fail(box, "no index stands here", f"write {box.text}_{{i=1}}^{{n}}")
    return Below(tuple(found), tuple(guards), tuple(elements))


def _pieces(sub: Boxes) -> Iterator[Boxes]:
    """`i=1, j` apart at commas, but `i, j \\in S` together; lines of \\substack apart."""
    boxes = sub[0].parts[0] if len(sub) == 1 and sub[0].kind == "command" and sub[0].parts else sub
    lines: list[Boxes] = []
    if len(sub) == 1 and sub[0].kind == "table":
        lines, boxes = [row[0] for row in sub[0].rows], ()
    start = 0
    for place, box in enumerate((*boxes, None)):
        if box is None or box.kind == "line":
            lines.append(boxes[start:place])
            start = place + 1
    for line in lines:
        waiting: tuple[Box, ...] = ()
        for piece in _without_dots(split(line, ",", ";", ":")):
            if len(piece) == 1:
                waiting = (*waiting, *piece)
            elif waiting and conditions.is_condition(piece) and piece[1:2] and piece[1].is_sign(r"\in"):
                yield from ((w, *piece[1:]) for w in waiting)
                waiting = ()
                yield piece
            elif piece:
                yield from ((w,) for w in waiting)
                waiting = ()
                yield piece
        yield from ((w,) for w in waiting)


def _without_dots(pieces: list[Boxes]) -> Iterator[Boxes]:
    """`m=0, \\ldots, K` as `m \\in \\{0, \\ldots, K\\}`."""
    while pieces:
        piece = pieces.pop(0)
        if len(pieces) > 1 and len(pieces[0]) == 1 and pieces[0][0].is_sign(*DOTS) and piece[1:2] == _equals(piece):
            dots, last = pieces.pop(0), pieces.pop(0)
            start, end = piece[1].offset, piece[1].end
            comma = Box("sign", ",", start, end)
            inside = (*piece[2:], comma, *dots, comma, *last)
            braces = Box("open", r"\{", start, end), Box("close", r"\}", start, end)
            piece = (piece[0], Box("sign", r"\in", start, end), braces[0], *inside, braces[1])
        yield piece


def _equals(piece: Boxes) -> Boxes:
    return tuple(b for b in piece[1:2] if b.is_sign("="))


def _range(expr: Expression, big: Box, piece: Boxes, known: Sequence[str]) -> Range | Below:
    """One piece below an operator."""
    if len(piece) == 1 and piece[0].kind in ("letter", "word"):
        return Range(piece[0])
    if all(b.kind == "letter" for b in piece):
        return Below(tuple(Range(b) for b in piece))
    signs = [k for k, b in enumerate(piece) if b.is_sign(*conditions.RELATIONS, r"\in")]
    if len(signs) == 1 and signs[0] == 1 and piece[1].is_sign("="):
        return Range(piece[0], low=piece[2:])
    if piece and any(b.is_sign(r"\in") for b in piece):
        return _elements(expr, piece)
    if not signs:
        expr.context.fail(piece[0] if piece else big, "no index stands here", f"write {big.text}_{{i=1}}^{{n}}")
    return _bounded(expr, piece, signs, known)


def _elements(expr: Expression, piece: Boxes) -> Range | Below:
    """`x \\in \\mathcal{X}`: all places that the arrays have; `i \\in \\{1, …, n\\}` as printed."""
    place = next(k for k, b in enumerate(piece) if b.is_sign(r"\in"))
    names, what = piece[:place], piece[place + 1 :]
    if names and names[0].text == "(" and names[-1].text == ")":
        letters = tuple(b for b in names[1:-1] if not b.is_sign(","))
    else:
        letters = names
    entry = expr.context.symbol(names, 0) if names else None
    if entry is not None and entry.match.end == len(names) and entry.match.slots:
        slots = list(entry.match.slots.values())
        if all(len(slot) == 1 and slot[0].kind == "letter" for slot in slots):
            return Below(tuple(Range(slot[0]) for slot in slots))  # `x_i \\in X`
    if not letters or any(b.kind not in ("letter", "word") for b in letters):
        expr.context.fail(piece[0], "no index stands here", r"write i \in S")
    known = _of_known(expr, piece[place], letters, what) or _of_counted(letters, what)
    if known is not None:
        return known
    if not what or what[0].kind != "letter" or (len(letters) > 1 and len(what) == 1 and what[0].sub is not None):
        expr.context.fail(piece[place], "which elements this set has is not known", "print the limits of the index")
    if what[0].sub is not None and what[0].text != "mathcal N":
        expr.context.fail(what[0], "which elements this set has is not known", "print the limits of the index")
    return Below(tuple(Range(b) for b in letters))


def _of_known(expr: Expression, sign: Box, letters: Boxes, what: Boxes) -> Range | Below | None:
    """Elements of a set that the LaTeX builds, or the entries of an array."""
    built = expr.context.sets.get(index_key(what[0])) if len(what) == 1 else None
    if built is not None:
        return over_set(expr, sign, built, letters)
    found = expr.context.symbol(what, 0) if what and len(letters) == 1 else None
    if found is not None and found.match.end == len(what):
        whole = expr.inside(what)
        if whole.rank:
            return Range(letters[0], entries=whole)
    return None


def _of_counted(letters: Boxes, what: Boxes) -> Range | None:
    """`\\{1, \\ldots, n\\}` and `[n]`."""
    if not what or what[0].text not in (r"\{", "["):
        return None
    pieces = split(what[1:-1], ",")
    if any(b.is_sign(*DOTS) for b in what[1:-1]) and len(pieces) >= 3:
        return Range(letters[0], pieces[0], pieces[-1])
    return Range(letters[0], None, pieces[0]) if what[0].text == "[" and len(pieces) == 1 else None


def over_set(expr: Expression, sign: Box, built: BuiltSet, letters: Boxes | None) -> Below:
    """The indices of a set that the LaTeX builds, and what letters stand for its elements."""
    named = element_names(letters, built) if letters is not None else []
    if named is None:
        expr.context.fail(sign, f"an element has {len(built.elements)} parts", "print as many letters")
    ranges: list[Range] = []
    guards: list[Boxes] = []
    for condition in conditions.joined_by_and(built.condition):
        one = _range(expr, sign, condition, [r.box.text for r in ranges])
        ranges += one.ranges if isinstance(one, Below) else [one]
        guards += one.conditions if isinstance(one, Below) else []
    return Below(tuple(ranges), tuple(guards), tuple(named))


def _bounded(expr: Expression, piece: Boxes, signs: list[int], known: Sequence[str]) -> Below:
    """`i \\ne j`, `i < j`, `1 \\le i \\le n`: letters that no sum around has are indices, with conditions."""
    ranges: list[Range] = []
    for box in piece:
        fresh = box.kind == "letter" and expr.context.index(box) is None and expr.context.symbol((box,), 0) is None
        if fresh and box.text not in [r.box.text for r in ranges]:
            ranges.append(Range(replace(box, sup=None)))
    between = len(signs) == 2 and all(piece[k].is_sign("<=") for k in signs) and piece[signs[0] + 1 : signs[1]]
    if between and len(ranges) == 1 and flat_text(between) == flat_text((ranges[0].box,)):
        return Below((Range(ranges[0].box, piece[: signs[0]], piece[signs[1] + 1 :]),))
    return Below(tuple(ranges), (piece,))
