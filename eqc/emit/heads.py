"""Which function computes each head: in floats by Python's math module or by helpers, and in wide numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.ir import stable
from eqc.ir.terms import Converged, Expr, Magnitude, Maximum, Minimum, Quotient, XLogY
from eqc.loops.vectors import VECTOR

MATH: Mapping[type, str] = {
    sp.tan: "tan",
    sp.asin: "asin",
    sp.acos: "acos",
    sp.atan: "atan",
    sp.atan2: "atan2",
    sp.asinh: "asinh",
    sp.acosh: "acosh",
    sp.atanh: "atanh",
    sp.gamma: "gamma",
    sp.loggamma: "lgamma",
}
"""Functions of Python's math module, which Numba compiles."""

RUNTIME: Mapping[type, str] = {
    sp.sign: "_sign",
    sp.polygamma: "_polygamma",
    Quotient: "_exact",
    XLogY: "_xlogy",
    Converged: "_converged",
}
"""Functions of the runtime module that is written beside the kernels; a leading underscore hides no record's name."""

STABLE: Mapping[type, str] = {
    stable.Log1mExp: "_log_1m_exp",
    stable.SoftTangent: "_soft_tangent",
    stable.SoftTangentSlope: "_soft_tangent_slope",
    stable.SinTurns: "_sin_turns",
    stable.CosTurns: "_cos_turns",
    stable.PowerComplement: "_power_complement",
    stable.XLog1pY: "_xlog1py",
    stable.SinTurnsFrom: "_sin_turns_from",
    stable.CosTurnsFrom: "_cos_turns_from",
    stable.GeometricSum: "_sum_of_powers",
    stable.GeometricSlope: "_geometric_slope",
    stable.ScaledLog1p: "_scaled_log1p",
    stable.Log1pGap: "_log1p_gap",
    stable.LogGammaExcess: "_log_gamma_excess",
    stable.DigammaExcess: "_digamma_excess",
    stable.ExpOfParts: "_exp_of_parts",
    stable.ExpQuotient: "_exp_quotient",
    stable.ExpMean: "_exp_mean",
    stable.Langevin: "_langevin",
    stable.LangevinSlope: "_langevin_slope",
    stable.Sinc: "_sinc",
    stable.SincSlope: "_sinc_slope",
    stable.XLogX: "_xlogx",
    stable.XLogRatio: "_xlog_ratio",
    stable.WeightedLogRatio: "_weighted_log_ratio",
    stable.RelativeEntropy: "_relative_entropy",
    stable.LogShortfall: "_log_shortfall",
    stable.BinaryEntropy: "_entropy_of_two",
    stable.BinaryDivergence: "_binary_divergence",
}
"""Functions of the module of stable forms, which is written beside the kernels too."""

OF_PRODUCTS: Mapping[type, str] = {
    stable.SinTurns: "_sin_turns_of",
    stable.CosTurns: "_cos_turns_of",
    stable.SinTurnsFrom: "_sine_of_turns",
    stable.CosTurnsFrom: "_cosine_of_turns",
}
"""Those that take the two factors of a product, whose rounding would spoil the result."""

WIDE: Mapping[type, str] = {
    sp.exp: "_wide_exp",
    sp.log: "_wide_log",
    sp.sin: "_wide_sin",
    sp.cos: "_wide_cos",
    sp.sinh: "_wide_sinh",
    sp.cosh: "_wide_cosh",
    sp.tanh: "_wide_tanh",
    sp.loggamma: "_wide_log_gamma",
    sp.Abs: "_size",
    Magnitude: "_size",
    sp.sign: "_signum",
    sp.floor: "_whole_below",
    sp.ceiling: "_whole_above",
    sp.Mod: "_remainder",
    XLogY: "_wide_xlogy",
    stable.Log1p: "_wide_log_1p",
    stable.Expm1: "_wide_exp_m1",
    stable.Logistic: "_wide_logistic",
    stable.LogisticSlope: "_wide_logistic_slope",
    stable.Log1pExp: "_wide_log_1p_exp",
    stable.Log1mExp: "_wide_log_1m_exp",
    stable.HyperbolicTangent: "_wide_tanh",
    stable.LogCosh: "_wide_log_cosh",
    stable.ExpDifference: "_wide_exp_difference",
    stable.Difference: "_minus",
    stable.SinTurns: "_wide_sin_turns",
    stable.CosTurns: "_wide_cos_turns",
    stable.PowerComplement: "_wide_power_complement",
    stable.XLog1pY: "_wide_xlog1py",
}
"""Head -> the function on wide numbers. Others are computed in floats."""

_AS_DEFINED = (
    stable.BinaryExponent,
    stable.LogApart,
    stable.ExpOfParts,
    stable.LogRatio,
    stable.OnePlusLogRatio,
    stable.OnePlusLog,
    stable.LogOverMean,
    stable.Logit,
    stable.XLogX,
    stable.XLogRatio,
    stable.WeightedLogRatio,
    stable.LogExcess,
    stable.RelativeEntropy,
    stable.LogShortfall,
    stable.MeanDivergence,
    stable.BinaryEntropy,
    stable.BinaryDivergence,
    stable.OnePlusPower,
    stable.GeometricSum,
    stable.GeometricSlope,
    stable.ScaledLog1p,
    stable.Log1pGap,
    stable.LogGammaExcess,
    stable.DigammaExcess,
)


