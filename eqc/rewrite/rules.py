"""The rules for numerical stability, by mathematical headings. A rule knows a shape, never a record.

They are tried in the order of this table at every node, arguments first, until none matches.
"""

from __future__ import annotations

import sympy as sp

from eqc.ir.program import reads_of
from eqc.ir.stable import (
    BinaryDivergence,
    BinaryEntropy,
    CosTurns,
    CosTurnsFrom,
    Expm1,
    ExpMean,
    ExpQuotient,
    GeometricSum,
    HyperbolicTangent,
    Langevin,
    Log1mExp,
    Log1p,
    Log1pExp,
    LogCosh,
    LogGammaExcess,
    Logistic,
    LogisticGate,
    LogisticSlope,
    Logit,
    LogRatio,
    LogShortfall,
    MeanDivergence,
    NormalGate,
    NormalProbability,
    OnePlusPower,
    PowerComplement,
    RelativeEntropy,
    ScaledLog1p,
    Sinc,
    SinTurns,
    SinTurnsFrom,
    SoftTangent,
    SoftTangentGate,
    WeightedLogRatio,
    XLog1pY,
    XLogRatio,
    XLogX,
)
from eqc.ir.terms import XLogY
from eqc.rewrite.rule import A, B, Binding, C, Rule

_CANCELS = "the difference of two close numbers loses their digits"
_OVERFLOWS = "the exponential overflows where the quotient does not"
_ROOT_2 = sp.sqrt(2)


def _negative_power(found: Binding) -> bool:
    return bool(found[B].is_Integer and found[B].is_negative)


def _read_both(found: Binding) -> bool:
    """A number times a logarithm is never 0·∞."""
    return bool(reads_of(found[A]) and reads_of(found[B])) and not any(
        isinstance(f, sp.log | Log1p) for f in sp.Mul.make_args(found[A])
    )


def _varying_power(found: Binding) -> bool:
    return not found[B].is_number and bool(reads_of(found[A]))


def _varied(found: Binding) -> bool:
    return bool(reads_of(found[A]) and reads_of(found[B]))


def _weighs(found: Binding) -> bool:
    """Whether the weight of a logarithm may be 0."""
    return not any(isinstance(f, sp.log | Log1p | LogRatio) for f in sp.Mul.make_args(found[A]))


def _small_step(found: Binding) -> bool:
    return bool(found[B].is_number and 0 < found[B] <= 1)


EXPONENTIALS = (
    Rule(sp.exp(A) - 1, Expm1(A), _CANCELS),
    Rule(1 - sp.exp(A), -Expm1(A), _CANCELS),
    Rule(sp.exp(A) - sp.exp(-A), 2 * sp.sinh(A), _CANCELS),
    Rule(sp.exp(A) + sp.exp(-A), 2 * sp.cosh(A), "one function in the place of two"),
    Rule(sp.exp(A) / 2 - sp.exp(-A) / 2, sp.sinh(A), _CANCELS),
    Rule(sp.exp(A) / 2 + sp.exp(-A) / 2, sp.cosh(A), "one function in the place of two"),
)

LOGISTIC = (
    Rule((1 + sp.exp(A)) ** B, Logistic(-A) ** (-B), _OVERFLOWS, where=_negative_power),
    Rule(sp.exp(A) * Logistic(-A), Logistic(A), _OVERFLOWS),
    Rule(sp.exp(A) * Logistic(-A) ** 2, LogisticSlope(A), _OVERFLOWS),
    Rule(1 - Logistic(A), Logistic(-A), _CANCELS),
    Rule(Logistic(A) * Logistic(-A), LogisticSlope(A), "one function in the place of two"),
    Rule(2 * Logistic(A) - 1, HyperbolicTangent(A / 2), _CANCELS),
    Rule(A * Logistic(A), LogisticGate(A), "its slope cancels near a root, unless it is known as a whole"),
)

