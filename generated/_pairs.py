# eqc-inputs: db1f344f13bc4b22cf7703288e5c7dd33ea55ca99466feb79b5f87fef7860d68
"""Pairs of floats: a number and what its rounding left over, for sums that cancel and exponents that are large.

A pair is high + low in float64. What belongs to single precision is computed in double precision instead: such a "pair"
has no low part. Plain floats and whole numbers among the operands are exact. Where a high part overflows, the low one
may come out as NaN or infinite: it is then left out, so that no result is worse than that of floats.

Sums are collected in rows of partial sums, `lanes`, so that LLVM can compute several at once.
"""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, overload, register_jitable, register_model
from numba.np.arrayobj import make_array, populate_array

from ._vector import cos, exp, expm1, power, sigmoid, sin, softplus
from ._vector.core import exp_parts, log_at_ends, log_in_two, scaled, split

LANES = 32
"""How many partial sums are collected side by side; kernels' loops are parted to match."""

_DOUBLE = ir.DoubleType()
_ZERO = ir.Constant(_DOUBLE, 0.0)
_WHOLE = ir.IntType(64)
_FREE = ("reassoc", "nsz")
_EXP_END = 1000.0
_NOISE = 2.0**-96
_INLINE = {"forceinline": True}


class Pair(types.Type):
    """The type of pairs; `single` ones, which stand for single precision, have no low part."""

    def __init__(self, single):
        self.single = single
        super().__init__(name=f"Pair(single={single})")


_OF_DOUBLE, _OF_SINGLE = Pair(single=False), Pair(single=True)


@register_model(Pair)
class _PairModel(models.StructModel):
    def __init__(self, manager, kind):
        names = ("high",) if kind.single else ("high", "low")
        super().__init__(manager, kind, [(name, types.float64) for name in names])


class _Arithmetic:
    """The arithmetic of pairs as instructions; a low part that is None is 0."""

    def __init__(self, builder):
        self.b = builder

    def two_sum(self, x, y):
        """x + y and its rounding error."""
        b = self.b
        total = b.fadd(x, y)
        back = b.fsub(total, x)
        return total, b.fadd(b.fsub(x, b.fsub(total, back)), b.fsub(y, back))

    def add(self, *parts):
        """The sum of the low parts that are there."""
        total = None
        for part in parts:
            total = part if total is None else total if part is None else self.b.fadd(total, part)
        return total

    def multiply(self, x, y):
        return None if x is None or y is None else self.b.fmul(x, y)

    def negative(self, x):
        return None if x is None else self.b.fneg(x)

    def finite(self, x):
        """x, or 0 if it is no finite number."""
        return self.b.select(self.b.fcmp_ordered("==", self.b.fsub(x, x), _ZERO), x, _ZERO)

    def normal(self, x):
        """The same number with its nearest float as the high part, as divisors and arguments of functions need it."""
        return x if x[1] is None else self.two_sum(x[0], self.finite(x[1]))

    def sum(self, x, y):
        """Where much cancels, the low part may be as large as the high one; where all does, what is left is noise."""
        total, lost = self.two_sum(x[0], y[0])
        low = self.add(lost, x[1], y[1])
        if x[1] is None and y[1] is None:
            return total, low
        noise = self.b.fmul(self.float_size(x[0]), ir.Constant(_DOUBLE, _NOISE))
        is_noise = self.b.fcmp_ordered("<", self.float_size(self.b.fadd(total, low)), noise)
        return tuple(self.b.select(is_noise, _ZERO, part) for part in (total, low))

    def difference(self, x, y):
        return self.sum(x, (self.negative(y[0]), self.negative(y[1])))

    def product(self, x, y):
        high = self.b.fmul(x[0], y[0])
        lost = self.b.fma(x[0], y[0], self.b.fneg(high))
        crossed = self.add(self.multiply(x[0], y[1]), self.multiply(x[1], y[0]))
        return high, self.add(lost, crossed, self.multiply(x[1], y[1]))

    def quotient(self, x, y):
        y = self.normal(y)
        high = self.b.fdiv(x[0], y[0])
        left = self.b.fma(self.b.fneg(high), y[0], x[0])
        left = self.add(left, x[1], self.negative(self.multiply(high, y[1])))
        return high, self.b.fdiv(left, y[0])

    def root(self, x):
        x = self.normal(x)
        high = self.float_root(x[0])
        left = self.add(self.b.fma(self.b.fneg(high), high, x[0]), x[1])
        return high, self.b.fdiv(left, self.b.fadd(high, high))

    def float_root(self, x):
        return self._of_float("llvm.sqrt", x)

    def float_size(self, x):
        return self._of_float("llvm.fabs", x)

    def _of_float(self, name, x):
        kind = ir.FunctionType(_DOUBLE, [_DOUBLE])
        return self.b.call(self.b.module.declare_intrinsic(name, [_DOUBLE], kind), [x])

    def size(self, x):
        """|x|, whose sign is that of its high part."""
        x = self.normal(x)
        below = self.b.fcmp_ordered("<", x[0], _ZERO)
        return tuple(None if p is None else self.b.select(below, self.b.fneg(p), p) for p in x)


