"""Results that are not wanted and need no memory: what a kernel would write to them is not even computed.

Numba compiles a kernel once more for each choice of results, which pays for long results, and for calls that come
again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final

from eqc.kernels.direct import Call, Given, Take, all_of, ended_by, opened
from eqc.kernels.memory import memory_for
from eqc.kernels.plans import Plan, sums_are_small
from eqc.kernels.shapes import Shape
from eqc.kernels.values import DType

WORTH: Final = 1 << 14
"""Bytes from which it pays to leave results out."""


class Spare:
    """The results of a kernel, by number, that can be left out; `load` gives the class of what stands for them."""

    def __init__(self, numbers: tuple[int, ...], load: Callable[[], Any]) -> None:
        self._numbers = numbers
        self._load = load

    def left_out(self, plan: Plan, wanted: tuple[int, ...] | None) -> tuple[int, ...]:
        """The results that are left out of calls like one that was planned: all or none that are not wanted."""
        layout = plan.layout
        some = () if wanted is None else tuple(n for n in self._numbers if n not in wanted)
        size = sum(prod(layout.buffers[n]) * plan.dtypes[n].itemsize for n in some)
        return some if size >= WORTH and sums_are_small(layout, plan.dtypes, some) else ()

    def stand_in(self, shape: Shape, dtype: DType) -> Any:
        """What stands for the memory of a result."""
        return self._load()(shape, dtype)

    def call(
        self,
        plan: Plan,
        function: Callable[..., object],
        some: tuple[int, ...],
        values: Given,
        otherwise: Call,
        take: Take,
    ) -> Call:
        """The call without some results; the function is compiled for these values."""
        stand_in, operands = self._load(), plan.operands
        pairs = enumerate(zip(plan.layout.buffers, plan.dtypes, strict=True))
        room = all_of([_always(stand_in(*pair)) if n in some else memory_for(*pair) for n, pair in pairs])
        given = operands(values) + room()
        entry, rest = opened(function, given)
        paced = plan.pace(ended_by(entry, rest), function)

        def run(values: Given) -> Any:
            results = room()
            try:
                lost = paced(*operands(values) + results)
            except (IndexError, ValueError):
                return otherwise(values)
            return otherwise(values) if lost else take(results)

        return run


def _always(one: Any) -> Callable[[], Any]:
    """A function that gives one thing."""
    return lambda: one
