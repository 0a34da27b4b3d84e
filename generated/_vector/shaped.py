# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Arrays with fewer axes: neighbouring ones that loops run through together are one."""

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic, overload

from .ahead import DISTANCE, LONG
from .linking import INLINE
from .unwanted import UnwantedType


def shaped(array, shape):
    """An array's entries in rows of another shape; of one that is not contiguous, a copy."""
    return np.ascontiguousarray(array).reshape(shape)


def shaped_result(array, shape):
    """The memory of a result as an array of another shape."""
    if not array.flags.c_contiguous:
        raise ValueError("memory for results must be contiguous")
    return array.reshape(shape)


@overload(shaped, jit_options=INLINE, strict=False)
def _compiled(array, shape):
    if array.layout != "C":
        return lambda array, shape: np.ascontiguousarray(array).reshape(shape)
    return lambda array, shape: _view(array, shape)  # noqa: PLW0108 (an intrinsic is no implementation by itself)


@overload(shaped_result, jit_options=INLINE, strict=False)
def _compiled_result(array, shape):
    if isinstance(array, UnwantedType):
        return lambda array, shape: _unwanted(array, shape)  # noqa: PLW0108 (see above)
    if array.layout == "C":
        return lambda array, shape: _view(array, shape)  # noqa: PLW0108 (see above)

    def checked(array, shape):
        if not array.flags.c_contiguous:
            raise ValueError("memory for results must be contiguous")
        return _view(array, shape)

    return checked


@intrinsic
def _unwanted(typing, array, shape):
    """What stands for memory of another shape."""
    kind = UnwantedType(array.dtype, len(shape))

    def code(context, builder, signature, arguments):
        return arguments[0]

    return kind(array, shape), code


@intrinsic
def _view(typing, array, shape):
    """A contiguous array with other axes, which does not keep the array alive; it knows how far loops look ahead."""
    kind = array.copy(ndim=len(shape), layout="C")

    def code(context, builder, signature, arguments):
        whole, view = (
            context.make_array(array)(context, builder, arguments[0]),
            context.make_array(kind)(context, builder),
        )
        sizes = cgutils.unpack_tuple(builder, arguments[1])
        strides = [whole.itemsize]
        for size in sizes[:0:-1]:
            strides.insert(0, builder.mul(strides[0], size))
        data = builder.bitcast(whole.data, view.data.type)
        context.populate_array(view, data=data, shape=sizes, strides=strides, itemsize=whole.itemsize, meminfo=None)
        view.parent = builder.inttoptr(_distance(builder, whole), view.parent.type)
        return view._getvalue()  # noqa: SLF001 (Numba's own way)

    return kind(array, shape), code


def _distance(builder, whole):
    """How far loops over an array ask ahead: what an item says, and else by its length."""
    number = ir.IntType(64)
    size = builder.mul(whole.nitems, whole.itemsize)
    own = builder.select(builder.icmp_unsigned(">=", size, number(LONG)), number(DISTANCE), number(0))
    said = builder.ptrtoint(whole.parent, number)
    return builder.select(cgutils.is_null(builder, whole.meminfo), said, own)
