# eqc-inputs: cf86491dd82e1463d486365530ab6a088136880b33c2d5eeefe2a78349020ef6
"""Tiles in memory: arrays are read and written at rows and columns."""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

from .tiles import SIZE, RunType, TileType, called, ends_of, is_operand, made, mask_of, name_of, rows_of

_BYTE = ir.IntType(8)
_INLINE = {"forceinline": True}


def _runs(place):
    """The rows and the columns among positions."""
    runs = [p for p in getattr(place, "types", ()) if isinstance(p, RunType)]
    return tuple(next((r for r in runs if r.across is a), None) for a in (False, True))


def _kind_of(array, place):
    """The type of what stands in rows or columns of an array; None if neither is asked for."""
    if not isinstance(array, types.Array) or not isinstance(place, types.BaseTuple) or array.ndim != len(place):
        return None
    if not any(_runs(place)):
        return None
    rows, columns = _runs(place)
    return TileType(rows.count if rows else 1, columns.count if columns else 1, array.dtype)


class _Memory:
    """Where the rows of a tile stand in an array."""

    def __init__(self, context, builder, signature, values) -> None:
        self.builder = builder
        self.array, place = signature.args[:2]
        self.rows, self.columns = _runs(place)
        proxy = make_array(self.array)(context, builder, values[0])
        self.strides = list(cgutils.unpack_tuple(builder, proxy.strides, self.array.ndim))
        self.item = ir.Constant(SIZE, context.get_abi_sizeof(context.get_value_type(self.array.dtype)))
        if self.array.layout == "C":
            self.strides[-1] = self.item
        self.start = builder.bitcast(proxy.data, _BYTE.as_pointer())
        self.last = self.step = self.across = None
        self.left = None
        for axis, (kind, value) in enumerate(zip(place.types, cgutils.unpack_tuple(builder, values[1]), strict=True)):
            self._move(context, axis, kind, value)

    def _move(self, context, axis, kind, value):
        b, stride = self.builder, self.strides[axis]
        if not isinstance(kind, RunType):
            value = context.cast(b, value, kind, types.intp)
        else:
            value, stop = ends_of(context, b, kind, value)
            left = b.sub(stop, value)
            if kind.across:
                self.across, self.left = stride, left
            else:
                self.step, self.last = stride, b.sub(left, ir.Constant(SIZE, 1))
        self.start = b.gep(self.start, [b.mul(value, stride)])

    def row(self, n):
        """Where a row begins."""
        if self.rows is None or n == 0:
            return self.start
        b, number = self.builder, ir.Constant(SIZE, n)
        number = b.select(b.icmp_signed("<", self.last, number), self.last, number)
        return b.gep(self.start, [b.mul(number, self.step)])

    def mask(self):
        """Which columns there are."""
        return mask_of(self.builder, self.left, self.columns.count)

    @property
    def is_dense(self):
        """Whether columns are neighbours in memory, as far as the type of the array tells."""
        return self.columns is None or self.columns.count == 1 or self.across is self.item

    def places(self, row):
        """Where the entries of a row stand; beyond the last one stands the last one."""
        b = self.builder
        last = b.sub(self.left, ir.Constant(SIZE, 1))
        for n in range(self.columns.count):
            number = ir.Constant(SIZE, n)
            yield b.gep(row, [b.mul(b.select(b.icmp_signed("<", last, number), last, number), self.across)])


def _load(context, builder, signature, values):
    kind, memory = signature.return_type, _Memory(context, builder, signature, values)
    return made(builder, kind, [_load_row(builder, kind, memory, memory.row(n)) for n in range(kind.rows)])


def _load_row(builder, kind, memory, start):
    row = kind.row
    if kind.columns == 1:
        return builder.load(builder.bitcast(start, row.as_pointer()), align=memory.item.constant)
    mask, zero = memory.mask(), ir.Constant(row, None)
    if memory.is_dense:
        place = builder.bitcast(start, row.as_pointer())
        align = ir.Constant(ir.IntType(32), memory.item.constant)
        return called(builder, f"llvm.masked.load.{name_of(row)}.p0", row, [place, align, mask, zero])
    value = zero
    for n, place in enumerate(memory.places(start)):
        number = builder.load(builder.bitcast(place, row.element.as_pointer()))
        value = builder.insert_element(value, number, ir.Constant(ir.IntType(32), n))
    return builder.select(mask, value, zero)


def _store(context, builder, signature, values):
    array, place, given = signature.args
    kind, memory = _kind_of(array, place), _Memory(context, builder, signature, values)
    for n, value in enumerate(rows_of(context, builder, given, values[2], kind)):
        _store_row(builder, kind, memory, memory.row(n), value)
    return context.get_dummy_value()


def _store_row(builder, kind, memory, start, value):
    row = kind.row
    if kind.columns == 1:
        builder.store(value, builder.bitcast(start, row.as_pointer()), align=memory.item.constant)
    elif memory.is_dense:
        align = ir.Constant(ir.IntType(32), memory.item.constant)
        values = [value, builder.bitcast(start, row.as_pointer()), align, memory.mask()]
        called(builder, f"llvm.masked.store.{name_of(row)}.p0", ir.VoidType(), values)
    else:
        for n, target in enumerate(memory.places(start)):
            with builder.if_then(builder.icmp_signed("<", ir.Constant(SIZE, n), memory.left)):
                number = builder.extract_element(value, ir.Constant(ir.IntType(32), n))
                builder.store(number, builder.bitcast(target, row.element.as_pointer()))


@intrinsic
def _read(typing, array, place):
    return _kind_of(array, place)(array, place), _load


@intrinsic
def _write(typing, array, place, value):
    return types.void(array, place, value), _store


@overload(operator.getitem, jit_options=_INLINE, strict=False)
def _getitem(array, place):
    known = _kind_of(array, place) is not None
    return (lambda array, place: _read(array, place)) if known else None  # noqa: PLW0108 (see above)


@overload(operator.setitem, jit_options=_INLINE, strict=False)
def _setitem(array, place, value):
    known = _kind_of(array, place) is not None and is_operand(value)
    return (lambda array, place, value: _write(array, place, value)) if known else None  # noqa: PLW0108 (see above)
