"""Heads for functions that floats compute well in one piece and badly from their parts.

`DEFINITIONS` says what each one is in ordinary functions: the meaning, and what tests and the interpreter go by. How
it is computed stands in `eqc.emit.stable`, how it is differentiated in `eqc.derive.stable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.ir.terms import Expr, XLogY


class Stable(sp.Function):  # type: ignore[misc]
    """A real function of real numbers that stays as it is written."""

    nargs = 1
    is_real = True


class Log1p(Stable):
    """log(1 + x)."""


class Expm1(Stable):
    """exp(x) - 1."""


class Logistic(Stable):
    """1/(1 + exp(-x))."""


class LogisticSlope(Stable):
    """The slope of `Logistic`."""


class Log1pExp(Stable):
    """log(1 + exp(x))."""


class Log1mExp(Stable):
    """log(1 - exp(x)) for negative x."""


class HyperbolicTangent(Stable):
    """tanh(x), whose slope is not computed from its value."""


class LogCosh(Stable):
    """log(cosh(x))."""


class SoftTangent(Stable):
    """tanh(log(1 + exp(x)))."""


class SoftTangentSlope(Stable):
    """The slope of `SoftTangent`."""


class NormalDensity(Stable):
    """exp(-x²/2)/√(2π)."""


class NormalProbability(Stable):
    """The standard normal distribution function, (1 + erf(x/√2))/2."""


class LogisticGate(Stable):
    """x/(1 + exp(-x))."""


class LogisticGateSlope(Stable):
    """The slope of `LogisticGate`."""


class NormalGate(Stable):
    """x times `NormalProbability`."""


class NormalGateSlope(Stable):
    """The slope of `NormalGate`."""


class SoftTangentGate(Stable):
    """x·tanh(log(1 + exp(x)))."""


class SoftTangentGateSlope(Stable):
    """The slope of `SoftTangentGate`."""


class ExpDifference(Stable):
    """exp(x - y), right also where x - y is rounded."""

    nargs = 2


class Difference(Stable):
    """x - y, taken before anything else is added."""

    nargs = 2


class SinTurns(Stable):
    """sin(2πx), with whole turns taken off x exactly."""


class CosTurns(Stable):
    """cos(2πx), likewise."""


class SinTurnsFrom(Stable):
    """sin(2πx + φ), likewise, before φ is added."""

    nargs = 2


class CosTurnsFrom(Stable):
    """cos(2πx + φ), likewise."""

    nargs = 2


class OnePlusPower(Stable):
    """(1 + x)ʸ, right also where 1 + x is rounded."""

    nargs = 2


class GeometricSum(Stable):
    """(1 - xʸ)/(1 - x), which is y where x is 1."""

    nargs = 2


class GeometricSlope(Stable):
    """The slope of `GeometricSum` in x."""

    nargs = 2


class ScaledLog1p(Stable):
    """y·log(1 + x/y)."""

    nargs = 2


class Log1pGap(Stable):
    """log(1 + x) - x/(1 + x)."""


class LogGammaExcess(Stable):
    """log Γ(x + a) - log Γ(x) - a·log(x)."""

    nargs = 2


class DigammaExcess(Stable):
    """The slope of `LogGammaExcess` in x."""

    nargs = 2


class PowerComplement(Stable):
    """1 - xʸ for positive x."""

    nargs = 2


class XLog1pY(Stable):
    """x·log(1 + y), which is 0 where x is 0."""

    nargs = 2


class LogRatio(Stable):
    """log(x/y)."""

    nargs = 2

    @classmethod
    def eval(cls, x: Expr, y: Expr) -> Expr | None:
        ratio = x / y
        return sp.log(ratio) if ratio.is_number else None


class OnePlusLogRatio(Stable):
    """1 + log(x/y), right also near its root."""

    nargs = 2


class OnePlusLog(Stable):
    """1 + log(x), likewise."""


class LogOverMean(Stable):
    """log(x/m) for the mean m of x and y."""

    nargs = 2


class Logit(Stable):
    """log(x/(1 - x))."""


class BinaryExponent(Stable):
    """The whole number k for which x/2ᵏ is between √½ and √2; it has no slope."""


class LogApart(Stable):
    """log(x) - k·log(2) for the k of `BinaryExponent`."""

    nargs = 2


class ExpOfParts(Stable):
    """exp((x + k·log(2))·a/b) for a whole number k."""

    nargs = 4


class ExpQuotient(Stable):
    """(exp(x) - 1)/x, which is 1 where x is 0."""


class ExpMean(Stable):
    """1/(1 - exp(-x)) - 1/x, which is 1/2 where x is 0."""


class Langevin(Stable):
    """coth(x) - 1/x, which is 0 where x is 0."""


class LangevinSlope(Stable):
    """The slope of `Langevin`."""


class Sinc(Stable):
    """sin(x)/x, which is 1 where x is 0."""


class SincSlope(Stable):
    """The slope of `Sinc`."""


class XLogX(Stable):
    """x·log(x), which is 0 where x is 0."""


class XLogRatio(Stable):
    """x·log(x/y), likewise."""

    nargs = 2


class WeightedLogRatio(Stable):
    """w·log(x/y), which is 0 where w is 0."""

    nargs = 3


class LogExcess(Stable):
    """x·log(x/y) - r for an r that equals x - y, and that stands still in derivatives."""

    nargs = 3


class RelativeEntropy(Stable):
    """x·log(x/y) - x + y, which is never negative."""

    nargs = 2


class LogShortfall(Stable):
    """x/y - 1 - log(x/y), which is never negative."""

    nargs = 2


class MeanDivergence(Stable):
    """x·log(x/m) + y·log(y/m) for the mean m of x and y."""

    nargs = 2


class BinaryEntropy(Stable):
    """-x·log(x) - (1 - x)·log(1 - x)."""


class BinaryDivergence(Stable):
    """x·log(x/y) + (1 - x)·log((1 - x)/(1 - y))."""

    nargs = 2


_ONE, _TWO = sp.Integer(1), sp.Integer(2)


def _logistic(x: Expr) -> Expr:
    return 1 / (1 + sp.exp(-x))


def _slope_of(function: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    at = sp.Symbol("at", real=True)
    slope = sp.diff(function(at), at)
    return lambda x: slope.subs(at, x)


def _soft(x: Expr) -> Expr:
    return sp.tanh(sp.log(1 + sp.exp(x)))


def _density(x: Expr) -> Expr:
    return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)


def _probability(x: Expr) -> Expr:
    return sp.erfc(-x / sp.sqrt(2)) / 2


DEFINITIONS: Mapping[type[Stable], Callable[..., Expr]] = {
    Log1p: lambda x: sp.log(1 + x),
    Expm1: lambda x: sp.exp(x) - 1,
    Logistic: _logistic,
    LogisticSlope: lambda x: sp.exp(-x) / (1 + sp.exp(-x)) ** 2,
    Log1pExp: lambda x: sp.log(1 + sp.exp(x)),
    Log1mExp: lambda x: sp.log(1 - sp.exp(x)),
    HyperbolicTangent: sp.tanh,
    LogCosh: lambda x: sp.log(sp.cosh(x)),
    SoftTangent: _soft,
    SoftTangentSlope: _slope_of(_soft),
    NormalDensity: _density,
    NormalProbability: _probability,
    LogisticGate: lambda x: x * _logistic(x),
    LogisticGateSlope: _slope_of(lambda x: x * _logistic(x)),
    NormalGate: lambda x: x * _probability(x),
    NormalGateSlope: lambda x: _probability(x) + x * _density(x),
    SoftTangentGate: lambda x: x * _soft(x),
    SoftTangentGateSlope: _slope_of(lambda x: x * _soft(x)),
    ExpDifference: lambda x, y: sp.exp(x - y),
    Difference: lambda x, y: x - y,
    SinTurns: lambda x: sp.sin(2 * sp.pi * x),
    CosTurns: lambda x: sp.cos(2 * sp.pi * x),
    SinTurnsFrom: lambda x, phase: sp.sin(2 * sp.pi * x + phase),
    CosTurnsFrom: lambda x, phase: sp.cos(2 * sp.pi * x + phase),
    OnePlusPower: lambda x, y: (1 + x) ** y,
    GeometricSum: lambda x, y: (1 - x**y) / (1 - x),
    GeometricSlope: lambda x, y: ((1 - x**y) / (1 - x) - y * x ** (y - 1)) / (1 - x),
    ScaledLog1p: lambda x, y: y * sp.log(1 + x / y),
    Log1pGap: lambda x: sp.log(1 + x) - x / (1 + x),
    LogGammaExcess: lambda x, a: sp.loggamma(x + a) - sp.loggamma(x) - a * sp.log(x),
    DigammaExcess: lambda x, a: sp.polygamma(0, x + a) - sp.polygamma(0, x) - a / x,
    PowerComplement: lambda x, y: 1 - x**y,
    XLog1pY: lambda x, y: x * sp.log(1 + y),
    LogRatio: lambda x, y: sp.log(x / y),
    OnePlusLogRatio: lambda x, y: 1 + sp.log(x / y),
    OnePlusLog: lambda x: 1 + sp.log(x),
    LogOverMean: lambda x, y: sp.log(2 * x / (x + y)),
    Logit: lambda x: sp.log(x / (1 - x)),
    BinaryExponent: lambda x: sp.floor(sp.log(x) / sp.log(2) + sp.Rational(1, 2)),
    LogApart: lambda x, k: sp.log(x) - k * sp.log(2),
    ExpOfParts: lambda x, k, a, b: sp.exp((x + k * sp.log(2)) * a / b),
    ExpQuotient: lambda x: (sp.exp(x) - 1) / x,
    ExpMean: lambda x: 1 / (1 - sp.exp(-x)) - 1 / x,
    Langevin: lambda x: 1 / sp.tanh(x) - 1 / x,
    LangevinSlope: lambda x: 1 / x**2 - 1 / sp.sinh(x) ** 2,
    Sinc: lambda x: sp.sin(x) / x,
    SincSlope: lambda x: (sp.cos(x) - sp.sin(x) / x) / x,
    XLogX: lambda x: XLogY(x, x),
    XLogRatio: lambda x, y: XLogY(x, x / y),
    WeightedLogRatio: lambda w, x, y: XLogY(w, x / y),
    LogExcess: lambda x, y, r: XLogY(x, x / y) - r,
    RelativeEntropy: lambda x, y: XLogY(x, x / y) - x + y,
    LogShortfall: lambda x, y: x / y - 1 - sp.log(x / y),
    MeanDivergence: lambda x, y: XLogY(x, 2 * x / (x + y)) + XLogY(y, 2 * y / (x + y)),
    BinaryEntropy: lambda x: -XLogY(x, x) - XLogY(1 - x, 1 - x),
    BinaryDivergence: lambda x, y: XLogY(x, x / y) + XLogY(1 - x, (1 - x) / (1 - y)),
}
"""Head -> what it is, in functions that the interpreter knows."""
