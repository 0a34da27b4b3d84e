"""Slopes of the stable heads, each in a form without cancellation or overflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.ir.stable import (
    BinaryDivergence,
    BinaryEntropy,
    BinaryExponent,
    CosTurns,
    CosTurnsFrom,
    Difference,
    DigammaExcess,
    ExpDifference,
    Expm1,
    ExpMean,
    ExpOfParts,
    ExpQuotient,
    GeometricSlope,
    GeometricSum,
    HyperbolicTangent,
    Langevin,
    LangevinSlope,
    Log1mExp,
    Log1p,
    Log1pExp,
    Log1pGap,
    LogApart,
    LogCosh,
    LogExcess,
    LogGammaExcess,
    Logistic,
    LogisticGate,
    LogisticGateSlope,
    LogisticSlope,
    Logit,
    LogOverMean,
    LogRatio,
    LogShortfall,
    MeanDivergence,
    NormalDensity,
    NormalGate,
    NormalGateSlope,
    NormalProbability,
    OnePlusLog,
    OnePlusLogRatio,
    OnePlusPower,
    PowerComplement,
    RelativeEntropy,
    ScaledLog1p,
    Sinc,
    SincSlope,
    SinTurns,
    SinTurnsFrom,
    SoftTangent,
    SoftTangentGate,
    SoftTangentGateSlope,
    SoftTangentSlope,
    Stable,
    WeightedLogRatio,
    XLog1pY,
    XLogRatio,
    XLogX,
)
from eqc.ir.terms import Expr
from eqc.ir.walk import branches

_ONE, _ZERO = sp.Integer(1), sp.Integer(0)


def _soft_curvature(x: Expr) -> Expr:
    return SoftTangentSlope(x) * (Logistic(-x) - 2 * SoftTangent(x) * Logistic(x))


def _xlog1py(x: Expr, y: Expr) -> tuple[Expr, ...]:
    """Where x is 0 the product does not move with y."""
    return Log1p(y), branches([(_ZERO, sp.Eq(x, 0)), (x / (1 + y), sp.true)])


def _weighted(w: Expr, x: Expr, y: Expr) -> tuple[Expr, ...]:
    """Where w is 0 the product moves with w alone."""
    none = sp.Eq(w, 0)
    return LogRatio(x, y), branches([(_ZERO, none), (w / x, sp.true)]), branches([(_ZERO, none), (-w / y, sp.true)])


def _one_plus_power(x: Expr, y: Expr) -> tuple[Expr, ...]:
    slope = branches([(_ZERO, sp.Eq(y, 0)), (y * OnePlusPower(x, y - 1), sp.true)])
    return slope, Log1p(x) * OnePlusPower(x, y)


def _geometric_curvature(x: Expr, y: Expr) -> tuple[Expr, ...]:
    """Both follow from (1 - x)G' - G = -y x**(y - 1)."""
    power = x ** (y - 1)
    bend = (2 * GeometricSlope(x, y) - y * (y - 1) * x ** (y - 2)) / (1 - x)
    moved = -x * power * sp.log(x) / (1 - x)
    return bend, (moved - power - y * power * sp.log(x)) / (1 - x)


def _digamma_excess(x: Expr, a: Expr) -> tuple[Expr, ...]:
    far = sp.polygamma(1, x + a)
    return far - sp.polygamma(1, x) + a / x**2, far - 1 / x


def _exp_of_parts(x: Expr, k: Expr, a: Expr, b: Expr) -> tuple[Expr, ...]:
    node = ExpOfParts(x, k, a, b)
    whole = x + k * sp.log(2)
    return node * a / b, node * a * sp.log(2) / b, node * whole / b, -node * whole * a / b**2


