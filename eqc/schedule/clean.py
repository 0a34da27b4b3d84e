"""Clean-up passes: dead statements, copies, and temporaries that are read once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.place import Change, map_statement
from eqc.ir.program import Area, Op, Program, Statement, Use, statement_reads, tensors_read
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import map_reads, substitute


def drop_dead(program: Program) -> Program:
    """Keep the statements that some output depends on."""
    wanted, kept = set(program.outputs).union(*(check.reads for check in program.checks)), []
    for statement in reversed(program.statements):
        if statement.target.name in wanted:
            wanted |= tensors_read(statement)
            kept.append(statement)
    return program.with_statements(tuple(reversed(kept)))


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


def rename_copies(program: Program) -> Program:
    """What is computed only to be copied gets the copy's name."""
    statements = list(program.statements)
    uses, areas = list(program.uses), list(program.areas)
    fixed = set(program.outputs).union(*(check.reads for check in program.checks))
    for original in program.statements:
        copy = next(s for s in statements if s.target.name == original.target.name)
        source = _copied(copy)
        producer = next((s for s in statements if source is not None and s.target.name == source), None)
        if producer is None or source in fixed or not _same_kind(producer, copy):
            continue
        position = statements.index(producer)
        statements.remove(copy)
        statements[position] = replace(producer, target=copy.target)
        rename = _renaming(str(source), copy.target.name)
        statements = [map_statement(s, rename) if source in tensors_read(s) else s for s in statements]
        uses = [_renamed_use(use, str(source), copy.target.name, rename) for use in uses]
        areas = [_renamed_area(area, {str(source): copy.target.name}) for area in areas]
    return replace(program, statements=tuple(statements), uses=tuple(uses), areas=tuple(areas))


def _same_kind(producer: Statement, copy: Statement) -> bool:
    """Whether two tensors have one type and one shape, so that one can stand for the other."""
    same_shape = all(sp.expand(a - b) == 0 for a, b in zip(producer.target.shape, copy.target.shape, strict=True))
    return same_shape and producer.target.integer == copy.target.integer


def _copied(statement: Statement) -> str | None:
    """The tensor that a statement copies entry by entry."""
    body = statement.body
    plain = statement.op is Op.NONE and not statement.scatter and isinstance(body, Read)
    return body.tensor if plain and body.positions == statement.positions else None


def _renaming(old: str, new: str) -> Change:
    def change(r: Read) -> Expr:
        return read(new, r.positions, integer=bool(r.is_integer)) if r.tensor == old else r

    return change


def _renamed_area(area: Area, names: Mapping[str, str]) -> Area:
    return replace(area, node=names.get(area.node, area.node), weight=names.get(area.weight, area.weight))


def _renamed_use(use: Use, old: str, new: str, rename: Change) -> Use:
    tensor = new if use.tensor == old else use.tensor
    return replace(use, tensor=tensor, arguments=tuple(map_reads(a, rename) for a in use.arguments))


def inline(program: Program) -> Program:
    """Put temporaries in the place of their reads where that repeats no work worth naming."""
    users: dict[str, set[int]] = defaultdict(set)
    statements: list[Statement | None] = list(program.statements)
    for number, statement in enumerate(program.statements):
        for name in tensors_read(statement):
            users[name].add(number)
    fixed = set(program.outputs).union(*(check.reads for check in program.checks))
    for number, _ in enumerate(program.statements):
        current = statements[number]
        assert current is not None
        readers = [(n, s) for n in sorted(users[current.target.name]) if (s := statements[n]) is not None]
        if current.target.name in fixed or not _may_inline(current, [s for _, s in readers]):
            continue
        statements[number] = None
        for n, reader in readers:
            statements[n] = _inlined(reader, current)
            for name in tensors_read(current):
                users[name].add(n)
    return program.with_statements(tuple(s for s in statements if s is not None))


def _may_inline(statement: Statement, users: list[Statement]) -> bool:
    if statement.op is not Op.NONE or statement.scatter or statement.target.integer:
        return False
    name = statement.target.name
    if not users or isinstance(statement.body, Opaque) or any(_reads_whole(s, name) for s in users):
        return False
    if _is_trivial(statement.body):
        return not any(_is_extremum(s) for s in users)
    if len(users) > 1 or _is_extremum(users[0]) or statement.target.rank == 0:
        return False
    sites = [r for r in statement_reads(users[0]) if r.tensor == name]
    return len(sites) == 1 and _runs_once(users[0], sites[0]) and _occurrences(users[0].body, sites[0]) == 1


def _is_extremum(statement: Statement) -> bool:
    """Extrema need stored values: their derivative compares for equality."""
    return statement.op in (Op.MAX, Op.MIN, Op.ARGMAX, Op.ARGMIN)


def _is_trivial(body: Expr) -> bool:
    """A read, a number, or a number times a read."""
    scaled = body.is_Mul and len(body.args) == 2 and body.args[0].is_number and isinstance(body.args[1], Read)
    return (isinstance(body, Read) and not _is_gather(body)) or body.is_number or scaled


def _is_gather(r: Read) -> bool:
    """Whether data decide the position, which is looked up once."""
    return any(isinstance(s, Read) for p in r.positions for s in p.free_symbols)


def _reads_whole(statement: Statement, name: str) -> bool:
    """Whether a tensor must stay stored for a statement, which takes it whole or finds its way by it."""
    return isinstance(statement.body, Opaque) or _reads_in_loops(statement, name)


def _reads_in_loops(statement: Statement, name: str) -> bool:
    """Whether a loop's extent or a position of a read or of the target uses the tensor."""
    inner = [loop.extent for loop in statement.loops] + list(statement.positions)
    inner += [p for r in statement_reads(statement) for p in r.positions]
    return any(isinstance(s, Read) and s.tensor == name for e in inner for s in e.free_symbols)


def _runs_once(user: Statement, site: Read) -> bool:
    """Whether every loop of the user is an index of the read, so that nothing is computed twice."""
    symbols = set().union(*(p.free_symbols for p in site.positions)) if site.positions else set()
    return all(loop.symbol in symbols for loop in user.loops)


def _occurrences(body: Expr, site: Read) -> int:
    return Counter(node for node in sp.preorder_traversal(body) if node == site)[site]


def _inlined(user: Statement, statement: Statement) -> Statement:
    name = statement.target.name
    if name not in tensors_read(user):
        return user

    def change(r: Read) -> Expr:
        if r.tensor != name:
            return r
        return substitute(statement.body, dict(zip(statement.positions, r.positions, strict=True)))

    return map_statement(user, change)
