"""Long sums of terms that differ only in their numbers run as a loop over a table of those numbers.

A thousand written terms would take Numba minutes to compile; the loop takes none.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from eqc.ir.terms import Expr, Read
from eqc.ir.walk import is_long_sum, rebuild

_WORTH = 8
"""Equal terms from which a loop is shorter than writing them out."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Terms `pattern` with the numbers of every row of `table` in the place of `slots`."""

    pattern: Expr
    slots: tuple[sp.Symbol, ...]
    table: tuple[tuple[float, ...], ...]


def roll(body: Expr) -> tuple[Expr, tuple[Roll, ...]]:
    """The terms that stand alone, and the loops.

    >>> x = sp.Symbol("x", real=True)
    >>> rest, (loop,) = roll(sp.Add(*(sp.sin(k*x)/k for k in range(2, 40))))
    >>> rest, loop.pattern, loop.table[:2]
    (0, _number1*sin(_number0*x), ((2.0, 0.5), (3.0, 0.3333333333333333)))
    """
    if not is_long_sum(body):
        return body, ()
    groups: dict[Expr, list[tuple[Expr, tuple[float, ...]]]] = {}
    for term in body.args:
        numbers: list[float] = []
        groups.setdefault(_pattern(term, numbers), []).append((term, tuple(numbers)))
    alone = [term for members in groups.values() if len(members) < _WORTH for term, _ in members]
    rolls = [
        Roll(pattern, _slots(len(members[0][1])), tuple(row for _, row in members))
        for pattern, members in groups.items()
        if len(members) >= _WORTH
    ]
    return sp.Add(*alone), tuple(rolls)


def _slots(count: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"_number{n}", real=True) for n in range(count))


def _pattern(node: Expr, numbers: list[float]) -> Expr:
    """A term with its numbers taken out, in reading order; exponents and choices stay as they are."""
    if node.is_Rational:
        numbers.append(float(node))
        return _slots(len(numbers))[-1]
    if isinstance(node, Read) or not node.args or isinstance(node, sp.Piecewise):
        return node
    if isinstance(node, sp.Pow) and node.args[1].is_number:
        return sp.Pow(_pattern(node.args[0], numbers), node.args[1])
    ordered = sorted(node.args, key=lambda a: (a.is_number, sp.default_sort_key(a) if not a.has(sp.Number) else ()))
    parts = tuple(_pattern(a, numbers) for a in (ordered if isinstance(node, sp.Mul | sp.Add) else node.args))
    return rebuild(node, parts)