def _sin_turns_from(x: Expr, phase: Expr) -> Expr:
    return stable.SinTurns(x) * sp.cos(phase) + stable.CosTurns(x) * sp.sin(phase)


def _cos_turns_from(x: Expr, phase: Expr) -> Expr:
    return stable.CosTurns(x) * sp.cos(phase) - stable.SinTurns(x) * sp.sin(phase)


IN_WIDE: Mapping[type, Callable[..., Expr]] = {
    **{head: stable.DEFINITIONS[head] for head in _AS_DEFINED},
    stable.ExpQuotient: lambda x: stable.Expm1(x) / x,
    stable.SinTurnsFrom: _sin_turns_from,
    stable.CosTurnsFrom: _cos_turns_from,
}
"""Stable heads in terms of others: wide numbers have digits enough for them."""

ARITHMETIC = (
    *("_wide", "_narrow", "_load", "_store", "_ratio", "_negative", "_plus", "_minus", "_times", "_over", "_wide_root"),
    *("_compare", "_greater", "_lesser", "_whole_power", "_wide_power", "_wide_digamma"),
    *("_ZERO", "_ONE", "_PI", "_E"),
)
"""What else the module of wide numbers gives."""

PAIRS: Mapping[type, str] = {
    sp.exp: "_exp_of",
    sp.log: "_log_of",
    sp.sin: "_sin_of",
    sp.cos: "_cos_of",
    stable.Expm1: "_expm1_of",
    stable.Logistic: "_sigmoid_of",
    stable.Log1pExp: "_softplus_of",
    sp.Abs: "_size_of",
    Magnitude: "_size_of",
}
"""Head -> the function on pairs of floats. Others are computed in floats."""

PAIRS_OF_TWO: Mapping[type, str] = {Maximum: "_greater_of", Minimum: "_lesser_of"}
"""The same for functions of two numbers, each of which may be a float."""

OF_PAIRS = (
    *("_as_pair", "_stored", "_parts", "_nearest", "_gap", "_collect", "_entry_of"),
    *("_lanes", "_pair_lanes", "_few_lanes", "_place_of", "_put", "_put_one", "_add_up", "_total_of"),
    *("_root_of", "_square_of", "_cube_of", "_power_of", "_rational_power_of", "_pair_pi", "_pair_e"),
    *("_whole_pair", "_whole_pairs"),
)
"""What else the module of pairs gives."""

OF_FACTORS = (
    *("_cholesky", "_factor_log_determinant", "_factor_inverse"),
    *("_factor_solve", "_factor_solve_vector"),
)
"""What the module of Cholesky factors gives."""

OF_TEAMS = (
    *(
        "_begin",
        "_end",
        "_leads",
        "_meet",
        "_leave",
        "_shared_empty",
        "_shared_zeros",
        "_own",
        "_share",
        "_whole_array",
    ),
    *("_whole_sum", "_whole_product", "_whole_maximum", "_whole_minimum", "_whole_largest", "_whole_least"),
)
"""What threads that work on one item call."""

MODULES: Mapping[str, str] = {
    **dict.fromkeys((*PAIRS.values(), *PAIRS_OF_TWO.values(), *OF_PAIRS), "_pairs"),
    **dict.fromkeys(VECTOR.values(), "_vector"),
    **dict.fromkeys(
        (
            "_DoubleCompiler",
            "_KernelCompiler",
            "_add",
            "_add_product",
            "_add_square",
            "_multiply",
            "_pick",
            "_power",
            "_quotient",
            "_rational_power",
            "_root_of_cube",
            "_watch",
        ),
        "_vector",
    ),
    **dict.fromkeys(
        (
            "_largest",
            "_least",
            "_matrix_product",
            "_vector_product",
            "_symmetric_product",
            "_mirror",
            "_products_without",
            "_discounted",
            "_block_rows",
            "_item_of",
            "_shaped",
            "_shaped_result",
        ),
        "_vector",
    ),
    **dict.fromkeys(("_rows_at", "_columns_at", "_width", "_no_tile", "_across", "_inside"), "_vector"),
    **dict.fromkeys(("_place_of_largest", "_place_of_least"), "_vector"),
    **dict.fromkeys(("_sin_turns_of", "_cos_turns_of", *STABLE.values()), "_stable"),
    **dict.fromkeys(OF_FACTORS, "_cholesky"),
    **dict.fromkeys(("_sine_of_turns", "_cosine_of_turns"), "_vector"),
    **dict.fromkeys((*WIDE.values(), *ARITHMETIC), "_wide"),
    **dict.fromkeys(OF_TEAMS, "_team"),
}
"""Where a helper comes from, if not from the runtime module."""
