"""The glossary's LaTeX as patterns: `y_{c}^{(i)}` with index [i, c] stands for every entry of y.

A pattern is a list of boxes in which some stretches are slots for positions. A slot may be printed with a shift,
`K(u - 1)`, which says where the printed positions count from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eqc.notation.latex import commands as table
from eqc.notation.latex.boxes import Box, Boxes, flat_text, same_nucleus

_DELIMITERS = frozenset((",", ";", "|", r"\|"))


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a position; what is printed there is the index plus `shift`."""

    name: str
    shift: Boxes = ()


@dataclass(frozen=True, slots=True)
class Slots:
    """Slots side by side, with or without commas."""

    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A box that must be there, with patterns for what it contains."""

    box: Box
    parts: tuple[Pattern, ...] = ()
    sub: Pattern | None = None
    sup: Pattern | None = None


Pattern = tuple["Literal | Slots", ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern ends, what its slots hold, and the scripts that its last box has on top."""

    end: int
    slots: Mapping[str, Boxes]
    sub: Boxes | None = None
    sup: Boxes | None = None
    primes: int = 0


def compile_pattern(boxes: Boxes, index: Sequence[str], *, inside: bool = False) -> Pattern:
    """The pattern of a spelling; index names in scripts and brackets (with `inside` anywhere) are slots."""
    return tuple(_compiled(boxes, tuple(index), inside=inside))


def _compiled(boxes: Boxes, index: tuple[str, ...], *, inside: bool) -> Iterator[Literal | Slots]:
    """Literals and slots; `inside` scripts and brackets only."""
    depth = 0
    start = 0
    for place, box in enumerate((*boxes, None)):
        ends = box is None or box.kind in ("open", "close") or box.text in _DELIMITERS
        if not ends:
            continue
        yield from _chunk(boxes[start:place], index, inside=inside or depth > 0)
        if box is not None:
            yield _literal(box, index)
            depth += {"open": 1, "close": -1}.get(box.kind, 0)
        start = place + 1


def _chunk(boxes: Boxes, index: tuple[str, ...], *, inside: bool) -> Iterator[Literal | Slots]:
    slots = _slots(boxes, index) if inside and boxes else None
    letters = [box for box in boxes if box.kind != "number"]
    if slots is not None:
        yield slots
    elif inside and letters and len(letters) < len(boxes) and all(plain_name((b,)) in index for b in letters):
        for box in boxes:  # n_{k1}
            yield _literal(box, index) if box.kind == "number" else Slots((Slot(plain_name((box,))),))
    else:
        yield from (_literal(box, index) for box in boxes)


def _slots(boxes: Boxes, index: tuple[str, ...]) -> Slots | None:
    if plain_name(boxes) in index:
        return Slots((Slot(plain_name(boxes)),))
    names = [plain_name((box,)) for box in boxes]
    if all(name in index for name in names):
        return Slots(tuple(map(Slot, names)))
    for place, box in enumerate(boxes):
        if place and box.is_sign("+", "-") and plain_name(boxes[:place]) in index:
            return Slots((Slot(plain_name(boxes[:place]), boxes[place:]),))
    return None


def plain_name(boxes: Boxes) -> str:
    """The letters of boxes without scripts, a Greek letter by its name; nothing for other boxes.

    >>> plain_name((Box("letter", r"\\\\tau", 0, 4),))
    'tau'
    """
    if any(b.has_scripts or b.kind not in ("letter", "word") for b in boxes):
        return ""
    return "".join(b.text.lstrip("\\") for b in boxes)


def _literal(box: Box, index: tuple[str, ...]) -> Literal:
    def inner(boxes: Boxes | None, *, inside: bool) -> Pattern | None:
        return None if boxes is None else tuple(_compiled(boxes, index, inside=inside))

    parts = tuple(tuple(_compiled(part, index, inside=False)) for part in box.parts)
    nucleus = replace(box, sub=None, sup=None)
    return Literal(nucleus, parts, inner(box.sub, inside=True), inner(box.sup, inside=True))


def slot_names(pattern: Pattern | None) -> Iterator[str]:
    """The names of all slots."""
    for item in pattern or ():
        if isinstance(item, Slots):
            yield from (slot.name for slot in item.slots)
        else:
            for part in (*item.parts, item.sub, item.sup):
                yield from slot_names(part)


def literal_count(pattern: Pattern | None) -> int:
    """How many boxes of a pattern have to be there as they stand."""
    literals = [item for item in pattern or () if isinstance(item, Literal)]
    return sum(1 + sum(map(literal_count, (*item.parts, item.sub, item.sup))) for item in literals)


def shift_of(pattern: Pattern, name: str) -> Boxes:
    """What is printed behind the index in its slot."""
    stack = list(pattern)
    while stack:
        item = stack.pop()
        if isinstance(item, Slots):
            found = next((slot for slot in item.slots if slot.name == name), None)
            if found is not None:
                return found.shift
        else:
            stack += [inner for part in (*item.parts, item.sub, item.sup) for inner in part or ()]
    return ()


def without_slots(pattern: Pattern) -> Pattern | None:
    """The pattern without the scripts and brackets that only hold slots: the symbol alone, for the whole array."""
    kept: list[Literal | Slots] = []
    for item in pattern:
        if isinstance(item, Slots):
            return None
        sub = None if item.sub is not None and any(slot_names(item.sub)) else item.sub
        sup = None if item.sup is not None and any(slot_names(item.sup)) else item.sup
        kept.append(replace(item, sub=sub, sup=sup))
        if any(name for part in item.parts for name in slot_names(part)):
            return None
    return tuple(kept)


