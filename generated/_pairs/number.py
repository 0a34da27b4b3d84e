# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""The type of pairs, its operators, and the functions that are arithmetic."""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, register_model

from .._vector.bits import leveller_of

DOUBLE = ir.DoubleType()
ZERO = ir.Constant(DOUBLE, 0.0)
_NOISE = 2.0**-96


class Pair(types.Type):
    """The type of pairs; `single` ones, which stand for single precision, have no low part, nor have `exact` ones.

    The high part of `normal` ones is the float nearest to them, and the low part is finite.
    """

    def __init__(self, single, normal=False, exact=False):
        self.single, self.normal, self.has_low = single, normal, not (single or exact)
        super().__init__(name=f"Pair(single={single}, normal={normal}, exact={exact})")


OF_DOUBLE, OF_SINGLE = Pair(single=False), Pair(single=True)
_NORMAL, _EXACT = Pair(single=False, normal=True), Pair(single=False, exact=True)


@register_model(Pair)
class _PairModel(models.StructModel):
    def __init__(self, manager, kind):
        names = ("high", "low") if kind.has_low else ("high",)
        super().__init__(manager, kind, [(name, types.float64) for name in names])


class Arithmetic:
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
        return self.b.select(self.b.fcmp_ordered("==", self.b.fsub(x, x), ZERO), x, ZERO)

    def normal(self, x):
        """The same number with its nearest float as the high part, as divisors and arguments of functions need it."""
        return x if x[1] is None else self.two_sum(x[0], self.finite(x[1]))

    def sum(self, x, y):
        """Where much cancels, the low part may be as large as the high one; where all does, what is left is noise."""
        if x[1] is None or y[1] is None:
            return self._sum_with_float(*((x, y) if x[1] is None else (y, x)))
        total, lost = self.two_sum(x[0], y[0])
        low = self.add(lost, x[1], y[1])
        is_noise = self._is_noise(self.b.fadd(total, low), x[0])
        return tuple(self.b.select(is_noise, ZERO, part) for part in (total, low))

    def _sum_with_float(self, x, y):
        """All cancels if x is the float nearest to -y, and then the low part of y is left.

        Whether that is noise is a matter of y alone: of a mean, for instance, which is the same in all rounds.
        """
        if y[1] is not None:
            high, low = self.normal(y)
            y = high, self.b.select(self._is_noise(low, high), ZERO, low)
        total, lost = self.two_sum(x[0], y[0])
        return total, self.add(lost, y[1])

    def _is_noise(self, x, size):
        """Whether a number is nothing beside the size of another one."""
        noise = self.b.fmul(self.float_size(size), ir.Constant(DOUBLE, _NOISE))
        return self.b.fcmp_ordered("<", self.float_size(x), noise)

    def difference(self, x, y):
        return self.sum(x, (self.negative(y[0]), self.negative(y[1])))

    def product(self, x, y):
        high = self.b.fmul(x[0], y[0])
        low = self.b.fma(x[0], y[0], self.b.fneg(high))
        for one, other in ((x[1], y[1]), (x[1], y[0]), (x[0], y[1])):
            low = low if one is None or other is None else self.b.fma(one, other, low)
        return high, low

    def quotient(self, x, y):
        """By the divisor's inverse, so that loops over what is divided by the same number have no division.

        The inverse is less than half a bit from it; what that lacks is in the remainder, which is divided in turn. A
        power of two brings the divisor near to 1 first, where its inverse has all digits.
        """
        y = self.normal(y)
        level = leveller_of(self.b, self.float_size(y[0]))
        (high, low), (divisor, rest) = self._times(x, level), self._times(y, level)
        inverse = self.b.fdiv(ir.Constant(DOUBLE, 1.0), divisor)
        found = self.b.fmul(high, inverse)
        left = self.b.fma(self.b.fneg(found), divisor, high)
        left = self.add(left, low, self.negative(self.multiply(found, rest)))
        return found, self.b.fmul(left, inverse)

    def _times(self, x, factor):
        return tuple(self.multiply(part, factor) for part in x)

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
        kind = ir.FunctionType(DOUBLE, [DOUBLE])
        return self.b.call(self.b.module.declare_intrinsic(name, [DOUBLE], kind), [x])

    def size(self, x):
        """|x|, whose sign is that of its high part."""
        x = self.normal(x)
        below = self.b.fcmp_ordered("<", x[0], ZERO)
        return tuple(None if p is None else self.b.select(below, self.b.fneg(p), p) for p in x)


def is_operand(kind):
    return isinstance(kind, types.Number | Pair)


def result_of(*kinds):
    """Single precision wins, since its results need no more than double precision."""
    return OF_SINGLE if types.float32 in kinds or OF_SINGLE in kinds else OF_DOUBLE


def parts_of(context, builder, kind, value):
    """The parts of an operand."""
    if isinstance(kind, Pair):
        pair = cgutils.create_struct_proxy(kind)(context, builder, value=value)
        return (pair.high, pair.low if kind.has_low else None)
    return (context.cast(builder, value, kind, types.float64), None)


def made(context, builder, kind, parts):
    """A value of a type of pairs."""
    pair = cgutils.create_struct_proxy(kind)(context, builder)
    pair.high = parts[0]
    if kind.has_low:
        pair.low = ZERO if parts[1] is None else parts[1]
    return pair._getvalue()  # noqa: SLF001 (Numba's own way)


