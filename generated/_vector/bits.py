# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What Python has no words for and the processor does in one instruction; inside compiled code only."""

from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba.extending import intrinsic

_LAYOUTS = {
    64: (ir.IntType(64), 52, 0x3FF0000000000000, 0x3FE6A09E667F3BCD),
    32: (ir.IntType(32), 23, 0x3F800000, 0x3F3504F3),
}
"""By a float's width: the integer as wide, the bits of the mantissa, and the bits of 1 and of sqrt(1/2)."""


_VANISHING = {64: -1085.0, 32: -157.0}
"""Powers of two below which all that `scaled` is asked for rounds to 0: 1000 times as much, 100 in single precision."""


def _layout(value):
    return _LAYOUTS[64 if isinstance(value.type, ir.DoubleType) else 32]


@intrinsic
def fma(typing, a, b, c):
    """a*b + c, rounded once."""

    def build(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return a(a, a, a), build


@intrinsic
def polynomial(typing, x, coefficients):
    """A polynomial by Horner's rule in x's precision, the highest power's coefficient first."""

    def build(context, builder, signature, arguments):
        at, table = arguments
        total = None
        for n in range(len(coefficients)):
            constant = builder.extract_value(table, n)
            if at.type != constant.type:
                constant = builder.fptrunc(constant, at.type)
            total = constant if total is None else builder.fma(total, at, constant)
        return total

    return x(x, coefficients), build


@intrinsic
def power_of_two(typing, shifted):
    """2**k as a float, for k + 1.5*2**52 (1.5*2**23 in single precision), which holds k in its low bits."""

    def build(context, builder, signature, arguments):
        return _power_of_two(builder, arguments[0])

    return shifted(shifted), build


def _power_of_two(builder, shifted):
    whole, mantissa, one, _ = _layout(shifted)
    bits = builder.shl(builder.bitcast(shifted, whole), whole(mantissa))
    return builder.bitcast(builder.add(bits, whole(one)), shifted.type)


def has_scaling(context):
    """Whether the processor multiplies vectors by powers of two in one instruction, and LLVM knows of it."""
    return llvm_version_info >= (22,) and "+avx512f" in context.codegen().magic_tuple()[2]


@intrinsic
def scaled(typing, p, k):
    """p 2**k for a whole number k and |p| below 1000 (100), rounded once: overflow and underflow are gradual.

    What vanishes is 0 without being computed, since processors take some hundred cycles to find that it underflows.
    """

    def build(context, builder, signature, arguments):
        p, k = arguments
        scale = _scaled_at_once if has_scaling(context) else _scaled_in_two_steps
        vanishes = builder.fcmp_ordered("<", k, p.type(_VANISHING[_layout(p)[0].width]))
        result = scale(builder, p, builder.select(vanishes, p.type(0.0), k))
        return builder.select(vanishes, builder.fmul(p, p.type(0.0)), result)

    return p(p, k), build


def _scaled_at_once(builder, p, k):
    return _raised_at_once(builder, p, builder.fadd(k, _shift(p)))


def _shift(p):
    """A number that leaves whole numbers that are added to it in the low bits."""
    return p.type(1.5 * 2.0 ** _layout(p)[1])


def _raised_at_once(builder, p, shifted):
    whole = _layout(p)[0]
    steps = builder.sub(builder.bitcast(shifted, whole), builder.bitcast(_shift(p), whole))
    kind = ir.FunctionType(p.type, [p.type, whole])
    return builder.call(builder.module.declare_intrinsic("llvm.ldexp", [p.type, whole], kind), [p, steps])


@intrinsic
def raised(typing, p, shifted):
    """p 2**k for a positive p below 1000 (100) and `shifted` = k + 1.5*2**52 (1.5*2**23), as in `scaled`.

    Where that vanishes, p may be anything: exponentials need no lower bound of their arguments.
    """

    def build(context, builder, signature, arguments):
        p, shifted = arguments
        shift = _shift(p)
        vanishes = builder.fcmp_ordered("<", shifted, builder.fadd(shift, p.type(_VANISHING[_layout(p)[0].width])))
        p = builder.select(vanishes, p.type(0.0), p)
        if has_scaling(context):
            return _raised_at_once(builder, p, shifted)
        return _scaled_in_two_steps(builder, p, builder.fsub(builder.select(vanishes, shift, shifted), shift))

    return p(p, shifted), build


def _scaled_in_two_steps(builder, p, k):
    """Neither of two factors overflows alone."""
    shift = _shift(p)
    first = builder.fadd(builder.fmul(k, p.type(0.5)), shift)
    rest = builder.fsub(k, builder.fsub(first, shift))
    once = builder.fmul(p, _power_of_two(builder, first))
    return builder.fmul(once, _power_of_two(builder, builder.fadd(rest, shift)))


def _offset(builder, x):
    """The bits of x less those of sqrt(1/2), the exponent field 1024 (128) too high so that it is positive."""
    whole, _, _, root = _layout(x)
    raise_by = 1 << (whole.width - 2)
    return builder.add(builder.sub(builder.bitcast(x, whole), whole(root)), whole(raise_by))


@intrinsic
def exponent(typing, x):
    """The power e, as a float, for which x/2**e is in [sqrt(1/2), sqrt(2)); x positive and normal."""

    def build(context, builder, signature, arguments):
        whole, mantissa, one, _ = _layout(arguments[0])
        field = builder.lshr(_offset(builder, arguments[0]), whole(mantissa))
        base = one + (mantissa << mantissa)
        joined = builder.bitcast(builder.or_(field, whole(base)), arguments[0].type)
        bias = 1 << (whole.width - 2 - mantissa)
        return builder.fsub(joined, arguments[0].type(float((1 << mantissa) + bias)))

    return x(x), build


@intrinsic
def mantissa(typing, x):
    """x/2**e with the e of `exponent`, in [sqrt(1/2), sqrt(2))."""

    def build(context, builder, signature, arguments):
        whole, width, _, root = _layout(arguments[0])
        low = builder.and_(_offset(builder, arguments[0]), whole((1 << width) - 1))
        return builder.bitcast(builder.add(low, whole(root)), arguments[0].type)

    return x(x), build


def _steps(builder, x, y):
    """The bits of x less those of y, rounded to whole powers of two by adding half of one."""
    whole, mantissa, _, _ = _layout(x)
    between = builder.sub(builder.bitcast(x, whole), builder.bitcast(y, whole))
    return builder.add(between, whole(1 << (mantissa - 1)))


@intrinsic
def power_between(typing, x, y):
    """The power k, as a float, for which x/2**k and y differ by a factor of at most 1.502; both positive and normal."""

    def build(context, builder, signature, arguments):
        whole, mantissa, one, _ = _layout(arguments[0])
        top = whole.width - 1
        field = builder.lshr(builder.add(_steps(builder, *arguments), whole(1 << top)), whole(mantissa))
        joined = builder.bitcast(builder.or_(field, whole(one + (mantissa << mantissa))), arguments[0].type)
        return builder.fsub(joined, arguments[0].type(float((1 << mantissa) + (1 << (top - mantissa)))))

    return x(x, y), build


@intrinsic
def brought_near(typing, z, x, y):
    """z/2**k with the k of `power_between` x and y; z is of the size of x."""

    def build(context, builder, signature, arguments):
        whole, mantissa, _, _ = _layout(arguments[0])
        steps = builder.and_(_steps(builder, *arguments[1:]), whole(-(1 << mantissa)))
        return builder.bitcast(builder.sub(builder.bitcast(arguments[0], whole), steps), arguments[0].type)

    return z(z, x, y), build


@intrinsic
def copysign(typing, size, sign):
    """The size of one number with the sign of the other."""

    def build(context, builder, signature, arguments):
        kind = arguments[0].type
        return builder.call(
            builder.module.declare_intrinsic("llvm.copysign", [kind], ir.FunctionType(kind, [kind, kind])), arguments
        )

    return size(size, size), build


@intrinsic
def lowered(typing, x, condition):
    """The positive number next below x where a condition holds, without a choice that loops would be split for."""

    def build(context, builder, signature, arguments):
        whole = _layout(arguments[0])[0]
        step = builder.zext(arguments[1], whole)
        return builder.bitcast(builder.sub(builder.bitcast(arguments[0], whole), step), arguments[0].type)

    return x(x, condition), build


_FAR = 6
"""Numbers are near to 1 for `leveller` that are so by 64 binary places."""


def leveller_of(builder, x):
    """The code of `leveller`."""
    whole, mantissa, one, _ = _layout(x)
    bias = one >> mantissa
    power = builder.sub(builder.lshr(builder.bitcast(x, whole), whole(mantissa)), whole(bias))
    below = builder.and_(builder.ashr(power, whole(whole.width - 1)), whole(1 << _FAR))
    steps = builder.ashr(builder.add(power, below), whole(_FAR))
    field = builder.sub(whole(bias), builder.shl(steps, whole(_FAR)))
    kind = ir.FunctionType(whole, [whole, whole])
    field = builder.call(builder.module.declare_intrinsic("llvm.smax", [whole], kind), [field, whole(1)])
    return builder.bitcast(builder.shl(field, whole(mantissa)), x.type)


@intrinsic
def leveller(typing, x):
    """A power of two that brings a positive number near to 1, and is no greater than its inverse; 1 if it is near."""
    return x(x), lambda context, builder, signature, arguments: leveller_of(builder, arguments[0])
