# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Tiles in memory: arrays are read and written at rows and columns."""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from .linking import INLINE
from .tiles import (
    SIZE,
    RunType,
    TileType,
    alone,
    called,
    is_operand,
    lanes_of,
    made,
    mask_of,
    name_of,
    rows_of,
    run_of,
    spread,
)

_BYTE, _TRUE = ir.IntType(8), ir.IntType(1)(1)


def _kinds(place):
    """The types of positions: an array with one axis has one, which is no tuple."""
    return place.types if isinstance(place, types.BaseTuple) else (place,)


def _runs(place):
    """The rows and the columns among positions."""
    runs = [p for p in _kinds(place) if isinstance(p, RunType)]
    return tuple(next((r for r in runs if r.across is a), None) for a in (False, True))


def _kind_of(array, place):
    """The type of what stands in rows or columns of an array; None if neither is asked for."""
    if not isinstance(array, types.Array) or array.ndim != len(_kinds(place)):
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
        proxy = context.make_array(self.array)(context, builder, values[0])
        self.strides = cgutils.unpack_tuple(builder, proxy.strides, self.array.ndim)
        self.item = SIZE(context.get_abi_sizeof(context.get_value_type(self.array.dtype)))
        if self.array.layout == "C":
            self.strides = (*self.strides[:-1], self.item)
        self.start = builder.bitcast(proxy.data, _BYTE.as_pointer())
        single = not isinstance(place, types.BaseTuple)
        at = (values[1],) if single else cgutils.unpack_tuple(builder, values[1])
        for axis, (kind, value) in enumerate(zip(_kinds(place), at, strict=True)):
            self._move(context, axis, kind, value)

    def _move(self, context, axis, kind, value):
        """Go to the first of the places on an axis."""
        b, stride = self.builder, self.strides[axis]
        if isinstance(kind, RunType):
            value, left = run_of(context, b, kind, value)
            run = (stride, left)
            self.across, self.down = (run, self.down) if kind.across else (self.across, run)
        else:
            value = context.cast(b, value, kind, types.intp)
        self.start = b.gep(self.start, [b.mul(value, stride)])

    across = down = None

    def row(self, n):
        """Where a row begins."""
        if self.rows is None:
            return self.start
        b, number = self.builder, SIZE(n)
        stride, left = self.down
        last = b.sub(left, SIZE(1))
        number = b.select(b.icmp_signed("<", last, number), last, number) if n else number
        return b.gep(self.start, [b.mul(number, stride)])

    def mask(self):
        """Which columns there are."""
        if self.columns is None:
            return alone(self.builder, _TRUE)
        return mask_of(self.builder, self.across[-1], self.columns.count)

    @property
    def is_dense(self):
        """Whether columns are neighbours in memory, as far as the type of the array tells."""
        return self.columns is None or self.across[0] is self.item

    def places(self, row, kind):
        """Where the columns of a row stand."""
        b, count = self.builder, kind.count
        steps = b.mul(lanes_of(count), spread(b, alone(b, self.across[0]), count))
        starts = spread(b, alone(b, b.ptrtoint(row, SIZE)), count)
        return b.inttoptr(b.add(starts, steps), ir.VectorType(kind.element.as_pointer(), count))


def _load(context, builder, signature, values):
    kind, memory = signature.return_type, _Memory(context, builder, signature, values)
    return made(builder, kind, [_load_row(builder, kind.row, memory, memory.row(n)) for n in range(kind.rows)])


def _load_row(builder, row, memory, start):
    place = builder.bitcast(start, row.as_pointer())
    if row.count == 1:
        return builder.load(place, align=memory.item.constant)
    align, rest = ir.IntType(32)(memory.item.constant), (memory.mask(), ir.Constant(row, None))
    if memory.is_dense:
        return called(builder, f"llvm.masked.load.{name_of(row)}.p0", row, [place, align, *rest])
    name = f"llvm.masked.gather.{name_of(row)}.v{row.count}p0"
    return called(builder, name, row, [memory.places(start, row), align, *rest])


def _store(context, builder, signature, values):
    array, place, given = signature.args
    kind, memory = _kind_of(array, place), _Memory(context, builder, signature, values)
    for n, value in enumerate(rows_of(context, builder, given, values[2], kind)):
        _store_row(builder, kind.row, memory, memory.row(n), value)
    return context.get_dummy_value()


def _store_row(builder, row, memory, start, value):
    place, align = builder.bitcast(start, row.as_pointer()), ir.IntType(32)(memory.item.constant)
    if row.count == 1:
        builder.store(value, place, align=memory.item.constant)
    elif memory.is_dense:
        values = [value, place, align, memory.mask()]
        called(builder, f"llvm.masked.store.{name_of(row)}.p0", ir.VoidType(), values)
    else:
        name = f"llvm.masked.scatter.{name_of(row)}.v{row.count}p0"
        called(builder, name, ir.VoidType(), [value, memory.places(start, row), align, memory.mask()])


@intrinsic
def _read(typing, array, place):
    return _kind_of(array, place)(array, place), _load


@intrinsic
def _write(typing, array, place, value):
    return types.void(array, place, value), _store


@overload(operator.getitem, jit_options=INLINE, strict=False)
def _getitem(array, place):
    known = _kind_of(array, place) is not None
    return (lambda array, place: _read(array, place)) if known else None  # noqa: PLW0108 (see above)


@overload(operator.setitem, jit_options=INLINE, strict=False)
def _setitem(array, place, value):
    known = _kind_of(array, place) is not None and is_operand(value)
    return (lambda array, place, value: _write(array, place, value)) if known else None  # noqa: PLW0108 (see above)
