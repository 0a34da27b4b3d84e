"""Products of matrices in one thread: tiles of the result stay in registers while they are summed up.

After Goto and van de Geijn (2008): a panel of the right factor, as wide as a tile, is copied to the nearest cache, and
the rows of the left factor pass over it, as many at a time as a tile has. Short products gain the most over BLAS, and
so do factors that lie along their columns. No thread of BLAS looks for work afterwards.
"""

import numpy as np
from numba import njit

from .layouts import has_long_rows
from .linking import PART
from .registers import copy_row, multiply_tile, square_side, tile_bytes, tile_rows, transpose_square

_LINE = 64
"""Bytes of a cache line."""

_PANEL = 24 * 1024
"""Bytes of a panel, which leave room for the rows beside it in the nearest cache."""

_ROWS = 240
"""Rows of the left factor that stay in the second cache while panels change: whole tiles."""

_PANELS = 8
"""Panels from which long rows of the left factor are copied, too, so that tiles find them one after the other."""


@njit(error_model="numpy", **PART)
def _room(rows, columns, like):
    """A matrix that starts at a cache line."""
    room = np.empty(rows * columns + _LINE // like.itemsize, like.dtype)
    start = (-room.ctypes.data % _LINE) // like.itemsize
    return room[start : start + rows * columns].reshape(rows, columns)


@njit(error_model="numpy", **PART)
def _pack(b, panel):
    """Copy a part of a matrix to a panel; zeros stand where the part is narrower, and up to the end of a square."""
    side, size, down, one = square_side(), b.itemsize, panel.strides[0], panel[0, 0]
    source, target, (step, along) = b.ctypes.data, panel.ctypes.data, b.strides
    rows, columns = b.shape
    if along == size:
        for k in range(rows):
            for j in range(0, panel.shape[1], side):
                copy_row(
                    one, source + k * step + j * size, target + k * down + j * size, columns - j, panel.shape[1] * size
                )
    elif step == size:
        for k in range(0, rows, side):
            for j in range(0, panel.shape[1], side):
                here, there = source + k * size + j * along, target + k * down + j * size
                transpose_square(one, here, along, there, down, columns - j, rows - k)
    else:
        for k in range(rows):
            for j in range(panel.shape[1]):
                panel[k, j] = b[k, j] if j < columns else 0


@njit(error_model="numpy", **PART)
def _weigh(panel, weights):
    """Multiply each row of a panel by a number."""
    for k in range(weights.shape[0]):
        for j in range(panel.shape[1]):
            panel[k, j] *= weights[k]


@njit(error_model="numpy", **PART)
def multiply_by_panels(scale, a, b, weights, keep, c, lower):
    """c = scale*a@diag(weights)@b + keep*c for a matrix c with contiguous rows; no weights at all stand for ones.

    If `lower`, what stands on and below the diagonal of c is this, and what stands above may be anything.
    """
    height, width, size = tile_rows(), tile_bytes() // c.itemsize, c.itemsize
    pieces = max(1, -(-a.shape[1] * tile_bytes() // _PANEL))
    steps = -(-a.shape[1] // pieces)
    side = square_side()
    long, tall = -(-steps // side) * side, -(-height // side) * side
    panel = _room(long, width, c)
    packs = pieces > 1 and b.shape[1] >= _PANELS * width
    packed = _room(_ROWS // height * long, tall, c) if packs else panel
    for top in range(0, a.shape[0], _ROWS):
        for k in range(0, a.shape[1], steps):
            left, more = a[top : top + _ROWS, k : k + steps], keep != 0 or k > 0
            start, between, across, along = left.ctypes.data, height * left.strides[0], left.strides[0], left.strides[1]
            if packs:
                for i in range(0, left.shape[0], height):
                    _pack(left[i : i + height].T, packed[i // height * long :][:long])
                start, between, across, along = packed.ctypes.data, long * packed.strides[0], size, packed.strides[0]
            for j in range(0, min(b.shape[1], top + _ROWS) if lower else b.shape[1], width):
                _pack(b[k : k + steps, j : j + width], panel)
                _weigh(panel, weights[k : k + steps])
                first = max(0, j - top) // height if lower else 0
                out = c[top + first * height : top + _ROWS, j : j + width]
                _pass(scale, left.shape[1], start + first * between, between, across, along, panel, more, out)


@njit(error_model="numpy", **PART)
def _pass(scale, steps, left, between, across, along, panel, keep, c):
    """What one panel adds to the result, tile by tile; on the left, there is so much `between` two tiles' starts."""
    number, right, out, down = c.dtype.type(scale), panel.ctypes.data, c.ctypes.data, c.strides[0]
    for i in range(0, c.shape[0], tile_rows()):
        beside, below = c.shape[1], c.shape[0] - i
        multiply_tile(number, steps, left, across, along, right, keep, out + i * down, down, below, beside)
        left += between


@njit(error_model="numpy", **PART)
def is_narrow(a, b):
    """Whether two factors rather change places, since the right one lies along its columns and has far more numbers.

    The left one has to fill a panel.
    """
    fills = a.shape[0] * a.itemsize >= tile_bytes()
    return fills and b.strides[0] == b.itemsize and 2 * a.shape[0] * (a.shape[1] + b.shape[1]) < b.size


@njit(error_model="numpy", **PART)
def transpose_to(a, c):
    """c = a.T for two matrices with contiguous rows."""
    side = square_side()
    for i in range(0, c.shape[0], side):
        for j in range(0, c.shape[1], side):
            if i + side <= c.shape[0] and j + side <= c.shape[1]:
                source, target = a[j:, i:].ctypes.data, c[i:, j:].ctypes.data
                transpose_square(c[0, 0], source, a.strides[0], target, c.strides[0], side, side)
                continue
            for row in range(i, min(i + side, c.shape[0])):
                for column in range(j, min(j + side, c.shape[1])):
                    c[row, column] = a[column, row]


@njit(error_model="numpy", **PART)
def mirror_square(c, i, j):
    """What stands in a square of a matrix on and below its diagonal, up to its end, goes above it too."""
    side, count = square_side(), c.shape[0]
    if j < i and i + side <= count and has_long_rows(c):
        start, size, down = c.ctypes.data, c.itemsize, c.strides[0]
        transpose_square(c[0, 0], start + i * down + j * size, down, start + j * down + i * size, down, side, side)
    else:
        for row in range(i, min(i + side, count)):
            for column in range(j, min(j + side, row)):
                c[column, row] = c[row, column]
