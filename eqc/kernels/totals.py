"""Results that are summed over many items: block by block, while the blocks are in a core's cache, in several threads.

Each block's sums are added up in the order of the blocks, whichever thread took them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import prod
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import Given, Operands
from eqc.kernels.memory import POOL
from eqc.kernels.pace import Pace
from eqc.kernels.shapes import Layout, Shape
from eqc.kernels.values import FLOAT64, Array, DType
from eqc.kernels.workers import in_parts, part_of, thread_count

Work = Callable[[Array], bool]
AddItems = Callable[[Array, Array], object]
"""What adds the items of a block, as rows, to their totals."""

BLOCK: Final = 1 << 19
"""Bytes of what is summed in one block of items."""

WORTH: Final = 1e-4
"""Seconds from which the work is worth waking other threads."""

GROUPS: Final = 64
"""Runs of blocks whose sums are kept apart at most."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A function over items, for calls of one layout; where it says that a result is not finite, `mend` is called.

    `load` gives what adds items to their totals.
    """

    function: Callable[..., object]
    operands: Operands
    layout: Layout
    dtypes: tuple[DType, ...]
    mend: Callable[[Sequence[Any]], None]
    load: Callable[[], AddItems]

    @property
    def sums(self) -> dict[int, Shape]:
        """The results that are summed over all items, by number, with their shapes."""
        pairs = zip(self.layout.targets, self.layout.results, strict=True)
        return {n: core for n, (lead, core) in enumerate(pairs) if lead != self.layout.batch}

    @property
    def width(self) -> int:
        """Bytes of what an item adds to the sums."""
        return sum(prod(core) * self.dtypes[n].itemsize for n, core in self.sums.items())

    def call(self) -> Callable[[Given], list[Any]]:
        """The call that gives all results."""
        items, sums, pace, numbers = self.layout.items, self.sums, Pace(_call, _Groups()), range(len(self.dtypes))
        step = max(1, min(items, BLOCK // max(1, self.width)))
        length = step * -(-items // (step * GROUPS))
        groups = [range(items)[first : first + length] for first in range(0, items, length)]
        load = cache(self.load)

        def run(values: Given) -> list[Any]:
            adding = load()
            given = self.operands(values)
            whole = {n: POOL.empty(self.layout.buffers[n], self.dtypes[n]) for n in numbers if n not in sums}
            parts = {n: np.zeros((len(groups), *core), FLOAT64) for n, core in sums.items()}

            def work(some: Array) -> bool:
                rooms = {n: np.empty((step, *core), self.dtypes[n]) for n, core in sums.items()}
                for group in some.tolist():
                    totals = {n: part[group, ...] for n, part in parts.items()}
                    for low in groups[group][::step]:
                        self._add(adding, given, whole, rooms, totals, low, min(low + step, items))
                return False

            pace.run(work, np.arange(len(groups)))
            return [self._total(n, parts[n]) if n in sums else self._whole(n, whole[n]) for n in numbers]

        return run

    def _add(
        self,
        adding: AddItems,
        given: Sequence[Any],
        whole: dict[int, Array],
        rooms: dict[int, Array],
        totals: dict[int, Array],
        low: int,
        high: int,
    ) -> None:
        """Run over a block of items; `rooms` is memory for what they add to the totals."""
        results = {n: room[: high - low] for n, room in rooms.items()}
        results |= {n: array[low:high] for n, array in whole.items()}
        arguments = [*(part_of(a, low, high) for a in given), *(results[n] for n in range(len(results)))]
        if self.function(*arguments):
            with _MENDING:
                self.mend(arguments)
        for n, total in totals.items():
            adding(results[n].reshape(high - low, -1), total.reshape(-1))

    def _total(self, n: int, parts: Array) -> Any:
        shape = self.layout.targets[n] + self.layout.results[n]
        return np.add.reduce(parts, axis=0).astype(self.dtypes[n]).reshape(shape)[()]

    def _whole(self, n: int, result: Array) -> Array:
        return result.reshape(self.layout.batch + self.layout.results[n])


def adder(function: Any, loading: Callable[[], AbstractContextManager[None]], dtype: DType) -> AddItems:
    """What the package of a generated function has for it, compiled; for other functions NumPy, which takes longer."""
    if not hasattr(function, "overloads"):
        return _add_rows
    with loading():
        add: AddItems = import_module(f"{function.__module__.split('.')[0]}._vector").add_items
        add(np.empty((0, 1), dtype), np.empty(1))
    return add


def _add_rows(block: Array, totals: Array) -> None:
    totals += np.add.reduce(block, axis=0, dtype=FLOAT64)


def _call(work: Work, groups: Array) -> bool:
    return work(groups)


class _Groups:
    """The work on groups in several threads."""

    worth = WORTH

    def ready(self, patience: float) -> bool:
        """They are woken for each call."""
        return True

    def run(self, work: Work, groups: Array) -> bool:
        """Whether a result is not finite."""
        return in_parts(work, (groups,), len(groups), min(len(groups), thread_count()))


_MENDING = threading.Lock()
