r"""LaTeX of formulas, typeset as in a textbook, with the symbols of a glossary.

Fractions stand for quotients and negative powers, brackets only where the meaning needs them, sums have their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eqc.notation.chains import KINDS, operands
from eqc.notation.tree import (
    Assign,
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
)
from eqc.present import latex_words as words
from eqc.present.glossary import Glossary
from eqc.present.latex_arrays import ARRAYS, raised
from eqc.present.latex_big import BIG
from eqc.present.latex_calls import FUNCTIONS
from eqc.present.latex_numbers import decimal
from eqc.present.latex_products import power_of, run_of_factors, sum_of_terms
from eqc.present.latex_slopes import SLOPES
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, at_least, brackets, enclosed, named, negated, quotient, script
from eqc.present.symbols import join_positions

_CALLS: Mapping[str, Callable[[Writer, Call], Piece]] = {**FUNCTIONS, **BIG, **ARRAYS, **SLOPES}


def formula_latex(node: Node, glossary: Glossary) -> str:
    r"""The LaTeX of a formula.

    >>> from eqc.notation.sympy_form import parse_text
    >>> formula_latex(parse_text("-Sum(y[i]*log(p[i]), (i, 1, N))/N"), Glossary())
    '-\\frac{1}{N} \\sum_{i=1}^{N} y_i \\log p_i'
    """
    return LatexWriter(glossary).write(node).text


class LatexWriter:
    """Writes parts of formulas as pieces of LaTeX."""

    def __init__(self, glossary: Glossary, *, flat: bool = False) -> None:
        self.glossary = glossary
        self.flat = flat

    def within_line(self, node: Node) -> Piece:
        """A part as it stands in an exponent: with a stroke for the fraction bar."""
        return LatexWriter(self.glossary, flat=True).write(node)

    def write(self, node: Node) -> Piece:
        """The piece of a part; its type says how."""
        return _HANDLERS[type(node)](self, node)

    def number(self, node: Number) -> Piece:
        text = decimal(node.value)
        return Piece(text, Level.PRODUCT if node.value < 0 else Level.ATOM)

    def boolean(self, node: Boolean) -> Piece:
        return Piece(r"\text{otherwise}" if node.value else r"\text{never}", Level.CONDITION)

    def name(self, node: Name) -> Piece:
        return named(self.glossary.name(node.name))

    def subscript(self, node: Subscript) -> Piece:
        positions = tuple(self.write(p).text for p in node.positions)
        if isinstance(node.base, Name):
            return named(self.glossary.entry(node.base.name, positions))
        base = self.write(node.base)
        head = base.text if base.text.endswith(")") and base.level is Level.ATOM else brackets(base)
        return Piece(f"{head}_{script(join_positions(positions))}")

    def attribute(self, node: Attribute) -> Piece:
        base = self.write(node.base)
        if node.name == "T":
            return Piece(f"{raised(base)}^\\top", Level.POWER)
        return Piece(rf"{at_least(base, Level.ATOM)}.{self.glossary.name(node.name)}")

    def unary(self, node: Unary) -> Piece:
        operand = self.write(node.operand)
        if node.op == "not":
            return Piece(rf"\lnot {brackets(operand)}", Level.CONDITION)
        return negated(operand) if node.op == "-" else operand

    def binary(self, node: Binary) -> Piece:
        kind = KINDS.get(node.op)
        if kind == "+":
            return sum_of_terms(self, operands(node))
        if kind == "*":
            return run_of_factors(self, operands(node))
        if kind is not None:
            return self._connected(words.CONNECTIVES[kind], [part for _, part in operands(node)])
        if node.op == "**":
            return power_of(self, node)
        left, right = self.write(node.left), self.write(node.right)
        if node.op == "//":
            return Piece(enclosed(quotient(left, right, flat=self.flat), *words.AROUND["floor"]))
        return Piece(rf"{at_least(left, Level.POWER)} \bmod {at_least(right, Level.POWER)}", Level.SUM)

    def _connected(self, sign: str, parts: Sequence[Node]) -> Piece:
        pieces = [self.write(part) for part in parts]
        texts = [brackets(p) if r"\lor" in p.text or r"\land" in p.text else p.text for p in pieces]
        return Piece(f" {sign} ".join(texts), Level.CONDITION)

    def compare(self, node: Compare) -> Piece:
        left, right = self.write(node.left), self.write(node.right)
        return Piece(f"{left.text} {words.RELATIONS[node.op]} {right.text}", Level.CONDITION)

    def limits(self, node: TupleNode) -> Piece:
        return Piece(f"({', '.join(self.write(item).text for item in node.items)})")

    def assign(self, node: Assign) -> Piece:
        value = self.write(node.value)
        if node.target is None:
            return value
        return Piece(f"{self.write(node.target).text} = {value.text}", Level.CONDITION)

    def call(self, node: Call) -> Piece:
        handler = None if node.function in self.glossary.notation else _CALLS.get(node.function)
        if handler is not None:
            return handler(self, node)
        arguments = tuple(self.write(argument).text for argument in node.arguments)
        given = self.glossary.call(node.function, arguments)
        if given is not None:
            return Piece(given)
        return Piece(self.glossary.function(node.function) + enclosed(", ".join(arguments), "(", ")"))


_HANDLERS: Mapping[type[Node], Callable[[LatexWriter, Any], Piece]] = {
    Assign: LatexWriter.assign,
    Number: LatexWriter.number,
    Boolean: LatexWriter.boolean,
    Name: LatexWriter.name,
    Subscript: LatexWriter.subscript,
    Attribute: LatexWriter.attribute,
    Unary: LatexWriter.unary,
    Binary: LatexWriter.binary,
    Compare: LatexWriter.compare,
    TupleNode: LatexWriter.limits,
    Call: LatexWriter.call,
}
