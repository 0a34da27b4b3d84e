"""A notation tree as the text of the SymPy form that reads back to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eqc.notation.chains import operands
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

_LEVELS: Mapping[str, int] = {
    "or": 1,
    "and": 2,
    "not": 3,
    "compare": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "sign": 7,
    "**": 8,
    "atom": 9,
}
_SIGNS: Mapping[str, str] = {"or": " | ", "and": " & ", "+": " + ", "-": " - "}
_RELATIONS: Mapping[str, str] = {"==": "Eq", "!=": "Ne"}


def formula_text(node: Node) -> str:
    """The text of a formula.

    >>> from eqc.notation.sympy_form import parse_text
    >>> formula_text(parse_text("-(a+b)**2/Sum(x[i]*(c-1), (i,1,n)) + X.T*y"))
    '-(a + b)**2/Sum(x[i]*(c - 1), (i, 1, n)) + X.T*y'
    >>> formula_text(parse_text("Matrix([[a, b],[c,d]])*Matrix([x, y])"))
    'Matrix([[a, b], [c, d]])*Matrix([x, y])'
    >>> from eqc.notation.tree import Binary
    >>> formula_text(Binary((x := parse_text("x")).span, "**", x, parse_text("-(1/n)")))
    'x**(-1/n)'
    """
    return _PRINTERS[type(node)](node)


def statement_text(statement: Assign) -> str:
    """The text of a statement."""
    value = formula_text(statement.value)
    return value if statement.target is None else f"Eq({formula_text(statement.target)}, {value})"


def _level(node: Node) -> int:
    if isinstance(node, Binary):
        return _LEVELS[node.op]
    if isinstance(node, Unary):
        return _LEVELS["not"] if node.op == "not" else min(_LEVELS["sign"], _level(node.operand))
    if isinstance(node, Number) and node.value.denominator != 1:
        return _LEVELS["/"]
    if isinstance(node, Number) and node.value < 0:
        return _LEVELS["sign"]
    if isinstance(node, Compare) and node.op not in _RELATIONS:
        return _LEVELS["compare"]
    return _LEVELS["atom"]


def _inside(node: Node, least: int) -> str:
    text = formula_text(node)
    return text if _level(node) >= least else f"({text})"


def _number(node: Number) -> str:
    return str(node.value)


def _binary(node: Binary) -> str:
    level = _LEVELS[node.op]
    if node.op == "**":
        return f"{_inside(node.left, level + 1)}**{_inside(node.right, _LEVELS['sign'])}"
    sign = _SIGNS.get(node.op, node.op)
    if node.op not in ("+", "-", "*", "/", "and", "or"):
        return f"{_inside(node.left, level)}{sign}{_inside(node.right, level + 1)}"
    (_, first), *rest = operands(node)
    least = level + (node.op in ("and", "or"))
    text = _inside(first, least)
    inverse = {"+": " - ", "-": " - ", "*": "/", "/": "/"}
    direct = {"+": " + ", "-": " + ", "*": "*", "/": "*", "and": " & ", "or": " | "}
    for inverted, part in rest:
        needs = max(level + 1, _LEVELS["**"] if node.op in ("*", "/") else 0)
        needs = _LEVELS["compare"] + 1 if node.op in ("and", "or") else needs
        text += (inverse if inverted else direct)[node.op] + _inside(part, needs)
    return text if node.op not in ("and", "or") or _level(first) > _LEVELS["compare"] else _bracketed(node)


def _bracketed(node: Binary) -> str:
    """Conditions in brackets around `&` and `|`, which bind tighter than relations."""
    sign = _SIGNS[node.op]
    return sign.join(_inside(part, _LEVELS["compare"] + 1) for _, part in operands(node))


def _unary(node: Unary) -> str:
    if node.op == "not":
        return f"Not({formula_text(node.operand)})"
    return f"{node.op}{_inside(node.operand, _LEVELS['*'])}"


def _compare(node: Compare) -> str:
    left, right = formula_text(node.left), formula_text(node.right)
    if node.op in _RELATIONS:
        return f"{_RELATIONS[node.op]}({left}, {right})"
    return f"{_inside(node.left, _LEVELS['+'])} {node.op} {_inside(node.right, _LEVELS['+'])}"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(formula_text(node) for node in nodes)


def _tuple(node: TupleNode) -> str:
    return f"({_list(node.items)},)" if len(node.items) == 1 else f"({_list(node.items)})"


def _call(node: Call) -> str:
    if node.function == "subs" and len(node.arguments) == 3:
        return f"{_inside(node.arguments[0], _LEVELS['atom'])}.subs({_list(node.arguments[1:])})"
    if node.function == "Matrix":
        rows = (f"[{_list(r.items)}]" if isinstance(r, TupleNode) else formula_text(r) for r in node.arguments)
        return f"Matrix([{', '.join(rows)}])"
    return f"{node.function}({_list(node.arguments)})"


_PRINTERS: Mapping[type[Node], Callable[[Any], str]] = {
    Number: _number,
    Boolean: lambda node: str(node.value),
    Name: lambda node: node.name,
    Subscript: lambda node: f"{_inside(node.base, _LEVELS['atom'])}[{_list(node.positions)}]",
    Attribute: lambda node: f"{_inside(node.base, _LEVELS['atom'])}.{node.name}",
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Compare: _compare,
    TupleNode: _tuple,
    Assign: statement_text,
}
