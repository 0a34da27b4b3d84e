"""Exact numbers as they are typeset, and powers whose exponents are numbers."""

from __future__ import annotations

from fractions import Fraction

from eqc.notation.tree import Binary, Node, Number, Unary


def decimal(value: Fraction) -> str:
    """An exact number: a whole one, or the decimal that was written.

    >>> decimal(Fraction(3, 8)), decimal(Fraction(-2)), decimal(Fraction(1, 3))
    ('0.375', '-2', '\\\\frac{1}{3}')
    """
    if value.denominator == 1:
        return str(value.numerator)
    digits = next((n for n in range(1, 40) if 10**n % value.denominator == 0), None)
    if digits is None:
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    whole, rest = divmod(abs(value.numerator) * 10**digits // value.denominator, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def exponent_of(node: Node) -> Fraction | None:
    """The number that an exponent is, if it is one."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Unary) and node.op == "-":
        inner = exponent_of(node.operand)
        return None if inner is None else -inner
    if isinstance(node, Binary) and node.op == "/":
        upper, lower = exponent_of(node.left), exponent_of(node.right)
        return upper / lower if upper is not None and lower else None
    return None


def is_negative_power(node: Node) -> bool:
    """Whether a part is a power with a negative number as its exponent."""
    if not isinstance(node, Binary) or node.op != "**":
        return False
    exponent = exponent_of(node.right)
    return exponent is not None and exponent < 0


def inverse_of(node: Node) -> Node:
    """1/x of a power x**-n: the base to the positive exponent."""
    assert isinstance(node, Binary)
    exponent = -(exponent_of(node.right) or Fraction(0))
    if exponent == 1:
        return node.left
    return Binary(node.span, "**", node.left, Number(node.span, exponent))
