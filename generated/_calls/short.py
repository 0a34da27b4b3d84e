# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""The one function that makes such calls. Its description has a head, and four parts one after the other.

arguments  for each: its type, what else is compared, where the next one begins, and then for an ALIKE array its dtype,
           rank, extents and bytes, and for a RANGE the least and the greatest whole number
operands   how many, and where the results begin; for each GIVEN one its place among the arguments, for a FIXED one the
           object, and for a NEW array the dtype, the rank, the extents, and of how many numbers it takes a part that
           begins with a line of the cache (0: it has memory of its own); for a VIEW of an argument its place, and the
           rank and extents of the view, and for a LONE number in an array its place, the array's dtype, of what kind
           that is, and 1, the array's extent
results    how many numbers the kernel returns, and whether all have to be finite; a kernel that returns none says
           whether a result is not finite
packing    whether results come beside the others: first those, then the others. What makes one object of them (0: there
           is one, and it comes bare; None: a tuple), how many there are, and which. A result is the place of an
           operand, or -1 - n for the n-th number, its dtype, DOUBLE, SINGLE or INTEGER, and where its shape stands (0:
           it is as it is); or the place of an argument, its dtype, BACK, and 0
shapes     of how many items a result is the sum, its rank and its extents

Where the arguments do not look so, or a result is not finite, or an index is wrong, None is returned; and where memory
for results, the last arguments, is shared with another argument.
"""

import numpy as np
from numba import carray, njit

from .objects import (
    OBJECT,
    address_of,
    as_whole,
    called,
    called_with_one,
    clear_error,
    decref,
    error,
    error_is,
    float_of,
    half_at,
    incref,
    is_true,
    item_of,
    new_array,
    new_scalar,
    new_tuple,
    object_at,
    put,
    put_item,
    real_at,
    scalar_at,
    size_of,
    type_of,
    whole_of,
    word_at,
    word_of,
)
from .stored import load
from .totals import add_items

FORMAT = 3
"""What descriptions are like; who writes them compares this with what they write, since kernels may be older."""

MAKE_ARRAY, MAKE_SCALAR, ARRAY, FIELDS, DOUBLES, NONE, INDEX_ERROR, VALUE_ERROR, FUNCTION, COUNT, OUTS, HEAD = range(12)
"""The head: NumPy's functions that make arrays and numbers, the type of arrays and where their fields begin, the dtype
of doubles, None, two types of errors, the kernel, how many arguments there are, how many of them are memory for
results, and where their descriptions begin.
"""

ANY, ALIKE, RANGE = range(3)
GIVEN, FIXED, NEW, VIEW, LONE = range(5)
DOUBLE, SINGLE, INTEGER, BACK = range(4)

DATA, RANK, EXTENTS, BASE, DTYPE, FLAGS = 0, 8, 16, 32, 40, 48
"""Where an array's fields are."""

BEHAVED = 0x501
"""The flags of an array that is contiguous, aligned and writable."""

LINE = 64
"""Bytes of a line of the cache."""

