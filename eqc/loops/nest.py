"""Loop nests: statements over the same loops share them, and temporaries live no longer than they must.

A statement joins an earlier statement's loop if every tensor made in that loop is read only at the loop's own index;
what a loop sums up is complete after it. Products of matrices take the rows of a loop in blocks that stay in cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import sympy as sp

from eqc.ir.products import is_rectangular
from eqc.ir.program import Program, Statement, statement_reads, tensors_read
from eqc.ir.terms import Expr, Index
from eqc.loops.groups import Group, Line
from eqc.loops.guarded import condition_of, outside
from eqc.loops.order import Item, items_of


@dataclass(slots=True)
class Leaf:
    """One statement; `inner` are the loops that it opens itself.

    A `partial` one adds to a sum that a loop around it starts and ends.
    """

    item: Item
    inner: tuple[Index, ...]
    partial: bool = False

    @property
    def statement(self) -> Statement:
        return self.item.statement


@dataclass(slots=True)
class Loop:
    """A loop over an index with the nests inside it, in order; `sums` are complete after it.

    A `blocked` one runs over blocks of rows: products of matrices take a block at once, and the other nests in it are
    loops over the rows of a block. Where the `condition` does not hold, no round adds anything.
    """

    index: Index
    body: list[Loop | Leaf] = field(default_factory=list)
    sums: list[Item] = field(default_factory=list)
    blocked: bool = False
    condition: Expr = sp.true
    summed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.summed = frozenset(item.statement.target.name for item in self.sums)


Nest = Loop | Leaf


def nests(program: Program, *, shared: bool = True, apart: frozenset[str] = frozenset()) -> list[Nest]:
    """The loop nests of a program, in order of execution; `shared` ones may sum up in any loop.

    Statements that are `apart`, by their targets, are not summed up in tiles.
    """
    computed = {s.target.name for s in program.statements}
    checked = frozenset().union(*(check.reads & computed for check in program.checks))
    tree = _build(items_of(program, shared=shared, apart=apart), 0, checked)
    return [part for node in tree for part in _by_conditions(node, apart)]


def _build(items: Sequence[Item], depth: int, checked: frozenset[str]) -> list[Nest]:
    line = Line()
    for item in items:
        _place(line, item, depth, checked)
    result: list[Nest] = []
    for group in _merged(line, checked):
        if group.index is None:
            (item,) = group.members
            result.append(Leaf(item, item.inner(depth), partial=item.first_bound is not None))
        else:
            result += _loops(group, group.index, checked)
    return result


def _loops(group: Group, index: Index, checked: frozenset[str]) -> list[Nest]:
    """The loop of a group; products alone need no blocks."""
    group = _with_rows(group)
    depth, members = group.depth, group.members
    if not any(m.takes_block(depth) for m in members):
        if _gains_vectors(group):
            return [_blocked(group, index, checked)]
        return [Loop(index, _build(members, depth + 1, checked), group.sums)]
    made = {m.statement.target.name for m in members}
    if all(m.takes_block(depth) and not m.is_weighted and not made & tensors_read(m.statement) for m in members):
        whole = [replace(m, order=(m.order or ())[:depth]) for m in members]
        return [Leaf(m, m.inner(depth), partial=m.first_bound is not None) for m in whole]
    return [_blocked(group, index, checked)]


def _by_conditions(node: Nest, apart: frozenset[str]) -> list[Nest]:
    """A loop parted into one for each condition on which all that its rounds add depends."""
    if isinstance(node, Leaf):
        return [node]
    node.body = [part for inner in node.body for part in _by_conditions(inner, apart)]
    found = [sp.true if node.blocked or node.sums else _condition(part, node.index, apart) for part in node.body]
    if all(condition == sp.true for condition in found):
        return [node]
    runs: dict[Expr, Loop] = {}
    for part, condition in zip(node.body, found, strict=True):
        runs.setdefault(condition, replace(node, body=[], condition=condition)).body.append(part)
    return list(runs.values())


def _condition(node: Nest, index: Index, apart: frozenset[str]) -> Expr:
    """What has to hold for a statement in a loop to add anything in any round; True where that does not help."""
    if isinstance(node, Loop) or node.statement.target.name in apart:
        return sp.true
    statement, loops = node.statement, (index, *node.inner)
    adds = node.partial or statement.scatter
    return condition_of(statement) if adds and outside(statement, loops) == 0 else sp.true


def _with_rows(group: Group) -> Group:
    """The group; products with vectors are loops where others run along rows, too, and nothing else parts the loop."""
    others = [m for m in group.members if m.vector is None]
    plain = group.with_members([m.by_loops() for m in group.members])
    joined = any(m.has_loops_below(group.depth) for m in others) and not _gains_vectors(plain)
    return plain if joined and not any(m.takes_block(group.depth) for m in others) else group


def _blocked(group: Group, index: Index, checked: frozenset[str]) -> Loop:
    """A loop over blocks of rows, and in each block what runs over its rows one after the other."""
    depth = group.depth
    body: list[Nest] = []
    kind, gathered = "", _gathered(group.members, depth)
    kinds = [kind := _kind(m, depth, kind) for m in gathered]
    for members in _runs(kinds, gathered):
        if members[0].takes_block(depth):
            body += [Leaf(m, m.inner(depth + 1), partial=m.first_bound is not None) for m in members]
        else:
            body.append(Loop(index, _build(members, depth + 1, checked)))
    return Loop(index, body, group.sums, blocked=True)


def _gathered(members: Sequence[Item], depth: int) -> list[Item]:
    """The members, those that take no block joined with earlier ones where they need nothing that stands between."""
    result: list[Item] = []
    for item in members:
        needs = tensors_read(item.statement)
        first = max((n for n, m in enumerate(result) if m.statement.target.name in needs), default=0)
        others = [n for n in range(first, len(result)) if not result[n].takes_block(depth)]
        place = others[-1] + 1 if others and not item.takes_block(depth) else len(result)
        result.insert(place, item)
    return result


def _kind(item: Item, depth: int, before: str) -> str:
    """What a statement is in a block; cheap ones go with what stands before them."""
    if item.takes_block(depth):
        return "product"
    if item.has_loops_below(depth):
        return "nest"
    return "vector" if item.calls_vector_function() or before in ("", "product") else before


def _gains_vectors(group: Group) -> bool:
    """Whether functions of numbers stand beside loops in a loop, but run in vectors once the loop is parted.

    Only numbers, one for each row, may then have to be stored for a block.
    """
    depth, kind = group.depth, ""
    kinds = [kind := _kind(m, depth, kind) for m in group.members]
    functions = [m for m in group.members if not m.has_loops_below(depth) and m.calls_vector_function()]
    if not functions or "nest" not in kinds or not all(is_rectangular(m.statement) for m in group.members):
        return False
    run_of = {m.statement.target.name: n for n, run in enumerate(_runs(kinds, group.members)) for m in run}
    ranks = {m.statement.target.name: m.statement.target.rank for m in group.members}
    return not any(
        ranks[name] > depth + 1 and run_of[name] != run_of[m.statement.target.name]
        for m in group.members
        for name in tensors_read(m.statement) & run_of.keys()
    )


def _runs(kinds: Sequence[str], members: Sequence[Item]) -> list[list[Item]]:
    pairs = zip(kinds, members, strict=True)
    return [[m for _, m in run] for _, run in groupby(pairs, lambda pair: pair[0])]


def _place(line: Line, item: Item, depth: int, checked: frozenset[str]) -> None:
    """Join the earliest group that may hold the statement, else open a new one at the end."""
    needs = tensors_read(item.statement)
    for index, chosen in item.choices(depth):
        for group in line.open_to(needs, checked, index.extent):
            if group.index is not None and _may_join(group, chosen, index):
                line.join(group, chosen.renamed(index, group.index))
                return
    alone = item.alone(depth)
    if alone is not None:
        line.append(Group(alone[0], [alone[1]], depth))
    elif item.statement.loops:
        line.append(Group(None, [item], depth))
    else:
        # a number is computed as soon as it can be, so that loops that need it may run together
        line.insert_after(line.last_maker(needs), Group(None, [item], depth))


def _merged(groups: Line, checked: frozenset[str]) -> Line:
    """The groups, later ones joined with the earliest ones that their members may all join.

    A statement may have found no group to share work with before a later one brought them together.
    """
    result = Line()
    for group in groups:
        home = _home(result, group, group.index, checked) if group.index is not None else None
        if home is None:
            result.append(group)
        else:
            for member in _renamed(group, home):
                result.join(home, member)
    return result


def _home(line: Line, group: Group, index: Index, checked: frozenset[str]) -> Group | None:
    """The earliest group with which another one can be joined, and shares work."""
    needs = group.worked_on(copies=False) - group.made
    for other in line.open_to(group.worked_on(copies=True) - group.made, checked, index.extent):
        if other.worked_on(copies=False) & needs:
            joined = other.with_members(other.members)
            if all(_joins(joined, m, index) for m in group.members):
                return other
    return None


def _renamed(group: Group, home: Group) -> list[Item]:
    """The members of a group over the loop of another one."""
    assert group.index is not None
    assert home.index is not None
    return [m.renamed(group.index, home.index) for m in group.members]


def _joins(group: Group, item: Item, index: Index) -> bool:
    """Join a group if that may be."""
    assert group.index is not None
    if not _may_join(group, item, index):
        return False
    group.add(item.renamed(index, group.index))
    return True


def _may_join(group: Group, item: Item, index: Index) -> bool:
    assert group.index is not None
    statement, depth = item.statement, group.depth
    if group.index.extent != index.extent or _captures(statement, index, group.index):
        return False
    copies = item.product is not None
    if item.first_bound == depth and not tensors_read(statement) & group.worked_on(copies=copies):
        return False
    return all(
        r.tensor not in group.summed and len(r.positions) > depth and r.positions[depth] == index.symbol
        for r in statement_reads(statement)
        if r.tensor in group.made
    )


def _captures(statement: Statement, old: Index, new: Index) -> bool:
    """Whether renaming the loop would collide with another loop of the statement."""
    return old.name != new.name and any(loop.name == new.name for loop in statement.loops)


def made(node: Nest) -> set[str]:
    """The tensors that a nest computes."""
    if isinstance(node, Leaf):
        return {node.statement.target.name}
    return set().union(*(made(part) for part in node.body))


def loops_of(tree: Sequence[Nest]) -> Iterator[Loop]:
    """All loops, outer ones first."""
    for node in tree:
        if isinstance(node, Loop):
            yield node
            yield from loops_of(node.body)


def leaves_of(tree: Sequence[Nest]) -> Iterator[Leaf]:
    """All statements, in order of execution."""
    for node in tree:
        if isinstance(node, Leaf):
            yield node
        else:
            yield from leaves_of(node.body)


@dataclass(frozen=True, slots=True)
class Kept:
    """How a temporary is stored: without so many leading axes, and then with a block's rows only."""

    dropped: int = 0
    blocked: Loop | None = None


