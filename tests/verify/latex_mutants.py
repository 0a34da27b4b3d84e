"""LaTeX with one mistake each, at places that are taken from its boxes.

A flipped sign, a dropped factor, a swapped or wrong index, a changed limit, a missing accent or a wrong argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.glossary import Glossary
from eqc.notation.latex.scan import read_boxes
from eqc.notation.latex.statements import Clause, clauses
from eqc.notation.tokens import Places
from eqc.records.model import Record

FLIPPED = {"+": "-", "-": "+"}


class Mutant(NamedTuple):
    """A kind of mistake, what was done, and the LaTeX with it."""

    kind: str
    what: str
    latex: str


def mutants(record: Record, ids: frozenset[str]) -> list[Mutant]:
    """All mutants of the formulas in a record's LaTeX."""
    source = record.latex_sources[0]
    found: dict[str, Mutant] = {}
    for clause in clauses(read_boxes(Places(source))):
        if _is_remark(clause):
            continue
        for side in clause.sides[1:] or clause.sides:
            for kind, start, stop, text in _edits(side, source.text, Glossary(record, ids)):
                latex = source.text[:start] + text + source.text[stop:]
                what = f"{kind}: {source.text[start:stop]!r} becomes {text!r} at {start}"
                found.setdefault(latex, Mutant(kind, what, latex))
    found.pop(source.text, None)
    return list(found.values())


def _is_remark(clause: Clause) -> bool:
    """Whether a clause states nothing to compute: where symbols live, or how they are distributed."""
    membership = clause.sign is not None and clause.sign.is_sign(r"\in")
    return clause.kind == "remark" or membership or clause.sides[-1][0].text.startswith("mathcal N")


Edit = tuple[str, int, int, str]


def _edits(boxes: Boxes, text: str, glossary: Glossary) -> Iterator[Edit]:
    for place, box in enumerate(boxes):
        yield from _sign(box)
        yield from _accent(box, text)
        yield from _dropped(boxes, place)
        yield from _limits(box, text)
        yield from _swapped(box, text)
        yield from _other_index(
            box, frozenset(n for e in glossary.record.symbols.values() for n in e.index if len(n) == 1)
        )
        yield from _other_symbol(boxes, place, glossary)
        for inside in (*box.parts, *(cell for row in box.rows for cell in row)):
            yield from _edits(inside, text, glossary)
        if box.kind != "big" and box.sup is not None:
            yield from _edits(box.sup, text, glossary)


def _sign(box: Box) -> Iterator[Edit]:
    if box.is_sign("+", "-") and box.end == box.offset + 1:
        yield "sign", box.offset, box.end, FLIPPED[box.text]


def _accent(box: Box, text: str) -> Iterator[Edit]:
    if box.kind == "accent" and box.parts[0]:
        inside = box.parts[0]
        start = text.index(inside[0].text.split(" ")[-1], box.offset + len(box.text))
        nucleus = (
            text.find("}", start) + 1 if text[box.offset + len(box.text) :].lstrip().startswith("{") else start + 1
        )
        yield "accent", box.offset, max(nucleus, inside[-1].end), text[start : inside[-1].end]


def _is_factor(box: Box | None) -> bool:
    return box is not None and box.kind in ("letter", "number", "accent", "command", "word")


def _dropped(boxes: Boxes, place: int) -> Iterator[Edit]:
    box = boxes[place]
    before = boxes[place - 1] if place else None
    after = boxes[place + 1] if place + 1 < len(boxes) else None
    is_function = box.kind == "letter" and after is not None and after.kind == "open"
    if _is_factor(box) and not is_function and (_is_factor(before) or _is_factor(after)):
        yield "factor", box.offset, box.end, " "


def _limits(box: Box, text: str) -> Iterator[Edit]:
    if box.kind != "big" or box.sub is None:
        return
    for place, inner in enumerate(box.sub):
        if inner.is_sign("=") and place + 2 == len(box.sub) and box.sub[-1].kind == "number":
            low = box.sub[-1]
            yield "limit", low.offset, low.end, str(int(low.text) + 1)
    if box.sup is not None and box.text in (r"\sum", r"\prod"):
        yield "limit", box.sup[0].offset, box.sup[-1].end, f"{{{text[box.sup[0].offset : box.sup[-1].end]}-1}}"


def _swapped(box: Box, text: str) -> Iterator[Edit]:
    letters = [b for b in box.sub or () if b.kind == "letter" and len(b.text) == 1 and not b.has_scripts]
    if box.kind != "big" and box.sub is not None and len(letters) == 2 and letters[0].text != letters[1].text:
        a, b = letters
        between = text[a.end : b.offset]
        yield "index", a.offset, b.end, f"{b.text}{between}{a.text}"


def _other_symbol(boxes: Boxes, place: int, glossary: Glossary) -> Iterator[Edit]:
    """A wrong argument: a symbol in place of another one that the glossary has with the same axes."""
    found = glossary.at(boxes, place)
    box = boxes[place]
    if not found or found[0].match.end != place + 1 or box.text.startswith("mathbb"):
        return
    is_letter = box.kind == "letter" and not box.parts
    if not is_letter and (box.kind != "accent" or box.has_scripts):
        return
    name = found[0].spelling.name
    alike = [
        e for e in glossary.record.symbols.values() if e.name != name and glossary.axes[e.name] == glossary.axes[name]
    ]
    spelt = [e.latex[0] if e.latex else e.name for e in alike if e.kind == "value" and (e.latex or len(e.name) == 1)]
    own = [text for text in spelt if box.has_scripts <= (len(text) == 1)]
    for text in own[:2]:
        yield "argument", box.offset, box.offset + len(box.text) if box.has_scripts else box.end, f"{text} "


def _other_index(box: Box, letters: frozenset[str]) -> Iterator[Edit]:
    """Another index of the record in place of the only one."""
    sub = box.sub or ()
    if box.kind == "big" or len(sub) != 1 or sub[0].kind != "letter" or sub[0].text not in letters:
        return
    for letter in sorted(letters - {sub[0].text})[:1]:
        yield "index", sub[0].offset, sub[0].end, letter
