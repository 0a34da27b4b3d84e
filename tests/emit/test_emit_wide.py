"""Wide numbers against mpmath at many digits."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from emit_samples import plain_runtime, sample_module, sample_source

from eqc.emit.heads import ARITHMETIC, WIDE

Wide = tuple[float, float, float]


@pytest.fixture(autouse=True)
def many_bits() -> Iterator[None]:
    with mpmath.workprec(400):
        yield


def helper(name: str) -> Any:
    return plain_runtime()[name]


def exact(a: Wide) -> Any:
    return (mpmath.mpf(a[0]) + mpmath.mpf(a[1])) * mpmath.mpf(2) ** int(a[2])


def drawn(rng: random.Random, low: float, high: float, *, signed: bool = True) -> Wide:
    """A number with 106 bits whose magnitude is between two powers of ten."""
    size = 10 ** rng.uniform(low, high) * (rng.choice((-1, 1)) if signed else 1)
    number: Wide = helper("normal")(size, size * rng.uniform(-1, 1) * 2**-54, 0.0)
    return number


def test_every_helper_of_the_tables_is_there() -> None:
    for name in (*WIDE.values(), *ARITHMETIC):
        assert name[1:] in plain_runtime(), name


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("plus", lambda a, b: a + b),
        ("minus", lambda a, b: a - b),
        ("times", lambda a, b: a * b),
        ("over", lambda a, b: a / b),
    ],
)
def test_arithmetic(name: str, meaning: Any) -> None:
    rng = random.Random(name)
    for _ in range(400):
        a, b = drawn(rng, -300, 300), drawn(rng, -300, 300)
        expected = meaning(exact(a), exact(b))
        scale = max(abs(exact(a)), abs(exact(b))) if name in ("plus", "minus") else abs(expected)
        assert abs(exact(helper(name)(a, b)) - expected) <= scale * mpmath.mpf(2) ** -102


SMOOTH: dict[str, tuple[Any, tuple[float, float], bool, int]] = {
    "wide_root": (mpmath.sqrt, (-300, 300), False, 104),
    "wide_exp": (mpmath.exp, (-5, 4), True, 92),
    "wide_exp_m1": (mpmath.expm1, (-20, 2), True, 98),
    "wide_log": (mpmath.log, (-300, 300), False, 90),
    "wide_log_1p": (mpmath.log1p, (-100, 10), False, 98),
    "wide_tanh": (mpmath.tanh, (-20, 2), True, 98),
    "wide_sinh": (mpmath.sinh, (-20, 2), True, 98),
    "wide_cosh": (mpmath.cosh, (-5, 2), True, 96),
    "wide_log_cosh": (lambda x: mpmath.log(mpmath.cosh(x)), (-10, 4), True, 96),
    "wide_logistic": (lambda x: 1 / (1 + mpmath.exp(-x)), (-3, 3), True, 92),
    "wide_log_1p_exp": (lambda x: mpmath.log1p(mpmath.exp(x)), (-5, 2.5), True, 92),
    "wide_log_gamma": (mpmath.loggamma, (-5, 9), False, 88),
    "wide_digamma": (mpmath.digamma, (-5, 9), False, 88),
    "wide_sin_turns": (lambda x: mpmath.sin(2 * mpmath.pi * x), (-5, 6), True, 74),
    "wide_cos_turns": (lambda x: mpmath.cos(2 * mpmath.pi * x), (-5, 6), True, 74),
    "wide_sin": (mpmath.sin, (-5, 6), True, 74),
    "wide_cos": (mpmath.cos, (-5, 6), True, 74),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_functions(name: str) -> None:
    meaning, magnitudes, signed, bits = SMOOTH[name]
    rng = random.Random(name)
    for _ in range(60):
        x = drawn(rng, *magnitudes, signed=signed)
        expected = meaning(exact(x))
        assert abs(exact(helper(name)(x)) - expected) <= abs(expected) * mpmath.mpf(2) ** -bits, x


def test_powers() -> None:
    rng = random.Random("powers")
    for _ in range(60):
        a, b = drawn(rng, -3, 3, signed=False), drawn(rng, -2, 2)
        expected = exact(a) ** exact(b)
        assert abs(exact(helper("wide_power")(a, b)) - expected) <= abs(expected) * mpmath.mpf(2) ** -90


def test_products_beyond_the_range_of_floats_come_back_rounded_once() -> None:
    rng = random.Random("range")
    wide, narrow, times = helper("wide"), helper("narrow"), helper("times")
    for _ in range(1000):
        x, y = (math.ldexp(rng.uniform(0.5, 1), rng.randint(-1073, 1024)) for _ in range(2))
        product = Fraction(x) * Fraction(y)
        expected = float(product) if product < 2**1024 - 2**970 else math.inf
        assert narrow(wide(x)) == x
        assert narrow(times(wide(x), wide(y))) == expected


def test_what_is_left_of_a_cancelled_sum_is_0() -> None:
    third = helper("over")((1.0, 0.0, 0.0), (3.0, 0.0, 0.0))
    total = helper("plus")(helper("plus")(third, third), third)
    assert helper("minus")(total, (1.0, 0.0, 0.0)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_are_not_finite_stay_so(value: float) -> None:
    wide, narrow = helper("wide"), helper("narrow")
    for name in ("plus", "times"):
        found = narrow(helper(name)(wide(value), wide(2.0)))
        assert found == value or (math.isnan(found) and math.isnan(value))


def test_a_number_over_infinity_is_0() -> None:
    infinite = helper("wide_exp")(helper("wide")(1e300))
    assert helper("narrow")(infinite) == math.inf
    assert helper("narrow")(helper("over")((1.0, 0.0, 0.0), infinite)) == 0.0
    assert helper("narrow")(helper("wide_logistic")(helper("wide")(-1e300))) == 0.0
    assert helper("over")((1.0, 0.0, 0.0), (math.inf, 0.0, 0.0)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("x", [1e20, -1e20, 3e126, -1e300])
def test_exponentials_beyond_all_floats_keep_their_logarithms(x: float) -> None:
    wide, narrow, exp, log = (helper(name) for name in ("wide", "narrow", "wide_exp", "wide_log"))
    far, near = exp(wide(x)), exp(wide(math.nextafter(x, 0)))
    assert narrow(log(far)) == pytest.approx(x, rel=1e-15)
    assert narrow(log(helper("over")(near, helper("times")(far, far)))) == pytest.approx(-x, rel=4e-15)
    assert narrow(helper("over")(far, near)) == (math.inf if x > 0 else 0.0)


# kernels --------------------------------------------------------------------------------------------------------------

VECTOR = "{shape: [n]}"


def guarded_source(*formulas: str, **symbols: str) -> str:
    return sample_source(*formulas, also="accuracy: high", **symbols)


def guarded_module(*formulas: str, **symbols: str) -> dict[str, Any]:
    return sample_module(*formulas, also="accuracy: high", **symbols)


def test_a_kernel_computes_again_what_cancellation_spoils() -> None:
    variance = guarded_module("Sum((x[i] - Sum(x[k], (k, 1, n))/n)**2, (i, 1, n))/n", x=VECTOR, n="n")
    from numpy import array

    data = [1e8 + 1, 1e8 + 2, 1e8 + 4.25]
    mean = sum(map(mpmath.mpf, data)) / 3
    expected = float(sum((x - mean) ** 2 for x in map(mpmath.mpf, data)) / 3)
    assert variance["sample"](array(data)) == expected


def test_a_kernel_computes_again_what_overflows_on_the_way() -> None:
    from numpy import array, errstate

    norm = guarded_module("sqrt(Sum(x[i]**2, (i, 1, n)))", x=VECTOR, n="n")
    with errstate(all="ignore"):
        assert norm["sample"](array([3 * 2.0**900, 4 * 2.0**900])) == 5 * 2.0**900
        assert norm["sample_gradient"](array([3 * 2.0**900, 4 * 2.0**900])).tolist() == [0.6, 0.8]
        assert norm["sample"](array([3 * 2.0**-538, 4 * 2.0**-538])) == 5 * 2.0**-538


def test_integers_among_the_results_stay_integers() -> None:
    module = guarded_module("Eq(k, floor(x*y))", "Eq(r, x*y - w)", k="{domain: integer}", r="r", x="x", y="y", w="w")
    k, r = module["sample"](0.1, 0.1, 0.01)
    assert (k, r) == (0, float(Fraction(0.1) ** 2 - Fraction(0.01)))


def test_kernels_are_guarded_where_it_is_asked_for_and_something_can_go_wrong() -> None:
    numbers = {"x": "x", "y": "y", "w": "w"}
    assert "_wide" in guarded_source("x*y - w", **numbers)
    assert "_wide" not in guarded_source("2*x", x="x")
    assert "_wide" not in sample_source("x*y - w", **numbers)
    assert "_wide" not in sample_source("x*y - w", also="accuracy: high\nstabilise: false", **numbers)


def test_derivatives_along_directions_are_guarded_too() -> None:
    assert "_sample_hvp_wide" in guarded_source("x**2*y - w*y", x="x", y="y", w="w")
