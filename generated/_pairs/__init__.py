# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Pairs of floats: a number and what its rounding left over, for sums that cancel and exponents that are large.

A pair is high + low in float64. What belongs to single precision is computed in double precision instead: such a "pair"
has no low part. Plain floats and whole numbers among the operands are exact. Where a high part overflows, the low one
may come out as NaN or infinite: it is then left out, so that no result is worse than that of floats.
"""

from .extrema import greater_of, lesser_of
from .functions import cos_of, exp_of, expm1_of, log_of, power_of, rational_power_of, sigmoid_of, sin_of, softplus_of
from .number import as_pair, cube_of, gap, nearest, pair, pair_e, pair_pi, parts, root_of, size_of, square_of, stored
from .sums import BLOCK, add_up, collect, entry_of, few_lanes, lanes, pair_lanes, place_of, put, put_one, total_of
from .together import whole_pair, whole_pairs

__all__ = [
    "BLOCK",
    "add_up",
    "as_pair",
    "collect",
    "cos_of",
    "cube_of",
    "entry_of",
    "exp_of",
    "expm1_of",
    "few_lanes",
    "gap",
    "greater_of",
    "lanes",
    "lesser_of",
    "log_of",
    "nearest",
    "pair",
    "pair_e",
    "pair_lanes",
    "pair_pi",
    "parts",
    "place_of",
    "power_of",
    "put",
    "put_one",
    "rational_power_of",
    "root_of",
    "sigmoid_of",
    "sin_of",
    "size_of",
    "softplus_of",
    "square_of",
    "stored",
    "total_of",
    "whole_pair",
    "whole_pairs",
]