HYPERBOLIC = (
    Rule(sp.tanh(A), HyperbolicTangent(A), "its slope 1 - tanh² cancels, unless it is known as a whole"),
    Rule(sp.sinh(A) / sp.cosh(A), HyperbolicTangent(A), _OVERFLOWS),
    Rule(Expm1(A) * Logistic(-A), HyperbolicTangent(A / 2), _OVERFLOWS),
    Rule(1 - HyperbolicTangent(A) ** 2, 4 * LogisticSlope(2 * A), _CANCELS),
    Rule(sp.cosh(A) ** -2, 4 * LogisticSlope(2 * A), "the square overflows where its reciprocal does not"),
    Rule(1 + HyperbolicTangent(A), 2 * Logistic(2 * A), _CANCELS),
    Rule(1 - HyperbolicTangent(A), 2 * Logistic(-2 * A), _CANCELS),
    Rule(sp.log(2 * sp.cosh(A)), LogCosh(A) + sp.log(2), "cosh overflows where its logarithm does not"),
    Rule(sp.log(sp.cosh(A)), LogCosh(A), "cosh overflows where its logarithm does not"),
    Rule(HyperbolicTangent(Log1pExp(A)), SoftTangent(A), "a quotient of polynomials in one exponential"),
    Rule(A * SoftTangent(A), SoftTangentGate(A), "its slope cancels near a root, unless it is known as a whole"),
)

LOGARITHMS = (
    Rule(sp.log(1 + sp.exp(A)), Log1pExp(A), "exp overflows, and is lost beside 1"),
    Rule(sp.log(Logistic(A)), -Log1pExp(-A), "the logarithm of what underflows"),
    Rule(sp.log(-Expm1(A)), Log1mExp(A), _CANCELS, "for negative a"),
    Rule(sp.log(1 + A), Log1p(A), "what is small is lost beside 1", "for a above -1"),
    Rule(A * sp.log(B), XLogY(A, B), "0·log 0 is 0 in the mathematics and NaN in floats", "b > 0", _read_both),
    Rule(A * Log1p(B), XLog1pY(A, B), "0·log 0 is 0 in the mathematics and NaN in floats", "b > -1", _read_both),
)

_CLOSE = "what rounding takes from a ratio near 1 is the whole of its logarithm"
_ONE_SIGN = "terms of both signs cancel where it is near 0, and its slope would by parts"
_RATIO = "x and y of one sign"
_POSITIVE = "all numbers positive"

RATIOS = (
    Rule(sp.log(A / B), LogRatio(A, B), _CLOSE, _RATIO, _varied),
    Rule(sp.log(A) - sp.log(B), LogRatio(A, B), _CANCELS, _POSITIVE, _varied),
    Rule(LogRatio(2 * A, A + B), LogRatio(A, A / 2 + B / 2), "the mean is what is compared with", _RATIO),
    Rule(LogRatio(A, 1 - A), Logit(A), _CLOSE, "0 < a < 1"),
    Rule(LogRatio(1 - A, A), -Logit(A), _CLOSE, "0 < a < 1"),
    Rule(sp.log(A) - Log1p(-A), Logit(A), _CANCELS, "0 < a < 1"),
)

ENTROPIES = (
    Rule(XLogY(A, A), XLogX(A), "its slope 1 + log(a) cancels near a root, unless it is known as a whole", _POSITIVE),
    Rule(A * LogRatio(A, B), XLogRatio(A, B), _ONE_SIGN, _RATIO),
    Rule(A * LogRatio(B, C), WeightedLogRatio(A, B, C), "0·log 0 is 0", _RATIO, _weighs),
    Rule(XLogY(A, B) - XLogY(A, C), WeightedLogRatio(A, B, C), _CANCELS, _POSITIVE),
    Rule(XLogX(A) - XLogY(A, B), XLogRatio(A, B), _CANCELS, _POSITIVE),
    Rule(XLogX(A) + XLog1pY(1 - A, -A), -BinaryEntropy(A), _ONE_SIGN, "0 < a < 1"),
    Rule(XLogRatio(A, B) + XLogRatio(1 - A, 1 - B), BinaryDivergence(A, B), _ONE_SIGN, "a, b in (0, 1)"),
    Rule(XLogRatio(A, B) + WeightedLogRatio(1 - A, 1 - A, 1 - B), BinaryDivergence(A, B), _ONE_SIGN, "a, b in (0, 1)"),
    Rule(XLogRatio(A, A / 2 + B / 2) + XLogRatio(B, A / 2 + B / 2), MeanDivergence(A, B), _ONE_SIGN, _POSITIVE),
    Rule(XLogRatio(A, B) - A + B, RelativeEntropy(A, B), _ONE_SIGN, _RATIO),
    Rule(XLogX(A) - A + 1, RelativeEntropy(A, sp.Integer(1)), _ONE_SIGN, _POSITIVE),
    Rule(A / B - LogRatio(A, B) - 1, LogShortfall(A, B), _ONE_SIGN, _RATIO),
    Rule(A / B + LogRatio(B, A) - 1, LogShortfall(A, B), _ONE_SIGN, _RATIO),
    Rule(A - sp.log(A) - 1, LogShortfall(A, sp.Integer(1)), _ONE_SIGN, _POSITIVE),
)

