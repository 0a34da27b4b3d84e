"""Calls like an earlier one: all that follows from the types and shapes of the arguments is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from operator import itemgetter, methodcaller
from typing import Any, Final

import numpy as np

from eqc.kernels.complaints import reworded
from eqc.kernels.direct import Call, Direct, Given, Operands, Take, is_short, opened, room_of
from eqc.kernels.operands import as_given, constant, conversion, made_of, operands_of
from eqc.kernels.pace import Pace
from eqc.kernels.results import Selection, flatten
from eqc.kernels.shapes import Layout
from eqc.kernels.signature import Tensor
from eqc.kernels.straight import End, Operand, Shaped
from eqc.kernels.teams import MakeShared
from eqc.kernels.totals import WIDEST, Adder, Totals
from eqc.kernels.values import INT64, Array, DType
from eqc.kernels.workers import thread_count

Key = tuple[object, ...]
SetPace = Callable[[Callable[..., object], Callable[..., object]], Callable[..., object]]
Mend = Callable[[Sequence[Any]], None]
"""What is done with a function's arguments, results included, where it gives something true."""

_SHORT: Final = 1 << 14
"""Numbers up to which a call is too short to be worth a look at the clock."""

EXACT: Final = 1 << 53
"""Whole numbers up to this are the same as floats."""

_ARRAY: Final = np.ndarray
_FLOATS: Final = frozenset({float, np.float64, np.float32})
NUMBERS: Final = _FLOATS | {int}
"""Types of numbers that kernels take."""

_REMEMBERED: Final = 256
_first = itemgetter(0)

_SUMMED: Final = 1 << 20
"""Bytes up to which what is summed over the items, or is not wanted, is stored for all of them."""


def key_of(values: Iterable[Any], integers_matter: bool, *kind: object) -> Key | None:
    """What decides how a call goes: its kind, types and shapes, and the integers if shapes follow from them.

    None for arguments that every call looks at anew: lists, strided arrays, whatever is no array.

    >>> key_of((np.zeros(3), 2.0), False) == key_of((np.ones(3), 5.0), False)
    True
    >>> key_of(([1.0],), False), key_of((np.zeros(4)[::2],), False)
    (None, None)
    """
    key: Key = kind
    for value in values:
        kind_of_value = type(value)
        if kind_of_value is _ARRAY:
            if not value.flags.carray:
                return None
            key = key, value.dtype, value.shape  # in each other: quicker than a long one
        elif kind_of_value in _FLOATS:
            key = key, kind_of_value
        elif kind_of_value is int and -EXACT <= value <= EXACT:
            key = key, int, value if integers_matter else None
        else:
            return None
    return key


def remember(memory: dict[Any, Any], key: Key, value: object) -> None:
    """Keep a value, and forget the others once they are many."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


@dataclass(frozen=True, slots=True)
class Plan:
    """How calls go whose operands have the leading axes of the batch, or one item that serves all.

    `run` gives the results for the arguments, `operands` what the function takes for them. Where the function says that
    a result is not finite, `mend` looks after it. `pace` is what lets several threads share a function, which is given
    as it is called, and as Numba has compiled it. `adder` is what adds items to their sums. `given` is what compiled
    code makes the operands of, if it can.
    """

    layout: Layout
    dtypes: tuple[DType, ...]
    operands: Operands
    function: Callable[..., object]
    mend: Mend
    run: Callable[[Given], list[Any]]
    pace: SetPace
    adder: Adder
    given: tuple[Operand, ...] | None

    def ends(self) -> dict[int, End]:
        """What becomes of the results' memory, by their numbers, where it does not come back as it is."""
        layout, ends = self.layout, dict[int, End]()
        for n, (target, core) in enumerate(zip(layout.targets, layout.results, strict=True)):
            if target + core != layout.buffers[n]:
                ends[n] = Shaped(target + core, 1 if target == layout.batch else layout.items)
        return ends

    def is_frugal(self, wanted: tuple[int, ...] | None) -> bool:
        """Whether results that are not wanted take little memory, where there are several items."""
        if wanted is None or self.layout.items == 1:
            return True
        others = [n for n, lead in enumerate(self.layout.targets) if n not in wanted and lead == self.layout.batch]
        return sum(prod(self.layout.buffers[n]) * self.dtypes[n].itemsize for n in others) <= _SUMMED

    def run_into(self, values: Given, out: Any) -> list[Any] | None:
        """The results in the memory given for them; None if that needs a closer look."""
        room = self._room(out, values)
        if room is None:
            return None
        buffers = list(map(np.ndarray.reshape, room, self.layout.buffers))
        if self.function(*self.operands(values), *buffers):
            self.mend((*self.operands(values), *buffers))
        return room

    def _room(self, out: Any, values: Sequence[Any]) -> list[Array] | None:
        """The arrays given for results, if each fits and shares no memory with anything."""
        outs, layout = flatten(out), self.layout
        if len(outs) != len(layout.results) or not layout.is_even:
            return None
        others = [value for value in values if type(value) is np.ndarray]
        for array, core, dtype in zip(outs, layout.results, self.dtypes, strict=True):
            if type(array) is not np.ndarray or array.dtype is not dtype or array.shape != layout.batch + core:
                return None
            if not array.flags.carray or any(np.may_share_memory(array, other) for other in others):
                return None
            others.append(array)
        return outs


