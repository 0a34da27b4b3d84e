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
    most, some = _most(team), _some(weights)
    return lambda scale, a, b, keep, c, team=None, weights=None: _multiply(
        float(scale), loose(a), loose(b), some(weights, c), float(keep), loose(c), most
    )


@overload(symmetric_product, jit_options=PART, strict=False)
def _compiled_half(scale, a, b, keep, c, team=None, weights=None):
    if isinstance(c, UnwantedType):
        return lambda scale, a, b, keep, c, team=None, weights=None: None
    some = _some(weights)
    return lambda scale, a, b, keep, c, team=None, weights=None: _multiply_half(
        float(scale), loose(a), loose(b), some(weights, c), float(keep), loose(c)
    )


def _some(weights):
    """The function that gives weights, or none of them, as compiled code takes them."""
    return _given if isinstance(weights, types.Array) else _none


@njit(**PART)
def _given(weights, c):
    return loose(weights)


@njit(**PART)
def _none(weights, c):
    return loose(c)[:0, 0]


def _most(team):
    """Multiplications up to which BLAS is kept from using threads."""
    return THREADS_FROM if team is None or isinstance(team, types.Omitted) else 1 << 62


@overload(mirror, jit_options=PART, strict=False)
def _compiled_mirror(c):
    return (lambda c: None) if isinstance(c, UnwantedType) else (lambda c: _mirror(loose(c)))


@njit(cache=True, error_model="numpy")
def _multiply(scale, a, b, weights, keep, c, most):
    apart()
    size = a.shape[0] * a.shape[1] * b.shape[1]
    weighted = weights.shape[0] > 0
    if size == 0 or (size < LOOPS_BELOW and not weighted):
        _by_loops(scale, a, b, keep, c)
        return
    turned = not has_long_rows(c) and has_long_rows(c.T)
    left, right, out = (b.T, a.T, c.T) if turned else (a, b, c)
    if size >= most and not weighted:
        filled = _ready(out)
        _gemm(scale, _ready(left), _ready(right), keep, filled)
    else:
        narrow = keep == 0 and has_long_rows(out) and is_narrow(left, right)
        filled = loose(np.empty((right.shape[1], left.shape[0]), c.dtype)) if narrow else _ready(out)
        first, second = (right.T, left.T) if narrow else (left, right)
        multiply_by_panels(scale, first, second, weights, keep, filled, False)
        if narrow:
            transpose_to(filled, out)
    if not has_long_rows(out):
        _copy_to(filled, out)


@njit(cache=True, error_model="numpy")
def _multiply_half(scale, a, b, weights, keep, c):
    apart()
    filled = c if has_long_rows(c) else _copied(c)
    if fits_strips(a, b):
        multiply_by_strips(scale, a, b, weights, keep, filled)
    else:
        multiply_by_panels(scale, a, b, weights, keep, filled, True)
    if not has_long_rows(c):
        _copy_to(filled, c)


@njit(cache=True, error_model="numpy")
def _mirror(c):
    """Tile by tile, since one side of the diagonal lies across the memory."""
    apart()
    count, side = c.shape[0], square_side()
    for top in range(0, count, _TILE):
        for start in range(0, top + 1, _TILE):
            for i in range(top, min(top + _TILE, count), side):
                for j in range(start, min(start + _TILE, i + 1), side):
                    mirror_square(c, i, j)


@njit(inline="always")
def _by_loops(scale, a, b, keep, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = np.float64(0.0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = scale * total + (c[i, j] if keep != 0 else 0)


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
