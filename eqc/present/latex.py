r"""LaTeX of formulas, typeset as in a textbook, with the symbols of a glossary.

Fractions stand for quotients and negative powers, brackets only where the meaning needs them, sums have their limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
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
from eqc.present.piece import (
    Level,
    Piece,
    at_least,
    brackets,
    enclosed,
    named,
    negated,
    power,
    product,
    quotient,
    script,
    total,
)
from eqc.present.symbols import indexed, join_positions

_LONGEST_EXPONENT = 24
"""Characters of an exponent beyond which e^{…} is written \\exp(…)."""
_LONGEST_NUMERATOR = 40
"""Characters of a numerator beyond which a number below it becomes a factor before it."""


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

    def _flat(self, node: Node) -> Piece:
        """A part as it stands in an exponent: with a stroke for the fraction bar."""
        return LatexWriter(self.glossary, flat=True).write(node)

    def _quotient(self, above: Piece, below: Piece) -> Piece:
        return quotient(above, below, flat=self.flat)

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
            return Piece(f"{self._raised(base)}^\\top", Level.POWER)
        return Piece(rf"{at_least(base, Level.ATOM)}.{self.glossary.name(node.name)}")

    def _raised(self, base: Piece) -> str:
        return power(base, Piece("2")).text.removesuffix("^2")

    def unary(self, node: Unary) -> Piece:
        operand = self.write(node.operand)
        if node.op == "not":
            return Piece(rf"\lnot {brackets(operand)}", Level.CONDITION)
        return negated(operand) if node.op == "-" else operand

    def binary(self, node: Binary) -> Piece:
        kind = KINDS.get(node.op)
        if kind == "+":
            return self._sum(operands(node))
        if kind == "*":
            return self._run(operands(node))
        if kind is not None:
            return self._connected(words.CONNECTIVES[kind], [part for _, part in operands(node)])
        if node.op == "**":
            return self._power(node)
        left, right = self.write(node.left), self.write(node.right)
        if node.op == "//":
            return Piece(enclosed(self._quotient(left, right), *words.AROUND["floor"]))
        return Piece(rf"{at_least(left, Level.POWER)} \bmod {at_least(right, Level.POWER)}", Level.SUM)

    def _connected(self, sign: str, parts: Sequence[Node]) -> Piece:
        pieces = [self.write(part) for part in parts]
        texts = [brackets(p) if r"\lor" in p.text or r"\land" in p.text else p.text for p in pieces]
        return Piece(f" {sign} ".join(texts), Level.CONDITION)

    def _sum(self, run: Sequence[tuple[bool, Node]]) -> Piece:
        terms = [(minus, self.write(part)) for minus, part in run]
        return total([self._subtracted(piece) if minus else piece for minus, piece in terms])

    def _subtracted(self, piece: Piece) -> Piece:
        return Piece(f"-{brackets(piece)}", Level.PRODUCT) if piece.negative else negated(piece)

    def _run(self, run: Sequence[tuple[bool, Node]]) -> Piece:
        """A product of factors and divisors as a fraction, a coefficient before it where that reads better."""
        above = [part for inverse, part in run if not inverse]
        below = [part for inverse, part in run if inverse]
        above, below = self._sorted(above, below)
        minus = sum(isinstance(part, Unary) and part.op == "-" for part in above) % 2 == 1
        above = [part.operand if isinstance(part, Unary) and part.op == "-" else part for part in above]
        ones = [part for part in above if not (isinstance(part, Number) and part.value == 1)]
        arrays = [n for n, part in enumerate(ones) if self.glossary.is_array(part)]
        first = arrays[0] if len(arrays) > 1 else None
        piece = self._fraction([self.write(part) for part in ones], below, first)
        return negated(piece) if minus else piece

    def _sorted(self, above: list[Node], below: list[Node]) -> tuple[list[Node], list[Node]]:
        """Negative powers go below the bar; sums with limits go last, where order does not matter."""
        if any(self.glossary.is_array(part) for part in above):
            return above, below
        moved = [part for part in above if _is_negative_power(part)]
        rest = [part for part in above if not _is_negative_power(part)]
        rest.sort(key=_is_big)
        return rest, [*below, *(_inverse(part) for part in moved)]

    def _fraction(self, above: list[Piece], below: list[Node], first: int | None) -> Piece:
        """`first` is where a product of matrices starts: it stands behind a plain fraction."""
        if not below:
            return product(above)
        bottom = product([self.write(part) for part in below])
        if self.flat:
            return self._quotient(product(above), bottom)
        plain = all(_is_plain(part) for part in below)
        if first is not None and plain:
            front, rest = above[:first], above[first:]
        else:
            front, rest = _coefficient(above, plain=plain, numeric=_is_numeric(below))
        if not rest:
            return self._quotient(product(front), bottom)
        return product([self._quotient(product(front), bottom), *rest])

    def _power(self, node: Binary) -> Piece:
        exponent = _exponent(node.right)
        if exponent is not None and exponent < 0 and not self.glossary.is_array(node.left):
            return self._quotient(Piece("1"), self.write(_inverse(node)))
        if (
            isinstance(node.left, Call)
            and node.left.function in words.RAISED
            and self._takes_power(node.left, exponent)
        ):
            return self._named(node.left, f"^{exponent}")
        base = self.write(node.left)
        if exponent is not None and exponent.numerator == 1 and exponent.denominator in (2, 3):
            degree = "" if exponent.denominator == 2 else f"[{exponent.denominator}]"
            return Piece(rf"\sqrt{degree}{{{base.text}}}")
        if exponent is not None and exponent.denominator > 1:
            return power(base, Piece(f"{exponent.numerator}/{exponent.denominator}"))
        return power(base, self._flat(node.right))

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

    def _takes_power(self, node: Call, exponent: Fraction | None) -> bool:
        """Whether a power stands at the function's name: \\sin^2 x, but x for the inverse is not meant by -1."""
        whole = exponent is not None and exponent.denominator == 1 and 2 <= exponent <= 9
        return whole and node.function not in self.glossary.notation and len(node.arguments) == 1

    def named(self, node: Call) -> Piece:
        """`\\log x`, with brackets unless the argument is one symbol."""
        return self._named(node, "")

    def _named(self, node: Call, raised: str) -> Piece:
        command = words.NAMED[node.function] + raised
        argument = self.write(node.arguments[0])
        if len(node.arguments) == 2:
            command = rf"{command}_{{{self.write(node.arguments[1]).text}}}"
        closed = f"{command}{brackets(argument)}"
        if argument.opens and argument.closed:
            return Piece(f"{command} {argument.text}", Level.PRODUCT, opens=True, closed=f"{command} {argument.closed}")
        if argument.level < Level.ATOM or "(" in argument.text or argument.text.startswith((r"\l", "|")):
            return Piece(closed, Level.POWER)
        return Piece(f"{command} {argument.text}", Level.PRODUCT, opens=True, closed=closed)

    def applied(self, node: Call) -> Piece:
        arguments = ", ".join(self.write(argument).text for argument in node.arguments)
        return Piece(words.APPLIED[node.function] + enclosed(arguments, "(", ")"))

    def around(self, node: Call) -> Piece:
        return Piece(enclosed(self.write(node.arguments[0]), *words.AROUND[node.function]))

    def exponential(self, node: Call) -> Piece:
        exponent = self._flat(node.arguments[0])
        if len(exponent.text) > _LONGEST_EXPONENT or exponent.tall or self.glossary.has_letter_e:
            return Piece(rf"\exp{brackets(self.write(node.arguments[0]))}", Level.POWER)
        return Piece(f"e^{{{exponent.text}}}", Level.POWER)

    def root(self, node: Call) -> Piece:
        degree = "[3]" if node.function == "cbrt" else ""
        return Piece(rf"\sqrt{degree}{{{self.write(node.arguments[0]).text}}}")

    def big(self, node: Call) -> Piece:
        """A sum or product; its limits stand innermost first in the tree, outermost first in print."""
        body, *limits = node.arguments
        signs = [self._limits(words.BIG[node.function], limit) for limit in reversed(limits)]
        return self._opened(signs, body)

    def _limits(self, sign: str, limit: Node) -> str:
        index, first, last = (self.write(item).text for item in _items(limit))
        return f"{sign}_{{{index}={first}}}^{script_braced(last)}"

    def _opened(self, signs: Sequence[str], body: Node) -> Piece:
        shown = self.write(body)
        inner = brackets(shown) if shown.level < Level.PRODUCT or shown.negative else shown.text
        return Piece(f"{' '.join(signs)} {inner}", Level.PRODUCT, opens=True)

    def extremum(self, node: Call) -> Piece:
        body, *limits = node.arguments
        signs = []
        for limit in reversed(limits):
            index, first, last = (self.write(item).text for item in _items(limit))
            signs.append(rf"{words.EXTREMA[node.function]}_{{{first} \le {index} \le {last}}}")
        return self._opened(signs, body)

    def integral(self, node: Call) -> Piece:
        body, *limits = node.arguments
        signs, ends = [], []
        for limit in reversed(limits):
            index, first, last = (self.write(item).text for item in _items(limit))
            signs.append(rf"\int_{script_braced(first)}^{script_braced(last)}")
            ends.append(rf"\, d{index}" if len(index) == 1 or index.startswith("\\") else rf"\, d {index}")
        shown = at_least(self.write(body), Level.PRODUCT)
        return Piece(f"{' '.join(signs)} {shown}{''.join(reversed(ends))}", Level.PRODUCT, opens=True)

    def cases(self, node: Call) -> Piece:
        rows = []
        for pair in node.arguments:
            value, condition = (self.write(item) for item in _items(pair))
            where = condition.text if condition.text == r"\text{otherwise}" else rf"\text{{if }} {condition.text}"
            rows.append(f"{value.text} & {where}")
        return Piece("\\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}")

    def delta(self, node: Call) -> Piece:
        return Piece(indexed(r"\delta", tuple(self.write(a).text for a in node.arguments)))

    def binomial(self, node: Call) -> Piece:
        upper, lower = (self.write(argument).text for argument in node.arguments)
        return Piece(rf"\binom{{{upper}}}{{{lower}}}")

    def factorial(self, node: Call) -> Piece:
        return Piece(f"{at_least(self.write(node.arguments[0]), Level.ATOM)}!", Level.POWER)

    def polygamma(self, node: Call) -> Piece:
        order, argument = (self.write(a) for a in node.arguments)
        return Piece(rf"\psi^{{({order.text})}}{brackets(argument)}")

    def ratio(self, node: Call) -> Piece:
        return quotient(*(self.write(argument) for argument in node.arguments))

    def remainder(self, node: Call) -> Piece:
        return self.binary(Binary(node.span, "%", *node.arguments))

    def inverse(self, node: Call) -> Piece:
        return Piece(f"{self._raised(self.write(node.arguments[0]))}^{{-1}}", Level.POWER)

    def transpose(self, node: Call) -> Piece:
        return self.attribute(Attribute(node.span, node.arguments[0], "T"))

    def identity(self, node: Call) -> Piece:
        return Piece(f"I_{script(self.write(node.arguments[0]).text)}")

    def constant_matrix(self, node: Call) -> Piece:
        rows, columns = (self.write(argument).text for argument in node.arguments)
        letter = "0" if node.function == "ZeroMatrix" else r"\mathbf{1}"
        return Piece(rf"{letter}_{{{rows} \times {columns}}}")

    def hadamard(self, node: Call) -> Piece:
        pieces = [self.write(argument) for argument in node.arguments]
        return Piece(r" \odot ".join(p.closed or at_least(p, Level.POWER) for p in pieces), Level.SUM)

    def hadamard_power(self, node: Call) -> Piece:
        base, exponent = (self.write(argument) for argument in node.arguments)
        return Piece(f"{self._raised(base)}^{{\\odot {exponent.text}}}", Level.POWER)

    def relation(self, node: Call) -> Piece:
        return self.compare(Compare(node.span, _RELATION_WORDS[node.function], *node.arguments))

    def derivative(self, node: Call) -> Piece:
        body, *by = node.arguments
        order = "" if len(by) == 1 else f"^{len(by)}"
        return derivative_of(self.write(body), order, " ".join(self.differential(one) for one in by))

    def differential(self, node: Node) -> str:
        """What stands below the bar; a symbol with a power is put in brackets, as it would be the order."""
        text = self.write(node).text
        return rf"\partial ({text})" if re.search(r"\^\d$", text) else rf"\partial {text}"

    def replaced(self, node: Call) -> Piece:
        """`f'(x)`, or a formula with a bar at which a symbol has a value."""
        body, symbol, value = node.arguments
        if isinstance(body, Call) and body.function == "Derivative" and self._is_slope(body, symbol):
            applied = body.arguments[0]
            assert isinstance(applied, Call)
            return self.call(Call(node.span, f"{applied.function}'", (value,)))
        at = f"{self.write(symbol).text} = {self.write(value).text}"
        return Piece(rf"\left. {self.write(body).text} \right|_{{{at}}}")

    def _is_slope(self, derivative: Call, symbol: Node) -> bool:
        """Whether a derivative is that of a function of one number at the symbol itself."""
        if len(derivative.arguments) != 2 or not isinstance(symbol, Name):
            return False
        applied, by = derivative.arguments
        plain = isinstance(applied, Call) and len(applied.arguments) == 1 and isinstance(by, Name)
        return plain and applied.arguments[0].name == by.name == symbol.name  # type: ignore[attr-defined]