def plan_call(
    function: Callable[..., object],
    tensors: Sequence[Tensor],
    results: Sequence[Tensor],
    given: Mapping[int, Any],
    values: Sequence[Any],
    dtype: DType,
    layout: Layout,
    mend: Mend,
    adder: Adder,
    share: MakeShared | None = None,
    teams: bool = False,
) -> Plan | None:
    """The plan for calls of a function like one that went well: `given` are its arguments by their places.

    What makes several threads run it is `share`; they share each item if there are `teams`. None if some value does not
    reach the function as it is, and is no number either.
    """
    if not layout.items or not layout.is_direct or not _sums_are_whole(layout):
        return None
    converts = [conversion(tensors[n], value, dtype, layout.blocks[n]) for n, value in given.items()]
    known = tuple(one for one in converts if one is not None)
    if len(known) < len(converts):
        return None
    rest = tuple(constant(tensors[n], value, dtype) for n, value in enumerate(values) if n not in given)
    operands = operands_of(known, tuple(given), rest)
    arguments = enumerate(given.items())
    made = [made_of(place, tensors[n], value, dtype, layout.blocks[n]) for place, (n, value) in arguments]
    as_they_are = as_given(made, tuple(given), rest)
    dtypes = tuple(dtype if tensor.kind == "real" else INT64 for tensor in results)
    sizes = [prod(shape) for shape in (*layout.blocks, *layout.buffers)]
    takes_team = teams and layout.items < thread_count()
    pace = _pace(share, layout.items, takes_team=takes_team) if share is not None and sum(sizes) > _SHORT else _alone
    if not sums_are_small(layout, dtypes):
        totals = Totals(operands, layout, dtypes, mend, adder, share)
        run = totals.call() if totals.width <= WIDEST else None
        return Plan(layout, dtypes, operands, function, mend, run, pace, adder, None) if run else None
    function = pace(function, adder.function)
    run = _whole_call(function, operands, layout, dtypes, mend, adder)
    return Plan(layout, dtypes, operands, function, mend, run, pace, adder, as_they_are)


def _pace(share: MakeShared, items: int, *, takes_team: bool) -> SetPace:
    """What has several threads share the calls of a function that prove to be long."""
    if items == 1 and not takes_team:
        return _alone

    def paced(function: Callable[..., object], whole: Callable[..., object]) -> Callable[..., object]:
        return Pace(function, share(whole, items=None if takes_team else items, alone=function)).run

    return paced


def _alone(function: Callable[..., object], whole: Callable[..., object]) -> Callable[..., object]:
    """A function that one thread runs."""
    return function


def _whole_call(
    function: Callable[..., object],
    operands: Operands,
    layout: Layout,
    dtypes: tuple[DType, ...],
    mend: Mend,
    adder: Adder,
) -> Callable[[Given], list[Any]]:
    """The call with new memory for the results."""
    ends, room = _ends(layout, dtypes, range(len(dtypes)), adder), room_of(layout.buffers, dtypes)

    def run(values: Given) -> list[Any]:
        results = room()
        arguments = operands(values) + results
        if function(*arguments):
            mend(arguments)
        return ended(results, ends)

    return run


