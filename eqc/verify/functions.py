"""The functions of formulas on hyperdual numbers.

Smooth functions are given once, on power series; their derivatives come from the series' coefficients, so there is no
table of derivatives that could share a mistake with the compiler's. Functions with kinks decide which side holds:
`Decisions` raises `Undecided` where a ball covers the kink, and the caller computes with more bits.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eqc.verify.balls import MINUS_INFINITY, NAN, Ball, Series, Undecided, ball, power_series
from eqc.verify.hyperdual import HyperDual, Scalar, divide, hull, lift, multiply, normal, power, total, undefined


@dataclass(frozen=True, slots=True)
class Decisions:
    """How comparisons are decided; `lenient` takes balls that overlap as equal, at the end of the precisions.

    `rough` is for finding what rounding does: where balls overlap, the result is then either one.
    """

    lenient: bool = False
    rough: bool = False

    def order(self, left: Scalar, right: Scalar) -> int | None:
        """-1, 0 or 1 as left is below, equal to or above right; None if one is not a number.

        >>> Decisions().order(Fraction(1, 3), HyperDual(ball(1)))
        -1
        """
        if not isinstance(left, HyperDual) and not isinstance(right, HyperDual):
            return (left > right) - (left < right)
        a, b = lift(left).value, lift(right).value
        if a.is_nan() or b.is_nan():
            return None
        if a < b:
            return -1
        if a > b:
            return 1
        if self.lenient or _same_ball(a, b):
            return 0
        raise Undecided

    def holds(self, relation: str, left: Scalar, right: Scalar) -> bool:
        """Whether a relation holds; none but `!=` holds for what is not a number."""
        order = self.order(left, right)
        return relation == "!=" if order is None else RELATIONS[relation](order, 0)

    def floor(self, x: Scalar) -> Scalar:
        """The greatest integer not above x; an exact integer, whose derivative is 0."""
        if not isinstance(x, HyperDual):
            return math.floor(x)
        if not x.value.is_finite():
            return HyperDual(NAN)
        whole = x.value.floor().unique_fmpz()
        if whole is not None:
            return int(whole)
        if not self.lenient:
            raise Undecided
        return int((x.value.mid() + Fraction(1, 2)).floor().unique_fmpz())

    def extreme(self, values: Sequence[Scalar], sign: int) -> list[int]:
        """Where the greatest (sign 1) or least (sign -1) values stand: more than one place at a tie."""
        centres = [lift(v).value.mid() * sign for v in values]
        lead = 0
        for place, centre in enumerate(centres):
            if centre > centres[lead]:
                lead = place
        return [k for k, v in enumerate(values) if k == lead or self.order(v, values[lead]) == 0]


def _same_ball(a: Ball, b: Ball) -> bool:
    """Equal exact numbers, or the same computation twice: numbers that agree in every bit are taken as equal."""
    return bool(a.mid() == b.mid() and a.rad() == b.rad())


RELATIONS: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def greatest(decide: Decisions, values: Sequence[Scalar], sign: int = 1) -> Scalar:
    """The greatest value (least, with sign -1); values that tie share its derivative equally.

    >>> greatest(Decisions(), [2, Fraction(5, 2)])
    Fraction(5, 2)
    """
    numbers = [v for v in values if isinstance(v, HyperDual)]
    if any(v.value.is_nan() for v in numbers):
        return undefined(*numbers)
    ties = [values[k] for k in decide.extreme(values, sign)]
    if decide.rough and len(ties) > 1:
        return hull(ties)
    return ties[0] if len(ties) == 1 else divide(total(ties), len(ties))


def _extreme_word(sign: int) -> Callable[..., Scalar]:
    """`Max` and `Min`: at a tie with a constant the derivative is 0."""

    def chosen(decide: Decisions, *values: Scalar) -> Scalar:
        if any(isinstance(v, HyperDual) and v.value.is_nan() for v in values):
            return greatest(decide, values, sign)
        ties = [values[k] for k in decide.extreme(values, sign)]
        if decide.rough and len(ties) > 1:
            return hull(ties)
        constants = [v for v in ties if not isinstance(v, HyperDual)]
        return constants[0] if constants else greatest(decide, ties, sign)

    return chosen


def _absolute(decide: Decisions, x: Scalar) -> Scalar:
    order = decide.order(x, 0)
    if order is None:
        return x
    if order == 0 and isinstance(x, HyperDual) and not x.value.is_zero():
        return hull([x, -x]) if decide.rough else HyperDual(abs(x.value))
    return -x if order < 0 else x if order > 0 else 0


def _sign(decide: Decisions, x: Scalar) -> Scalar:
    order = decide.order(x, 0)
    return HyperDual(NAN) if order is None else order


def _heaviside(decide: Decisions, x: Scalar, at_zero: Scalar = Fraction(1, 2)) -> Scalar:
    order = decide.order(x, 0)
    if order is None:
        return HyperDual(NAN)
    return at_zero if order == 0 else int(order > 0)


def _ceiling(decide: Decisions, x: Scalar) -> Scalar:
    return -decide.floor(-x)


def modulo(decide: Decisions, x: Scalar, divisor: Scalar) -> Scalar:
    """x - divisor*floor(x/divisor): the derivative is that of this expression, with floor constant."""
    return total((x, -multiply(divisor, decide.floor(divide(x, divisor)))))


def _delta(decide: Decisions, i: Scalar, j: Scalar) -> Scalar:
    return int(decide.holds("==", i, j))


KINKED: Mapping[str, Callable[..., Scalar]] = {
    "Abs": _absolute,
    "sign": _sign,
    "floor": Decisions.floor,
    "ceiling": _ceiling,
    "Mod": modulo,
    "Max": _extreme_word(1),
    "Min": _extreme_word(-1),
    "Heaviside": _heaviside,
    "KroneckerDelta": _delta,
}
"""Word -> its meaning, given how to decide."""


def _hyperbolic(numerator: int, denominator: int | None) -> Callable[[Series], Series]:
    """(e^s ± e^-s)/2, or the quotient of two of them; the numbers are the signs."""

    def series(s: Series) -> Series:
        up, down = s.exp(), (-s).exp()
        return (up + numerator * down) / (2 if denominator is None else up + denominator * down)

    return series


def _sinc(s: Series) -> Series:
    return power_series([ball(1), ball(0), ball(Fraction(-1, 6))], 3) if s[0].is_zero() else s.sin() / s


SMOOTH: Mapping[str, Callable[[Series], Series]] = {
    "exp": lambda s: s.exp(),
    "sin": lambda s: s.sin(),
    "cos": lambda s: s.cos(),
    "tan": lambda s: s.tan(),
    "sec": lambda s: 1 / s.cos(),
    "csc": lambda s: 1 / s.sin(),
    "cot": lambda s: s.cos() / s.sin(),
    "asin": lambda s: s.asin(),
    "acos": lambda s: s.acos(),
    "atan": lambda s: s.atan(),
    "sinc": _sinc,
    "sinh": _hyperbolic(-1, None),
    "cosh": _hyperbolic(1, None),
    "tanh": _hyperbolic(-1, 1),
    "sech": lambda s: 2 / (s.exp() + (-s).exp()),
    "csch": lambda s: 2 / (s.exp() - (-s).exp()),
    "coth": _hyperbolic(1, -1),
    "asinh": lambda s: (s + (s * s + 1).sqrt()).log(),
    "acosh": lambda s: (s + (s - 1).sqrt() * (s + 1).sqrt()).log(),
    "atanh": lambda s: ((1 + s).log() - (1 - s).log()) / 2,
    "erf": lambda s: s.erf(),
    "erfc": lambda s: s.erfc(),
    "gamma": lambda s: s.gamma(),
    "loggamma": lambda s: s.lgamma(),
}
"""Word -> its power series."""


def _log(x: Scalar, *base: Scalar) -> Scalar:
    number = lift(x)
    logarithm = _log_of_zero(number) if number.value.is_zero() else number.apply(lambda s: s.log())
    return divide(logarithm, _log(base[0])) if base else logarithm


def _log_of_zero(zero: HyperDual) -> HyperDual:
    """Minus infinity; along directions in which the argument stays 0 the slope is 0, as 0 log 0 = 0 has it."""
    bad = undefined(zero)
    first = {k: v if v.is_zero() else NAN for k, v in zero.first.items()}
    steady = zero.other is None or zero.other.is_zero()
    mixed = zero.mixed if steady and all(v.is_zero() for v in zero.mixed.values()) else bad.mixed
    return HyperDual(MINUS_INFINITY, first, zero.other if steady else bad.other, mixed)


def _polygamma(order: Scalar, x: Scalar) -> Scalar:
    """The derivative of that order of digamma, from a longer series of loggamma."""
    if not isinstance(order, int):
        raise NotImplementedError("polygamma of an order that is no integer")
    times = order + 1

    def series(s: Series) -> Series:
        length = s.prec
        long = power_series([s[0], ball(1)], length + times).lgamma()
        for _ in range(times):
            long = long.derivative()
        return power_series(long.coeffs()[:length], length)

    return lift(x).apply(series)


def _gamma(x: Scalar) -> HyperDual:
    return lift(x).apply(SMOOTH["gamma"])


def _beta(a: Scalar, b: Scalar) -> Scalar:
    return divide(_gamma(a) * _gamma(b), _gamma(total((a, b))))


def _factorial(n: Scalar) -> Scalar:
    return math.factorial(n) if isinstance(n, int) and n >= 0 else _gamma(total((n, 1)))


def _binomial(n: Scalar, k: Scalar) -> Scalar:
    if isinstance(n, int) and isinstance(k, int) and n >= 0:
        return math.comb(n, k) if k >= 0 else 0
    return divide(_gamma(total((n, 1))), _gamma(total((k, 1))) * _gamma(total((n, -k, 1))))


def _angle(y: Scalar, x: Scalar) -> Scalar:
    """atan2: the slope is atan(y/x)'s, or that of -atan(x/y) beside the vertical axis."""
    up, right = lift(y), lift(x)
    steep = abs(up.value.mid()) > abs(right.value.mid())
    slope = -(right / up).apply(SMOOTH["atan"]) if steep else (up / right).apply(SMOOTH["atan"])
    return HyperDual(_angle_value(up.value, right.value), slope.first, slope.other, slope.mixed)


