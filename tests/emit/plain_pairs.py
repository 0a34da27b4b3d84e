"""What `eqc.emit._pairs` is for compiled code, in floats for plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from eqc.emit._pairs import BLOCK


def collect(sums: Any, entry: int, term: float) -> None:
    sums[0, entry] += term


def put(sums: Any, lane: int, term: float) -> Any:
    sums[1, lane] = term
    return sums


def put_one(sums: Any, term: float) -> Any:
    sums[0, 0] += term
    return sums


def add_up(sums: Any, count: int) -> None:
    sums[0, 0] += sums[1, :count].sum()


def power_of(x: float, n: float) -> float:
    return float(np.float64(x) ** n)


def _whole(function: Callable[[np.float64], Any]) -> Callable[[float], float]:
    def plain(x: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(np.float64(x)))

    return plain


PLAIN: dict[str, Any] = {
    "as_pair": float,
    "nearest": float,
    "stored": lambda high, low: high + low,
    "parts": lambda x: (x, 0.0),
    "gap": lambda x, y: x - y,
    "lesser_of": min,
    "greater_of": max,
    "lanes": lambda dtype: np.zeros((2, BLOCK)),
    "pair_lanes": lambda dtype: np.zeros((2, BLOCK)),
    "few_lanes": lambda dtype: np.zeros((2, BLOCK)),
    "place_of": lambda begin, lane: begin + lane,
    "put": put,
    "put_one": put_one,
    "add_up": add_up,
    "total_of": lambda sums: float(sums[0, 0]),
    "collect": collect,
    "entry_of": lambda sums, lane: sums[0, lane] + sums[1, lane],
    "pair_pi": lambda: math.pi,
    "pair_e": lambda: math.e,
    "power_of": power_of,
    "rational_power_of": lambda x, p, q: power_of(x, p / q),
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
