"""What must hold of every program, checked between the stages.

A violation is a bug of the compiler, not of a record, so it raises AssertionError.
"""

from __future__ import annotations

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, free_names, statement_reads
from eqc.ir.terms import Expr, Read

FORBIDDEN = (sp.Heaviside, sp.DiracDelta, sp.Derivative, sp.re, sp.im, sp.Sum, sp.Indexed, sp.Dummy, sp.Subs)
"""Heads that mean that a derivative rule was missing, or that SymPy took over the index level."""


def check(program: Program) -> Program:
    """The program itself if it keeps the spec."""
    known = {t.name: t.rank for t in program.inputs}
    sizes = {e.name for e in program.extents} | {p.name for p in program.parameters}
    for statement in program.statements:
        _check_statement(program, statement, known, sizes)
        known[statement.target.name] = statement.target.rank
    for name in program.outputs:
        _require(name in known, program, f"the output {name} is never assigned")
    return program


def _check_statement(program: Program, statement: Statement, known: dict[str, int], sizes: set[str]) -> None:
    name = statement.target.name
    _require(name not in known, program, f"{name} is assigned twice")
    whole = statement.body.result if isinstance(statement.body, Opaque) else 0
    rank = len(statement.positions) + whole
    _require(rank == statement.target.rank, program, f"{name} has a position too many or too few")
    loops = [loop.name for loop in statement.loops]
    _require(len(set(loops)) == len(loops), program, f"{name} has two loops of one name")
    for r in statement_reads(statement):
        _require(r.tensor in known, program, f"{name} reads {r.tensor} before it is assigned")
        rank = len(r.positions) + _whole_axes(statement, r)
        _require(rank == known.get(r.tensor), program, f"{name} reads {r} at the wrong number of positions")
    _check_names(program, statement, sizes)
    _check_heads(program, statement)
    if not statement.scatter:
        symbols = {loop.symbol for loop in statement.loops}
        plain = len(set(statement.positions)) == len(statement.positions) and set(statement.positions) <= symbols
        _require(plain, program, f"{name} is no scatter but its positions are not distinct indices")
        _require((statement.op is Op.NONE) == (not statement.bound), program, f"{name}: operation and loops disagree")
    if statement.op in (Op.MAX, Op.MIN):
        _require(isinstance(statement.body, Read), program, f"{name} takes an extremum of what is not stored")


def _whole_axes(statement: Statement, r: Read) -> int:
    """How many axes of an argument an opaque statement takes whole."""
    body = statement.body
    return body.rank_of(r) if isinstance(body, Opaque) and r in body.operands else 0


def _check_names(program: Program, statement: Statement, sizes: set[str]) -> None:
    in_scope = set(sizes)
    for loop in statement.loops:
        stray = free_names(loop.extent) - in_scope
        _require(not stray, program, f"the loop {loop.name} uses {sorted(stray)} out of scope")
        in_scope.add(loop.name)
    parts = (statement.body, statement.guard, *statement.positions)
    used = frozenset().union(*(free_names(e) for e in parts)) - in_scope
    _require(not used, program, f"{statement.target.name} uses {sorted(used)} out of scope")


def _check_heads(program: Program, statement: Statement) -> None:
    body: Expr = statement.body
    stray = sorted(type(node).__name__ for node in body.atoms(*FORBIDDEN))
    _require(not stray, program, f"{statement.target.name} holds {', '.join(stray)}")


def _require(condition: bool, program: Program, message: str) -> None:
    if not condition:
        raise AssertionError(f"program {program.name}: {message}")
