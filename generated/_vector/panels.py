# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Products of matrices in one thread: tiles of the result stay in registers while they are summed up.

After Goto and van de Geijn (2008): a panel of the right factor, as wide as a tile, is copied to the nearest cache, and
the rows of the left factor pass over it, as many at a time as a tile has. Short products gain the most over BLAS, and
so do factors that lie along their columns. No thread of BLAS looks for work afterwards.
"""

import numpy as np
from numba import njit

from .layouts import apart
from .linking import PART
from .matrices import alike, is_by_rows, number_at, part, set_number, size_of
from .raised import (
    LIMIT_32,
    LIMIT_64,
    RAISED_32,
    RAISED_64,
    forget_tiny,
    lane_bytes,
    met_tiny,
    raised,
)
from .registers import (
    LINE,
    copy_row,
    multiply_tile,
    own_memory,
    square_side,
    tile_bytes,
    tile_rows,
    transpose_square,
    weigh_row,
)

_PANEL = 24 * 1024
"""Bytes of a panel, which leave room for the rows beside it in the nearest cache."""

_ROWS = 240
"""Rows of the left factor that stay in the second cache while panels change: whole tiles."""

_PANELS = 8
"""Panels from which long rows of the left factor are copied, too, so that tiles find them one after the other."""


@njit(error_model="numpy", **PART)
def _pack(like, a, panel, width):
    """Copy a matrix to the start of a panel of some width.

    Zeros stand for columns that there are not, up to one half of the panel if the others stay there.
    """
    source, rows, columns, step, along = a
    side, size = square_side(), size_of(like)
    down, end = width * size, width if 2 * columns > width else width // 2
    if along == size:
        for k in range(rows):
            for j in range(0, end, side):
                copy_row(like, source + k * step + j * size, panel + k * down + j * size, columns - j, down)
    elif step == size:
        for k in range(0, rows, side):
            for j in range(0, end, side):
                here, there = source + k * size + j * along, panel + k * down + j * size
                transpose_square(like, here, along, there, down, columns - j, rows - k)
    else:
        for k in range(rows):
            for j in range(end):
                number = number_at(like, part(a, k, j)) if j < columns else alike(like, 0)
                set_number(panel + k * down + j * size, number)


@njit(error_model="numpy", **PART)
def multiply_by_panels(scale, a, b, weights, keep, c, beyond):
    """c = scale*a@diag(weights)@b + keep*c for a matrix c with contiguous rows; no weights at all stand for ones.

    What stands so many columns `beyond` the diagonal of c, and further, may be anything.
    """
    apart()
    pieces = max(1, -(-a[2] * tile_bytes() // _PANEL))
    packs = pieces > 1 and b[2] * size_of(scale) >= _PANELS * tile_bytes()
    steps = -(-a[2] // pieces)
    if packs:
        room = np.empty(_ROWS // tile_rows() * _whole(steps) * _whole(tile_rows()) * size_of(scale) + LINE, np.uint8)
        _pass_all(scale, a, b, weights, keep, c, beyond, steps, np.intp(room.ctypes.data) // LINE * LINE + LINE)
        room[0] = 0  # it lives until here
    else:
        _pass_all(scale, a, b, weights, keep, c, beyond, steps, np.intp(0))


@njit(error_model="numpy", **PART)
def _pass_all(scale, a, b, weights, keep, c, beyond, steps, room):
    """All that some rows of a and some of b give, one after the other: raised from where tiny numbers come up."""
    apart()
    forget_tiny()
    size = size_of(scale)
    raises, watches = False, weights[1] == 0 and size in (a[3], a[4]) and size in (b[3], b[4])
    for top in range(0, a[1], _ROWS):
        for k in range(0, a[2], steps):
            rows, depth = min(_ROWS, a[1] - top), min(steps, a[2] - k)
            left = part(a, top, k), rows, depth, a[3], a[4]
            right = part(b, k, 0), depth, min(b[2], top + _ROWS + beyond), b[3], b[4]
            numbers = weights[0] + k * weights[2], min(depth, weights[1]), weights[2]
            out, adds, done = (part(c, top, 0), rows, c[2], c[3], c[4]), keep or k > 0, (0, 0)
            if not raises:
                done = _pass(scale, left, right, numbers, adds, out, top + beyond, room, done, watches)
                raises = done[0] < right[2]
            if raises:
                _pass_raised(scale, left, right, numbers, adds, out, top + beyond, done)


@njit(error_model="numpy", **PART)
def _pass_raised(scale, a, b, weights, keep, c, beyond, first):
    """The rest of a pass, for factors that are raised above tiny numbers if nothing overflows."""
    apart()
    size = size_of(scale)
    factor, limit = (RAISED_32, LIMIT_32) if size == 4 else (RAISED_64, LIMIT_64)
    middle = (a[1] * a[2] * size + max(a[1], a[2]) * lane_bytes()) // LINE * LINE + LINE
    room = np.empty(middle + b[1] * b[2] * size + max(b[1], b[2]) * lane_bytes() + LINE, np.uint8)
    place = np.intp(room.ctypes.data) // LINE * LINE + LINE
    left, most = raised(alike(scale, factor), a, place)
    right, most_right = raised(alike(scale, factor), b, place + middle)
    if most * most_right < limit and abs(scale) * limit > factor * factor:
        _pass(alike(scale, scale / (factor * factor)), left, right, weights, keep, c, beyond, 0, first, False)
    else:
        _pass(scale, a, b, weights, keep, c, beyond, 0, first, False)
    room[0] = 0  # it lives until here


@njit(error_model="numpy", **PART)
def _whole(count):
    """As many rows or columns of whole squares."""
    return -(-count // square_side()) * square_side()


@njit(error_model="numpy", **PART)
def _pass(scale, a, b, weights, keep, c, beyond, room, first, watches):
    """What factors that fit into panels add to a result, but for what stands so far beyond its diagonal.

    If there is room, a is copied there, too. The `first` tile is found by its column and by how many are above it; one
    that watches for tiny numbers stops behind the first tile with some. Returns which tile follows.
    """
    apart()
    (left, rows, depth, across, along), (_, _, columns, down, _) = a, c
    height, size, panel = tile_rows(), size_of(scale), own_memory(_PANEL)
    width, between = tile_bytes() // size, height * across
    if room != 0:
        tall = _whole(height)
        between_packed = _whole(depth) * tall * size
        for n in range(-(-rows // height)):
            tile = left + n * between, depth, min(height, rows - n * height), along, across
            _pack(scale, tile, room + n * between_packed, tall)
        left, across, along, between = room, size, tall * size, between_packed
    for j in range(first[0], b[2], width):
        _pack(scale, (part(b, 0, j), depth, b[2] - j, b[3], b[4]), panel, width)
        for k in range(weights[1]):
            weigh_row(scale, panel + k * width * size, weights[0] + k * weights[2])
        above = first[1] if j == first[0] else 0
        for n in range(max(above, (j - beyond) // height), -(-rows // height)):
            start, target = left + n * between, part(c, n * height, j)
            below, beside = rows - n * height, columns - j
            multiply_tile(scale, depth, start, across, along, panel, keep, target, down, below, beside)
            if watches and met_tiny():
                return j, n + 1
    return b[2], 0


@njit(error_model="numpy", **PART)
def is_narrow(a, b, size):
    """Whether two factors rather change places, since the right one lies along its columns and has far more numbers.

    The left one has to fill a panel.
    """
    fills = a[1] * size >= tile_bytes()
    return fills and b[3] == size and 2 * a[1] * (a[2] + b[2]) < b[1] * b[2]


@njit(error_model="numpy", **PART)
def transpose_to(like, a, c):
    """c = a.T for two matrices with contiguous rows."""
    side = square_side()
    for i in range(0, c[1], side):
        for j in range(0, c[2], side):
            if i + side <= c[1] and j + side <= c[2]:
                transpose_square(like, part(a, j, i), a[3], part(c, i, j), c[3], side, side)
                continue
            for row in range(i, min(i + side, c[1])):
                for column in range(j, min(j + side, c[2])):
                    set_number(part(c, row, column), number_at(like, part(a, column, row)))


@njit(error_model="numpy", **PART)
def mirror_square(like, c, i, j):
    """What stands in a square of a matrix on and below its diagonal, up to its end, goes above it too."""
    side, count = square_side(), c[1]
    if j < i and i + side <= count and is_by_rows(c, size_of(like)):
        transpose_square(like, part(c, i, j), c[3], part(c, j, i), c[3], side, side)
    else:
        for row in range(i, min(i + side, count)):
            for column in range(j, min(j + side, row)):
                set_number(part(c, column, row), number_at(like, part(c, row, column)))
