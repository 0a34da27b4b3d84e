"""Sums, products, fractions and powers in LaTeX: what stands above the bar, below it and beside it."""

from __future__ import annotations

from collections.abc import Sequence

from eqc.notation.tree import Binary, Call, Name, Node, Number, Unary
from eqc.present import latex_words as words
from eqc.present.latex_calls import named_with, takes_power
from eqc.present.latex_numbers import exponent_of, inverse_of, is_negative_power
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, brackets, negated, power, product, quotient, total

_LONGEST_NUMERATOR = 40
"""Characters of a numerator beyond which a number below it becomes a factor before it."""


def run_of_factors(writer: Writer, run: Sequence[tuple[bool, Node]]) -> Piece:
    """A product of factors and divisors as a fraction, a coefficient before it where that reads better."""
    above = [part for inverse, part in run if not inverse]
    below = [part for inverse, part in run if inverse]
    above, below = _sorted(writer, above, below)
    minus = sum(isinstance(part, Unary) and part.op == "-" for part in above) % 2 == 1
    above = [part.operand if isinstance(part, Unary) and part.op == "-" else part for part in above]
    ones = [part for part in above if not (isinstance(part, Number) and part.value == 1)]
    arrays = [n for n, part in enumerate(ones) if writer.glossary.is_array(part)]
    first = arrays[0] if len(arrays) > 1 else None
    piece = _fraction(writer, [writer.write(part) for part in ones], below, first)
    return negated(piece) if minus else piece


def _sorted(writer: Writer, above: list[Node], below: list[Node]) -> tuple[list[Node], list[Node]]:
    """Negative powers go below the bar; sums with limits go last, where order does not matter."""
    if any(writer.glossary.is_array(part) for part in above):
        return above, below
    moved = [part for part in above if is_negative_power(part)]
    rest = [part for part in above if not is_negative_power(part)]
    rest.sort(key=_is_big)
    return rest, [*below, *(inverse_of(part) for part in moved)]


def _fraction(writer: Writer, above: list[Piece], below: list[Node], first: int | None) -> Piece:
    """`first` is where a product of matrices starts: it stands behind a plain fraction."""
    if not below:
        return product(above)
    bottom = product([writer.write(part) for part in below])
    if writer.flat:
        return quotient(product(above), bottom, flat=writer.flat)
    plain = all(_is_plain(part) for part in below)
    if first is not None and plain:
        front, rest = above[:first], above[first:]
    else:
        front, rest = _coefficient(above, plain=plain, numeric=_is_numeric(below))
    if not rest:
        return quotient(product(front), bottom, flat=writer.flat)
    return product([quotient(product(front), bottom, flat=writer.flat), *rest])


def power_of(writer: Writer, node: Binary) -> Piece:
    """A power: a root, a fraction, a power at a function name, or a base with its exponent."""
    exponent = exponent_of(node.right)
    if exponent is not None and exponent < 0 and not writer.glossary.is_array(node.left):
        return quotient(Piece("1"), writer.write(inverse_of(node)), flat=writer.flat)
    if isinstance(node.left, Call) and node.left.function in words.RAISED and takes_power(writer, node.left, exponent):
        return named_with(writer, node.left, f"^{exponent}")
    base = writer.write(node.left)
    if exponent is not None and exponent.numerator == 1 and exponent.denominator in (2, 3):
        degree = "" if exponent.denominator == 2 else f"[{exponent.denominator}]"
        return Piece(rf"\sqrt{degree}{{{base.text}}}")
    if exponent is not None and exponent.denominator > 1:
        return power(base, Piece(f"{exponent.numerator}/{exponent.denominator}"))
    return power(base, writer.within_line(node.right))


def sum_of_terms(writer: Writer, run: Sequence[tuple[bool, Node]]) -> Piece:
    """Terms with their signs."""
    terms = [(minus, writer.write(part)) for minus, part in run]
    return total([_subtracted(piece) if minus else piece for minus, piece in terms])


def _subtracted(piece: Piece) -> Piece:
    return Piece(f"-{brackets(piece)}", Level.PRODUCT) if piece.negative else negated(piece)


def _is_big(node: Node) -> bool:
    return isinstance(node, Call) and (node.function in words.BIG or node.function in words.EXTREMA)


def _is_plain(node: Node) -> bool:
    """Numbers and bare names, which stand well below a coefficient."""
    if isinstance(node, Binary):
        return node.op == "*" and _is_plain(node.left) and _is_plain(node.right)
    return isinstance(node, Number | Name)


def _is_numeric(nodes: Sequence[Node]) -> bool:
    return all(isinstance(node, Number) for node in nodes)


def _coefficient(above: list[Piece], *, plain: bool, numeric: bool) -> tuple[list[Piece], list[Piece]]:
    """What stands above the bar, and what after the fraction: sums with limits, tall or long factors."""
    big = next((n for n, piece in enumerate(above) if piece.big or piece.slope), None)
    if big is not None:
        return above[:big], above[big:]
    digits = 0
    while digits < len(above) and above[digits].text.isdigit():
        digits += 1
    if numeric and not _is_short(above[digits:]):
        return above[:digits], above[digits:]
    for n, piece in enumerate(above):
        if plain and piece.level is Level.SUM and (n > 0 or piece.tall):
            return above[:n], above[n:]
    return above, []


def _is_short(pieces: Sequence[Piece]) -> bool:
    """What stands well above a number: letters, or one sum of them."""
    if len(pieces) == 1 and pieces[0].level is Level.SUM:
        return not pieces[0].tall and len(pieces[0].text) <= _LONGEST_NUMERATOR
    return all(piece.level is Level.ATOM and "(" not in piece.text for piece in pieces)
