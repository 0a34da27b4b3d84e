"""Modules in wide numbers, for items that left the range of floats: formulas over the whole range, against mpmath."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import Texts, record_text
from emit_samples import run, sample_module, sample_source, signature_of

from eqc.pipeline import compile_record

VECTOR = "{shape: [n]}"
POSITIVE = "{domain: positive}"
WEIGHTS = "{shape: [n], domain: positive}"
WHOLE_RANGE = {
    "norm": (("sqrt(Sum(x[i]**2, (i, 1, n)))",), {"x": VECTOR, "n": "n"}),
    "hypotenuse": (("sqrt(a**2 + b**2 + c**2)",), {"a": "a", "b": "b", "c": "c"}),
    "density": (("exp(-(x - m)**2/(2*v))/sqrt(2*pi*v)",), {"x": "x", "m": "m", "v": POSITIVE}),
    "weighted variance": (
        (
            "Eq(m, Sum(w[i]*x[i], (i, 1, n))/Sum(w[i], (i, 1, n)))",
            "Sum(w[i]*(x[i] - m)**2, (i, 1, n))/Sum(w[j], (j, 1, n))",
        ),
        {"x": VECTOR, "w": WEIGHTS, "n": "n", "m": "m"},
    ),
    "quotient of products": (("a*b*c/(d*f*g)",), dict.fromkeys("abcdfg", POSITIVE)),
    "log of a product": (("log(a*b*c)/b",), dict.fromkeys("abc", POSITIVE)),
    "relative entropy": (("Sum(x[i]*log(x[i]/w[i]), (i, 1, n))",), {"x": WEIGHTS, "w": WEIGHTS, "n": "n"}),
    "largest share": (("MaxOver(x[i]/Sum(x[k], (k, 1, n)), (i, 1, n))",), {"x": WEIGHTS, "n": "n"}),
    "class": (("log(Sum(exp(x[i]), (i, 1, n))) - x[k]",), {"x": VECTOR, "k": "{domain: integer}", "n": "n"}),
}


def weighted(x: Any, w: Any) -> Any:
    """A weighted mean."""
    return sum(a * b for a, b in zip(x, w, strict=True)) / sum(w)


TRUTHS: dict[str, Any] = {
    "norm": lambda x: mpmath.sqrt(sum(v * v for v in x)),
    "hypotenuse": lambda a, b, c: mpmath.sqrt(a * a + b * b + c * c),
    "density": lambda x, m, v: mpmath.exp(-((x - m) ** 2) / (2 * v)) / mpmath.sqrt(2 * mpmath.pi * v),
    "weighted variance": lambda x, w: weighted([(a - weighted(x, w)) ** 2 for a in x], w),
    "quotient of products": lambda a, b, c, d, f, g: a * b * c / (d * f * g),
    "log of a product": lambda a, b, c: mpmath.log(a * b * c) / b,
    "relative entropy": lambda x, w: sum(a * mpmath.log(a / b) for a, b in zip(x, w, strict=True)),
    "largest share": lambda x: max(x) / sum(x),
    "class": lambda x, k: max(x) + mpmath.log(sum(mpmath.exp(v - max(x)) for v in x)) - x[int(k) - 1],
}


@pytest.mark.parametrize("name", WHOLE_RANGE)
def test_wide_modules_hold_over_the_whole_range(name: str) -> None:
    formulas, symbols = WHOLE_RANGE[name]
    function = wide_module(*formulas, **symbols)["_sample"]
    rng = random.Random(name)
    for _ in range(12):
        given = {
            n: over_the_range(rng, "positive" in text, 3 if "shape" in text else 0)
            for n, text in symbols.items()
            if n != "n" and not (name == "weighted variance" and n == "m")
        }
        if name == "class":
            given["k"] = rng.randint(1, 3)
        with mpmath.workprec(8000):
            numbers = {
                n: [mpmath.mpf(v) for v in x] if isinstance(x, list) else mpmath.mpf(x) for n, x in given.items()
            }
            expected = float(TRUTHS[name](**numbers))
        with np.errstate(all="ignore"):
            found = function(*(np.array(x) if isinstance(x, list) else x for x in given.values()))
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-320), given


def over_the_range(rng: random.Random, positive: bool, count: int) -> Any:
    """A number of any exponent, or some of them."""
    if count:
        return [over_the_range(rng, positive, 0) for _ in range(count)]
    number = math.ldexp(rng.uniform(0.5, 1), rng.randint(-1040, 1024))
    return number if positive or rng.random() < 0.5 else -number


def wide_module(*formulas: str, **symbols: str) -> dict[str, Any]:
    compiled = compile_record("sample", Texts({"sample": record_text(formulas, **symbols)}))  # type: ignore[arg-type]
    return run(compiled.siblings["_wide/sample"], "sample")


# which kernels have one -----------------------------------------------------------------------------------------------


def watched(*formulas: str, also: str = "", **symbols: str) -> tuple[str, ...]:
    found: tuple[str, ...] = signature_of(sample_source(*formulas, also=also, **symbols)).get("watched", ())
    return found


def test_kernels_are_watched_where_results_may_leave_the_range_on_the_way() -> None:
    assert set(watched("sqrt(x**2 + y**2)", x="x", y="y")) > {"value", "gradient"}
    assert "value" not in watched("1/(1 + exp(-x))", x="x")
    assert "value" not in watched("exp(x)", x="x")
    assert "value" not in watched("x*y", x="x", y="y")
    assert watched("sqrt(x**2 + y**2)", also="stabilise: false", x="x", y="y") == ()


def test_work_that_grows_faster_than_the_data_is_never_done_in_wide_numbers() -> None:
    matrix = "{shape: [n, n]}"
    assert watched("A*B*A", A=matrix, B=matrix, n="n") == ()
    assert watched("Determinant(A)*x*x*x", A=matrix, x="x", n="n") == ()
    assert watched("Sum(Sum(sqrt(x[i]**2 + x[k]**2), (k, 1, n)), (i, 1, n))", x=VECTOR, n="n") == ()
    assert "value" in watched("Eq(y[i, k], x[i]*w[k]*x[i])", x=VECTOR, w=VECTOR, y="{shape: [n, n]}", n="n")


def test_a_kernel_tells_whether_a_result_is_not_finite() -> None:
    module = sample_module("Eq(y[i], x[i]/sqrt(Sum(x[k]**2, (k, 1, n))))", x=VECTOR, y=VECTOR, n="n")
    y = np.empty((2, 2))
    with np.errstate(all="ignore"):
        assert not module["sample_into"](np.array([[3.0, 4.0], [1.0, 2.0]]), y)
        assert module["sample_into"](np.array([[3.0, 4.0], [0.0, 1e-200]]), y)
        np.testing.assert_array_equal(module["sample"](np.array([3.0, 4.0])), [0.6, 0.8])


def test_gates_and_shares_are_never_computed_again() -> None:
    share = "Eq(y[i], exp(x[i])/Sum(exp(x[k]), (k, 1, n)))"
    assert watched(share, x=VECTOR, y=VECTOR, n="n") == ()
    assert set(watched("x/(1 + exp(-x))", x="x")) <= {"hvp"}
