"""Arithmetic of pairs of floats against high precision, and at the ends of the range."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from numba import njit, types

from eqc.emit import _pairs as pairs
from eqc.emit import _vector, paired

DIGITS = 2.0**-98
"""What the operations may be off, relative to what they start from."""


@njit(error_model="numpy")
def arithmetic(x, y, z):  # type: ignore[no-untyped-def]
    a, b = pairs.as_pair(x) * y, pairs.as_pair(1) / z
    return (
        pairs.parts(a + b),
        pairs.parts(a - b),
        pairs.parts(a * b),
        pairs.parts(a / b),
        pairs.parts(pairs.cube_of(b) - pairs.square_of(a)),
        pairs.parts(pairs.root_of(pairs.size_of(a))),
        pairs.parts(pairs.log_of(pairs.size_of(a))),
        pairs.parts(a * pairs.pair_pi()),
    )


def truth(x: float, y: float, z: float) -> list[Any]:
    a, b = mpmath.mpf(x) * y, 1 / mpmath.mpf(z)
    root, log = mpmath.sqrt(abs(a)), mpmath.log(abs(a))
    return [a + b, a - b, a * b, a / b, b**3 - a**2, root, log, a * mpmath.pi]


def test_arithmetic_has_twice_the_digits() -> None:
    rng = np.random.default_rng(41)
    with mpmath.workprec(400):
        for x, y, z in rng.normal(size=(200, 3)) * 10.0 ** rng.integers(-6, 7, (200, 3)):
            found = [mpmath.mpf(high) + mpmath.mpf(low) for high, low in arithmetic(x, y, abs(z))]
            size = 1 + max(map(abs, truth(x, y, abs(z))))
            for got, exact in zip(found[:6], truth(x, y, abs(z)), strict=False):
                assert abs(got - exact) <= DIGITS * size
            assert abs(found[6] - truth(x, y, abs(z))[6]) <= 2.0**-60
            assert abs(found[7] - truth(x, y, abs(z))[7]) <= DIGITS * size


def test_single_precision_is_computed_in_double() -> None:
    x, y, z = map(np.float32, (1.1, 2.3, 0.7))
    for (high, low), exact in zip(arithmetic(x, y, z), truth(float(x), float(y), float(z)), strict=True):
        assert low == 0.0
        assert high == pytest.approx(float(exact), rel=1e-13)


@njit(error_model="numpy")
def extrema(x, y, z):  # type: ignore[no-untyped-def]
    a, b = pairs.as_pair(x) * y, pairs.as_pair(x) * z
    return pairs.parts(pairs.lesser_of(a, b)), pairs.parts(pairs.greater_of(a, b)), pairs.parts(pairs.lesser_of(a, y))


def test_extrema_are_told_by_both_floats() -> None:
    y, z = 0.3, 0.3 + 2.0**-54
    for x, other in ((1 / 3, z), (-1 / 3, z), (1 / 3, y), (0.1, 2.0)):
        found = [Fraction(high) + Fraction(low) for high, low in extrema(x, y, other)]
        a, b = Fraction(x) * Fraction(y), Fraction(x) * Fraction(other)
        assert found == [min(a, b), max(a, b), min(a, Fraction(y))]
    assert all(math.isnan(high) for high, _ in (*extrema(math.nan, y, z), extrema(1.0, y, math.nan)[0]))
    assert extrema(np.float32(3), np.float32(0.1), np.float32(0.2))[0] == (3 * float(np.float32(0.1)), 0.0)


@njit(error_model="numpy")
def ends(x, y):  # type: ignore[no-untyped-def]
    a = pairs.as_pair(x) * y
    return (
        pairs.nearest(a),
        pairs.nearest(a - pairs.as_pair(x) * y),
        pairs.nearest(pairs.as_pair(x) / y),
        pairs.nearest(pairs.root_of(x)),
        pairs.nearest(pairs.exp_of(a)),
        pairs.gap(x, a),
    )


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (1e200, 1e200, (math.inf, math.nan, 1.0, 1e100, math.inf, -math.inf)),
        (-1e200, 1e200, (-math.inf, math.nan, -1.0, math.nan, 0.0, math.inf)),
        (0.0, 0.0, (0.0, 0.0, math.nan, 0.0, 1.0, 0.0)),
        (math.inf, 1.0, (math.inf, math.nan, math.inf, math.inf, math.inf, math.nan)),
        (math.nan, 1.0, (math.nan,) * 6),
        (3.0, 0.0, (0.0, 0.0, math.inf, math.sqrt(3.0), 1.0, 3.0)),
    ],
)
def test_ends_of_the_range_are_those_of_floats(x: float, y: float, expected: tuple[float, ...]) -> None:
    assert ends(x, y) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@njit(error_model="numpy")
def quotients(x, y, found):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            found[i, j] = pairs.nearest(pairs.as_pair(x[i]) / y[j])


def test_quotients_are_rounded_once_up_to_the_ends_of_the_range() -> None:
    """They go by inverses, of which floats do not have all."""
    ends = [0.0, 5e-324, 1e-310, 2.0**-1022 * 1.7, 1e-300, 1.0, 3.0, 1e300, 2.0**1022 * 1.3, 1.7e308, np.inf, np.nan]
    numbers = np.array([*ends, *np.negative(ends), *np.random.default_rng(5).normal(size=30)])
    found = np.empty((len(numbers), len(numbers)))
    quotients(numbers, numbers, found)
    with np.errstate(all="ignore"):
        expected = numbers[:, None] / numbers
    has_rest = ~(abs(expected) < 2.0**-960)
    np.testing.assert_array_equal(found[has_rest], expected[has_rest])
    np.testing.assert_allclose(found, expected, rtol=2.0**-52, atol=5e-324, equal_nan=True)


@njit(error_model="numpy")
def total(x, y):  # type: ignore[no-untyped-def]
    sums, products, n = pairs.lanes(x.dtype), pairs.pair_lanes(x.dtype), x.shape[0]
    few = pairs.few_lanes(x.dtype)
    for begin in range(0, n, pairs.BLOCK):
        count = min(pairs.BLOCK, n - begin)
        for lane in range(count):
            k = pairs.place_of(begin, lane)
            sums = pairs.put(sums, lane, x[k])
            products = pairs.put(products, lane, pairs.as_pair(x[k]) * y[k])
            few = pairs.put(few, lane, pairs.as_pair(x[k]) * y[k])
        pairs.add_up(sums, count)
        pairs.add_up(products, count)
        pairs.add_up(few, count)
    found = pairs.total_of(sums), pairs.total_of(products), pairs.total_of(few)
    return pairs.nearest(found[0]), pairs.nearest(found[1]), pairs.nearest(found[2])


@pytest.mark.parametrize("count", [0, 1, 2, 4, 8, 11, 16, 128, 133, 1000])
def test_sums_that_cancel_are_exact(count: int) -> None:
    rng = np.random.default_rng(count)
    half = rng.normal(size=count) * 10.0 ** rng.integers(-8, 9, count)
    x = rng.permutation(np.concatenate([half, -half * (1 + 1e-15)]))
    y = rng.normal(size=2 * count)
    exact = float(sum(map(Fraction, x), Fraction(0)))
    product = float(sum((Fraction(a) * Fraction(b) for a, b in zip(x, y, strict=True)), Fraction(0)))
    close = pytest.approx(product, rel=1e-15, abs=0.0)
    assert total(x, y) == (pytest.approx(exact, rel=1e-15, abs=0.0), close, close)


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 300])
def test_sums_of_single_precision_are_collected_in_double(count: int) -> None:
    x = np.random.default_rng(count).normal(size=count).astype(np.float32)
    y = np.random.default_rng(count + 1).normal(size=count).astype(np.float32)
    product = math.fsum(float(a) * float(b) for a, b in zip(x, y, strict=True))
    exact = [math.fsum(map(float, x)), product, product]
    assert total(x, y) == tuple(pytest.approx(number, rel=1e-12, abs=1e-13) for number in exact)


@njit(error_model="numpy")
def cancelling(x, y):  # type: ignore[no-untyped-def]
    total = pairs.as_pair(x) + y
    return pairs.nearest(1 / total - x / pairs.square_of(total))


def test_what_cancels_altogether_is_0() -> None:
    for x in np.random.default_rng(7).uniform(0.1, 100.0, 200):
        assert cancelling(x, 0.0) == 0.0
        assert cancelling(x, 1e-8) == pytest.approx(1e-8 / (x + 1e-8) ** 2, rel=1e-14)


def test_loops_are_parted_as_the_memory_is() -> None:
    assert paired.BLOCK == pairs.BLOCK


def test_means_are_taken_off_with_both_floats() -> None:
    @njit(error_model="numpy")
    def centred(x, count):  # type: ignore[no-untyped-def]
        return pairs.gap(x, pairs.as_pair(1) / count)

    x = 1 / 3
    assert centred(x, 3) == float(Fraction(x) - Fraction(1, 3))


def test_pairs_that_were_stored_are_read_as_they_are() -> None:
    @njit(error_model="numpy")
    def kept(x, y, z):  # type: ignore[no-untyped-def]
        high, low = pairs.parts(pairs.as_pair(x) * y)
        return pairs.parts(pairs.stored(high, low)), (high, low), pairs.gap(z, pairs.stored(high, low))

    for x, y in np.random.default_rng(11).normal(size=(20, 2)):
        read, stored, gap = kept(x, y, x * y)
        assert read == stored
        assert gap == float(Fraction(x * y) - Fraction(x) * Fraction(y))


def test_stored_means_are_taken_off_single_precision() -> None:
    @njit(error_model="numpy")
    def centred(x, high, low):  # type: ignore[no-untyped-def]
        return pairs.gap(x, pairs.stored(high, low))

    for x, shift in np.random.default_rng(12).normal(size=(20, 2)).astype(np.float32):
        high, low = float(x) * (1 + 1e-9 * float(shift)), 1e-25
        found = centred(x, high, low)
        assert isinstance(found, float) and np.float32(found) == found
        assert found == np.float32(float(x) - high)


def test_what_is_left_of_single_precision_stays_so() -> None:
    @njit(error_model="numpy", pipeline_class=_vector.KernelCompiler)
    def doubled(x, y):  # type: ignore[no-untyped-def]
        return 2 * pairs.gap(x, pairs.as_pair(y) / 3)

    assert doubled(np.float32(1), np.float32(6)) == -2.0
    assert doubled.nopython_signatures[0].return_type == types.float32
