# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Results that nobody wants: what kernels write to them is dropped, and LLVM drops the work on it too."""

import operator

import numpy as np
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import (
    NativeValue,
    intrinsic,
    make_attribute_wrapper,
    models,
    overload,
    overload_attribute,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import as_dtype

from .linking import PART


class Unwanted:
    """Stands for the memory of a result, of a shape and a dtype, and takes none."""

    def __init__(self, shape, dtype) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def __getitem__(self, part):
        """What stands for some of the items."""
        return Unwanted((len(range(self.items)[part]), *self.shape[1:]), self.dtype)

    @property
    def items(self) -> int:
        """The length of the first axis."""
        return self.shape[0]


class UnwantedType(types.Type):
    """The type of what stands for memory of some axes; entries read from it are 0."""

    def __init__(self, dtype, ndim) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(f"Unwanted({dtype}, {ndim})")

    def copy(self, **changes):
        """The same type: there is no layout to change."""
        return self


@typeof_impl.register(Unwanted)
def _type_of(value, context):
    return UnwantedType(from_dtype(value.dtype), len(value.shape))


@register_model(UnwantedType)
class _Model(models.StructModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, [("items", types.intp)])


make_attribute_wrapper(UnwantedType, "items", "items")


@unbox(UnwantedType)
def _unbox(kind, value, context):
    items = context.pyapi.object_getattr_string(value, "items")
    made = cgutils.create_struct_proxy(kind)(context.context, context.builder)
    made.items = context.unbox(types.intp, items).value
    context.pyapi.decref(items)
    return NativeValue(made._getvalue())  # noqa: SLF001 (Numba's own way)


def _axes(place):
    """How many axes a position takes away."""
    places = place if isinstance(place, types.BaseTuple) else (place,)
    return sum(isinstance(p, types.Integer) for p in places)


@intrinsic
def _part(typing, array, place):
    """What stands for a part of the memory."""
    kind = UnwantedType(array.dtype, array.ndim - _axes(place))

    def code(context, builder, signature, arguments):
        return arguments[0]

    return kind(array, place), code


@overload(operator.getitem, jit_options=PART)
def _read(array, place):
    if not isinstance(array, UnwantedType):
        return None
    if _axes(place) < array.ndim:
        return lambda array, place: _part(array, place)  # noqa: PLW0108 (an intrinsic is no implementation by itself)
    zero = as_dtype(array.dtype).type(0)
    return lambda array, place: zero


@overload(operator.setitem, jit_options=PART)
def _write(array, place, value):
    return (lambda array, place, value: None) if isinstance(array, UnwantedType) else None


@overload_attribute(UnwantedType, "shape", jit_options=PART)
def _shape(array):
    return lambda array: (array.items,)


@overload(len, jit_options=PART)
def _length(array):
    return (lambda array: array.items) if isinstance(array, UnwantedType) else None


@overload_attribute(UnwantedType, "T", jit_options=PART)
def _transposed(array):
    return lambda array: array


@overload_attribute(UnwantedType, "dtype", jit_options=PART)
def _dtype(array):
    dtype = as_dtype(array.dtype).type
    return lambda array: dtype
