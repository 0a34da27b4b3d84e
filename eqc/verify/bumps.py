"""The functions of `instances` as njit functions: what kernels with function inputs are given when verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit, objmode

_CALLS: list[tuple[tuple[str, ...], Mapping[str, int]]] = []


def _sizes_of(slot: int) -> np.ndarray[Any, Any]:
    """The extents of a function's value, at the point that is being checked."""
    names, sizes = _CALLS[slot]
    return np.array([int(name) if name.isdigit() else sizes[name] for name in names], dtype=np.int64)


@njit
def _sizes(slot: int) -> Any:
    with objmode(found="int64[:]"):
        found = _sizes_of(slot)
    return found  # noqa: RET504  (what leaves a block of objects has a name)


@njit
def _flat_number(x: Any) -> Any:
    return np.full(1, x, np.float64)


@njit
def _flat_array(x: Any) -> Any:
    flat = np.empty(x.size, np.float64)
    for k, entry in enumerate(x.flat):
        flat[k] = entry
    return flat


@njit
def _no_axes(x: Any) -> Any:
    return np.empty(0, np.int64)


@njit
def _axes(x: Any) -> Any:
    return np.array(x.shape, dtype=np.int64)


@njit
def _weight(o: int, k: int) -> float:
    return (3 + (2 * o + 3 * k) % 5) * (1 if (o + k) % 2 == 0 else -1) / 4


@njit
def _derivative(s: float, order: int) -> float:
    """Of exp(-s²/2): (-1)^r He_r(s) exp(-s²/2)."""
    before, now = 0.0, 1.0
    for n in range(order):
        before, now = now, s * now - n * before
    return (-1) ** order * now * np.exp(-s * s / 2)


@njit
def _entries(flat: Any, starts: Any, own: Any, wrt: Any) -> Any:
    """All entries of a derivative in the arguments `wrt`, in C order."""
    count, inner = 1, 1
    for size in own:
        count *= size
    for a in wrt:
        inner *= starts[a + 1] - starts[a]
    found = np.empty(count * inner)
    for place in range(count):
        o, rest = 0, place
        for axis in range(len(own) - 1, -1, -1):
            o += (1 + 2 * axis) * (rest % own[axis])
            rest //= own[axis]
        s = (1 + o % 3) / 4
        for k in range(len(flat)):
            s += _weight(o, k) * flat[k]
        for other in range(inner):
            value, rest = _derivative(s, len(wrt)), other
            for n in range(len(wrt) - 1, -1, -1):
                size = starts[wrt[n] + 1] - starts[wrt[n]]
                value *= _weight(o, starts[wrt[n]] + rest % size)
                rest //= size
            found[place * inner + other] = value
    return found


_SHAPED = (
    njit(lambda entries, shape: entries[0]),
    njit(lambda entries, shape: entries),
    njit(lambda e, s: e.reshape((s[0], s[1]))),
    njit(lambda e, s: e.reshape((s[0], s[1], s[2]))),
    njit(lambda e, s: e.reshape((s[0], s[1], s[2], s[3]))),
    njit(lambda e, s: e.reshape((s[0], s[1], s[2], s[3], s[4]))),
    njit(lambda e, s: e.reshape((s[0], s[1], s[2], s[3], s[4], s[5]))),
    njit(lambda e, s: e.reshape((s[0], s[1], s[2], s[3], s[4], s[5], s[6]))),
)
"""Entries in C order as an array of so many axes: up to a vector differentiated thrice in a matrix."""


def bump(ranks: tuple[int, ...], returns: tuple[str, ...], wrt: tuple[int, ...], sizes: Mapping[str, int]) -> Any:
    """A bump of arguments with these axes, differentiated in `wrt`; `returns` are the extents of its value."""
    _CALLS.append((returns, sizes))
    slot, order = len(_CALLS) - 1, np.array(wrt, dtype=np.int64)
    known = not returns
    shaped = _SHAPED[len(returns) + sum(ranks[n] for n in wrt)]
    flats = [_flat_array if rank else _flat_number for rank in ranks]
    shapes = [_axes if rank else _no_axes for rank in ranks]

    @njit
    def finish(flat: Any, starts: Any, inner: Any) -> Any:
        own = np.empty(0, np.int64) if known else _sizes(slot)
        return shaped(_entries(flat, starts, own, order), np.concatenate((own, inner)))

    return _WITH_ARGUMENTS[len(ranks)](finish, flats, shapes, wrt)


def _of_one(finish: Any, flats: Any, shapes: Any, wrt: tuple[int, ...]) -> Any:
    (flat,), (shape,), order = flats, shapes, len(wrt)

    @njit
    def function(x: Any) -> Any:
        entries, own = flat(x), shape(x)
        inner = np.empty(0, np.int64)
        for _ in range(order):
            inner = np.concatenate((inner, own))
        return finish(entries, np.array([0, len(entries)]), inner)

    return function


def _of_two(finish: Any, flats: Any, shapes: Any, wrt: tuple[int, ...]) -> Any:
    (flat, flat_2), (shape, shape_2) = flats, shapes
    first, second = wrt.count(0), wrt.count(1)

    @njit
    def function(x: Any, y: Any) -> Any:
        a, b = flat(x), flat_2(y)
        inner = np.empty(0, np.int64)
        for _ in range(first):
            inner = np.concatenate((inner, shape(x)))
        for _ in range(second):
            inner = np.concatenate((inner, shape_2(y)))
        return finish(np.concatenate((a, b)), np.array([0, len(a), len(a) + len(b)]), inner)

    return function


_WITH_ARGUMENTS = {1: _of_one, 2: _of_two}
"""Number of arguments -> how the function is made."""
