# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Sums of pairs, collected in partial sums side by side.

A loop writes a block of terms to memory first, in whatever vectors LLVM finds; then the block is added in vectors to
partial sums, each a total and what roundings took from that. Sums for single precision are floats of double precision,
which LLVM splits up by itself.
"""

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing.npydecl import parse_dtype
from numba.extending import intrinsic, overload, register_model

from .._vector.linking import INLINE
from .number import DOUBLE, OF_DOUBLE, OF_SINGLE, ZERO, Arithmetic, Pair, made, pair, parts_of, result_of

BLOCK = 512
"""How many terms a block has; kernels' loops are parted to match."""

_LINE = 64
"""The bytes of a line of the cache, and of the widest vectors."""

_WIDTH = _LINE // 8
_VECTORS = 2
"""How many vectors of partial sums keep the processor busy."""

_STEP = _VECTORS * _WIDTH
_LOST = _STEP
_TERMS = 2 * _STEP
_LOWS = _TERMS + BLOCK + _STEP
_ROOM = _LOWS + BLOCK + _STEP
"""Where the parts of a sum's memory begin: after totals and losses the terms, with room for a last, unfilled vector."""

_WHOLE, _PLACE = ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(DOUBLE, _WIDTH)
_ZEROS = ir.Constant(_VECTOR, [0.0] * _WIDTH)
_FREE = ("reassoc", "nsz")


class Lanes(types.Type):
    """The memory of one sum; terms that are no pairs have no low parts."""

    def __init__(self, paired):
        self.paired = paired
        super().__init__(name=f"Lanes(paired={paired})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, DOUBLE.as_pointer())


def _memory_for(paired):
    """A function that gives memory on the stack for the terms of one sum of numbers of a type, or 0 for a float."""

    def nothing(context, builder, signature, values):
        return ZERO

    def build(context, builder, signature, values):
        with builder.goto_entry_block():
            room = builder.alloca(ir.ArrayType(DOUBLE, _ROOM))
        room.align = _LINE
        room = builder.bitcast(room, DOUBLE.as_pointer())
        for place in range(0, _TERMS, _WIDTH):
            _store(builder, _ZEROS, room, place)
        return room

    @intrinsic
    def memory(typing, dtype):
        if parse_dtype(dtype) == types.float32:
            return types.float64(dtype), nothing
        return Lanes(paired)(dtype), build

    return memory


lanes = _memory_for(paired=False)
pair_lanes = _memory_for(paired=True)


@intrinsic
def few_lanes(typing, dtype):
    """The beginning of a sum of a few terms: a pair, which needs no memory."""
    if parse_dtype(dtype) == types.float32:
        return types.float64(dtype), lambda context, builder, signature, values: ZERO

    def build(context, builder, signature, values):
        return made(context, builder, OF_DOUBLE, (ZERO, ZERO))

    return OF_DOUBLE(dtype), build


@intrinsic
def place_of(typing, begin, lane):
    """begin + lane, the place of a term, which LLVM learns is not negative."""

    def build(context, builder, signature, values):
        place = builder.add(*values)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(1)])
        builder.call(builder.module.declare_intrinsic("llvm.assume", (), kind), [_is_above(builder, place)])
        return place

    return types.intp(types.intp, types.intp), build


def _is_above(builder, place):
    return builder.icmp_signed(">=", place, _WHOLE(0))


def _added_to_float(context, builder, signature, values):
    """The code of one step of a sum of floats."""
    high, low = parts_of(context, builder, signature.args[-1], values[-1])
    return builder.fadd(values[0], high if low is None else builder.fadd(high, low), flags=_FREE)


def _added_to_pair(context, builder, signature, values):
    """The code of one step of a sum that is a pair."""
    total, lost = parts_of(context, builder, OF_DOUBLE, values[0])
    high, low = parts_of(context, builder, signature.args[-1], values[-1])
    total, error = Arithmetic(builder).two_sum(total, high)
    return made(context, builder, OF_DOUBLE, (total, Arithmetic(builder).add(lost, error, low)))


def _step_of(sums, build):
    """The code of one step: of a sum in memory, or of a number."""
    return build if isinstance(sums, Lanes) else _added_to_pair if isinstance(sums, Pair) else _added_to_float