def _is_operand(kind):
    return isinstance(kind, types.Number | Pair)


def _result(*kinds):
    """Single precision wins, since its results need no more than double precision."""
    return _OF_SINGLE if types.float32 in kinds or _OF_SINGLE in kinds else _OF_DOUBLE


def _parts_of(context, builder, kind, value):
    """The parts of an operand."""
    if isinstance(kind, Pair):
        pair = cgutils.create_struct_proxy(kind)(context, builder, value=value)
        return (pair.high, None if kind.single else pair.low)
    return (context.cast(builder, value, kind, types.float64), None)


def _made(context, builder, kind, parts):
    """A value of a type of pairs."""
    pair = cgutils.create_struct_proxy(kind)(context, builder)
    pair.high = parts[0]
    if not kind.single:
        pair.low = _ZERO if parts[1] is None else parts[1]
    return pair._getvalue()  # noqa: SLF001 (Numba's own way)


def _operation(in_floats, in_pairs):
    """The code of an operation: in double precision for single precision, in pairs for double."""

    def build(context, builder, signature, values):
        arithmetic = _Arithmetic(builder)
        operands = [_parts_of(context, builder, k, v) for k, v in zip(signature.args, values, strict=True)]
        if signature.return_type.single:
            floats = [high if low is None else builder.fadd(high, low) for high, low in operands]
            return _made(context, builder, _OF_SINGLE, (in_floats(arithmetic, *floats), None))
        return _made(context, builder, _OF_DOUBLE, in_pairs(arithmetic, *operands))

    return build


def _define(name, in_floats, in_pairs):
    """Let compiled code use an operator on pairs."""

    @infer_global(name)
    class _Template(AbstractTemplate):
        def generic(self, arguments, _):
            if all(map(_is_operand, arguments)) and any(isinstance(kind, Pair) for kind in arguments):
                return signature(_result(*arguments), *arguments)
            return None

    build = _operation(in_floats, in_pairs)
    if name is operator.neg:
        lower_builtin(name, Pair)(build)
        return
    for kinds in ((Pair, Pair), (Pair, types.Number), (types.Number, Pair)):
        lower_builtin(name, *kinds)(build)


_define(operator.neg, lambda a, x: a.negative(x), lambda a, x: (a.negative(x[0]), a.negative(x[1])))
_define(operator.add, lambda a, x, y: a.b.fadd(x, y), _Arithmetic.sum)
_define(operator.sub, lambda a, x, y: a.b.fsub(x, y), _Arithmetic.difference)
_define(operator.mul, lambda a, x, y: a.b.fmul(x, y), _Arithmetic.product)
_define(operator.truediv, lambda a, x, y: a.b.fdiv(x, y), _Arithmetic.quotient)


def _of_one(in_floats, in_pairs):
    """A function of one number for compiled code."""
    build = _operation(in_floats, in_pairs)

    @intrinsic
    def function(typing, x):
        return (_result(x)(x), build) if _is_operand(x) else None

    return function


as_pair = _of_one(lambda a, x: x, lambda a, x: x)
square_of = _of_one(lambda a, x: a.b.fmul(x, x), lambda a, x: a.product(x, x))
cube_of = _of_one(lambda a, x: a.b.fmul(x, a.b.fmul(x, x)), lambda a, x: a.product(x, a.product(x, x)))
root_of = _of_one(_Arithmetic.float_root, _Arithmetic.root)
size_of = _of_one(lambda a, x: a.size((x, None))[0], _Arithmetic.size)


