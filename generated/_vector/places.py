# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""The places of extrema in rows of numbers, which LLVM looks for one by one: here in vectors, and in one pass."""

import math
import operator
from functools import reduce

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

from .linking import PART

_BYTES = 64
_AT_ONCE = 4
_BLOCK = 4096
"""Numbers that are compared before the best of them is; only the best block is searched for the place."""


def place_of_largest(row, first, end):
    """The first place of the largest number between two places; NaN never wins over a number, and 0 is for nothing."""
    return _place(operator.gt, row, first, end)


def place_of_least(row, first, end):
    """The first place of the least number between two places; NaN never wins over a number, and 0 is for nothing."""
    return _place(operator.lt, row, first, end)


@register_jitable(**PART)
def _place(wins, row, first, end):
    found = -1
    for k in range(first, end):
        if row[k] == row[k] and (found < 0 or wins(row[k], row[found])):
            found = k
    return max(found, 0)


def _lanes(row):
    return _BYTES // (row.dtype.bitwidth // 8)


def _vector(context, builder, kind, row, at):
    """The numbers from one place on, as many as fit into the widest registers."""
    data = builder.gep(context.make_array(kind)(context, builder, row).data, [at])
    wide = ir.VectorType(context.get_value_type(kind.dtype), _lanes(kind)).as_pointer()
    return builder.load(builder.bitcast(data, wide), align=kind.dtype.bitwidth // 8)


def _splat(builder, number, count):
    vector = ir.VectorType(number.type, count)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), places)


def _winner(order, worst):
    """An intrinsic: the best of all numbers between two places, which are as many as a vector takes or more."""

    def code(context, builder, signature, arguments):
        (row, _, _), (array, start, stop) = signature.args, arguments
        lanes, whole = _lanes(row), start.type

        def better(a, b):
            return builder.select(builder.fcmp_ordered(order, a, b), a, b)

        none = _splat(builder, context.get_value_type(row.dtype)(worst), lanes)
        best = [cgutils.alloca_once_value(builder, none) for _ in range(_AT_ONCE)]
        last = builder.sub(stop, whole(lanes))
        with cgutils.for_range_slice(builder, start, stop, whole(_AT_ONCE * lanes)) as (at, _):
            for part, kept in enumerate(best):
                here = builder.add(at, whole(part * lanes))
                here = builder.select(builder.icmp_signed("<", here, last), here, last)  # some are compared again
                builder.store(better(_vector(context, builder, row, array, here), builder.load(kept)), kept)
        first, *others = (builder.load(kept) for kept in best)
        return _across(builder, reduce(better, others, first), better)

    return intrinsic(lambda typing, row, first, end: (row.dtype(row, first, end), code))


def _across(builder, vector, better):
    """The best of a vector's numbers, by halves."""
    count = vector.type.count
    while count > 1:
        count //= 2
        high = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(count, 2 * count)))
        low = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(count)))
        vector = better(builder.shuffle_vector(vector, vector, high), builder.shuffle_vector(vector, vector, low))
    return builder.extract_element(vector, ir.IntType(32)(0))


@intrinsic
def _first_equal(typing, row, at, number):
    """Which number of the vector at a place is the first that equals another; as many as there are if none does."""
    lanes = _lanes(row)

    def code(context, builder, signature, arguments):
        array, place, number = arguments
        same = builder.fcmp_ordered("==", _vector(context, builder, row, array, place), _splat(builder, number, lanes))
        whole = place.type
        bits = builder.zext(builder.bitcast(same, ir.IntType(lanes)), whole)
        return builder.cttz(builder.or_(bits, whole(1 << lanes)), ir.IntType(1)(0))

    return types.intp(row, types.intp, row.dtype), code


def _compiled(plain, order):
    """Rows of floats that lie together are searched in vectors."""
    wins, worst = (operator.gt, -math.inf) if order == ">" else (operator.lt, math.inf)
    winner = _winner(order, worst)

    def choose(row, first, end):
        if row.layout == "A" or not isinstance(row.dtype, types.Float):
            return lambda row, first, end: _place(wins, row, first, end)
        lanes, number = _lanes(row), row.dtype

        def place(row, first, end):
            best, begin = number(worst), first
            for start in range(first, end, _BLOCK):
                stop = min(start + _BLOCK, end)
                found = best
                if stop - start >= lanes:
                    found = winner(row, start, stop)
                else:
                    for k in range(start, stop):
                        found = row[k] if wins(row[k], found) else found
                if wins(found, best):
                    best, begin = found, start
            return _first_place(row, begin, end, best)

        return place

    overload(plain, jit_options=PART, strict=False)(choose)


def _first_place(row, first, end, number):
    """The first place of a number, or 0."""
    raise TypeError("for compiled code")


@overload(_first_place, jit_options=PART, strict=False)
def _search(row, first, end, number):
    lanes = _lanes(row)

    def search(row, first, end, number):
        for k in range(first, end - lanes + 1, lanes):
            lane = _first_equal(row, k, number)
            if lane < lanes:
                return k + lane
        for k in range(max(first, end - lanes), end):
            if row[k] == number:
                return k
        return 0

    return search


_compiled(place_of_largest, ">")
_compiled(place_of_least, "<")
