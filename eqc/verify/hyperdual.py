"""Numbers that carry exact derivatives: a + Σ bₖ εₖ + c η + Σ dₖ εₖ η with εₖ εₗ = η² = 0, over balls.

`first` holds the derivatives along directions k, `other` the derivative along one more direction, `mixed` the second
derivatives along both. A number that does not depend on a direction has no part for it, so that 0 never meets an
infinite slope there. Integers and fractions stay Python's own: they are exact and depend on no input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from eqc.verify.balls import NAN, Ball, Series, ball, power_series

Exact: TypeAlias = int | Fraction
Scalar: TypeAlias = "int | Fraction | HyperDual"
Parts: TypeAlias = Mapping[int, Ball]

_NONE: Parts = {}
_LARGEST_EXACT_POWER = 4096


class HyperDual:
    """A ball with derivative parts.

    >>> x = HyperDual(ball(3), {0: ball(1)}, ball(1))
    >>> y = x * x * x
    >>> float(y.value), float(y.first[0]), float(y.mixed[0])
    (27.0, 27.0, 18.0)
    """

    __slots__ = ("first", "mixed", "other", "value")
    level = 0

    def __init__(self, value: Ball, first: Parts = _NONE, other: Ball | None = None, mixed: Parts = _NONE) -> None:
        self.value = value
        self.first = first
        self.other = other
        self.mixed = mixed

    def __repr__(self) -> str:
        return f"HyperDual({self.value}, {dict(self.first)}, {self.other}, {dict(self.mixed)})"

    @property
    def is_constant(self) -> bool:
        """Whether no derivative part is there."""
        return not self.first and self.other is None and not self.mixed

    def __neg__(self) -> HyperDual:
        other = None if self.other is None else -self.other
        return HyperDual(-self.value, _negated(self.first), other, _negated(self.mixed))

    def __add__(self, right: Scalar) -> HyperDual:
        return lift(total((self, right)))

    __radd__ = __add__

    def __sub__(self, right: Scalar) -> HyperDual:
        return self + -right

    def __rsub__(self, left: Scalar) -> HyperDual:
        return -self + left

    def __mul__(self, right: Scalar) -> HyperDual:
        return _product(self, lift(right))

    __rmul__ = __mul__

    def __truediv__(self, right: Scalar) -> HyperDual:
        divisor = lift(right)
        return HyperDual(self.value / divisor.value) if _both_constant(self, divisor) else self * reciprocal(divisor)

    def __rtruediv__(self, left: Scalar) -> HyperDual:
        return lift(left) / self

    def apply(self, series: Callable[[Series], Series]) -> HyperDual:
        """A smooth function of this number, given as a function of power series in one variable.

        >>> HyperDual(ball(0), {0: ball(1)}).apply(lambda s: s.exp()).first[0] == ball(1)
        True
        """
        order = 2 if self.first and self.other is not None else int(not self.is_constant)
        value, slope, half_curvature = _taylor(series, self.value, order)
        if not order:
            return HyperDual(value)
        other = None if self.other is None else self.other * slope
        mixed = dict(_scaled(self.mixed, slope))
        if order == 2:
            _add_parts(mixed, _scaled(self.first, 2 * half_curvature * self.other))
        return HyperDual(value, _scaled(self.first, slope), other, mixed)


class Jet(HyperDual):
    """`low + high·δ` with δ² = 0, where `low` and `high` may carry derivatives themselves.

    Each derivative inside a formula has a δ of its own; that of an inner one has a higher level.

    >>> x = Jet(HyperDual(ball(3), {0: ball(1)}), 1, 1)
    >>> cube = x * x * x
    >>> float(cube.high.value), float(cube.high.first[0])
    (27.0, 18.0)
    """

    __slots__ = ("high", "level", "low")

    def __init__(self, low: Scalar, high: Scalar, level: int) -> None:
        self.low, self.high, self.level = lift(low), high, level
        super().__init__(self.low.value, self.low.first, self.low.other, self.low.mixed)

    @property
    def is_constant(self) -> bool:
        return False

    def __neg__(self) -> HyperDual:
        return Jet(-self.low, -self.high, self.level)

    def apply(self, series: Callable[[Series], Series]) -> HyperDual:
        """A smooth function: its slope at `low` is a power series too, one term shorter."""

        def slope(s: Series) -> Series:
            length = s.prec
            longer = series(power_series([s[0], ball(1)], length + 1))
            return power_series(longer.derivative().coeffs()[:length], length)

        return Jet(self.low.apply(series), multiply(self.low.apply(slope), self.high), self.level)


def _low(x: Scalar, level: int) -> Scalar:
    return x.low if isinstance(x, Jet) and x.level == level else x


def slope_of(x: Scalar, level: int) -> Scalar:
    """What a number holds of the derivative of a level."""
    return x.high if isinstance(x, Jet) and x.level == level else 0


def lift(number: Scalar) -> HyperDual:
    """An exact number as one without derivative parts; others as they are."""
    return number if isinstance(number, HyperDual) else HyperDual(ball(number))


def undefined(*operands: HyperDual) -> HyperDual:
    """Not a number, in every part that an operand has."""
    first = {k: NAN for x in operands for k in x.first}
    mixed = {k: NAN for x in operands for k in (*x.first, *x.mixed)}
    other = NAN if any(x.other is not None for x in operands) else None
    return HyperDual(NAN, first, other, mixed if other is not None else _NONE)


def total(terms: Iterable[Scalar]) -> Scalar:
    """The sum of numbers from left to right, exact if all are; one pass, whatever the number of parts.

    >>> total([1, Fraction(1, 2), Fraction(1, 2)])
    2
    """
    terms = list(terms)
    duals = [term for term in terms if isinstance(term, HyperDual)]
    level = max((dual.level for dual in duals), default=0)
    if level:
        return Jet(total(_low(t, level) for t in terms), total(slope_of(t, level) for t in terms), level)
    if not duals:
        return normal(sum(term for term in terms if not isinstance(term, HyperDual)))
    value = lift(terms[0]).value
    for term in terms[1:]:
        value = value + lift(term).value
    first, mixed, other = dict(duals[0].first), dict(duals[0].mixed), duals[0].other
    for dual in duals[1:]:
        _add_parts(first, dual.first)
        _add_parts(mixed, dual.mixed)
        if dual.other is not None:
            other = dual.other if other is None else other + dual.other
    return HyperDual(value, first, other, mixed)


def normal(number: Exact) -> Exact:
    """A fraction that is whole becomes an integer, so that it can be a position."""
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def multiply(left: Scalar, right: Scalar) -> Scalar:
    """The product, exact if both are."""
    if isinstance(left, HyperDual) or isinstance(right, HyperDual):
        return lift(left) * right
    return normal(left * right)


def divide(left: Scalar, right: Scalar) -> Scalar:
    """The quotient, exact if both are; not a number where the divisor is 0.

    >>> divide(1, 4), divide(4, 2)
    (Fraction(1, 4), 2)
    """
    if isinstance(left, HyperDual) or isinstance(right, HyperDual):
        return lift(left) / right
    return normal(Fraction(left) / right) if right else undefined()


def reciprocal(x: HyperDual) -> HyperDual:
    """One over x."""
    return x.apply(lambda s: 1 / s)


def power(base: Scalar, exponent: Scalar) -> Scalar:
    """Base to the exponent: whole exponents take any base, others only positive ones (and 0 if they are positive).

    >>> power(2, -2), power(Fraction(4), 0)
    (Fraction(1, 4), 1)
    >>> float(power(HyperDual(ball(-3), {0: ball(1)}), 3).first[0])
    27.0
    """
    if isinstance(exponent, HyperDual) and exponent.is_constant and exponent.value.is_integer():
        exponent = int(exponent.value.unique_fmpz())
    if isinstance(exponent, int):
        return _whole_power(base, exponent)
    x, y = lift(base), lift(exponent)
    if x.value.is_zero():
        return _power_of_zero(x, y)
    if y.is_constant:
        return x.apply(lambda s: s.sqrt() if exponent == Fraction(1, 2) else s**y.value)
    return (x.apply(lambda s: s.log()) * y).apply(lambda s: s.exp())


def _whole_power(base: Scalar, exponent: int) -> Scalar:
    if exponent == 0:
        return 1
    if not isinstance(base, HyperDual):
        if base == 0 and exponent < 0:
            return undefined()
        if abs(exponent) <= _LARGEST_EXACT_POWER:
            return normal(Fraction(base) ** exponent)
    return lift(base).apply(lambda s: s**exponent if exponent > 0 else 1 / s**-exponent)


def _power_of_zero(x: HyperDual, y: HyperDual) -> HyperDual:
    """0 to a power: 0 with slope 0 above the first power, infinitely steep below it."""
    if isinstance(x, Jet):
        slope = multiply(multiply(y, power(x.low, total((y, -1)))), x.high)
        return Jet(_power_of_zero(lift(x.low), y), slope, x.level)
    if not y.value > 0:
        return undefined(x, y)
    if x.is_constant or y.value > 2 or (y.value > 1 and x.other is None):
        return HyperDual(ball(0))
    bad = undefined(x)
    return HyperDual(ball(0), bad.first, bad.other, bad.mixed)


def _product(x: HyperDual, y: HyperDual) -> HyperDual:
    level = max(x.level, y.level)
    if level:
        (a, b), (c, d) = ((_low(n, level), slope_of(n, level)) for n in (x, y))
        return Jet(multiply(a, c), total((multiply(a, d), multiply(b, c))), level)
    value = _times(x.value, y.value)
    if _both_constant(x, y):
        return HyperDual(value)
    first = dict(_scaled(x.first, y.value))
    _add_parts(first, _scaled(y.first, x.value))
    mixed = dict(_scaled(x.mixed, y.value))
    _add_parts(mixed, _scaled(y.mixed, x.value))
    if y.other is not None:
        _add_parts(mixed, _scaled(x.first, y.other))
    if x.other is not None:
        _add_parts(mixed, _scaled(y.first, x.other))
    left = None if x.other is None else x.other * y.value
    right = None if y.other is None else y.other * x.value
    return HyperDual(value, first, right if left is None else left if right is None else left + right, mixed)


def _times(x: Ball, y: Ball) -> Ball:
    """The product with 0 times infinity = 0: the convention 0 log 0 = 0 (1/0 is no infinity but not a number)."""
    if (x.is_zero() and not y.is_nan()) or (y.is_zero() and not x.is_nan()):
        return ball(0)
    return x * y


def _taylor(series: Callable[[Series], Series], at: Ball, order: int) -> tuple[Ball, Ball, Ball]:
    """Value, slope and half the curvature; not a number where the function has a pole."""
    try:
        found: list[Ball] = series(power_series([at, ball(1)], order + 1)).coeffs()
    except (ValueError, ZeroDivisionError):
        return NAN, NAN, NAN
    value, slope, half_curvature, *_ = (*found, ball(0), ball(0), ball(0))
    return value, slope, half_curvature


def _both_constant(x: HyperDual, y: HyperDual) -> bool:
    return x.is_constant and y.is_constant


def _negated(parts: Parts) -> Parts:
    return {k: -v for k, v in parts.items()}


def _scaled(parts: Parts, factor: Ball) -> Parts:
    if not parts:
        return _NONE
    return {k: v * factor for k, v in parts.items()}


def _add_parts(parts: dict[int, Ball], more: Parts) -> None:
    for k, v in more.items():
        parts[k] = parts[k] + v if k in parts else v


def hull(numbers: Sequence[Scalar]) -> HyperDual:
    """What is known of a number that is one of several: balls that hold all of theirs, part by part.

    >>> x = HyperDual(ball(0), {0: ball(2)})
    >>> found = hull([x, -x])
    >>> found.first[0].contains(2), found.first[0].contains(-2), found.first[0].contains(3)
    (True, True, False)
    """
    lifted = [lift(number) for number in numbers]
    others = [n.other for n in lifted if n.other is not None]
    first, mixed = _hull_of([n.first for n in lifted]), _hull_of([n.mixed for n in lifted])
    other = _spanned([*others, *([ball(0)] if len(others) < len(lifted) else [])]) if others else None
    return HyperDual(_spanned([n.value for n in lifted]), first, other, mixed)


def _hull_of(parts: Sequence[Parts]) -> Parts:
    keys = sorted({key for part in parts for key in part})
    return {key: _spanned([part.get(key, ball(0)) for part in parts]) for key in keys}


def _spanned(balls: Sequence[Ball]) -> Ball:
    found = balls[0]
    for one in balls[1:]:
        found = found.union(one)
    return found
