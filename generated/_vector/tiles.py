# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Tiles: some rows and some columns of matrices at once, in registers.

For `rows` and `columns`, X[rows, k] - Y[k, columns] is the difference for every row and every column: one vector for
each row. What is read once thereby serves many entries. Rows and columns beyond the last one may be asked for: such a
row is the last one again, and such columns read as 0 and are not stored.
"""

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, overload, register_model
from numba.np.numpy_support import as_dtype

from .linking import INLINE, PART
from .reductions import add

SIZE = ir.IntType(64)
_FLAGS = ("contract", "nsz")
"""A product is added to a sum without being rounded first; other sums stay as they are, lest a*b - b*a is not 0."""


def _bytes_at_once() -> int:
    """The width of vectors; processors that cannot leave out columns take one at a time."""
    features = get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 1


ROWS = 8
"""So many sums at once keep the units for arithmetic busy, and fit into the registers."""
_BYTES = _bytes_at_once()


def width(dtype: Any) -> int:
    """How many columns of a type are taken at once."""
    return max(1, _BYTES // int(np.dtype(dtype).itemsize))


@overload(width, jit_options=PART)
def _compiled_width(dtype):
    count = width(as_dtype(dtype.dtype))
    return lambda dtype: count


# types --------------------------------------------------------------------------------------------------------------


class RunType(types.Type):
    """The type of several neighbouring rows, or columns: where they begin, and how many are left to the last one.

    So many are left wherever else they are moved to, so that what is masked is the same for all that a loop reads.
    """

    def __init__(self, count, across) -> None:
        self.count, self.across = count, across
        super().__init__(f"{'Columns' if across else 'Rows'}({count})")


class TileType(types.Type):
    """The type of a matrix of numbers, one of whose sides may be 1 long."""

    def __init__(self, rows, columns, dtype) -> None:
        self.rows, self.columns, self.dtype = rows, columns, dtype
        super().__init__(f"Tile({rows}, {columns}, {dtype})")

    @property
    def row(self):
        """What a row is to LLVM: also one number is a vector, lest LLVM makes vectors of the numbers of all rows."""
        return ir.VectorType(ir.FloatType() if self.dtype == types.float32 else ir.DoubleType(), self.columns)


@register_model(RunType)
class _RunModel(models.StructModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, [("start", types.intp), ("left", types.intp)])


@register_model(TileType)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, ir.LiteralStructType([kind.row] * kind.rows))


def rows_at(start, stop):
    """The rows from one place on, of those that end at another."""
    return np.arange(start, min(start + ROWS, stop))[:, None]


def columns_at(start, stop, dtype):
    """The columns from one place on, of those that end at another; as many as there are of a type at once."""
    return np.arange(start, min(start + width(dtype), stop))[None, :]


@overload(rows_at, jit_options=INLINE)
def _compiled_rows(start, stop):
    return lambda start, stop: _rows(start, stop)  # noqa: PLW0108 (an intrinsic is no implementation by itself)


@overload(columns_at, jit_options=INLINE)
def _compiled_columns(start, stop, dtype):
    return lambda start, stop, dtype: _columns(start, stop, dtype)  # noqa: PLW0108 (see above)


@intrinsic
def _rows(typing, start, stop):
    return RunType(ROWS, across=False)(types.intp, types.intp), _run


@intrinsic
def _columns(typing, start, stop, dtype):
    return RunType(width(as_dtype(dtype.dtype)), across=True)(types.intp, types.intp, dtype), _run


def _run(context, builder, signature, values):
    start, stop = values[:2]
    return _run_of(context, builder, signature.return_type, start, builder.sub(stop, start))


def _run_of(context, builder, kind, start, left):
    run = cgutils.create_struct_proxy(kind)(context, builder)
    run.start, run.left = start, left
    return run._getvalue()  # noqa: SLF001 (Numba's own way)


def run_of(context, builder, kind, value):
    """Where rows or columns begin, and how many are left."""
    run = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    return run.start, run.left


@intrinsic
def _moved(typing, run, distance):
    """Rows, or columns, so much further on."""

    def build(context, builder, signature, values):
        distance = context.cast(builder, values[1], signature.args[1], types.intp)
        start, left = run_of(context, builder, run, values[0])
        return _run_of(context, builder, run, builder.add(start, distance), left)

    return run(run, distance), build


@overload(operator.add, jit_options=INLINE, strict=False)
def _plus(run, distance):
    if isinstance(run, RunType):
        return lambda run, distance: _moved(run, distance)  # noqa: PLW0108 (see above)
    return (lambda run, distance: _moved(distance, run)) if isinstance(distance, RunType) else None


@overload(operator.sub, jit_options=INLINE, strict=False)
def _minus(run, distance):
    return (lambda run, distance: _moved(run, -distance)) if isinstance(run, RunType) else None


# arithmetic ---------------------------------------------------------------------------------------------------------


def is_operand(kind):
    """Whether tiles know how to be added to a value of a type, and the like."""
    return isinstance(kind, TileType | types.Number)


def _result(*kinds):
    """The type of what is made of tiles and numbers; numbers take the tiles' precision."""
    tiles = [kind for kind in kinds if isinstance(kind, TileType)]
    dtype = types.float64 if any(tile.dtype == types.float64 for tile in tiles) else types.float32
    return TileType(max(t.rows for t in tiles), max(t.columns for t in tiles), dtype)


