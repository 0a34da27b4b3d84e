"""Results that are not wanted and need no memory: what a kernel would write to them is not even computed.

Numba compiles a kernel once more for each choice of results, which pays for long results, and for calls that come
again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, Final

from eqc.kernels.direct import Call, entry_of
from eqc.kernels.memory import POOL
from eqc.kernels.plans import Plan, results_of

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
        values: Sequence[Any],
        otherwise: Call,
        take: Call,
    ) -> Call:
        """The call without some results, which are None for `take`; the function is compiled for these values."""
        buffers, operands, batch = plan.layout.buffers, plan.operands, plan.layout.batch
        stand_in = self._load()
        stands = {n: stand_in(buffers[n], plan.dtypes[n]) for n in some}
        kept = [
            (n, shape, dtype)
            for n, (shape, dtype) in enumerate(zip(buffers, plan.dtypes, strict=True))
            if n not in stands
        ]

        def room() -> list[Any]:
            whole: list[Any] = [stands.get(n) for n in range(len(buffers))]
            for n, shape, dtype in kept:
                whole[n] = POOL.empty(shape, dtype)
            return whole

        given = [*operands(values), *room()]
        function(*given)
        entry, rest = entry_of(function, given)
        paced = plan.pace(partial(_ending, entry, rest) if rest else entry, function)

        def run(values: Sequence[Any]) -> Any:
            whole = room()
            try:
                lost = paced(*operands(values), *whole)
            except (IndexError, ValueError):
                return otherwise(values)
            if lost:
                return otherwise(values)
            results: list[Any] = [None] * len(whole)
            for (n, *_), result in zip(kept, results_of([whole[n] for n, *_ in kept], batch), strict=True):
                results[n] = result
            return take(results)

        return run


def _ending(function: Callable[..., object], rest: tuple[Any, ...], *arguments: Any) -> object:
    """A call with some last arguments."""
    return function(*arguments, *rest)
