# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Products of a matrix and a vector: some rows of the matrix at a time, which share what they read of the vector.

They are added up in double precision, in which products of float32 numbers are exact.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

from .lanes import WHOLE, Vectors, register
from .layouts import apart, has_long_rows, loose
from .linking import PART
from .unwanted import UnwantedType

ROWS = 8
"""So many rows are taken at a time."""

LOOPS_BELOW = 256
"""Multiplications from which rows at a time are faster than loops."""

_PLACE, _DOUBLE = types.intp, ir.DoubleType()


def vector_product(a, x, keep, y):
    """y = a@x + keep*y, where `keep` is 0 (y may hold anything) or 1."""
    found = np.matmul(a, x)
    y[...] = found + y if keep else found


@overload(vector_product, jit_options=PART, strict=False)
def _compiled(a, x, keep, y):
    """Loops for the smallest, and one function for matrices of every layout, so that it is compiled once."""
    if isinstance(y, UnwantedType):
        return lambda a, x, keep, y: None
    if a.dtype != x.dtype or y.dtype not in (a.dtype, types.float64):
        return _by_loops
    return _by_size


def _by_size(a, x, keep, y):
    if a.shape[0] * a.shape[1] < LOOPS_BELOW:
        _by_loops(a, x, keep, y)
    else:
        _multiply(loose(a), loose(x), float(keep), loose(y))


@njit(cache=True, error_model="numpy")
def _multiply(a, x, keep, y):
    apart()
    if has_long_rows(a) and x.strides[0] == x.itemsize:
        _by_rows(a, x, keep, y)
    elif has_long_rows(a.T):
        _by_columns(a.T, x, keep, y)
    else:
        _by_loops(a, x, keep, y)


@register_jitable(**PART)
def _by_loops(a, x, keep, y):
    for i in range(a.shape[0]):
        total = np.float64(y[i]) if keep != 0 else 0.0
        for k in range(a.shape[1]):
            total += np.float64(a[i, k]) * np.float64(x[k])
        y[i] = total


@njit(error_model="numpy", **PART)
def _by_rows(a, x, keep, y):
    """For a matrix with contiguous rows."""
    found = y if y.strides[0] == y.itemsize else loose(y.copy())
    left, down, right, out, size = a.ctypes.data, a.strides[0], x.ctypes.data, found.ctypes.data, y.itemsize
    adds, whole = keep != 0, a.shape[0] // ROWS * ROWS
    for i in range(0, whole, ROWS):
        sum_rows(x[0], a.shape[1], left + i * down, down, right, adds, y[0], out + i * size, ROWS)
    if whole < a.shape[0]:
        rest = a.shape[0] - whole
        sum_rows(x[0], a.shape[1], left + whole * down, down, right, adds, y[0], out + whole * size, rest)
    if y.strides[0] != y.itemsize:
        for i in range(found.shape[0]):  # `y[:] = found` compiles what Numba says of shapes that differ
            y[i] = found[i]


