"""Statements that store or add one value for each entry."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.emit.divisors import with_shared_divisors
from eqc.emit.function import Function
from eqc.emit.roll import roll
from eqc.ir.program import Statement
from eqc.loops.nest import Leaf


def assign(function: Function, statement: Statement, depth: int) -> None:
    """One value; a long sum of like terms runs over a table of their numbers."""
    rest, rolls = roll(with_shared_divisors(statement))
    target = function.target(statement)
    apart = "[" in target and bool(rolls)
    total = function.local(f"{function.names[statement.target.name]}_") if apart else target
    function.line(depth, f"{total} = {function.value(replace(statement, body=rest))}")
    for part in rolls:
        table, row = _table(function, part.table), function.local("row")
        slots = {slot: sp.Symbol(f"{table}[{row}, {n}]") for n, slot in enumerate(part.slots)}
        function.line(depth, f"for {row} in range({len(part.table)}):")
        function.line(depth + 1, f"{total} += {function.source(part.pattern.xreplace(slots))}")
    if apart:
        function.line(depth, f"{target} = {total}")


def _table(function: Function, rows: tuple[tuple[float, ...], ...]) -> str:
    """The name of a constant array of the module."""
    return function.tables.setdefault(rows, f"_{function.name}_table{len(function.tables) + 1}")


def scatter(function: Function, leaf: Leaf, depth: int) -> None:
    """Add to the entries that the positions name; rows that belong to outer loops are set to 0 first."""
    statement, rows = leaf.statement, leaf.item.order or ()
    if rows:
        function.line(depth, f"{function.slices(statement, len(rows))} = 0")
    depth, statement = function.open_guarded(statement, leaf.inner, depth)
    if statement.guard != sp.true:
        function.line(depth, f"if {function.source(statement.guard)}:")
        depth += 1
    function.add(statement, depth)
