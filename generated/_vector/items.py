# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Items of arrays with a leading axis."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from .ahead import DISTANCE, LONG
from .linking import INLINE
from .unwanted import UnwantedType


def item_of(array, item):
    """One of the items of an array; the only one, if there is one, serves all."""
    return array[item] if array.shape[0] != 1 else array[0]


@overload(item_of, jit_options=INLINE, strict=False)
def _compiled(array, item):
    if array.ndim == 1 or isinstance(array, UnwantedType):
        return lambda array, item: array[item if array.shape[0] != 1 else 0]
    return lambda array, item: _view(array, item if array.shape[0] != 1 else 0)


@intrinsic
def _view(typing, array, item):
    """array[item], which does not keep the array alive: counting its holders would take longer than a short row.

    Where an array keeps whose memory it is a part of, an item keeps how far loops over it ask ahead (`ahead`).
    """
    kind = array.copy(ndim=array.ndim - 1)

    def code(context, builder, signature, arguments):
        whole = context.make_array(array)(context, builder, arguments[0])
        shape, strides = (cgutils.unpack_tuple(builder, part) for part in (whole.shape, whole.strides))
        start = builder.bitcast(whole.data, ir.IntType(8).as_pointer())
        start = builder.gep(start, [builder.mul(arguments[1], strides[0])])
        view = context.make_array(kind)(context, builder)
        data = builder.bitcast(start, view.data.type)
        context.populate_array(
            view, data=data, shape=shape[1:], strides=strides[1:], itemsize=whole.itemsize, meminfo=None
        )
        view.parent = builder.inttoptr(_distance(builder, whole, strides[0]), view.parent.type)
        return view._getvalue()  # noqa: SLF001 (Numba's own way)

    return kind(array, types.intp), code


def _distance(builder, whole, step):
    """How far loops over an item of an array ask ahead: not at all if the array is short, and to the next item else.

    Items that are close together or far apart are nothing to look for.
    """
    size, number = builder.mul(whole.nitems, whole.itemsize), step.type
    of_long = cgutils.is_not_null(builder, whole.parent)
    is_long = builder.icmp_unsigned(">=", size, number(LONG))
    far = builder.select(cgutils.is_null(builder, whole.meminfo), of_long, is_long)
    near = builder.icmp_unsigned("<", builder.sub(step, number(DISTANCE)), number(LONG - DISTANCE))
    return builder.select(far, builder.select(near, step, number(DISTANCE)), number(0))
