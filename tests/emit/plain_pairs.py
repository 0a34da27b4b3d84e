"""What `eqc.emit.pairs` is for compiled code, in floats for plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from eqc.emit.pairs import LANES


def collect(sums: Any, lane: int, term: float) -> None:
    sums[0, lane] += term


def power_of(x: float, n: int) -> float:
    return float(np.float64(x) ** n)


def _whole(function: Callable[[np.float64], Any]) -> Callable[[float], float]:
    def plain(x: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(np.float64(x)))

    return plain


PLAIN: dict[str, Any] = {
    "as_pair": float,
    "nearest": float,
    "pair": lambda high, low: high + low,
    "parts": lambda x: (x, 0.0),
    "gap": lambda x, y: x - y,
    "lanes": lambda: np.zeros((2, LANES)),
    "collect": collect,
    "total_of": lambda sums, count: float(sums.sum()),
    "entry_of": lambda sums, lane: sums[0, lane] + sums[1, lane],
    "pair_pi": lambda: math.pi,
    "pair_e": lambda: math.e,
    "power_of": power_of,
    "square_of": _whole(np.square),
    "cube_of": _whole(lambda x: x * x * x),
    "root_of": _whole(np.sqrt),
    "size_of": abs,
    "exp_of": _whole(np.exp),
    "log_of": _whole(np.log),
    "expm1_of": _whole(np.expm1),
    "sigmoid_of": _whole(lambda x: 1 / (1 + np.exp(-x))),
    "softplus_of": _whole(lambda x: np.logaddexp(0, x)),
    "sin_of": _whole(np.sin),
    "cos_of": _whole(np.cos),
}