def operation(in_floats, in_pairs):
    """The code of an operation: in double precision for single precision, in pairs for double."""

    def build(context, builder, signature, values):
        arithmetic = Arithmetic(builder)
        operands = [parts_of(context, builder, k, v) for k, v in zip(signature.args, values, strict=True)]
        if signature.return_type.single:
            floats = [high if low is None else builder.fadd(high, low) for high, low in operands]
            return made(context, builder, OF_SINGLE, (in_floats(arithmetic, *floats), None))
        return made(context, builder, OF_DOUBLE, in_pairs(arithmetic, *operands))

    return build


def _define(name, in_floats, in_pairs):
    """Let compiled code use an operator on pairs."""

    @infer_global(name)
    class _Template(AbstractTemplate):
        def generic(self, arguments, _):
            if all(map(is_operand, arguments)) and any(isinstance(kind, Pair) for kind in arguments):
                return signature(result_of(*arguments), *arguments)
            return None

    build = operation(in_floats, in_pairs)
    if name is operator.neg:
        lower_builtin(name, Pair)(build)
        return
    for kinds in ((Pair, Pair), (Pair, types.Number), (types.Number, Pair)):
        lower_builtin(name, *kinds)(build)


_define(operator.neg, lambda a, x: a.negative(x), lambda a, x: (a.negative(x[0]), a.negative(x[1])))
_define(operator.add, lambda a, x, y: a.b.fadd(x, y), Arithmetic.sum)
_define(operator.sub, lambda a, x, y: a.b.fsub(x, y), Arithmetic.difference)
_define(operator.mul, lambda a, x, y: a.b.fmul(x, y), Arithmetic.product)
_define(operator.truediv, lambda a, x, y: a.b.fdiv(x, y), Arithmetic.quotient)


def _of_one(in_floats, in_pairs):
    """A function of one number for compiled code."""
    build = operation(in_floats, in_pairs)

    @intrinsic
    def function(typing, x):
        return (result_of(x)(x), build) if is_operand(x) else None

    return function


@intrinsic
def as_pair(typing, x):
    """A number as a pair."""
    result = result_of(x) if isinstance(x, Pair) else OF_SINGLE if x == types.float32 else _EXACT

    def build(context, builder, signature, values):
        return made(context, builder, result, parts_of(context, builder, x, values[0]))

    return (result(x), build) if is_operand(x) else None


square_of = _of_one(lambda a, x: a.b.fmul(x, x), lambda a, x: a.product(x, x))
cube_of = _of_one(lambda a, x: a.b.fmul(x, a.b.fmul(x, x)), lambda a, x: a.product(x, a.product(x, x)))
root_of = _of_one(Arithmetic.float_root, Arithmetic.root)
size_of = _of_one(lambda a, x: a.size((x, None))[0], Arithmetic.size)


def _of_parts(kind):
    """A function that makes a pair of two floats."""

    def build(context, builder, signature, values):
        parts = [context.cast(builder, v, k, types.float64) for k, v in zip(signature.args, values, strict=True)]
        return made(context, builder, kind, parts)

    @intrinsic
    def make(typing, high, low):
        return kind(high, low), build

    return make


pair = _of_parts(OF_DOUBLE)
stored = _of_parts(_NORMAL)
"""`pair` takes any two floats, `stored` what `parts` gave."""


def _constant(high, low):
    """A function without arguments that gives a number."""

    def build(context, builder, signature, values):
        return made(context, builder, OF_DOUBLE, (ir.Constant(DOUBLE, high), ir.Constant(DOUBLE, low)))

    @intrinsic
    def constant(typing):
        return OF_DOUBLE(), build

    return constant


pair_pi = _constant(3.141592653589793, 1.2246467991473532e-16)
pair_e = _constant(2.718281828459045, 1.4456468917292502e-16)


@intrinsic
def parts(typing, x):
    """The two floats of a pair, the first being the nearest one."""

    def build(context, builder, signature, values):
        return context.make_tuple(
            builder, signature.return_type, _normal_parts(context, builder, signature.args[0], values[0])
        )

    return types.UniTuple(types.float64, 2)(x), build


def _normal_parts(context, builder, kind, value):
    """The two floats of an operand, the first being the nearest one."""
    high, low = parts_of(context, builder, kind, value)
    if low is None or kind.normal:
        return high, ZERO if low is None else low
    arithmetic = Arithmetic(builder)
    high, low = arithmetic.normal((high, low))
    return high, arithmetic.finite(low)


@intrinsic
def nearest(typing, x):
    """The float nearest to a pair."""

    def build(context, builder, signature, values):
        high, low = parts_of(context, builder, signature.args[0], values[0])
        return high if low is None else builder.fadd(high, Arithmetic(builder).finite(low))

    return types.float64(x), build


@intrinsic
def gap(typing, x, y):
    """x - y for a float x and a pair y, as a float: right where the two are close.

    Single precision splits y once for all x in a loop; what is stored for each x by itself takes double precision.
    """
    result = types.float32 if x == types.float32 else types.float64

    def build(context, builder, signature, values):
        own, kind = signature.args
        used = types.float64 if getattr(kind, "normal", False) else result
        number = context.cast(builder, values[0], own, used)
        for part in _in_floats(context, builder, kind, values[1], used):
            number = builder.fsub(number, part)
        return context.cast(builder, number, used, result)

    return result(x, y), build


def _in_floats(context, builder, kind, value, result):
    """A pair as two floats of a type, the first being the nearest one."""
    high, low = _normal_parts(context, builder, kind, value)
    if result == types.float64:
        return high, low
    near = context.cast(builder, high, types.float64, types.float32)
    rest = builder.fadd(builder.fsub(high, context.cast(builder, near, types.float32, types.float64)), low)
    return near, context.cast(builder, Arithmetic(builder).finite(rest), types.float64, types.float32)
