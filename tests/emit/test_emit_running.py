"""Running sums and products take one pass, in derivatives too."""

from __future__ import annotations

import re
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import program
from emit_samples import run, sample_source

from eqc.derive.assemble import derivative_programs
from eqc.emit._vector import discounted, products_without
from eqc.emit.runtime import recurrence, running_sum
from eqc.ir.interpret import interpret

ROWS = "{shape: [m, n]}"
ROW = "{shape: [n]}"
CASES = {
    "to each": ("Eq(y[i, t], Sum(x[i, s]*w[s], (s, 1, t)))", {"y": ROWS, "x": ROWS, "w": ROW, "m": "size"}),
    "before each": ("Eq(y[t], Sum(exp(x[s]), (s, 1, t - 1)))", {"y": ROW, "x": ROW}),
    "from each": ("Eq(y[t], Sum(x[s]*w[s], (s, t, n)))", {"y": ROW, "x": ROW, "w": ROW}),
    "behind each": ("Eq(y[t], Sum(x[s]**2, (s, t + 1, n)))", {"y": ROW, "x": ROW}),
    "products": ("Eq(y[t], Product(1 + x[s], (s, 1, t)))", {"y": ROW, "x": ROW}),
    "sum of products": ("Eq(y, Sum(w[t]*Product(x[s], (s, 1, t)), (t, 1, n)))", {"y": "sum", "x": ROW, "w": ROW}),
    "product of a table": (
        "Eq(y, Product(x[i, s] + i - 1, (s, 1, n), (i, 1, m)))",
        {"y": "product", "x": ROWS, "m": "size"},
    ),
    "product of all": ("Eq(y, Product(x[s], (s, 1, n)))", {"y": "product", "x": ROW}),
}


def arguments(names: tuple[str, ...], shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    rng = np.random.default_rng(len(names))
    given = {name: rng.normal(size=shapes[name]) for name in names}
    if "x" in given:
        given["x"][..., 1] = 0.0  # no product may be divided by
    return given


@pytest.mark.parametrize("name", CASES)
def test_they_are_what_the_formula_says(name: str) -> None:
    formula, symbols = CASES[name]
    text = sample_source(formula, **symbols, n="size")
    first = text.partition("def _sample_hvp")[0]
    assert re.findall(r"range\((?:[st]\w*(?: [+-] 1)?|n - [st].*)\)|for \w+_other in", first) == []
    module, programs = run(text, name), derivative_programs(program(formula, **symbols, n="size"))
    shapes = {"x": (2, 5) if "m" in symbols else (5,), "w": (5,), "y_bar": (2, 5) if "m" in symbols else (5,)}
    shapes |= {"x_dot": shapes["x"], "w_dot": (5,)} | ({"y_bar": ()} if symbols["y"][0] != "{" else {})
    for kind, function in (("value", "sample"), ("vjp", "sample_vjp"), ("jvp", "sample_jvp")):
        given = arguments(programs[kind].arguments, shapes)
        with mpmath.workdps(30):
            found = interpret(programs[kind], given)
        expected = [np.asarray(found[n], dtype=float) for n in programs[kind].outputs]
        made = module[function](*given.values())
        for ours, theirs in zip(made if isinstance(made, tuple) else (made,), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14, err_msg=f"{name} {kind}")


def test_long_sums_keep_their_digits() -> None:
    x = np.array([1.0, *[1e-16] * 1000, -1.0])
    assert running_sum(x, 1)[-1] == pytest.approx(1e-13, rel=1e-12)
    assert running_sum(x, -1)[0] == pytest.approx(1e-13, rel=1e-12)
    np.testing.assert_array_equal(running_sum(np.array([1.0, np.inf, 2.0]), 1), [1, np.inf, np.inf])


def test_a_recurrence_runs_either_way() -> None:
    a, f = np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0, 11.0])
    np.testing.assert_array_equal(recurrence(a, f, 1), [1, 9, 102])
    np.testing.assert_array_equal(recurrence(a, f, -1), [1 + 7 * 35, 35, 3])
    assert recurrence(a[:0], f[:0], -1).shape == (0,)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("rate", [0.5, 0.99, 1.0, -0.999, 1.01])
def test_discounted_sums_keep_their_digits(way: int, rate: float) -> None:
    """The terms cancel, and what is left of a rate's rounding is multiplied hundreds of times."""
    x, rest = np.random.default_rng(7).normal(size=500), rate * 2.0**-55
    found = discounted(x, (rate, rest), way)
    with mpmath.workprec(200):
        total, exact = mpmath.mpf(0), []
        for value in x[::way]:
            total = mpmath.mpf(value) + (mpmath.mpf(rate) + mpmath.mpf(rest)) * total
            exact.append(float(total))
    np.testing.assert_allclose(found[::way], exact, rtol=1e-14)
    np.testing.assert_array_equal(discounted(np.array([1.0, np.inf, 2.0]), (0.5, 0.0), 1), [1, np.inf, np.inf])


def _without(x: Any) -> Any:
    """Such products in plain arithmetic without ends of the range."""
    with mpmath.workprec(120):
        numbers = [mpmath.mpf(float(v)) for v in x]
        return [float(mpmath.fprod([*numbers[:i], *numbers[i + 1 :]])) for i in range(len(numbers))]


@pytest.mark.parametrize("size", [0, 1, 3, 16, 17, 128, 129, 300])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_products_without_each_are_what_they_say(size: int, scale: float) -> None:
    """For 300 numbers the product of all is 0 or infinite in floats, and so are many of those on the way to it."""
    x = scale * np.random.default_rng(size).uniform(-1, 1, size)
    np.testing.assert_allclose(products_without(x), _without(x), rtol=2e-14, atol=5e-324)
    np.testing.assert_allclose(products_without(np.float32(x)), _without(np.float32(x)), rtol=2e-14, atol=5e-324)


def test_products_without_each_take_what_floats_take() -> None:
    x = np.random.default_rng(1).uniform(0.5, 2, 200)
    for changes in ({7: 0.0}, {7: 0.0, 130: 0.0}, {7: 1e-290, 9: 1e285}, {199: 1e-300}, {0: 1e250, 150: 1e250}):
        for place, value in changes.items():
            x[place] = value
        np.testing.assert_allclose(products_without(x), _without(x), rtol=2e-14)
        x = np.random.default_rng(1).uniform(0.5, 2, 200)
    np.testing.assert_allclose(products_without(np.repeat(x, 2)[::2]), products_without(x), rtol=2e-14)
    x[[3, 140]] = np.inf, np.nan
    assert np.isnan(np.delete(products_without(x), 140)).all()
    assert products_without(x)[140] == np.inf
