# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What threads make together: arrays that all of them use, and sums over all of them."""

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from .._vector import add, largest, least, maximum, minimum, multiply
from .._vector.linking import INLINE
from .alone import either, is_team, nothing, same
from .meeting import LINE, array_of, empty_shape, handed_over, handed_over_array, laid_out, meet_all, read
from .shares import begin, end


@intrinsic
def whole_array(typing, sums, team):
    """Make what each thread has summed up in an array of its own the sum over all of them."""
    if not isinstance(sums, types.Array):  # it stands for a result that nobody wants
        return types.void(sums, team), nothing
    return either(_whole_array, nothing, types.void, sums, team)


def _shared(make):
    """A function like one that makes arrays: the first thread makes it, for all threads."""

    def function(shape, dtype, team):
        return make(shape, dtype)

    def choose(shape, dtype, team):
        if not is_team(team):
            return lambda shape, dtype, team: make(shape, dtype)

        def together(shape, dtype, team):
            own = make(shape if team[0] == 0 else empty_shape(shape), dtype)
            place = handed_over_array(own, team)
            return laid_out(own, shape, read(team[2], place, np.uintp(0)))

        return together

    overload(function, jit_options=INLINE, strict=False)(choose)
    function.__name__ = f"shared_{make.__name__}"
    return function


shared_empty, shared_zeros = _shared(np.empty), _shared(np.zeros)


def in_order(step):
    """A function that makes one number of those of all threads, in the threads' order."""

    def together(x, team):
        _, parts, meeting = team
        place = handed_over(x, team)
        total = read(meeting, place, x)
        for part in range(1, parts):
            total = step(total, read(meeting, place + part * LINE, x))
        return total

    return together


def _whole(step):
    """Such a function, which also works without a team."""
    together = in_order(step)

    @intrinsic
    def function(typing, x, team):
        return either(together, same, x, x, team)

    return function


whole_sum, whole_product = _whole(add), _whole(multiply)
whole_maximum, whole_minimum = _whole(maximum), _whole(minimum)
whole_largest, whole_least = _whole(largest), _whole(least)


def _whole_array(sums, team):
    flat = sums.reshape(sums.size)
    place = handed_over_array(flat, team)
    low, high, first = begin(flat.size, team), end(flat.size, team), array_of(0, flat, place, team)
    for part in range(1, team[1]):
        more = array_of(part, flat, place, team)
        for n in range(low, high):
            first[n] += more[n]
    for part in range(1, team[1]):
        copy = array_of(part, flat, place, team)
        for n in range(low, high):
            copy[n] = first[n]
    meet_all(team)
