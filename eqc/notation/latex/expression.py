"""The expression parser: sums of products of factors, with what only the glossary and the shapes can decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from eqc.notation.latex import commands as table
from eqc.notation.latex import parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.context import Context, index_key
from eqc.notation.latex.families import are_dots, spanning, summed
from eqc.notation.latex.glossary import Found, record_named
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import plain_name, shift_of, split
from eqc.notation.literals import BadNumber, read_literal
from eqc.notation.tree import Binary, BinaryOp, Call, Name, Node

ADDITIVE: Mapping[str, BinaryOp] = {"+": "+", "-": "-"}
MULTIPLICATIVE = frozenset((r"\cdot", r"\times", "*", "/", r"\odot", r"\otimes", r"\circ", r"\bmod"))
REFUSED: Mapping[str, tuple[str, str]] = {
    r"\pm": (r"\pm is two formulas in one", "print each sign as a formula of its own"),
    r"\mp": (r"\mp is two formulas in one", "print each sign as a formula of its own"),
    r"\ldots": ("dots leave something out", "print the sum or the list with limits"),
    r"\cdots": ("dots leave something out", "print the sum or the list with limits"),
    r"\propto": (r"\propto leaves a factor open", "print the factor and ="),
    r"\oplus": (r"\oplus has no one meaning", "print a sum, or a concatenation with indices"),
}
TRANSPOSES = frozenset((r"\top", "T", "mathsf T", "mathrm T"))


@dataclass(frozen=True, slots=True)
class Operand:
    """A term or a factor: what is printed, what it means, where an error about it points."""

    boxes: Boxes
    part: Part
    box: Box | None = None
    sign: str = "+"


class Expression:
    """Reads a list of boxes from left to right; `bars` counts the | that are open around."""

    def __init__(self, context: Context, boxes: Boxes) -> None:
        self.context = context
        self.boxes = boxes
        self.place = 0
        self.bars: list[str] = []

    # -- the cursor

    @property
    def peek(self) -> Box | None:
        return self.boxes[self.place] if self.place < len(self.boxes) else None

    def take(self) -> Box:
        box = self.boxes[self.place]
        self.place += 1
        return box

    def sees(self, *texts: str) -> bool:
        """Whether an operator comes next."""
        return self.peek is not None and self.peek.is_sign(*texts)

    # -- the grammar

    def whole(self) -> Part:
        """All boxes as one expression."""
        part = self.sum()
        if self.peek is not None:
            self.unexpected(self.peek)
        return part

    def unexpected(self, box: Box) -> Part:
        if box.text in REFUSED:
            self.context.fail(box, *REFUSED[box.text])
        if box.kind in ("close", "open", "bar"):
            self.context.fail(box, f"{box.text} has no partner here", "check the brackets")
        if box.kind == "prose":
            self.context.fail(box, f"the words {box.text!r} are no formula", "put them behind \\quad, or take them out")
        return self.context.fail(box, f"{flat_text((box,))} has no place here", "an operator or the end was expected")

    def sum(self) -> Part:
        """Terms with + and - between them."""
        terms = [self.addend("+")]
        while self.sees(*ADDITIVE):
            sign = self.take()
            if sign.text == "+" and are_dots(self.boxes[self.place : self.place + 1]):
                self.close_gap(terms, "Sum", lambda: self.addend("+").boxes if self.sees("+") and self.take() else ())
            else:
                terms.append(self.addend(sign.text, sign))
        left = parts.negated(terms[0].part) if terms[0].sign == "-" else terms[0].part
        for term in terms[1:]:
            with self.context.pointing_at(term.box or self.boxes[-1]):
                left = parts.added(ADDITIVE[term.sign], left, term.part)
        return left

    def addend(self, sign: str, box: Box | None = None) -> Operand:
        """A term with the sign before it."""
        start = self.place
        part = self.term()
        return Operand(self.boxes[start : self.place], part, box or self.boxes[start], sign)

    def close_gap(self, operands: list[Operand], word: str, last: Callable[[], Boxes]) -> None:
        """What dots leave out: the operands before them that lead to the one behind them become one."""
        dots = self.take()
        end = last()
        for start in range(len(operands) if end else 0):
            chosen = operands[start:]
            found = spanning([one.boxes for one in chosen], end) if all(o.sign == "+" for o in chosen) else None
            if found is not None:
                operands[start:] = [Operand(end, summed(self, found, word), dots, "+")]
                return
        self.context.fail(dots, *REFUSED[dots.text])

    def term(self) -> Part:
        """Factors with operators between them; what stands side by side binds tighter than a slash."""
        with self.context.deeper(self.peek):
            negative = False
            while self.sees("-", "+"):
                negative ^= self.take().text == "-"
            part = self.product()
            return parts.negated(part) if negative else part

    def product(self) -> Part:
        """Runs of factors with operators between them."""
        left = self.run()
        while self.sees(*MULTIPLICATIVE):
            sign = self.take()
            right = self.signed_run()
            with self.context.pointing_at(sign):
                left = self.combined(sign, left, right)
        return left

    def signed_run(self) -> Part:
        if self.sees("-", "+"):
            sign = self.take()
            inner = self.run()
            return parts.negated(inner) if sign.text == "-" else inner
        return self.run()

    def combined(self, sign: Box, left: Part, right: Part) -> Part:
        """Two factors with an operator between them."""
        if sign.text == "/":
            return parts.divided(left, right)
        if sign.text == r"\cdot":
            return parts.product(left, right, self.context.fresh, dot=True)
        if sign.text == r"\bmod":
            return parts.call(self.context.span(sign), "Mod", left, right)
        if sign.text == r"\times" and left.axes == right.axes == ("3",):
            return parts.cross(left, right)
        if sign.text == r"\otimes" and left.rank == right.rank == 1 and self.context.wanted != left.axes:
            return parts.product(left, parts.transposed(right), self.context.fresh)
        return parts.hadamard(left, right)

    def run(self) -> Part:
        """Factors side by side."""
        operands = [self.operand()]
        while self.starts_factor() or (self.sees(r"\cdots") and self.place + 1 < len(self.boxes)):
            if self.sees(r"\cdots"):
                self.close_gap(operands, "Product", lambda: self.operand().boxes)
            else:
                operands.append(self.operand())
        factors = [(one.box, one.part) for one in operands]
        parts.spread(factors)
        left = factors[0][1]
        for box, right in factors[1:]:
            with self.context.pointing_at(box or self.boxes[-1]):
                left = parts.product(left, right, self.context.fresh)
        return left

    def operand(self) -> Operand:
        """A factor with its boxes."""
        start, box = self.place, self.peek
        part = self.factor()
        return Operand(self.boxes[start : self.place], part, box)

    def starts_factor(self) -> bool:
        """Whether the next box begins a factor."""
        box = self.peek
        if box is None or box.kind in ("sign", "close", "wide", "line", "cell", "prose"):
            return False
        if box.kind == "bar":
            return not _is_evaluation(box) and self.opens_bar(box)
        return True

    def opens_bar(self, box: Box) -> bool:
        """Whether a bar opens something rather than close what is open."""
        if box.side:
            return box.side == "open"
        return not (self.bars and self.bars[-1] == box.text) and any(
            b.kind == "bar" and b.text == box.text for b in self.boxes[self.place + 1 :]
        )

    def factor(self) -> Part:
        """One factor with its scripts, and with a factorial's sign."""
        part = self.unit()
        while self.sees("!") or (self.peek is not None and _is_evaluation(self.peek)):
            box = self.take()
            if box.kind == "bar":
                part = self.at_point(part, box, box.sub or ())
            elif self.sees("!"):
                self.context.fail(box, "a double factorial", "print it as a product")
            else:
                part = parts.call(self.context.span(box), "factorial", part)
        return part

    def at_point(self, part: Part, box: Box, sub: Boxes) -> Part:
        """A value at a point, `|_{x=a}`."""
        place = next(k for k, b in enumerate(sub) if b.is_sign("="))
        variable, value = self.inside(sub[:place]), self.inside(sub[place + 1 :])
        if not isinstance(variable.whole, Name):
            self.context.fail(box, "only a symbol takes a value", "write the symbol, = and its value below the bar")
        span, name, point = self.context.span(box), variable.whole, value.node
        return parts.pointwise(lambda x: Call(span, "subs", (x, name, point)), part)

    def unit(self) -> Part:
        """A symbol, an index, or what needs no declaration."""
        box = self.peek
        if box is None:
            last = self.boxes[-1] if self.boxes else None
            self.context.fail(last, "the formula ends where a value should follow", "write what should follow")
        given = self.context.parameters.get(index_key(replace(box, sup=None)))
        if given is not None:
            self.take()
            return self.scripted(given, box, replace(box, sub=None, primes=0))
        index = self.context.index(replace(box, sup=None)) if box.kind in ("letter", "word") else None
        if index is not None:
            self.take()
            return self.scripted(parts.scalar(index), box, replace(box, sub=None, primes=0))
        found = self.context.symbol(self.boxes, self.place)
        if found is not None:
            return self.symbol(found)
        return self.atom(box)

    def atom(self, box: Box) -> Part:
        """A factor that the glossary does not have."""
        return self.context.read_atom(self, box)

    # -- symbols

    def symbol(self, found: Found) -> Part:
        """A symbol of the glossary, with its positions and what else is printed on it."""
        first, match = self.boxes[self.place], found.match
        last = self.boxes[match.end - 1]
        self.place = match.end
        rest = replace(last, sub=match.sub, sup=match.sup, primes=match.primes)
        if found.spelling.role == "index":
            return self.scripted(parts.scalar(self.context.free_index(found.spelling.name, first)), first, rest)
        if found.spelling.role == "record":
            return self.context.apply_record(self, found, first, rest)
        if found.spelling.role == "function":
            given = [match.slots[name] for name in found.spelling.index if name in match.slots]
            return self.context.apply_function(self, found.spelling.name, given, first, rest)
        with self.context.pointing_at(first):
            part = self.entry(found, first)
        if not match.sub and part.rank and self.peek is not None and self.peek.text in ("(", "[") and not last.sup:
            part = self.maybe_positions(part, first)
        return self.scripted(part, first, rest)

    def entry(self, found: Found, box: Box) -> Part:
        """The array, its entry, or its rows, as many positions as are printed."""
        spelling = found.spelling
        name = Name(self.context.span(box), spelling.name)
        whole = parts.array(name, self.context.glossary.axes[spelling.name])
        return self.rows(whole, found, box) if found.match.slots or self.context.averaging else whole

    def rows(self, whole: Part, found: Found, box: Box) -> Part:
        """An entry or rows; an axis whose index is not printed stays whole, or is what an expectation runs over."""
        spelling, printed = found.spelling, found.match.slots
        letters = printed.get(spelling.index[0], ()) if len(spelling.index) == 1 else ()
        if len(letters) == whole.rank > 1 and all(b.kind == "letter" for b in letters):
            return parts.index_into(whole, tuple(self.position((b,)) for b in letters))  # x_{ia} of rows x_i
        at: list[Node | None] = []
        for number, index in enumerate(spelling.index):
            if index in printed:
                at.append(self.position(printed[index], shift_of(spelling.pattern, index)))
            elif self.context.averaging and index not in self.context.kept:
                self.context.hidden[index] = self.context.glossary.axes[spelling.name][number]
                at.append(Name(self.context.span(box), index))
            else:
                at.append(None)
        return parts.sliced(whole, at)

    def position(self, boxes: Boxes, shift: Boxes = ()) -> Node:
        """What is printed in a slot as a position; an undeclared letter there is a free index."""
        node = self.position_part(boxes)
        if not shift:
            return node
        reverse = {"+": "-", "-": "+"}
        flipped = tuple(replace(b, text=reverse[b.text]) if b.is_sign("+", "-") else b for b in shift)
        span = node.span
        for sign, piece in _signed(flipped):
            part = Expression(self.context, piece).whole()
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
        part = Expression(self.context, boxes).whole()
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

    def maybe_positions(self, part: Part, first: Box) -> Part:
        """`I(x, y)` of an array is its entry, if as many positions stand in the brackets as it has axes."""
        stop = self.closing(self.place)
        pieces = split(self.boxes[self.place + 1 : stop], ",")
        if len(pieces) != part.rank or not all(self.could_be_position(piece) for piece in pieces):
            return part
        self.place = stop + 1
        with self.context.pointing_at(first):
            entry = parts.index_into(part, tuple(self.position(piece) for piece in pieces))
        close = self.boxes[stop]
        return self.scripted(entry, first, close)

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

    # -- brackets

    def closing(self, start: int) -> int:
        """Where the bracket that opens at a place closes."""
        depth = 0
        for place in range(start, len(self.boxes)):
            box = self.boxes[place]
            depth += {"open": 1, "close": -1}.get(box.kind, 0)
            if depth == 0 and box.kind == "close":
                return place
        return self.context.fail(self.boxes[start], "this bracket is never closed", "write the closing bracket")

    def bracket(self) -> tuple[Boxes, Box]:
        """What stands between the bracket that comes next and its partner, which is given too."""
        start = self.place
        stop = self.closing(start)
        self.place = stop + 1
        return self.boxes[start + 1 : stop], self.boxes[stop]

    def inside(self, boxes: Boxes) -> Part:
        """Another list of boxes as an expression."""
        return Expression(self.context, boxes).whole()

    # -- scripts

    def scripted(self, part: Part, first: Box, scripts: Box) -> Part:
        """A part with a subscript, a superscript and primes that are not part of its name."""
        with self.context.pointing_at(first):
            if scripts.primes:
                symbol = flat_text((scripts,))
                self.context.fail(first, f"{symbol} is not in the glossary", "declare it with its prime")
            rows = _index_in_superscript(scripts.sup) if part.rank else None
            if rows is not None:
                part = parts.index_into(part, (self.position(rows),))
            if scripts.sub is not None and _is_evaluation(scripts):
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
            return parts.transposed(part)
        if len(sup) == 2 and sup[0].is_sign("-") and is_transpose:
            minus = parts.number(part.span, -1)
            return parts.transposed(parts.power(part, minus))
        if len(sup) == 1 and sup[0].kind == "sign":
            self.context.fail(sup[0], f"a superscript {sup[0].text} is no power", "declare the symbol with it")
        if len(sup) > 1 and sup[0].is_sign(r"\circ", r"\odot"):
            return parts.pointwise(lambda a, b: Binary(part.span, "**", a, b), part, self.inside(sup[1:]))
        return parts.power(part, self.inside(sup))

    # -- functions

    def arguments(self, *separators: str) -> tuple[list[Boxes], Box]:
        """The pieces between the brackets that come next, and the closing one."""
        inside, close = self.bracket()
        return split(inside, *separators), close

    def record_called(self, word: str) -> str | None:
        """The record that an undeclared name means."""
        return record_named(word, self.context.glossary.record_ids)

    def number(self, box: Box) -> Part:
        """A decimal number."""
        try:
            return parts.number(self.context.span(box), read_literal(box.text))
        except BadNumber as error:
            return self.context.fail(box, error.rule, error.remedy)


def _is_evaluation(box: Box) -> bool:
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