def alone(builder, number):
    """A number as a row of one column."""
    row = ir.Constant(ir.VectorType(number.type, 1), ir.Undefined)
    return builder.insert_element(row, number, ir.Constant(ir.IntType(32), 0))


def spread(builder, one, count):
    """A row of one column as one of more."""
    none = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(one, ir.Constant(one.type, ir.Undefined), none)


def rows_of(context, builder, kind, value, result):
    """The rows of an operand, as those of a result."""
    if isinstance(kind, types.Number):
        number = alone(builder, context.cast(builder, value, kind, result.dtype))
        return [spread(builder, number, result.columns)] * result.rows
    rows = [_cast(builder, builder.extract_value(value, n), kind, result) for n in range(kind.rows)]
    rows = rows * result.rows if kind.rows == 1 else rows
    return rows if kind.columns == result.columns else [spread(builder, row, result.columns) for row in rows]


def _cast(builder, row, kind, result):
    if kind.dtype == result.dtype:
        return row
    to = TileType(1, kind.columns, result.dtype).row
    return builder.fpext(row, to) if result.dtype == types.float64 else builder.fptrunc(row, to)


def made(builder, kind, rows):
    """A tile of rows."""
    value = ir.Constant(ir.LiteralStructType([kind.row] * kind.rows), ir.Undefined)
    for n, row in enumerate(rows):
        value = builder.insert_value(value, row, n)
    return value


def _entrywise(step):
    """The code of an operation on tiles and numbers."""

    def build(context, builder, signature, values):
        result = signature.return_type
        operands = [rows_of(context, builder, k, v, result) for k, v in zip(signature.args, values, strict=True)]
        return made(builder, result, [step(builder, *row) for row in zip(*operands, strict=True)])

    return build


def _define(name, step):
    """Let compiled code use an operator on tiles."""

    @infer_global(name)
    class _Template(AbstractTemplate):
        def generic(self, arguments, _):
            if all(map(is_operand, arguments)) and any(isinstance(kind, TileType) for kind in arguments):
                return signature(_result(*arguments), *arguments)
            return None

    build = _entrywise(step)
    if name in (operator.neg, abs):
        lower_builtin(name, TileType)(build)
        return
    for kinds in ((TileType, TileType), (TileType, types.Number), (types.Number, TileType)):
        lower_builtin(name, *kinds)(build)


def name_of(row):
    """How LLVM writes a row in the names of its intrinsics."""
    return f"v{row.count}{'f32' if row.element == ir.FloatType() else 'f64'}"


def called(builder, name, result, values, **flags):
    """What an intrinsic of LLVM gives."""
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values, **flags)


def _size(builder, row):
    return called(builder, f"llvm.fabs.{name_of(row.type)}", row.type, [row])


_define(operator.neg, lambda b, x: b.fneg(x))
_define(abs, _size)
_define(operator.add, lambda b, x, y: b.fadd(x, y))
_define(operator.iadd, lambda b, x, y: b.fadd(x, y))
_define(operator.sub, lambda b, x, y: b.fsub(x, y))
_define(operator.mul, lambda b, x, y: b.fmul(x, y, flags=_FLAGS))
_define(operator.truediv, lambda b, x, y: b.fdiv(x, y, flags=_FLAGS))


