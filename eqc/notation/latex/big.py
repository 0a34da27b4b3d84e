"""Sums, products, extrema and integrals, with what is printed below and above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eqc.notation.latex import conditions, parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.boxes import walk as walk_boxes
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.sets import BuiltSet, element_names
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
DOTS = (r"\ldots", r"\cdots")
_NEUTRAL: Mapping[str, int] = {"Sum": 0, "Product": 1}


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
        part = part if box.sup is None else parts.power(part, expr.inside(box.sup))
        return expr.scripted(part, box, close)


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
        return _over_set(expr, sign, built, letters)
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


def _over_set(expr: Expression, sign: Box, built: BuiltSet, letters: Boxes | None) -> Below:
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


def size_of_set(expr: Expression, box: Box, built: BuiltSet) -> Part:
    """How many elements a set has that the LaTeX builds."""
    one = parts.number(expr.context.span(box), 1)
    return _over(expr, replace(box, text=r"\sum"), _over_set(expr, box, built, None), lambda: one)


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


def _reduced(expr: Expression, box: Box, below: Below) -> Part:
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
