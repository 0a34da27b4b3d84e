# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Parts of matrices in vector registers: tiles of products, and squares that are transposed.

Places are addresses, and distances are bytes.
"""

from itertools import chain

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .lanes import WHOLE, Vectors, register

_PLACE = types.intp

LINE = 64
"""Bytes of a line of the cache."""


def _side_of(context):
    """Rows and columns of a square."""
    return register(context)[1] // 4


def _rows_of(context):
    """Rows of a tile, which is two registers wide: as many as leave room for the factors."""
    return 8 if register(context)[1] == 32 else 6


def constant(find):
    """A number that depends on the processor, for compiled code."""

    @intrinsic
    def number(typing):
        return types.intp(), lambda context, builder, signature, arguments: WHOLE(find(context))

    return number


tile_rows, tile_bytes = constant(_rows_of), constant(lambda context: 2 * register(context)[0])
square_side = constant(_side_of)


@intrinsic
def multiply_tile(typing, scale, steps, left, across, along, panel, keep, out, down, height, width):
    """A tile of scale*a@b, or that added to what is there, so far as it lies in the result.

    The tile's first row of a starts at `left`; its rows are `across` apart, its columns `along`. The tile of the result
    starts at `out`, its rows `down` apart; from there on, the result has so many rows and columns.
    """

    def code(context, builder, signature, arguments):
        scale, steps, left, across, along, panel, keep, out, down, height, width = arguments
        vectors, rows = Vectors(builder, scale.type, register(context)[0]), range(_rows_of(context))
        last = builder.sub(height, WHOLE(1))
        inside = [builder.select(builder.icmp_signed("<", WHOLE(row), last), WHOLE(row), last) for row in rows]
        starts = [builder.add(left, builder.mul(row, across)) for row in inside]
        with builder.if_else(builder.icmp_signed(">", width, WHOLE(vectors.lanes))) as (wide, narrow):
            for way, columns in ((wide, (0, vectors.lanes)), (narrow, (0,))):
                with way:
                    places = [[vectors.at(out, (row, down), (n, vectors.size)) for n in columns] for row in rows]
                    for place in chain(*places):
                        vectors.fetch(place, write=True)
                    sums = _sums(vectors, len(columns), steps, starts, along, panel)
                    sums = [[builder.fmul(vectors.spread(scale), total) for total in row] for row in sums]
                    _write(vectors, places, sums, keep, height, width)
        return context.get_dummy_value()

    whole = [_PLACE] * 5
    return types.void(scale, *whole, types.boolean, *whole[:4]), code


@intrinsic
def weigh_row(typing, like, row, weight):
    """Multiply a row of a panel by a number that stands somewhere."""

    def code(context, builder, signature, arguments):
        like, row, weight = arguments
        vectors = Vectors(builder, like.type, register(context)[0])
        factor = vectors.spread(vectors.load(weight, vectors.real))
        for half in (0, 1):
            place = vectors.at(row, (half, vectors.width))
            vectors.store(builder.fmul(vectors.load(place), factor), place)
        return context.get_dummy_value()

    return types.void(like, *[_PLACE] * 2), code


@intrinsic
def own_memory(typing, size):
    """The place of so many bytes at a line of the cache, which are the function's own."""

    def code(context, builder, signature, arguments):
        with builder.goto_entry_block():
            memory = builder.alloca(ir.ArrayType(ir.IntType(8), size.literal_value))
        memory.align = LINE
        return builder.ptrtoint(memory, WHOLE)

    return (_PLACE(size), code) if isinstance(size, types.IntegerLiteral) else None


