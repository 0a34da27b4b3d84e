"""Short calls for one item: straight into the compiled function of one item, with nothing wrapped that need not be.

A generated module's `f_into` runs over items, so that numbers reach it as arrays of one; the function that it calls
for each item takes and gives numbers. What a plan's key fixes, the types, shapes and layout of the arguments, is all
that the entry point of the compiled function takes for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, methodcaller
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import Call, Direct, Given, Operands, Take, may_be_quick, opened
from eqc.kernels.operands import Convert, as_given, as_it_is, operands_of
from eqc.kernels.results import Selection
from eqc.kernels.shapes import Layout, Shape
from eqc.kernels.signature import Tensor
from eqc.kernels.straight import Fixed, Memory, New, Operand, Shaped, Straight, View, package_of
from eqc.kernels.values import INT64, DType

PATIENCE: Final = 4
"""Calls alike after which the function of one item is worth being loaded."""

_first = itemgetter(0)
_item = methodcaller("item")


@dataclass(frozen=True, slots=True)
class Core:
    """The function of one item in a generated module, and what it takes and gives.

    It returns the results that are numbers and writes the others to its last arguments. If it is `watched` and has
    arrays of reals among its results, it also returns a number last, which is not 0 if those are not finite.
    """

    function: Any
    tensors: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    watched: bool


@dataclass(frozen=True, slots=True)
class Single:
    """How calls for one item go: `operands` makes the arguments what the function takes.

    `given` is what compiled code makes these of, if it can.
    """

    core: Core
    layout: Layout
    dtype: DType
    operands: Operands
    given: tuple[Operand, ...] | None

    def call(self, values: Given, otherwise: Call, take: Take) -> Call:
        """The call, with what `take` makes of the results; `otherwise` is what to do where one is not finite.

        The function is compiled, or loaded, for some values.
        """
        core, memory = self.core, self._memory({})
        arrays = [n for n, result in enumerate(core.results) if result.shape]
        shapes, dtypes = [self.layout.results[n] for n in arrays], [_kind(core.results[n], self.dtype) for n in arrays]
        direct = Direct(*self._entry(values, memory), self.operands, shapes, dtypes, otherwise, self._finished(take))
        kinds = [_kind(result, self.dtype) for result in core.results if not result.shape]
        if not kinds:
            return direct.arrays()
        if len(kinds) > 1:
            return direct.numbers(kinds, watched=core.watched)
        return direct.watched_number(kinds[0]) if self._tells() else direct.number(kinds[0], watched=core.watched)

    def straight(self, values: Given, select: Selection, stand_ins: Mapping[int, Fixed]) -> Straight | None:
        """The call as compiled code makes it; None if it cannot.

        `stand_ins` stand for the memory of results that are left out.
        """
        leads = [(n, lead + self.layout.results[n]) for n, lead in enumerate(self.layout.targets) if lead]
        if self.given is None or any(not self.core.results[n].shape for n, _ in leads):
            return None
        memory, core, ends = self._memory(stand_ins), self.core, {n: Shaped(shape) for n, shape in leads}
        entry, rest = self._entry(values, memory)
        numbers = [n for n, result in enumerate(core.results) if not result.shape]
        arrays = [n for n, result in enumerate(core.results) if result.shape]
        places = {n: -1 - k for k, n in enumerate(numbers)} | {n: len(self.given) + k for k, n in enumerate(arrays)}
        dtypes = [_kind(result, self.dtype) for result in core.results]
        returned = len(numbers) + (1 if numbers and self._tells() else 0)
        operands = (*self.given, *memory, *map(Fixed, rest))
        results = [places[n] for n in range(len(dtypes))]
        package = package_of(core.function)
        return Straight(package, entry, operands, returned, core.watched, results, dtypes, ends).wanting(select)

    def _memory(self, stand_ins: Mapping[int, Fixed]) -> list[Memory]:
        """What the function writes its arrays to."""
        arrays = [(n, result) for n, result in enumerate(self.core.results) if result.shape]
        return [stand_ins.get(n) or New(self.layout.results[n], _kind(one, self.dtype)) for n, one in arrays]

    def _entry(self, values: Given, memory: Sequence[Memory]) -> tuple[Callable[..., Any], Given]:
        """What the function is compiled to for such values and memory, and what it takes last: its defaults.

        Where a loop over items calls the function, it gives them; so what is compiled for that serves here.
        """
        given = [*self._exactly(self.operands(values)), *(one.memory() for one in memory)]
        last = self.core.function.py_func.__defaults__ or ()
        return opened(self.core.function, [*given, *last])[0], last

    def _tells(self) -> bool:
        """Whether the function returns a number that says whether its arrays are finite."""
        return self.core.watched and any(result.shape and result.kind == "real" for result in self.core.results)

    def _exactly(self, operands: Iterable[Any]) -> list[Any]:
        """Operands of the very types that the function is compiled for: Python numbers may stand for others."""
        pairs = zip(self.core.tensors, operands, strict=True)
        return [x if t.shape or t.per_call else _kind(t, self.dtype).type(x) for t, x in pairs]

    def _finished(self, take: Take) -> Take:
        """`take`, after results, numbers first, are in their order and have the leading axes of the batch."""
        results, layout = self.core.results, self.layout
        order = sorted(range(len(results)), key=lambda n: bool(results[n].shape))
        changes = {n: _led(lead, layout.results[n]) for n, lead in enumerate(layout.targets) if lead}
        if order == sorted(order) and not changes:
            return take
        back = [order.index(n) for n in range(len(results))]

        def finish(found: Sequence[Any]) -> Any:
            whole = [found[n] for n in back]
            for n, change in changes.items():
                whole[n] = change(whole[n])
            return take(whole)

        return finish


def single(core: Core, layout: Layout, dtype: DType, given: Mapping[int, Any], values: Sequence[Any]) -> Single | None:
    """How calls go like one with these values, of which those `given` are arguments, by their places.

    None if they are for several items, for many numbers, or if some argument needs a closer look every time.
    """
    if layout.items != 1 or not may_be_quick(layout, [_kind(result, dtype) for result in core.results]):
        return None
    converts = [_conversion(core.tensors[n], value, dtype, layout.cores[n]) for n, value in given.items()]
    known = tuple(convert for convert in converts if convert is not None)
    if len(known) < len(converts):
        return None
    rest = tuple(value for n, value in enumerate(values) if n not in given)
    places = tuple(given)
    made = [_made_of(place, value, layout.cores[n]) for place, (n, value) in enumerate(given.items())]
    return Single(core, layout, dtype, operands_of(known, places, rest), as_given(made, places, rest))


def _made_of(place: int, value: Any, core: Shape) -> Operand | None:
    """What compiled code makes of the argument at a place; None if a number would have to be read from an array."""
    if not isinstance(value, np.ndarray) or value.shape == core:
        return None if isinstance(value, np.ndarray) and not core else place
    return View(place, core) if core else None


def _conversion(tensor: Tensor, value: Any, dtype: DType, core: Shape) -> Convert | None:
    """How an argument is made what the function takes; None for one that has to be looked at every time."""
    if not isinstance(value, np.ndarray):
        return as_it_is if tensor.kind == "real" or type(value) is int else None
    if tensor.per_call or value.dtype is not _kind(tensor, dtype):
        return None
    if not core:
        return _item
    if value.shape == core:
        return as_it_is
    return _first if value.shape[1:] == core else methodcaller("reshape", core)


def _led(lead: Shape, core: Shape) -> Convert:
    """Gives one item its leading axes."""
    return itemgetter(None) if lead == (1,) else methodcaller("reshape", lead + core)


def _kind(tensor: Tensor, dtype: DType) -> DType:
    return dtype if tensor.kind == "real" else INT64
