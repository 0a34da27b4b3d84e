"""Mutants of formulas: one sign, factor, index, limit, number or word of the mathematics changed at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction

from eqc.notation.tree import Attribute, Binary, Boolean, Call, Compare, Name, Node, Number, Subscript, TupleNode, Unary

BINDERS = ("Sum", "Product", "MaxOver", "MinOver")
OTHER_WORDS = {"Max": "Min", "Min": "Max", "MaxOver": "MinOver", "MinOver": "MaxOver", "sin": "cos", "exp": "sinh"}
OTHER_SIGNS = {"+": "-", "-": "+"}
OTHER_RELATIONS = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "!=", "!=": "=="}


def show(node: Node) -> str:
    """A formula as text, with all its brackets.

    >>> from eqc.notation.sympy_form import parse_text
    >>> show(parse_text("Eq(y[i], -2*Sum(x[k], (k, 1, n)))"))
    '(y[i] == (-(2)*Sum(x[k], (k, 1, n))))'
    """
    if isinstance(node, Number):
        return str(node.value)
    if isinstance(node, Boolean | Name):
        return str(node.value if isinstance(node, Boolean) else node.name)
    if isinstance(node, Subscript):
        return f"{show(node.base)}[{', '.join(map(show, node.positions))}]"
    if isinstance(node, Call):
        return f"{node.function}({', '.join(map(show, node.arguments))})"
    if isinstance(node, Attribute):
        return f"{show(node.base)}.{node.name}"
    if isinstance(node, Unary):
        return f"{node.op}({show(node.operand)})"
    if isinstance(node, Binary):
        return f"({show(node.left)}{node.op}{show(node.right)})"
    if isinstance(node, Compare):
        return f"({show(node.left)} {node.op} {show(node.right)})"
    assert isinstance(node, TupleNode)
    return f"({', '.join(map(show, node.items))})"


def mutants(formula: Node, indices: tuple[str, ...] = ()) -> Iterator[tuple[str, Node]]:
    """Every mutant of a formula with what was changed; `indices` are names that may stand for each other."""
    yield from _within(formula, indices, kind="condition")


def _within(node: Node, indices: tuple[str, ...], kind: str) -> Iterator[tuple[str, Node]]:
    """Mutants of a part; `kind` says whether it stands for a value, a position, a condition or something else."""
    yield from _of(node, indices, kind)
    for field in fields(node):
        old = getattr(node, field.name)
        if isinstance(old, Node):
            for what, new in _within(old, indices, _kind_below(node, field.name, kind)):
                yield what, replace(node, **{field.name: new})
        elif isinstance(old, tuple):
            for place, item in enumerate(old):
                below = _kind_of_item(node, place, kind)
                for what, new in _within(item, indices, below):
                    yield what, replace(node, **{field.name: (*old[:place], new, *old[place + 1 :])})


def _kind_below(node: Node, field: str, kind: str) -> str:
    if isinstance(node, Subscript):
        return "base"
    if isinstance(node, Compare):
        return "value"
    return "base" if isinstance(node, Attribute) else kind


def _kind_of_item(node: Node, place: int, kind: str) -> str:
    if isinstance(node, Subscript):
        return "position"
    if isinstance(node, TupleNode):
        return (
            "limit"
            if kind == "limits" and place
            else "condition"
            if kind == "branch" and place
            else ("value" if kind == "branch" else "name")
        )
    if isinstance(node, Call) and node.function in BINDERS:
        return "limits" if place else "value"
    if isinstance(node, Call) and node.function == "Piecewise":
        return "branch"
    if isinstance(node, Call) and node.function in ("Derivative", "subs"):
        return "value" if place == 0 or (node.function == "subs" and place == 2) else "variable"
    return kind


def _of(node: Node, indices: tuple[str, ...], kind: str) -> Iterator[tuple[str, Node]]:
    """Mutants that change this very node."""
    span = node.span
    if kind == "value" and not isinstance(node, Number):
        yield "scale", Binary(span, "*", Number(span, Fraction(2)), node)
        if not (isinstance(node, Unary) or (isinstance(node, Binary) and node.op in "+-")):
            yield "sign", Unary(span, "-", node)
    if isinstance(node, Unary) and node.op == "-":
        yield "sign", node.operand
    if isinstance(node, Binary) and node.op in OTHER_SIGNS:
        yield "sign", replace(node, op=OTHER_SIGNS[node.op])
        yield "term", node.left
        yield "term", node.right
    if isinstance(node, Binary) and node.op in "*/":
        yield "factor", node.left
        yield "factor", node.right
        yield "inverse", replace(node, op="/" if node.op == "*" else "*")
    if isinstance(node, Binary) and node.op == "**":
        yield "power", node.left
    if isinstance(node, Number):
        yield "number", replace(node, value=node.value + 1)
    if isinstance(node, Compare) and kind == "condition":
        yield "relation", replace(node, op=OTHER_RELATIONS[node.op])
    if kind == "limit":
        for op in ("+", "-"):
            yield "limit", Binary(span, op, node, Number(span, Fraction(1)))
    yield from _other_names(node, indices, kind)


def _other_names(node: Node, indices: tuple[str, ...], kind: str) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Subscript):
        for a in range(len(node.positions)):
            for b in range(a):
                swapped = list(node.positions)
                swapped[a], swapped[b] = swapped[b], swapped[a]
                if swapped != list(node.positions):
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