def _sums(vectors, registers, steps, starts, along, panel):
    """The sums of a tile's rows of so many registers, for where its rows of the left factor start."""
    builder, before = vectors.builder, vectors.builder.block
    turn, after = builder.append_basic_block("turn"), builder.append_basic_block("summed")
    builder.branch(turn)
    builder.position_at_end(turn)
    step, offset, line = (builder.phi(WHOLE) for _ in range(3))
    sums = [[builder.phi(vectors.kind) for _ in range(registers)] for _ in starts]
    right = [vectors.load(vectors.at(line, (n, vectors.width)), align=vectors.width) for n in range(registers)]
    left = [vectors.spread(vectors.load(builder.add(start, offset), vectors.real)) for start in starts]
    found = [
        [vectors.fused(x, y, s) for y, s in zip(right, row, strict=True)] for x, row in zip(left, sums, strict=True)
    ]
    following = builder.add(step, WHOLE(1))
    zeros = [vectors.kind([0.0] * vectors.lanes)] * (registers * len(starts))
    firsts = [WHOLE(0), WHOLE(0), panel, *zeros]
    others = [following, builder.add(offset, along), vectors.at(line, (2, vectors.width)), *chain(*found)]
    for phi, first, other in zip((step, offset, line, *chain(*sums)), firsts, others, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(other, turn)
    builder.cbranch(builder.icmp_signed("<", following, steps), turn, after)
    builder.position_at_end(after)
    return found


def _write(vectors, places, sums, keep, height, width):
    """Write the sums of a tile, or add them to what is there, so far as they lie in the result."""
    builder = vectors.builder
    tall = builder.icmp_signed(">=", height, WHOLE(len(sums)))
    full = builder.icmp_signed(">=", width, WHOLE(len(sums[0]) * vectors.lanes))
    with builder.if_else(builder.and_(tall, full)) as (whole, part):
        for way, write in ((whole, _write_row), (part, _write_part)):
            with way, builder.if_else(keep) as (adds, replaces):
                for choice, added in ((adds, True), (replaces, False)):
                    with choice:
                        for n, (row, totals) in enumerate(zip(places, sums, strict=True)):
                            write(vectors, row, totals, added, builder.icmp_signed("<", WHOLE(n), height), width)


def _write_row(vectors, places, totals, added, there, width):
    """Write a row of sums, or add them to what is there."""
    for place, total in zip(places, totals, strict=True):
        vectors.store(vectors.builder.fadd(vectors.load(place), total) if added else total, place)


def _write_part(vectors, places, totals, added, there, width):
    """The same for a row of which there are so many columns, if it is there at all."""
    builder = vectors.builder
    with builder.if_then(there):
        for n, (place, total) in enumerate(zip(places, totals, strict=True)):
            count = builder.sub(width, WHOLE(n * vectors.lanes))
            total = builder.fadd(vectors.load_some(place, count), total) if added else total
            vectors.store_some(total, place, count)


@intrinsic
def transpose_square(typing, like, source, down, target, along, height, width):
    """Write a square, whose rows are `down` apart, with its columns as rows, which are `along` apart.

    From `source` on there are so many rows and columns; zeros stand for what there is not.
    """

    def code(context, builder, signature, arguments):
        like, source, down, target, along, height, width = arguments
        side = _side_of(context)
        vectors = Vectors(builder, like.type, side * signature.args[0].bitwidth // 8)
        rows, half = _rows_of_square(vectors, source, down, height, width), side // 2
        while half:
            low = [n if not n & half else n + side - half for n in range(side)]
            high = [n + half if not n & half else n + side for n in range(side)]
            for n in [n for n in range(side) if not n & half]:
                one, other = rows[n], rows[n + half]
                rows[n], rows[n + half] = vectors.mix(one, other, low), vectors.mix(one, other, high)
            half //= 2
        for n, row in enumerate(rows):
            vectors.store(row, vectors.at(target, (n, along)))
        return context.get_dummy_value()

    return types.void(like, *[_PLACE] * 6), code


def _rows_of_square(vectors, source, down, height, width):
    """The rows of a square, of which there are so many rows and columns."""
    builder, side = vectors.builder, vectors.lanes
    places = [vectors.at(source, (row, down)) for row in range(side)]
    enough = [builder.icmp_signed(">=", extent, WHOLE(side)) for extent in (height, width)]
    with builder.if_else(builder.and_(*enough)) as (whole, part):
        with whole:
            found = [[vectors.load(place) for place in places]]
            blocks = [builder.block]
        with part:
            there = [builder.icmp_signed("<", WHOLE(row), height) for row in range(side)]
            counts = [builder.select(row, width, WHOLE(0)) for row in there]
            found.append([vectors.load_some(place, count) for place, count in zip(places, counts, strict=True)])
            blocks.append(builder.block)
    rows = [builder.phi(vectors.kind) for _ in places]
    for values, block in zip(found, blocks, strict=True):
        for row, value in zip(rows, values, strict=True):
            row.add_incoming(value, block)
    return rows


@intrinsic
def copy_row(typing, like, source, target, width, ahead):
    """Copy a row of a square, of which there are so many columns; zeros stand for what there is not.

    What lies so far `ahead` is asked for, as it will be copied next.
    """

    def code(context, builder, signature, arguments):
        like, source, target, width, ahead = arguments
        vectors = Vectors(builder, like.type, _side_of(context) * signature.args[0].bitwidth // 8)
        vectors.fetch(builder.add(source, ahead), write=False)
        vectors.store(vectors.load_some(source, width), target)
        return context.get_dummy_value()

    return types.void(like, *[_PLACE] * 4), code
