"""Between which bounds numbers lie, and whether floats can hold what is on the way to them.

A number is *true* if it is infinite or NaN only where the formula's value is beyond the range of floats or has none.
What is true of data, a product of two of them for example, need not be true of three: two may overflow on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod

import sympy as sp

from eqc.ir.stable import (
    CosTurns,
    Difference,
    HyperbolicTangent,
    Log1p,
    Logistic,
    LogisticGate,
    LogisticGateSlope,
    LogisticSlope,
    NormalDensity,
    NormalGate,
    NormalGateSlope,
    NormalProbability,
    SinTurns,
    SoftTangent,
    SoftTangentGate,
    SoftTangentGateSlope,
    SoftTangentSlope,
)
from eqc.ir.terms import Expr, Magnitude, Maximum, Minimum, Read

_TINY, _HUGE, _MOST = 1e-30, 1e30, 1e36
"""Numbers up to `_HUGE` are lost beside the largest floats, and those up to `_MOST` are far from the end of float32."""

_MANY = 1e9
"""More terms than sums have."""

_FEW = 3
"""The largest whole power that is a product of so many factors."""


@dataclass(frozen=True, slots=True)
class Range:
    """Between which bounds a number lies, and what its float can be.

    `is_true` is said above. `is_finite`: never infinite or NaN. `is_exact`: 0 only where the number is, so that
    dividing by it is safe.
    """

    low: float = -inf
    high: float = inf
    is_true: bool = True
    is_finite: bool = False
    is_exact: bool = False

    @property
    def reach(self) -> float:
        """How large it may be; infinite where nothing says that it is finite."""
        return max(abs(self.low), abs(self.high)) if self.is_finite else inf

    @property
    def is_small(self) -> bool:
        """Whether nothing is lost by adding it to the largest floats."""
        return self.reach <= _HUGE

    @property
    def is_shrinking(self) -> bool:
        """Whether a product with it is never larger."""
        return self.is_finite and self.low >= -1 and self.high <= 1

    @property
    def is_growing(self) -> bool:
        """Whether a product with it is never smaller."""
        return self.is_true and (self.low >= 1 or self.high <= -1)

    @property
    def is_apart(self) -> bool:
        """Whether it stays away from 0."""
        return self.is_true and (self.low >= _TINY or self.high <= -_TINY)


LOST = Range(is_true=False)
DATA = Range(is_finite=True, is_exact=True)
UNIT = Range(0.0, 1.0, is_finite=True)
ORDINARY = Range(-1e6, 1e6, is_finite=True, is_exact=True)
_SIGNED_UNIT = Range(-1.0, 1.0, is_finite=True)


def total_of(term: Range) -> Range:
    """A sum over an index: terms of one sign, or so small that their number does not matter."""
    most = term.reach * _MANY
    if term.low >= 0 or term.high <= 0:
        low, high = (0.0, most) if term.low >= 0 else (-most, 0.0)
        return Range(low, high, term.is_true, most <= _MOST, term.is_exact)
    return Range(-most, most, is_finite=True) if most <= _MOST else LOST


def exact_number(number: float) -> Range:
    """The range of a number that is known."""
    return Range(number, number, is_finite=True, is_exact=True)


def data_range(node: Expr) -> Range:
    """A number of the data, by what is known of its sign; extents are 1 at least, where they divide."""
    if node.is_integer and node.is_nonnegative:
        return replace(DATA, low=1.0 if node.is_Symbol and not isinstance(node, Read) else 0.0)
    return replace(DATA, low=0.0 if node.is_nonnegative else -inf, high=0.0 if node.is_nonpositive else inf)


def any_of(parts: Sequence[Range]) -> Range:
    """The range of any one of some numbers."""
    return Range(
        min(p.low for p in parts),
        max(p.high for p in parts),
        all(p.is_true for p in parts),
        all(p.is_finite for p in parts),
        all(p.is_exact for p in parts),
    )


def _sum(node: Expr, parts: Sequence[Range]) -> Range:
    """Terms of one sign, one large term among small ones, or two that are known to be finite."""
    low, high = sum(p.low for p in parts), sum(p.high for p in parts)
    one_sign = all(p.low >= 0 for p in parts) or all(p.high <= 0 for p in parts)
    large = [p for p in parts if not p.is_small]
    finite = (len(large) < 2 and all(p.is_finite for p in parts)) or sum(p.reach for p in parts) <= _MOST
    true = all(p.is_true for p in parts) and (
        one_sign or finite or len(large) < 2 or (len(parts) == 2 and all(p.is_finite for p in parts))
    )
    exact = all(p.is_exact for p in parts) and (one_sign or len(parts) == 2)
    return Range(low, high, true, finite, exact) if true else LOST


def _product(node: Expr, parts: Sequence[Range]) -> Range:
    """Two factors alone, also as a quotient; or one large one among ones that only shrink or only grow it."""
    below = [isinstance(f, sp.Pow) and f.args[1].is_number and f.args[1] < 0 for f in node.args]
    above = [p for p, is_below in zip(parts, below, strict=True) if not is_below]
    divisors = [p for p, is_below in zip(parts, below, strict=True) if is_below]
    numbers = [a for a in node.args if a.is_Rational and a.q != 1 and abs(a.p) != 1]
    if not all(p.is_true for p in parts):
        return LOST
    low, high = _bounds(parts)
    if prod(max(1.0, p.reach) for p in parts) <= _MOST:
        return Range(low, high, is_finite=True)
    large = [p for p in parts if not p.is_small]
    rest = [p for p in parts if p.is_small]
    shrinking = all(p.is_shrinking for p in rest) and not numbers
    growing = all(p.is_growing for p in rest) and not numbers
    if _count_operands(parts) == 2 and not numbers and all(p.is_finite for p in above) and len(divisors) < 2:
        return Range(low, high, is_finite=shrinking and all(p.is_finite for p in large[:1]) and len(large) < 2)
    if len(large) == 1:
        kept = (shrinking and large[0].is_finite) or growing
        return Range(low, high, kept, kept and shrinking and large[0].is_finite) if kept else LOST
    if not large:
        return Range(low, high, is_finite=True) if shrinking else LOST
    return LOST


def _count_operands(parts: Sequence[Range]) -> int:
    """How many factors are not just a sign."""
    return sum(not abs(p.low) == 1 == abs(p.high) for p in parts)


def _bounds(parts: Sequence[Range]) -> tuple[float, float]:
    """Between which numbers a product lies; without limits if a factor has none."""
    low = high = 1.0
    for p in parts:
        ends = [_times(a, b) for a in (low, high) for b in (p.low, p.high)]
        low, high = min(ends), max(ends)
    return low, high


def _times(a: float, b: float) -> float:
    return 0.0 if 0.0 in (a, b) else a * b


def _power(node: Expr, parts: Sequence[Range]) -> Range:
    base, exponent = parts[0], node.args[1]
    if exponent == sp.Rational(1, 2):
        return _root(base)
    if not exponent.is_number:
        return Range(0.0 if base.low >= 0 else -inf) if all(p.is_finite and p.is_exact for p in parts) else LOST
    if exponent < 0:
        return _reciprocal(_power(node.base**-exponent, [base]) if exponent != -1 else base)
    low = _raised(base.low, exponent) if base.low > 0 else 0.0 if base.low == 0 or exponent.is_even else -inf
    most = _raised(base.reach, exponent) if exponent <= _FEW else inf
    if most <= _MOST:
        return Range(max(low, -most), most, is_finite=True)
    return Range(low, inf if not base.is_shrinking else 1.0, base.is_true, base.is_shrinking)


def _raised(number: float, exponent: Expr) -> float:
    """A power of a bound."""
    try:
        return float(number ** float(exponent))
    except OverflowError:
        return inf


def _root(base: Range) -> Range:
    """A root is infinite only where its argument is."""
    if not base.is_finite:
        return LOST
    return Range(max(base.low, 0.0) ** 0.5, max(base.high, 0.0) ** 0.5, is_finite=True, is_exact=base.is_exact)


def _reciprocal(divisor: Range) -> Range:
    """Safe for what is away from 0, or is 0 only where it should be."""
    if divisor.is_apart:
        ends = sorted((1 / divisor.low, 1 / divisor.high))
        return Range(ends[0], ends[1], is_finite=True, is_exact=divisor.is_finite)
    if divisor.is_exact and divisor.is_true:
        return Range(0.0 if divisor.low >= 0 else -inf, inf, is_finite=False, is_exact=divisor.is_finite)
    return LOST


def _exponential(node: Expr, parts: Sequence[Range]) -> Range:
    (part,) = parts
    if not part.is_true:
        return LOST
    return Range(_exp(part.low), _exp(part.high), is_finite=part.high <= 60)


def _exp(number: float) -> float:
    return inf if number > 60 else float(sp.exp(sp.Float(max(number, -1e3)))) if number > -1e3 else 0.0


def _logarithm(node: Expr, parts: Sequence[Range]) -> Range:
    """A logarithm of the data, or of what is finite and not 0 by underflow, is finite where it exists."""
    (part,) = parts
    if isinstance(node, Log1p):
        return Range(0.0 if part.low >= 0 else -800.0, 800.0, is_finite=part.low >= 0) if part.is_finite else LOST
    known = part.is_finite and (part.is_exact or part.is_apart)
    return Range(0.0 if part.low >= 1 else -800.0, 800.0, is_finite=part.is_apart) if known else LOST


def _extremum(node: Expr, parts: Sequence[Range]) -> Range:
    return any_of(parts)


def _size(node: Expr, parts: Sequence[Range]) -> Range:
    (part,) = parts
    return replace(
        part,
        low=0.0 if part.low <= 0 <= part.high else min(abs(part.low), abs(part.high)),
        high=max(abs(part.low), abs(part.high)),
    )


def _step(node: Expr, parts: Sequence[Range]) -> Range:
    return _SIGNED_UNIT if all(p.is_true for p in parts) else LOST


def _bounded(node: Expr, parts: Sequence[Range]) -> Range:
    """Functions between -1 and 1 that have a limit where their argument is infinite."""
    return _SIGNED_UNIT if all(p.is_true for p in parts) else LOST


def _share(node: Expr, parts: Sequence[Range]) -> Range:
    """The same between 0 and 1."""
    return UNIT if all(p.is_true for p in parts) else LOST


def _function(node: Expr, parts: Sequence[Range]) -> Range:
    """Stable forms, and functions of the library, hold over the whole range of their arguments."""
    low = 0.0 if node.is_nonnegative else -inf
    return Range(low) if all(p.is_finite for p in parts) else LOST


def _gate(node: Expr, parts: Sequence[Range]) -> Range:
    """Functions that are no larger than their argument, or not by much."""
    return Range(min(parts[0].low, -1.0), max(parts[0].high, 1.0), is_finite=True) if parts[0].is_finite else LOST


def _gate_slope(node: Expr, parts: Sequence[Range]) -> Range:
    return Range(-2.0, 2.0, is_finite=True) if parts[0].is_finite else LOST


def _turning(node: Expr, parts: Sequence[Range]) -> Range:
    return _SIGNED_UNIT if all(p.is_finite for p in parts) else LOST


_Rule = Callable[[Expr, Sequence[Range]], Range]

_RULES: Mapping[type, _Rule] = {
    sp.Add: _sum,
    Difference: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.exp: _exponential,
    sp.log: _logarithm,
    Log1p: _logarithm,
    Maximum: _extremum,
    Minimum: _extremum,
    sp.Abs: _size,
    Magnitude: _size,
    sp.sign: _step,
    sp.sin: _turning,
    sp.cos: _turning,
    SinTurns: _turning,
    CosTurns: _turning,
    **dict.fromkeys((sp.tanh, sp.erf, HyperbolicTangent, SoftTangent), _bounded),
    **dict.fromkeys((Logistic, LogisticSlope, NormalDensity, NormalProbability), _share),
    **dict.fromkeys((LogisticGate, NormalGate, SoftTangentGate), _gate),
    **dict.fromkeys((LogisticGateSlope, NormalGateSlope, SoftTangentGateSlope, SoftTangentSlope), _gate_slope),
}
"""How the range of a function follows from those of its arguments; others go by `_function`."""


def function_range(node: Expr, parts: Sequence[Range]) -> Range:
    """The range of a function of numbers whose ranges are known.

    >>> x, y = sp.symbols("x y", real=True)
    >>> function_range(x * y, [DATA, DATA]).is_true, function_range(sp.sin(x * y), [Range()]).is_true
    (True, False)
    """
    return _RULES.get(type(node), _function)(node, parts)
