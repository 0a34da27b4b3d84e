"""Factors that no glossary needs to declare: numbers, brackets, fractions, roots, functions by their usual names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from eqc.notation.latex import (
    big,
    brackets,
    calculus,
    calls,
    commands,
    conditions,
    distributions,
    families,
    lists,
    matrices,
    parts,
    statistics,
)
from eqc.notation.latex.boxes import Box
from eqc.notation.latex.context import index_key
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.usual import USUAL, USUAL_LETTERS, usual
from eqc.notation.text import formula_text
from eqc.notation.tree import Call, Name, Node, Subscript

Reader = Callable[[Expression, Box], Part]


def read_atom(expr: Expression, box: Box) -> Part:
    """The factor that begins with a box."""
    return _BY_KIND.get(box.kind, _unexpected)(expr, box)


def _unexpected(expr: Expression, box: Box) -> Part:
    return expr.unexpected(box)


def _number(expr: Expression, box: Box) -> Part:
    part = expr.number(expr.take())
    if expr.sees(r"\%"):
        sign = expr.take()
        part = parts.divided(part, parts.number(expr.context.span(sign), 100))
    return expr.scripted(part, box, box)


def _group(expr: Expression, box: Box) -> Part:
    expr.take()
    inside = box.parts[0] if box.parts else ()
    if not inside:
        expr.context.fail(box, "these braces are empty", "write what should stand between them")
    return expr.scripted(expr.inside(inside), box, box)


# -- commands with arguments


def _command(expr: Expression, box: Box) -> Part:
    return _COMMANDS.get(box.text, _unknown_command)(expr, box)


def _unknown_command(expr: Expression, box: Box) -> Part:
    return expr.context.fail(box, f"{box.text} is a command that eqc does not know", "print it in another way")


def _fraction(expr: Expression, box: Box) -> Part:
    if calculus.is_derivative(expr, box):
        return calculus.derivative(expr, box)
    expr.take()
    printed = (tuple(b for b in part if b.kind != "wide") for part in box.parts)
    above, below = (expr.inside(part) if part else expr.unexpected(box) for part in printed)
    with expr.context.pointing_at(box):
        return expr.scripted(parts.divided(above, below), box, box)


def _root(expr: Expression, box: Box) -> Part:
    expr.take()
    radicand = expr.inside(box.parts[0])
    span = expr.context.span(box)
    if len(box.parts) == 1:
        part = parts.call(span, "sqrt", radicand)
    else:
        index = expr.inside(box.parts[1])
        part = matrices.power(radicand, parts.divided(parts.number(span, 1), index))
    return expr.scripted(part, box, box)


def _binomial(expr: Expression, box: Box) -> Part:
    expr.take()
    above, below = (expr.inside(part) for part in box.parts)
    return expr.scripted(parts.call(expr.context.span(box), "binomial", above, below), box, box)


_COMMANDS: Mapping[str, Reader] = {r"\frac": _fraction, r"\sqrt": _root, r"\binom": _binomial}


# -- letters and words


def _letter(expr: Expression, box: Box) -> Part:
    """A letter with a meaning of its own, or one that is missing from the glossary."""
    if index_key(replace(box, sup=None)) in expr.context.functions:
        return calls.apply_definition(expr, box)
    name = box.text.lstrip("\\") if box.text.startswith("\\") else box.text.removeprefix("mathrm ")
    if box.text.startswith(("\\", "mathrm ")) or box.kind == "word":
        named = _named(expr, box, name)
        if named is not None:
            return named
    following = expr.boxes[expr.place + 1] if expr.place + 1 < len(expr.boxes) else None
    bracket = following is not None and following.text in ("[", "(", r"\{")
    if bracket and box.text in USUAL_LETTERS and box.sub is None and not box.primes:
        return usual(expr, USUAL_LETTERS[box.text], box)
    reader = _LETTERS.get(box.text)
    if reader is None or (box.text in _BEFORE_BRACKETS and not bracket):
        expr.context.unknown(replace(box, sup=None))
    return reader(expr, box)


def _identity(expr: Expression, box: Box) -> Part:
    """`I`, whose order the other matrices say, or `I_n`."""
    if box.sup is not None or box.primes:
        expr.context.unknown(replace(box, sup=None))
    expr.take()
    span = expr.context.span(box)
    if box.sub is None:
        return parts.array(Name(span, "I"), (parts.ANY, parts.ANY))
    order = expr.inside(box.sub).node
    axis = formula_text(order)

    def entry(at: Sequence[Node]) -> Node:
        return Call(span, "KroneckerDelta", tuple(at))

    return Part(span, (axis, axis), Call(span, "Identity", (order,)), entry)


def _ones(expr: Expression, box: Box) -> Part:
    """`\\mathbf{1}`: a column of ones, unless a condition follows."""
    following = expr.boxes[expr.place + 1] if expr.place + 1 < len(expr.boxes) else None
    holds = following is not None and following.kind == "open" and conditions.is_condition(expr.boxes[expr.place + 2 :])
    if holds or (box.sub is not None and conditions.is_condition(conditions.without_brackets(box.sub))):
        return conditions.indicator_of(expr, box)
    expr.take()
    span = expr.context.span(box)
    order = None if box.sub is None else expr.inside(box.sub).node
    axis = parts.ANY if order is None else formula_text(order)
    one = parts.number(span, 1).node
    whole = None if order is None else Call(span, "OneMatrix", (order, one))
    return expr.scripted(Part(span, (axis,), whole, lambda at: one), box, replace(box, sub=None))


def _accented(expr: Expression, box: Box) -> Part:
    """`\\bar{x}` of a declared array is its mean, a hat on an expectation says that it is estimated."""
    inside = box.parts[0]
    if index_key(replace(box, sup=None)) in expr.context.functions:
        return calls.apply_definition(expr, box)
    if len(inside) == 1 and inside[0].text in _EXPECTED and not inside[0].has_scripts:
        return statistics.expectation(expr, box)
    found = expr.context.symbol(inside, 0) if box.text == r"\bar" and inside else None
    axes = () if found is None else expr.context.glossary.axes.get(found.spelling.name, ())
    whole = found is not None and found.spelling.whole and found.match.end == len(inside) and not inside[-1].has_scripts
    if found is None or len(axes) != 1 or not whole or box.sub is not None:
        expr.context.unknown(replace(box, sup=None))
    expr.take()
    part = parts.array(Name(expr.context.span(box), found.spelling.name), axes)
    return expr.scripted(statistics.mean_of(expr, box, part), box, box)


def _constant(expr: Expression, box: Box) -> Part:
    if box.sub is not None:
        expr.context.unknown(replace(box, sup=None))
    expr.take()
    constant = parts.scalar(Name(expr.context.span(box), commands.CONSTANTS[box.text]))
    return expr.scripted(constant, box, box)


def _euler(expr: Expression, box: Box) -> Part:
    """`e^{x}` is the exponential."""
    if box.sub is not None and box.sup is None and len(box.sub) == 1:
        return _unit_vector(expr, box)
    if box.sup is None or box.sub is not None:
        return _constant(expr, box)
    expr.take()
    return parts.call(expr.context.span(box), "exp", expr.inside(box.sup))


def _unit_vector(expr: Expression, box: Box) -> Part:
    """`e_i`, the vector with 1 at i and 0 elsewhere, of the axis that the glossary has i for."""
    index = expr.context.index((box.sub or ())[0])
    name = index.name if index is not None else ""
    entries = [e for e in expr.context.record.symbols.values() if name in e.index and e.shape is not None]
    if index is None or not entries:
        expr.context.unknown(box)
    expr.take()
    axis = expr.context.glossary.axes[entries[0].name][entries[0].index.index(name)]
    span = expr.context.span(box)
    return parts.array(Subscript(span, Call(span, "Identity", (parts.size(span, axis),)), (index,)), (axis,))


def _named(expr: Expression, box: Box, name: str) -> Part | None:
    """A function by its usual name, or a record by its id."""
    if name in commands.BASED:
        return calls.logarithm(expr, box, parts.number(expr.context.span(box), commands.BASED[name]))
    if name == "log" and box.sub is not None:
        return calls.logarithm(expr, box, expr.inside(box.sub))
    if name in commands.MATRIX_FUNCTIONS:
        return calls.matrix_function(expr, commands.MATRIX_FUNCTIONS[name], box)
    if box.kind == "word" and name.lower() in _CONCATENATIONS:
        return lists.concatenation(expr, box)
    if name in statistics.WORDS:
        return statistics.WORDS[name](expr, box)
    record = expr.record_called(name) if len(name) > 1 and box.kind == "word" else None
    if record is not None and record != expr.context.record.id:
        expr.take()
        return calls.call_record(expr, record, [], box, box)
    if box.kind == "word" and (known := re.sub(r"[\W_]", "", name.lower())) in USUAL:
        return usual(expr, known, box)
    lower = name.lower() if box.kind == "word" and len(name) > 2 else name
    if lower in commands.FUNCTIONS:
        return calls.apply_word(expr, commands.FUNCTIONS[lower], box)
    return None


def _kronecker(expr: Expression, box: Box) -> Part:
    """`\\delta_{jk}`, which is 1 where the indices are equal."""
    if box.sub is None:
        expr.context.unknown(replace(box, sup=None))
    expr.take()
    sub = box.sub or ()
    pieces = split(sub, ",") if len(split(sub, ",")) == 2 else [(b,) for b in sub]
    if len(pieces) != 2:
        expr.context.fail(box, r"\delta takes two indices", r"write \delta_{ij}, or declare it in the glossary")
    a, b = (expr.position(piece) for piece in pieces)
    span = expr.context.span(box)
    return expr.scripted(parts.scalar(Call(span, "KroneckerDelta", (a, b))), box, replace(box, sub=None))


def _table(expr: Expression, box: Box) -> Part:
    """Cases, or a matrix of entries."""
    expr.take()
    if box.text in commands.CASES or (box.text == "array" and conditions.has_conditions(box)):
        return expr.scripted(conditions.cases(expr, box), box, box)
    if box.text not in commands.TABLES:
        expr.context.fail(box, f"{box.text} has no place inside a formula", "take the lines apart")
    if all(len(row) == 1 for row in box.rows) and any(families.are_dots(row[0]) for row in box.rows):
        return expr.scripted(lists.listed(expr, box, [row[0] for row in box.rows]), box, box)
    with expr.context.pointing_at(box):
        part = matrices.matrix(expr.context.span(box), [[expr.inside(cell) for cell in row] for row in box.rows])
        if box.text == "vmatrix":
            part = matrices.determinant(part)
        return expr.scripted(part, box, box)


def _big(expr: Expression, box: Box) -> Part:
    return big.read_big(expr, box)


_CONCATENATIONS = frozenset(("concat", "concatenate", "cat"))

_LETTERS: Mapping[str, Reader] = {
    **dict.fromkeys(("mathbb E", "E", "mathrm E"), statistics.expectation),
    **dict.fromkeys(("mathbb 1", "mathbb I", "mathrm 1"), conditions.indicator_of),
    **dict.fromkeys((r"\nabla", r"\partial"), calculus.nabla),
    **dict.fromkeys(("e", "mathrm e"), _euler),
    "mathbf e": lambda expr, box: _unit_vector(expr, box) if box.sub else expr.context.unknown(box),
    "mathcal N": distributions.density,
    **dict.fromkeys((r"\pi", r"\infty"), _constant),
    r"\delta": _kronecker,
    r"\Gamma": lambda expr, box: calls.apply_word(expr, "gamma", box),
    **dict.fromkeys(("I", "mathbf I", "mathrm I", "boldsymbol I", "bm I"), _identity),
    **dict.fromkeys(("mathbf 1", "boldsymbol 1", "bm 1"), _ones),
}
"""Letters that mean something if the glossary does not have them."""

_EXPECTED = frozenset(("mathbb E", "E", "mathrm E"))
_BEFORE_BRACKETS = frozenset(("E", "mathrm E", "mathcal N", r"\Gamma"))

_BY_KIND: Mapping[str, Reader] = {
    "number": _number,
    "group": _group,
    "open": brackets.bracket,
    "bar": brackets.bar,
    "command": _command,
    "letter": _letter,
    "word": _letter,
    "accent": _accented,
    "table": _table,
    "big": _big,
}
