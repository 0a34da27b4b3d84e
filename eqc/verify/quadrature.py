"""Integrals in hyperdual balls: Gauss-Legendre sums where they converge fast, else double exponential ones.

Two rules of rising order are compared, in the value and in every derivative; the finer one is taken as right to the
power 3/2 of their difference (both kinds of rule converge faster than that where they converge at all), which widens
its ball. Nodes and weights are exact numbers of high precision, so that only the integrand and the sum are rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import flint

from eqc.verify.balls import NAN, Ball, ball, precision
from eqc.verify.hyperdual import HyperDual, Scalar, lift, multiply, total, undefined

Integrand = Callable[[HyperDual], Scalar]

_GAUSS_ORDERS = (8, 16, 32, 64)
_COARSEST = 1
_FINEST = 6
_SURE = 3
_FARTHEST = 8
_GUARD_BITS = 64
_ROUGH = 64
_ERROR_BITS = ((_ROUGH, None), (192, 100), (3072, 240))
_CANCELLED = 16


def integral(function: Integrand, low: HyperDual, high: HyperDual) -> HyperDual:
    """The integral of a function of one number; limits may be infinite, and depend on inputs.

    >>> square = integral(lambda x: x * x, lift(0), HyperDual(ball(3), {0: ball(1)}))
    >>> round(float(square.value), 12), round(float(square.first[0]), 12)
    (9.0, 9.0)
    >>> infinity = HyperDual(flint.arb.pos_inf())
    >>> round(float(integral(lambda x: (-x).apply(lambda s: s.exp()), lift(0), infinity).value), 12)
    1.0
    """
    if low.value.is_nan() or high.value.is_nan():
        return undefined(low, high)
    if not low.value.is_finite() and not high.value.is_finite() and low.value == high.value:
        return lift(0)
    if _is_infinite(low, 1) or _is_infinite(high, -1):
        return -integral(function, high, low)
    if low.value.is_finite() and high.value.is_finite():
        found = _first_agreeing(_gauss(function, low, high))
        if found is not None:
            return found
    return _double_exponential(function, low, high)


def _is_infinite(x: HyperDual, sign: int) -> bool:
    return not x.value.is_finite() and bool(x.value * sign > 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum with the sums of the absolute values of its terms, part by part."""

    value: HyperDual
    sizes: HyperDual

    @classmethod
    def of(cls, terms: Sequence[Scalar]) -> Estimate:
        """The sum of some terms."""
        numbers = [lift(term) for term in terms]
        return cls(lift(total(numbers)), lift(total(_absolute(x) for x in numbers)))

    def and_of(self, terms: Sequence[Scalar]) -> Estimate:
        """The sum with more terms."""
        numbers = [lift(term) for term in terms]
        return Estimate(
            lift(total((self.value, *numbers))), lift(total((self.sizes, *(_absolute(x) for x in numbers))))
        )

    def times(self, factor: HyperDual) -> Estimate:
        """The sum times a positive number."""
        return Estimate(self.value * factor, self.sizes * factor)


def _absolute(x: HyperDual) -> HyperDual:
    first = {k: abs(part) for k, part in x.first.items()}
    mixed = {k: abs(part) for k, part in x.mixed.items()}
    return HyperDual(abs(x.value), first, None if x.other is None else abs(x.other), mixed)


def _first_agreeing(estimates: Iterable[Estimate]) -> HyperDual | None:
    """The first estimate that agrees with the one before, with its error."""
    before: Estimate | None = None
    for estimate in estimates:
        if before is not None and _agree(before, estimate):
            return _widened(before, estimate)
        before = estimate
    return None


def _agree(coarse: Estimate, fine: Estimate) -> bool:
    """Whether every part is right to the wanted number of bits, or to what rounding leaves of it."""
    bits = _error_bits()
    for a, b, size in _parts(coarse, fine).values():
        if not (a.is_finite() and b.is_finite()):
            return False
        if not _error(a, b, size) <= size.mid() * ball(2) ** -bits + b.rad():
            return False
    return True


