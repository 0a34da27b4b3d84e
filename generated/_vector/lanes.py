# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Instructions on vectors of numbers, as LLVM has them. Places are addresses, and distances are bytes."""

from llvmlite import ir
from numba.core import cgutils

WHOLE = ir.IntType(64)
_BYTE, _SHORT = ir.IntType(8), ir.IntType(32)


def register(context):
    """The bytes of a vector register, and how many there are."""
    features = context.codegen().magic_tuple()[2].split(",")
    return (64, 32) if "+avx512f" in features else (32 if "+avx" in features else 16, 16)


class Vectors:
    """Instructions on vectors of so many bytes."""

    def __init__(self, builder, real, width) -> None:
        self.builder, self.real, self.width = builder, real, width
        self.size = 4 if isinstance(real, ir.FloatType) else 8
        self.lanes = width // self.size
        self.kind = ir.VectorType(real, self.lanes)

    def at(self, base, *steps):
        """The place some steps, pairs of a number and a distance, after another one."""
        for number, distance in steps:
            step = distance if isinstance(distance, ir.Value) else WHOLE(distance)
            base = self.builder.add(base, self.builder.mul(WHOLE(number), step))
        return base

    def load(self, place, kind=None, align=None):
        kind = kind or self.kind
        return self.builder.load(self.builder.inttoptr(place, kind.as_pointer()), align=align or self.size)

    def store(self, value, place):
        self.builder.store(value, self.builder.inttoptr(place, self.kind.as_pointer()), align=self.size)

    def load_some(self, place, count, otherwise=0.0):
        """The first so many numbers, and the same one for the others."""
        rest = self.kind([otherwise] * self.lanes)
        pointer = self.builder.inttoptr(place, self.kind.as_pointer())
        return self._call("llvm.masked.load", self.kind, pointer, _SHORT(self.size), self._first(count), rest)

    def store_some(self, value, place, count):
        """Store the first so many numbers."""
        pointer = self.builder.inttoptr(place, self.kind.as_pointer())
        self._call("llvm.masked.store", ir.VoidType(), value, pointer, _SHORT(self.size), self._first(count))

    def _first(self, count):
        numbers = ir.VectorType(WHOLE, self.lanes)(list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count))

    def fetch(self, place, *, write):
        """Ask for memory that is soon read, or written to."""
        pointer = self.builder.inttoptr(place, _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, _SHORT, _SHORT, _SHORT])
        fetch = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(fetch, [pointer, _SHORT(int(write)), _SHORT(3), _SHORT(1)])

    def spread(self, number):
        """A vector of one number."""
        nothing = ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        return self.mix(self.builder.insert_element(nothing, number, _SHORT(0)), nothing, [0] * self.lanes)

    def mix(self, one, other, lanes):
        """A vector of lanes of two others, which count on from one to the other."""
        return self.builder.shuffle_vector(one, other, ir.VectorType(_SHORT, self.lanes)(lanes))

    def fused(self, a, b, c):
        """a*b + c, rounded once where the processor can."""
        return self._call("llvm.fmuladd", self.kind, a, b, c)

    def size_of(self, numbers):
        """Numbers without their signs."""
        return self._call("llvm.fabs", self.kind, numbers)

    def largest(self, one, other):
        """The larger one of each two; NaN is passed over."""
        return self._call("llvm.maxnum", self.kind, one, other)

    def _call(self, name, result, *arguments):
        """Call one of LLVM's functions of vectors."""
        suffix = f".v{self.lanes}f{8 * self.size}" + (".p0" if "masked" in name else "")
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name + suffix), arguments)
