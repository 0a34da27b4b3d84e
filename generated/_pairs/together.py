# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Sums of pairs that the threads of a team have collected, put together in the threads' order."""

from numba import types
from numba.extending import intrinsic, register_jitable

from .._team import array_of, begin, either, end, handed_over_array, in_order, meet_all, nothing, same
from .._vector.linking import PART
from .number import pair
from .sums import collect


@register_jitable(**PART)
def _add(x, y):
    return x + y


_add_in_order = in_order(_add)


@intrinsic
def whole_pair(typing, x, team):
    """The sum of a number of each thread."""
    return either(_add_in_order, same, x, x, team)


@intrinsic
def whole_pairs(typing, sums, team):
    """Make what each thread has collected for each entry of an array the sums over all threads."""
    return either(_whole_pairs, nothing, types.void, sums, team)


@register_jitable(**PART)
def _whole_pairs(sums, team):
    place = handed_over_array(sums, team)
    low, high, first = begin(sums.shape[1], team), end(sums.shape[1], team), array_of(0, sums, place, team)
    for part in range(1, team[1]):
        more = array_of(part, sums, place, team)
        for n in range(low, high):
            collect(first, n, pair(more[0, n], more[1, n]))
    for part in range(1, team[1]):
        copy = array_of(part, sums, place, team)
        for n in range(low, high):
            copy[0, n], copy[1, n] = first[0, n], first[1, n]
    meet_all(team)