def _error_bits() -> int:
    """How many bits of an integral are wanted at the precision at hand."""
    for limit, bits in _ERROR_BITS:
        if flint.ctx.prec <= limit:
            return flint.ctx.prec if bits is None else bits
    return int(_ERROR_BITS[-1][1] or 0)


def _error(coarse: Ball, fine: Ball, size: Ball) -> Ball:
    difference = abs(coarse.mid() - fine.mid())
    if not difference > 0 or not size.mid() > 0:
        return ball(0)
    return (difference * (difference / size.mid()).sqrt()).mid()


def _parts(coarse: Estimate, fine: Estimate) -> dict[str, tuple[Ball, Ball, Ball]]:
    """Every part of two estimates with its size, by name."""
    zero = ball(0)
    x, y, sizes = coarse.value, fine.value, fine.sizes
    found = {"value": (x.value, y.value, sizes.value)}
    if y.other is not None:
        found["other"] = (zero if x.other is None else x.other, y.other, sizes.other)
    for k, part in y.first.items():
        found[f"first {k}"] = (x.first.get(k, zero), part, sizes.first[k])
    for k, part in y.mixed.items():
        found[f"mixed {k}"] = (x.mixed.get(k, zero), part, sizes.mixed[k])
    return found


def _widened(coarse: Estimate, fine: Estimate) -> HyperDual:
    """The finer estimate with its error in the radii, which is never taken for less than the bits that are wanted."""
    parts = _parts(coarse, fine)

    def wide(part: Ball, name: str) -> Ball:
        least = parts[name][2].mid() * ball(2) ** -_error_bits()
        error = max(_error(*parts[name]), least)
        return ball(0) if _cancels(part, parts[name][2]) else part + flint.arb(0, error)

    y = fine.value
    first = {k: wide(part, f"first {k}") for k, part in y.first.items()}
    mixed = {k: wide(part, f"mixed {k}") for k, part in y.mixed.items()}
    return HyperDual(wide(y.value, "value"), first, None if y.other is None else wide(y.other, "other"), mixed)


def _cancels(part: Ball, size: Ball) -> bool:
    """Whether a certified result is 0 as far as quadrature can see, next to the terms that cancel in it."""
    if flint.ctx.prec <= _ROUGH or not part.is_finite():
        return False
    return bool(abs(part.mid()) + part.rad() <= size.mid() * ball(2) ** -(_error_bits() - _CANCELLED))


def _node_bits() -> int:
    return int(flint.ctx.prec) + _GUARD_BITS


def _gauss(function: Integrand, low: HyperDual, high: HyperDual) -> Iterator[Estimate]:
    width = high - low
    for order in _GAUSS_ORDERS:
        nodes = _gauss_nodes(order, _node_bits())
        yield Estimate.of(
            [multiply(function(low + width * HyperDual(at)), width * HyperDual(weight)) for at, weight in nodes]
        )


@cache
def _gauss_nodes(order: int, bits: int) -> tuple[tuple[Ball, Ball], ...]:
    """Nodes and weights on 0 … 1."""
    with precision(bits):
        pairs = [flint.arb.legendre_p_root(order, k, weight=True) for k in range(order)]
        return tuple((((1 + at) / 2).mid(), (weight / 2).mid()) for at, weight in pairs)


def _double_exponential(function: Integrand, low: HyperDual, high: HyperDual) -> HyperDual:
    rule = _rule(low, high)

    def term(numerator: int, level: int) -> Scalar:
        point, slope = rule(numerator, level)
        return multiply(function(point), slope)

    levels = list[Estimate]()
    for estimate in _levels(term):
        levels.append(estimate)
        if len(levels) > 1 and _agree(*levels[-2:]):
            break
    return _widened(*levels[-2:]) if levels[-1].value.value.is_finite() else HyperDual(NAN)


