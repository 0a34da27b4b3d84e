# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Threads that sleep until others wake them, without Python.

They sleep with a mutex and a condition of POSIX. Where the system has none, they look every millisecond.
"""

import os

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from .meeting import number_at, place_of

BED = 16
"""Numbers that hold what a thread sleeps with: a mutex, and a condition from the eighth; no system needs more."""

_MUTEX, _CONDITION = 0, 8

_POSIX = hasattr(os, "sched_yield")

_POINTER = ir.IntType(8).as_pointer()


def _of_system(name, *places, more=()):
    """A function that calls one of the system with addresses of a bed, and then with what `more` makes."""

    @intrinsic
    def call(typing, array, bed):
        def code(context, builder, signature, arguments):
            array, bed = arguments
            numbers = [builder.add(bed, bed.type(place)) for place in places]
            found = [place_of(builder, array, context, signature.args[0], number) for number in numbers]
            given = [*(builder.bitcast(place, _POINTER) for place in found), *more]
            kind = ir.FunctionType(ir.IntType(32), [one.type for one in given])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), given)
            return context.get_dummy_value()

        return types.void(array, types.int64), code

    return call


if _POSIX:
    _NOTHING = ir.Constant(_POINTER, None)
    _new_mutex = _of_system("pthread_mutex_init", _MUTEX, more=(_NOTHING,))
    _new_condition = _of_system("pthread_cond_init", _CONDITION, more=(_NOTHING,))
    _lock = _of_system("pthread_mutex_lock", _MUTEX)
    _unlock = _of_system("pthread_mutex_unlock", _MUTEX)
    _wait = _of_system("pthread_cond_wait", _CONDITION, _MUTEX)
    _signal = _of_system("pthread_cond_signal", _CONDITION)

    @register_jitable
    def make_bed(array, bed):
        """Have a thread sleep at a place of an array."""
        _new_mutex(array, bed)
        _new_condition(array, bed)

    @register_jitable
    def sleep(array, bed, place, number):
        """Sleep as long as a number stands at a place of an array."""
        _lock(array, bed)
        while number_at(array, place) == number:
            _wait(array, bed)
        _unlock(array, bed)

    @register_jitable
    def rouse(array, bed):
        """Wake the thread that sleeps here, after the number was changed."""
        _lock(array, bed)
        _signal(array, bed)
        _unlock(array, bed)

else:
    _nap = _of_system("Sleep", more=(ir.IntType(32)(1),))

    @register_jitable
    def make_bed(array, bed):
        """Have a thread sleep at a place of an array."""

    @register_jitable
    def sleep(array, bed, place, number):
        """Sleep as long as a number stands at a place of an array."""
        while number_at(array, place) == number:
            _nap(array, bed)

    @register_jitable
    def rouse(array, bed):
        """Wake the thread that sleeps here, after the number was changed."""
