"""Calls of functions in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from eqc.notation.tree import Binary, Call, Compare, CompareOp
from eqc.present import latex_words as words
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, at_least, brackets, enclosed, quotient
from eqc.present.symbols import indexed

_LONGEST_EXPONENT = 24
"""Characters of an exponent beyond which e^{…} is written \\exp(…)."""
_RELATION_WORDS: Mapping[str, CompareOp] = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}


def _named(writer: Writer, node: Call) -> Piece:
    """`\\log x`, with brackets unless the argument is one symbol."""
    return named_with(writer, node, "")


def named_with(writer: Writer, node: Call, raised: str) -> Piece:
    """A function before its argument, `raised` to a power at its name."""
    command = words.NAMED[node.function] + raised
    argument = writer.write(node.arguments[0])
    if len(node.arguments) == 2:
        command = rf"{command}_{{{writer.write(node.arguments[1]).text}}}"
    closed = f"{command}{brackets(argument)}"
    if argument.opens and argument.closed:
        return Piece(f"{command} {argument.text}", Level.PRODUCT, opens=True, closed=f"{command} {argument.closed}")
    if argument.level < Level.ATOM or "(" in argument.text or argument.text.startswith((r"\l", "|")):
        return Piece(closed, Level.POWER)
    return Piece(f"{command} {argument.text}", Level.PRODUCT, opens=True, closed=closed)


def takes_power(writer: Writer, node: Call, exponent: Fraction | None) -> bool:
    """Whether a power stands at the function's name: \\sin^2 x, but x for the inverse is not meant by -1."""
    whole = exponent is not None and exponent.denominator == 1 and 2 <= exponent <= 9
    return whole and node.function not in writer.glossary.notation and len(node.arguments) == 1


def _applied(writer: Writer, node: Call) -> Piece:
    arguments = ", ".join(writer.write(argument).text for argument in node.arguments)
    return Piece(words.APPLIED[node.function] + enclosed(arguments, "(", ")"))


def _around(writer: Writer, node: Call) -> Piece:
    return Piece(enclosed(writer.write(node.arguments[0]), *words.AROUND[node.function]))


def _exponential(writer: Writer, node: Call) -> Piece:
    exponent = writer.within_line(node.arguments[0])
    if len(exponent.text) > _LONGEST_EXPONENT or exponent.tall or writer.glossary.has_letter_e:
        return Piece(rf"\exp{brackets(writer.write(node.arguments[0]))}", Level.POWER)
    return Piece(f"e^{{{exponent.text}}}", Level.POWER)


def _root(writer: Writer, node: Call) -> Piece:
    degree = "[3]" if node.function == "cbrt" else ""
    return Piece(rf"\sqrt{degree}{{{writer.write(node.arguments[0]).text}}}")


def _binomial(writer: Writer, node: Call) -> Piece:
    upper, lower = (writer.write(argument).text for argument in node.arguments)
    return Piece(rf"\binom{{{upper}}}{{{lower}}}")


def _factorial(writer: Writer, node: Call) -> Piece:
    return Piece(f"{at_least(writer.write(node.arguments[0]), Level.ATOM)}!", Level.POWER)


def _polygamma(writer: Writer, node: Call) -> Piece:
    order, argument = (writer.write(a) for a in node.arguments)
    if order.text == "0":
        return Piece(rf"\psi{brackets(argument)}", Level.POWER)
    return Piece(rf"\psi^{{({order.text})}}{brackets(argument)}")


def _ratio(writer: Writer, node: Call) -> Piece:
    return quotient(*(writer.write(argument) for argument in node.arguments))


def _remainder(writer: Writer, node: Call) -> Piece:
    return writer.write(Binary(node.span, "%", *node.arguments))


def _delta(writer: Writer, node: Call) -> Piece:
    return Piece(indexed(r"\delta", tuple(writer.write(a).text for a in node.arguments)))


def _relation(writer: Writer, node: Call) -> Piece:
    """A comparison written as a word."""
    left, right = node.arguments
    return writer.write(Compare(node.span, _RELATION_WORDS[node.function], left, right))


FUNCTIONS: Mapping[str, Callable[[Writer, Call], Piece]] = {
    **dict.fromkeys(words.NAMED, _named),
    **dict.fromkeys(words.APPLIED, _applied),
    **dict.fromkeys(words.AROUND, _around),
    **dict.fromkeys(_RELATION_WORDS, _relation),
    "exp": _exponential,
    "sqrt": _root,
    "cbrt": _root,
    "KroneckerDelta": _delta,
    "binomial": _binomial,
    "factorial": _factorial,
    "polygamma": _polygamma,
    "Rational": _ratio,
    "Mod": _remainder,
}