def symbol_alone(pattern: Pattern) -> Pattern | None:
    """The symbol without its indices, be they scripts or in brackets behind it."""
    opening = next((k for k, item in enumerate(pattern) if isinstance(item, Literal) and item.box.kind == "open"), None)
    if opening and all(_is_argument(item) for item in pattern[opening:]):
        pattern = pattern[:opening]
    return without_slots(pattern) if pattern else None


def _is_argument(item: Literal | Slots) -> bool:
    return isinstance(item, Slots) or item.box.kind in ("open", "close") or item.box.text in _DELIMITERS


def match(pattern: Pattern, boxes: Boxes, start: int, *, loose: bool = False) -> Match | None:
    """A pattern at a place in a list of boxes."""
    return _match(pattern, boxes, start, _Rules(loose), full=False)


@dataclass(frozen=True, slots=True)
class _Rules:
    loose: bool
    slots: dict[str, Boxes] = field(default_factory=dict)

    def keep(self, slot: str, boxes: Boxes) -> bool:
        """Whether a slot may hold this; the same slot holds the same everywhere."""
        known = self.slots.setdefault(slot, boxes)
        return bool(boxes) and flat_text(known) == flat_text(boxes)


def _match(pattern: Pattern, boxes: Boxes, start: int, rules: _Rules, *, full: bool) -> Match | None:
    place = start
    last: tuple[Box, Literal] | None = None
    for number, item in enumerate(pattern):
        following = pattern[number + 1] if number + 1 < len(pattern) else None
        if last is not None and _extra(*last):
            return None
        if isinstance(item, Slots):
            stop = _stop(boxes, place, following if isinstance(following, Literal) else None)
            if stop is None or not _fill(item, boxes[place:stop], rules):
                return None
            place, last = stop, None
            continue
        if place >= len(boxes) or not _fits(item, boxes[place], rules):
            return None
        last = boxes[place], item
        place += 1
    if full and (place < len(boxes) or (last is not None and _extra(*last))):
        return None
    extra = _left(*last) if last is not None else (None, None, 0)
    return Match(place, rules.slots, *extra)


def _left(box: Box, item: Literal) -> tuple[Boxes | None, Boxes | None, int]:
    sub = box.sub if item.sub is None else None
    sup = box.sup if item.sup is None else None
    return sub, sup, box.primes - item.box.primes


def _extra(box: Box, item: Literal) -> bool:
    return any(_left(box, item))


def _stop(boxes: Boxes, start: int, following: Literal | None) -> int | None:
    """Where a slot ends: at the next literal, or at the end."""
    depth = 0
    for place in range(start, len(boxes)):
        box = boxes[place]
        if depth == 0 and following is not None and same_nucleus(box.bare, following.box.bare):
            return place
        if depth == 0 and box.kind == "close":
            return None
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
    return len(boxes) if following is None else None


def _fill(item: Slots, boxes: Boxes, rules: _Rules) -> bool:
    if any(box.kind == "bar" and box.side == "middle" for box in boxes):
        return False
    pieces = split(boxes, ",")
    if len(pieces) != len(item.slots):
        pieces = [(box,) for box in _single(boxes)] if len(pieces) == 1 else []
    if len(pieces) != len(item.slots):
        return False
    return all(rules.keep(slot.name, piece) for slot, piece in zip(item.slots, pieces, strict=True))


def _single(boxes: Boxes) -> Iterator[Box]:
    """Boxes one by one, digits too."""
    for box in boxes:
        if box.kind == "number" and not box.has_scripts and box.text.isdigit():
            for place, digit in enumerate(box.text):
                yield replace(box, text=digit, offset=box.offset + place, end=box.offset + place + 1)
        else:
            yield box


def split(boxes: Boxes, *signs: str) -> list[Boxes]:
    """Boxes apart at signs that stand in no brackets."""
    pieces: list[Boxes] = []
    depth, start = 0, 0
    for place, box in enumerate(boxes):
        depth += {"open": 1, "close": -1}.get(box.kind, 0)
        if depth <= 0 and box.text in signs and box.kind in ("sign", "bar"):
            pieces.append(boxes[start:place])
            start = place + 1
    return [*pieces, boxes[start:]]


def _fits(item: Literal, box: Box, rules: _Rules) -> bool:
    if not _same_nucleus(item, box, rules):
        return False
    if box.primes < item.box.primes:
        return False
    return _script_fits(item.sub, box.sub, rules) and _script_fits(item.sup, box.sup, rules)


def _script_fits(pattern: Pattern | None, boxes: Boxes | None, rules: _Rules) -> bool:
    if pattern is None:
        return True
    return boxes is not None and _match(pattern, boxes, 0, rules, full=True) is not None


def _same_nucleus(item: Literal, box: Box, rules: _Rules) -> bool:
    if item.parts and len(item.parts) == len(box.parts) and box.text == item.box.text and box.kind == item.box.kind:
        return all(_script_fits(p, b, rules) for p, b in zip(item.parts, box.parts, strict=True))
    if same_nucleus(replace(item.box, sub=None, sup=None), replace(box, sub=None, sup=None)):
        return True
    return rules.loose and _faceless(item.box) == _faceless(box) != ""


def _faceless(box: Box) -> str:
    """A letter without a face that only says that it is a vector or upright."""
    if box.kind not in ("letter", "word") or box.parts:
        return ""
    face, _, letter = box.text.rpartition(" ")
    return letter if not face or rf"\{face}" in table.PLAIN_STYLES or face == "mathrm" else ""