@intrinsic
def pair(typing, high, low):
    """The pair of two floats."""

    def build(context, builder, signature, values):
        parts = [context.cast(builder, v, k, types.float64) for k, v in zip(signature.args, values, strict=True)]
        return _made(context, builder, _OF_DOUBLE, parts)

    return _OF_DOUBLE(high, low), build


def _constant(high, low):
    """A function without arguments that gives a number."""

    def build(context, builder, signature, values):
        return _made(context, builder, _OF_DOUBLE, (ir.Constant(_DOUBLE, high), ir.Constant(_DOUBLE, low)))

    @intrinsic
    def constant(typing):
        return _OF_DOUBLE(), build

    return constant


pair_pi = _constant(3.141592653589793, 1.2246467991473532e-16)
pair_e = _constant(2.718281828459045, 1.4456468917292502e-16)


@intrinsic
def parts(typing, x):
    """The two floats of a pair, the first being the nearest one."""

    def build(context, builder, signature, values):
        arithmetic = _Arithmetic(builder)
        high, low = arithmetic.normal(_parts_of(context, builder, signature.args[0], values[0]))
        return context.make_tuple(
            builder, signature.return_type, (high, _ZERO if low is None else arithmetic.finite(low))
        )

    return types.UniTuple(types.float64, 2)(x), build


@intrinsic
def nearest(typing, x):
    """The float nearest to a pair."""

    def build(context, builder, signature, values):
        high, low = _parts_of(context, builder, signature.args[0], values[0])
        return high if low is None else builder.fadd(high, _Arithmetic(builder).finite(low))

    return types.float64(x), build


@intrinsic
def gap(typing, x, y):
    """x - y for a float x and a pair y, as a float: right where the two are close."""
    result = types.float32 if x == types.float32 else types.float64

    def build(context, builder, signature, values):
        number = context.cast(builder, values[0], signature.args[0], result)
        for part in _in_floats(context, builder, signature.args[1], values[1], result):
            number = builder.fsub(number, part)
        return number

    return result(x, y), build


def _in_floats(context, builder, kind, value, result):
    """A pair as two floats of a type, the first being the nearest one."""
    high, low = _Arithmetic(builder).normal(_parts_of(context, builder, kind, value))
    if result == types.float64:
        return high, _ZERO if low is None else _Arithmetic(builder).finite(low)
    near = context.cast(builder, high, types.float64, types.float32)
    rest = builder.fsub(high, context.cast(builder, near, types.float32, types.float64))
    left = _Arithmetic(builder).finite(rest if low is None else builder.fadd(rest, low))
    return near, context.cast(builder, left, types.float64, types.float32)


# sums ---------------------------------------------------------------------------------------------------------------

_SUMS = types.Array(types.float64, 2, "C")


@intrinsic
def lanes(typing):
    """Room for the partial sums of one sum on the stack: their totals, and what roundings took from these."""

    def build(context, builder, signature, values):
        room = cgutils.alloca_once(builder, ir.ArrayType(_DOUBLE, 2 * LANES))
        cgutils.memset(builder, room, _WHOLE(16 * LANES), 0)
        sums = make_array(_SUMS)(context, builder)
        data = builder.bitcast(room, _DOUBLE.as_pointer())
        shape, strides = (_WHOLE(2), _WHOLE(LANES)), (_WHOLE(8 * LANES), _WHOLE(8))
        populate_array(sums, data=data, shape=shape, strides=strides, itemsize=_WHOLE(8), meminfo=None)
        return sums._getvalue()  # noqa: SLF001 (Numba's own way)

    return _SUMS(), build


def _after(builder, total, lost, kind, term):
    """The total and what is lost from it, after one term more."""
    arithmetic = _Arithmetic(builder)
    high, low = term
    if _result(kind).single:
        return builder.fadd(total, high, flags=_FREE), lost
    total, error = arithmetic.two_sum(total, high)
    return total, builder.fadd(lost, arithmetic.add(error, low), flags=_FREE)


