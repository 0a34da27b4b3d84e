"""Parts of formulas that are not read from any file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce

from eqc.errors import Span
from eqc.notation.tree import Binary, BinaryOp, Call, Name, Node, Number, Subscript, TupleNode, Unary

NOWHERE = Span("", 0, 0)
"""Where the parts of a derived formula stand: in no file."""


MARK = "call__"
"""How names begin that stand for a formula until it is put in."""


def name(text: str) -> Name:
    """A bare name."""
    return Name(NOWHERE, text)


def number(value: int | Fraction) -> Node:
    """An exact number; a fraction is a quotient."""
    fraction = Fraction(value)
    if fraction < 0:
        return Unary(NOWHERE, "-", number(-fraction))
    if fraction.denominator == 1:
        return Number(NOWHERE, fraction)
    return binary("/", number(fraction.numerator), number(fraction.denominator))


def entry(tensor: str, positions: list[Node]) -> Node:
    """An entry of an array, or a number by its name."""
    return Subscript(NOWHERE, name(tensor), tuple(positions)) if positions else name(tensor)


def call(word: str, *arguments: Node) -> Call:
    """A word at its arguments."""
    return Call(NOWHERE, word, arguments)


def binary(op: BinaryOp, left: Node, right: Node) -> Binary:
    """Two operands."""
    return Binary(NOWHERE, op, left, right)


def pair(*items: Node) -> TupleNode:
    """Limits, or a case and its condition."""
    return TupleNode(NOWHERE, items)


def chain(op: BinaryOp, parts: Iterable[Node]) -> Node:
    """Operands of one operator from left to right."""
    return reduce(lambda left, right: binary(op, left, right), parts)
