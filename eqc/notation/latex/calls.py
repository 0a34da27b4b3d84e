"""Functions and records applied to what is printed behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eqc.notation.latex import commands, matrices, parts
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.glossary import Found
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Call, Name, Node, Subscript, walk
from eqc.notation.words import FUNCTION_WORDS
from eqc.records.model import Record, SymbolEntry

_MINUS_ONE = "-1"
_SHORT_REACH = frozenset(("log", "ln"))  # \log\frac{a}{b} c has c outside, \sin\frac{n\pi}{L} x has x inside


def apply_word(expr: Expression, word: str, box: Box) -> Part:
    """A function of numbers; a power on its name is that of its value, -1 its inverse."""
    expr.take()
    sup = box.sup
    inverse = sup is not None and "".join(b.text for b in sup) == _MINUS_ONE and word in commands.INVERSES
    if inverse:
        word, sup = commands.INVERSES[word], None
    span = expr.context.span(box)
    operands = list(operands_behind(expr, box))
    known = FUNCTION_WORDS[word]
    if not known.accepts(len(operands)):
        expr.context.fail(box, f"{word} takes {known.arity()}, not {len(operands)}", "check its brackets")
    with expr.context.pointing_at(box):
        part = parts.call(span, word, *operands)
        part = part if sup is None else matrices.power(part, expr.inside(sup))
        return with_later_scripts(expr, part, box)


def with_later_scripts(expr: Expression, part: Part, box: Box) -> Part:
    """Scripts on the bracket that closed the arguments."""
    close = expr.boxes[expr.place - 1]
    return expr.scripted(part, box, close) if close.kind == "close" and expr.place > 1 else part


def operands_behind(expr: Expression, box: Box) -> Sequence[Part]:
    """The arguments in brackets, or what stands side by side up to the next function."""
    following = expr.peek
    if following is None:
        expr.context.fail(box, f"{box.text} has no argument", "write what it is applied to")
    if following.kind == "open" and following.text in ("(", "[", r"\{"):
        pieces, _ = expr.arguments(",")
        return [expr.inside(piece) if piece else expr.unexpected(box) for piece in pieces]
    if expr.sees("-", "+"):
        return [expr.signed_run()]
    return [argument_run(expr, box.text.lstrip("\\"))]


def argument_run(expr: Expression, name: str = "") -> Part:
    """`2\\pi x` in `\\sin 2\\pi x`: factors side by side, up to a bracket, a space or another function."""
    first = expr.peek
    part = expr.factor()
    if name in _SHORT_REACH and first is not None and first.text == r"\frac":
        return part
    while expr.starts_factor() and not _ends_argument(expr):
        box = expr.peek
        right = expr.factor()
        assert box is not None
        with expr.context.pointing_at(box):
            part = matrices.product(part, right, expr.context.fresh)
    return part


def _ends_argument(expr: Expression) -> bool:
    box = expr.peek
    assert box is not None
    if box.spaced or box.kind in ("open", "bar", "big"):
        return True
    name = box.text.lstrip("\\")
    is_function = box.text.startswith("\\") and (name in commands.FUNCTIONS or name in commands.MATRIX_FUNCTIONS)
    return is_function and expr.context.symbol(expr.boxes, expr.place) is None


def logarithm(expr: Expression, box: Box, base: Part) -> Part:
    """A logarithm whose base is printed."""
    part = apply_word(expr, "log", box)
    (value,) = part.whole.arguments if isinstance(part.whole, Call) and part.whole.function == "log" else (None,)
    if value is None:
        return parts.divided(part, parts.call(part.span, "log", base))
    return parts.pointwise(lambda x, b: Call(part.span, "log", (_argument(x), b)), part, base)


def _argument(node: Node) -> Node:
    return node.arguments[0] if isinstance(node, Call) else node


def matrix_function(expr: Expression, word: str, box: Box) -> Part:
    """`\\det`, `\\operatorname{tr}`, `\\operatorname{diag}`."""
    expr.take()
    span = expr.context.span(box)
    (operand,) = operands if len(operands := operands_behind(expr, box)) == 1 else (expr.unexpected(box),)
    with expr.context.pointing_at(box):
        if word == "Determinant":
            part = matrices.determinant(operand)
        elif word == "diag" and operand.rank == 1:
            part = matrices.diagonal(operand)
        elif word == "Trace" and operand.rank == 2:
            part = parts.scalar(Call(span, "Trace", (operand.node,)))
        else:
            part = expr.context.fail(box, f"{box.text} of {parts.show(operand.axes)}", "check the shape")
        part = part if box.sup is None else matrices.power(part, expr.inside(box.sup))
        return with_later_scripts(expr, part, box)


# -- records


def apply_record(expr: Expression, found: Found, first: Box, scripts: Box) -> Part:
    """A record by its notation in the glossary."""
    return call_record(expr, found.spelling.name, [found.match.slots[n] for n in found.spelling.index], first, scripts)


def call_record(expr: Expression, record_id: str, given: Sequence[Boxes], first: Box, scripts: Box) -> Part:
    """A record at its arguments, which are part of its notation or stand in brackets; primes are derivatives."""
    callee = expr.context.lookup(record_id)
    if callee is None:
        expr.context.fail(first, f"the record {record_id} cannot be read", f"correct {record_id} first")
    following, close = expr.peek, None
    if given:
        operands = [expr.inside(piece) for piece in given]
    elif following is not None and following.kind == "open":
        pieces, close = _pieces(expr)
        operands = [expr.inside(piece) for piece in pieces]
    elif following is not None and expr.starts_factor():
        operands = [argument_run(expr)]
    else:
        expr.context.fail(first, f"{record_id} has no arguments here", "write them in brackets")
    with expr.context.pointing_at(first):
        part = _applied(expr, callee, operands, first, scripts.primes)
        if scripts.sub is not None:
            part = expr.indexed(part, first, scripts.sub)
        if scripts.sup is not None:
            part = expr.raised(part, scripts.sup)
        return part if close is None else expr.scripted(part, first, close)


def _pieces(expr: Expression) -> tuple[list[tuple[Box, ...]], Box]:
    inside, close = expr.bracket()
    return [piece for piece in split(inside, ",", ";", "|", r"\|") if piece], close


def _applied(expr: Expression, callee: Record, operands: Sequence[Part], first: Box, primes: int) -> Part:
    span = expr.context.span(first)
    shape = _Callee(callee)
    if len(operands) > len(shape.inputs):
        takes = ", ".join(shape.inputs)
        expr.context.fail(first, f"{callee.id} takes {takes}, not {len(operands)} arguments", "check its brackets")
    axes = shape.result([p.axes for p in operands])
    elementwise = shape.is_scalar and all(p.axes in ((), axes) for p in operands)

    def at(positions: tuple[Node, ...]) -> Node:
        if elementwise:
            return derived(Call(span, callee.id, tuple(p.entry(positions) if p.axes else p.node for p in operands)))
        call = Call(span, callee.id, tuple(p.node for p in operands))
        return Subscript(span, call, positions) if positions else call

    def derived(call: Call) -> Node:
        if not primes:
            return call
        (argument,) = call.arguments if len(call.arguments) == 1 else (None,)
        if not isinstance(argument, Name | Subscript):
            expr.context.fail(first, "a derivative of a record at a formula", "name what it is taken at")
        return Call(span, "Derivative", (call, *((argument,) * primes)))

    if primes and not elementwise:
        expr.context.fail(first, f"a prime on {callee.id}, which is no function of numbers", "print the derivative")
    whole = None
    if not primes and all(p.whole is not None for p in operands):
        whole = Call(span, callee.id, tuple(p.node for p in operands))
    return Part(span, axes, whole if axes else whole or at(()), at)


class _Callee:
    """What a record takes and gives, as far as its glossary says."""

    def __init__(self, record: Record) -> None:
        self.record = record
        statements = [parse_statement(text) for text in record.statements]
        targets = [s.target.base if isinstance(s.target, Subscript) else s.target for s in statements]
        assigned = [t.name for t in targets if isinstance(t, Name)]
        sizes = {axis.text.strip() for entry in record.symbols.values() for axis in entry.shape or ()}
        used = {n.name for s in statements for n in walk(s.value) if isinstance(n, Name)}
        self.inputs = tuple(
            e.name
            for e in record.symbols.values()
            if e.name in used and e.name not in assigned and (e.shape is not None or e.name not in sizes or _given(e))
        )
        self.output = assigned[-1] if assigned else ""

    @property
    def is_scalar(self) -> bool:
        return not self._axes(self.output) and not any(self._axes(name) for name in self.inputs)

    def _axes(self, name: str) -> tuple[str, ...]:
        entry = self.record.symbols.get(name)
        return () if entry is None else tuple(axis.text.strip() for axis in entry.shape or ())

    def result(self, given: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """The axes of the result: leading ones of the arguments, then the record's own with its extents replaced."""
        known: dict[str, str] = {}
        lead: tuple[str, ...] = ()
        for name, axes in zip(self.inputs, given, strict=False):
            own = self._axes(name)
            extra = len(axes) - len(own)
            if extra < 0:
                raise parts.Misfit(
                    f"{self.record.id} takes {name} as {parts.show(own)}, not {parts.show(axes)}", "check the arguments"
                )
            lead = max(lead, axes[:extra], key=len)
            known |= dict(zip(own, axes[extra:], strict=True))
        return (*lead, *(known.get(axis, axis if axis.isdigit() else parts.ANY) for axis in self._axes(self.output)))


