"""Numbers in a kernel's source take the precision of its data."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from emit_samples import sample_source
from numba import float32, float64, int64, njit

import eqc
from eqc.emit._vector import KernelCompiler, add, add_product, add_square, exp

SINGLE, DOUBLE = np.float32(0.3), 0.3


def compiled(function: Callable[..., Any]) -> Any:
    return njit(error_model="numpy", pipeline_class=KernelCompiler)(function)


def result_type(function: Any, *arguments: Any) -> Any:
    function(*arguments)
    return function.nopython_signatures[-1].return_type


def scaled(x):
    return 0.5 * x


def counted(x):
    return (1 - x) / 3 + 2 * x - 7


def chosen(x):
    y = 0 if x == 0 else (1 if x > 100 else exp(-x) / x)  # a number of its own, not a return of two types
    return y  # noqa: RET504


def with_constants(x):
    return math.pi * x + math.e


def stepwise(x):
    a = 1 / 3
    b = a * x
    return b - a


def powers(x):
    return x**2 + x ** (3 / 2)


def chosen_within(x):
    return (0 if x == 0 else exp(-x)) - (x if x > 1 else x - 1)


REAL = (scaled, counted, chosen, with_constants, stepwise, powers, chosen_within)


@pytest.mark.parametrize("function", REAL)
def test_single_precision_stays_single(function: Any) -> None:
    narrow = compiled(function)
    assert result_type(narrow, SINGLE) == float32
    assert narrow(SINGLE) == pytest.approx(function(float(SINGLE)), rel=1e-6)


@pytest.mark.parametrize("function", REAL)
def test_double_precision_is_as_numba_has_it(function: Any) -> None:
    assert result_type(compiled(function), DOUBLE) == float64
    assert compiled(function)(DOUBLE) == njit(error_model="numpy")(function)(DOUBLE)


def test_whole_numbers_stay_whole() -> None:
    def place(x, k):
        total = 0
        for i in range(3):
            total += i + 2 * k
        return total

    assert result_type(compiled(place), SINGLE, 5) == int64

    def element(x, k):
        return x[2 * k + 1] + x[k // 2]

    assert compiled(element)(np.arange(9, dtype=np.float32), 2) == 6


def test_data_of_both_precisions_is_left_alone() -> None:
    def product(x, y):
        return 0.1 * x * y

    assert result_type(compiled(product), SINGLE, DOUBLE) == float64
    assert compiled(product)(SINGLE, DOUBLE) == 0.1 * float(SINGLE) * DOUBLE


def test_numbers_that_single_precision_lacks_stay_doubles() -> None:
    def far(x):
        return x < 1e300

    def exact(x):
        return x + 16777217

    assert compiled(far)(np.float32(np.inf)) is False
    assert result_type(compiled(exact), SINGLE) == float64


def test_sums_are_collected_in_double_precision() -> None:
    def mean(x):
        total_ = np.float64(0)
        for i in range(x.shape[0]):
            total_ = add(total_, x[i])
        total = total_
        return total / x.shape[0]

    x = np.full(3_000_000, 0.1, np.float32)
    narrow = compiled(mean)
    assert narrow(x) == np.float32(0.1)


def test_products_in_sums_are_not_rounded_to_single_precision() -> None:
    def both(x, y):
        square_ = np.float64(0.0)
        product_ = np.float64(0.0)
        for i in range(x.shape[0]):
            square_ = add_square(square_, x[i])
            product_ = add_product(product_, x[i], y[i])
        return square_, product_

    x, y = np.array([1 + 2**-12, 1e30], np.float32), np.array([1 - 2**-12, 0.0], np.float32)
    assert compiled(both)(x[:1], y[:1]) == (1 + 2**-11 + 2**-24, 1 - 2**-24)
    assert compiled(both)(x, y)[0] == float(x[1]) ** 2


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of x86 instructions")
def test_loops_over_single_precision_have_no_double() -> None:
    def run(x, out):
        n = x.shape[0]
        shift = 1 / n
        for i in range(n):
            out[i] = (0.5 * x[i] - shift) / (1 + exp(2 * x[i])) + x[i] * i / n

    narrow = compiled(run)
    x = np.linspace(-1, 1, 9, dtype=np.float32)
    out = np.empty_like(x)
    narrow(x, out)
    np.testing.assert_allclose(out, (0.5 * x - 1 / 9) / (1 + np.exp(2 * x)) + x * np.arange(9) / 9, rtol=1e-5)
    (code,) = narrow.inspect_asm().values()
    assert re.search(r"v(fn?m(add|sub)\d+|mul)ps\s.*%[yz]mm", code)
    assert not re.search(r"v(cvtps2pd|f?n?m?(add|mul)\w*pd)\s", code)


@pytest.mark.parametrize("integral", ["Integral(a*exp(-x**2), (x, -oo, oo))", "1 + Integral(a*x, (x, 0, b))"])
def test_integrals_are_not_narrowed(integral: str) -> None:
    """Their two estimates have to agree to 1e-8, which float32 cannot tell."""
    symbols = {"v": "result", "a": "factor", "b": "{domain: positive}"}
    narrowed = "pipeline_class=_KernelCompiler"
    assert narrowed not in sample_source(f"Eq(v, {integral} + b)", **symbols)
    assert narrowed in sample_source("Eq(v, a*exp(-b**2))", **symbols)


def test_memory_of_no_stated_type_holds_doubles() -> None:
    """What solvers start from."""

    def started(x):
        start = np.zeros(x.shape[0])
        start[0] = 0.5 * x[0]
        return start

    assert compiled(started)(np.ones(2, np.float32)).tolist() == [0.5, 0.0]


def test_powers_kept_in_an_array_are_not_narrowed() -> None:
    """The sum in which they stand is collected in double precision, and is rounded once."""
    r = np.random.default_rng(4).normal(size=50).astype(np.float32)
    gamma = np.float32(0.97)
    exact = [math.fsum(float(gamma) ** k * float(x) for k, x in enumerate(r[t:])) for t in range(len(r))]
    np.testing.assert_array_equal(eqc.kernel("discounted_return")(r, gamma), np.array(exact, np.float32))