def _total(layout: Layout, n: int, dtype: DType, adder: Adder) -> Callable[[Array], Any]:
    """What sums up a result over all items, in double precision."""
    core, shape = layout.results[n], layout.targets[n] + layout.results[n]
    if layout.items == 1:
        return lambda buffer: buffer.reshape(shape)[()]
    rows, adding = (layout.items, prod(core)), cache(adder.rows)

    def total(buffer: Array) -> Any:
        found = np.zeros(rows[1])
        adding()(buffer.reshape(rows), found)
        return found.astype(dtype).reshape(shape)[()]

    return total


def short_call(plan: Plan, function: Callable[..., object], values: Given, otherwise: Call, select: Selection) -> Call:
    """Calls as they are planned, with what is wanted of the results: straight to the function if they are short."""
    if is_short(plan.layout):
        given = [*plan.operands(values), *map(np.empty, plan.layout.buffers, plan.dtypes)]
        entry, rest = opened(function, given)
        take = finished(plan, select)
        return Direct(entry, rest, plan.operands, plan.layout.buffers, plan.dtypes, otherwise, take).arrays()
    return _paced_call(plan, select) if sums_are_small(plan.layout, plan.dtypes) else _planned_call(plan, select)


def _paced_call(plan: Plan, select: Selection) -> Call:
    """Calls of a function that several threads may share."""
    function, operands, mend = plan.function, plan.operands, plan.mend
    room, take = room_of(plan.layout.buffers, plan.dtypes), finished(plan, select)

    def run(values: Given) -> Any:
        results = room()
        arguments = operands(values) + results
        try:
            if function(*arguments):
                mend(arguments)
        except (IndexError, ValueError) as error:
            raise reworded(error) from None
        return take(results)

    return run


def _planned_call(plan: Plan, select: Selection) -> Call:
    """Calls just as they are planned."""
    take = select.take()

    def run(values: Given) -> Any:
        try:
            return take(plan.run(values))
        except (IndexError, ValueError) as error:
            raise reworded(error) from None

    return run


Finish = Callable[[Array], Any]


def finished(plan: Plan, select: Selection) -> Take:
    """What gives the caller the wanted results, after each is summed up or has its leading axes."""
    ends, take = _ends(plan.layout, plan.dtypes, _wanted(plan, select), plan.adder), select.take()
    return (lambda results: take(ended(results, ends))) if ends else take


def _wanted(plan: Plan, select: Selection) -> Sequence[int]:
    return range(len(plan.dtypes)) if select.wanted is None else select.wanted


def ended(results: Sequence[Array], ends: Sequence[tuple[int, Finish]]) -> list[Any]:
    """Results after what is still to be done with some of them."""
    whole: list[Any] = [*results]
    for n, end in ends:
        whole[n] = end(whole[n])
    return whole


def _ends(layout: Layout, dtypes: Sequence[DType], numbers: Iterable[int], adder: Adder) -> list[tuple[int, Finish]]:
    """What is still to be done with some results, by number."""
    return [(n, end) for n in numbers if (end := _end(layout, n, dtypes[n], adder)) is not None]


def _end(layout: Layout, n: int, dtype: DType, adder: Adder) -> Finish | None:
    """What is still to be done with a result; None if nothing is."""
    if layout.targets[n] != layout.batch:
        return _total(layout, n, dtype, adder)
    if not layout.batch:
        return _first
    return methodcaller("reshape", layout.batch + layout.results[n]) if len(layout.batch) > 1 else None


def _sums_are_whole(layout: Layout) -> bool:
    """Whether results that are summed over items, if any, are so over all of them."""
    return all(target == layout.batch or prod(target) == 1 for target in layout.targets)


def sums_are_small(layout: Layout, dtypes: Sequence[DType], without: Sequence[int] = ()) -> bool:
    """Whether results that are summed over items, if any, take little memory before they are; some are left out."""
    sums = [n for n, target in enumerate(layout.targets) if target != layout.batch and n not in without]
    return sum(prod(layout.buffers[n]) * dtypes[n].itemsize for n in sums) <= _SUMMED