def _given(entry: SymbolEntry) -> bool:
    """Whole numbers are arguments even where they are sizes."""
    return entry.domain.integer


def apply_function(expr: Expression, name: str, given: Sequence[Boxes], first: Box, scripts: Box) -> Part:
    """A function-valued symbol at its arguments, which are part of its notation or stand in brackets."""
    entry = expr.context.record.symbols[name]
    following = expr.peek
    if not given and (following is None or following.kind != "open"):
        expr.context.fail(first, f"{name} is a function and has no arguments here", "write them in brackets")
    pieces, close = (list(given), first.bare) if given else _pieces(expr)
    operands = [expr.inside(piece) for piece in pieces]
    span = expr.context.span(first)
    returns = tuple(axis.text.strip() for axis in entry.returns)
    takes = [shape for shape in entry.arguments if shape]
    if len(operands) != len(entry.arguments):
        wanted = f"{len(entry.arguments)} argument{'s' if len(entry.arguments) != 1 else ''}"
        expr.context.fail(first, f"{name} takes {wanted}, not {len(operands)}", "check its brackets")
    with expr.context.pointing_at(first):
        if scripts.primes:
            part = _slope(expr, name, operands, first, scripts.primes)
        elif not returns and not takes:
            part = parts.call(span, name, *operands)
        else:
            part = parts.array(Call(span, name, tuple(p.node for p in operands)), returns)
        if scripts.sup is not None:
            part = expr.raised(part, scripts.sup)
        return expr.scripted(part, first, close)


