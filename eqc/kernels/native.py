"""Calls that compiled code makes from the first look at the arguments to what the caller gets; see `_calls`.

What Python takes for a short call, a look at the arguments, memory and the call itself, takes longer than the kernel.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from eqc.kernels.looks import Short, range_of
from eqc.kernels.results import Selection
from eqc.kernels.shapes import Shape
from eqc.kernels.straight import Back, End, Fixed, Lone, New, Operand, Shaped, Straight, View
from eqc.kernels.values import FLOAT32, FLOAT64, INT64, Array, DType

_FORMAT = 3
"""The format of descriptions, to be changed with any change of them here and in `_calls.short`."""

_NEW_FROM_DESCR, _SCALAR = 94, 60
"""The places of two functions in the table that NumPy exports, which are the same in all its versions."""


def native_way(straight: Straight, values: Sequence[Any], select: Selection, integers_matter: bool) -> Short | None:
    """The short way of calls like one with some values; None if there is no compiled code for it beside the kernels."""
    runtime = _code_beside(straight.package) if _knows_arrays() else None
    if runtime is None:
        return None
    description = _Description(runtime, straight)
    words = description.words(values, integers_matter, select)
    return _entry(runtime), (words.ctypes.data, words, description.kept)


def _code_beside(package: str) -> ModuleType | None:
    """The code for such calls; None if the kernels were built before there was any, or with code of another format."""
    try:
        code = import_module(f"{package}._calls.short")
    except ImportError:
        return None
    return code if getattr(code, "FORMAT", None) == _FORMAT else None


def compile_beside(package: str) -> None:
    """Have the code for such calls compiled, or loaded, if there is any beside the kernels."""
    runtime = _code_beside(package) if _knows_arrays() else None
    if runtime is not None:
        _entry(runtime)


@cache
def _entry(runtime: ModuleType) -> Callable[..., Any]:
    entry: Callable[..., Any] = runtime.entry()
    return entry


@dataclass(frozen=True, slots=True)
class _Description:
    """Writes what `runtime` reads about a call; `kept` are the objects that it tells by their addresses."""

    runtime: Any
    call: Straight
    kept: list[Any] = field(default_factory=list)

    def words(self, values: Sequence[Any], integers_matter: bool, select: Selection) -> Array:
        """All of it."""
        words = [*self._head(), len(values), self.call.outs]
        for value in values:
            kind, *compared = self._argument(value, integers_matter)
            words += [self._place(type(value)), kind, len(words) + 3 + len(compared), *compared]
        operands = [word for one in self.call.operands for word in self._operand(one)]
        words += [len(self.call.operands), len(words) + 2 + len(operands), *operands]
        words += [self.call.numbers, int(self.call.checked)]
        size = len(self._packing(select, {}))
        shaped: list[int] = []
        places = {n: len(words) + size + self._added(shaped, end) for n, end in self.call.ends.items()}
        return np.array([*words, *self._packing(select, places), *shaped], np.int64)

    def _added(self, words: list[int], end: End) -> int:
        """Where among some words begins what says how a result comes back, which is put there."""
        place = len(words)
        if isinstance(end, Shaped):
            words += [end.items, len(end.shape), *end.shape]
        return place

    def _head(self) -> list[int]:
        made = [_function(_NEW_FROM_DESCR), _function(_SCALAR)]
        things = map(self._place, (FLOAT64, None, IndexError, ValueError, self.call.function))
        return [*made, self._place(np.ndarray), object.__basicsize__, *things]

    def _argument(self, value: Any, integers_matter: bool) -> list[int]:
        """What is compared of an argument beside its type."""
        if type(value) is np.ndarray:
            return [self.runtime.ALIKE, *self._layout(value.shape, value.dtype), value.nbytes]
        if type(value) is int:
            return [self.runtime.RANGE, *range_of(value, integers_matter)]
        return [self.runtime.ANY]

    def _operand(self, one: Operand) -> list[int]:
        if isinstance(one, New):
            return [self.runtime.NEW, *self._layout(one.shape, one.dtype), one.room()]
        if isinstance(one, Fixed):
            return [self.runtime.FIXED, self._place(one.value)]
        if isinstance(one, View):
            return [self.runtime.VIEW, one.place, len(one.shape), *one.shape]
        if isinstance(one, Lone):
            return [self.runtime.LONE, one.place, self._place(one.dtype), self._kind(one.dtype), 1]
        return [self.runtime.GIVEN, one]

    def _kind(self, dtype: DType) -> int:
        """Of what kind the numbers of a dtype are."""
        kinds: dict[DType, int] = {FLOAT32: self.runtime.SINGLE, INT64: self.runtime.INTEGER}
        double: int = self.runtime.DOUBLE
        return kinds.get(dtype, double)

    def _layout(self, shape: Shape, dtype: DType) -> list[int]:
        return [self._place(dtype), len(shape), *shape]

    def _packing(self, select: Selection, shaped: Mapping[int, int]) -> list[int]:
        """What becomes of the results; where it is said of some in which shape they come back."""
        wanted = range(len(self.call.results)) if select.wanted is None else select.wanted
        values, others = wanted[: select.values], wanted[select.values :]
        beside = self._packed(select.pack_values, values, shaped) if values else []
        return [int(bool(beside)), *beside, *self._packed(select.pack, others, shaped)]

    def _packed(self, pack: Any, results: Sequence[int], shaped: Mapping[int, int]) -> list[int]:
        """Results as one object."""
        made = 0 if pack is None else self._place(None if pack is tuple else pack)
        return [made, len(results), *(word for n in results for word in self._result(n, shaped))]

    def _result(self, n: int, shaped: Mapping[int, int]) -> list[int]:
        dtype, end = self.call.dtypes[n], self.call.ends.get(n)
        if isinstance(end, Back):
            return [end.place, self._place(dtype), self.runtime.BACK, 0]
        return [self.call.results[n], self._place(dtype), self._kind(dtype), shaped.get(n, 0)]

    def _place(self, thing: Any) -> int:
        """The address of an object, which stays where it is."""
        self.kept.append(thing)
        return id(thing)


# what NumPy exports -------------------------------------------------------------------------------------------------


def _function(place: int) -> int:
    """Where a function of NumPy begins."""
    find = ctypes.pythonapi.PyCapsule_GetPointer
    find.restype, find.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = find(import_module("numpy._core._multiarray_umath")._ARRAY_API, None)  # noqa: SLF001 (as C code finds it)
    return _number(ctypes.c_int64, table + 8 * place)


def _number(kind: Any, address: int) -> int:
    number: int = kind.from_address(address).value
    return number


@cache
def _knows_arrays() -> bool:
    """Whether Python's objects and NumPy's arrays are in memory as compiled code expects them."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    whole, fields = np.empty(6), object.__basicsize__
    array = whole.reshape(2, 3)
    place = id(array) + fields
    word, half = ctypes.c_int64, ctypes.c_int32
    expected = [(word, 0, array.ctypes.data), (half, 8, 2), (word, 32, id(whole)), (word, 40, id(array.dtype))]
    return all(_number(kind, place + offset) == value for kind, offset, value in expected) and (
        [_number(word, _number(word, place + 16) + 8 * axis) for axis in range(2)] == [2, 3]
        and _number(half, place + 48) & 0x501 == 0x501
    )
