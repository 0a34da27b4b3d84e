# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Where threads meet: barriers, and what they hand over to each other there."""

import os
import platform

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, register_jitable

from .._vector.linking import PART
from .alone import WHOLE, either, nothing

LINE = 8
"""Numbers of a cache line; threads do not write to the same one."""

COUNT, BROKEN, _HALVES = 0, LINE, 2 * LINE
"""Where a meeting holds how often threads arrived, whether one has failed, and what they hand over."""

_SPINS = 4000
"""Looks at the others after which a waiting thread lets other work run between its looks."""


@intrinsic
def meet(typing, team):
    """Wait until all threads are here; an error if one has failed."""
    return either(meet_all, nothing, types.void, team)


@intrinsic
def leave(typing, arrays, team):
    """Keep arrays until no thread needs them any more."""
    return either(_leave, nothing, types.void, arrays, team)


def place_of(builder, array, context, kind, place):
    """The address of a number of a meeting."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


@intrinsic
def _arrived(typing, meeting):
    """Count this thread in; how many were there before."""

    def code(context, builder, signature, arguments):
        count = place_of(builder, arguments[0], context, signature.args[0], WHOLE(COUNT))
        return builder.atomic_rmw("add", count, WHOLE(1), "seq_cst")

    return types.int64(meeting), code


@intrinsic
def number_at(typing, meeting, place):
    """A number that other threads may be changing."""

    def code(context, builder, signature, arguments):
        place = place_of(builder, arguments[0], context, signature.args[0], arguments[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(meeting, types.intp), code


@intrinsic
def set_number(typing, array, place, number):
    """Write a number that other threads look at."""

    def code(context, builder, signature, arguments):
        array, place, number = arguments
        builder.store_atomic(number, place_of(builder, array, context, signature.args[0], place), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), code


@intrinsic
def _write(typing, meeting, place, x):
    """Write a number of any type to a meeting."""

    def code(context, builder, signature, arguments):
        place = place_of(builder, arguments[0], context, signature.args[0], arguments[1])
        builder.store(arguments[2], builder.bitcast(place, arguments[2].type.as_pointer()))
        return context.get_dummy_value()

    return types.void(meeting, types.intp, x), code


@intrinsic
def read(typing, meeting, place, like):
    """Read a number of the type of another one from a meeting."""

    def code(context, builder, signature, arguments):
        place = place_of(builder, arguments[0], context, signature.args[0], arguments[1])
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
def empty_shape(typing, shape):
    """A shape of the same length without entries."""

    def code(context, builder, signature, arguments):
        return context.get_constant_null(signature.return_type)

    return shape(shape), code


@intrinsic
def laid_out(typing, array, shape, address):
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
        context.populate_array(
            found, data=data, shape=extents, strides=strides, itemsize=own.itemsize, meminfo=own.meminfo
        )
        return impl_ret_borrowed(context, builder, kind, found._getvalue())  # noqa: SLF001 (Numba's own way)

    is_tuple = isinstance(shape, types.BaseTuple)
    return array(array, shape, address), code


@intrinsic
def pause(typing):
    """Let the processor know that this thread waits."""

    def code(context, builder, signature, arguments):
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def give_way(typing):
    """Let other threads run, where the system has a call for it."""

    def code(context, builder, signature, arguments):
        if hasattr(os, "sched_yield"):
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), code


@register_jitable(**PART)
def meet_all(team):
    """Wait until all threads are here; an error if one has failed."""
    _, parts, meeting = team
    goal = (_arrived(meeting) // parts + 1) * parts
    spins = 0
    while number_at(meeting, COUNT) < goal:
        if number_at(meeting, BROKEN) != 0:
            raise RuntimeError("another thread of this call failed")
        spins += 1
        if spins < _SPINS:
            pause()
        else:
            give_way()


def _leave(arrays, team):
    meet_all(team)


@register_jitable(**PART)
def handed_over(x, team):
    """Write a number to this thread's place, and meet; the place of the first thread's number."""
    part, parts, meeting = team
    place = _HALVES + (number_at(meeting, COUNT) // parts) % 2 * parts * LINE
    _write(meeting, place + part * LINE, x)
    meet_all(team)
    return place


@register_jitable(**PART)
def handed_over_array(array, team):
    """Hand over where a thread's array is, and meet; the place of the first thread's."""
    return handed_over(array.ctypes.data, team)


@register_jitable(**PART)
def array_of(part, array, place, team):
    """The array that another thread has handed over."""
    return _moved(array, read(team[2], place + part * LINE, np.uintp(0)))
