"""Logarithms of ratios and what relative entropies are sums of, compiled, against many digits."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from numba import njit

from eqc.emit import _vector


def logarithm(x: Any, y: Any) -> Any:
    return mpmath.log(x / y)


def times_log(x: Any, y: Any) -> Any:
    return x * mpmath.log(x / y) if x else mpmath.mpf(0)


EXACT: dict[str, Callable[[Any, Any], Any]] = {
    "log_ratio": logarithm,
    "one_plus_log_ratio": lambda x, y: 1 + logarithm(x, y),
    "one_plus_log": lambda x, y: 1 + mpmath.log(x),
    "log_over_mean": lambda x, y: logarithm(2 * x, x + y),
    "logit": lambda x, y: logarithm(x, 1 - x),
    "log_excess": lambda x, y: times_log(x, y) - (x - y),
    "mean_divergence": lambda x, y: times_log(x, (x + y) / 2) + times_log(y, (x + y) / 2),
}
# The greatest error in units of the last place, and where the second number is, in terms of the first.
ULPS: dict[str, float] = {
    "log_ratio": 1.9,
    "one_plus_log_ratio": 3.0,
    "one_plus_log": 3.2,
    "log_over_mean": 3.3,
    "logit": 3.3,
    "log_excess": 13.0,
    "mean_divergence": 4.5,
}
CALLS = dict.fromkeys(EXACT, "x[i], y[i]") | {
    "one_plus_log": "x[i]",
    "logit": "x[i]",
    "log_excess": "x[i], y[i], x[i] - y[i]",
}
DTYPES = (np.float64, np.float32)


@cache
def loop(name: str) -> Any:
    space = {"function": getattr(_vector, name)}
    text = f"def run(x, y, out):\n    for i in range(x.shape[0]):\n        out[i] = function({CALLS[name]})\n"
    exec(text, space)  # the calls differ in what they take
    return njit(error_model="numpy")(space["run"])


def values(name: str, x: Any, y: Any) -> Any:
    out = np.empty_like(x)
    loop(name)(x, y, out)
    return out


def points(dtype: Any, count: int = 250) -> tuple[Any, Any]:
    """Numbers of one size, close ones, those near the root of 1 + log(x/y), and the whole range of normal floats."""
    rng = np.random.default_rng(11)
    spread = 300.0 if dtype is np.float64 else 36.0
    x = 10 ** rng.uniform(-8, 8, 5 * count)
    factors = (rng.uniform(0.1, 4, count), 1 + 10 ** rng.uniform(-15, -1, count), rng.uniform(0.5, 2, count))
    y = x * np.concatenate([*factors, math.e * rng.uniform(0.7, 1.4, count), np.ones(count)])
    x[-count:], y[-count:] = 10 ** rng.uniform(-spread, spread, count), 10 ** rng.uniform(-spread, spread, count)
    return x.astype(dtype), y.astype(dtype)


def error(found: Any, exact: Any) -> float:
    size = np.spacing(type(found)(max(abs(float(exact)), float(np.finfo(type(found)).tiny))))
    return float(abs(mpmath.mpf(float(found)) - exact)) / float(size) if math.isfinite(found) else math.inf


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_errors_in_units_of_the_last_place(name: str, dtype: Any) -> None:
    x, y = points(dtype)
    x = np.clip(x / (x + y), np.finfo(dtype).tiny, 1 - np.finfo(dtype).epsneg) if name == "logit" else x
    found = values(name, x, y)
    assert found.dtype == dtype
    with mpmath.workdps(60):
        pairs = zip(x, y, found, strict=True)
        errors = [error(z, EXACT[name](mpmath.mpf(float(a)), mpmath.mpf(float(b)))) for a, b, z in pairs]
    assert max(errors) <= ULPS[name]


INF, NAN = math.inf, math.nan
ENDS = [
    (0, 1, -INF),
    (1, 0, INF),
    (0, 0, NAN),
    (INF, 1, INF),
    (1, INF, -INF),
    (NAN, 1, NAN),
    (1, NAN, NAN),
    (-1, 1, NAN),
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_infinities_nan_and_signs(dtype: Any) -> None:
    x, y, expected = (np.array(column, dtype) for column in zip(*ENDS, strict=True))
    np.testing.assert_array_equal(values("log_ratio", x, y), expected)
    np.testing.assert_array_equal(values("one_plus_log_ratio", x, y), expected)
    np.testing.assert_allclose(values("log_ratio", -x[:0] - 2, y[:0]), [])
    assert values("log_ratio", np.array([-2.0]), np.array([-1.0]))[0] == pytest.approx(math.log(2))
    some = np.array([0, 2, 0, 3], dtype), np.array([2, 0, 0, 3], dtype)
    np.testing.assert_array_equal(values("log_excess", *some), [2, INF, 0, 0])
    np.testing.assert_allclose(values("mean_divergence", *some), 2 * np.log([2, 2, 1, 1]), rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logarithms_of_ratios_of_denormal_and_of_the_largest_numbers(dtype: Any) -> None:
    least, greatest = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    x, y = np.array([least, greatest, 3 * least], dtype), np.array([greatest, least, least], dtype)
    span = math.log(float(greatest)) - math.log(float(least))
    np.testing.assert_allclose(values("log_ratio", x, y), [-span, span, math.log(3)], rtol=2e-7)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of x86 instructions")
@pytest.mark.parametrize("name", EXACT)
def test_loops_are_vectors(name: str) -> None:
    values(name, np.ones(3), np.ones(3))
    (code,) = (c for s, c in loop(name).inspect_asm().items() if "float64" in str(s))
    assert re.search(r"vfn?m(add|sub)\d+pd\s.*%[yz]mm", code)


def test_they_run_without_compilation_too() -> None:
    with mpmath.workdps(30):
        for name, exact in EXACT.items():
            x, y = 0.3, 0.25
            arguments = {"one_plus_log": (x,), "logit": (x,), "log_excess": (x, y, x - y)}.get(name, (x, y))
            expected = float(exact(mpmath.mpf(x), mpmath.mpf(y)))
            assert math.isclose(getattr(_vector, name)(*arguments), expected, rel_tol=1e-12)
