# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Numbers below the normal ones, which take processors many times as long: whether some came up, and copies above.

Shares that are nearly 0, such as those of a softmax whose exponents lie far apart, make a product of matrices several
times as long. Multiplied by a power of two they are normal numbers, and all that is computed has the same digits.
"""

import platform

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .lanes import Vectors, register
from .linking import PART
from .matrices import number_at, set_number, size_of, turned
from .registers import LINE, constant, own_memory

_PLACE = types.intp
_WORD = ir.IntType(32)

_TINY_OPERAND, _TINY_RESULT = 0x02, 0x10
"""What the processor's control register remembers of all operations since somebody wiped it out."""

_BITS_32, _BITS_64 = 32, 64
RAISED_32, RAISED_64 = 2.0**_BITS_32, 2.0**_BITS_64
"""What a matrix is multiplied by: all its numbers are normal then, and nearly all products with another such one."""

LIMIT_32, LIMIT_64 = 2.0**118, 2.0**1000
"""Below these, sums of products of the raised numbers are finite: there are fewer than 2**9 in a panel."""

lane_bytes = constant(lambda context: register(context)[0])


def _call_control(builder, name, slot):
    byte = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [byte]), name)
    builder.call(function, [builder.bitcast(slot, byte)])


def _control(builder):
    """Where the control register has been written to; nowhere on processors that have another one."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    slot = cgutils.alloca_once(builder, _WORD)
    _call_control(builder, "llvm.x86.sse.stmxcsr", slot)
    return slot


@intrinsic
def forget_tiny(typing):
    """Wipe out what the processor remembers of tiny numbers."""

    def code(context, builder, signature, arguments):
        slot = _control(builder)
        if slot is not None:
            builder.store(builder.and_(builder.load(slot), _WORD(~(_TINY_OPERAND | _TINY_RESULT) & 0xFFFF)), slot)
            _call_control(builder, "llvm.x86.sse.ldmxcsr", slot)
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def met_tiny(typing):
    """Whether an operation took or gave a number below the normal ones since then; False where nobody knows."""

    def code(context, builder, signature, arguments):
        slot = _control(builder)
        if slot is None:
            return cgutils.false_bit
        found = builder.and_(builder.load(slot), _WORD(_TINY_OPERAND | _TINY_RESULT))
        return builder.icmp_unsigned("!=", found, _WORD(0))

    return types.boolean(), code


@intrinsic
def _raise_some(typing, factor, source, target, count, most):
    """Write up to a vector of numbers times a factor, zeros behind them; `most` is where the largest sizes stand."""

    def code(context, builder, signature, arguments):
        factor, source, target, count, most = arguments
        vectors = Vectors(builder, factor.type, register(context)[0])
        found = _raised(vectors, vectors.load_some(source, count), factor)
        vectors.store(found, target)
        size = vectors.largest(vectors.size_of(found), vectors.load(most))
        vectors.store(size, most)
        return context.get_dummy_value()

    return types.void(factor, *[_PLACE] * 4), code


def _raised(vectors, numbers, factor):
    """Numbers times a factor; no arithmetic is done with tiny ones, whose digits are put behind a normal number's."""
    builder, size = vectors.builder, 8 * vectors.size
    digits, raises = (23, _BITS_32) if size == 32 else (52, _BITS_64)
    whole = ir.VectorType(ir.IntType(size), vectors.lanes)

    def all_of(number):
        return whole([number] * vectors.lanes)

    bits = builder.bitcast(numbers, whole)
    without_sign = builder.and_(bits, all_of((1 << (size - 1)) - 1))
    is_tiny = builder.icmp_unsigned("<", without_sign, all_of(1 << digits))
    one = all_of((raises + 1) << digits)  # of which a tiny number's digits are the last ones
    more = builder.bitcast(builder.or_(without_sign, one), vectors.kind)
    lifted = builder.bitcast(builder.fsub(more, builder.bitcast(one, vectors.kind)), whole)
    lifted = builder.or_(lifted, builder.xor(bits, without_sign))
    others = builder.bitcast(builder.select(is_tiny, all_of(0), bits), vectors.kind)
    return builder.select(is_tiny, builder.bitcast(lifted, vectors.kind), builder.fmul(others, vectors.spread(factor)))


@njit(error_model="numpy", **PART)
def raised(factor, a, target):
    """A matrix with a contiguous axis times a factor, written to `target` with gaps, and its largest size.

    There have to be the bytes of its numbers and, for each row or column, those of a vector.
    """
    size, width, most = size_of(factor), lane_bytes(), own_memory(LINE)
    source, rows, columns, down, along = a if a[4] == size_of(factor) else turned(a)
    across = -(-columns * size // width) * width
    for n in range(0, width, size):
        set_number(most + n, factor)
    for i in range(rows):
        for j in range(0, columns * size, width):
            _raise_some(factor, source + i * down + j, target + i * across + j, columns - j // size, most)
    largest = 0.0
    for n in range(0, width, size):
        largest = max(largest, float(number_at(factor, most + n)))
    found = target, rows, columns, across, along
    return (found if a[4] == size_of(factor) else turned(found)), largest