def _levels(term: Callable[[int, int], Scalar]) -> Iterator[Estimate]:
    """Trapezoidal sums in t, the step halved each time."""
    right, left = _reach(term, 1), _reach(term, -1)
    lowest, highest = -len(left) << (_FINEST - _COARSEST), len(right) << (_FINEST - _COARSEST)
    found = Estimate.of([term(0, _COARSEST), *right, *left])
    yield found.times(_step(_COARSEST))
    for level in range(_COARSEST + 1, _FINEST + 1):
        scale = 1 << (_FINEST - level)
        between = [k for k in range(lowest // scale, highest // scale + 1) if k % 2]
        found = found.and_of([term(k, level) for k in between if lowest <= k * scale <= highest])
        yield found.times(_step(level))


def _step(level: int) -> HyperDual:
    return HyperDual(ball(2) ** -level)


def _reach(term: Callable[[int, int], Scalar], sign: int) -> list[Scalar]:
    """The terms on one side of 0, until they no longer count."""
    found: list[Scalar] = []
    sizes = HyperDual(ball(0))
    for k in range(1, (_FARTHEST << _COARSEST) + 1):
        here = lift(term(sign * k, _COARSEST))
        size = _absolute(here)
        sure = k > _SURE << _COARSEST
        if sure and (not size.value.is_finite() or _negligible(size, sizes)):
            break
        found.append(here)
        sizes = sizes + size
    return found


def _negligible(size: HyperDual, sizes: HyperDual) -> bool:
    """Whether every part is far below what the wanted bits can see."""
    small = ball(2) ** -(_error_bits() + 24)
    pairs = [(size.value, sizes.value), (size.other, sizes.other)]
    pairs += [(size.first[k], sizes.first.get(k)) for k in size.first]
    pairs += [(size.mixed[k], sizes.mixed.get(k)) for k in size.mixed]
    return all(a is None or a.mid() <= small * (ball(0) if b is None else b.mid()) for a, b in pairs)


def _rule(low: HyperDual, high: HyperDual) -> Callable[[int, int], tuple[HyperDual, HyperDual]]:
    """x and dx/dt at t = numerator / 2**level: the substitution that fits the limits."""

    def finite(numerator: int, level: int) -> tuple[HyperDual, HyperDual]:
        share, slope = _logistic(abs(numerator), level, _node_bits())
        width = high - low
        point = high - width * HyperDual(share) if numerator > 0 else low + width * HyperDual(share)
        return point, width * HyperDual(slope)

    def half(numerator: int, level: int) -> tuple[HyperDual, HyperDual]:
        away, slope = _exponential(numerator, level, _node_bits())
        return (low + HyperDual(away) if low.value.is_finite() else high - HyperDual(away)), HyperDual(slope)

    def whole(numerator: int, level: int) -> tuple[HyperDual, HyperDual]:
        point, slope = _hyperbolic(numerator, level, _node_bits())
        return HyperDual(point), HyperDual(slope)

    ends = int(bool(low.value.is_finite())) + int(bool(high.value.is_finite()))
    return (whole, half, finite)[ends]


@cache
def _logistic(numerator: int, level: int, bits: int) -> tuple[Ball, Ball]:
    """The distance from the nearer end of 0 … 1 by the tanh-sinh substitution, and its slope."""
    with precision(bits):
        t = ball(numerator) / 2**level
        growth = (flint.arb.pi() * t.sinh()).exp()
        share = 1 / (1 + growth)
        return share.mid(), (flint.arb.pi() * t.cosh() * share * (growth * share)).mid()


@cache
def _exponential(numerator: int, level: int, bits: int) -> tuple[Ball, Ball]:
    """0 … oo by exp(π/2 sinh t), and its slope."""
    with precision(bits):
        t, half_pi = ball(numerator) / 2**level, flint.arb.pi() / 2
        away = (half_pi * t.sinh()).exp()
        return away.mid(), (half_pi * t.cosh() * away).mid()


@cache
def _hyperbolic(numerator: int, level: int, bits: int) -> tuple[Ball, Ball]:
    """-oo … oo by sinh(π/2 sinh t), and its slope."""
    with precision(bits):
        t, half_pi = ball(numerator) / 2**level, flint.arb.pi() / 2
        inner = half_pi * t.sinh()
        return inner.sinh().mid(), (half_pi * t.cosh() * inner.cosh()).mid()
