"""Temporaries that are read once, or say no more than a read, stand where they are read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, statement_reads, tensors_read, users_of
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import height, substitute

_DEEPEST = 32
"""Levels of a body that still goes into another one: a chain of a thousand statements is no single expression."""


def inline(program: Program) -> Program:
    """Put temporaries in the place of their reads where that repeats no work worth naming."""
    fixed = set(program.outputs).union(*(check.reads for check in program.checks))
    work = _Inlining(program)
    for statement in program.statements:
        name = statement.target.name
        if name not in fixed and _may_inline(work.settled(name), work.readers(name)):
            work.take_out(name)
    return program.with_statements(tuple(work.settled(name) for name in work.statements))


class _Inlining:
    """The statements that are left; what goes into one of them is put there at once, when its body is asked for."""

    def __init__(self, program: Program) -> None:
        self.statements = {s.target.name: s for s in program.statements}
        self.places = {name: number for number, name in enumerate(self.statements)}
        self.users = users_of(program)
        self.waiting: defaultdict[str, dict[str, Statement]] = defaultdict(dict)
        self.brought: defaultdict[str, set[str]] = defaultdict(set)

    def settled(self, name: str) -> Statement:
        """A statement with all in it that goes there."""
        waiting = self.waiting.pop(name, None)
        if waiting:
            self.brought.pop(name)
            self.statements[name] = _inlined(self.statements[name], waiting)
        return self.statements[name]

    def readers(self, name: str) -> list[Statement]:
        """The statements that read a tensor, in order, at least with what goes there and reads it."""
        found = sorted(self.users[name] & self.statements.keys(), key=self.places.__getitem__)
        return [self.settled(n) if name in self.brought.get(n, ()) else self.statements[n] for n in found]

    def take_out(self, name: str) -> None:
        """Put a statement into all that read it."""
        statement = self.settled(name)
        del self.statements[name]
        for reader in self.users[name] & self.statements.keys():
            self.waiting[reader][name] = statement
            self.brought[reader] |= tensors_read(statement)
            for operand in tensors_read(statement):
                self.users[operand].add(reader)


def _may_inline(statement: Statement, users: list[Statement]) -> bool:
    if statement.op is not Op.NONE or statement.scatter or statement.target.integer:
        return False
    name = statement.target.name
    if not users or isinstance(statement.body, Opaque) or any(_reads_whole(s, name) for s in users):
        return False
    if _is_trivial(statement.body):
        return not any(_is_extremum(s) for s in users)
    if len(users) > 1 or _is_extremum(users[0]) or statement.target.rank == 0 or height(statement.body) > _DEEPEST:
        return False
    sites = _sites(users[0]).get(name, [])
    return len(sites) == 1 and _runs_once(users[0], sites[0]) and _occurrences(users[0].body)[sites[0]] == 1


@lru_cache(maxsize=1024)
def _sites(statement: Statement) -> Mapping[str, list[Read]]:
    """The reads of each tensor."""
    sites: defaultdict[str, list[Read]] = defaultdict(list)
    for r in statement_reads(statement):
        sites[r.tensor].append(r)
    return sites


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
    return isinstance(statement.body, Opaque) or name in _read_in_loops(statement)


@lru_cache(maxsize=1024)
def _read_in_loops(statement: Statement) -> frozenset[str]:
    """The tensors that a loop's extent or a position of a read or of the target uses."""
    inner = [loop.extent for loop in statement.loops] + list(statement.positions)
    inner += [p for r in statement_reads(statement) for p in r.positions]
    return frozenset(s.tensor for e in inner for s in e.free_symbols if isinstance(s, Read))


def _runs_once(user: Statement, site: Read) -> bool:
    """Whether every loop of the user is an index of the read, so that nothing is computed twice."""
    symbols = set().union(*(p.free_symbols for p in site.positions)) if site.positions else set()
    return all(loop.symbol in symbols for loop in user.loops)


@lru_cache(maxsize=1024)
def _occurrences(body: Expr) -> Counter[Read]:
    """How often each read stands in a body."""
    return Counter(node for node in sp.preorder_traversal(body) if isinstance(node, Read))


def _inlined(user: Statement, inlined: Mapping[str, Statement]) -> Statement:
    """A statement with others in the place of the reads of their targets."""

    def change(r: Read) -> Expr:
        statement = inlined.get(r.tensor)
        if statement is None:
            return r
        return substitute(statement.body, dict(zip(statement.positions, r.positions, strict=True)))

    return map_statement(user, change)
