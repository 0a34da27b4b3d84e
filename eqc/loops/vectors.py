"""Which functions run in vector instructions, so that loops are laid out for them, and what kernels call them."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir import stable
from eqc.ir.terms import Maximum, Minimum

VECTOR: Mapping[type, str] = {
    sp.exp: "_exp",
    sp.log: "_log",
    sp.sin: "_sin",
    sp.cos: "_cos",
    sp.sinh: "_sinh",
    sp.cosh: "_cosh",
    sp.tanh: "_tanh",
    sp.erf: "_erf",
    sp.erfc: "_erfc",
    stable.ExpDifference: "_exp_difference",
    stable.Log1p: "_log1p",
    stable.Expm1: "_expm1",
    stable.Logistic: "_sigmoid",
    stable.LogCosh: "_log_cosh",
    stable.LogisticSlope: "_logistic_slope",
    stable.Log1pExp: "_softplus",
    stable.HyperbolicTangent: "_tanh",
    stable.NormalDensity: "_normal_density",
    stable.NormalProbability: "_normal_probability",
    stable.LogisticGate: "_logistic_gate",
    stable.LogisticGateSlope: "_logistic_gate_slope",
    stable.NormalGate: "_normal_gate",
    stable.NormalGateSlope: "_normal_gate_slope",
    stable.SoftTangentGate: "_soft_tangent_gate",
    stable.SoftTangentGateSlope: "_soft_tangent_gate_slope",
    stable.OnePlusPower: "_one_plus_power",
    stable.BinaryExponent: "_binary_exponent",
    stable.LogApart: "_log_apart",
    stable.LogRatio: "_log_ratio",
    stable.OnePlusLogRatio: "_one_plus_log_ratio",
    stable.OnePlusLog: "_one_plus_log",
    stable.LogOverMean: "_log_over_mean",
    stable.Logit: "_logit",
    stable.LogExcess: "_log_excess",
    stable.MeanDivergence: "_mean_divergence",
    Maximum: "_maximum",
    Minimum: "_minimum",
}
"""Functions that are compiled to vector instructions."""

SLOW_ALONE = tuple(head for head in VECTOR if head not in (Maximum, Minimum))
"""Functions that take much longer for one number than in vectors."""
