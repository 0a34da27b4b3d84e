"""Decimal literals, read exactly and with a limit on their length."""

from __future__ import annotations

from fractions import Fraction

from eqc.notation.tree import Node

MAX_DIGITS = 10_000

_CHUNK = 4_000  # Python refuses to read more than 4300 digits at once


class BadNumber(Exception):
    """A number that would pass the limit or has no value; holds the part that makes it, if it is not a literal."""

    def __init__(self, rule: str, remedy: str, node: Node | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy
        self.node = node


def read_literal(text: str) -> Fraction:
    """The exact value of a decimal literal.

    Raises BadNumber where the value needs more than `MAX_DIGITS` digits.

    >>> read_literal("1e-5"), read_literal("2.50")
    (Fraction(1, 100000), Fraction(5, 2))
    """
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    if len(whole + decimals) > MAX_DIGITS or len(exponent.lstrip("+-0")) > 5:
        raise _too_long()
    scale = int(exponent or "0") - len(decimals)
    if digits and len(digits) + abs(scale) > MAX_DIGITS:
        raise _too_long()
    value = _read_digits(digits)
    return Fraction(value * 10**scale) if scale >= 0 else Fraction(value, 10**-scale)


def _too_long() -> BadNumber:
    return BadNumber(f"a number has at most {MAX_DIGITS} digits", "write oo for infinity, or scale the formula")


def _read_digits(digits: str) -> int:
    value = 0
    for start in range(0, len(digits), _CHUNK):
        piece = digits[start : start + _CHUNK]
        value = value * int(10 ** len(piece)) + int(piece)
    return value