NORMAL = (
    Rule(1 + sp.erf(A), 2 * NormalProbability(_ROOT_2 * A), _CANCELS),
    Rule(1 - sp.erf(A), 2 * NormalProbability(-_ROOT_2 * A), _CANCELS),
    Rule(sp.erfc(_ROOT_2 * A / 2), 2 * NormalProbability(-A), "rounding of a/√2 is magnified in the tail"),
    Rule(A * NormalProbability(A), NormalGate(A), "its slope cancels near a root, unless it is known as a whole"),
)

_NEAR_ONE = "its slope cancels near 1, unless it is known as a whole"

POWERS = (
    Rule(A**2 - B**2, (A - B) * (A + B), _CANCELS),
    Rule(1 - A**2, (1 - A) * (1 + A), _CANCELS),
    Rule((1 + A) ** B, OnePlusPower(A, B), "a power magnifies the rounding of 1 + a", "a > -1", _varying_power),
    Rule(PowerComplement(A, B) / (1 - A), GeometricSum(A, B), _NEAR_ONE, _POSITIVE),
    Rule(PowerComplement(A, B) / (A - 1), -GeometricSum(A, B), _NEAR_ONE, _POSITIVE),
    Rule(1 - A**B, PowerComplement(A, B), _CANCELS, where=_varying_power),
    Rule(A**B - 1, -PowerComplement(A, B), _CANCELS, where=_varying_power),
)

_BEYOND = "the two are large where their difference is small, and so are their slopes"

GAMMAS = (
    Rule(
        sp.loggamma(A + B) - sp.loggamma(A),
        B * sp.log(A) + LogGammaExcess(A, B),
        _BEYOND,
        "a > 0",
        where=_small_step,
    ),
    Rule(XLog1pY(B + 1, A / B), ScaledLog1p(A, B) + Log1p(A / B), _BEYOND, _POSITIVE, _varied),
    Rule(
        XLog1pY(B / 2 + sp.Rational(1, 2), A / B),
        ScaledLog1p(A, B) / 2 + Log1p(A / B) / 2,
        _BEYOND,
        _POSITIVE,
        _varied,
    ),
    Rule(XLog1pY(B, A / B), ScaledLog1p(A, B), _BEYOND, _POSITIVE, _varied),
)

_SINGULAR = "its slope cancels near 0, where the value is a limit"

REMOVABLE = (
    Rule(Expm1(A) / A, ExpQuotient(A), _SINGULAR),
    Rule(A / Expm1(A), 1 / ExpQuotient(A), _SINGULAR),
    Rule(1 / A - 1 / Expm1(A), ExpMean(-A), _CANCELS),
    Rule(-1 / Expm1(-A) - 1 / A, ExpMean(A), _CANCELS),
    Rule(1 / HyperbolicTangent(A) - 1 / A, Langevin(A), _CANCELS),
    Rule(sp.sin(A) / A, Sinc(A), _SINGULAR),
)

_TURN = 2 * sp.pi
_TURNS = "whole turns are taken off exactly, where 2π times a large number has lost its digits"

TRIGONOMETRY = (
    Rule(sp.sin(_TURN * A), SinTurns(A), _TURNS),
    Rule(sp.cos(_TURN * A), CosTurns(A), _TURNS),
    Rule(sp.sin(_TURN * A + B), SinTurnsFrom(A, B), _TURNS),
    Rule(sp.cos(_TURN * A + B), CosTurnsFrom(A, B), _TURNS),
    Rule(1 - sp.cos(A), 2 * sp.sin(A / 2) ** 2, _CANCELS),
)

RULES: tuple[Rule, ...] = (
    *EXPONENTIALS,
    *LOGISTIC,
    *HYPERBOLIC,
    *LOGARITHMS,
    *RATIOS,
    *ENTROPIES,
    *GAMMAS,
    *REMOVABLE,
    *NORMAL,
    *POWERS,
    *TRIGONOMETRY,
)
