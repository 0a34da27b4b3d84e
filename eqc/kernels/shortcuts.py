"""Which short way calls take that come again and again: the one with the fewest steps of Python that serves them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from eqc.kernels.direct import Call, Given
from eqc.kernels.looks import Short, look_for, looked_at
from eqc.kernels.native import native_way
from eqc.kernels.plans import Plan, finished, short_call
from eqc.kernels.results import Selection
from eqc.kernels.single import Single
from eqc.kernels.spare import Spare


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

    def _native(self, one: Single | None, plan: Plan | None, values: Given, select: Selection) -> Short | None:
        """The way without any step of Python."""
        if one is not None:
            straight = one.straight(values, select)
        elif plan is not None and plan.is_frugal(select.wanted) and not self._left_out(plan, select):
            straight = plan.straight(self.function, values, select)
        else:
            straight = None
        return native_way(straight, values, select, self.integers_matter) if straight is not None else None

    def _direct(
        self, one: Single | None, plan: Plan | None, values: Given, otherwise: Call, select: Selection
    ) -> Call | None:
        if one is not None:
            return one.call(values, otherwise, select.take())
        if plan is None:
            return None
        some = self._left_out(plan, select)
        if self.spare is not None and some:
            return self.spare.call(plan, self.function, some, values, otherwise, finished(plan, select))
        frugal = plan.is_frugal(select.wanted)
        return short_call(plan, self.function, values, otherwise, select) if frugal else None

    def _left_out(self, plan: Plan, select: Selection) -> tuple[int, ...]:
        return self.spare.left_out(plan, select.wanted) if self.spare is not None else ()