_TAKEN_IN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""How functions are compiled that neither Python nor C calls: they take three quarters of the time."""


@njit(**_TAKEN_IN)
def _is_alike(words, place, thing):
    """Whether an argument looks as described."""
    kind, compared = type_of(thing), word_of(words, place + 1)
    decref(kind)  # the object still holds it
    if kind != word_of(words, place):
        return False
    place += 3
    if compared == RANGE:
        number = whole_of(thing)
        if number == -1 and error() != 0:
            clear_error()
            return False
        return word_of(words, place) <= number <= word_of(words, place + 1)
    if compared == ANY:
        return True
    fields = thing + word_of(words, FIELDS)
    rank, extents = half_at(fields + RANK), word_at(fields + EXTENTS)
    if word_at(fields + DTYPE) != word_of(words, place) or rank != word_of(words, place + 1):
        return False
    for axis in range(rank):
        if word_at(extents + 8 * axis) != word_of(words, place + 2 + axis):
            return False
    return half_at(fields + FLAGS) & BEHAVED == BEHAVED


@njit(**_TAKEN_IN)
def _looks_alike(words, given):
    """Where the operands are described, if the arguments look as described; else 0."""
    count, place = word_of(words, COUNT), np.intp(HEAD)
    if size_of(given) != count:
        return 0
    for n in range(count):
        if not _is_alike(words, place, item_of(given, n)):
            return 0
        place = word_of(words, place + 2)
    return 0 if word_of(words, OUTS) and _share_memory(words, given) else place


@njit(**_TAKEN_IN)
def _memory(words, place, thing):
    """Where the memory of an array begins and ends; nowhere for anything else."""
    if word_of(words, place + 1) != ALIKE:
        return 0, 0
    start = word_at(thing + word_of(words, FIELDS) + DATA)
    return start, start + word_of(words, place + 5 + word_of(words, place + 4))


@njit(**_TAKEN_IN)
def _share_memory(words, given):
    """Whether an argument that is memory for results shares it with one before it."""
    count, place = word_of(words, COUNT), np.intp(HEAD)
    for n in range(count):
        start, end = _memory(words, place, item_of(given, n))
        place, before = word_of(words, place + 2), np.intp(HEAD)
        for m in range(n if n >= count - word_of(words, OUTS) else 0):
            other_start, other_end = _memory(words, before, item_of(given, m))
            if start < other_end and other_start < end:
                return True
            before = word_of(words, before + 2)
    return False


@njit(**_TAKEN_IN)
def _operands(words, place, given):
    """What the kernel takes, as a tuple."""
    count = word_of(words, place)
    operands, place = new_tuple(count), place + 2
    for n in range(count):
        kind, what = word_of(words, place), word_of(words, place + 1)
        place += 2
        if kind == NEW:
            thing = _new(words, place, what)
            place += 2 + word_of(words, place)
        elif kind == VIEW:
            thing = _view(words, place, item_of(given, what))
            place += 1 + word_of(words, place)
        elif kind == LONE:
            thing = _lone(words, place, item_of(given, what))
            place += 3
        else:
            thing = item_of(given, what) if kind == GIVEN else what
            incref(thing)
        if not _put(operands, n, thing):
            return 0
    return operands


@njit(**_TAKEN_IN)
def _new(words, place, dtype):
    """A new array."""
    make, array = word_of(words, MAKE_ARRAY), word_of(words, ARRAY)
    rank, extents = word_of(words, place), words + 8 * (place + 1)
    room = extents + 8 * rank
    incref(dtype)  # each array takes one
    if word_at(room) == 0:
        return new_array(make, array, dtype, rank, extents, 0, 0)
    incref(dtype)
    base = new_array(make, array, dtype, 1, room, 0, 0)
    if base == 0:
        decref(dtype)
        return 0
    fields = word_of(words, FIELDS)
    data = word_at(base + fields + DATA)
    part = new_array(make, array, dtype, rank, extents, data + -data % LINE, BEHAVED)
    if part == 0:
        decref(base)
    else:
        put(part + fields + BASE, base)
    return part


@njit(**_TAKEN_IN)
def _data(words, array):
    """Where an array's numbers begin."""
    return word_at(array + word_of(words, FIELDS) + DATA)


@njit(**_TAKEN_IN)
def _view(words, place, array):
    """An array with the memory of another one, and a rank and extents that stand at a place."""
    fields = array + word_of(words, FIELDS)
    dtype, rank = word_at(fields + DTYPE), word_of(words, place)
    incref(dtype)
    make, kind, extents = word_of(words, MAKE_ARRAY), word_of(words, ARRAY), words + 8 * (place + 1)
    view = new_array(make, kind, dtype, rank, extents, word_at(fields + DATA), BEHAVED)
    if view != 0:
        incref(array)
        put(view + word_of(words, FIELDS) + BASE, array)
    return view


@njit(**_TAKEN_IN)
def _lone(words, place, number):
    """A number as an array of one."""
    dtype, kind = word_of(words, place), word_of(words, place + 1)
    incref(dtype)
    array = new_array(word_of(words, MAKE_ARRAY), word_of(words, ARRAY), dtype, 1, words + 8 * (place + 2), 0, 0)
    if array == 0:
        return 0
    if kind == INTEGER:
        put(_data(words, array), whole_of(number))
    elif kind == SINGLE:
        put(_data(words, array), np.float32(float_of(number)))
    else:
        put(_data(words, array), float_of(number))
    return array


@njit(**_TAKEN_IN)
def _put(things, n, thing):
    """Fill one place of a new tuple, or give that up if there is nothing to put there."""
    if things != 0 and thing == 0:
        decref(things)
    return things != 0 and thing != 0 and put_item(things, n, thing) == 0


@njit(**_TAKEN_IN)
def _is_fine(words, place, found):
    """Whether all results are finite, as far as the kernel says so."""
    count = word_of(words, place)
    if count == 0:
        return is_true(found) == 0
    nothing = 0.0
    for n in range(count if word_of(words, place + 1) else 0):
        number = float_of(item_of(found, n) if count > 1 else found)
        nothing += number - number
    return nothing == 0.0


@njit(**_TAKEN_IN)
def _result(words, place, given, operands, found, several):
    """One result."""
    where, dtype = word_of(words, place), word_of(words, place + 1)
    kind, shape = word_of(words, place + 2), word_of(words, place + 3)
    if where >= 0:
        array = item_of(given if kind == BACK else operands, where)
        if shape:
            return _shaped(words, shape, array, dtype, kind)
        incref(array)
        return array
    make, number = word_of(words, MAKE_SCALAR), item_of(found, -1 - where) if several else found
    if kind == INTEGER:
        whole = as_whole(number)  # kernels count in floats, too
        if whole == 0:
            return 0
        count = whole_of(whole)
        decref(whole)
        return new_scalar(make, dtype, count)
    if kind == SINGLE:
        return new_scalar(make, dtype, np.float32(float_of(number)))
    return new_scalar(make, dtype, float_of(number))


