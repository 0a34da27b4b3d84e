# eqc-inputs: 42c0c95a172cb877288c3131191cdb81ba6da59b8affed78c84f5e15b40f61a2
"""Several threads in one kernel: each runs all of it, takes its share of the loops, and meets the others in between.

A team is (which thread, how many, where they meet). Without one, None, nothing of what is here is left in the compiled
code. What threads hand over to each other is written to the `meeting`, which has two halves for it: nobody writes to
the one again before everybody has arrived at the next meeting, and so has read it.
"""

import os
import platform

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload, register_jitable
from numba.np.arrayobj import populate_array

from .._vector import add, largest, least, maximum, minimum, multiply

_LINE = 8
"""Numbers of a cache line; threads do not write to the same one."""

_COUNT, _BROKEN, _HALVES = 0, _LINE, 2 * _LINE
"""Where a meeting holds how often threads arrived, whether one has failed, and what they hand over."""

_SPINS = 4000
"""Looks at the others after which a waiting thread lets other work run between its looks."""

_UNIT, _LONG = 32, 2048
"""Shares of long loops are whole multiples of this many rounds."""

_MOST = 2**48 - 1
"""Rounds that no loop has more of; LLVM sees from it that places in arrays are not negative."""

_WHOLE = ir.IntType(64)


# what is there with and without a team ------------------------------------------------------------------------------


def either(plain, alone, result, *kinds):
    """A function of a team, the last argument, whose code is `plain`; without a team its code is `alone`."""

    def together(context, builder, signature, arguments):
        return context.compile_internal(builder, plain, signature, arguments)

    return result(*kinds), together if _is_team(kinds[-1]) else alone


def _is_team(kind):
    return isinstance(kind, types.BaseTuple)


def same(context, builder, signature, arguments):
    """The code of a function that gives its first argument."""
    return impl_ret_borrowed(context, builder, signature.return_type, arguments[0])


def _zero(context, builder, signature, arguments):
    return _WHOLE(0)


def _yes(context, builder, signature, arguments):
    return cgutils.true_bit


def nothing(context, builder, signature, arguments):
    """The code of a function that does nothing."""
    return context.get_dummy_value()


def _bound(later):
    """A function: where a thread's share of so many rounds begins, or that of the thread after it."""

    def together(context, builder, signature, arguments):
        count, team = arguments
        part, parts = (builder.extract_value(team, n) for n in (0, 1))
        return builder.and_(_share_of(builder, count, builder.add(part, _WHOLE(later)), parts), _WHOLE(_MOST))

    @intrinsic
    def bound(typing, count, team):
        alone = same if later else _zero
        return types.intp(types.intp, team), together if _is_team(team) else alone

    return bound


def _share_of(builder, count, part, parts):
    """The first round of a part."""

    def choose(one, order, other):
        return builder.select(builder.icmp_signed(order, one, other), one, other)

    unit = builder.select(builder.icmp_signed(">=", count, _WHOLE(_LONG)), _WHOLE(_UNIT), _WHOLE(1))
    units = builder.udiv(builder.add(choose(count, ">", _WHOLE(0)), builder.sub(unit, _WHOLE(1))), unit)
    place = builder.mul(builder.udiv(builder.mul(units, part), parts), unit)
    return choose(choose(place, "<", count), ">", _WHOLE(0))


begin, end = _bound(0), _bound(1)


@intrinsic
def leads(typing, team):
    """Whether this thread does what only one does."""
    return either(_leads, _yes, types.boolean, team)


@intrinsic
def meet(typing, team):
    """Wait until all threads are here; an error if one has failed."""
    return either(meet_all, nothing, types.void, team)


@intrinsic
def leave(typing, arrays, team):
    """Keep arrays until no thread needs them any more."""
    return either(_leave, nothing, types.void, arrays, team)


@intrinsic
def share(typing, array, team):
    """The rows of an array that are a thread's share."""
    if not isinstance(array, types.Array):  # it stands for a result that nobody wants
        return array(array, team), same
    return either(_share, same, array.copy(layout="A") if _is_team(team) else array, array, team)


def own(array, team):
    """An array for each thread like one that all have, which is the first thread's."""
    raise TypeError("own is for compiled code")


@overload(own, jit_options={"forceinline": True}, strict=False)
def _own(array, team):
    if not _is_team(team) or not isinstance(array, types.Array):
        return lambda array, team: array
    return lambda array, team: array if team[0] == 0 else np.empty_like(array)


@intrinsic
def whole_array(typing, sums, team):
    """Make what each thread has summed up in an array of its own the sum over all of them."""
    if not isinstance(sums, types.Array):  # it stands for a result that nobody wants
        return types.void(sums, team), nothing
    return either(_whole_array, nothing, types.void, sums, team)


def _shared(make):
    """A function like one that makes arrays: the first thread makes it, for all threads."""

    def function(shape, dtype, team):
        return make(shape, dtype)

    def choose(shape, dtype, team):
        if not _is_team(team):
            return lambda shape, dtype, team: make(shape, dtype)

        def together(shape, dtype, team):
            own = make(shape if team[0] == 0 else _empty(shape), dtype)
            place = handed_over_array(own, team)
            return _laid_out(own, shape, _read(team[2], place, np.uintp(0)))

        return together

    overload(function, jit_options={"forceinline": True}, strict=False)(choose)
    function.__name__ = f"shared_{make.__name__}"
    return function


shared_empty, shared_zeros = _shared(np.empty), _shared(np.zeros)


def _whole(step):
    """A function that makes one number of those of all threads, in the threads' order."""

    def together(x, team):
        _, parts, meeting = team
        place = _handed_over(x, team)
        total = _read(meeting, place, x)
        for part in range(1, parts):
            total = step(total, _read(meeting, place + part * _LINE, x))
        return total

    @intrinsic
    def function(typing, x, team):
        return either(together, same, x, x, team)

    return function


