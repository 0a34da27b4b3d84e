"""The expression parser: sums of products of factors, with what only the glossary and the shapes can decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from eqc.notation.latex import matrices, parts
from eqc.notation.latex.boxes import Box, Boxes, flat_text, same
from eqc.notation.latex.context import index_key
from eqc.notation.latex.families import are_dots, spanning, summed
from eqc.notation.latex.glossary import Found, record_named
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import shift_of, split
from eqc.notation.latex.scripts import Scripted, is_evaluation
from eqc.notation.literals import BadNumber, read_literal
from eqc.notation.tree import BinaryOp, Name, Node

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


class Expression(Scripted):
    """Reads a list of boxes from left to right, as sums of products of factors."""

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
            return matrices.product(left, right, self.context.fresh, dot=True)
        if sign.text == r"\bmod":
            return parts.call(self.context.span(sign), "Mod", left, right)
        if sign.text == r"\times" and left.axes == right.axes == ("3",):
            return matrices.cross(left, right)
        if sign.text == r"\otimes" and left.rank == right.rank == 1 and self.context.wanted != left.axes:
            return matrices.product(left, matrices.transposed(right), self.context.fresh)
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
        matrices.spread(factors)
        left = factors[0][1]
        for box, right in factors[1:]:
            with self.context.pointing_at(box or self.boxes[-1]):
                left = matrices.product(left, right, self.context.fresh)
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
            return not is_evaluation(box) and self.opens_bar(box)
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
        while self.sees("!") or (self.peek is not None and is_evaluation(self.peek)):
            box = self.take()
            if box.kind == "bar":
                part = self.at_point(part, box, box.sub or ())
            elif self.sees("!"):
                self.context.fail(box, "a double factorial", "print it as a product")
            else:
                part = parts.call(self.context.span(box), "factorial", part)
        return part

    def unit(self) -> Part:
        """A symbol, an index, or what needs no declaration."""
        box = self.peek
        if box is None:
            last = self.boxes[-1] if self.boxes else None
            self.context.fail(last, "the formula ends where a value should follow", "write what should follow")
        phrase = self.phrase()
        if phrase is not None:
            return phrase
        given = self.context.parameters.get(index_key(replace(box, sup=None)))
        if given is not None:
            self.take()
            return self.scripted(given, box, replace(box, sub=None, primes=0))
        given = self.context.parameters.get(index_key(replace(box, sup=None, sub=None)))
        if given is not None and given.axes:
            self.take()
            return self.scripted(given, box, replace(box, primes=0))
        index = self.context.index(replace(box, sup=None)) if box.kind in ("letter", "word") else None
        if index is not None:
            self.take()
            return self.scripted(parts.scalar(index), box, replace(box, sub=None, primes=0))
        found = self.context.symbol(self.boxes, self.place)
        if found is not None:
            return self.symbol(found)
        return self.atom(box)

    def phrase(self) -> Part | None:
        """What the LaTeX defines elsewhere, printed here in the same boxes."""
        for boxes, body in self.context.phrases.items():
            if same(self.boxes[self.place : self.place + len(boxes)], boxes):
                with self.context.deeper(self.peek):
                    self.place += len(boxes)
                    return self.inside(body)
        return None

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

    def inside(self, boxes: Boxes) -> Part:
        """Another list of boxes as an expression."""
        return Expression(self.context, boxes).whole()

    def record_called(self, word: str) -> str | None:
        """The record that an undeclared name means."""
        return record_named(word, self.context.glossary.record_ids)

    def number(self, box: Box) -> Part:
        """A decimal number."""
        try:
            return parts.number(self.context.span(box), read_literal(box.text))
        except BadNumber as error:
            return self.context.fail(box, error.rule, error.remedy)
