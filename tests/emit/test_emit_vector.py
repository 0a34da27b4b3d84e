"""The vector functions, compiled into loops, against ball arithmetic at many digits."""

from __future__ import annotations

import math
import platform
import re
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from numba import njit

from eqc.emit import _vector
from eqc.emit._vector import tables

# The greatest error in units of the last place, float64 and float32: found on some 45,000 points each, and a little.
ULPS: dict[str, tuple[float, float]] = {
    "exp": (1.05, 1.0),
    "expm1": (1.7, 1.5),
    "log": (0.9, 0.9),
    "log1p": (0.9, 1.5),
    "tanh": (2.3, 2.4),
    "sinh": (2.2, 2.2),
    "cosh": (1.5, 1.5),
    "log_cosh": (1.4, 1.5),
    "sigmoid": (2.4, 2.2),
    "logistic_slope": (4.0, 4.0),
    "softplus": (1.7, 1.7),
    "erf": (1.6, 1.6),
    "erfc": (2.2, 2.4),
    "sin": (0.9, 0.6),
    "cos": (0.9, 0.6),
    "normal_density": (2.2, 2.2),
    "normal_probability": (2.2, 3.0),
    "normal_gate": (1.8, 1.7),
    "normal_gate_slope": (2.3, 2.0),
    "logistic_gate": (3.0, 3.0),
    "logistic_gate_slope": (5.5, 5.5),
    "soft_tangent_gate": (4.0, 4.0),
    "soft_tangent_gate_slope": (10.5, 9.0),
}
POWER_ULPS = (1.2, 0.6)
INF, NAN = math.inf, math.nan
DTYPES = (np.float64, np.float32)
DOMAINS: dict[str, Callable[[Any], Any]] = {"log": lambda x: x > 0, "log1p": lambda x: x > -1}


def density(x: Any) -> Any:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def probability(x: Any) -> Any:
    return (-x / arb(2).sqrt()).erfc() / 2


def logistic(x: Any) -> Any:
    return 1 / (1 + (-x).exp())


def soft(x: Any) -> Any:
    n = x.exp() * (x.exp() + 2)
    return x * n / (n + 2)


def soft_slope(x: Any) -> Any:
    w = x.exp()
    n = w * (w + 2)
    return n / (n + 2) + x * 4 * w * (w + 1) / (n + 2) ** 2


REFERENCES: dict[str, Callable[[Any], Any]] = {
    "normal_density": density,
    "normal_probability": probability,
    "normal_gate": lambda x: x * probability(x),
    "normal_gate_slope": lambda x: probability(x) + x * density(x),
    "log_cosh": lambda x: (2 * (x / 2).sinh() ** 2).log1p(),
    "logistic_gate": lambda x: x * logistic(x),
    "logistic_gate_slope": lambda x: logistic(x) * (1 + x * logistic(-x)),
    "soft_tangent_gate": soft,
    "soft_tangent_gate_slope": soft_slope,
    "sigmoid": logistic,
    "logistic_slope": lambda x: logistic(x) * logistic(-x),
    "softplus": lambda x: x.exp().log1p() if x < 0 else x + (-x).exp().log1p(),
}


@cache
def loop(name: str) -> Any:
    function = getattr(_vector, name)

    @njit(error_model="numpy")
    def run(x, out):
        for i in range(x.shape[0]):
            out[i] = function(x[i])

    return run


def values(name: str, x: Any) -> Any:
    out = np.empty_like(x)
    loop(name)(x, out)
    return out


def points(name: str, dtype: Any, count: int = 400) -> Any:
    """Points near 0 and 1, of ordinary size, up to where exponentials end, and over the whole float range."""
    rng, limits = np.random.default_rng(zlib.crc32(name.encode())), np.finfo(dtype)
    sizes = (1e-3, 0.5, 1.5, 6, 30, 120, 760 if dtype is np.float64 else 110)
    plain = [rng.uniform(-size, size, count) for size in sizes]
    low, high = math.log2(limits.smallest_subnormal), math.log2(limits.max)
    wide = np.exp2(rng.uniform(low, high - 1e-3, 2 * count))
    x = np.concatenate([*plain, wide, -wide, 1 + rng.uniform(-0.6, 1, count), rng.uniform(-2, -0.5, 2 * count)]).astype(
        dtype
    )
    return x[DOMAINS.get(name, np.isfinite)(x)]


