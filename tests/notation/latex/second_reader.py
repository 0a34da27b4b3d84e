"""A second reading of scalar LaTeX by latex2sympy2, which knows nothing of eqc's parser.

Only what it is known to carry is sent: sums, products, fractions, roots, powers and some functions of tokens that stand
for the glossary's symbols. Each token has to come back, and nothing else may.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import latex2sympy2
from sympy import Expr, Symbol

from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.glossary import Glossary
from eqc.notation.text import formula_text
from eqc.notation.tree import Binary, Call, Name, Node, Number, Subscript, Unary

FUNCTIONS = {r"\exp": r"\exp", r"\ln": r"\ln", r"\log": r"\ln", r"\sin": r"\sin", r"\cos": r"\cos", r"\tanh": r"\tanh"}
SIGNS = {"+": "+", "-": "-", r"\cdot": r"\cdot ", "*": r"\cdot "}


class Unsuited(Exception):
    """Something that is not sent."""


class Sent:
    """LaTeX with a token for every symbol; `symbols` maps tokens to what is printed."""

    def __init__(self, boxes: Boxes, glossary: Glossary) -> None:
        self.glossary = glossary
        self.symbols: dict[str, Boxes] = {}
        self.latex = self._list(boxes)

    def _list(self, boxes: Boxes) -> str:
        return " ".join(self._pieces(boxes))

    def _pieces(self, boxes: Boxes) -> Iterator[str]:
        place = 0
        while place < len(boxes):
            found = self.glossary.at(boxes, place)
            box = boxes[place]
            if found:
                match = found[0].match
                if len(found) > 1 or found[0].spelling.role != "value" or match.sub is not None:
                    raise Unsuited
                yield self._token(boxes, place, match.end, match.sup)
                place = match.end
                continue
            following = boxes[place + 1] if place + 1 < len(boxes) else None
            yield self._box(box, following)
            place += 1

    def _token(self, boxes: Boxes, start: int, stop: int, sup: Boxes | None) -> str:
        printed = boxes[start:stop]
        if sup is not None:
            last = printed[-1]
            printed = (*printed[:-1], Box(last.kind, last.text, last.offset, last.end, last.parts, last.rows, last.sub))
        text = flat_text(printed)
        known = {flat_text(b): token for token, b in self.symbols.items()}
        token = known.get(text, f"k{len(self.symbols)}")
        self.symbols[token] = printed
        return rf"\variable{{{token}}}" + ("" if sup is None else f"^{{{self._list(sup)}}}")

    def _box(self, box: Box, following: Box | None) -> str:
        power = "" if box.sup is None else f"^{{{self._list(box.sup)}}}"
        if box.sub is not None or box.primes:
            raise Unsuited
        if box.kind == "number":
            return box.text + power
        if box.kind == "sign" and box.text in SIGNS:
            return SIGNS[box.text]
        if box.text in ("(", ")", "[", "]"):
            return {"[": "(", "]": ")"}.get(box.text, box.text) + power
        if box.text == r"\frac" or (box.text == r"\sqrt" and len(box.parts) == 1):
            return box.text + "".join(f"{{{self._list(part)}}}" for part in box.parts) + power
        if box.text in FUNCTIONS and not power and following is not None and following.text == "(":
            return FUNCTIONS[box.text]
        if box.text == "e" and box.sup is not None:
            return rf"\exp({self._list(box.sup)})"
        raise Unsuited


def second_reading(sent: Sent) -> Expr:
    """What latex2sympy2 makes of it, with the tokens as symbols; raises Unsuited where it loses or adds one."""
    latex2sympy2.set_variances({})
    found = latex2sympy2.latex2sympy(sent.latex)
    names = {
        symbol: next((t for t in sent.symbols if _is_token(symbol.name, t)), None) for symbol in found.free_symbols
    }
    if set(names.values()) != set(sent.symbols):
        raise Unsuited
    return found.subs({symbol: Symbol(token) for symbol, token in names.items()})


def _is_token(name: str, token: str) -> bool:
    """Tokens come back with a hash of 32 digits behind them."""
    return name.startswith(token) and len(name) == len(token) + 32


_CALLS: Mapping[str, Callable[[float], float]] = {
    **{name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tanh", "sqrt")},
}
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


def value(node: Node, symbols: Mapping[str, float]) -> float:
    """The value of a tree of numbers; raises Unsuited for other trees."""
    match node:
        case Number():
            return float(node.value)
        case Name() | Subscript() if formula_text(node) in symbols:
            return symbols[formula_text(node)]
        case Unary(op="-"):
            return -value(node.operand, symbols)
        case Binary() if node.op in _OPERATORS:
            return _OPERATORS[node.op](value(node.left, symbols), value(node.right, symbols))
        case Call() if node.function in _CALLS and len(node.arguments) == 1:
            return _CALLS[node.function](value(node.arguments[0], symbols))
    raise Unsuited
