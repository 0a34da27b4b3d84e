# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Python's objects in compiled code, where they are whole numbers: their addresses, or 0 for an exception.

As in Python's C API, what a function makes has to be given up by `decref`; what it only finds must not be.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import NativeValue, box, intrinsic, register_model, unbox

_WHOLE, _HALF = ir.IntType(64), ir.IntType(32)


def _of_python(name, result, *arguments):
    """A function that Python exports."""
    return types.ExternalFunction(name, result(*arguments))


incref = _of_python("Py_IncRef", types.void, types.intp)
decref = _of_python("Py_DecRef", types.void, types.intp)
type_of = _of_python("PyObject_Type", types.intp, types.intp)
called = _of_python("PyObject_Call", types.intp, types.intp, types.intp, types.intp)
called_with_one = _of_python("PyObject_CallOneArg", types.intp, types.intp, types.intp)
is_true = _of_python("PyObject_IsTrue", types.int32, types.intp)
new_tuple = _of_python("PyTuple_New", types.intp, types.intp)
size_of = _of_python("PyTuple_Size", types.intp, types.intp)
item_of = _of_python("PyTuple_GetItem", types.intp, types.intp, types.intp)
put_item = _of_python("PyTuple_SetItem", types.int32, types.intp, types.intp, types.intp)
whole_of = _of_python("PyLong_AsLongLong", types.int64, types.intp)
as_whole = _of_python("PyNumber_Long", types.intp, types.intp)
float_of = _of_python("PyFloat_AsDouble", types.float64, types.intp)
error = _of_python("PyErr_Occurred", types.intp)
error_is = _of_python("PyErr_ExceptionMatches", types.int32, types.intp)
clear_error = _of_python("PyErr_Clear", types.void)


class Object(types.Type):
    """An object that compiled code is called with, or returns."""


OBJECT = Object("object")


@register_model(Object)
class _ObjectModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, cgutils.voidptr_t)


@unbox(Object)
def _given(kind, value, context):
    return NativeValue(value)


@box(Object)
def _returned(kind, value, context):
    return value


@intrinsic
def address_of(typing, thing):
    """The address of an object."""

    def code(context, builder, signature, arguments):
        return builder.ptrtoint(arguments[0], _WHOLE)

    return types.intp(thing), code


@intrinsic
def object_at(typing, address):
    """The object at an address."""

    def code(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return OBJECT(address), code


def _number_at(kind):
    """A function that reads a whole number of a type."""

    def code(context, builder, signature, arguments):
        number = builder.load(builder.inttoptr(arguments[0], kind.as_pointer()))
        return builder.sext(number, _WHOLE) if kind is _HALF else number

    @intrinsic
    def number(typing, address):
        return types.int64(address), code

    return number


word_at, half_at = _number_at(_WHOLE), _number_at(_HALF)


@intrinsic
def word_of(typing, words, place):
    """A number of some that stand one after the other; not a function, which Numba would compile for every constant."""

    def code(context, builder, signature, arguments):
        words, place = arguments
        return builder.load(builder.gep(builder.inttoptr(words, _WHOLE.as_pointer()), [place]))

    return types.int64(types.int64, types.int64), code


@intrinsic
def put(typing, address, number):
    """Write a number to an address."""

    def code(context, builder, signature, arguments):
        address, number = arguments
        builder.store(number, builder.inttoptr(address, number.type.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, number), code


@intrinsic
def real_at(typing, address, like):
    """The address of numbers of the type of another one, as something that Numba makes arrays of."""

    def code(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_data_type(like).as_pointer())

    return types.CPointer(like)(types.int64, like), code


def _call_at(builder, address, kinds, arguments):
    """Call the function at an address, which returns an object."""
    kind = ir.FunctionType(_WHOLE, kinds)
    return builder.call(builder.inttoptr(address, kind.as_pointer()), arguments)


@intrinsic
def new_array(typing, make, array, dtype, rank, shape, data, flags):
    """A new array: `make` is where NumPy's function for it begins, `array` the type, and `shape` where extents are.

    It has memory of its own if no `data` and `flags` are given.
    """

    def code(context, builder, signature, arguments):
        make, array, dtype, rank, shape, data, flags = arguments
        kinds = [_WHOLE, _WHOLE, _HALF, _WHOLE, _WHOLE, _WHOLE, _HALF, _WHOLE]
        nothing, half = _WHOLE(0), builder.trunc(flags, _HALF)
        given = [array, dtype, builder.trunc(rank, _HALF), shape, nothing, data, half, nothing]
        return _call_at(builder, make, kinds, given)

    return types.intp(*[types.int64] * 7), code


@intrinsic
def new_scalar(typing, make, dtype, number):
    """A number of NumPy with the bits of another number: `make` is where NumPy's function for it begins."""

    def code(context, builder, signature, arguments):
        make, dtype, number = arguments
        place = builder.ptrtoint(cgutils.alloca_once_value(builder, number), _WHOLE)
        return _call_at(builder, make, [_WHOLE] * 3, [place, dtype, _WHOLE(0)])

    return types.intp(types.int64, types.int64, number), code


@intrinsic
def scalar_at(typing, make, dtype, place):
    """A number of NumPy, which stands at an address."""

    def code(context, builder, signature, arguments):
        make, dtype, place = arguments
        return _call_at(builder, make, [_WHOLE] * 3, [place, dtype, _WHOLE(0)])

    return types.intp(*[types.int64] * 3), code
