# eqc-inputs: e343a42ffa9bdc4605b23e128e2d9951c4baf8a6c884db4b1325565bb7f87925
"""Sums of pairs that the threads of a team have collected, put together in the threads' order."""

import numpy as np
from numba import types
from numba.extending import intrinsic, register_jitable

from .._team import array_of, begin, either, end, handed_over_array, meet_all, nothing, same
from .functions import like
from .number import pair, parts
from .sums import collect


@intrinsic
def whole_pair(typing, x, team):
    """The sum of a number of each thread."""
    return either(_whole_pair, same, x, x, team)


@intrinsic
def whole_pairs(typing, sums, team):
    """Make what each thread has collected for each entry of an array the sums over all threads."""
    return either(_whole_pairs, nothing, types.void, sums, team)


def _whole_pair(x, team):
    sums = np.empty((2, 1))
    sums[0, 0], sums[1, 0] = parts(x)
    _whole_pairs(sums, team)
    return like(sums[0, 0], sums[1, 0], x)


@register_jitable
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
