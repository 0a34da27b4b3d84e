"""The one function that makes such calls. Its description has a head, and four parts one after the other.

arguments  for each: its type, what else is compared, where the next one begins, and then for an ALIKE array its dtype,
           rank and extents, and for a RANGE the least and the greatest whole number
operands   how many, and where the results begin; for each GIVEN one its place among the arguments, for a FIXED one the
           object, and for a NEW array the dtype, the rank, the extents, and of how many numbers it takes a part that
           begins with a line of the cache (0: it has memory of its own)
results    how many numbers the kernel returns, and whether all have to be finite; a kernel that returns none says
           whether a result is not finite
packing    whether results come beside the others: first those, then the others. What makes one object of them (0: there
           is one, and it comes bare; None: a tuple), how many there are, and which. A result is the place of an
           operand, or -1 - n for the n-th number, its dtype, and DOUBLE, SINGLE or INTEGER

Where the arguments do not look so, or a result is not finite, or an index is wrong, None is returned.
"""

import numpy as np
from numba import njit

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
    put_item,
    put_word,
    size_of,
    type_of,
    whole_of,
    word_at,
)
from .stored import load

FORMAT = 2
"""What descriptions are like; who writes them compares this with what they write, since kernels may be older."""

MAKE_ARRAY, MAKE_SCALAR, ARRAY, FIELDS, NONE, INDEX_ERROR, VALUE_ERROR, FUNCTION, COUNT, HEAD = range(10)
"""The head: NumPy's functions that make arrays and numbers, the type of arrays and where their fields begin, None, two
types of errors, the kernel, how many arguments there are, and where their descriptions begin.
"""

ANY, ALIKE, RANGE = range(3)
GIVEN, FIXED, NEW = range(3)
DOUBLE, SINGLE, INTEGER = range(3)

DATA, RANK, EXTENTS, BASE, DTYPE, FLAGS = 0, 8, 16, 32, 40, 48
"""Where an array's fields are."""

BEHAVED = 0x501
"""The flags of an array that is contiguous, aligned and writable."""

LINE = 64
"""Bytes of a line of the cache."""


@njit
def _word(words, place):
    return word_at(words + 8 * place)


@njit
def _is_alike(words, place, thing):
    """Whether an argument looks as described."""
    kind, compared = type_of(thing), _word(words, place + 1)
    decref(kind)  # the object still holds it
    if kind != _word(words, place):
        return False
    place += 3
    if compared == RANGE:
        number = whole_of(thing)
        if number == -1 and error() != 0:
            clear_error()
            return False
        return _word(words, place) <= number <= _word(words, place + 1)
    if compared == ANY:
        return True
    fields = thing + _word(words, FIELDS)
    rank, extents = half_at(fields + RANK), word_at(fields + EXTENTS)
    if word_at(fields + DTYPE) != _word(words, place) or rank != _word(words, place + 1):
        return False
    for axis in range(rank):
        if word_at(extents + 8 * axis) != _word(words, place + 2 + axis):
            return False
    return half_at(fields + FLAGS) & BEHAVED == BEHAVED


@njit
def _looks_alike(words, given):
    """Where the operands are described, if the arguments look as described; else 0."""
    count, place = _word(words, COUNT), HEAD
    if size_of(given) != count:
        return 0
    for n in range(count):
        if not _is_alike(words, place, item_of(given, n)):
            return 0
        place = _word(words, place + 2)
    return place


@njit
def _operands(words, place, given):
    """What the kernel takes, as a tuple."""
    count = _word(words, place)
    operands, place = new_tuple(count), place + 2
    for n in range(count):
        kind, what = _word(words, place), _word(words, place + 1)
        place += 2
        thing = item_of(given, what) if kind == GIVEN else what
        incref(thing)
        if kind == NEW:
            thing = _new(words, place, what)
            place += 2 + _word(words, place)
        if not _put(operands, n, thing):
            return 0
    return operands


@njit
def _new(words, place, dtype):
    """A new array."""
    make, array = _word(words, MAKE_ARRAY), _word(words, ARRAY)
    rank, extents = _word(words, place), words + 8 * (place + 1)
    room = extents + 8 * rank
    if word_at(room) == 0:
        return new_array(make, array, dtype, rank, extents, 0, 0)
    incref(dtype)  # each array takes one
    base = new_array(make, array, dtype, 1, room, 0, 0)
    if base == 0:
        decref(dtype)
        return 0
    fields = _word(words, FIELDS)
    data = word_at(base + fields + DATA)
    part = new_array(make, array, dtype, rank, extents, data + -data % LINE, BEHAVED)
    if part == 0:
        decref(base)
    else:
        put_word(part + fields + BASE, base)
    return part


@njit
def _put(things, n, thing):
    """Fill one place of a new tuple, or give that up if there is nothing to put there."""
    if things != 0 and thing == 0:
        decref(things)
    return things != 0 and thing != 0 and put_item(things, n, thing) == 0


@njit
def _is_fine(words, place, found):
    """Whether all results are finite, as far as the kernel says so."""
    count = _word(words, place)
    if count == 0:
        return is_true(found) == 0
    nothing = 0.0
    for n in range(count if _word(words, place + 1) else 0):
        number = float_of(item_of(found, n) if count > 1 else found)
        nothing += number - number
    return nothing == 0.0


@njit
def _result(words, place, operands, found, several):
    """One result."""
    where, dtype, kind = _word(words, place), _word(words, place + 1), _word(words, place + 2)
    if where >= 0:
        array = item_of(operands, where)
        incref(array)
        return array
    make, number = _word(words, MAKE_SCALAR), item_of(found, -1 - where) if several else found
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


@njit
def _packed(words, place, operands, found, several):
    """Results as one object."""
    pack, count = _word(words, place), _word(words, place + 1)
    if pack == 0:
        return _result(words, place + 2, operands, found, several)
    things = new_tuple(count)
    for n in range(count):
        if not _put(things, n, _result(words, place + 2 + 3 * n, operands, found, several)):
            return 0
    if pack == _word(words, NONE):
        return things
    whole = called_with_one(pack, things)
    decref(things)
    return whole


@njit
def _given_back(words, place, operands, found):
    """What the caller gets."""
    several = _word(words, place) > 1
    place += 2
    first = place + 1
    if not _word(words, place):
        return _packed(words, first, operands, found, several)
    both, others = new_tuple(2), first + 2 + 3 * _word(words, first + 1)
    if not _put(both, 0, _packed(words, first, operands, found, several)):
        return 0
    return both if _put(both, 1, _packed(words, others, operands, found, several)) else 0


@njit
def _none(words):
    none = _word(words, NONE)
    incref(none)
    return none


@njit
def _results(words, place, given):
    """What the caller gets for arguments that look as described."""
    operands = _operands(words, place, given)
    if operands == 0:
        return 0
    found, place = called(_word(words, FUNCTION), operands, 0), _word(words, place + 1)
    if found == 0:
        decref(operands)
        if not error_is(_word(words, INDEX_ERROR)) and not error_is(_word(words, VALUE_ERROR)):
            return 0
        clear_error()
        return _none(words)
    results = _given_back(words, place, operands, found) if _is_fine(words, place, found) else _none(words)
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
