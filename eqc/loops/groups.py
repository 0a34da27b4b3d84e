"""Statements that share a loop, and the order in which such groups run.

What a group makes and works on is kept as statements join it, and which group makes a tensor is looked up: a program of
many statements asks for each of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from eqc.ir.program import tensors_read
from eqc.ir.terms import Expr, Index, Read
from eqc.loops.order import Item

_GAP = 2**64
"""Between the places of neighbours, so that others can be put between them."""


class Group:
    """Statements that share the loop at one depth; one alone without a loop has no `index`.

    `made` are the tensors that they compute, `summed` those that this loop sums up, `work` what they read and make, and
    `plain_work` the same without copies of arrays.
    """

    def __init__(self, index: Index | None, members: Iterable[Item], depth: int) -> None:
        self.index = index
        self.depth = depth
        self.place = 0
        self.members: list[Item] = []
        self.made: set[str] = set()
        self.summed: set[str] = set()
        self.work: set[str] = set()
        self.plain_work: set[str] = set()
        for member in members:
            self.add(member)

    def add(self, item: Item) -> None:
        """Let a statement in, last."""
        name = item.statement.target.name
        self.members.append(item)
        self.made.add(name)
        if item.first_bound == self.depth:
            self.summed.add(name)
        used = {name, *tensors_read(item.statement)}
        self.work |= used
        if not isinstance(item.statement.body, Read):
            self.plain_work |= used

    def worked_on(self, *, copies: bool) -> set[str]:
        """What the members read and make; copies of arrays are worth a common loop only for blocks of rows."""
        return self.work if copies else self.plain_work

    @property
    def sums(self) -> list[Item]:
        """The statements that this loop sums up."""
        return [m for m in self.members if m.first_bound == self.depth]

    def with_members(self, members: Sequence[Item]) -> Group:
        """A group of other statements over the same loop."""
        return Group(self.index, members, self.depth)


class Line:
    """Groups in the order in which they run; only those without a loop are put between others."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.makers: dict[str, Group] = {}
        self.loops: defaultdict[Expr, list[Group]] = defaultdict(list)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    def append(self, group: Group) -> None:
        """Put a group last."""
        group.place = self.groups[-1].place + _GAP if self.groups else 0
        self.groups.append(group)
        if group.index is not None:
            self.loops[group.index.extent].append(group)
        self._note(group)

    def insert_after(self, other: Group | None, group: Group) -> None:
        """Put a group without a loop behind another one, or first."""
        number = 0 if other is None else self._number(other) + 1
        if number == len(self.groups):
            self.append(group)
            return
        below = self.groups[number - 1].place if number else self.groups[0].place - 2 * _GAP
        group.place = (below + self.groups[number].place) // 2
        self.groups.insert(number, group)
        if group.place == below:  # no room is left
            for count, one in enumerate(self.groups):
                one.place = count * _GAP
        self._note(group)

    def join(self, group: Group, item: Item) -> None:
        """Let a statement into a group of the line."""
        group.add(item)
        self.makers[item.statement.target.name] = group

    def last_maker(self, needs: AbstractSet[str]) -> Group | None:
        """The last group that makes some of these tensors."""
        makers = [self.makers[name] for name in needs if name in self.makers]
        return max(makers, key=lambda group: group.place, default=None)

    def open_to(self, needs: AbstractSet[str], checked: AbstractSet[str], extent: Expr) -> list[Group]:
        """The groups with loops of an extent that may hold what needs some tensors.

        Positions that are checked once they are computed are complete before anything reads at them.
        """
        loops, last = self.loops.get(extent, []), self.last_maker(needs)
        if last is None:
            return loops
        first = last.place + 1 if needs & checked else last.place
        return loops[bisect_left(loops, first, key=lambda group: group.place) :]

    def _number(self, group: Group) -> int:
        return bisect_left(self.groups, group.place, key=lambda one: one.place)

    def _note(self, group: Group) -> None:
        self.makers.update(dict.fromkeys(group.made, group))
