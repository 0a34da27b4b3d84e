"""A look at arguments: whether they are, in all that decides how a call goes, like those of an earlier call.

To make a key of arguments and to find it takes longer than a short kernel. The call before is mostly the one that
comes again; so new arguments are compared with its arguments first, one by one, and with nothing made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import Call, Given
from eqc.kernels.plans import EXACT

Look = Callable[[Given], bool]
Short = tuple[Callable[[Any, Given], Any], Any]
"""A short way of calls: a function, and what it takes beside arguments.

It gives the result, or None if the arguments may not take this way, or are better off on another one.
"""

_ARRAY: Final = np.ndarray


class Recent(dict[Any, Short]):
    """The short way that was taken last, by what is wanted."""

    def __missing__(self, key: Any) -> Short:
        return _NONE


def looked_at(look: Look, call: Call) -> Short:
    """The short way that is a call for arguments that a look accepts."""
    return _look_and_call, (look, call)


def _look_and_call(known: tuple[Look, Call], given: Given) -> Any:
    look, call = known
    return call(given) if look(given) else None


def look_for(values: Given, integers_matter: bool) -> Look:
    """A function that says whether arguments have the key of these, which have one; see `key_of`.

    >>> look = look_for((np.zeros(3), 2.0), False)
    >>> look((np.ones(3), 5.0)), look((np.ones(4), 5.0)), look((np.ones(3), [5.0])), look((np.ones(3),))
    (True, False, False, False)
    """
    arrays = [(n, a.dtype, a.shape) for n, a in enumerate(values) if type(a) is _ARRAY]
    if len(arrays) == len(values) and len(values) in _ALIKE:
        return _ALIKE[len(values)](*values)
    numbers = [(n, type(value)) for n, value in enumerate(values) if type(value) is not _ARRAY]
    whole = [(n, *range_of(values[n], integers_matter)) for n, kind in numbers if kind is int]
    count = len(values)

    def look(given: Given) -> bool:
        if len(given) != count:
            return False
        for n, dtype, shape in arrays:
            array = given[n]
            if type(array) is not _ARRAY or array.dtype is not dtype or array.shape != shape or not array.flags.carray:
                return False
        for n, kind in numbers:
            if type(given[n]) is not kind:
                return False
        return all(low <= given[n] <= high for n, low, high in whole) if whole else True

    return look


def range_of(value: int, matters: bool) -> tuple[int, int]:
    """The integers that may stand for one."""
    return (value, value) if matters else (-EXACT, EXACT)


def _one_array(a: Any) -> Look:
    dtype, shape = a.dtype, a.shape

    def look(given: Given) -> bool:
        try:
            (a,) = given
        except ValueError:
            return False
        return type(a) is _ARRAY and a.dtype is dtype and a.shape == shape and a.flags.carray

    return look


def _two_arrays(a: Any, b: Any) -> Look:
    dtype_a, dtype_b, shape_a, shape_b = a.dtype, b.dtype, a.shape, b.shape

    def look(given: Given) -> bool:
        try:
            a, b = given
        except ValueError:
            return False
        if type(a) is not _ARRAY or type(b) is not _ARRAY or a.dtype is not dtype_a or b.dtype is not dtype_b:
            return False
        return a.shape == shape_a and b.shape == shape_b and a.flags.carray and b.flags.carray

    return look


_ALIKE: Final[dict[int, Callable[..., Look]]] = {1: _one_array, 2: _two_arrays}
"""The commonest looks, without a loop."""

_NONE: Final[Short] = (lambda known, given: None, None)
