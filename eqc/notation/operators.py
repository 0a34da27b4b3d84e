"""Operators of the SymPy form, with Python's precedence, applied from a stack instead of by recursion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from eqc.notation.tokens import Places, Token, check_nesting
from eqc.notation.tree import (
    Binary,
    BinaryOp,
    Boolean,
    Compare,
    CompareOp,
    Node,
    TupleNode,
    Unary,
    UnaryOp,
)

# Python's precedence, loosest first.
INFIX: Mapping[str, int] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(get_args(CompareOp), 4),
    "|": 5,
    "&": 6,
    "+": 7,
    "-": 7,
    "*": 8,
    "/": 8,
    "//": 8,
    "%": 8,
    "**": 10,
}
PREFIX: Mapping[str, int] = {"not": 3, "-": 9, "+": 9, "~": 9}

CONNECTIVES: Mapping[str, BinaryOp] = {"and": "and", "or": "or", "&": "and", "|": "or"}
ARITHMETIC: Mapping[str, BinaryOp] = {"+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%", "**": "**"}
COMPARISONS: Mapping[str, CompareOp] = {op: op for op in get_args(CompareOp)}
SIGNS: Mapping[str, UnaryOp] = {"-": "-", "+": "+"}


@dataclass(frozen=True, slots=True)
class _Pending:
    """An operator that waits for its right operand."""

    token: Token
    level: int
    prefix: bool

    @property
    def nests(self) -> bool:
        """Whether a run of such operators nests to the right: signs and powers do, sums do not."""
        return self.prefix or self.token.text == "**"


class OperatorStack:
    """The operands and operators between two brackets.

    `depth` is the nesting around them. A run of any length needs no recursion, so sums have as many terms as they like.
    """

    def __init__(self, places: Places, depth: int) -> None:
        self._places = places
        self._operands: list[Node] = []
        self._pending: list[_Pending] = []
        self._chain: Node | None = None  # the comparison that a further one would continue: a < b < c
        self.depth = depth

    def prefix(self, token: Token) -> None:
        """Takes a sign or `not`."""
        self._push(_Pending(token, PREFIX[token.text], True))

    def operand(self, node: Node) -> None:
        """Takes what stands between operators."""
        self._operands.append(node)

    def infix(self, token: Token) -> None:
        """Takes an operator between two operands; those before it that bind as tightly are applied."""
        level = INFIX[token.text]
        self._apply_down_to(level + 1 if token.text == "**" else level)
        self._push(_Pending(token, level, False))

    def finish(self) -> Node:
        """The whole run as one node."""
        self._apply_down_to(0)
        return self._operands.pop()

    def _push(self, operator: _Pending) -> None:
        self.depth += operator.nests
        check_nesting(self.depth, operator.token.offset, self._places)
        self._pending.append(operator)

    def _apply_down_to(self, level: int) -> None:
        while self._pending and self._pending[-1].level >= level:
            operator = self._pending.pop()
            self.depth -= operator.nests
            right = self._operands.pop()
            node = self._sign(operator, right) if operator.prefix else self._pair(operator, self._operands.pop(), right)
            self._operands.append(node)

    def _sign(self, operator: _Pending, operand: Node) -> Node:
        span = self._places.span(operator.token.offset)
        if operator.token.text in SIGNS:
            require_number(operand, self._places)
            return Unary(span, SIGNS[operator.token.text], operand)
        require_condition(operand, self._places)
        return Unary(span, "not", operand)

    def _pair(self, operator: _Pending, left: Node, right: Node) -> Node:
        text = operator.token.text
        if text in COMPARISONS:
            return self._comparison(COMPARISONS[text], left, right)
        if text in CONNECTIVES:
            return connect(CONNECTIVES[text], left, right, self._places)
        require_number(left, self._places)
        require_number(right, self._places)
        return Binary(left.span, ARITHMETIC[text], left, right)

    def _comparison(self, op: CompareOp, left: Node, right: Node) -> Node:
        if left is not self._chain:
            self._chain = compare(op, left, right, self._places)
            return self._chain
        last = left.right if isinstance(left, Binary) else left
        assert isinstance(last, Compare)  # a chain ends in a comparison
        following = compare(op, last.right, right, self._places)
        self._chain = Binary(left.span, "and", left, following)
        return self._chain


def compare(op: CompareOp, left: Node, right: Node, places: Places) -> Node:
    """A comparison of two numbers."""
    require_number(left, places)
    require_number(right, places)
    return Compare(left.span, op, left, right)


def define(target: Node, value: Node, places: Places) -> Node:
    """An equation that may give a name to a condition."""
    return Compare(target.span, "==", target, value) if is_condition(value) else compare("==", target, value, places)


def connect(op: BinaryOp, left: Node, right: Node, places: Places) -> Node:
    """`and` or `or` of two conditions."""
    require_condition(left, places)
    require_condition(right, places)
    return Binary(left.span, op, left, right)


def is_condition(node: Node) -> bool:
    """Whether a node holds or does not, rather than having a value."""
    match node:
        case Compare() | Boolean() | Unary(op="not") | Binary(op="and" | "or"):
            return True
        case _:
            return False


def require_number(node: Node, places: Places) -> None:
    """Raises NotationError where a condition or a tuple stands for a number."""
    if isinstance(node, TupleNode):
        rule = "a tuple stands only as a limit (i, 1, n) or a pair of a Piecewise"
        places.fail_at(node.span, rule, "write a single expression here")
    if is_condition(node):
        rule = "a condition stands where a number should"
        places.fail_at(
            node.span, rule, "write Piecewise((1, condition), (0, True)) for 1 where it holds and 0 elsewhere"
        )


def require_condition(node: Node, places: Places) -> None:
    """Raises NotationError where a number stands for a condition."""
    if not is_condition(node):
        rule = "a number stands where a condition should"
        places.fail_at(node.span, rule, "compare it, and put comparisons into brackets: (a < b) & (c < d)")
