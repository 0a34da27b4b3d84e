"""Results that the program itself reads again are copied at its end, so that they may be stored in another form."""

from __future__ import annotations

from dataclasses import replace

from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, axes_of, fixed_names, fresh, names_in, tensors_read
from eqc.ir.terms import Expr, Read, read


def separate_outputs(program: Program) -> Program:
    """The same program; no output of reals is read by a statement or made by more than one assignment an entry."""
    taken = names_in(program)
    fixed = fixed_names(program)
    used = frozenset().union(*(tensors_read(s) for s in program.statements))
    names: dict[str, str] = {}
    copies: list[Statement] = []
    for statement in program.statements:
        target = statement.target
        if target.name in program.outputs and not target.integer and (target.name in used or statement.scatter):
            names[target.name] = fresh(target.name, taken)
            axes = axes_of(target.shape, fixed)
            at = tuple(axis.symbol for axis in axes)
            copies.append(Statement(target, axes, at, Op.NONE, read(names[target.name], at)))

    def change(r: Read) -> Expr:
        return read(names[r.tensor], r.positions) if r.tensor in names else r

    renamed = [map_statement(_named(s, names), change) for s in program.statements]
    return program.with_statements((*renamed, *copies))


def _named(statement: Statement, names: dict[str, str]) -> Statement:
    name = names.get(statement.target.name, statement.target.name)
    return replace(statement, target=replace(statement.target, name=name))
