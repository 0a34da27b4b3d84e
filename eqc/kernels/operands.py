"""Arguments as compiled functions take them: what is done to each is settled by a first call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index, itemgetter, methodcaller
from typing import Any

import numpy as np

from eqc.kernels.direct import Given, Operands
from eqc.kernels.shapes import Shape
from eqc.kernels.signature import Tensor
from eqc.kernels.straight import Fixed, Lone, Operand, View
from eqc.kernels.values import INT64, Array, DType

Convert = Callable[[Any], Any]

_as_one_item = itemgetter(None)


def operands_of(converts: Sequence[Convert], places: Sequence[int], rest: Given) -> Operands:
    """What converts arguments and puts them in their places; the last places are those of the `rest`, always the same.

    >>> operands_of([as_it_is, float], [2, 0], ("default",))((1, 2))
    (2.0, 'default', 1)
    """
    places = [*places, *(n for n in range(len(places) + len(rest)) if n not in places)]
    changes = [(n, convert) for n, convert in enumerate(converts) if convert is not as_it_is]
    back = [places.index(n) for n in range(len(places))]
    order = None if back == sorted(back) else itemgetter(*back)
    if not changes and order is None:
        return (lambda values: values + rest) if rest else tuple

    def ready(values: Given) -> Given:
        whole = [*values, *rest]
        for n, convert in changes:
            whole[n] = convert(whole[n])
        return order(whole) if order else tuple(whole)

    return ready


def as_given(operands: Sequence[Operand | None], places: Sequence[int], rest: Given) -> tuple[Operand, ...] | None:
    """Operands made of the arguments, put in the same places; None if one of them cannot be made by compiled code.

    >>> as_given([0, 1], [2, 0], ("default",))
    (1, Fixed(value='default'), 0)
    """
    others, known = iter(rest), [one for one in operands if one is not None]
    if len(known) < len(operands):
        return None
    numbers = range(len(places) + len(rest))
    return tuple(known[places.index(n)] if n in places else Fixed(next(others)) for n in numbers)


def as_it_is(value: Any) -> Any:
    """An argument that needs no conversion."""
    return value


def conversion(tensor: Tensor, value: Any, dtype: DType, block: Shape) -> Convert | None:
    """How an argument is made what the function takes; None for one that has to be looked at every time."""
    if isinstance(value, np.ndarray):
        if tensor.per_call or value.dtype is not (dtype if tensor.kind == "real" else INT64):
            return None
        if value.shape == block:
            return as_it_is
        return _as_one_item if value.shape == block[1:] else methodcaller("reshape", block)
    if tensor.per_call:
        return index if type(value) is int else None
    if tensor.kind == "real":
        return _number(dtype)
    return _number(INT64) if type(value) is int else None


def made_of(place: int, tensor: Tensor, value: Any, dtype: DType, block: Shape) -> Operand:
    """The operand that such a conversion makes of the argument at a place."""
    if isinstance(value, np.ndarray):
        return place if value.shape == block else View(place, block)
    return place if tensor.per_call else Lone(place, dtype if tensor.kind == "real" else INT64)


def _number(dtype: DType) -> Convert:
    """Numbers as arrays with one item."""

    def convert(value: float) -> Array:
        array = np.empty(1, dtype)
        array[0] = value
        return array

    return convert


def constant(tensor: Tensor, value: Any, dtype: DType) -> Any:
    """A default as the function takes it."""
    if tensor.per_call:
        return value
    return np.full(1, value, dtype if tensor.kind == "real" else INT64)