@intrinsic
def collect(typing, sums, lane, term):
    """Add a term to one of the partial sums."""

    def build(context, builder, signature, values):
        array = make_array(signature.args[0])(context, builder, value=values[0])
        places = [builder.gep(array.data, [values[1]])]
        places.append(builder.gep(places[0], [builder.extract_value(array.shape, 1)]))
        kind = signature.args[2]
        term = _parts_of(context, builder, kind, values[2])
        after = _after(builder, *(builder.load(place) for place in places), kind, term)
        for value, place in zip(after, places, strict=True):
            builder.store(value, place)
        return context.get_dummy_value()

    return types.void(sums, types.intp, term), build


@intrinsic
def _step(typing, total, lost, term):
    """One step of a sum: the total and what is lost from it, after one term more."""

    def build(context, builder, signature, values):
        kind = signature.args[2]
        after = _after(builder, *values[:2], kind, _parts_of(context, builder, kind, values[2]))
        return context.make_tuple(builder, signature.return_type, after)

    return types.UniTuple(types.float64, 2)(types.float64, types.float64, term), build


def total_of(sums, count):
    """The sum of what the lanes have collected in so many steps."""
    raise TypeError("total_of is for compiled code")


@overload(total_of, strict=False)
def _total_of(sums, count):
    def compiled(sums, count):
        total, lost = sums[0, 0], sums[1, 0]
        for lane in range(1, min(count, LANES)):
            total, lost = _step(total, lost, pair(sums[0, lane], sums[1, lane]))
        return pair(total, lost)

    return compiled


def entry_of(sums, lane):
    """What one lane has collected."""
    raise TypeError("entry_of is for compiled code")


@overload(entry_of, jit_options=_INLINE, strict=False)
def _entry_of(sums, lane):
    return lambda sums, lane: pair(sums[0, lane], sums[1, lane])


# functions ----------------------------------------------------------------------------------------------------------


@intrinsic
def _like(typing, high, low, x):
    """The pair of two floats, in the precision of x."""

    def build(context, builder, signature, values):
        return _made(context, builder, signature.return_type, values[:2])

    return _result(x)(types.float64, types.float64, x), build


def _function(make):
    """A function of a pair, for compiled code, that is made of the nearest float and what is left."""

    def function(x):
        raise TypeError(f"{make.__name__} is for compiled code")

    def choose(x):
        if not _is_operand(x):
            return None

        def compiled(x):
            near, rest = parts(x)
            high, low = make(near, rest)
            return _like(high, low, x)

        return compiled

    make = register_jitable(**_INLINE)(make)
    overload(function, jit_options=_INLINE, strict=False)(choose)
    function.__doc__ = make.__doc__
    return function


@_function
def exp_of(x, rest):
    """exp(x), rounded once."""
    p, k = exp_parts(x, rest if abs(x) < _EXP_END else 0.0)
    return scaled(p, k) if x == x else x, 0.0


@_function
def expm1_of(x, rest):
    """exp(x) - 1, rounded once."""
    return expm1(x) + exp(x) * rest, 0.0


@_function
def sigmoid_of(x, rest):
    """1/(1 + exp(-x)), rounded once."""
    return sigmoid(x) + sigmoid(x) * sigmoid(-x) * rest, 0.0


@_function
def softplus_of(x, rest):
    """log(1 + exp(x)), rounded once."""
    return softplus(x) + sigmoid(x) * rest, 0.0


@_function
def log_of(x, rest):
    """log(x)."""
    m, k = split(x)
    high, low = log_in_two(m, k)
    return log_at_ends(x, high), low + rest / x


@_function
def sin_of(x, rest):
    """sin(x), rounded once."""
    return sin(x) + cos(x) * rest, 0.0


@_function
def cos_of(x, rest):
    """cos(x), rounded once."""
    return cos(x) - sin(x) * rest, 0.0


def power_of(x, n):
    """x**n for a whole number n."""
    raise TypeError("power_of is for compiled code")


@overload(power_of, jit_options=_INLINE, strict=False)
def _power_of(x, n):
    if not (_is_operand(x) and isinstance(n, types.Number)):
        return None

    def compiled(x, n):
        near, rest = parts(x)
        high = power(near, np.float64(n))
        return _like(high, high * (n * (rest / near)), x)

    return compiled
