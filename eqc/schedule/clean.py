"""Clean-up passes: dead statements and copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from eqc.ir.place import Change, map_statement
from eqc.ir.program import Area, Op, Program, Statement, Use, tensors_read, users_of
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import map_reads


def drop_dead(program: Program) -> Program:
    """Keep the statements that some output depends on."""
    wanted, kept = set(program.outputs).union(*(check.reads for check in program.checks)), []
    for statement in reversed(program.statements):
        if statement.target.name in wanted:
            wanted |= tensors_read(statement)
            kept.append(statement)
    return program.with_statements(tuple(reversed(kept)))


def rename_copies(program: Program) -> Program:
    """What is computed only to be copied gets the copy's name."""
    statements = {s.target.name: s for s in program.statements}
    places = {name: number for number, name in enumerate(statements)}
    users = users_of(program)
    renamed: dict[str, str] = {}
    fixed = set(program.outputs).union(*(check.reads for check in program.checks))
    for name in list(statements):
        source = _copied(statements[name])
        producer = statements.get(source) if source is not None else None
        if source is None or producer is None or source in fixed or not _same_kind(producer, statements[name]):
            continue
        places[name] = places.pop(source)
        statements[name] = replace(producer, target=statements[name].target)
        del statements[source]
        renamed[source] = name
        readers = users.pop(source) & statements.keys() - {name}
        for reader in sorted(readers):
            statements[reader] = map_statement(statements[reader], _renaming({source: name}))
        users[name] |= readers
        for operand in tensors_read(statements[name]):
            users[operand].add(name)
    for source in reversed(renamed):  # what was renamed twice has the last name
        renamed[source] = renamed.get(renamed[source], renamed[source])
    ordered = tuple(statements[name] for name in sorted(statements, key=places.__getitem__))
    uses = tuple(_renamed_use(use, renamed) for use in program.uses)
    areas = tuple(_renamed_area(area, renamed) for area in program.areas)
    return replace(program, statements=ordered, uses=uses, areas=areas)


def _same_kind(producer: Statement, copy: Statement) -> bool:
    """Whether two tensors have one type and one shape, so that one can stand for the other."""
    same_shape = all(sp.expand(a - b) == 0 for a, b in zip(producer.target.shape, copy.target.shape, strict=True))
    return same_shape and producer.target.integer == copy.target.integer


def _copied(statement: Statement) -> str | None:
    """The tensor that a statement copies entry by entry."""
    body = statement.body
    plain = statement.op is Op.NONE and not statement.scatter and isinstance(body, Read)
    return body.tensor if plain and body.positions == statement.positions else None


def _renaming(names: Mapping[str, str]) -> Change:
    def change(r: Read) -> Expr:
        return read(names[r.tensor], r.positions, integer=bool(r.is_integer)) if r.tensor in names else r

    return change


def _renamed_area(area: Area, names: Mapping[str, str]) -> Area:
    return replace(area, node=names.get(area.node, area.node), weight=names.get(area.weight, area.weight))


def _renamed_use(use: Use, names: Mapping[str, str]) -> Use:
    arguments = tuple(map_reads(a, _renaming(names)) for a in use.arguments)
    return replace(use, tensor=names.get(use.tensor, use.tensor), arguments=arguments)
