# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Which rounds of a loop, and which rows of an array, are a thread's own."""

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from .._vector.linking import INLINE
from .alone import WHOLE, either, is_team, same, yes, zero

_UNIT, _LONG = 32, 2048
"""Shares of long loops are whole multiples of this many rounds."""

_MOST = 2**48 - 1
"""Rounds that no loop has more of; LLVM sees from it that places in arrays are not negative."""


def _bound(later):
    """A function: where a thread's share of so many rounds begins, or that of the thread after it."""

    def together(context, builder, signature, arguments):
        count, team = arguments
        part, parts = (builder.extract_value(team, n) for n in (0, 1))
        return builder.and_(_share_of(builder, count, builder.add(part, WHOLE(later)), parts), WHOLE(_MOST))

    @intrinsic
    def bound(typing, count, team):
        alone = same if later else zero
        return types.intp(types.intp, team), together if is_team(team) else alone

    return bound


def _share_of(builder, count, part, parts):
    """The first round of a part."""

    def choose(one, order, other):
        return builder.select(builder.icmp_signed(order, one, other), one, other)

    unit = builder.select(builder.icmp_signed(">=", count, WHOLE(_LONG)), WHOLE(_UNIT), WHOLE(1))
    units = builder.udiv(builder.add(choose(count, ">", WHOLE(0)), builder.sub(unit, WHOLE(1))), unit)
    place = builder.mul(builder.udiv(builder.mul(units, part), parts), unit)
    return choose(choose(place, "<", count), ">", WHOLE(0))


begin, end = _bound(0), _bound(1)


@intrinsic
def leads(typing, team):
    """Whether this thread does what only one does."""
    return either(_leads, yes, types.boolean, team)


@intrinsic
def share(typing, array, team):
    """The rows of an array that are a thread's share."""
    if not isinstance(array, types.Array):  # it stands for a result that nobody wants
        return array(array, team), same
    return either(_share, same, array.copy(layout="A") if is_team(team) else array, array, team)


def own(array, team):
    """An array for each thread like one that all have, which is the first thread's."""
    raise TypeError("own is for compiled code")


@overload(own, jit_options=INLINE, strict=False)
def _own(array, team):
    if not is_team(team) or not isinstance(array, types.Array):
        return lambda array, team: array
    return lambda array, team: array if team[0] == 0 else np.empty_like(array)


def _leads(team):
    return team[0] == 0


def _share(array, team):
    return array[begin(len(array), team) : end(len(array), team)]
