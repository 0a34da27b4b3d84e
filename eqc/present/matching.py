"""Patterns: where an expression is another one with its indices replaced."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir.terms import Expr, Read
from eqc.ir.walk import rebuild
from eqc.present.bound import Total, Whole

Binding = Mapping[Expr, Expr]


def depends(expression: Expr, index: Expr) -> bool:
    """Whether an index occurs in an expression or in the position of a read."""
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            if symbol == index:
                return True
            if isinstance(symbol, Read):
                stack.extend(symbol.positions)
    return False


def match(pattern: Expr, node: Expr, free: set[Expr]) -> dict[Expr, Expr] | None:
    """What the free indices of a pattern must be for it to equal `node`; None if nothing fits.

    Bound indices of sums match whatever their names are, and are left out of the answer.
    """
    bound = {total.args[1] for total in pattern.atoms(Total, Whole)}
    found = _match(pattern, node, free | bound)
    if found is None:
        return None
    inside = {total.args[1] for total in node.atoms(Total, Whole)}
    answer = {k: v for k, v in found.items() if k not in bound}
    if any(depends(value, index) for value in answer.values() for index in inside):
        return None
    return answer


def _match(pattern: Expr, node: Expr, free: set[Expr]) -> dict[Expr, Expr] | None:
    if isinstance(pattern, Read) and isinstance(node, Read):
        if pattern.tensor != node.tensor:
            return None
        pairs = list(zip(pattern.positions, node.positions, strict=True))
    elif pattern in free:
        return {pattern: node}
    elif not pattern.args or type(pattern) is not type(node) or len(pattern.args) != len(node.args):
        return {} if pattern == node else None
    else:
        pairs = _pairs(pattern, node)
    binding: dict[Expr, Expr] = {}
    for part, other in pairs:
        found = _match(part, other, free)
        if found is None or any(binding.get(k, v) != v for k, v in found.items()):
            return None
        binding.update(found)
    return binding


def _pairs(pattern: Expr, node: Expr) -> list[tuple[Expr, Expr]]:
    """The parts in the order in which they correspond; the names of indices decide no order of sums and products."""
    if not isinstance(pattern, sp.Add | sp.Mul):
        return list(zip(pattern.args, node.args, strict=True))
    return list(zip(_ordered(pattern), _ordered(node), strict=True))


def _ordered(node: Expr) -> list[Expr]:
    return sorted(node.args, key=_skeleton)


def _skeleton(node: Expr) -> str:
    """An expression's text without the positions of its reads."""
    plain = {s: sp.Symbol(s.tensor) for s in node.free_symbols if isinstance(s, Read)}
    indices = {t.args[1]: sp.Symbol("_") for t in node.atoms(Total, Whole)}
    return str(node.xreplace({**plain, **indices}))


def exchange(expression: Expr, mapping: Mapping[Expr, Expr]) -> Expr:
    """Replace parts; conditions stay as they are written (SymPy would open choices inside them)."""
    if expression in mapping:
        return mapping[expression]
    if not mapping or not expression.args:
        return expression
    args = tuple(exchange(a, mapping) for a in expression.args)
    return expression if args == expression.args else rebuild(expression, args)


def is_closed(expression: Expr) -> bool:
    """Whether no index of a sum stands outside of it."""
    return not _loose(expression)


def _loose(expression: Expr) -> set[str]:
    if isinstance(expression, Total | Whole):
        body, index, extent = expression.args
        return (_loose(body) - {index.name}) | _loose(extent)
    if isinstance(expression, Read):
        return set().union(*(_loose(p) for p in expression.positions))
    if expression.is_Symbol:
        return {expression.name} if "__" in expression.name else set()
    return set().union(*(_loose(a) for a in expression.args))
