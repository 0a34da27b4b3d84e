"""What two statements compute alike is computed once, before derivatives are taken and after."""

from __future__ import annotations

from dataclasses import replace

from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, tensors_read
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import substitute


def merge_equal(program: Program) -> Program:
    """What two statements compute alike is computed once (an inverse in the value and in its derivative)."""
    seen: dict[tuple[object, ...], str] = {}
    renamed: dict[str, str] = {}
    kept: list[Statement] = []

    def change(r: Read) -> Expr:
        return read(renamed.get(r.tensor, r.tensor), r.positions, integer=bool(r.is_integer))

    for statement in program.statements:
        current = map_statement(statement, change) if renamed.keys() & tensors_read(statement) else statement
        key = _meaning(current)
        if key in seen and current.target.name not in program.outputs:
            renamed[current.target.name] = seen[key]
            continue
        copied = seen.setdefault(key, current.target.name)
        kept.append(current if copied == current.target.name else _copy(current, copied))
    return program.with_statements(tuple(kept))


def _meaning(statement: Statement) -> tuple[object, ...]:
    """What a statement computes, whatever its indices are called."""
    names = {loop.symbol: index_symbol(f"_{n}") for n, loop in enumerate(statement.loops)}
    parts = (*(loop.extent for loop in statement.loops), *statement.positions, statement.body, statement.guard)
    own = (len(statement.loops), len(statement.positions), statement.op, statement.scatter)
    return (*own, *(substitute(part, names) for part in parts))


def _copy(statement: Statement, source: str) -> Statement:
    """The statement as a copy of a sum that is there already; others are as cheap as copies."""
    if statement.op is Op.NONE or statement.scatter:
        return statement
    at = read(source, statement.positions, integer=statement.target.integer)
    return replace(statement, loops=statement.free, op=Op.NONE, body=at)