@intrinsic
def put(typing, sums, lane, term):
    """Write one term of a block, or add it to a number; the sum that is to be gone on with."""

    def build(context, builder, signature, values):
        kind, room = signature.args[0], values[0]
        high, low = parts_of(context, builder, signature.args[2], values[2])
        if low is not None and not kind.paired:
            high = builder.fadd(high, low)
        builder.store(high, _at(builder, room, _TERMS, values[1]))
        if kind.paired:
            builder.store(ZERO if low is None else low, _at(builder, room, _LOWS, values[1]))
        return room

    return sums(sums, types.intp, term), _step_of(sums, build)


@intrinsic
def put_one(typing, sums, term):
    """Add a term to a sum at once; the sum that is to be gone on with."""

    def build(context, builder, signature, values):
        room, parts = values[0], parts_of(context, builder, signature.args[1], values[1])
        _add_at(builder, [_at(builder, room, place) for place in (0, _LOST)], parts)
        return room

    return sums(sums, term), _step_of(sums, build)


@intrinsic
def add_up(typing, sums, count):
    """Add the terms of a block to the partial sums."""

    def build(context, builder, signature, values):
        if isinstance(signature.args[0], Lanes):
            builder.call(_function(builder.module, "add_up", signature.args[0], _write_adding), values)
        return context.get_dummy_value()

    return types.void(sums, types.intp), build


@intrinsic
def total_of(typing, sums):
    """The sum of all terms."""

    def build(context, builder, signature, values):
        builder.call(_function(builder.module, "total_of", signature.args[0], _write_total), [values[0], _WHOLE(0)])
        parts = (builder.load(_at(builder, values[0], place)) for place in (0, _LOST))
        return made(context, builder, OF_DOUBLE, tuple(parts))

    def of_float(context, builder, signature, values):
        return made(context, builder, OF_SINGLE, (values[0], None))

    def of_pair(context, builder, signature, values):
        return values[0]

    if isinstance(sums, Pair):
        return OF_DOUBLE(sums), of_pair
    return (OF_DOUBLE(sums), build) if isinstance(sums, Lanes) else (OF_SINGLE(sums), of_float)


# the instructions ---------------------------------------------------------------------------------------------------


def _at(builder, room, *places):
    """The address of a number."""
    for place in places:
        room = builder.gep(room, [_WHOLE(place) if isinstance(place, int) else place])
    return room


def _load(builder, room, *places):
    return builder.load(builder.bitcast(_at(builder, room, *places), _VECTOR.as_pointer()), align=8)


def _store(builder, vector, room, *places):
    address = builder.bitcast(_at(builder, room, *places), vector.type.as_pointer())
    builder.store(vector, address, align=8)


def _function(module, name, kind, write):
    """A function of a module that works on a sum's memory, written when it is first called."""
    name = f"{name}_{kind.paired}"
    if name not in module.globals:
        form = ir.FunctionType(ir.VoidType(), [DOUBLE.as_pointer(), _WHOLE])
        function = ir.Function(module, form, name)
        function.linkage = "internal"
        function.attributes.add("nounwind")
        write(ir.IRBuilder(function.append_basic_block()), kind, *function.args)
    return module.globals[name]


def _write_adding(builder, kind, room, count):
    """Vector after vector is added to the partial sums, the last one filled up with zeros."""
    places = range(0, _STEP, _WIDTH)
    for start in (_TERMS, _LOWS) if kind.paired else (_TERMS,):
        for place in places:
            _store(builder, _ZEROS, room, count, start + place)
    starts = (0, _LOST)
    sums = [_load(builder, room, start + place) for start in starts for place in places]

    def add(builder, begin, sums):
        return _added(builder, kind, sums, lambda start, place: _load(builder, room, begin, start + place))

    sums = _loop(builder, count, _STEP, sums, add)
    for vector, (start, place) in zip(sums, ((s, p) for s in starts for p in places), strict=True):
        _store(builder, vector, room, start + place)
    builder.ret_void()


