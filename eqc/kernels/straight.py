"""Calls of compiled functions that take arguments as they are, and write or return results as callers get them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from eqc.kernels.memory import LINE, LINED
from eqc.kernels.results import Selection
from eqc.kernels.shapes import Shape
from eqc.kernels.values import Array, DType


@dataclass(frozen=True, slots=True)
class Fixed:
    """An operand that is the same in every call."""

    value: Any

    def memory(self) -> Any:
        """What it is, as memory for a result."""
        return self.value


@dataclass(frozen=True, slots=True)
class New:
    """An operand that is new memory in every call."""

    shape: Shape
    dtype: DType

    def memory(self) -> Array:
        """Such memory."""
        return np.empty(self.shape, self.dtype)

    def room(self) -> int:
        """Of how many numbers it is a part that begins with a line of the cache; 0 if it may begin anywhere."""
        count = prod(self.shape)
        return count + LINE // self.dtype.itemsize if count * self.dtype.itemsize >= LINED else 0


@dataclass(frozen=True, slots=True)
class View:
    """An operand that is an argument in another shape."""

    place: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Lone:
    """An operand that is an array of one number, an argument."""

    place: int
    dtype: DType


Memory = Fixed | New
"""What a result is written to."""

Operand = int | View | Lone | Fixed | New
"""What a function is called with; whole numbers are places among the arguments."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """A result that comes back in this shape, after so many `items` are added up; a number if it has no axes."""

    shape: Shape
    items: int = 1


@dataclass(frozen=True, slots=True)
class Back:
    """A result that is written to an argument, which comes back."""

    place: int


End = Shaped | Back
"""What becomes of the array that a result was written to."""


@dataclass(frozen=True, slots=True)
class Straight:
    """A call of a compiled function of a package that takes arguments as they are, or in another shape.

    It returns so many `numbers`, which have to be finite if they are `checked`, or else whether a result is not. The
    `results` are places of its `operands`, or -1 - n for the n-th number; `dtypes` are theirs. Results come back as
    they are written, but for those that have `ends`, by their numbers. So many last arguments, the `outs`, are memory
    for results, which no other argument may share.
    """

    package: str
    function: Callable[..., Any]
    operands: Sequence[Operand]
    numbers: int
    checked: bool
    results: Sequence[int]
    dtypes: Sequence[DType]
    ends: Mapping[int, End] = field(default_factory=dict)
    outs: int = 0

    def wanting(self, select: Selection) -> Straight:
        """With memory that is the same in every call for results that are not wanted.

        The function must keep Python's lock, so that it never runs twice at once.
        """
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            return self
        wanted = set(self.results if select.wanted is None else [self.results[n] for n in select.wanted])
        pairs = enumerate(self.operands)
        operands = [Fixed(one.memory()) if isinstance(one, New) and n not in wanted else one for n, one in pairs]
        return replace(self, operands=operands)


def package_of(function: Any) -> str:
    """The package of kernels that a function is from."""
    name: str = function.__module__
    return name.split(".", maxsplit=1)[0]
