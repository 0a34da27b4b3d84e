"""The notation tree: a formula as it was read, with the place of every part, before it means anything.

Both front ends (the SymPy form and LaTeX) make this tree; lowering gives it meaning as a program, the oracle
evaluates it directly, and `to_sympy` shows it as SymPy objects. It holds no SymPy objects itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from eqc.errors import Span

UnaryOp = Literal["-", "+", "not"]
BinaryOp = Literal["+", "-", "*", "/", "**", "//", "%", "and", "or"]
CompareOp = Literal["<", "<=", ">", ">=", "==", "!="]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula."""

    span: Span

    def children(self) -> Iterator[Node]:
        """The parts directly below, in reading order."""
        kind: Any = type(self)
        for name in _names_of(kind):
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of part that may hold other parts."""
    return tuple(field.name for field in fields(kind) if field.name != "span")


@dataclass(frozen=True, slots=True)
class Number(Node):
    """An exact number: a decimal literal means the decimal, not the nearest float."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """`True` or `False`, as the last condition of a `Piecewise`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare name: a symbol, an index, an extent or a constant such as `pi`."""

    name: str


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """`base[positions]`; positions count from 1."""

    base: Node
    positions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`: a SymPy function, a word of eqc's, another record or a function-valued symbol."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`base.name`: `.T`, or one output of a record with several."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """A sign or a negation."""

    op: UnaryOp
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands; `and`/`or` stand for `&`/`|`."""

    op: BinaryOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """A relation between two expressions (`Eq(a, b)` inside a formula is `==`, `Ne` is `!=`)."""

    op: CompareOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class TupleNode(Node):
    """`(a, b, …)`: the limits of a sum or a branch of a `Piecewise`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`Eq(target, value)` as a statement; `target` is a Name, a Subscript, or None for a bare expression."""

    target: Name | Subscript | None
    value: Node


def walk(node: Node) -> Iterator[Node]:
    """Every part of a formula, outer parts first, without recursion.

    >>> from eqc.notation.sympy_form import parse_text
    >>> [type(n).__name__ for n in walk(parse_text("2*x"))]
    ['Binary', 'Number', 'Name']
    """
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(top.children())))


def placeholders(formulas: Iterable[Node]) -> frozenset[str]:
    """The names that stand only where `subs` replaces them: variables of a formula, like the indices of a sum.

    >>> from eqc.notation.sympy_form import parse_text
    >>> sorted(placeholders([parse_text("Derivative(f(u), u).subs(u, g(x)) + x.subs(x, 2)")]))
    ['u']
    """
    replaced: set[str] = set()
    free: set[str] = set()
    stack: list[tuple[Node, frozenset[str]]] = [(formula, frozenset()) for formula in formulas]
    while stack:
        node, bound = stack.pop()
        if isinstance(node, Name):
            (replaced if node.name in bound else free).add(node.name)
        elif isinstance(node, Call) and node.function == "subs" and isinstance(target := node.arguments[1], Name):
            expression, _, value = node.arguments
            replaced.add(target.name)
            stack += [(expression, bound | {target.name}), (value, bound)]
        else:
            stack += [(child, bound) for child in node.children()]
    return frozenset(replaced - free)
