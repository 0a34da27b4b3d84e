"""Results that are not wanted and need no memory: what a kernel would write to them is not even computed.

Numba compiles a kernel once more for each choice of results, which pays for long results, and for calls that come
again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from operator import itemgetter
from typing import Any, Final

from eqc.kernels.direct import Call, Given, Take, entry_of
from eqc.kernels.memory import memory_for
from eqc.kernels.plans import Plan
from eqc.kernels.shapes import Shape
from eqc.kernels.values import Array

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
        return some if size >= WORTH and all(target == layout.batch for target in layout.targets) else ()

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
        operands, batch, numbers = plan.operands, plan.layout.batch, range(len(plan.dtypes))
        stand_in, pairs = self._load(), list(zip(plan.layout.buffers, plan.dtypes, strict=True))
        makes = [_always(stand_in(*pairs[n])) if n in some else memory_for(*pairs[n]) for n in numbers]
        kept = [n for n in numbers if n not in some]
        finish = itemgetter(0) if not batch else _leads(batch)
        given = [*operands(values), *(make() for make in makes)]
        function(*given)
        entry, rest = entry_of(function, given)
        paced = plan.pace(partial(_ending, entry, rest) if rest else entry, function)

        def run(values: Given) -> Any:
            results = [make() for make in makes]
            try:
                lost = paced(*operands(values), *results)
            except (IndexError, ValueError):
                return otherwise(values)
            if lost:
                return otherwise(values)
            for n in kept:
                results[n] = finish(results[n])
            return take(results)

        return run


def _always(one: Any) -> Callable[[], Any]:
    """A function that gives one thing."""
    return lambda: one


def _leads(batch: Shape) -> Callable[[Array], Array]:
    """Gives results, which have one axis for all items, the leading axes of the batch."""
    return lambda result: result if len(batch) == 1 else result.reshape(batch + result.shape[1:])


def _ending(function: Callable[..., object], rest: tuple[Any, ...], *arguments: Any) -> object:
    """A call with some last arguments."""
    return function(*arguments, *rest)
