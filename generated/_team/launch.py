# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Calls that several threads run at once, handed over without Python's lock.

Each thread watches a post of its own: numbers in an array, where a caller writes what is to be done. A thread that does
not take it soon is done without, so that no call waits for a thread that gets no processor.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from .._calls.stored import load
from .alone import WHOLE
from .meeting import BROKEN, COUNT, LINE, give_way, number_at, pause, place_of, set_number
from .shares import begin, end
from .sleep import BED, make_bed, rouse, sleep

STATE, JOB, CALL, PART, PARTS, FOUND = range(6)
"""What a post holds: its state; the addresses of a job and of what it is called with; the job's part, and result."""

ASLEEP, WOKEN, READY, GIVEN, TAKEN, BEGUN = range(6)
"""States of a post: its thread sleeps, is woken, watches the post, is given a job, takes it, and is at it."""

SLEEP = LINE
"""Where a post holds what its thread sleeps with."""

POST = SLEEP + BED
"""Numbers of a post."""

FINE, LOST, FAILED = range(3)
"""What a job gives: nothing special, that a result is not finite, or that it came to no end."""

_SOME = 64
"""Looks after which a thread that waits gives way."""

_LOOKS = 4000
"""Looks at a thread that works after which other work may run between them."""

_JOB = ir.FunctionType(WHOLE, [cgutils.voidptr_t, WHOLE, WHOLE])


@intrinsic
def _swap(typing, array, place, old, new):
    """Write a number where another one stands; whether that stood there."""

    def code(context, builder, signature, arguments):
        array, place, old, new = arguments
        address = place_of(builder, array, context, signature.args[0], place)
        return builder.extract_value(builder.cmpxchg(address, old, new, "seq_cst", "seq_cst"), 1)

    return types.boolean(array, types.int64, types.int64, types.int64), code


# what a thread does -------------------------------------------------------------------------------------------------


@intrinsic
def _do(typing, job, call, part, parts):
    """Do a part of a job."""

    def code(context, builder, signature, arguments):
        job, call, part, parts = arguments
        function = builder.inttoptr(job, _JOB.as_pointer())
        return builder.call(function, [builder.inttoptr(call, cgutils.voidptr_t), part, parts])

    return types.int64(types.int64, types.int64, types.int64, types.int64), code


@njit(cache=True, nogil=True)
def _take_part(posts, post):
    """Do a part of a job, once the caller has said which."""
    while number_at(posts, post + STATE) == TAKEN:
        pause()
    posts[post + FOUND] = _do(posts[post + JOB], posts[post + CALL], posts[post + PART], posts[post + PARTS])
    set_number(posts, post + STATE, READY)


@njit(cache=True, nogil=True)
def serve(posts, post, patience):
    """Do what is given to a post for ever; sleep while nothing was for so many looks."""
    looks = 0
    while True:
        state = number_at(posts, post + STATE)
        if state == ASLEEP:
            sleep(posts, post + SLEEP, post + STATE, ASLEEP)
            looks = 0
        if state == WOKEN:
            _swap(posts, post + STATE, WOKEN, READY)
        if state == GIVEN and _swap(posts, post + STATE, GIVEN, TAKEN):
            _take_part(posts, post)
            looks = 0
        if looks == patience:
            _swap(posts, post + STATE, READY, ASLEEP)
        looks = min(looks + 1, patience)
        pause()


# what is given to threads -------------------------------------------------------------------------------------------


@intrinsic
def call_at(typing, address, like, arguments):
    """Call the compiled function at an address, whose result is like another: whether that is true, or it failed."""
    kinds, result = tuple(arguments), like

    def code(context, builder, signature, values):
        convention = context.call_conv
        pointer = convention.get_function_type(result, kinds).as_pointer()
        function = builder.inttoptr(values[0], pointer)
        given = cgutils.unpack_tuple(builder, values[2])
        status, found = convention.call_function(builder, function, result, kinds, given)
        lost = builder.zext(found, WHOLE) if result == types.boolean else WHOLE(FINE)
        return builder.select(status.is_error, WHOLE(FAILED), lost)

    return types.int64(types.int64, like, arguments), code


