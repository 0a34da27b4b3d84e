"""Arithmetic on extents: the shapes in a generated module's signature, such as `n - k + 1` or `exact(d, h)`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

Evaluator = Callable[[Mapping[str, int]], int]


@dataclass(frozen=True, slots=True)
class Extent:
    """The length of an axis as an expression over named extents."""

    text: str
    names: tuple[str, ...]
    evaluate: Evaluator

    @property
    def is_name(self) -> bool:
        """Whether this is a bare name such as `C`."""
        return self.names == (self.text,)


@cache
def parse_extent(text: str) -> Extent:
    """Read an expression over names and integers.

    Allowed are `+ - * // % **`, parentheses, `max`, `min` and `exact` (a quotient without remainder).
    Raises ValueError for anything else, and when evaluated for a quotient or power that is no whole number.

    >>> parse_extent("max(n - k + 1, 0)").evaluate({"n": 5, "k": 3})
    3
    >>> parse_extent("exact(d, 2)").evaluate({"d": 7})
    Traceback (most recent call last):
    ValueError: 7/2 is not a whole number
    """
    tree = ast.parse(text, mode="eval").body
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Extent(text, tuple(sorted(names - _FUNCTIONS.keys())), _compile(tree))


def _compile(node: ast.expr) -> Evaluator:
    match node:
        case ast.Constant(value=int() as value):
            return lambda env: value
        case ast.Name(id=name):
            return lambda env: env[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand)
            return lambda env: -inner(env)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _combine(_OPERATORS[type(op)], left, right)
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in _FUNCTIONS:
            return _combine(_FUNCTIONS[name], left, right)
    raise ValueError(f"{ast.unparse(node)} is no arithmetic on extents")


def _combine(operation: Callable[[int, int], int], left: ast.expr, right: ast.expr) -> Evaluator:
    first, second = _compile(left), _compile(right)
    return lambda env: operation(first(env), second(env))


def _exact(a: int, b: int) -> int:
    if b == 0 or a % b:
        raise ValueError(f"{a}/{b} is not a whole number")
    return a // b


def _floor_divide(a: int, b: int) -> int:
    if b == 0:
        raise ValueError(f"{a}//{b} divides by zero")
    return a // b


def _remainder(a: int, b: int) -> int:
    if b == 0:
        raise ValueError(f"{a}%{b} divides by zero")
    return a % b


def _power(a: int, b: int) -> int:
    # No array has more than 2**63 elements, and a huge power would take the memory before NumPy could refuse.
    if b < 0 or (abs(a) > 1 and b > 64):
        raise ValueError(f"{a}**{b} is no possible extent")
    return int(a**b)


_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _remainder,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[[int, int], int]] = {"max": max, "min": min, "exact": _exact}
