"""Mutants of formulas: one sign, factor, index, limit, number or word of the mathematics changed at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from itertools import combinations

from eqc.notation.tree import Attribute, Binary, Boolean, Call, Compare, Name, Node, Number, Subscript, TupleNode, Unary

BINDERS = ("Sum", "Product", "MaxOver", "MinOver")
OTHER_WORDS = {"Max": "Min", "Min": "Max", "MaxOver": "MinOver", "MinOver": "MaxOver", "sin": "cos", "exp": "sinh"}
OTHER_SIGNS = {"+": "-", "-": "+"}
OTHER_RELATIONS = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "!=", "!=": "=="}
Mutants = Iterator[tuple[str, Node]]


def show(node: Node) -> str:
    """A formula as text, with all its brackets.

    >>> from eqc.notation.sympy_form import parse_text
    >>> show(parse_text("Eq(y[i], -2*Sum(x[k], (k, 1, n)))"))
    '(y[i] == (-(2)*Sum(x[k], (k, 1, n))))'
    """
    match node:
        case Number(value=value) | Boolean(value=value):
            return str(value)
        case Name(name=name):
            return name
        case Subscript(base=base, positions=positions):
            return f"{show(base)}[{', '.join(map(show, positions))}]"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(show, arguments))})"
        case Attribute(base=base, name=name):
            return f"{show(base)}.{name}"
        case Unary(op=op, operand=operand):
            return f"{op}({show(operand)})"
        case Binary(op=op, left=left, right=right):
            return f"({show(left)}{op}{show(right)})"
        case Compare(op=op, left=left, right=right):
            return f"({show(left)} {op} {show(right)})"
        case TupleNode(items=items):
            return f"({', '.join(map(show, items))})"
    raise TypeError(node)


def mutants(node: Node, indices: tuple[str, ...], kind: str = "condition") -> Mutants:
    """Every mutant of a formula, with what was changed.

    `indices` are names that may stand for each other; `kind` says what a part stands for: a value, a position, a
    condition, the limits of a sum …
    """
    yield from _of(node, indices, kind)
    for field in fields(node):
        old = getattr(node, field.name)
        if isinstance(old, Node):
            below = _kind_below(node, field.name, kind)
            yield from ((what, replace(node, **{field.name: new})) for what, new in mutants(old, indices, below))
        elif isinstance(old, tuple):
            for place, item in enumerate(old):
                for what, new in mutants(item, indices, _kind_of_item(node, place, kind)):
                    yield what, replace(node, **{field.name: (*old[:place], new, *old[place + 1 :])})


def _kind_below(node: Node, field: str, kind: str) -> str:
    if isinstance(node, Subscript | Attribute):
        return "base"
    if isinstance(node, Binary) and node.op == "**" and field == "left" and show(node.right) == "2":
        return "square"  # signs do not matter here
    return "value" if isinstance(node, Compare) or (kind == "square" and isinstance(node, Binary)) else kind


def _kind_of_item(node: Node, place: int, kind: str) -> str:
    if isinstance(node, Subscript):
        return "position"
    if isinstance(node, TupleNode):
        return {"limits": ("name", "limit", "limit"), "branch": ("value", "condition")}.get(kind, ("name",) * 3)[place]
    if isinstance(node, Call) and node.function in BINDERS:
        return "limits" if place else "value"
    if isinstance(node, Call) and node.function in ("Derivative", "subs"):
        return "value" if place == 0 or (node.function == "subs" and place == 2) else "variable"
    return "branch" if isinstance(node, Call) and node.function == "Piecewise" else "value"


def _of(node: Node, indices: tuple[str, ...], kind: str) -> Mutants:
    """Mutants that change this very node."""
    span = node.span
    if kind in ("value", "square") and not isinstance(node, Number | Unary):
        yield "scale", Binary(span, "*", Number(span, Fraction(2)), node)
        if kind == "value" and not (isinstance(node, Binary) and node.op in OTHER_SIGNS):
            yield "sign", Unary(span, "-", node)
    if kind == "limit":
        yield from (("limit", Binary(span, op, node, Number(span, Fraction(1)))) for op in ("+", "-"))
    if isinstance(node, Unary) and node.op == "-" and kind != "square":
        yield "sign", node.operand
    if isinstance(node, Number):
        yield "number", replace(node, value=node.value + 1)
    if isinstance(node, Compare) and kind == "condition":
        yield "relation", replace(node, op=OTHER_RELATIONS[node.op])
    if isinstance(node, Binary):
        yield from _of_binary(node)
    yield from _of_names(node, indices, kind)


def _of_binary(node: Binary) -> Mutants:
    if node.op in OTHER_SIGNS:
        yield "sign", replace(node, op=OTHER_SIGNS[node.op])
        yield from (("term", part) for part in (node.left, node.right))
    if node.op in "*/":
        yield from (("factor", part) for part in (node.left, node.right))
        yield "inverse", replace(node, op="/" if node.op == "*" else "*")
    if node.op == "**":
        yield "power", node.left


def _of_names(node: Node, indices: tuple[str, ...], kind: str) -> Mutants:
    if isinstance(node, Subscript):
        for a, b in combinations(range(len(node.positions)), 2):
            swapped = list(node.positions)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            yield "swap", replace(node, positions=tuple(swapped))
    if isinstance(node, Name) and node.name in indices and kind in ("position", "value", "limit"):
        yield from (("index", replace(node, name=other)) for other in indices if other != node.name)
    if isinstance(node, Call) and node.function in OTHER_WORDS:
        yield "word", replace(node, function=OTHER_WORDS[node.function])
    if isinstance(node, Call) and node.function == "Piecewise":
        for place in range(len(node.arguments) - 1):
            yield "branch", replace(node, arguments=(*node.arguments[:place], *node.arguments[place + 1 :]))
    if isinstance(node, Attribute) and node.name == "T":
        yield "transpose", node.base
