# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Matrices by where they stand: to count who uses an array takes longer than a short product.

A matrix is the place of its first number, its rows and columns, and the bytes from row to row and from column to
column; a vector is its place, its length, and the bytes from number to number. The array lives as long as its caller's.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .lanes import WHOLE
from .linking import PART

_PLACE = types.intp


@intrinsic
def stands(typing, array):
    """Where an array stands."""
    kind = types.UniTuple(_PLACE, 1 + 2 * array.ndim)

    def code(context, builder, signature, arguments):
        known = context.make_array(array)(context, builder, arguments[0])
        extents, steps = (cgutils.unpack_tuple(builder, part, array.ndim) for part in (known.shape, known.strides))
        return context.make_tuple(builder, kind, [builder.ptrtoint(known.data, WHOLE), *extents, *steps])

    return kind(array), code


@intrinsic
def size_of(typing, like):
    """The bytes of a number of some type."""
    return _PLACE(like), lambda context, builder, signature, arguments: WHOLE(signature.args[0].bitwidth // 8)


@intrinsic
def alike(typing, like, number):
    """A number as one of the type of another."""

    def code(context, builder, signature, arguments):
        return context.cast(builder, arguments[1], number, like)

    return like(like, number), code


@intrinsic
def number_at(typing, like, place):
    """The number, of the type of another one, that stands somewhere."""

    def code(context, builder, signature, arguments):
        return builder.load(builder.inttoptr(arguments[1], arguments[0].type.as_pointer()))

    return like(like, _PLACE), code


@intrinsic
def set_number(typing, place, number):
    """Write a number somewhere."""

    def code(context, builder, signature, arguments):
        builder.store(arguments[1], builder.inttoptr(arguments[0], ir.PointerType(arguments[1].type)))
        return context.get_dummy_value()

    return types.void(_PLACE, number), code


@njit(**PART)
def turned(a):
    """The transposed matrix."""
    place, rows, columns, down, along = a
    return place, columns, rows, along, down


@njit(**PART)
def part(a, i, j):
    """Where a number of a matrix stands."""
    return a[0] + i * a[3] + j * a[4]


@njit(error_model="numpy", **PART)
def is_by_rows(a, size):
    """Whether the rows of a matrix of numbers of some size are contiguous and do not overlap."""
    _, _, columns, down, along = a
    return along == size and down >= columns * size and down % size == 0


@njit(**PART)
def dense(place, rows, columns, size):
    """A matrix without gaps."""
    return place, rows, columns, columns * size, size


@njit(**PART)
def copy_to(like, a, c):
    """Copy a matrix, number by number."""
    for i in range(a[1]):
        for j in range(a[2]):
            set_number(part(c, i, j), number_at(like, part(a, i, j)))
