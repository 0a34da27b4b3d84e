# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Products of matrices: loops for the smallest, tiles in registers, and BLAS for what is long enough for its threads.

A result has a contiguous axis, or is copied first; so are the factors that BLAS is given.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from .layouts import apart, has_long_rows, loose
from .linking import PART
from .matrices import alike, copy_to, dense, is_by_rows, number_at, part, set_number, size_of, stands, turned
from .panels import is_narrow, mirror_square, multiply_by_panels, transpose_to
from .registers import square_side
from .strips import fits_strips, multiply_by_strips
from .unwanted import UnwantedType

LOOPS_BELOW = 1024
"""Multiplications from which tiles are cheaper than loops."""


def matrix_product(scale, a, b, keep, c, team=None, weights=None):
    """c = scale*a@diag(weights)@b + keep*c, where `keep` is 0 (c may hold anything) or 1; no weights stand for ones.

    BLAS may take threads for a long one, unless there is a team of threads, or could be: then each has a product of its
    own, and idle threads of BLAS would be in the way.
    """
    found = scale * np.matmul(a, b if weights is None else np.multiply(weights[:, None], b))
    c[...] = found + c if keep else found


def symmetric_product(scale, a, b, keep, c, team=None, weights=None):
    """What stands on and below the diagonal of a product that is symmetric; what stands above may be anything."""
    matrix_product(scale, a, b, keep, c, weights=weights)


def mirror(c):
    """What stands below the diagonal goes above it too."""
    c[...] = np.tril(c) + np.tril(c, -1).T


THREADS_FROM = 8_000_000
"""Multiplications from which it is worth waiting for a second thread of BLAS.

Its threads go on looking for work for a while after a product, and keep other work from the processors.
"""

_TILE = 64
"""Rows and columns of a part of a matrix that stays in the nearest cache."""

BLOCK = 32768
"""Numbers that the temporaries of a block of rows have together: they stay in the cache of a core."""


LEAST_ROWS, MOST_ROWS = 64, 512
"""Rows of a block from which products are fast, and up to which they get faster where each block adds to matrices."""