def _angle_value(up: Ball, right: Ball) -> Ball:
    return type(up).atan2(up, right)


def _rational(p: Scalar, q: Scalar) -> Scalar:
    return divide(p, q)


GENERAL: Mapping[str, Callable[..., Scalar]] = {
    "sqrt": lambda x: power(x, Fraction(1, 2)),
    "log": _log,
    "digamma": lambda x: _polygamma(0, x),
    "polygamma": _polygamma,
    "beta": _beta,
    "factorial": _factorial,
    "binomial": _binomial,
    "atan2": _angle,
    "Rational": _rational,
}
"""Word -> its meaning, for functions of several arguments or with special cases."""


def _cube_root(decide: Decisions, x: Scalar) -> Scalar:
    """The real cube root, negative for negative numbers."""
    order = decide.order(x, 0)
    return power(x, Fraction(1, 3)) if order != -1 else -power(-x, Fraction(1, 3))


def scalar_function(word: str) -> Callable[..., Scalar] | None:
    """The function of a word, taking the decisions and the arguments; None if the word is no scalar function.

    >>> scalar_function("Max")(Decisions(), 1, 2)
    2
    """
    if word in KINKED:
        return KINKED[word]
    if word == "cbrt":
        return _cube_root
    if word in GENERAL:
        general = GENERAL[word]
        return lambda decide, *arguments: _exact(general(*arguments))
    if word in SMOOTH:
        series = SMOOTH[word]
        return lambda decide, x: lift(x).apply(series)
    return None


def _exact(x: Scalar) -> Scalar:
    return x if isinstance(x, HyperDual) else normal(x)
