"""Sums that are added up become one sum where their terms have a better form together: Σ f + Σ g = Σ (f + g).

Divergences are such: what an entropy and a cross-entropy have in common cancels term by term.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, reads_of, tensors_read
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import substitute
from eqc.rewrite.stability import fired_rules


def join_sums(program: Program) -> Program:
    """Join sums of logarithms over the same range, if more rules fire for it."""
    best, fired = program, None
    if not any(_is_sum_of_logarithms(s) for s in program.statements):
        return program
    for host in program.statements:
        joined = _joined(best, host)
        if joined is not None:
            fired = len(fired_rules(best)) if fired is None else fired
            more = len(fired_rules(joined))
            best, fired = (joined, more) if more > fired else (best, fired)
    return best


@dataclass(frozen=True, slots=True)
class _Part:
    """A sum as it stands in a host: a number times the read of it."""

    factor: Expr
    at: Read
    total: Statement

    def body(self, host: _Part) -> Expr:
        """The summand in terms of the host's indices, over the loops of another part."""
        loops = zip(self.total.bound, host.total.bound, strict=True)
        names = {mine.symbol: its.symbol for mine, its in loops}
        names.update(zip((i.symbol for i in self.total.free), self.at.positions, strict=True))
        return self.factor * substitute(self.total.body, names)


def _joined(program: Program, host: Statement) -> Program | None:
    """The program with one sum in the place of a host and the sums that it adds up."""
    parts = _parts(program, host)
    if len(parts) < 2 or len(parts) != len(host.body.args):
        return None
    first = parts[0]
    taken = {loop.name for loop in host.loops}
    if any(loop.name in taken for loop in first.total.bound):
        return None
    body = sp.Add(*(part.body(first) for part in parts))
    gone = {part.total.target.name for part in parts}
    whole = replace(host, loops=(*host.loops, *first.total.bound), op=Op.SUM, body=body)
    statements = (whole if s is host else s for s in program.statements if s.target.name not in gone)
    return program.with_statements(tuple(statements))


def _parts(program: Program, host: Statement) -> list[_Part]:
    """The terms of a host that are sums of logarithms over the same range, which nothing else reads."""
    if host.op is not Op.NONE or host.scatter or host.guard != sp.true or not isinstance(host.body, sp.Add):
        return []
    terms = [term.as_coeff_Mul() for term in host.body.args]
    if not all(isinstance(r, Read) for _, r in terms):
        return []
    sums = {s.target.name: s for s in program.statements if _is_sum_of_logarithms(s)}
    parts = [_Part(c, r, sums[r.tensor]) for c, r in terms if r.tensor in sums]
    mine = [p for p in parts if _is_private(p.total, program) and _range(p) == _range(parts[0])]
    return mine if len({p.at for p in mine}) == len(mine) else []


def _range(part: _Part) -> list[Expr]:
    return [loop.extent for loop in part.total.bound]


def _is_sum_of_logarithms(statement: Statement) -> bool:
    plain = statement.op is Op.SUM and not statement.scatter and statement.guard == sp.true
    fixed = not any(reads_of(loop.extent) for loop in statement.loops)
    at_own_indices = statement.positions == tuple(loop.symbol for loop in statement.free)
    return plain and fixed and at_own_indices and not statement.target.integer and statement.body.has(sp.log)


def _is_private(total: Statement, program: Program) -> bool:
    """Whether one statement alone reads a sum."""
    name = total.target.name
    readers = sum(name in tensors_read(s) for s in program.statements)
    return readers == 1 and name not in program.outputs and not any(name in c.reads for c in program.checks)