def apply_definition(expr: Expression, first: Box) -> Part:
    """A function that another clause of the LaTeX defines, with its body read for these arguments."""
    names, body = expr.context.functions[index_key(replace(first, sup=None))]
    expr.take()
    if not names:
        with expr.context.standing_for({}), expr.context.deeper(first):
            return expr.scripted(expr.inside(body), first, replace(first, sub=None, primes=0))
    if expr.peek is None or expr.peek.kind != "open":
        expr.context.fail(first, f"{first.text} is a function and has no arguments here", "write them in brackets")
    pieces, close = _pieces(expr)
    if len(pieces) != len(names):
        expr.context.fail(first, f"{first.text} takes {len(names)} arguments, not {len(pieces)}", "check its brackets")
    operands = [expr.inside(piece) for piece in pieces]
    before = expr.context.parameters
    expr.context.parameters = dict(zip(names, operands, strict=True))
    try:
        part = expr.inside(body)
    finally:
        expr.context.parameters = before
    part = part if first.sup is None else expr.raised(part, first.sup)
    return expr.scripted(part, first, close)


def _slope(expr: Expression, name: str, operands: Sequence[Part], first: Box, order: int) -> Part:
    """`f'(x)`: the derivative of a function of one number, where it is taken."""
    entry = expr.context.record.symbols[name]
    if len(operands) != 1 or entry.returns or any(entry.arguments):
        expr.context.fail(first, f"a prime on {name}, which is no function of one number", "print the derivative")
    span, point = expr.context.span(first), operands[0]
    variable = Name(span, expr.context.fresh.name())

    def at(node: Node) -> Node:
        if isinstance(node, Name | Subscript):
            return Call(span, "Derivative", (Call(span, name, (node,)), *([node] * order)))
        slope = Call(span, "Derivative", (Call(span, name, (variable,)), *([variable] * order)))
        return Call(span, "subs", (slope, variable, node))

    whole = None if point.axes else at(point.node)
    return Part(span, point.axes, whole, lambda positions: at(point.entry(positions)))
