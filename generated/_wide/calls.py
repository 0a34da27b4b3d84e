# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Functions of wide numbers as calls of machine code outside of the caller.

Numba compiles a function again into every one that calls it, and wide numbers are long: a kernel with a few of them
took a minute. Here each is compiled once and entered under a name by which other code finds it.
"""

from llvmlite import binding
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WIDE = types.UniTuple(types.float64, 3)
_PREFIX = "eqc_wide_"


def outside(function, *arguments):
    """A function for compiled code that calls another one, compiled for these types, by its address."""
    symbol = f"{_PREFIX}{function.__name__}"
    function.compile(arguments)
    found = function.overloads[arguments]
    binding.add_symbol(symbol, found.library.get_pointer_to_function(found.fndesc.llvm_func_name))
    return (_of_one, _of_two)[len(arguments) - 1](symbol, found.signature)


def _call(symbol, signature):
    """What the code generator does for a call."""

    def generate(context, builder, _, values):
        convention, result, arguments = context.call_conv, signature.return_type, signature.args
        kind = convention.get_function_type(result, arguments)
        callee = cgutils.get_or_insert_function(builder.module, kind, symbol)
        status, value = convention.call_function(builder, callee, result, arguments, values)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return value

    return generate


def _of_one(symbol, signature):
    @intrinsic
    def call(typing, x):
        return signature, _call(symbol, signature)

    return call


def _of_two(symbol, signature):
    @intrinsic
    def call(typing, x, y):
        return signature, _call(symbol, signature)

    return call