def _loop(builder, count, step, sums, add):
    """Let `add` turn the sums of earlier rounds into new ones, as often as there are steps up to the count."""
    before, inside = builder.block, builder.append_basic_block()
    after = builder.append_basic_block()
    builder.cbranch(builder.icmp_signed(">", count, _WHOLE(0)), inside, after)
    builder.position_at_end(inside)
    begin, *old = (builder.phi(kind) for kind in (_WHOLE, *(v.type for v in sums)))
    new = [builder.add(begin, _WHOLE(step)), *add(builder, begin, old)]
    for phi, first, later in zip((begin, *old), (_WHOLE(0), *sums), new, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, inside)
    builder.cbranch(builder.icmp_signed("<", new[0], count), inside, after)
    builder.position_at_end(after)
    results = [builder.phi(v.type) for v in sums]
    for phi, first, later in zip(results, sums, new[1:], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, inside)
    return results


def _added(builder, kind, sums, load):
    """The sums after one vector more for each: totals, and then what is lost from these."""
    arithmetic, count = Arithmetic(builder), _VECTORS
    terms = [load(_TERMS, _WIDTH * n) for n in range(count)]
    pairs = [arithmetic.two_sum(total, term) for total, term in zip(sums[:count], terms, strict=True)]
    lows = [load(_LOWS, _WIDTH * n) if kind.paired else None for n in range(count)]
    losses = [arithmetic.add(loss, low) for (_, loss), low in zip(pairs, lows, strict=True)]
    return [total for total, _ in pairs] + [builder.fadd(*two) for two in zip(sums[count:], losses, strict=True)]


def _write_total(builder, kind, room, _):
    """The first partial sum becomes the sum of all: halves are added until one number is left."""
    arithmetic = Arithmetic(builder)
    sums = [(_load(builder, room, _WIDTH * n), _load(builder, room, _LOST + _WIDTH * n)) for n in range(_VECTORS)]
    while len(sums) > 1:
        sums = [_joined(arithmetic, *two) for two in zip(sums[::2], sums[1::2], strict=True)]
    ((total, lost),) = sums
    width = _WIDTH
    while width > 1:
        width //= 2
        low, high = ([_half(builder, part, start, width) for part in (total, lost)] for start in (0, width))
        total, lost = _joined(arithmetic, low, high)
    for number, place in ((total, 0), (lost, _LOST)):
        builder.store(builder.extract_element(number, _PLACE(0)), _at(builder, room, place))
    builder.ret_void()


def _joined(arithmetic, one, other):
    """The sum of two vectors of partial sums."""
    total, lost = arithmetic.two_sum(one[0], other[0])
    return total, arithmetic.add(one[1], other[1], lost)


def _half(builder, vector, start, width):
    places = ir.Constant(ir.VectorType(_PLACE, width), list(range(start, start + width)))
    return builder.shuffle_vector(vector, vector, places)


# sums for each entry of an array ------------------------------------------------------------------------------------


@intrinsic
def collect(typing, sums, entry, term):
    """Add a term to one of the sums in an array with a row of totals and one of what is lost."""

    def build(context, builder, signature, values):
        array = context.make_array(signature.args[0])(context, builder, value=values[0])
        place = _at(builder, array.data, values[1])
        places, kind = [place, _at(builder, place, builder.extract_value(array.shape, 1))], signature.args[2]
        parts = parts_of(context, builder, kind, values[2])
        if result_of(kind).single:
            builder.store(builder.fadd(builder.load(place), parts[0], flags=_FREE), place)
        else:
            _add_at(builder, places, parts)
        return context.get_dummy_value()

    return types.void(sums, types.intp, term), build


def _add_at(builder, places, parts):
    """Add a pair to a sum of which the total and what is lost stand at two places."""
    arithmetic = Arithmetic(builder)
    total, error = arithmetic.two_sum(builder.load(places[0]), parts[0])
    lost = builder.fadd(builder.load(places[1]), arithmetic.add(error, parts[1]), flags=_FREE)
    builder.store(lost, places[1])
    builder.store(total, places[0])


def entry_of(sums, entry):
    """What one entry has collected."""
    raise TypeError("entry_of is for compiled code")


@overload(entry_of, jit_options=INLINE, strict=False)
def _entry_of(sums, entry):
    return lambda sums, entry: pair(sums[0, entry], sums[1, entry])