def truth(name: str, x: float) -> Any:
    ctx.prec = 1300 if name in ("sin", "cos") else 200
    exact = arb(x)
    return REFERENCES[name](exact) if name in REFERENCES else getattr(exact, name)()


def error(found: Any, exact: Any, dtype: Any) -> float:
    """The distance in units of the last place; denormal numbers have the last place of the least normal number's."""
    limits, size = np.finfo(dtype), abs(float(exact.mid()))
    if size > float(limits.max):
        return 0.0 if math.isinf(found) or size < float(limits.max) * (1 + float(limits.eps)) else math.inf
    unit = float(np.spacing(dtype(max(size, float(limits.tiny)))))
    return float(abs(arb(float(found)) - exact)) / unit if math.isfinite(found) else math.inf


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ULPS)
def test_errors_in_units_of_the_last_place(name: str, dtype: Any) -> None:
    x = points(name, dtype)
    x = x[np.abs(x) < 1e30] if name not in ("sin", "cos", "log", "log1p") else x
    found = values(name, x)
    assert found.dtype == dtype
    errors = [error(y, truth(name, float(at)), dtype) for at, y in zip(x, found, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULPS[name][dtype is np.float32], f"{name}({x[worst]!r}) = {found[worst]!r}: {errors[worst]}"


ENDS: dict[str, dict[float, float]] = {
    "exp": {INF: INF, -INF: 0, 1000: INF, -1000: 0},
    "expm1": {INF: INF, -INF: -1, 1000: INF, -1000: -1, -0.0: -0.0},
    "log": {INF: INF, -0.0: -INF, -1: NAN, -INF: NAN},
    "log1p": {INF: INF, -1: -INF, -1.5: NAN, -INF: NAN, -0.0: -0.0},
    "tanh": {INF: 1, -INF: -1, 1e30: 1, -0.0: -0.0},
    "sinh": {INF: INF, -INF: -INF, 1e30: INF, -1000: -INF, -0.0: -0.0},
    "cosh": {INF: INF, -INF: INF, 1e30: INF, -1000: INF},
    "log_cosh": {INF: INF, -INF: INF, 1e30: np.float32(1e30), -0.0: 0},
    "sigmoid": {INF: 1, -INF: 0, 1e30: 1, -1e30: 0, 0.0: 0.5},
    "logistic_slope": {INF: 0, -INF: 0, 1e30: 0, -1e30: 0, 0.0: 0.25},
    "softplus": {INF: INF, -INF: 0, 1e30: np.float32(1e30), -1e30: 0},
    "erf": {INF: 1, -INF: -1, 1e30: 1, -0.0: -0.0},
    "erfc": {INF: 0, -INF: 2, 1e30: 0, -1e30: 2, 0.0: 1},
    "sin": {INF: NAN, -INF: NAN, -0.0: -0.0},
    "cos": {INF: NAN, -INF: NAN, 0.0: 1},
    "normal_density": {INF: 0, -INF: 0, 1e30: 0, -50: 0},
    "normal_probability": {INF: 1, -INF: 0, 1e30: 1, -50: 0, 0.0: 0.5},
    "normal_gate": {INF: INF, -INF: -0.0, 1e30: np.float32(1e30), -1e30: -0.0, -0.0: -0.0},
    "normal_gate_slope": {INF: 1, -INF: -0.0, 1e30: 1, -1e30: -0.0, 0.0: 0.5},
    "logistic_gate": {INF: INF, -INF: -0.0, 1e30: np.float32(1e30), -1e30: -0.0, -0.0: -0.0},
    "logistic_gate_slope": {INF: 1, -INF: -0.0, 1e30: 1, -1e30: -0.0, 0.0: 0.5},
    "soft_tangent_gate": {INF: INF, -INF: -0.0, 1e30: np.float32(1e30), -1e30: -0.0, -0.0: -0.0},
    "soft_tangent_gate_slope": {INF: 1, -INF: -0.0, 1e30: 1, -1e30: -0.0},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ENDS)
def test_infinities_zeros_and_nan(name: str, dtype: Any) -> None:
    x = np.array([*ENDS[name], NAN, -NAN], np.float32).astype(dtype)
    expected = np.array([*ENDS[name].values(), NAN, NAN], dtype)
    found = values(name, x)
    np.testing.assert_array_equal(found, expected)
    zero = expected == 0
    assert (np.signbit(found[zero]) == np.signbit(expected[zero])).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh", "sinh", "sin"])
def test_numbers_near_zero_are_their_own_values(name: str, dtype: Any) -> None:
    least = np.finfo(dtype).smallest_subnormal
    x = np.array([least, -least, 7 * least, np.finfo(dtype).tiny, 1e-30], dtype)
    np.testing.assert_array_equal(values(name, x), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_that_are_denormal(dtype: Any) -> None:
    """Exponentials that underflow gradually, and the logarithms of denormal numbers."""
    tiny = math.log(np.finfo(dtype).tiny)
    x = np.concatenate([np.linspace(tiny, tiny * end, 50) for end in (1.01, 1.25)]).astype(dtype)
    least = float(np.finfo(dtype).smallest_subnormal)
    for at, y in zip(x, values("exp", x), strict=True):
        assert abs(float(y) - float(mpmath.exp(mpmath.mpf(float(at))))) <= 1.0 * least
    small = values("exp", x)[:5]
    np.testing.assert_allclose(values("log", small), np.log(small.astype(np.float64)), rtol=2e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_two_are_taken_without_the_instruction_too(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_vector.bits, "has_scaling", lambda context: False)
    limits = np.finfo(dtype)
    p = dtype(1.25)
    stepwise = njit(lambda p, k: _vector.bits.scaled(p, k))  # noqa: PLW0108 (an intrinsic is no function by itself)
    for k in (limits.minexp - limits.nmant - 2, limits.minexp - 3, -1, 0, 1, limits.maxexp - 1, limits.maxexp):
        with np.errstate(all="ignore"):
            assert stepwise(p, dtype(k)) == np.ldexp(p, k)
    assert "ldexp" not in "".join(stepwise.inspect_llvm().values())


@njit(error_model="numpy")
def rows_over(x, y, out):
    for i in range(y.shape[0]):
        for j in range(x.shape[0]):
            out[i, j] = _vector.quotient(x[j], y[i])


@pytest.mark.parametrize("dtype", DTYPES)
def test_quotients_by_what_is_shared_are_rounded_once(dtype: Any) -> None:
    """To the bit where the second part of the result is normal too, and to one step of denormal numbers."""
    limits, rng = np.finfo(dtype), np.random.default_rng(7)
    ends = [0.0, -0.0, INF, -INF, NAN, 1, -3, limits.max, -limits.tiny, limits.smallest_subnormal]
    some = rng.normal(size=300) * np.exp2(rng.uniform(limits.minexp, limits.maxexp - 3, 300))
    x = np.concatenate([ends, some, rng.uniform(1, 2, 300)]).astype(dtype)
    out = np.empty((x.size, x.size), dtype)
    rows_over(x, x, out)
    with np.errstate(all="ignore"):
        expected = x / x[:, None]
    second = 2.0**2 * limits.tiny / limits.eps
    denormal = (np.abs(expected) < second) | (np.abs(x) < second)
    np.testing.assert_array_equal(out[~denormal], expected[~denormal])
    np.testing.assert_allclose(out, expected, rtol=4 * limits.eps, atol=limits.smallest_subnormal)
    assert (np.signbit(out) == np.signbit(expected))[~np.isnan(expected)].all()


def test_quotients_of_single_numbers_by_doubles_are_rounded_once() -> None:
    rng, ends = np.random.default_rng(8), [0.0, -0.0, INF, -INF, NAN, 1e-300, -1e-200, 1e-60, 1e60]
    x = np.concatenate([ends[:5], rng.normal(size=200) * np.exp2(rng.uniform(-100, 100, 200))]).astype(np.float32)
    y = np.concatenate([ends, rng.normal(size=300) * np.exp2(rng.uniform(-60, 60, 300))])
    out = np.empty((y.size, x.size), np.float32)
    rows_over(x, y, out)
    with np.errstate(all="ignore"):
        expected = (x / y[:, None]).astype(np.float32)
    small = np.abs(expected) < 1e-30
    np.testing.assert_array_equal(out[~small], expected[~small])
    np.testing.assert_allclose(out, expected, rtol=1e-7, atol=2e-45)


@njit(error_model="numpy")
def differences(x, y, out):
    for i in range(x.shape[0]):
        out[i] = _vector.exp_difference(x[i], y[i])


@pytest.mark.parametrize("dtype", DTYPES)
def test_exponentials_of_rounded_differences(dtype: Any) -> None:
    rng, end = np.random.default_rng(3), 1500 if dtype is np.float64 else 200
    ends = [(INF, 1), (-INF, 1), (1, -INF), (1e30, -1e30), (-1e30, 1e30), (end, 0.3), (NAN, 0), (0, NAN)]
    x, y = np.concatenate([ends, rng.uniform(-end, end, (300, 2)), rng.normal(size=(100, 2))]).astype(dtype).T
    out = np.empty_like(x)
    differences(np.ascontiguousarray(x), np.ascontiguousarray(y), out)
    np.testing.assert_array_equal(out[:8], np.array([INF, 0, INF, INF, 0, INF, NAN, NAN], dtype))
    for a, b, found in zip(x[8:], y[8:], out[8:], strict=True):
        ctx.prec = 200
        assert error(found, (arb(float(a)) - arb(float(b))).exp(), dtype) <= 1.05


def test_one_of_two_numbers() -> None:
    picked = njit(lambda k, a, b: _vector.pick(k == 2, a, b))
    single = np.float32(0.5)
    assert picked(2, 1.5, single) == _vector.pick(True, 1.5, single) == 1.5
    assert picked(1, single, single) == _vector.pick(False, 1.5, single) == 0.5


def test_integers_are_taken_as_doubles() -> None:
    x, out = np.array([0, 1, 2]), np.empty(3)
    loop("exp")(x, out)
    np.testing.assert_allclose(out, np.exp(x), rtol=1e-15)


NUMBERS = [-INF, -1e308, -2.5, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 2.5, 1e308, INF]


@njit(error_model="numpy")
def extremes(a, b):
    return _vector.maximum(a, b), _vector.minimum(a, b)


@pytest.mark.parametrize("a", NUMBERS)
def test_extrema(a: float) -> None:
    for b in NUMBERS:
        assert extremes(a, b) == (max(a, b), min(a, b)) == (_vector.maximum(a, b), _vector.minimum(a, b))


@pytest.mark.parametrize("a", [*NUMBERS, NAN])
def test_extrema_keep_nan_on_either_side(a: float) -> None:
    for found in (*extremes(a, NAN), *extremes(NAN, a), _vector.maximum(a, NAN), _vector.minimum(NAN, a)):
        assert math.isnan(found)


def test_extrema_of_integers_and_floats() -> None:
    assert extremes(2, 1.5) == (2, 1.5)
    assert extremes(3, 4) == (4, 3)
    assert extremes(np.float32(2), 1.5) == (2, 1.5)


@njit(error_model="numpy")
def numbers(a, b):
    return _vector.largest(a, b), _vector.least(a, b)


@pytest.mark.parametrize("a", NUMBERS)
def test_extrema_of_numbers_pass_over_nan(a: float) -> None:
    for b in NUMBERS:
        assert numbers(a, b) == (max(a, b), min(a, b)) == (_vector.largest(a, b), _vector.least(a, b))
    assert numbers(a, NAN) == numbers(NAN, a) == (a, a) == (_vector.largest(a, NAN), _vector.least(NAN, a))
    assert numbers(3, 4) == (4, 3)


@njit(error_model="numpy")
def reductions(x):
    total, product, greatest = 0.0, 1.0, -INF
    for i in range(x.shape[0]):
        total = _vector.add(total, x[i])
        product = _vector.multiply(product, x[i])
        greatest = _vector.maximum(greatest, x[i])
    return total, product, greatest


@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_run_in_vectors_and_in_double_precision(dtype: Any) -> None:
    x = np.random.default_rng(1).uniform(0.9, 1.1, 1001).astype(dtype)
    wide = x.astype(np.float64)
    total, product, greatest = reductions(x)
    assert math.isclose(total, math.fsum(wide), rel_tol=1e-14)
    assert math.isclose(product, math.prod(wide.tolist()), rel_tol=1e-12)
    assert greatest == x.max()
    x[500] = NAN
    assert all(map(math.isnan, reductions(x)))
    if platform.machine() == "x86_64":
        assert all(re.search(r"vaddpd\s.*%[yz]mm", code) for code in reductions.inspect_asm().values())


@njit(error_model="numpy")
def powers(x, y, out):
    for i in range(x.shape[0]):
        out[i] = _vector.power(x[i], y[i])


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    bases = [np.exp(rng.uniform(-80, 80, 900)), rng.uniform(0, 3, 900), 1 + rng.uniform(-1e-3, 1e-3, 900)]
    exponents = [rng.uniform(-1.2, 1.2, 900), rng.uniform(-50, 50, 900), rng.uniform(-7e5, 7e5, 900)]
    x, y = np.concatenate(bases).astype(dtype), np.concatenate(exponents).astype(dtype)
    out = np.empty_like(x)
    powers(x, y, out)
    ctx.prec = 200
    errors = [error(c, arb(float(a)) ** arb(float(b)), dtype) for a, b, c in zip(x, y, out, strict=True)]
    assert max(errors) <= POWER_ULPS[dtype is np.float32]


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_with_exponents_that_no_float_has(dtype: Any) -> None:
    ctx.prec = 200
    x = np.exp(np.random.default_rng(5).uniform(-80, 80, 200)).astype(dtype)
    raised = njit(error_model="numpy")(lambda x, p, q: _vector.rational_power(x, p, q))  # noqa: PLW0108
    for p, q in ((1, 3), (7, 10), (-2, 3), (52561, 10000)):
        with np.errstate(over="ignore"):
            errors = [error(raised(a, p, q), arb(float(a)) ** (arb(p) / q), dtype) for a in x]
        assert max(errors) <= POWER_ULPS[dtype is np.float32]
        ends = [raised(dtype(a), p, q) for a in (0.0, -0.0, 1.0, INF)]
        np.testing.assert_array_equal(ends, [0.0, 0.0, 1.0, INF] if p > 0 else [INF, INF, 1.0, 0.0])
        assert all(math.isnan(raised(dtype(a), p, q)) for a in (-1.0, NAN))
    assert _vector.rational_power(8.0, 2, 3) == pytest.approx(4.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_roots_of_cubes_are_rounded_once(dtype: Any) -> None:
    ctx.prec = 200
    root = njit(error_model="numpy")(lambda x: _vector.root_of_cube(x))  # noqa: PLW0108 (for Numba to compile)
    for x in np.random.default_rng(5).lognormal(0, 8, 200).astype(dtype):
        assert error(root(x), arb(float(x)).sqrt() ** 3, dtype) <= 0.51
    assert [float(root(dtype(x))) for x in (0.0, 1.0, 4.0, math.inf)] == [0.0, 1.0, 8.0, math.inf]
    assert math.isnan(root(dtype(-1.0)))


def test_powers_at_the_ends_are_those_of_c() -> None:
    some = [
        0.0,
        -0.0,
        1,
        -1,
        2,
        -2,
        0.5,
        -0.5,
        3,
        -3,
        INF,
        -INF,
        NAN,
        5e-324,
        -5e-324,
        1e308,
        2.5,
        -2.5,
        2.0**53,
        1e-300,
    ]
    x, y = (a.ravel() for a in np.meshgrid(some, [*some, 2.0**53 + 2, 2.0**52 + 1]))
    out = np.empty_like(x)
    powers(x, y, out)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    np.testing.assert_allclose(out, expected, rtol=4e-16)
    zero = expected == 0
    assert (np.signbit(out[zero]) == np.signbit(expected[zero])).all()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of x86 instructions")
@pytest.mark.parametrize("name", ULPS)
def test_loops_are_vectors_without_calls(name: str) -> None:
    """Products and sums of whole registers, and no call of a function of libm."""
    for dtype in DTYPES:
        values(name, np.ones(3, dtype))
    for signature, code in loop(name).inspect_asm().items():
        packed = "p[ds]" if "float32" in str(signature) else "pd"
        assert re.search(rf"v(fn?m(add|sub)\d+|mul){packed}\s.*%[yz]mm", code), signature
        assert not re.search(rf"\b{name}f?@|movabsq\s+\${name}f?\b", code)


def test_they_run_without_compilation_too() -> None:
    for name in ULPS:
        assert math.isclose(getattr(_vector, name)(0.7), float(truth(name, 0.7)), rel_tol=1e-14)
    assert _vector.power(2.0, 0.5) == 2.0**0.5


# the coefficients --------------------------------------------------------------------------------------------------


def ratio(z: Any) -> Any:
    """log((1 + s)/(1 - s))/s by s**2."""
    return mpmath.log((1 + mpmath.sqrt(z)) / (1 - mpmath.sqrt(z))) / mpmath.sqrt(z)


def around_mean(u: Any) -> Any:
    return (1 + u) * mpmath.log(1 + u) + (1 - u) * mpmath.log(1 - u)


def tail(t: Any) -> Any:
    a = 4 * (1 + t) / (1 - t)
    return (1 + 2 * a) * mpmath.exp(a * a) * mpmath.erfc(a)


def normal_tail(t: Any) -> Any:
    x = 3 * (1 + t) / (1 - t)
    return (3 + x) * mpmath.exp(x * x / 2) * mpmath.erfc(x / mpmath.sqrt(2)) / 2


def away(function: Callable[[Any], Any], limit: float) -> Callable[[Any], Any]:
    """A function with its limit in the place of the quotient 0/0."""
    return lambda x: function(x) if abs(x) > 1e-25 else mpmath.mpf(limit)


POLYNOMIALS: dict[str, tuple[Callable[[Any], Any], str, str]] = {  # function and interval
    "EXP": (away(lambda r: (mpmath.expm1(r) - r) / r**2, 0.5), "-0.347", "0.347"),
    "COSH": (away(lambda z: (mpmath.cosh(mpmath.sqrt(z)) - 1 - z / 2) / z**2, 1 / 24), "0", "4"),
    "LOG": (lambda z: (ratio(z) - 2) / z, "0", "0.0295"),
    "LOG_TAIL": (lambda z: (ratio(z) - 2 - 2 * z / 3) / z**2, "0", "0.0295"),
    "ERF": (lambda z: mpmath.erf(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1, "0", "0.25"),
    "TAIL_64": (tail, "-7/9", "3/4"),
    "TAIL_32": (tail, "-7/9", "13/29"),
    "NORMAL_TAIL_64": (normal_tail, "-1", "359/419"),
    "NORMAL_TAIL_32": (normal_tail, "-1", "59/89"),
    "SIN": (lambda z: (mpmath.sin(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1) / z, "0", "0.62"),
    "COS": (lambda z: (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2, "0", "0.62"),
    "ARTANH": (lambda z: (ratio(z) / 2 - 1) / z, "0", "0.0405"),
    "MEAN": (lambda z: around_mean(mpmath.sqrt(z)) / z, "0", "0.4905"),
}
TABLES = ("EXP_64", "EXP_32", "LOG_64", "LOG_32", "LOG_TAIL", "ERF_64", "ERF_32", "TAIL_64", "TAIL_32", "SIN", "COS")
TABLES += ("ARTANH_64", "ARTANH_32", "MEAN_64", "MEAN_32", "COSH_64", "COSH_32", "NORMAL_TAIL_64", "NORMAL_TAIL_32")


@pytest.mark.parametrize("name", TABLES)
def test_coefficients_are_what_their_table_says(name: str) -> None:
    """Interpolation at the Chebyshev nodes, solved at many digits."""
    function, *ends = POLYNOMIALS.get(name) or POLYNOMIALS[name[:-3]]
    table = getattr(tables, name)
    with mpmath.workdps(80):
        low, high = (mpmath.mpf(end) for end in ends)
        n = len(table)
        nodes = [(low + high) / 2 + (high - low) / 2 * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
        rows = mpmath.matrix([[node ** (n - 1 - j) for j in range(n)] for node in nodes])
        found = mpmath.lu_solve(rows, mpmath.matrix([function(node) for node in nodes]))
        assert [float(c) for c in found] == list(table)
        if name == "NORMAL_TAIL_64":
            assert float(found[n - 1] - table[-1]) == tables.NORMAL_TAIL_REST


def test_the_peak_of_the_normal_density_has_two_parts() -> None:
    high, low = tables.NORMAL_PEAK
    with mpmath.workdps(50):
        peak = 1 / mpmath.sqrt(2 * mpmath.pi)
        assert (high, low) == (float(peak), float(peak - high))


@pytest.mark.parametrize(("name", "bits"), [("QUARTERS_64", 55), ("QUARTERS_32", 26)])
def test_parts_of_two_over_pi(name: str, bits: int) -> None:
    table = getattr(tables, name)
    with mpmath.workprec(1700):
        for j, row in enumerate(table):
            whole = mpmath.mpf(2) ** (bits - 8 * j)
            rest = (2 / mpmath.pi) % whole * mpmath.mpf(2) ** (8 * j) - sum(mpmath.mpf(float(part)) for part in row)
            assert abs(rest) < mpmath.mpf(2) ** (bits - 52 * len(row))
