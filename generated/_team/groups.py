# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Groups of items whose results are added up: each block of items while what it adds is in the nearest cache."""

from numba import njit, types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from .._calls.totals import add_items
from .launch import FAILED, FINE, call_at, part_of


@njit(cache=True, nogil=True)
def add_groups(groups, work):
    """Call a function for the items of some groups, and add up what each group adds; whether one is not finite.

    The work is the function's address and something like its result, how many items there are, how many of them a
    group and a block have, and the function's arguments. In place of a result that is added up there are memory for a
    block of each group, the same with a row for each item, and a row of totals for each group.
    """
    address, like, items, length, step, arguments = work
    worst = FINE
    for group in groups:
        for low in range(group * length, min(items, (group + 1) * length), step):
            high = min(items, low + step, (group + 1) * length)
            found = call_at(address, like, _block_of(arguments, low, high, group * step))
            if found == FAILED:
                raise RuntimeError("a block of items failed")
            worst = max(worst, found)
            _add_block(arguments, high - low, group * step, group)
    return worst != FINE


@intrinsic
def _block_of(typing, arguments, low, high, first):
    """The arguments of a call for some of the items, whose memory for what is added up begins at `first`."""
    kinds = tuple(arguments)
    flat = types.Tuple([kind[0] if isinstance(kind, types.BaseTuple) else kind for kind in kinds])

    def code(context, builder, signature, values):
        _, low, high, first = values
        end = builder.add(first, builder.sub(high, low))
        parts = []
        for kind, value in zip(kinds, cgutils.unpack_tuple(builder, values[0]), strict=True):
            if isinstance(kind, types.BaseTuple):
                room = builder.extract_value(value, 0)
                parts.append(part_of(context, builder, kind[0], room, first, end))
            else:
                parts.append(part_of(context, builder, kind, value, low, high))
        return impl_ret_borrowed(context, builder, flat, context.make_tuple(builder, flat, parts))

    return flat(arguments, types.int64, types.int64, types.int64), code


@intrinsic
def _add_block(typing, arguments, count, first, group):
    """Add what a block of items adds to its group's totals."""
    kinds = tuple(arguments)

    def code(context, builder, signature, values):
        for kind, value in zip(kinds, cgutils.unpack_tuple(builder, values[0]), strict=True):
            if isinstance(kind, types.BaseTuple):
                work = types.void(*kind.types[1:], *signature.args[1:])
                given = [builder.extract_value(value, n) for n in (1, 2)]
                context.compile_internal(builder, _add_rows, work, [*given, *values[1:]])
        return context.get_dummy_value()

    return types.void(arguments, types.int64, types.int64, types.int64), code


def _add_rows(rows, totals, count, first, group):
    add_items(rows[first : first + count], totals[group])
