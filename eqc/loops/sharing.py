"""Which loops of a kernel the threads of a team share, and where they have to meet.

Every thread runs the whole kernel; numbers are computed by all of them. The rounds of an outermost loop are shared if
no two of them write to the same place; what they sum up is put together after the loop. Threads meet before one
reads what another has written, or writes what another may still be reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from eqc.ir.opaque import Opaque
from eqc.ir.products import is_small
from eqc.ir.program import Op, Program, statement_reads
from eqc.ir.terms import Expr, Index
from eqc.loops.nest import Kept, Leaf, Loop, Nest, leaves_of
from eqc.loops.symmetric import is_symmetric


class How(Enum):
    """Who runs a nest: each thread all of it, each its share of the rounds, or one thread alone."""

    EACH = "each"
    SHARE = "share"
    ONE = "one"


_Way = tuple[Expr, int] | None
"""How threads go through an array: each through its share of an extent on one axis; None if anywhere."""


@dataclass(frozen=True, slots=True)
class Part:
    """How the team runs one of the outermost nests; with `waits`, threads meet before it."""

    how: How
    waits: bool


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a team runs a kernel: its outermost nests in order, and the temporary arrays that are the same for all."""

    parts: tuple[Part, ...]
    arrays: frozenset[str]


def sharing_of(
    program: Program, tree: Sequence[Nest], storage: Mapping[str, Kept], reused: Mapping[str, str]
) -> Sharing | None:
    """How a team runs a kernel; None if there is nothing to share, or no way to."""
    computed = {s.target.name for s in program.statements}
    late = any(check.reads & computed for check in program.checks)
    if program.applied or late or not program.statements:
        return None
    leaves = {leaf.statement.target.name: leaf for leaf in leaves_of(tree)}
    hows = [_how(node, storage, leaves) for node in tree]
    found = [how for how in hows if how is not None]
    long = [n for n, how in zip(tree, hows, strict=True) if how is How.SHARE and not is_small(_shared_loop(n))]
    if not long or None in hows:
        return None
    arrays = frozenset(_shared_arrays(tree, found, storage))
    results = {name for name in program.outputs if program.tensors[name].rank}
    track = _Track({name: reused.get(name, name) for name in sorted(arrays | results)})
    parts = tuple(Part(how, track.before(node, how)) for node, how in zip(tree, found, strict=True))
    return Sharing(parts, arrays)


# who runs a nest ----------------------------------------------------------------------------------------------------


def _how(node: Nest, storage: Mapping[str, Kept], leaves: Mapping[str, Leaf]) -> How | None:
    """Who runs a nest; None if no team can."""
    if isinstance(node, Leaf):
        return _how_alone(node, leaves)
    if all(_is_apart(leaf, node, storage) for leaf in leaves_of([node])):
        return How.SHARE
    results = [leaf.statement.target for leaf in leaves_of([node]) if not _is_private(leaf, storage)]
    if all(target.rank for target in results):
        return How.ONE
    return None if any(target.rank for target in results) else How.EACH


def _how_alone(leaf: Leaf, leaves: Mapping[str, Leaf]) -> How | None:
    """Who runs a statement that has no loop in common with others."""
    statement = leaf.statement
    if isinstance(statement.body, Opaque):
        return None
    if leaf.item.whole is not None:
        outside = [loop for loop in leaf.inner if loop.symbol not in leaf.item.whole.letters]
        whole = is_symmetric(leaf.item, leaves) or any(loop in statement.bound for loop in outside)
        return How.ONE if whole else How.SHARE
    if statement.op in (Op.ARGMAX, Op.ARGMIN) and not statement.target.rank:
        return How.SHARE
    return How.ONE if statement.target.rank else How.EACH


def _is_apart(leaf: Leaf, loop: Loop, storage: Mapping[str, Kept]) -> bool:
    """Whether the rounds of an outermost loop do not get into each other's way in a statement."""
    target = leaf.statement.target
    if target.name in loop.summed:
        return True
    if _is_private(leaf, storage):
        return True
    if leaf.statement.scatter:
        return loop.index in (leaf.item.order or ())
    return loop.index.symbol in leaf.statement.positions


