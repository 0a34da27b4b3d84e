"""The functions of `instances` as njit functions: what kernels with function inputs are given when verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit, objmode

_CALLS: list[tuple[tuple[str, ...], tuple[int, ...], Mapping[str, int]]] = []


def _value_of(slot: int, arguments: tuple[Any, ...]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """All entries of a function's value, or of a derivative of it, in C order, and their shape."""
    names, wrt, sizes = _CALLS[slot]
    own = [int(name) if name.isdigit() else sizes[name] for name in names]
    flat = np.concatenate([np.ravel(a) for a in arguments]).astype(np.float64)
    starts = np.cumsum([0, *map(np.size, arguments)])
    shape = [*own, *(size for n in wrt for size in np.shape(arguments[n]))]
    found = _entries(flat, starts, np.array(own, np.int64), np.array(wrt, np.int64))
    return found, np.array(shape, np.int64)


@njit
def _called(slot: int, arguments: Any) -> Any:
    """Leaves machine code, so that little is compiled for every kernel that a function is given to."""
    with objmode(found="float64[::1]", shape="int64[::1]"):
        found, shape = _value_of(slot, arguments)
    return found, shape


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
    if not any(ranks) and not returns:
        return _WITH_ARGUMENTS[len(ranks)](_of_numbers(wrt))
    _CALLS.append((returns, wrt, sizes))
    slot, shaped = len(_CALLS) - 1, _SHAPED[len(returns) + sum(ranks[n] for n in wrt)]

    @njit
    def finish(arguments: Any) -> Any:
        entries, shape = _called(slot, arguments)
        return shaped(entries, shape)

    return _WITH_ARGUMENTS[len(ranks)](finish)


def _of_numbers(wrt: tuple[int, ...]) -> Any:
    """One number of some numbers, which integrals ask for thousands of times."""
    order = len(wrt)
    factor = float(np.prod([_weight.py_func(0, k) for k in wrt]))

    @njit
    def finish(arguments: Any) -> Any:
        s = 0.25
        for k in range(len(arguments)):
            s += _weight(0, k) * arguments[k]
        return factor * _derivative(s, order)

    return finish


def _of_one(finish: Any) -> Any:
    return njit(lambda x: finish((x,)))


def _of_two(finish: Any) -> Any:
    return njit(lambda x, y: finish((x, y)))


def _of_three(finish: Any) -> Any:
    return njit(lambda x, y, z: finish((x, y, z)))


def _of_four(finish: Any) -> Any:
    return njit(lambda x, y, z, w: finish((x, y, z, w)))


_WITH_ARGUMENTS = {1: _of_one, 2: _of_two, 3: _of_three, 4: _of_four}
"""Number of arguments -> how the function is made: Numba wants each argument by its name."""

MOST_ARGUMENTS = max(_WITH_ARGUMENTS)
