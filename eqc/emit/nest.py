"""Loop nests: statements over the same outer loops share them, and temporaries live no longer than they must.

A statement joins an earlier statement's loop if every tensor made in that loop is read only at the loop's own index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eqc.ir.program import Program, Statement, statement_reads, tensors_read
from eqc.ir.terms import Index
from eqc.ir.walk import substitute


@dataclass(slots=True)
class Leaf:
    """One statement; `inner` are the loops that it opens itself (reductions and scatters)."""

    statement: Statement
    inner: tuple[Index, ...]


@dataclass(slots=True)
class Loop:
    """A loop over an index with the nests inside it, in order."""

    index: Index
    body: list[Loop | Leaf] = field(default_factory=list)


Nest = Loop | Leaf


@dataclass(slots=True)
class _Group:
    """Statements that share the loop at one depth."""

    index: Index | None
    members: list[Statement]


def nests(program: Program) -> list[Nest]:
    """The loop nests of a program, in order of execution."""
    computed = {s.target.name for s in program.statements}
    checked = frozenset().union(*(check.reads & computed for check in program.checks))
    return _build(list(program.statements), 0, checked)


def _build(statements: Sequence[Statement], depth: int, checked: frozenset[str]) -> list[Nest]:
    groups: list[_Group] = []
    for statement in statements:
        _place(groups, statement, depth, checked)
    result: list[Nest] = []
    for group in groups:
        if group.index is None:
            (statement,) = group.members
            inner = statement.loops if statement.scatter else statement.bound
            result.append(Leaf(statement, inner))
        else:
            result.append(Loop(group.index, _build(group.members, depth + 1, checked)))
    return result


def _place(groups: list[_Group], statement: Statement, depth: int, checked: frozenset[str]) -> None:
    """Join the earliest group that may hold the statement, else open a new one at the end.

    Positions that are checked once they are computed are complete before anything reads at them.
    """
    index = _loop_at(statement, depth)
    needs = tensors_read(statement)
    last = max((n for n, g in enumerate(groups) if needs & {m.target.name for m in g.members}), default=-1)
    if index is not None:
        first = last + 1 if needs & checked else max(last, 0)
        for group in groups[first:]:
            if group.index is not None and _may_join(group, statement, index, depth):
                group.members.append(_with_index(statement, index, group.index))
                return
    groups.append(_Group(index, [statement]))


def _loop_at(statement: Statement, depth: int) -> Index | None:
    """The free loop at a depth; scatters keep their loops to themselves."""
    free = () if statement.scatter else statement.free
    return free[depth] if depth < len(free) else None


def _may_join(group: _Group, statement: Statement, index: Index, depth: int) -> bool:
    assert group.index is not None
    if group.index.extent != index.extent or _captures(statement, index, group.index):
        return False
    made = {m.target.name for m in group.members}
    return all(
        len(r.positions) > depth and r.positions[depth] == index.symbol
        for r in statement_reads(statement)
        if r.tensor in made
    )


def _captures(statement: Statement, old: Index, new: Index) -> bool:
    """Whether renaming the loop would collide with another loop of the statement."""
    return old.name != new.name and any(loop.name == new.name for loop in statement.loops)


def _with_index(statement: Statement, old: Index, new: Index) -> Statement:
    if old.name == new.name:
        return statement
    mapping = {old.symbol: new.symbol}
    return replace(
        statement,
        loops=tuple(
            new if loop == old else Index(loop.name, substitute(loop.extent, mapping)) for loop in statement.loops
        ),
        positions=tuple(substitute(p, mapping) for p in statement.positions),
        body=substitute(statement.body, mapping),
        guard=substitute(statement.guard, mapping),
    )


def made(node: Nest) -> set[str]:
    """The tensors that a nest computes."""
    if isinstance(node, Leaf):
        return {node.statement.target.name}
    return set().union(*(made(part) for part in node.body))


def contract(tree: list[Nest], program: Program) -> dict[str, int]:
    """How many leading axes each temporary can drop, since it lives inside the loops over them.

    Outputs and inputs keep all their axes.
    """
    paths: dict[str, list[tuple[int, ...]]] = {}
    ranks: dict[str, int] = {}
    keep = set(program.outputs) | {t.name for t in program.inputs}
    _collect(tree, (), paths, ranks)
    dropped: dict[str, int] = {}
    for name, rank in ranks.items():
        if name not in keep:
            dropped[name] = min(rank, _common(paths[name]))
    return dropped


def _collect(
    tree: Sequence[Nest], path: tuple[int, ...], paths: dict[str, list[tuple[int, ...]]], ranks: dict[str, int]
) -> None:
    for node in tree:
        if isinstance(node, Loop):
            _collect(node.body, (*path, id(node)), paths, ranks)
            continue
        target = node.statement.target
        ranks[target.name] = target.rank
        paths.setdefault(target.name, []).append(() if node.statement.scatter else path)
        for name in sorted(tensors_read(node.statement)):
            paths.setdefault(name, []).append(path)


def _common(paths: list[tuple[int, ...]]) -> int:
    length = 0
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        length += 1
    return length
