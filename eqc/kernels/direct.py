"""Calls of compiled functions in as few steps as Python allows: new memory for results, the call, what is given back.

Numba's own look at the types of arguments is left out, since a plan's key fixes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import prod
from operator import call
from typing import Any, Final

import numpy as np

from eqc.kernels.memory import LARGE, memory_for
from eqc.kernels.shapes import Layout, Shape
from eqc.kernels.straight import package_of
from eqc.kernels.values import FLOAT32, DType

Given = tuple[Any, ...]
Call = Callable[[Given], Any]
Operands = Callable[[Given], Given]
Take = Callable[[Sequence[Any]], Any]

SHORT: Final = 1 << 14
"""Numbers up to which the way to a function takes a good part of a call."""

_LONGEST: Final = 1 << 17
"""Numbers up to which a call may be too quick for several threads."""

_ERRORS = (IndexError, ValueError)


@dataclass(frozen=True, slots=True)
class Direct:
    """A function of `operands`, and of memory of some `shapes` and `dtypes` for results; `rest` comes after them.

    `take` makes of the results what the caller gets. Where one is not finite or there is an error, `otherwise` does
    the work again, and says or mends what it can.
    """

    entry: Callable[..., Any]
    rest: tuple[Any, ...]
    operands: Operands
    shapes: Sequence[Shape]
    dtypes: Sequence[DType]
    otherwise: Call
    take: Take

    def arrays(self) -> Call:
        """The call of a function that writes all results, and gives something true where one is not finite."""
        entry, rest, operands, room = self.entry, self.rest, self.operands, room_of(self.shapes, self.dtypes)
        otherwise, take = self.otherwise, self.take

        def run(values: Given) -> Any:
            buffers = room()
            try:
                lost = entry(*operands(values) + buffers + rest)
            except _ERRORS:
                return otherwise(values)
            return otherwise(values) if lost else take(buffers)

        return run

    def number(self, kind: DType, *, watched: bool) -> Call:
        """The call of a function that returns the first result."""
        entry, rest, operands, room = self.entry, self.rest, self.operands, room_of(self.shapes, self.dtypes)
        otherwise, take, scalar = self.otherwise, self.take, _scalar(kind)

        def run(values: Given) -> Any:
            buffers = room()
            try:
                number = entry(*operands(values) + buffers + rest)
            except _ERRORS:
                return otherwise(values)
            return otherwise(values) if watched and number - number != 0 else take((scalar(number), *buffers))

        return run

    def watched_number(self, kind: DType) -> Call:
        """The call of a function that returns the first result, and whether the others are finite."""
        entry, rest, operands, room = self.entry, self.rest, self.operands, room_of(self.shapes, self.dtypes)
        otherwise, take, scalar = self.otherwise, self.take, _scalar(kind)

        def run(values: Given) -> Any:
            buffers = room()
            try:
                number, lost = entry(*operands(values) + buffers + rest)
            except _ERRORS:
                return otherwise(values)
            return otherwise(values) if number - number + lost != 0 else take((scalar(number), *buffers))

        return run

    def numbers(self, kinds: Sequence[DType], *, watched: bool) -> Call:
        """The call of a function that returns the first results, and possibly whether the others are finite."""
        entry, rest, operands, room = self.entry, self.rest, self.operands, room_of(self.shapes, self.dtypes)
        otherwise, take, scalars = self.otherwise, self.take, [_scalar(kind) for kind in kinds]

        def run(values: Given) -> Any:
            buffers = room()
            try:
                found = entry(*operands(values) + buffers + rest)
            except _ERRORS:
                return otherwise(values)
            if watched and not all(number - number == 0 for number in found):
                return otherwise(values)
            return take((*map(call, scalars, found), *buffers))

        return run


def room_of(shapes: Sequence[Shape], dtypes: Sequence[DType]) -> Callable[[], tuple[Any, ...]]:
    """A function that gives new memory for results."""
    return all_of([memory_for(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)])


def all_of(makes: Sequence[Callable[[], Any]]) -> Callable[[], tuple[Any, ...]]:
    """A function that gives what all of these give; a loop over one to three costs as much as they do."""
    if not makes:
        return tuple
    if len(makes) == 1:
        (only,) = makes
        return lambda: (only(),)
    if len(makes) == 2:
        first, second = makes
        return lambda: (first(), second())
    if len(makes) == 3:
        first, second, third = makes
        return lambda: (first(), second(), third())
    return lambda: tuple([make() for make in makes])


def _scalar(dtype: DType) -> Callable[[Any], Any]:
    """What makes a Python number a NumPy one; a product with one takes a third of the time of `np.float32(number)`."""
    return np.float32(1).__mul__ if dtype is FLOAT32 else dtype.type


def is_short(layout: Layout) -> bool:
    """Whether a call is for few numbers."""
    return sum(map(prod, (*layout.blocks, *layout.buffers))) <= SHORT


def may_be_quick(layout: Layout, dtypes: Sequence[DType]) -> bool:
    """Whether a call is for not too many numbers, and its results take no memory that is kept and used again."""
    pairs = zip(layout.buffers, dtypes, strict=True)
    small = all(prod(shape) * dtype.itemsize < LARGE for shape, dtype in pairs)
    return small and sum(map(prod, (*layout.blocks, *layout.buffers))) <= _LONGEST


def opened(function: Any, arguments: Sequence[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What a function was compiled to for arguments such as these, and what is to be put after them; see `entry_of`.

    It is loaded if it is stored on disk, and compiled by a call if it is not.
    """
    found = stored_entry(function, arguments)
    if found is None:
        function(*arguments)
        found = entry_of(function, arguments)
    return found


def stored_entry(function: Any, arguments: Sequence[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The same if it is stored on disk, or was compiled; else None."""
    if not hasattr(function, "overloads"):
        return None
    try:
        stored = import_module(f"{package_of(function)}._calls.stored")
    except ImportError:  # the kernels were built before there was such a module
        return None
    found: tuple[Callable[..., Any], tuple[Any, ...]] | None = stored.entry_for(function, arguments)
    return found


def ended_by(entry: Callable[..., Any], rest: Given) -> Callable[..., Any]:
    """A function that takes something more, which is always the same."""
    return (lambda *arguments: entry(*arguments, *rest)) if rest else entry


def entry_of(function: Any, arguments: Sequence[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What a function was compiled to for arguments such as it was called with, and what is to be put after them.

    That are the defaults of its further parameters. The function itself, if it was not compiled by Numba.
    """
    kinds = tuple(map(function.typeof_pyval, arguments)) if hasattr(function, "overloads") else ()
    for kind, compiled in getattr(function, "overloads", {}).items():
        more = kind[len(kinds) :]
        if kind[: len(kinds)] == kinds and all(map(_is_left_out, more)):
            return compiled.entry_point, (function.py_func.__defaults__ or ())[-len(more) :] if more else ()
    return function, ()


def _is_left_out(kind: Any) -> bool:
    """Whether a type that a function was compiled for says that an argument was left out; a team's does not."""
    return type(kind).__name__ == "Omitted"
