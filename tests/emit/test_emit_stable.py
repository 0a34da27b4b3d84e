"""Stable forms as generated kernels compute them, against many digits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import log, loggamma, mpf, psi
from numba import njit

from eqc.emit import _vector, stable

Point = tuple[float, ...]


@njit(error_model="numpy")
def sine(x, y, phase):
    return _vector.sine_of_turns(x, y, phase)


@njit(error_model="numpy")
def cosine(x, y, phase):
    return _vector.cosine_of_turns(x, y, phase)


@njit(error_model="numpy")
def power(x, y):
    return _vector.one_plus_power(x, y)


@njit(error_model="numpy")
def complement(x, y):
    return _vector.power_complement(x, y)


def geometric(x: Any, n: Any) -> Any:
    return (1 - x**n) / (1 - x)


def near_one(rng: Any) -> Point:
    x = rng.choice([rng.uniform(0, 1), 1 - 10 ** rng.uniform(-15, -1), 10 ** rng.uniform(-8, 0)])
    return float(x), float(rng.integers(2, 10) if rng.random() < 0.5 else int(10 ** rng.uniform(0, 7)))


def gammas(rng: Any) -> Point:
    return float(10 ** rng.uniform(-6, 8)), float(rng.choice([0.5, 1 / 3, 0.25]))


def turns(rng: Any) -> Point:
    return tuple(float(10 ** rng.uniform(-8, 8) * rng.choice((-1, 1))) for _ in range(3))


def grown(rng: Any) -> Point:
    x = float(10 ** rng.uniform(-10, 0) * rng.choice((-0.9, 1)))
    return x, float(rng.uniform(-300, 300) / math.log1p(x))


def raised(rng: Any) -> Point:
    """A power between the ends of the floats, near 1 and far away."""
    x = float(rng.choice([10 ** rng.uniform(-300, 300), 1 - 10 ** rng.uniform(-15, -1), rng.uniform(0, 1)]))
    return x, float(rng.uniform(-690, 690) * 10 ** rng.uniform(-8, 0) / math.log(x))


def parts(rng: Any) -> Point:
    return float(rng.uniform(-5, 5)), float(rng.integers(-1000, 1000)), -1.0, float(rng.integers(10, 50))


def around_zero(rng: Any) -> Point:
    return (
        float(rng.choice((-1, 1)) * rng.choice([10 ** rng.uniform(-12, 0), rng.uniform(0, 4), rng.uniform(0, 40)])),
    )


def near_zero(rng: Any) -> Point:
    """Before the slope of sin(x)/x has a root, where it has no relative accuracy."""
    return (float(rng.choice((-1, 1)) * rng.choice([10 ** rng.uniform(-12, 0), rng.uniform(0, 4)])),)


def coth_less(x: Any) -> Any:
    return mpmath.coth(x) - 1 / x


def signed(rng: Any) -> Point:
    return (float(rng.choice([10 ** rng.uniform(-10, 10), -rng.uniform(0, 0.99), -(10 ** rng.uniform(-10, -1))])),)


CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[[Any], Point], float]] = {
    "sum_of_powers": (stable.sum_of_powers, geometric, near_one, 4),
    "geometric_slope": (
        stable.geometric_slope,
        lambda x, n: (geometric(x, n) - n * x ** (n - 1)) / (1 - x),
        near_one,
        8,
    ),
    "log_gamma_excess": (
        stable.log_gamma_excess,
        lambda x, a: loggamma(x + a) - loggamma(x) - a * log(x),
        gammas,
        12,
    ),
    "digamma_excess": (stable.digamma_excess, lambda x, a: psi(0, x + a) - psi(0, x) - a / x, gammas, 12),
    "log1p_gap": (stable.log1p_gap, lambda t: log(1 + t) - t / (1 + t), signed, 8),
    "log1p_less": (stable.log1p_less, lambda t: log(1 + t) - t, signed, 8),
    "sine_of_turns": (sine, lambda x, y, p: mpmath.sin(2 * mpmath.pi * x * y + p), turns, 1.1),
    "cosine_of_turns": (cosine, lambda x, y, p: mpmath.cos(2 * mpmath.pi * x * y + p), turns, 1.1),
    "exp_of_parts": (stable.exp_of_parts, lambda x, k, a, b: mpmath.exp((x + k * log(2)) * a / b), parts, 3),
    "exp_quotient": (stable.exp_quotient, lambda x: mpmath.expm1(x) / x, around_zero, 3),
    "exp_mean": (stable.exp_mean, lambda x: (1 + coth_less(x / 2)) / 2, around_zero, 8),
    "langevin": (stable.langevin, coth_less, around_zero, 4),
    "langevin_slope": (stable.langevin_slope, lambda x: 1 / x**2 - mpmath.csch(x) ** 2, around_zero, 12),
    "sinc": (stable.sinc, lambda x: mpmath.sin(x) / x, around_zero, 2),
    "sinc_slope": (stable.sinc_slope, lambda x: (mpmath.cos(x) - mpmath.sin(x) / x) / x, near_zero, 8),
    "power_complement": (complement, lambda x, y: 1 - x**y, raised, 1.5),
    "one_plus_power": (power, lambda x, y: (1 + x) ** y, grown, 1.5),
}
"""Function, what it is, where, and the greatest error in units of the last place."""


@pytest.mark.parametrize("name", CASES)
def test_errors_in_units_of_the_last_place(name: str) -> None:
    function, exact, draw, ulps = CASES[name]
    rng = np.random.default_rng(len(name))
    with mpmath.workdps(80):
        for _ in range(300):
            at = draw(rng)
            expected = exact(*map(mpf, at))
            assert abs(function(*at) - expected) <= ulps * mpf(float(np.spacing(abs(float(expected))))), at


def test_sums_of_one_and_of_no_powers() -> None:
    assert (stable.sum_of_powers(1.0, 5.0), stable.sum_of_powers(0.3, 0.0)) == (5.0, 0.0)
    assert (stable.geometric_slope(0.3, 1.0), stable.geometric_slope(0.3, 0.0)) == (0.0, 0.0)
    assert stable.geometric_slope(1.0, 5.0) == pytest.approx(10.0)
    assert [stable.geometric_slope(0.0, y) for y in (2.0, 3.0, 0.5)] == [1.0, 1.0, -np.inf]
    assert [stable.sum_of_powers(x, 3) for x in (0.0, -2.0, -1.0)] == [1.0, 3.0, 1.0]
    assert stable.geometric_slope(-0.3, 3) == pytest.approx(0.4)
    assert complement(np.float32(0.5), 3) == 0.875
    assert np.isnan([stable.sum_of_powers(np.nan, 3.0), stable.geometric_slope(np.nan, 3.0)]).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logarithms_without_their_whole_powers(dtype: Any) -> None:
    limits = np.finfo(dtype)
    x = np.array([limits.smallest_subnormal, limits.tiny, 0.7, 0.75, 1, 1.4, 1.5, 3, 1e30, limits.max], dtype)
    k = np.array([apart(y)[0] for y in x])
    assert list(k) == [math.floor(mpmath.log(float(y), 2) + 0.5) for y in x]
    found = np.array([apart(y)[1] for y in x])
    np.testing.assert_allclose(found, [float(log(mpf(float(y)) / mpf(2) ** int(n))) for y, n in zip(x, k, strict=True)])
    assert apart(dtype(0)) == (0, -math.inf)
    assert apart(dtype(math.inf)) == (0, math.inf)


@njit(error_model="numpy")
def apart(x):
    k = _vector.binary_exponent(x)
    return k, _vector.log_apart(x, k)


def test_limits() -> None:
    limits = {stable.exp_quotient: 1, stable.exp_mean: 0.5, stable.langevin: 0, stable.langevin_slope: 1 / 3}
    for function, limit in {**limits, stable.sinc: 1, stable.sinc_slope: 0}.items():
        assert function(0.0) == pytest.approx(limit)
        assert math.isnan(function(math.nan))
    assert (stable.langevin(1e300), stable.langevin(-1e300), stable.exp_mean(-1e300)) == (1, -1, 1e-300)
    assert math.isfinite(stable.exp_quotient(715.0))


@njit(error_model="numpy")
def gamma_excesses(x, values, slopes):
    for i in range(x.size):
        values[i] = stable.log_gamma_excess(x[i], 0.5)
        slopes[i] = stable.digamma_excess(x[i], 0.5)


def test_gamma_functions_half_apart_run_in_vectors() -> None:
    x = np.array([math.nan, -1.0, 0.0, 1e-300, 11.999, 12.0, 1e150] + [3.0] * 9)
    values, slopes = np.empty_like(x), np.empty_like(x)
    gamma_excesses(x, values, slopes)
    assert np.isnan(values[:3]).all()
    assert np.isnan(slopes[:3]).all()
    assert values[3] == pytest.approx(math.log(math.pi) / 2 - math.lgamma(1e-300) + 150 * math.log(10))
    assert values[4:6] == pytest.approx([-1 / (8 * y) for y in x[4:6]], rel=1e-3)
    assert (values[6], slopes[6]) == pytest.approx((-1.25e-151, 0.0))
    assert re.search(r"fdiv <\d+ x double>", next(iter(gamma_excesses.inspect_llvm().values())))


def test_powers_at_the_ends() -> None:
    assert (power(-1.0, 2.0), power(-1.0, -1.0), power(math.inf, 1.0)) == (0.0, math.inf, math.inf)
    assert power(-3.0, 3.0) == -8.0
    assert math.isnan(power(-3.0, 0.5))


def test_logarithms_without_weight_count_nothing_up_to_the_largest_numbers() -> None:
    most = np.finfo(float).max
    assert [stable.xlog1py(0.0, y) for y in (-1.0, 0.0, most)] == [0, 0, 0]
    assert [stable.xlog_ratio(0.0, y) for y in (0.5, most)] == [0, 0]
    assert [stable.weighted_log_ratio(0.0, x, most) for x in (0.5, most)] == [0, 0]
    ends = (
        stable.xlog1py(0.0, math.inf),
        stable.xlog_ratio(0.0, math.nan),
        stable.weighted_log_ratio(0.0, 1.0, math.inf),
    )
    assert all(map(math.isnan, ends))
