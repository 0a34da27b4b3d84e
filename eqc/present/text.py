"""Formulas as one line of plain text, with ∂, δ and Σ."""

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
from eqc.present.latex_numbers import decimal
from eqc.present.piece import Level, Piece, at_least

_RELATIONS: Mapping[str, str] = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_BIG: Mapping[str, str] = {"Sum": "Σ", "Product": "Π", "MaxOver": "max", "MinOver": "min"}
_WORDS: Mapping[str, str] = {"Max": "max", "Min": "min"}


def formula_text(node: Node) -> str:
    """The text of a formula.

    >>> from eqc.notation.sympy_form import parse_text
    >>> formula_text(parse_text("Sum(x[i]**2, (i, 1, n)) + KroneckerDelta(i, j)"))
    'Σ_i x[i]**2 + δ[i, j]'
    """
    return _write(node).text


def _write(node: Node) -> Piece:
    return _HANDLERS[type(node)](node)


def _texts(nodes: Sequence[Node]) -> str:
    return ", ".join(_write(node).text for node in nodes)


def _number(node: Number) -> Piece:
    return Piece(decimal(node.value), Level.PRODUCT if node.value < 0 else Level.ATOM)


def _subscript(node: Subscript) -> Piece:
    return Piece(f"{at_least(_write(node.base), Level.ATOM)}[{_texts(node.positions)}]")


def _attribute(node: Attribute) -> Piece:
    return Piece(f"{at_least(_write(node.base), Level.ATOM)}.{node.name}")


def _unary(node: Unary) -> Piece:
    operand = _write(node.operand)
    if node.op == "not":
        return Piece(f"not ({operand.text})", Level.CONDITION)
    return Piece(f"{node.op}{at_least(operand, Level.PRODUCT)}", Level.PRODUCT, operand.opens)


def _binary(node: Binary) -> Piece:
    kind = KINDS.get(node.op)
    if kind == "+":
        return _sum(operands(node))
    if kind == "*":
        return _product(operands(node))
    if kind is not None:
        parts = [_write(part) for _, part in operands(node)]
        return Piece(f" {kind} ".join(at_least(p, Level.SUM) if _joined(p) else p.text for p in parts), Level.CONDITION)
    left, right = _write(node.left), _write(node.right)
    if node.op == "**":
        return Piece(f"{at_least(left, Level.ATOM)}**{at_least(right, Level.ATOM)}", Level.POWER)
    return Piece(f"{at_least(left, Level.POWER)} {node.op} {at_least(right, Level.POWER)}", Level.PRODUCT)


def _joined(piece: Piece) -> bool:
    return piece.level is Level.CONDITION and any(f" {word} " in piece.text for word in ("and", "or"))


def _sum(run: Sequence[tuple[bool, Node]]) -> Piece:
    text = ""
    for n, (minus, part) in enumerate(run):
        piece = _write(part)
        shown = at_least(piece, Level.PRODUCT) if minus or piece.level < Level.SUM else piece.text
        if n:
            text += " - " if minus else " - " if shown.startswith("-") else " + "
            shown = f"({shown})" if minus and shown.startswith("-") else shown.removeprefix("-")
        text += shown
    return Piece(text, Level.SUM)


def _product(run: Sequence[tuple[bool, Node]]) -> Piece:
    text = ""
    for n, (inverse, part) in enumerate(run):
        piece = _write(part)
        bare = not inverse and n == len(run) - 1
        shown = piece.text if piece.level >= (Level.POWER if inverse else Level.PRODUCT) else f"({piece.text})"
        if piece.opens and not bare:
            shown = f"({piece.text})" if not shown.startswith("(") else shown
        text += ("/" if inverse else "*" if n else "") + shown
    last = _write(run[-1][1])
    return Piece(text, Level.PRODUCT, last.opens and not run[-1][0])


def _compare(node: Compare) -> Piece:
    return Piece(f"{_write(node.left).text} {_RELATIONS[node.op]} {_write(node.right).text}", Level.CONDITION)


def _assign(node: Assign) -> Piece:
    value = _write(node.value)
    return value if node.target is None else Piece(f"{_write(node.target).text} = {value.text}", Level.CONDITION)


def _call(node: Call) -> Piece:
    handler = _CALLS.get(node.function)
    if handler is not None:
        return handler(node)
    return Piece(f"{_WORDS.get(node.function, node.function)}({_texts(node.arguments)})")


def _big(node: Call) -> Piece:
    body, *limits = node.arguments
    signs = [f"{_BIG[node.function]}_{_write(limit.items[0]).text}" for limit in limits if isinstance(limit, TupleNode)]
    shown = _write(body)
    inner = shown.text if shown.level >= Level.PRODUCT and not shown.negative else f"({shown.text})"
    return Piece(f"{' '.join(reversed(signs))} {inner}", Level.PRODUCT, opens=True)


def _cases(node: Call) -> Piece:
    parts = []
    for row in node.arguments:
        value, condition = row.items if isinstance(row, TupleNode) else (row, row)
        always = isinstance(condition, Boolean) and condition.value
        parts.append(f"{_write(value).text} {'otherwise' if always else f'if {_write(condition).text}'}")
    return Piece("{" + "; ".join(parts) + "}")


_CALLS: Mapping[str, Callable[[Call], Piece]] = {
    **dict.fromkeys(_BIG, _big),
    "Piecewise": _cases,
    "KroneckerDelta": lambda node: Piece(f"δ[{_texts(node.arguments)}]"),
    "Abs": lambda node: Piece(f"|{_texts(node.arguments)}|"),
}

_HANDLERS: Mapping[type[Node], Callable[[Any], Piece]] = {
    Assign: _assign,
    Number: _number,
    Boolean: lambda node: Piece(str(node.value)),
    Name: lambda node: Piece(node.name),
    Subscript: _subscript,
    Attribute: _attribute,
    Unary: _unary,
    Binary: _binary,
    Compare: _compare,
    TupleNode: lambda node: Piece(f"({_texts(node.items)})"),
    Call: _call,
}