def _team_part(address, like, meeting, arguments, part, parts):
    """A thread's part of a call whose items all threads share."""
    found = call_at(address, like, (*arguments, (part, parts, meeting)))
    if found == FAILED:
        meeting[BROKEN] = 1
    return found


def _items_part(address, like, items, arguments, part, parts):
    """A thread's items of a call."""
    team = part, parts, arguments
    return call_at(address, like, _items_of(arguments, begin(items, team), end(items, team)))


@intrinsic
def _items_of(typing, arguments, low, high):
    """The arguments of a call for some of its items; one item serves all."""

    def code(context, builder, signature, values):
        arguments, low, high = values
        given = cgutils.unpack_tuple(builder, arguments)
        parts = [part_of(context, builder, kind, x, low, high) for kind, x in zip(kinds, given, strict=True)]
        kind = signature.return_type
        return impl_ret_borrowed(context, builder, kind, context.make_tuple(builder, kind, parts))

    kinds = tuple(arguments)
    return arguments(arguments, types.int64, types.int64), code


def part_of(context, builder, kind, value, low, high):
    """An argument of a call for some of its items."""
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    extents, strides = (cgutils.unpack_tuple(builder, tuple_) for tuple_ in (array.shape, array.strides))
    serves_all = builder.icmp_signed("==", extents[0], WHOLE(1))
    step = builder.select(serves_all, WHOLE(0), builder.mul(low, strides[0]))
    extents[0] = builder.select(serves_all, WHOLE(1), builder.sub(high, low))
    array.data = cgutils.pointer_add(builder, array.data, step)
    array.shape = cgutils.pack_array(builder, extents)
    return array._getvalue()  # noqa: SLF001 (Numba's own way)


def _job(function):
    """A function that gives the addresses of a job, parts of which `function` does, and of what it is called with."""

    @intrinsic
    def job(typing, address, like, other, arguments):
        kinds = (address, like, other, arguments)

        def code(context, builder, signature, values):
            whole = context.make_tuple(builder, types.Tuple(kinds), values)
            place = cgutils.alloca_once_value(builder, whole)
            work = types.int64(*kinds, types.int64, types.int64)
            compiled = context.compile_subroutine(builder, function, work)
            begun = ir.Function(builder.module, _JOB, f"{builder.function.name}.job")
            begun.linkage = "internal"
            _write_job(context, begun, compiled.fndesc, work, place.type)
            addresses = builder.ptrtoint(begun, WHOLE), builder.ptrtoint(place, WHOLE)
            return context.make_tuple(builder, signature.return_type, addresses)

        return types.UniTuple(types.int64, 2)(*kinds), code

    return job


def _write_job(context, begun, work, signature, pointer):
    """The code of a job: take up what it is called with, and do a part."""
    builder = ir.IRBuilder(begun.append_basic_block("entry"))
    call, part, parts = begun.args
    given = cgutils.unpack_tuple(builder, builder.load(builder.bitcast(call, pointer)))
    status, found = context.call_internal_no_propagate(builder, work, signature, [*given, part, parts])
    builder.ret(builder.select(status.is_error, WHOLE(FAILED), found))


_team_job, _items_job = _job(_team_part), _job(_items_part)


@njit(cache=True, nogil=True)
def _await(posts, post, state, looks):
    """Wait while a post is in a state, but no longer than so many looks; how many are left.

    A thread that was woken may wait for the very processor that looks, which therefore gives way now and then.
    """
    while looks > 0 and number_at(posts, post + STATE) == state:
        looks -= 1
        if looks % _SOME == 0:
            give_way()
        pause()
    return looks