@njit(error_model="numpy", **PART)
def _by_columns(a, x, keep, y):
    """The same with the columns of such a matrix."""
    count = lanes(x[0])
    sums, whole = np.zeros(-(-a.shape[1] // count) * count), a.shape[0] // ROWS * ROWS
    ahead = a.shape[0] * a.strides[0]
    for i in range(0, whole, ROWS):
        start, numbers = a[i:].ctypes.data, x[i:].ctypes.data
        add_columns(x[0], a.shape[1], start, a.strides[0], numbers, x.strides[0], sums.ctypes.data, ahead)
    for i in range(whole, a.shape[0]):
        for j in range(a.shape[1]):
            sums[j] += np.float64(a[i, j]) * np.float64(x[i])
    for j in range(a.shape[1]):
        y[j] = sums[j] + (y[j] if keep != 0 else 0)


class _Doubles(Vectors):
    """Vectors of doubles, which are read from numbers of some type."""

    def __init__(self, context, builder, real) -> None:
        super().__init__(builder, _DOUBLE, register(context)[0])
        self.stored = Vectors(builder, real, self.lanes * (4 if isinstance(real, ir.FloatType) else 8))

    def in_parts(self, width):
        """Write code twice: for a loop over whole vectors of a row, and for what is left.

        Gives the number of the first place, and a function that reads a vector of a row that starts somewhere.
        """
        builder, lanes = self.builder, WHOLE(self.lanes)
        whole = builder.udiv(width, lanes)
        with cgutils.for_range(builder, whole) as loop:
            yield self._part(builder.mul(loop.index, lanes), self.stored.load)
        rest = builder.sub(width, builder.mul(whole, lanes))
        with builder.if_then(builder.icmp_signed(">", rest, WHOLE(0))):
            yield self._part(builder.mul(whole, lanes), lambda place: self.stored.load_some(place, rest))

    def _part(self, first, load):
        offset = self.builder.mul(first, WHOLE(self.stored.size))
        return first, lambda start: self.wide(load(self.builder.add(start, offset)), self.kind)

    def wide(self, value, kind):
        """A number, or a vector, in double precision."""
        return value if self.stored.size == 8 else self.builder.fpext(value, kind)

    def narrow(self, vector):
        """A vector as it is stored."""
        return vector if self.stored.size == 8 else self.builder.fptrunc(vector, self.stored.kind)

    def across(self, rows):
        """The sums of vectors, as lanes of others."""
        side, half = self.lanes, 1
        while half < side:
            low = [n if not n & half else n + side - half for n in range(side)]
            high = [n + half if not n & half else n + side for n in range(side)]
            pairs = zip(rows[::2], rows[1::2], strict=True)
            rows = [self.builder.fadd(self.mix(a, b, low), self.mix(a, b, high)) for a, b in pairs]
            half *= 2
        return rows


@intrinsic
def lanes(typing, like):
    """How many doubles a vector register holds."""
    return types.intp(like), lambda context, builder, signature, arguments: WHOLE(register(context)[0] // 8)


@intrinsic
def sum_rows(typing, like, width, left, across, right, keep, found, out, height):
    """Write the sums of some rows times a vector, each of so many terms, or add them to what is there.

    There are so many rows in all; what stands for others is the last one again. Results are of the type of `found`.
    """

    def code(context, builder, signature, arguments):
        like, width, left, across, right, keep, found, out, height = arguments
        doubles, last = _Doubles(context, builder, like.type), builder.sub(height, WHOLE(1))
        results = _Doubles(context, builder, found.type)
        rows = [builder.select(builder.icmp_signed("<", WHOLE(row), last), WHOLE(row), last) for row in range(ROWS)]
        starts = [builder.add(left, builder.mul(row, across)) for row in rows]
        totals = [cgutils.alloca_once_value(builder, doubles.kind([0.0] * doubles.lanes)) for _ in rows]
        for _, load in doubles.in_parts(width):
            factor = load(right)
            for start, total in zip(starts, totals, strict=True):
                builder.store(doubles.fused(load(start), factor, builder.load(total)), total)
        for number, sums in enumerate(doubles.across([builder.load(total) for total in totals])):
            place = results.stored.at(out, (number, results.stored.width))
            count = builder.sub(height, WHOLE(number * doubles.lanes))
            before = results.stored.load_some(place, builder.select(keep, count, WHOLE(0)), -0.0)  # changes no sum
            total = builder.fadd(results.wide(before, doubles.kind), sums)
            results.stored.store_some(results.narrow(total), place, count)
        return context.get_dummy_value()

    return types.void(like, *[_PLACE] * 4, types.boolean, found, *[_PLACE] * 2), code


@intrinsic
def add_columns(typing, like, width, left, across, right, along, sums, ahead):
    """Add the columns of some rows, times a number for each row, to so many sums.

    What lies so far `ahead` is asked for: the next block of rows, if there is one.
    """

    def code(context, builder, signature, arguments):
        like, width, left, across, right, along, sums, ahead = arguments
        doubles = _Doubles(context, builder, like.type)
        starts = [doubles.at(left, (row, across)) for row in range(ROWS)]
        numbers = [doubles.load(doubles.at(right, (row, along)), like.type) for row in range(ROWS)]
        factors = [doubles.spread(doubles.wide(number, _DOUBLE)) for number in numbers]
        for first, load in doubles.in_parts(width):
            place = doubles.at(sums, (8, first))
            totals = [doubles.load(place), builder.fmul(load(starts[0]), factors[0])]
            for start in starts:
                doubles.fetch(builder.add(doubles.at(start, (doubles.stored.size, first)), ahead), write=False)
            for row in range(1, ROWS):
                totals[row % 2] = doubles.fused(load(starts[row]), factors[row], totals[row % 2])
            doubles.store(builder.fadd(*totals), place)
        return context.get_dummy_value()

    return types.void(like, *[_PLACE] * 7), code