whole_sum, whole_product = _whole(add), _whole(multiply)
whole_maximum, whole_minimum = _whole(maximum), _whole(minimum)
whole_largest, whole_least = _whole(largest), _whole(least)


# the meeting --------------------------------------------------------------------------------------------------------


def _place(builder, array, context, kind, place):
    """The address of a number of a meeting."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


@intrinsic
def _arrived(typing, meeting):
    """Count this thread in; how many were there before."""

    def code(context, builder, signature, arguments):
        count = _place(builder, arguments[0], context, signature.args[0], _WHOLE(_COUNT))
        return builder.atomic_rmw("add", count, _WHOLE(1), "seq_cst")

    return types.int64(meeting), code


@intrinsic
def _seen(typing, meeting, place):
    """A number that other threads may be changing."""

    def code(context, builder, signature, arguments):
        place = _place(builder, arguments[0], context, signature.args[0], arguments[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(meeting, types.intp), code


@intrinsic
def _write(typing, meeting, place, x):
    """Write a number of any type to a meeting."""

    def code(context, builder, signature, arguments):
        place = _place(builder, arguments[0], context, signature.args[0], arguments[1])
        builder.store(arguments[2], builder.bitcast(place, arguments[2].type.as_pointer()))
        return context.get_dummy_value()

    return types.void(meeting, types.intp, x), code


@intrinsic
def _read(typing, meeting, place, like):
    """Read a number of the type of another one from a meeting."""

    def code(context, builder, signature, arguments):
        place = _place(builder, arguments[0], context, signature.args[0], arguments[1])
        return builder.load(builder.bitcast(place, arguments[2].type.as_pointer()))

    return like(meeting, types.intp, like), code


@intrinsic
def _moved(typing, array, address):
    """An array of the same shape at another address."""

    def code(context, builder, signature, arguments):
        kind = signature.return_type
        found = context.make_array(kind)(context, builder, arguments[0])
        found.data = builder.inttoptr(arguments[1], found.data.type)
        return impl_ret_borrowed(context, builder, kind, found._getvalue())  # noqa: SLF001 (Numba's own way)

    return array(array, address), code


@intrinsic
def _empty(typing, shape):
    """A shape of the same length without entries."""

    def code(context, builder, signature, arguments):
        return context.get_constant_null(signature.return_type)

    return shape(shape), code


@intrinsic
def _laid_out(typing, array, shape, address):
    """An array of a shape at an address; it keeps what another one holds in memory."""

    def code(context, builder, signature, arguments):
        kind = signature.return_type
        own, found = (
            context.make_array(kind)(context, builder, arguments[0]),
            context.make_array(kind)(context, builder),
        )
        extents = cgutils.unpack_tuple(builder, arguments[1]) if is_tuple else [arguments[1]]
        strides, stride = [], own.itemsize
        for extent in reversed(extents):
            strides.insert(0, stride)
            stride = builder.mul(stride, extent)
        data = builder.inttoptr(arguments[2], own.data.type)
        populate_array(found, data, extents, strides, own.itemsize, own.meminfo)
        return impl_ret_borrowed(context, builder, kind, found._getvalue())  # noqa: SLF001 (Numba's own way)

    is_tuple = isinstance(shape, types.BaseTuple)
    return array(array, shape, address), code


@intrinsic
def _pause(typing):
    """Let the processor know that this thread waits."""

    def code(context, builder, signature, arguments):
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def _give_way(typing):
    """Let other threads run, where the system has a call for it."""

    def code(context, builder, signature, arguments):
        if hasattr(os, "sched_yield"):
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), code


def _leads(team):
    return team[0] == 0


@register_jitable
def meet_all(team):
    """Wait until all threads are here; an error if one has failed."""
    _, parts, meeting = team
    goal = (_arrived(meeting) // parts + 1) * parts
    spins = 0
    while _seen(meeting, _COUNT) < goal:
        if _seen(meeting, _BROKEN) != 0:
            raise RuntimeError("another thread of this call failed")
        spins += 1
        if spins < _SPINS:
            _pause()
        else:
            _give_way()


def _leave(arrays, team):
    meet_all(team)


@register_jitable
def _handed_over(x, team):
    """Write a number to this thread's place, and meet; the place of the first thread's number."""
    part, parts, meeting = team
    place = _HALVES + (_seen(meeting, _COUNT) // parts) % 2 * parts * _LINE
    _write(meeting, place + part * _LINE, x)
    meet_all(team)
    return place


def _share(array, team):
    return array[begin(len(array), team) : end(len(array), team)]


@register_jitable
def handed_over_array(array, team):
    """Hand over where a thread's array is, and meet; the place of the first thread's."""
    return _handed_over(array.ctypes.data, team)


@register_jitable
def array_of(part, array, place, team):
    """The array that another thread has handed over."""
    return _moved(array, _read(team[2], place + part * _LINE, np.uintp(0)))


def _whole_array(sums, team):
    flat = sums.reshape(sums.size)
    place = handed_over_array(flat, team)
    low, high, first = begin(flat.size, team), end(flat.size, team), array_of(0, flat, place, team)
    for part in range(1, team[1]):
        more = array_of(part, flat, place, team)
        for n in range(low, high):
            first[n] += more[n]
    for part in range(1, team[1]):
        copy = array_of(part, flat, place, team)
        for n in range(low, high):
            copy[n] = first[n]
    meet_all(team)


def meeting_of(parts):
    """Where so many threads meet."""
    return np.zeros(_HALVES + 2 * parts * _LINE, np.int64)
