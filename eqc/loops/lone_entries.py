"""Arrays that are 0 but for one entry are never stored: readers choose between that entry and 0.

Slopes in x[1] and x[2] are such arrays. To make one takes longer than what a kernel of points in space does besides.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import branches, map_reads


def choose_entries(program: Program) -> Program:
    """The program without arrays that have one entry."""
    kept = set(program.outputs).union(*(check.reads for check in program.checks), *map(_whole, program.statements))
    lone = {s.target.name: s for s in program.statements if _is_lone(s) and s.target.name not in kept}
    if not lone:
        return program
    taken = names_in(program)
    values = {name: fresh(f"{name}_entry", taken) for name in lone}

    def chosen(r: Read) -> Expr:
        if r.tensor not in lone:
            return r
        pairs = zip(r.positions, lone[r.tensor].positions, strict=True)
        here = sp.And(*(sp.Eq(one, other) for one, other in pairs))
        return branches([(read(values[r.tensor]), here), (sp.Integer(0), sp.true)])

    statements = []
    for s in program.statements:
        body = map_reads(s.body, chosen) if any(r.tensor in lone for r in reads_of(s.body)) else s.body
        if s.target.name in lone:
            number = Tensor(values[s.target.name], differentiable=False)
            statements.append(Statement(number, (), (), Op.NONE, body))
        else:
            statements.append(replace(s, body=body))
    return program.with_statements(tuple(statements))


def _is_lone(statement: Statement) -> bool:
    """Whether a statement writes to one entry of an array, which no data decide."""
    fixed = statement.scatter and not statement.loops and statement.guard == sp.true
    return fixed and not statement.target.integer and not any(reads_of(p) for p in statement.positions)


def _whole(statement: Statement) -> set[str]:
    """The arrays that a statement needs to be stored: what it takes whole, and what decides positions."""
    if isinstance(statement.body, Opaque):
        return {r.tensor for r in reads_of(statement.body)}
    places = [p for r in reads_of(statement.body) for p in r.positions]
    parts = (*places, *statement.positions, *(loop.extent for loop in statement.loops), statement.guard)
    return {r.tensor for part in parts for r in reads_of(part)}
