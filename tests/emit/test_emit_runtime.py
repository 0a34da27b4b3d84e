"""The functions that generated kernels share, compiled by Numba, against mpmath at many digits."""

from __future__ import annotations

import inspect
import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from emit_samples import plain_runtime, sample_module

from eqc.emit import runtime
from eqc.emit.heads import RUNTIME

NAN, INF = math.nan, math.inf
NUMBERS = [-INF, -1e308, -2.5, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 2.5, 1e308, INF]


def test_every_helper_of_the_printer_is_there() -> None:
    for name in RUNTIME.values():
        assert name.startswith("_") and hasattr(runtime, name[1:])
        assert inspect.getdoc(getattr(runtime, name[1:]))


def test_signs() -> None:
    signs = [runtime.sign(x) for x in NUMBERS]
    assert signs == [-1, -1, -1, -1, -1, 0, 0, 1, 1, 1, 1, 1]
    assert math.isnan(runtime.sign(NAN))
    assert runtime.sign(np.float32(-3)) == -1


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, 0.0),
        (-0.0, 0.0, 0.0),
        (0.0, 5.0, 0.0),
        (1.0, 0.0, -INF),
        (2.0, math.e, 2.0),
        (0.0, NAN, NAN),
        (NAN, 1.0, NAN),
        (NAN, 0.0, NAN),
        (1.0, -1.0, NAN),
        (-1.0, INF, -INF),
        (5e-324, 2.0, 5e-324 * math.log(2)),
    ],
)
def test_x_log_y(x: float, y: float, expected: float) -> None:
    assert same(runtime.xlogy(x, y), expected)


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def test_exact_quotients() -> None:
    assert runtime.exact(12, 4) == 3
    assert runtime.exact(0, 4) == 0
    for a, b in ((7, 2), (1, 0), (0, 0)):
        with pytest.raises(ValueError, match="inexact quotient"):
            runtime.exact(a, b)


POINTS = [1e-5, 0.1, 0.5, 1.0, 1.4616321449683622, 2.0, 3.7, 9.99, 10.0, 19.9, 20.0, 55.5, 1e3, 1e8, 1e15, 1e100]
NEGATIVE = [-1e-5, -0.1, -0.5, -0.9, -1.5, -2.6, -3.001, -9.99, -25.5, -100.25]


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("x", [*POINTS, *NEGATIVE])
def test_polygamma(order: int, x: float) -> None:
    """Relative to the terms that cancel near a zero: the function and its slope over a rounding of x."""
    with mpmath.workdps(60):
        expected = mpmath.polygamma(order, mpmath.mpf(x))
        slope = abs(mpmath.polygamma(order + 1, mpmath.mpf(x)) * x)
        found = runtime.polygamma(order, x)
        scale = abs(expected) + slope if x < 0 or order == 0 else abs(expected)
        assert abs(found - expected) <= 3e-14 * max(scale, mpmath.mpf(10) ** -300), f"{found} for {expected}"


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_polygamma_at_poles_and_ends(order: int) -> None:
    for pole in (0.0, -1.0, -7.0, -1e6):
        found = runtime.polygamma(order, pole)
        assert found == INF if order % 2 else math.isnan(found)
    assert math.isnan(runtime.polygamma(order, NAN))
    assert runtime.polygamma(order, INF) == (INF if order == 0 else 0)


def test_polygamma_of_large_negative_numbers() -> None:
    """The recurrence takes |x| steps; where that would take seconds, there is no number rather than a wrong one."""
    x = -1e6 - 0.5
    with mpmath.workdps(60):
        expected = mpmath.polygamma(1, mpmath.mpf(x))
    assert abs(runtime.polygamma(1, x) - expected) < 1e-5 * abs(expected)
    for far in (-1e15 - 0.5, -1e19, -1e300, -INF):
        assert not math.isfinite(runtime.polygamma(1, far))


def test_polygamma_in_single_precision_arguments() -> None:
    assert abs(runtime.polygamma(0, np.float32(2.0)) - 0.42278433509846713) < 1e-7


def test_plain_python_runs_the_same_functions() -> None:
    plain = plain_runtime()
    for order in (0, 1, 2):
        for x in (0.3, 4.5, -2.5):
            assert math.isclose(plain["polygamma"](order, x), runtime.polygamma(order, x), rel_tol=1e-14)


def test_results_have_the_type_of_the_data() -> None:
    assert runtime.dtype_of(np.ones(2, np.float32)) == np.float32
    assert runtime.dtype_of(np.ones(2)) == np.float64
    assert runtime.dtype_of(np.ones(2, np.int64)) == np.float64


@pytest.mark.parametrize(("name", "meaning"), [("sin_turns_of", mpmath.sin), ("cos_turns_of", mpmath.cos)])
def test_turns_of_products_keep_the_digits_that_rounding_takes(name: str, meaning: Any) -> None:
    rng = random.Random(name)
    for _ in range(300):
        x, y = (rng.choice((-1, 1)) * 10 ** rng.uniform(-8, 8) for _ in range(2))
        with mpmath.workprec(400):
            exact = meaning(2 * mpmath.pi * mpmath.mpf(x) * mpmath.mpf(y))
            assert abs(plain_runtime()[name](x, y) - exact) <= 2 * abs(exact) * mpmath.mpf(2) ** -52, (x, y)


def test_a_tone_keeps_its_digits() -> None:
    tone = sample_module("sin(2*pi*f*t)", f="f", t="t")["sample"]
    with mpmath.workprec(400):
        assert tone(1e8 / 3, 12345.678) == float(
            mpmath.sin(2 * mpmath.pi * mpmath.mpf(1e8 / 3) * mpmath.mpf(12345.678))
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rank", [5, 4, 3])
def test_adjugates_with_and_without_an_inverse(rank: int, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By cofactors, which whole numbers have exactly."""
    rng = np.random.default_rng(rank)
    a = rng.integers(-3, 4, (5, 5))
    a[rank:] = a[0]
    if rank == 5:
        monkeypatch.setattr(runtime, "_adjugate_of_any", None)
    minors = [[np.delete(np.delete(a, j, 0), i, 1).tolist() for j in range(5)] for i in range(5)]
    expected = [[round(mpmath.det(m)) * (-1) ** (i + j) for j, m in enumerate(row)] for i, row in enumerate(minors)]
    found = runtime.adjugate.py_func(a.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * 3**5)
