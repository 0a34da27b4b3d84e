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
    def finish(parts: Any, axes: Any) -> Any:
        flat, inner = np.empty(0), np.empty(0, np.int64)
        starts = np.zeros(len(parts) + 1, np.int64)
        for n in range(len(parts)):
            flat = np.concatenate((flat, parts[n]))
            starts[n + 1] = len(flat)
        for n in order:
            inner = np.concatenate((inner, axes[n]))
        own = np.empty(0, np.int64) if known else _sizes(slot)
        return shaped(_entries(flat, starts, own, order), np.concatenate((own, inner)))

    return _WITH_ARGUMENTS[len(ranks)](finish, flats, shapes)


def _of_one(finish: Any, flats: Any, shapes: Any) -> Any:
    (a,), (s,) = flats, shapes
    return njit(lambda x: finish((a(x),), (s(x),)))


def _of_two(finish: Any, flats: Any, shapes: Any) -> Any:
    (a, b), (s, t) = flats, shapes
    return njit(lambda x, y: finish((a(x), b(y)), (s(x), t(y))))


def _of_three(finish: Any, flats: Any, shapes: Any) -> Any:
    (a, b, c), (s, t, u) = flats, shapes
    return njit(lambda x, y, z: finish((a(x), b(y), c(z)), (s(x), t(y), u(z))))


def _of_four(finish: Any, flats: Any, shapes: Any) -> Any:
    (a, b, c, d), (s, t, u, v) = flats, shapes
    return njit(lambda x, y, z, w: finish((a(x), b(y), c(z), d(w)), (s(x), t(y), u(z), v(w))))


_WITH_ARGUMENTS = {1: _of_one, 2: _of_two, 3: _of_three, 4: _of_four}
"""Number of arguments -> how the function is made: Numba wants each argument by its name."""

MOST_ARGUMENTS = max(_WITH_ARGUMENTS)
