"""Runs of one kind of operator, `a + b - c` or `a*b/c`, which the tree nests to the left.

A sum of thousands of terms is thousands of nodes deep; taken as one run it is one level.
"""

from __future__ import annotations

from collections.abc import Mapping

from eqc.notation.tree import Binary, BinaryOp, Node, walk

KINDS: Mapping[BinaryOp, BinaryOp] = {"+": "+", "-": "+", "*": "*", "/": "*", "and": "and", "or": "or"}
INVERSE: frozenset[BinaryOp] = frozenset({"-", "/"})


def operands(node: Binary) -> list[tuple[bool, Node]]:
    """The operands of a run from left to right, and whether each is subtracted or divided by.

    >>> from eqc.notation.sympy_form import parse_text
    >>> [(inverse, part.name) for inverse, part in operands(parse_text("a - b + c"))]
    [(False, 'a'), (True, 'b'), (False, 'c')]
    """
    found: list[tuple[bool, Node]] = []
    rest: Node = node
    while isinstance(rest, Binary) and _same_run(node, rest):
        found.append((rest.op in INVERSE, rest.right))
        rest = rest.left
    found.append((False, rest))
    return found[::-1]


def height(formula: Node) -> int:
    """How deep a formula nests, a run of operators counting as one level.

    >>> from eqc.notation.sympy_form import parse_text
    >>> height(parse_text("a + b + c + d")), height(parse_text("a*(b + c)"))
    (2, 3)
    """
    heights: dict[int, int] = {}
    for node in reversed(list(walk(formula))):  # inner parts first
        levels = [heights[id(child)] + (not _continues(node, child)) for child in node.children()]
        heights[id(node)] = max(levels, default=1)
    return heights[id(formula)]


def _same_run(a: Binary, b: Binary) -> bool:
    return a is b or (a.op in KINDS and KINDS[a.op] == KINDS.get(b.op))


def _continues(node: Node, child: Node) -> bool:
    return isinstance(node, Binary) and child is node.left and isinstance(child, Binary) and _same_run(node, child)
