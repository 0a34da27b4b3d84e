# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Steps of sums, products and extrema over a loop, which LLVM turns into several partial results at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from .linking import INLINE
from .unwanted import UnwantedType


def add(total, term):
    """total + term, a step of a sum whose order is free; nothing else in the loop is reordered by it."""
    return total + term


def add_square(total, x):
    """total + x*x, such a step."""
    return total + x * x


def add_product(total, x, y):
    """total + x*y, such a step."""
    return total + x * y


def multiply(total, factor):
    """total*factor, a step of a product whose order is free."""
    return total * factor


def maximum(a, b):
    """The greater of two numbers; NaN if either is NaN."""
    return a if a > b or a != a else b


def minimum(a, b):
    """The lesser of two numbers; NaN if either is NaN."""
    return a if a < b or a != a else b


def largest(a, b):
    """The greater of two numbers; the other one if one is NaN."""
    return b if a != a or b > a else a


def least(a, b):
    """The lesser of two numbers; the other one if one is NaN."""
    return b if a != a or b < a else a


def pick(condition, a, b):
    """One of two numbers, both of which are at hand: sums of choices by branches do not always run in vectors."""
    return a if condition else b


def _add(builder, a, b):
    return builder.fadd(a, b, flags=("reassoc", "nsz"))


def _multiply(builder, a, b):
    return builder.fmul(a, b, flags=("reassoc", "nsz"))


def _maximum(builder, a, b):
    return _called("llvm.maximum", builder, a, b)


def _minimum(builder, a, b):
    return _called("llvm.minimum", builder, a, b)


def _largest(builder, a, b):
    return _called("llvm.maxnum", builder, a, b)


def _least(builder, a, b):
    return _called("llvm.minnum", builder, a, b)


def _called(name, builder, a, b):
    kind = ir.FunctionType(a.type, [a.type, a.type])
    return builder.call(builder.module.declare_intrinsic(name, [a.type], kind), [a, b])


def _step(build: Callable[..., Any]) -> Any:
    @intrinsic
    def step(typing, a, b):
        def code(context, builder, signature, arguments):
            return build(builder, *arguments)

        return a(a, a), code

    return step


def _compiled(plain: Callable[..., Any], build: Callable[..., Any]) -> None:
    """Floats of one type take the instruction, others come as float64; whole numbers stay what they are.

    Tiles have steps of their own.
    """
    step = _step(build)

    def choose(a: Any, b: Any) -> Callable[..., Any] | None:
        if not isinstance(a, types.Number | types.Boolean):
            return None
        floats = [kind for kind in (a, b) if isinstance(kind, types.Float)]
        if not floats:
            return plain
        if len({a, b}) == 1:
            return lambda a, b: step(a, b)  # noqa: PLW0108 (an intrinsic is no implementation by itself)
        return lambda a, b: step(np.float64(a), np.float64(b))

    overload(plain, jit_options=INLINE, strict=False)(choose)


_compiled(add, _add)
_compiled(multiply, _multiply)
_compiled(maximum, _maximum)
_compiled(minimum, _minimum)
_compiled(largest, _largest)
_compiled(least, _least)


@intrinsic
def _add_product(typing, total, x, y):
    """A product that is rounded together with the sum."""

    def code(context, builder, signature, arguments):
        total, x, y = arguments
        return builder.fadd(total, builder.fmul(x, y, flags=("contract",)), flags=("reassoc", "nsz", "contract"))

    return total(total, total, total), code


@overload(add_square, jit_options=INLINE, strict=False)
def _compiled_add_square(total, x):
    if isinstance(total, types.Float):
        return lambda total, x: _add_product(np.float64(total), np.float64(x), np.float64(x))
    return add_square if isinstance(total, types.Number) else None


@overload(add_product, jit_options=INLINE, strict=False)
def _compiled_add_product(total, x, y):
    if isinstance(total, types.Float):
        return lambda total, x, y: _add_product(np.float64(total), np.float64(x), np.float64(y))
    return add_product if isinstance(total, types.Number) else None


@intrinsic
def _select(typing, condition, a, b):
    def code(context, builder, signature, arguments):
        return builder.select(*arguments)

    return a(condition, a, a), code


@overload(pick, jit_options=INLINE, strict=False)
def _pick(condition, a, b):
    if a == b and isinstance(a, types.Float):
        return lambda condition, a, b: _select(condition, a, b)  # noqa: PLW0108 (see above)
    return lambda condition, a, b: _select(condition, np.float64(a), np.float64(b))


def watch(lost, result):
    """`lost`, which is 0 as long as all entries of all results are finite, and then NaN."""
    return lost + np.sum(result * 0.0)


def _add_nothing(builder, lost, result):
    """lost + 0*result, in one instruction, and in any order."""
    nothing = builder.fmul(result, result.type(0.0), flags=("contract",))
    return builder.fadd(lost, nothing, flags=("reassoc", "nsz", "contract"))


_step_of_watch = _step(_add_nothing)


@overload(watch, jit_options=INLINE, strict=False)
def _watch(lost, result):
    if isinstance(result, UnwantedType):
        return lambda lost, result: lost
    if isinstance(result, types.Array):
        return _watch_array
    if lost == result == types.float32:
        return lambda lost, result: _step_of_watch(lost, result)  # noqa: PLW0108 (an intrinsic is no function by itself)
    return lambda lost, result: _step_of_watch(np.float64(lost), np.float64(result))


def _watch_array(lost, result):
    for row in result:
        lost = watch(lost, row)
    return lost