@infer_global(operator.pow)
class _Power(AbstractTemplate):
    """Powers with a whole number that the source names."""

    prefer_literal = True

    def generic(self, arguments, _):
        tile, exponent = arguments
        whole = isinstance(exponent, types.IntegerLiteral)
        return signature(tile, tile, exponent) if whole and isinstance(tile, TileType) else None


@lower_builtin(operator.pow, TileType, types.IntegerLiteral)
def _power(context, builder, signature, values):
    kind, exponent = signature.args
    rows = [builder.extract_value(values[0], n) for n in range(kind.rows)]
    return made(builder, kind, [_whole_power(builder, row, exponent.literal_value) for row in rows])


def _whole_power(builder, row, exponent):
    if exponent < 0:
        one = ir.Constant(row.type, [1.0] * row.type.count)
        return builder.fdiv(one, _whole_power(builder, row, -exponent), flags=_FLAGS)
    if exponent == 1:
        return row
    half = _whole_power(builder, row, exponent // 2)
    square = builder.fmul(half, half, flags=_FLAGS)
    return builder.fmul(square, row, flags=_FLAGS) if exponent % 2 else square


@intrinsic
def _step(typing, total, term):
    def build(context, builder, signature, values):
        old, new = (rows_of(context, builder, k, v, total) for k, v in zip(signature.args, values, strict=True))
        rows = [builder.fadd(x, y, flags=_FLAGS) for x, y in zip(old, new, strict=True)]
        return made(builder, total, rows)

    return total(total, term), build


@overload(add, jit_options=INLINE, strict=False)
def _add(total, term):
    """A step of a sum, which keeps its precision."""
    known = isinstance(total, TileType)
    return (lambda total, term: _step(total, term)) if known else None  # noqa: PLW0108 (no implementation by itself)


def no_tile(rows, columns, dtype):
    """A tile of zeros; arrays take one column of them."""
    return np.zeros((rows.size, 1), dtype)


def across(tile):
    """The sums of the rows, in double precision."""
    return tile.sum(axis=1, keepdims=True, dtype=np.float64)


def inside(tile, columns):
    """A tile without what stands in columns beyond the last one; arrays, which end there, add up the others at once."""
    return tile.sum(axis=1, keepdims=True)


@overload(no_tile, jit_options=INLINE)
def _compiled_zeros(rows, columns, dtype):
    return lambda rows, columns, dtype: _zeros(rows, columns, dtype)  # noqa: PLW0108 (see above)


@overload(across, jit_options=INLINE)
def _compiled_across(tile):
    return lambda tile: _across(tile)  # noqa: PLW0108 (see above)


@overload(inside, jit_options=INLINE)
def _compiled_inside(tile, columns):
    return lambda tile, columns: _inside(tile, columns)  # noqa: PLW0108 (see above)


@intrinsic
def _zeros(typing, rows, columns, dtype):
    kind = TileType(rows.count, columns.count, dtype.dtype)

    def build(context, builder, signature, values):
        return made(builder, kind, [ir.Constant(kind.row, None)] * kind.rows)

    return kind(rows, columns, dtype), build


@intrinsic
def _across(typing, tile):
    kind, whole = TileType(tile.rows, 1, types.float64), TileType(tile.rows, tile.columns, types.float64)

    def build(context, builder, signature, values):
        rows = rows_of(context, builder, tile, values[0], whole)
        return made(builder, kind, [_sum_of(builder, row) for row in rows])

    return kind(tile), build


def _sum_of(builder, row):
    """In a tree, which the flag asks for."""
    number, name = row.type.element, f"llvm.vector.reduce.fadd.{name_of(row.type)}"
    total = called(builder, name, number, [ir.Constant(number, 0.0), row], fastmath=("reassoc", "nsz"))
    return alone(builder, total)


@intrinsic
def _inside(typing, tile, columns):
    def build(context, builder, signature, values):
        _, left = run_of(context, builder, columns, values[1])
        mask, zero = mask_of(builder, left, columns.count), ir.Constant(tile.row, None)
        rows = [builder.extract_value(values[0], n) for n in range(tile.rows)]
        return made(builder, tile, [builder.select(mask, row, zero) for row in rows])

    return tile(tile, columns), build


def mask_of(builder, left, count):
    """Which of so many columns there are, if so many are left."""
    return builder.icmp_signed("<", lanes_of(count), spread(builder, alone(builder, left), count))


def lanes_of(count):
    """The numbers of the columns of a tile."""
    return ir.Constant(ir.VectorType(SIZE, count), list(range(count)))