def block_rows(rows, width, sums, least=LEAST_ROWS):
    """In how many rows at a time to work if the temporaries of a row have so many numbers.

    So many numbers have the matrices that each block adds to: they are read and written once for every block.
    """
    width = max(1, width)
    return max(1, min(rows, max(least, BLOCK // width, min(MOST_ROWS, 2 * sums // width))))


@overload(block_rows, jit_options=PART, strict=False)
def _compiled_rows(rows, width, sums, least=LEAST_ROWS):
    return block_rows


@overload(matrix_product, jit_options=PART, strict=False)
def _compiled(scale, a, b, keep, c, team=None, weights=None):
    """One function for matrices of every layout, so that it is compiled once."""
    if isinstance(c, UnwantedType):
        return lambda scale, a, b, keep, c, team=None, weights=None: None
    if (team is None or isinstance(team, types.Omitted)) and not isinstance(weights, types.Array):
        return _by_size
    known = _stands(weights)
    return lambda scale, a, b, keep, c, team=None, weights=None: _multiply(
        float(scale), c.dtype.type(0), stands(a), stands(b), known(weights), keep != 0, stands(c)
    )


def _by_size(scale, a, b, keep, c, team=None, weights=None):
    if a.shape[0] * a.shape[1] * b.shape[1] >= THREADS_FROM:
        _multiply_by_blas(float(scale), loose(a), loose(b), float(keep), loose(c))
    else:
        _multiply(float(scale), c.dtype.type(0), stands(a), stands(b), _nowhere(weights), keep != 0, stands(c))


@overload(symmetric_product, jit_options=PART, strict=False)
def _compiled_half(scale, a, b, keep, c, team=None, weights=None):
    if isinstance(c, UnwantedType):
        return lambda scale, a, b, keep, c, team=None, weights=None: None
    known = _stands(weights)
    return lambda scale, a, b, keep, c, team=None, weights=None: _multiply_half(
        float(scale), c.dtype.type(0), stands(a), stands(b), known(weights), keep != 0, stands(c)
    )


def _stands(weights):
    """The function that says where weights stand, if there are any."""
    return stands if isinstance(weights, types.Array) else _nowhere


@njit(**PART)
def _nowhere(weights):
    return np.intp(0), np.intp(0), np.intp(0)


@overload(mirror, jit_options=PART, strict=False)
def _compiled_mirror(c):
    return (lambda c: None) if isinstance(c, UnwantedType) else (lambda c: _mirror(c.dtype.type(0), stands(c)))


@njit(cache=True, error_model="numpy")
def _multiply(scale, like, a, b, weights, keep, c):
    apart()
    if a[1] * a[2] * b[2] < LOOPS_BELOW and not (weights[1] and a[1] * b[2]):
        _by_loops(scale, like, a, b, keep, c)
    else:
        _multiply_long(alike(like, scale), a, b, weights, keep, c)


@njit(error_model="numpy", **PART)
def _multiply_long(scale, a, b, weights, keep, c):
    size = size_of(scale)
    if is_by_rows(c, size):
        _multiply_rows(scale, a, b, weights, keep, c)
    elif is_by_rows(turned(c), size):
        _multiply_rows(scale, turned(b), turned(a), weights, keep, turned(c))
    else:
        room = np.empty(c[1] * c[2] * size, np.uint8)
        found = dense(np.intp(room.ctypes.data), c[1], c[2], size)
        copy_to(scale, c, found)
        _multiply_rows(scale, a, b, weights, keep, found)
        copy_to(scale, found, c)
        room[0] = 0  # it lives until here


@njit(error_model="numpy", **PART)
def _multiply_rows(scale, a, b, weights, keep, c):
    apart()
    size = size_of(scale)
    if keep or not is_narrow(a, b, size):
        multiply_by_panels(scale, a, b, weights, keep, c, c[2])
    else:
        room = np.empty(c[1] * c[2] * size, np.uint8)
        found = dense(np.intp(room.ctypes.data), c[2], c[1], size)
        multiply_by_panels(scale, turned(b), turned(a), weights, keep, found, c[1])
        transpose_to(scale, found, c)
        room[0] = 0  # it lives until here


@njit(cache=True, error_model="numpy")
def _multiply_half(scale, like, a, b, weights, keep, c):
    apart()
    size = size_of(like)
    if a[2] == 0 or not is_by_rows(c, size):
        _multiply(scale, like, a, b, weights, keep, c)
    elif fits_strips(a, b, size):
        multiply_by_strips(alike(like, scale), a, b, weights, keep, c)
    else:
        multiply_by_panels(alike(like, scale), a, b, weights, keep, c, np.intp(0))


@njit(cache=True, error_model="numpy")
def _mirror(like, c):
    """Tile by tile, since one side of the diagonal lies across the memory."""
    apart()
    count, side = c[1], square_side()
    for top in range(0, count, _TILE):
        for start in range(0, top + 1, _TILE):
            for i in range(top, min(top + _TILE, count), side):
                for j in range(start, min(start + _TILE, i + 1), side):
                    mirror_square(like, c, i, j)


@njit(inline="always")
def _by_loops(scale, like, a, b, keep, c):
    for i in range(a[1]):
        for j in range(b[2]):
            total = np.float64(0.0)
            for k in range(a[2]):
                total += number_at(like, part(a, i, k)) * number_at(like, part(b, k, j))
            place = part(c, i, j)
            found = scale * total + (number_at(like, place) if keep else 0)
            set_number(place, alike(like, found))


@njit(cache=True, error_model="numpy")
def _multiply_by_blas(scale, a, b, keep, c):
    apart()
    is_turned = not has_long_rows(c) and has_long_rows(c.T)
    left, right, out = (b.T, a.T, c.T) if is_turned else (a, b, c)
    filled = _ready(out)
    _gemm(scale, _ready(left), _ready(right), keep, filled)
    if not has_long_rows(out):
        _copy_to(filled, out)


@njit(**PART)
def _ready(a):
    """A matrix with a contiguous axis."""
    return a if has_long_rows(a) or has_long_rows(a.T) else _copied(a)


@njit(**PART)
def _copied(a):
    copy = loose(np.empty(a.shape, a.dtype))
    _copy_to(a, copy)
    return copy


@njit(**PART)
def _copy_to(a, copy):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            copy[i, j] = a[i, j]


class _Matrix:
    """A matrix as BLAS sees it: its memory, whether it is turned, and the distance of its rows (or columns)."""

    def __init__(self, context, builder, kind, value) -> None:
        array = context.make_array(kind)(context, builder, value)
        item = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_value_type(kind.dtype)))
        across, along = cgutils.unpack_tuple(builder, array.strides, 2)
        letters = [ir.Constant(ir.IntType(8), ord(letter)) for letter in "nt"]
        self.shape = cgutils.unpack_tuple(builder, array.shape, 2)
        wide = builder.icmp_signed(">=", across, builder.mul(item, self.shape[1]))
        by_rows = builder.and_(builder.icmp_signed("==", along, item), wide)
        self.turned = builder.select(by_rows, *letters)
        self.step = builder.sdiv(builder.select(by_rows, across, along), item)
        self.memory = builder.bitcast(array.data, cgutils.voidptr_t)


@intrinsic
def _gemm(typing, scale, a, b, keep, c):
    """BLAS's product; one axis of a and of b is contiguous, and the rows of c are.

    BLAS counts along columns, so that it is asked for the transposed product.
    """
    real, letter = c.dtype, ord("d" if c.dtype == types.float64 else "s")

    def code(context, builder, signature, arguments):
        def number(value, kind):
            slot = cgutils.alloca_once_value(builder, context.cast(builder, value, kind, real))
            return builder.bitcast(slot, cgutils.voidptr_t)

        left, right, out = (_Matrix(context, builder, k, arguments[n]) for n, k in ((1, a), (2, b), (4, c)))
        size, byte, memory = ir.IntType(64), ir.IntType(8), cgutils.voidptr_t
        kinds = [byte] * 3 + [size] * 3 + [memory, memory, size, memory, size, memory, memory, size]
        kind = ir.FunctionType(ir.IntType(32), kinds)
        function = cgutils.get_or_insert_function(builder.module, kind, "numba_xxgemm")
        sizes = [right.shape[1], left.shape[0], left.shape[1]]
        factors = [right.memory, right.step, left.memory, left.step]
        scales = number(arguments[0], scale), number(arguments[3], keep)
        turned = [ir.Constant(byte, letter), right.turned, left.turned]
        builder.call(function, [*turned, *sizes, scales[0], *factors, scales[1], out.memory, out.step])
        return context.get_dummy_value()

    return types.void(scale, a, b, keep, c), code
