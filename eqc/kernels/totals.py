"""Results that are summed over many items: block by block, while the blocks are in a core's nearest cache.

Groups of blocks have totals of their own, in double precision, which are added up in the groups' order: whichever
threads take them, the sums are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from math import prod
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import Given, Operands, opened
from eqc.kernels.memory import POOL
from eqc.kernels.pace import Pace
from eqc.kernels.shapes import Layout, Shape
from eqc.kernels.teams import MakeShared
from eqc.kernels.values import FLOAT64, Array, DType
from eqc.kernels.workers import part_of

AddItems = Callable[[Array, Array], object]
"""What adds the items of a block, as rows, to their totals."""

Loading = Callable[[], AbstractContextManager[None]]

BLOCK: Final = 5 << 14
"""Bytes of what is summed in one block of items: little beside the second cache."""

FEW: Final = 4
"""Items that are added to totals at once: blocks have whole multiples, unless these are wide."""

WIDEST: Final = 1 << 19
"""Bytes of what an item adds to the sums, up to which that is summed in blocks."""

GROUPS: Final = 16
"""Groups of blocks at most."""


@dataclass(frozen=True, slots=True)
class Adder:
    """What adds up items of a generated function's results: the function's package has it, compiled.

    For functions that Numba has not compiled NumPy does it, which takes longer.
    """

    function: Any
    loading: Loading
    dtype: DType

    @property
    def is_compiled(self) -> bool:
        """Whether Numba has compiled the function."""
        return hasattr(self.function, "overloads")

    def rows(self) -> AddItems:
        """What adds the items of a block."""
        if not self.is_compiled:
            return _add_rows
        with self.loading():
            add: AddItems = opened(self._part("_calls.totals").add_items, [np.empty((0, 1), self.dtype), np.empty(1)])[
                0
            ]
        return add

    def groups(self, block: Sequence[Any], work: Given) -> tuple[Callable[..., bool], Given]:
        """What adds groups of blocks, and its whole work, for a function that was called with such a block."""
        with self.loading():
            add = self._part("_team.groups").add_groups
            whole = (*self._part("_team.launch").compiled(self.function, block), *work)
            opened(add, (np.arange(0), whole))
        return add, whole

    def _part(self, name: str) -> Any:
        return import_module(f"{self.function.__module__.split('.')[0]}.{name}")


def _add_rows(block: Array, totals: Array) -> None:
    totals += np.add.reduce(block, axis=0, dtype=FLOAT64)


class Totals:
    """A function over items, for calls of one layout; where it says that a result is not finite, `mend` is called.

    Where several threads can share its groups, `share` makes calls by them.
    """

    def __init__(
        self,
        operands: Operands,
        layout: Layout,
        dtypes: Sequence[DType],
        mend: Callable[[Sequence[Any]], None],
        adder: Adder,
        share: MakeShared | None,
    ) -> None:
        self._operands, self._mend, self._adder, self._share = operands, mend, adder, share
        self._items, self._batch = layout.items, layout.batch
        self._results = list(zip(layout.targets, layout.results, dtypes, strict=True))
        cores = [prod(core) * dtype.itemsize for lead, core, dtype in self._results if lead != layout.batch]
        self.width = sum(cores)
        """Bytes of what an item adds to the sums."""
        few = FEW if FEW * self.width <= WIDEST else 1
        step = max(few, BLOCK // max(1, self.width))
        self._step = min(self._items, step - step % few)
        self._length = self._step * -(-self._items // (self._step * GROUPS))
        self._groups = np.arange(-(-self._items // self._length))

    def call(self) -> Callable[[Given], list[Any]]:
        """The call that gives all results."""
        by_groups: list[Callable[[Given], bool]] = []

        def run(values: Given) -> list[Any]:
            room = [self._room(lead, core, dtype) for lead, core, dtype in self._results]
            arguments = (*self._operands(values), *room)
            if not by_groups or by_groups[0](arguments):
                self._by_blocks(arguments)
            if not by_groups:
                by_groups.append(self._by_groups(arguments))
            return list(map(self._result, self._results, room))

        return run

    def _room(self, lead: Shape, core: Shape, dtype: DType) -> Any:
        """Memory for a result; for what is summed, a block of each group, its items as rows, and totals."""
        if lead == self._batch:
            return POOL.empty((self._items, *core), dtype)
        count = len(self._groups)
        room = np.empty((count * self._step, *core), dtype)
        return room, room.reshape(len(room), -1), np.zeros((count, prod(core)))

    def _result(self, result: tuple[Shape, Shape, DType], found: Any) -> Any:
        """A result, once its memory has been written."""
        lead, core, dtype = result
        if lead == self._batch:
            return found.reshape(lead + core)
        return np.add.reduce(found[2], axis=0).astype(dtype).reshape(lead + core)[()]

    def _by_blocks(self, arguments: Given) -> None:
        """The call of one block after another, each of which is mended if it has to be."""
        sums, add = [a for a in arguments if isinstance(a, tuple)], self._adder.rows()
        for _, _, totals in sums:
            totals[:] = 0
        for low in range(0, self._items, self._step):
            high = min(low + self._step, self._items)
            block = _block(arguments, low, high)
            if self._adder.function(*block):
                self._mend(block)
            for _, rows, totals in sums:
                add(rows[: high - low], totals[low // self._length])

    def _by_groups(self, arguments: Given) -> Callable[[Given], bool]:
        """The call of all groups, once a block was called: whether a result is not finite, or there is an error."""
        if not self._adder.is_compiled:
            return lambda arguments: True
        sizes, groups = (self._items, self._length, self._step), self._groups
        add, (*rest, _) = self._adder.groups(_block(arguments, 0, self._step), (*sizes, arguments))
        run: Callable[..., object] = add
        if self._share is not None and len(groups) > 1:
            run = Pace(add, self._share(add, items=len(groups))).run

        def by_groups(arguments: Given) -> bool:
            try:
                return bool(run(groups, (*rest, arguments)))
            except RuntimeError:
                return True

        return by_groups


def _block(arguments: Given, low: int, high: int) -> Given:
    """The arguments for some items."""
    return tuple(a[0][: high - low] if isinstance(a, tuple) else part_of(a, low, high) for a in arguments)
