"""What is different at the place of an extremum is chosen by that place: no factors of 0 and 1, no arrays of zeros.

Sums of exponentials and quotients by them treat their greatest term apart, in factors 1 - KroneckerDelta(place, k) and
in entries that are added at the place. A condition costs less than such a factor in a loop, and lets 0·∞ be 0.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, Tensor, reads_of, statement_reads, tensors_read
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import branches, is_long_sum, rebuild, transform

_PLACES = (Op.ARGMAX, Op.ARGMIN)


def choose_by_place(program: Program) -> Program:
    """The same program with conditions in the place of deltas of an extremum's place."""
    places = frozenset(s.target.name for s in program.statements if s.op in _PLACES)
    if not places:
        return program
    entries = {s.target.name: s for s in program.statements if _is_entry(program, s, places)}
    statements = [_entered(s, entries) for s in program.statements]
    return program.with_statements(tuple(_chosen(s, places) for s in statements))


def _is_entry(program: Program, statement: Statement, places: frozenset[str]) -> bool:
    """Whether one number is added to each row of zeros, at a place, and entries are read by plain loops only."""
    symbols = [p for p in statement.positions if not isinstance(p, Read)]
    gathers = [p for p in statement.positions if isinstance(p, Read)]
    loops = [loop.symbol for loop in statement.loops]
    plain = statement.scatter and statement.guard == sp.true and statement.target.name not in program.outputs
    if not plain or len(gathers) != 1 or gathers[0].tensor not in places or symbols != loops:
        return False
    shape = [e for e, p in zip(statement.target.shape, statement.positions, strict=True) if p not in gathers]
    readers = [s for s in program.statements if statement.target.name in tensors_read(s)]
    full = shape == [loop.extent for loop in statement.loops] and list(gathers[0].positions) == loops
    return full and all(_reads_entries(reader, statement.target) for reader in readers)


def _reads_entries(reader: Statement, target: Tensor) -> bool:
    """Whether a statement computes entries of an array from entries of another one, whole axes of it."""
    if reader.op is not Op.NONE or reader.scatter or isinstance(reader.body, Opaque):
        return False
    extents = {loop.symbol: loop.extent for loop in reader.loops}
    sites = [r for r in statement_reads(reader) if r.tensor == target.name]
    return set(sites) <= set(reads_of(reader.body)) and all(
        [extents.get(p) for p in site.positions] == list(target.shape) for site in sites
    )


def _entered(statement: Statement, entries: dict[str, Statement]) -> Statement:
    """A statement with the entries as numbers of their own."""
    if statement.target.name in entries:
        loops = statement.loops
        target = replace(statement.target, shape=tuple(loop.extent for loop in loops))
        return Statement(target, loops, tuple(loop.symbol for loop in loops), Op.NONE, statement.body)
    if not tensors_read(statement) & entries.keys():
        return statement

    def change(r: Read) -> Expr:
        if r.tensor not in entries:
            return r
        made = entries[r.tensor]
        at = dict(zip(made.positions, r.positions, strict=True))
        (place,) = (p for p in made.positions if isinstance(p, Read))
        rows = tuple(at[loop.symbol] for loop in made.loops)
        return sp.KroneckerDelta(read(place.tensor, rows, integer=True), at[place]) * read(r.tensor, rows)

    return map_statement(statement, change)


def _chosen(statement: Statement, places: frozenset[str]) -> Statement:
    """A statement with a condition in the place of its deltas, if all are the same."""
    plain = statement.op in (Op.NONE, Op.SUM) and not statement.scatter and not isinstance(statement.body, Opaque)
    if not plain or is_long_sum(statement.body) or statement.body.has(sp.Piecewise):
        return statement
    loops = {loop.symbol for loop in statement.loops}
    deltas = [d for d in sorted(statement.body.atoms(sp.KroneckerDelta), key=str) if _is_at(d, places, loops)]
    return replace(statement, body=_choice(statement.body, deltas[0])) if len(deltas) == 1 else statement


def _is_at(delta: Expr, places: frozenset[str], loops: set[Expr]) -> bool:
    """Whether a delta is 1 where a loop comes to a place."""
    found = [a for a in delta.args if isinstance(a, Read) and a.tensor in places]
    return len(found) == 1 and bool(set(delta.args) & loops)


def _choice(node: Expr, delta: Expr) -> Expr:
    """The node with a choice in the place of the least part in which the delta is more than a factor."""
    having = [a for a in node.args if a.has(delta)]
    bare = any(a == delta or a == 1 - delta for a in having)
    if isinstance(node, sp.Add) and not bare:
        rest = sp.Add(*(a for a in node.args if a not in having))
        return rest + (_choice(having[0], delta) if len(having) == 1 else _both(sp.Add(*having), delta))
    if len(having) == 1 and not bare:
        return rebuild(node, tuple(_choice(a, delta) if a in having else a for a in node.args))
    return _both(node, delta)


def _both(node: Expr, delta: Expr) -> Expr:
    """The two values of a node, at the place and elsewhere."""
    at, off = (transform(node, lambda atom: atom, {delta: sp.Integer(n)}) for n in (1, 0))
    if at.is_number and off.is_number:
        return node
    return branches([(at, sp.Eq(*delta.args)), (off, sp.true)])
