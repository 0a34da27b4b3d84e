"""Which short way calls take that come again and again: the one with the fewest steps of Python that serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType
from typing import Any

from eqc.kernels.direct import Call, Given, is_short, may_be_quick, opened
from eqc.kernels.looks import Short, look_for, looked_at
from eqc.kernels.native import native_way
from eqc.kernels.plans import Plan, finished, short_call
from eqc.kernels.results import Selection
from eqc.kernels.shapes import Shape
from eqc.kernels.single import Single
from eqc.kernels.spare import Spare
from eqc.kernels.straight import Back, Fixed, Memory, New, Straight, View, package_of
from eqc.kernels.teams import WORTH

_TRIALS, _HINDERED = 3, 10
"""Calls that are timed until one is quick, unless one takes so many times as long as a quick one."""


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """The short ways to a compiled function; `loading` is entered when Numba compiles or loads something."""

    function: Callable[..., object]
    spare: Spare | None
    loading: Callable[[], AbstractContextManager[None]]
    integers_matter: bool

    def way(
        self, one: Single | None, plan: Plan | None, values: Given, otherwise: Call, select: Selection
    ) -> Short | None:
        """The short way of calls like one with some values, for one item or as planned; None if there is none.

        `otherwise` makes such a call in the usual way.
        """
        with self.loading():
            short = self._native(one, plan, values, select)
            call = self._direct(one, plan, values, otherwise, select) if short is None else None
        return short if call is None else looked_at(look_for(values, self.integers_matter), call)

    def way_into(self, plan: Plan | None, values: Given, select: Selection, outs: Given) -> Short | None:
        """The short way of calls that have memory for the wanted results, as `outs`; None if there is none."""
        with self.loading():
            if plan is None or not plan.layout.is_even or not self._may_be_native(plan, values):
                return None
            wanted = range(len(plan.dtypes)) if select.wanted is None else select.wanted
            if [out.dtype for out in outs] != [plan.dtypes[n] for n in wanted]:
                return None
            places = {n: len(values) + place for place, n in enumerate(wanted)}
            stand_ins = self._stand_ins(self._left_out(plan, select), plan, plan.layout.buffers)
            straight = self._as_planned(plan, values, select, stand_ins, places)
            return native_way(straight, (*values, *outs), select, self.integers_matter) if straight else None

    def _may_be_native(self, plan: Plan, values: Given) -> bool:
        """Whether compiled code can make a call, and several threads cannot make it any shorter."""
        return hasattr(self.function, "overloads") and (is_short(plan.layout) or self._is_quick(plan, values))

    def _native(self, one: Single | None, plan: Plan | None, values: Given, select: Selection) -> Short | None:
        """The way without any step of Python, for calls that several threads cannot make any shorter."""
        if plan is None or not self._may_be_native(plan, values):
            return None
        some = self._left_out(plan, select)
        if one is not None:
            straight = one.straight(values, select, self._stand_ins(some, plan, plan.layout.results))
        else:
            straight = self._as_planned(plan, values, select, self._stand_ins(some, plan, plan.layout.buffers))
        return native_way(straight, values, select, self.integers_matter) if straight is not None else None

    def _stand_ins(self, some: Sequence[int], plan: Plan, shapes: Sequence[Shape]) -> dict[int, Fixed]:
        """What stands for the memory of results that are left out."""
        return {n: Fixed(self.spare.stand_in(shapes[n], plan.dtypes[n])) for n in some} if self.spare else {}

    def _as_planned(
        self,
        plan: Plan,
        values: Given,
        select: Selection,
        stand_ins: Mapping[int, Fixed],
        places: Mapping[int, int] = MappingProxyType({}),
    ) -> Straight | None:
        """A planned call as compiled code makes it; None if it cannot.

        The arguments at some `places` are memory for the results of these numbers.
        """
        if plan.given is None or not plan.is_frugal(select.wanted):
            return None
        pairs = list(enumerate(zip(plan.layout.buffers, plan.dtypes, strict=True)))
        memory = [stand_ins.get(n) or New(*pair) for n, pair in pairs]
        entry, rest = self._entry(plan, values, memory)
        written = [View(places[n], shape) if n in places else memory[n] for n, (shape, _) in pairs]
        operands, first = (*plan.given, *written, *map(Fixed, rest)), len(plan.given)
        results = range(first, first + len(memory))
        ends = plan.ends() | {n: Back(place) for n, place in places.items()}
        package = package_of(self.function)
        return Straight(package, entry, operands, 0, False, results, plan.dtypes, ends, len(places))

    def _entry(self, plan: Plan, values: Given, memory: Sequence[Memory]) -> tuple[Callable[..., Any], Given]:
        """What the function is compiled to for such values and memory, and what it takes last."""
        made = [*plan.operands(values), *(one.memory() for one in memory)]
        return opened(self.function, made)

    def _is_quick(self, plan: Plan, values: Given) -> bool:
        """Whether a call is too quick for several threads."""
        if not may_be_quick(plan.layout, plan.dtypes):
            return False
        memory = list(map(New, plan.layout.buffers, plan.dtypes))
        entry, rest = self._entry(plan, values, memory)
        made = (*plan.operands(values), *(one.memory() for one in memory), *rest)
        for _ in range(_TRIALS):
            start = perf_counter()
            entry(*made)
            seconds = perf_counter() - start
            if seconds < WORTH or seconds > _HINDERED * WORTH:
                return seconds < WORTH
        return False

    def _direct(
        self, one: Single | None, plan: Plan | None, values: Given, otherwise: Call, select: Selection
    ) -> Call | None:
        if plan is None:
            return None
        if one is not None and is_short(plan.layout):
            return one.call(values, otherwise, select.take())
        some = self._left_out(plan, select)
        if self.spare is not None and some:
            return self.spare.call(plan, self.function, some, values, otherwise, finished(plan, select))
        frugal = plan.is_frugal(select.wanted)
        return short_call(plan, self.function, values, otherwise, select) if frugal else None

    def _left_out(self, plan: Plan, select: Selection) -> tuple[int, ...]:
        return self.spare.left_out(plan, select.wanted) if self.spare is not None else ()
