# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""How matrices lie in memory, for functions that are compiled once for every layout."""

from numba import njit, types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from .linking import PART


@intrinsic
def loose(typing, a):
    """The same matrix, of a type that promises nothing of its strides."""
    kind = a.copy(layout="A")

    def code(context, builder, signature, arguments):
        return impl_ret_borrowed(context, builder, kind, arguments[0])

    return kind(a), code


@intrinsic
def apart(typing):
    """Compile the function in which this stands once, rather than into everything that calls it."""

    def code(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), code


@njit(**PART)
def has_long_rows(a):
    """Whether rows are contiguous and do not overlap, a whole number of elements apart."""
    row = a.shape[1] * a.itemsize
    return a.strides[1] == a.itemsize and a.strides[0] >= row and a.strides[0] % a.itemsize == 0