SLOPES: Mapping[type[Stable], Callable[..., tuple[Expr, ...]]] = {
    Log1p: lambda x: (1 / (1 + x),),
    Expm1: lambda x: (sp.exp(x),),
    Logistic: lambda x: (LogisticSlope(x),),
    LogisticSlope: lambda x: (-LogisticSlope(x) * HyperbolicTangent(x / 2),),
    Log1pExp: lambda x: (Logistic(x),),
    Log1mExp: lambda x: (-1 / Expm1(-x),),
    HyperbolicTangent: lambda x: (4 * LogisticSlope(2 * x),),
    LogCosh: lambda x: (HyperbolicTangent(x),),
    SoftTangent: lambda x: (SoftTangentSlope(x),),
    SoftTangentSlope: lambda x: (_soft_curvature(x),),
    NormalDensity: lambda x: (-x * NormalDensity(x),),
    NormalProbability: lambda x: (NormalDensity(x),),
    LogisticGate: lambda x: (LogisticGateSlope(x),),
    LogisticGateSlope: lambda x: (LogisticSlope(x) * (2 - x * HyperbolicTangent(x / 2)),),
    NormalGate: lambda x: (NormalGateSlope(x),),
    NormalGateSlope: lambda x: (NormalDensity(x) * (2 - x**2),),
    SoftTangentGate: lambda x: (SoftTangentGateSlope(x),),
    SoftTangentGateSlope: lambda x: (2 * SoftTangentSlope(x) + x * _soft_curvature(x),),
    ExpDifference: lambda x, y: (ExpDifference(x, y), -ExpDifference(x, y)),
    Difference: lambda x, y: (_ONE, -_ONE),
    SinTurns: lambda x: (2 * sp.pi * CosTurns(x),),
    CosTurns: lambda x: (-2 * sp.pi * SinTurns(x),),
    SinTurnsFrom: lambda x, p: (2 * sp.pi * CosTurnsFrom(x, p), CosTurnsFrom(x, p)),
    CosTurnsFrom: lambda x, p: (-2 * sp.pi * SinTurnsFrom(x, p), -SinTurnsFrom(x, p)),
    OnePlusPower: _one_plus_power,
    GeometricSum: lambda x, y: (GeometricSlope(x, y), -(x**y) * sp.log(x) / (1 - x)),
    GeometricSlope: _geometric_curvature,
    ScaledLog1p: lambda x, y: (1 / (1 + x / y), Log1pGap(x / y)),
    Log1pGap: lambda x: (x / (1 + x) ** 2,),
    LogGammaExcess: lambda x, a: (DigammaExcess(x, a), sp.polygamma(0, x + a) - sp.log(x)),
    DigammaExcess: _digamma_excess,
    PowerComplement: lambda x, y: (-y * x ** (y - 1), -sp.log(x) * x**y),
    XLog1pY: _xlog1py,
    LogRatio: lambda x, y: (1 / x, -1 / y),
    OnePlusLogRatio: lambda x, y: (1 / x, -1 / y),
    OnePlusLog: lambda x: (1 / x,),
    LogOverMean: lambda x, y: (y / (x * (x + y)), -1 / (x + y)),
    Logit: lambda x: (1 / (x * (1 - x)),),
    BinaryExponent: lambda x: (_ZERO,),
    LogApart: lambda x, k: (1 / x, -sp.log(2)),
    ExpOfParts: _exp_of_parts,
    ExpQuotient: lambda x: (ExpQuotient(x) * ExpMean(x),),
    ExpMean: lambda x: (LangevinSlope(x / 2) / 4,),
    Langevin: lambda x: (LangevinSlope(x),),
    LangevinSlope: lambda x: (2 * (Langevin(x) / x - LangevinSlope(x)) / x - 2 * Langevin(x) * LangevinSlope(x),),
    Sinc: lambda x: (SincSlope(x),),
    SincSlope: lambda x: (-Sinc(x) - 2 * SincSlope(x) / x,),
    XLogX: lambda x: (OnePlusLog(x),),
    XLogRatio: lambda x, y: (OnePlusLogRatio(x, y), -x / y),
    WeightedLogRatio: _weighted,
    LogExcess: lambda x, y, r: (OnePlusLogRatio(x, y), -x / y, -_ONE),
    RelativeEntropy: lambda x, y: (LogRatio(x, y), Difference(y, x) / y),
    LogShortfall: lambda x, y: (Difference(x, y) / (x * y), Difference(y, x) / y**2),
    MeanDivergence: lambda x, y: (LogOverMean(x, y), LogOverMean(y, x)),
    BinaryEntropy: lambda x: (-Logit(x),),
    BinaryDivergence: lambda x, y: (LogRatio(x, y) + LogRatio(1 - y, 1 - x), Difference(y, x) / (y * (1 - y))),
}
"""Head -> its slope in each argument."""
