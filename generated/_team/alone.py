# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What a function of a team is with a team, and what without one."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed

WHOLE = ir.IntType(64)


def either(plain, alone, result, *kinds):
    """A function of a team, the last argument, whose code is `plain`; without a team its code is `alone`."""

    def together(context, builder, signature, arguments):
        return context.compile_internal(builder, plain, signature, arguments)

    return result(*kinds), together if is_team(kinds[-1]) else alone


def is_team(kind):
    return isinstance(kind, types.BaseTuple)


def same(context, builder, signature, arguments):
    """The code of a function that gives its first argument."""
    return impl_ret_borrowed(context, builder, signature.return_type, arguments[0])


def zero(context, builder, signature, arguments):
    return WHOLE(0)


def yes(context, builder, signature, arguments):
    return cgutils.true_bit


def nothing(context, builder, signature, arguments):
    """The code of a function that does nothing."""
    return context.get_dummy_value()