@njit(cache=True, nogil=True)
def idle(posts, looks):
    """Look at the first post so often, if there is one; what was seen last."""
    seen = 0
    for _ in range(looks):
        seen = number_at(posts, STATE) if len(posts) else 0
        pause()
    return seen


@njit(cache=True, nogil=True)
def wake(posts):
    """Wake the threads that sleep."""
    for post in range(0, len(posts), POST):
        if _swap(posts, post + STATE, ASLEEP, WOKEN):
            rouse(posts, post + SLEEP)


@njit(cache=True, nogil=True)
def _offer(posts, post, rouses):
    """Give a post what is there, unless its thread sleeps and is not to be woken for it."""
    if _swap(posts, post + STATE, READY, GIVEN) or _swap(posts, post + STATE, WOKEN, GIVEN):
        return
    if rouses and _swap(posts, post + STATE, ASLEEP, GIVEN):
        rouse(posts, post + SLEEP)


@njit(cache=True, nogil=True)
def _run(job, call, posts, patience):
    """Do a job together with those threads that come in time: within so many looks; and whether it wakes them."""
    looks, rouses = patience
    for post in range(0, len(posts), POST):
        posts[post + JOB], posts[post + CALL], posts[post + PART] = job, call, 0
        _offer(posts, post, rouses)
    parts = 1
    for post in range(0, len(posts), POST):
        looks = _await(posts, post, GIVEN, looks)
        if not _swap(posts, post + STATE, GIVEN, WOKEN) and number_at(posts, post + STATE) == TAKEN:
            posts[post + PART] = parts
            parts += 1
    for post in range(0, len(posts), POST):
        if posts[post + PART]:
            posts[post + PARTS] = parts
            set_number(posts, post + STATE, BEGUN)
    found = _do(job, call, 0, parts)
    for post in range(0, len(posts), POST):
        while posts[post + PART] and number_at(posts, post + STATE) == BEGUN:
            if _await(posts, post, BEGUN, _LOOKS) == 0:
                give_way()
        found = max(found, posts[post + FOUND] if posts[post + PART] else FINE)
    return found


@njit(cache=True, nogil=True)
def make_beds(posts):
    """Let the threads of new posts sleep."""
    for post in range(0, len(posts), POST):
        make_bed(posts, post + SLEEP)


@njit(cache=True, nogil=True)
def launch_team(address, like, posts, patience, meeting, arguments):
    """Call the function at an address by several threads that share its items."""
    meeting[COUNT] = meeting[BROKEN] = 0
    job, call = _team_job(address, like, meeting, arguments)
    return _run(job, call, posts, patience)


@njit(cache=True, nogil=True)
def launch_items(address, like, posts, patience, items, arguments):
    """Call the function at an address by several threads, for a part of the items each."""
    job, call = _items_job(address, like, items, arguments)
    return _run(job, call, posts, patience)


# what callers need to know of a function ----------------------------------------------------------------------------


def entry_of(function, arguments):
    """What a function is compiled to for such arguments, without Numba's look at their types."""
    kinds = tuple(map(function.typeof_pyval, arguments))
    if not load(function, kinds):
        function.compile(kinds)
    return function.overloads[kinds].entry_point


def compiled(function, arguments):
    """Where a function begins that was called with such arguments, and something like its result: None, or a truth.

    It may be compiled for a team, too, which comes after the same arguments.
    """
    kinds = tuple(map(function.typeof_pyval, arguments))
    found = next(one for known, one in function.overloads.items() if _fits(known, kinds))
    address = found.library.get_pointer_to_function(found.fndesc.llvm_func_name)
    return address, None if found.signature.return_type == types.none else False


def _fits(known, kinds):
    """Whether a function that was compiled for `known` types takes arguments of such `kinds`, and no others."""
    return known[: len(kinds)] == kinds and all(isinstance(one, types.Omitted) for one in known[len(kinds) :])