def derivative_of(body: Piece, order: str, below: str) -> Piece:
    """A partial derivative; what is more than a symbol stands behind the bar."""
    if body.level is Level.ATOM and not body.tall:
        return Piece(rf"\frac{{\partial{order} {body.text}}}{{{below}}}", Level.PRODUCT)
    shown = body.text if body.text.startswith((r"\frac{\partial", "(", r"\left(")) else enclosed(body, "[", "]")
    return Piece(rf"\frac{{\partial{order}}}{{{below}}} {shown}", Level.PRODUCT, opens=True)


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


def script_braced(text: str) -> str:
    """A limit, always in braces."""
    return f"{{{text}}}"


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, TupleNode) else (node,)


def _exponent(node: Node) -> Fraction | None:
    """The number that an exponent is, if it is one."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Unary) and node.op == "-":
        inner = _exponent(node.operand)
        return None if inner is None else -inner
    if isinstance(node, Binary) and node.op == "/":
        upper, lower = _exponent(node.left), _exponent(node.right)
        return upper / lower if upper is not None and lower else None
    return None


def _is_negative_power(node: Node) -> bool:
    if not isinstance(node, Binary) or node.op != "**":
        return False
    exponent = _exponent(node.right)
    return exponent is not None and exponent < 0


def _inverse(node: Node) -> Node:
    """1/x of a power x**-n: the base to the positive exponent."""
    assert isinstance(node, Binary)
    exponent = -(_exponent(node.right) or Fraction(0))
    if exponent == 1:
        return node.left
    return Binary(node.span, "**", node.left, Number(node.span, exponent))


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
    big = next((n for n, piece in enumerate(above) if piece.big), None)
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


_RELATION_WORDS: Mapping[str, Any] = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}

_CALLS: Mapping[str, Callable[[LatexWriter, Call], Piece]] = {
    **dict.fromkeys(words.NAMED, LatexWriter.named),
    **dict.fromkeys(words.APPLIED, LatexWriter.applied),
    **dict.fromkeys(words.AROUND, LatexWriter.around),
    **dict.fromkeys(words.BIG, LatexWriter.big),
    **dict.fromkeys(words.EXTREMA, LatexWriter.extremum),
    **dict.fromkeys(_RELATION_WORDS, LatexWriter.relation),
    "exp": LatexWriter.exponential,
    "sqrt": LatexWriter.root,
    "cbrt": LatexWriter.root,
    "Integral": LatexWriter.integral,
    "Piecewise": LatexWriter.cases,
    "KroneckerDelta": LatexWriter.delta,
    "binomial": LatexWriter.binomial,
    "factorial": LatexWriter.factorial,
    "polygamma": LatexWriter.polygamma,
    "Rational": LatexWriter.ratio,
    "Mod": LatexWriter.remainder,
    "Inverse": LatexWriter.inverse,
    "Transpose": LatexWriter.transpose,
    "Identity": LatexWriter.identity,
    "ZeroMatrix": LatexWriter.constant_matrix,
    "OneMatrix": LatexWriter.constant_matrix,
    "HadamardProduct": LatexWriter.hadamard,
    "HadamardPower": LatexWriter.hadamard_power,
    "Derivative": LatexWriter.derivative,
    "subs": LatexWriter.replaced,
}

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
