# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Products X.T @ diag(w) @ X of few columns: strips of the result stay in registers while the rows of X pass by once.

A strip has some rows of the result and as many columns as a register. Nothing is copied or scaled beforehand, and of a
symmetric result there is hardly more than one half.
"""

from numba import njit, types
from numba.extending import intrinsic

from .lanes import WHOLE, Vectors, register
from .linking import PART
from .matrices import alike, is_by_rows, part, set_number, size_of, turned
from .registers import LINE, constant, own_memory

_PLACE = types.intp

_STEPS = 192
"""So many rows of the factors stay in the nearest cache while all strips take them; few enough for sums of float32."""

_WIDEST = 128
"""Columns of the result up to which strips are faster than panels."""

_ROWS = 4
"""The rows of a strip are a multiple of this."""


def _most_of(context):
    """So many times as many rows has a strip at most: they leave room for the factors."""
    return (register(context)[1] - 8) // _ROWS


_strip_bytes, _most = constant(lambda context: register(context)[0]), constant(_most_of)


@njit(error_model="numpy", **PART)
def fits_strips(a, b, size):
    """Whether a product has few columns, no fewer rows than a strip, and factors that are read along their memory."""
    enough = a[1] >= _ROWS and _ROWS <= b[2] <= _WIDEST
    return enough and is_by_rows(turned(a), size) and is_by_rows(b, size)


@njit(error_model="numpy", **PART)
def multiply_by_strips(scale, a, b, weights, keep, c):
    """c = scale*a@diag(weights)@b + keep*c on and below the diagonal of a square matrix c with contiguous rows.

    What stands above may be anything; no weights at all stand for ones.
    """
    ones = own_memory(LINE)
    set_number(ones, alike(scale, 1))
    place, _, step = weights if weights[1] else (ones, 0, 0)
    for k in range(0, a[2], _STEPS):
        depth = min(_STEPS, a[2] - k)
        left, right = (part(a, 0, k), a[1], depth, a[3], a[4]), (part(b, k, 0), depth, b[2], b[3], b[4])
        _pass(scale, left, right, (place + k * step, depth, step), keep or k > 0, c)


@njit(error_model="numpy", **PART)
def _pass(scale, a, b, weights, keep, c):
    """What some rows of the factors add to the result, strip by strip."""
    size, rows, width = size_of(scale), c[1], _strip_bytes() // size_of(scale)
    for j in range(0, c[2], width):
        i = j
        while i < rows:
            many = min(_most(), max(1, (rows - i) // _ROWS))
            first = min(i, rows - _ROWS)  # the last strip may begin with rows that are there already
            add_strip(
                scale, many, i - first, a[2], a[0] + first * size, a[4], b[0] + j * size, b[3], weights[0], weights[2],
                keep, part(c, first, j), c[3], c[2] - j,
            )  # fmt: skip
            i = first + many * _ROWS


@intrinsic
def add_strip(typing, scale, many, there, steps, left, across, right, along, weights, between, keep, out, down, width):
    """A strip of scale*a@diag(weights)@b, or that added to what is there.

    Its rows are those of a from `left` on, side by side, of which the first so many are `there` already; its columns
    those of b from `right` on, of which there are as many as the `width` says. A step leads so far `across` a, `along`
    b, and `between` two weights.
    """

    def code(context, builder, signature, arguments):
        scale, many, there, steps, left, across, right, along, weights, between, keep, out, down, width = arguments
        vectors = Vectors(builder, scale.type, register(context)[0])
        end = builder.append_basic_block("added")
        cases = [builder.append_basic_block("strip") for _ in range(_most_of(context))]
        choice = builder.switch(many, cases[-1])
        for number, case in enumerate(cases, start=1):
            choice.add_case(WHOLE(number), case)
            builder.position_at_end(case)
            sums = _sums(vectors, number * _ROWS, steps, (left, across), (right, along), (weights, between), width)
            for row, total in enumerate(sums):
                target = vectors.at(out, (row, down))
                count = builder.select(builder.icmp_signed("<", WHOLE(row), there), WHOLE(0), width)
                before = vectors.load_some(target, builder.select(keep, count, WHOLE(0)), -0.0)  # changes no sum
                vectors.store_some(builder.fadd(before, builder.fmul(vectors.spread(scale), total)), target, count)
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    return types.void(scale, *[_PLACE] * 9, types.boolean, *[_PLACE] * 3), code


def _sums(vectors, rows, steps, left, right, weights, width):
    """The sums of the rows of a strip. What is multiplied starts at a place each, and a step leads some way on."""
    builder, before = vectors.builder, vectors.builder.block
    turn, after = builder.append_basic_block("turn"), builder.append_basic_block("summed")
    builder.branch(turn)
    builder.position_at_end(turn)
    step, *places = (builder.phi(WHOLE) for _ in range(4))
    sums = [builder.phi(vectors.kind) for _ in range(rows)]
    weight = vectors.spread(vectors.load(places[2], vectors.real))
    factor = builder.fmul(weight, vectors.load_some(places[1], width))
    numbers = [vectors.load(vectors.at(places[0], (row, vectors.size)), vectors.real) for row in range(rows)]
    found = [vectors.fused(vectors.spread(n), factor, total) for n, total in zip(numbers, sums, strict=True)]
    following = builder.add(step, WHOLE(1))
    moved = [builder.add(place, way) for place, (_, way) in zip(places, (left, right, weights), strict=True)]
    zeros = [vectors.kind([0.0] * vectors.lanes)] * rows
    firsts = [WHOLE(0), left[0], right[0], weights[0], *zeros]
    for phi, first, other in zip((step, *places, *sums), firsts, (following, *moved, *found), strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(other, turn)
    builder.cbranch(builder.icmp_signed("<", following, steps), turn, after)
    builder.position_at_end(after)
    return found