@njit(**_TAKEN_IN)
def _shaped(words, place, array, dtype, kind):
    """A result in the shape that stands at a place, after its items are added up."""
    if word_of(words, place) == 1:
        if word_of(words, place + 1) > 0:
            return _view(words, place + 1, array)
        return scalar_at(word_of(words, MAKE_SCALAR), dtype, _data(words, array))
    doubles, rank, extents = word_of(words, DOUBLES), word_of(words, place + 1), words + 8 * (place + 2)
    incref(doubles)
    totals = new_array(word_of(words, MAKE_ARRAY), word_of(words, ARRAY), doubles, rank, extents, 0, 0)
    if totals == 0:
        return 0
    width = np.intp(1)
    for axis in range(rank):
        width *= word_at(extents + 8 * axis)
    _add_up(_data(words, array), word_of(words, place), width, _data(words, totals), kind)
    if rank > 0 and kind == DOUBLE:
        return totals
    found = _narrowed(words, place + 1, width, totals, dtype, kind)
    decref(totals)
    return found


@njit(**_TAKEN_IN)
def _add_up(data, items, width, totals, kind):
    """Add up items that begin somewhere in memory."""
    sums = carray(real_at(totals, 0.0), (width,))
    for n in range(width):
        sums[n] = 0.0
    if kind == SINGLE:
        add_items(carray(real_at(data, np.float32(0)), (items, width)), sums)
    else:
        add_items(carray(real_at(data, 0.0), (items, width)), sums)


@njit(**_TAKEN_IN)
def _narrowed(words, place, width, totals, dtype, kind):
    """Totals as an array of floats, or as one number."""
    make, sums = word_of(words, MAKE_SCALAR), carray(real_at(_data(words, totals), 0.0), (width,))
    if kind == DOUBLE:
        return new_scalar(make, dtype, sums[0])
    if word_of(words, place) == 0:
        return new_scalar(make, dtype, np.float32(sums[0]))
    incref(dtype)
    rank, extents = word_of(words, place), words + 8 * (place + 1)
    array = new_array(word_of(words, MAKE_ARRAY), word_of(words, ARRAY), dtype, rank, extents, 0, 0)
    if array != 0:
        numbers = carray(real_at(_data(words, array), np.float32(0)), (width,))
        for n in range(width):
            numbers[n] = sums[n]
    return array


@njit(**_TAKEN_IN)
def _packed(words, place, given, operands, found, several):
    """Results as one object."""
    pack, count = word_of(words, place), word_of(words, place + 1)
    if pack == 0:
        return _result(words, place + 2, given, operands, found, several)
    things = new_tuple(count)
    for n in range(count):
        if not _put(things, n, _result(words, place + 2 + 4 * n, given, operands, found, several)):
            return 0
    if pack == word_of(words, NONE):
        return things
    whole = called_with_one(pack, things)
    decref(things)
    return whole


@njit(**_TAKEN_IN)
def _given_back(words, place, given, operands, found):
    """What the caller gets."""
    several = word_of(words, place) > 1
    place += 2
    first = place + 1
    if not word_of(words, place):
        return _packed(words, first, given, operands, found, several)
    both, others = new_tuple(2), first + 2 + 4 * word_of(words, first + 1)
    if not _put(both, 0, _packed(words, first, given, operands, found, several)):
        return 0
    return both if _put(both, 1, _packed(words, others, given, operands, found, several)) else 0


@njit(**_TAKEN_IN)
def _none(words):
    none = word_of(words, NONE)
    incref(none)
    return none


@njit(**_TAKEN_IN)
def _results(words, place, given):
    """What the caller gets for arguments that look as described."""
    operands = _operands(words, place, given)
    if operands == 0:
        return 0
    found, place = called(word_of(words, FUNCTION), operands, 0), word_of(words, place + 1)
    if found == 0:
        decref(operands)
        if not error_is(word_of(words, INDEX_ERROR)) and not error_is(word_of(words, VALUE_ERROR)):
            return 0
        clear_error()
        return _none(words)
    fine = _is_fine(words, place, found)
    results = _given_back(words, place, given, operands, found) if fine else _none(words)
    decref(found)
    decref(operands)
    return results


@njit(cache=True)
def _call(description, given):
    words, arguments = whole_of(item_of(address_of(description), 0)), address_of(given)
    place = _looks_alike(words, arguments)
    return object_at(_results(words, place, arguments) if place else _none(words))


def entry():
    """The compiled function: it takes a tuple that begins with where a description is, and one of arguments."""
    kinds = OBJECT, OBJECT
    if not load(_call, kinds):
        _call.compile(kinds)
    return _call.overloads[kinds].entry_point
