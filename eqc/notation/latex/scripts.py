"""Positions and scripts: entries of arrays, powers, transposes, values at a point."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from eqc.notation.latex import commands as table
from eqc.notation.latex import matrices, parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.context import index_key
from eqc.notation.latex.cursor import Cursor
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import plain_name, split
from eqc.notation.tree import Binary, Call, Name, Node

TRANSPOSES = frozenset((r"\top", "T", "mathsf T", "mathrm T", "*", r"\dagger"))


class Scripted(Cursor):
    """Reads what is printed on a symbol or bracket, and what positions it says."""

    @abstractmethod
    def inside(self, boxes: Boxes) -> Part:
        """Another list of boxes as an expression."""

    def position(self, boxes: Boxes, shift: Boxes = ()) -> Node:
        """What is printed in a slot as a position; an undeclared letter there is a free index."""
        node = self.position_part(boxes)
        if not shift:
            return node
        reverse = {"+": "-", "-": "+"}
        flipped = tuple(replace(b, text=reverse[b.text]) if b.is_sign("+", "-") else b for b in shift)
        span = node.span
        for sign, piece in _signed(flipped):
            part = self.inside(piece)
            node = Binary(span, "+" if sign == "+" else "-", node, part.node)
        return node

    def position_part(self, boxes: Boxes) -> Node:
        boxes = _without_brackets(boxes)
        if len(boxes) == 1 and self.is_index_of_an_array(boxes[0]):
            return self.context.free_letter(replace(boxes[0], sup=None))
        place = 0
        while place < len(boxes):
            found = self.context.symbol(boxes, place)
            if found is None and self.is_free_letter(boxes[place]):
                self.context.free_letter(replace(boxes[place], sup=None))
            place = place + 1 if found is None else found.match.end
        part = self.inside(boxes)
        if part.axes:
            self.context.fail(boxes[0], "an array as a position", "a position is a whole number")
        return part.node

    def is_index_of_an_array(self, box: Box) -> bool:
        """A letter that is an index in the glossary, and also the letter of an array, as in `s_s`."""
        names = {name for entry in self.context.record.symbols.values() for name in entry.index}
        found = self.context.symbol((box,), 0) if plain_name((box,)) in names else None
        return found is not None and bool(self.context.glossary.axes.get(found.spelling.name))

    def is_free_letter(self, box: Box) -> bool:
        """A letter in a position that neither the glossary nor a sum around has."""
        if box.kind not in ("letter", "word") or box.parts or box.text in table.CONSTANTS:
            return False
        if index_key(replace(box, sup=None)) in self.context.parameters:
            return False
        return self.context.index(replace(box, sup=None)) is None and self.context.symbol((box,), 0) is None

    def could_be_position(self, piece: Boxes) -> bool:
        """Whether all letters of a piece are indices, whole numbers or not known at all."""
        place = 0
        while place < len(piece):
            box = piece[place]
            found = self.context.symbol(piece, place) if self.context.index(box) is None else None
            if found is not None and not self.counts(found.spelling.name):
                return False
            if found is None and box.kind not in ("letter", "number", "sign"):
                return False
            place = place + 1 if found is None else found.match.end
        return bool(piece)

    def counts(self, name: str) -> bool:
        """Whether a symbol is a whole number: declared so, or the size of an axis."""
        entry = self.context.record.symbols[name]
        sizes = {axis for shape in self.context.glossary.axes.values() for axis in shape}
        return entry.shape is None and (entry.domain.integer or name in sizes)

    def scripted(self, part: Part, first: Box, scripts: Box) -> Part:
        """A part with a subscript, a superscript and primes that are not part of its name."""
        with self.context.pointing_at(first):
            if scripts.primes:
                symbol = flat_text((scripts,))
                self.context.fail(first, f"{symbol} is not in the glossary", "declare it with its prime")
            rows = _index_in_superscript(scripts.sup) if part.rank else None
            if rows is not None:
                part = parts.index_into(part, (self.position(rows),))
            if scripts.sub is not None and is_evaluation(scripts):
                part = self.at_point(part, first, scripts.sub)
            elif scripts.sub is not None:
                part = self.indexed(part, first, scripts.sub)
            if scripts.sup is not None and rows is None:
                part = self.raised(part, scripts.sup)
        return part

    def indexed(self, part: Part, first: Box, sub: Boxes) -> Part:
        """Positions in a subscript, with or without commas."""
        if not part.rank:
            text = flat_text((replace(first, sub=sub, sup=None),))
            self.context.fail(first, f"{text} is not in the glossary", "add it under symbols with its latex")
        pieces = split(sub, ",")
        if len(pieces) == 1 and len(sub) == part.rank and len(sub) > 1:
            pieces = [(box,) for box in sub]
        if len(pieces) > part.rank:
            self.context.fail(first, f"{len(pieces)} positions for {parts.show(part.axes)}", "check the shape")
        return parts.index_into(part, tuple(self.position(piece) for piece in pieces))

    def raised(self, part: Part, sup: Boxes) -> Part:
        """A power or a transpose."""
        text = sup[-1].text if sup and not sup[-1].has_scripts else ""
        is_transpose = text == r"\top" or (text in TRANSPOSES and part.rank > 0)
        if len(sup) == 1 and is_transpose:
            return matrices.transposed(part)
        if len(sup) == 2 and sup[0].is_sign("-") and is_transpose:
            minus = parts.number(part.span, -1)
            return matrices.transposed(matrices.power(part, minus))
        if len(sup) == 1 and sup[0].kind == "sign":
            self.context.fail(sup[0], f"a superscript {sup[0].text} is no power", "declare the symbol with it")
        if len(sup) > 1 and sup[0].is_sign(r"\circ", r"\odot"):
            return parts.pointwise(lambda a, b: Binary(part.span, "**", a, b), part, self.inside(sup[1:]))
        return matrices.power(part, self.inside(sup))

    def at_point(self, part: Part, box: Box, sub: Boxes) -> Part:
        """A value at a point, `|_{x=a}`."""
        place = next(k for k, b in enumerate(sub) if b.is_sign("="))
        variable, value = self.inside(sub[:place]), self.inside(sub[place + 1 :])
        if not isinstance(variable.whole, Name):
            self.context.fail(box, "only a symbol takes a value", "write the symbol, = and its value below the bar")
        span, name, point = self.context.span(box), variable.whole, value.node
        return parts.pointwise(lambda x: Call(span, "subs", (x, name, point)), part)


def is_evaluation(box: Box) -> bool:
    """Whether a bar, or a bracket, says below at which point the value before it is taken."""
    return box.text in ("|", ")", "]") and any(b.is_sign("=") for b in box.sub or ())


def _signed(boxes: Boxes) -> list[tuple[str, Boxes]]:
    """Terms with their signs: `- r - 1` is (-, r), (-, 1)."""
    found: list[tuple[str, Boxes]] = []
    for box in boxes:
        if box.is_sign("+", "-"):
            found.append((box.text, ()))
        elif found:
            found[-1] = (found[-1][0], (*found[-1][1], box))
        else:
            found.append(("+", (box,)))
    return found


def _without_brackets(boxes: Boxes) -> Boxes:
    if len(boxes) > 2 and boxes[0].text == "(" and boxes[-1].text == ")" and not boxes[-1].has_scripts:
        depth = 0
        for place, box in enumerate(boxes):
            depth += {"open": 1, "close": -1}.get(box.kind, 0)
            if depth == 0 and place < len(boxes) - 1:
                return boxes
        return boxes[1:-1]
    return boxes


def _index_in_superscript(sup: Boxes | None) -> Boxes | None:
    """`^{(i)}`: a superscript in brackets counts, it is no power."""
    if sup is None or len(sup) < 3 or sup[0].text != "(" or _without_brackets(sup) is sup:
        return None
    return sup[1:-1]