def _is_private(leaf: Leaf, storage: Mapping[str, Kept]) -> bool:
    """Whether a statement writes to what lives no longer than a round, or a block of rounds."""
    kept = storage.get(leaf.statement.target.name, Kept())
    return kept.dropped > 0 or kept.blocked is not None


def _shared_arrays(tree: Sequence[Nest], hows: Sequence[How], storage: Mapping[str, Kept]) -> Iterator[str]:
    """Temporaries to which threads write a part each."""
    for node, how in zip(tree, hows, strict=True):
        sums = _shared_sums(node, how)
        for leaf in leaves_of([node]):
            target = leaf.statement.target
            stays = target.name in storage and target.name not in sums and not _is_private(leaf, storage)
            if how is not How.EACH and target.rank and stays:
                yield target.name


def _shared_sums(node: Nest, how: How) -> frozenset[str]:
    """What threads sum up together, of which each then has the whole."""
    return node.summed if isinstance(node, Loop) and how is How.SHARE else frozenset()


# where they meet ----------------------------------------------------------------------------------------------------


@dataclass
class _Track:
    """How arrays that all threads see, by where they stand in memory, were written and read since the last meeting."""

    names: Mapping[str, str]
    written: dict[str, set[_Way]] = field(default_factory=dict)
    read: dict[str, set[_Way]] = field(default_factory=dict)

    def before(self, node: Nest, how: How) -> bool:
        """Whether the threads have to meet before a nest; takes note of what it reads and writes."""
        reads, writes = self._reads(node, how), self._writes(node, how)
        waits = how is How.ONE or any(_meets(self.written, name, way) for name, way in reads)
        waits |= any(_meets(self.written, name, way) or _meets(self.read, name, way) for name, way in writes)
        if waits:
            self._met()
        for places, found in ((self.read, reads), (self.written, writes)):
            for name, way in found:
                places.setdefault(name, set()).add(way)
        sums = _shared_sums(node, how)
        if sums:
            self._met()
            for name in sorted(sums):
                self._note_sum(name)
        return waits

    def _met(self) -> None:
        self.written.clear()
        self.read.clear()

    def _note_sum(self, name: str) -> None:
        """All threads write the same sums to a result: none may write something else there before they have met."""
        if name in self.names:
            self.read.setdefault(self.names[name], set()).add(None)

    def _reads(self, node: Nest, how: How) -> list[tuple[str, _Way]]:
        loop = _shared_loop(node) if how is How.SHARE else None
        reads = [r for leaf in leaves_of([node]) for r in statement_reads(leaf.statement) if r.tensor in self.names]
        return [(self.names[r.tensor], _way(r.positions, loop)) for r in reads]

    def _writes(self, node: Nest, how: How) -> list[tuple[str, _Way]]:
        loop = _shared_loop(node) if how is How.SHARE else None
        sums = _shared_sums(node, how)
        leaves = [leaf.statement for leaf in leaves_of([node]) if leaf.statement.target.name not in sums]
        return [(self.names[s.target.name], _way(s.positions, loop)) for s in leaves if s.target.name in self.names]


def _shared_loop(node: Nest) -> Index:
    """The loop whose rounds the threads share."""
    if isinstance(node, Loop):
        return node.index
    whole = node.item.whole
    return node.inner[0] if whole is None else whole.row


def _way(positions: Sequence[Expr], loop: Index | None) -> _Way:
    axes = [axis for axis, position in enumerate(positions) if loop is not None and position == loop.symbol]
    return (loop.extent, axes[0]) if loop is not None and axes else None


def _meets(places: Mapping[str, set[_Way]], name: str, way: _Way) -> bool:
    """Whether a thread may come to where another one was."""
    return name in places and (way is None or places[name] != {way})
