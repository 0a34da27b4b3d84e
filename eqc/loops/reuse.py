"""Temporary arrays that can stand in the memory of a result, which is written after their last use.

New memory for a long array costs more than the work on it: the system clears every page when it is first touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, statement_reads, tensors_read
from eqc.loops.nest import Kept, Leaf, Loop, Nest


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A statement: its place in the order of execution, the number of its nest, and the loops around it."""

    place: int
    number: int
    leaf: Leaf
    loops: tuple[int, ...]

    @property
    def statement(self) -> Statement:
        return self.leaf.statement


def standing_in(program: Program, tree: Sequence[Nest], storage: Mapping[str, Kept]) -> dict[str, str]:
    """Temporaries by name, each with the result in whose memory it stands."""
    found_in = [(number, *one) for number, node in enumerate(tree) for one in _placed(node, ())]
    leaves = [_Placed(place, *one) for place, one in enumerate(found_in)]
    checked = frozenset().union(*(check.reads for check in program.checks))
    readers = _readers(leaves)
    results = [one for one in leaves if one.statement.target.name in program.outputs and _is_entrywise(one.leaf)]
    found: dict[str, str] = {}
    for one in leaves:
        name = one.statement.target.name
        is_whole = name in storage and storage[name] == Kept() and name not in checked
        if not is_whole or not one.statement.target.rank or not _is_entrywise(one.leaf):
            continue
        for result in results:
            free = result.statement.target.name not in found.values()
            if free and one.number < result.number and _fits(one, result) and _is_done(name, result, readers):
                found[name] = result.statement.target.name
                break
    return found


def _placed(node: Nest, loops: tuple[int, ...]) -> Iterator[tuple[Leaf, tuple[int, ...]]]:
    """The statements of a nest, in order of execution, and the loops around each."""
    if isinstance(node, Loop):
        for part in node.body:
            yield from _placed(part, (*loops, id(node)))
    else:
        yield node, loops


def _is_entrywise(leaf: Leaf) -> bool:
    """Whether a statement writes every entry of an array of reals once."""
    statement = leaf.statement
    plain = statement.op is Op.NONE and not statement.scatter and not isinstance(statement.body, Opaque)
    places = {loop.symbol for loop in statement.loops}
    return plain and leaf.item.product is None and not statement.target.integer and places == {*statement.positions}


def _fits(temporary: _Placed, result: _Placed) -> bool:
    return temporary.statement.target.shape == result.statement.target.shape


def _readers(leaves: Sequence[_Placed]) -> Mapping[str, list[_Placed]]:
    """The statements that read each tensor, in order of execution."""
    readers: defaultdict[str, list[_Placed]] = defaultdict(list)
    for one in leaves:
        for name in tensors_read(one.statement):
            readers[name].append(one)
    return readers


def _is_done(name: str, result: _Placed, readers: Mapping[str, list[_Placed]]) -> bool:
    """Whether a temporary is read for the last time where the result is written, entry by entry, or before.

    The result itself must not be needed before its own loop.
    """
    late = [one for one in readers.get(name, ()) if one.number >= result.number]
    return (
        all(_reads_beside(name, one, result) for one in late)
        and not any(one.place > result.place for one in late)
        and all(one is result for one in readers.get(result.statement.target.name, ()))
    )


def _reads_beside(name: str, one: _Placed, result: _Placed) -> bool:
    """Whether a statement reads of a temporary, in each turn of the result's loops, the entry that is written there."""
    positions = result.statement.positions
    turns = one.loops == result.loops and not result.leaf.inner
    return (one is result or turns) and all(
        r.positions == positions for r in statement_reads(one.statement) if r.tensor == name
    )
