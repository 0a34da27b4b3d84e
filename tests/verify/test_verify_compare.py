"""The error model: strict where the formula is well conditioned, fair where it is not."""

from __future__ import annotations

import numpy as np
from verify_samples import formula

from eqc.verify.balls import ball
from eqc.verify.cases import Names, single_case
from eqc.verify.compare import Expected, compare, rtol_for
from eqc.verify.points import Point, find_point

ONE_INPUT = Names(("x",), frozenset(), ("x",), ("out",), ("out",))


def exact(*numbers: float) -> Expected:
    none = np.zeros(len(numbers))
    return Expected(np.array([ball(x) for x in numbers], dtype=object), {"float64": none, "float32": none})


def output_at(point: Point) -> Expected:
    return single_case(point, ONE_INPUT).expected["value"]["out",]


def test_errors_are_relative_to_the_largest_entry() -> None:
    assert compare("y", np.array([1.0, 1e-12]), exact(1.0, 0.0), "float64", 1e-9).passed
    assert not compare("y", np.array([1.0, 1e-8]), exact(1.0, 0.0), "float64", 1e-9).passed


def test_shape_and_dtype_are_part_of_the_result() -> None:
    assert "shape" in compare("y", np.ones((1, 2)), exact(1.0, 1.0), "float64", 1e-9).problem
    assert "dtype" in compare("y", np.ones(2), exact(1.0, 1.0), "float32", 1e-9).problem
    assert "float" in compare("y", 1.0, exact(1.0), "float64", 1e-9).problem
    assert compare("y", np.array([1, 1]), exact(1.0, 1.0), "float64", 1e-9).passed
    assert "dtype" in compare("y", np.array([1, 1]), exact(1.5, 1.0), "float64", 1e-9).problem


def test_nan_is_wrong_where_the_truth_is_finite_and_unknown_where_it_is_not() -> None:
    assert not compare("y", np.array([np.nan]), exact(1.0), "float64", 1e-9).passed
    outcome = compare("y", np.array([np.nan, 1.0]), exact(float("nan"), 1.0), "float64", 1e-9)
    assert (outcome.passed, outcome.compared, outcome.unknown) == (True, 1, 1)
    assert compare("y", np.array([np.inf], np.float32), exact(1e300), "float32", 1e-4).unknown == 1


def test_cancellation_widens_what_is_allowed_by_as_much_as_it_costs() -> None:
    steep = formula("(x + 1e6) - 1e6", x="{}")
    point = find_point(steep, 0, 1)
    expected = output_at(point)
    x = float(point.sample.inputs["x"])
    computed = np.float32(np.float32(x) + np.float32(1e6)) - np.float32(1e6)
    assert compare("y", computed, expected, "float32", 2e-4).passed
    assert not compare("y", np.float32(x * 2), expected, "float32", 2e-4).passed
    assert not compare("y", np.float64(x * (1 + 1e-7)), expected, "float64", 1e-9).passed


def test_zero_derivatives_allow_for_rounding_of_their_terms() -> None:
    flat = formula("log(x/((x + 1)/2)) - log(2*x/(x + 1))", x="{domain: positive}")
    expected = single_case(find_point(flat, 0, 1), ONE_INPUT).expected["gradient"]["x",]
    assert compare("y", np.float64(1e-16), expected, "float64", 1e-9).passed
    assert compare("y", np.float32(1e-8), expected, "float32", 2e-4).passed
    assert not compare("y", np.float64(1e-12), expected, "float64", 1e-9).passed


def test_slopes_that_cancel_allow_for_rounding_of_what_is_added() -> None:
    still = formula("exp(a)*(x - x)", x="{}", a="{}")
    point = find_point(still, 0, 1)
    expected = single_case(point, ONE_INPUT).expected["gradient"]["x",]
    size = float(np.exp(point.sample.inputs["a"]))
    assert compare("y", np.float64(1e-16 * size), expected, "float64", 1e-9).passed
    assert not compare("y", np.float64(1e-13 * size), expected, "float64", 1e-9).passed


def test_float32_keeps_the_ratio_of_a_records_tolerance() -> None:
    assert rtol_for("float32", None) == 2e-4
    assert rtol_for("float32", 1e-6) == 0.1