_Path = tuple[Loop, ...]


def contract(tree: Sequence[Nest], program: Program) -> dict[str, Kept]:
    """How temporaries are stored, given the loops that they live inside.

    Outputs and inputs keep all their axes.
    """
    paths: dict[str, list[_Path]] = {}
    ranks: dict[str, int] = {}
    keep = set(program.outputs) | {t.name for t in program.inputs}
    _collect(tree, (), paths, ranks)
    return {name: _kept(_common(paths[name]), rank) for name, rank in ranks.items() if name not in keep}


def _collect(tree: Sequence[Nest], path: _Path, paths: dict[str, list[_Path]], ranks: dict[str, int]) -> None:
    for node in tree:
        if isinstance(node, Loop):
            _collect(node.body, (*path, node), paths, ranks)
            continue
        item = node.item
        target = item.statement.target
        ranks[target.name] = target.rank
        own = [n for n, loop in enumerate(path) if target.name in loop.summed]
        paths.setdefault(target.name, []).append(path[: own[0]] if own else path)
        for name in sorted(tensors_read(item.statement)):
            paths.setdefault(name, []).append(path)


def _common(paths: list[_Path]) -> _Path:
    length = 0
    for level in zip(*paths, strict=False):
        if any(loop is not level[0] for loop in level):
            break
        length += 1
    return paths[0][:length]


def _kept(common: _Path, rank: int) -> Kept:
    """A block counts as an axis only together with the loop over its rows."""
    plain = sum(not loop.blocked for loop in common)
    ends_in_block = bool(common) and common[-1].blocked and rank > plain
    return Kept(min(rank, plain), common[-1] if ends_in_block else None)
