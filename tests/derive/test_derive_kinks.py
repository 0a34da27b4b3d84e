"""What derivatives are where a formula has kinks, ties, borders and holes: the conventions of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import VECTOR, program

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret
from eqc.rewrite.passes import rewrite

THIRD = mpmath.fraction(1, 3)  # to as many digits as are asked for
HALF = mpmath.mpf(1) / 2
NAN = mpmath.nan


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(40):
        yield


def gradient(formula: str, at: Mapping[str, Any], **symbols: str) -> list[Any]:
    """The gradient and, as a second opinion, the tangents along the axes, which must agree."""
    value = program(formula, **(symbols or dict.fromkeys(at, "a number")))
    programs = derivative_programs(value)
    slopes = interpret(programs["gradient"], at)
    found = [slopes[name] for name in programs["gradient"].outputs]
    flat = [entry for slope in found for entry in np.ravel(np.asarray(slope, dtype=object))]
    assert_same(forward(programs["jvp"], value, at), flat)
    return flat


def forward(jvp: Any, value: Any, at: Mapping[str, Any]) -> list[Any]:
    entries = []
    for tensor in value.differentiable:
        shape = np.shape(at[tensor.name])
        for place in np.ndindex(shape):
            dots = {f"{t.name}_dot": np.zeros(np.shape(at[t.name]), dtype=object) for t in value.differentiable}
            dots[f"{tensor.name}_dot"][place] = 1
            entries.append(interpret(jvp, {**at, **dots})[jvp.outputs[0]])
    return entries


def assert_same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        both_nan = mpmath.isnan(a) and mpmath.isnan(b)
        assert both_nan or abs(a - b) < 1e-30, f"{found} and {expected}"


TABLE = [
    # absolute values and signs
    ("Abs(x)", {"x": 0}, [0]),
    ("Abs(x)", {"x": -2}, [-1]),
    ("Abs(x)**3", {"x": 0}, [0]),
    ("sqrt(x**2)", {"x": 0}, [0]),
    ("sign(x)*x", {"x": 0}, [0]),
    ("sign(x)", {"x": 3}, [0]),
    # a constant that ties gives slope 0, on whichever side it stands
    ("Max(x, 0)", {"x": 0}, [0]),
    ("Max(0, x)", {"x": 0}, [0]),
    ("Min(1, x)", {"x": 1}, [0]),
    ("Min(x, 1)", {"x": 1}, [0]),
    ("Max(0, x)", {"x": 1}, [1]),
    ("Max(0, x)", {"x": -1}, [0]),
    ("Max(x, y, 2)", {"x": 2, "y": 2}, [0, 0]),
    ("Max(x, y, 2)", {"x": 3, "y": 3}, [HALF, HALF]),
    ("Min(x, 2, y)", {"x": 2, "y": 5}, [0, 0]),
    # other ties share equally
    ("Max(x, y)", {"x": 1, "y": 1}, [HALF, HALF]),
    ("Min(x, y)", {"x": 1, "y": 1}, [HALF, HALF]),
    ("Max(x, y)", {"x": 1, "y": 2}, [0, 1]),
    ("Max(x, 2*y)", {"x": 2, "y": 1}, [HALF, 1]),
    ("Max(x, x)", {"x": 2}, [1]),
    ("Max(x, -x)", {"x": 0}, [0]),
    ("Max(x, y, z)", {"x": 4, "y": 4, "z": 4}, [THIRD, THIRD, THIRD]),
    ("Max(x, y, z)", {"x": 4, "y": 1, "z": 4}, [HALF, 0, HALF]),
    ("Min(x, y, z)", {"x": 4, "y": 4, "z": 5}, [HALF, HALF, 0]),
    ("Min(x, y, z)", {"x": -1, "y": -1, "z": -1}, [THIRD, THIRD, THIRD]),
    ("Max(Max(x, y), z)", {"x": 1, "y": 1, "z": 1}, [HALF / 2, HALF / 2, HALF]),
    ("Max(x, y)*Min(x, y)", {"x": 3, "y": 3}, [3, 3]),
    # steps
    ("floor(x)*x", {"x": 2}, [2]),
    ("ceiling(x)*x", {"x": 2.5}, [3]),
    ("Mod(x, 3)", {"x": 7}, [1]),
    ("Mod(7, x)", {"x": 3}, [-2]),
    # the branch that holds is differentiated
    ("Piecewise((x**2, x >= 1), (3*x, True))", {"x": 1}, [2]),
    ("Piecewise((x**2, x > 1), (3*x, True))", {"x": 1}, [3]),
    ("Piecewise((1, x < 0), (x, x < 1), (x**3, True))", {"x": 1}, [3]),
    ("Piecewise((1/x, Ne(x, 0)), (5, True))", {"x": 0}, [0]),
    ("Piecewise((log(x), x > 0), (x*7, True))", {"x": -1}, [7]),
    ("Heaviside(x)*x", {"x": 0}, [HALF]),
    ("Heaviside(x, 1)*x", {"x": 0}, [1]),
    # powers at 0
    ("x**2", {"x": 0}, [0]),
    ("x**1*3", {"x": 0}, [3]),
]


@pytest.mark.parametrize(("formula", "at", "expected"), TABLE, ids=[f"{row[0]} at {row[1]}" for row in TABLE])
def test_table(formula: str, at: Mapping[str, Any], expected: list[Any]) -> None:
    assert_same(gradient(formula, at), expected)


VECTORS = [
    ("MaxOver(x[i], (i, 1, n))", [3, 1, 3], [HALF, 0, HALF]),
    ("MaxOver(x[i], (i, 1, n))", [2, 2, 2], [THIRD, THIRD, THIRD]),
    ("MinOver(x[i]**2, (i, 1, n))", [1, -1, 2], [1, -1, 0]),
    ("MaxOver(Abs(x[i]), (i, 1, n))", [0, 0], [0, 0]),
    ("MaxOver(x[i] - x[j], (j, 1, n), (i, 1, n))", [1, 1, 0], [HALF, HALF, -1]),
    ("MaxOver(Max(x[i], 0), (i, 1, n))", [0, -1], [0, 0]),
    ("x[1]*ArgMaxOver(x[i], (i, 1, n))", [1, 5, 5], [2, 0, 0]),
    ("Product(x[i], (i, 1, n))", [0, 2, 3], [6, 0, 0]),
    ("Product(x[i], (i, 1, n))", [0, 2, 0], [0, 0, 0]),
    ("Sum(x[i]**2, (i, 2, n))", [7], [0]),
    ("Product(x[i], (i, 2, n))", [7], [0]),
]


@pytest.mark.parametrize(("formula", "x", "expected"), VECTORS, ids=[f"{row[0]} at {row[1]}" for row in VECTORS])
def test_vectors(formula: str, x: list[Any], expected: list[Any]) -> None:
    assert_same(gradient(formula, {"x": x}, x=VECTOR, n="size"), expected)


NAN_TABLE = [
    ("Max(x, 0)", {"x": NAN}),
    ("Min(1, x)", {"x": NAN}),
    ("Max(x, 2*x)", {"x": NAN}),
    ("Abs(x)", {"x": NAN}),
    ("Max(x, 2*x, 3*x)", {"x": NAN}),
    ("Max(x, 1, 2)", {"x": NAN}),
    ("exp(x)", {"x": NAN}),
    ("sqrt(x**2)", {"x": NAN}),
]


@pytest.mark.parametrize(("formula", "at"), NAN_TABLE, ids=[row[0] for row in NAN_TABLE])
def test_nan_stays_nan(formula: str, at: Mapping[str, Any]) -> None:
    assert mpmath.isnan(gradient(formula, at)[0])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_among_others_stays_nan(place: int) -> None:
    at = {name: (NAN if n == place else n + 1) for n, name in enumerate("xyz")}
    slopes = gradient("Max(x, y, z)", at)
    assert all(mpmath.isnan(slope) for slope in slopes)


@pytest.mark.parametrize("x", [[NAN, 1], [1, NAN], [NAN, NAN]])
@pytest.mark.parametrize("word", ["MaxOver", "MinOver"])
def test_nan_in_extrema_over_indices_stays_nan(word: str, x: list[Any]) -> None:
    formula = f"{word}(x[i], (i, 1, n))"
    assert mpmath.isnan(interpret(program(formula, x=VECTOR, n="size"), {"x": x})["out"])
    slopes = gradient(formula, {"x": x}, x=VECTOR, n="size")
    assert all(mpmath.isnan(slope) for value, slope in zip(x, slopes, strict=True) if mpmath.isnan(value))


def test_a_branch_that_does_not_hold_is_not_read() -> None:
    """The guard keeps the adjoint inside the array as well."""
    formula = "Eq(y[i], Piecewise((x[i + 1]*x[i], i < n), (x[i]*5, True)))"
    value = program(formula, y=VECTOR, x=VECTOR, n="size")
    found = interpret(derivative_programs(value)["vjp"], {"x": [2, 3, 4], "y_bar": [1, 10, 100]})
    assert list(found["x_bar"]) == [3, 2 + 40, 30 + 500]


def test_a_branch_taken_because_a_condition_is_nan_is_differentiated() -> None:
    value = program("Piecewise((0, x > 0), (Sum(y[i]**2, (i, 1, n)), True))", x="x", y=VECTOR, n="size")
    at = {"x": NAN, "y": [1, 2]}
    assert interpret(value, at)["out"] == 5
    assert list(interpret(derivative_programs(value)["gradient"], at)["y_bar"]) == [2, 4]


def test_integers_and_marked_inputs_are_not_differentiated() -> None:
    symbols = {"x": VECTOR, "y": "{domain: natural}", "m": "{domain: integer}", "c": "{differentiable: false}"}
    value = program("c*x[y]**m", **symbols, n="size")
    assert [t.name for t in value.differentiable] == ["x"]
    assert derivative_programs(value)["gradient"].outputs == ("x_bar",)


def test_without_anything_to_differentiate_there_is_only_the_value() -> None:
    assert list(derivative_programs(program("k**2 + n", k="{domain: natural}", n="{domain: natural}"))) == ["value"]
    assert list(derivative_programs(program("ArgMaxOver(x[i], (i, 1, n))", x=VECTOR, n="size"))) == ["value"]


def test_an_output_without_tangent_and_an_input_without_cotangent_get_zero() -> None:
    value = program("Eq(y, 3)", "Eq(z, a*0 + b)", y="y", z="z", a="a", b="b")
    programs = derivative_programs(value)
    assert interpret(programs["jvp"], {"a": 1, "b": 2, "a_dot": 1, "b_dot": 1}) == {"y_dot": 0, "z_dot": 1}
    found = interpret(programs["vjp"], {"a": 1, "b": 2, "y_bar": 5, "z_bar": 7})
    assert [found[n] for n in programs["vjp"].outputs] == [0, 7]


def test_kernels_by_the_kind_of_output() -> None:
    number = derivative_programs(program("x**2", x="x"), ("jacobian", "hessian"))
    assert list(number) == ["value", "jvp", "vjp", "gradient", "value_and_gradient", "hvp", "hessian", "jacobian"]
    vector = derivative_programs(program("Eq(y[i], x[i])", y=VECTOR, x=VECTOR, n="size"), ("jacobian", "hessian"))
    assert list(vector) == ["value", "jvp", "vjp", "value_and_vjp", "jacobian"]
    two = derivative_programs(program("Eq(y, x)", "Eq(z, 2*x)", y="y", z="z", x="x"))
    assert list(two) == ["value", "jvp", "vjp", "value_and_vjp"]


def test_a_symmetric_input_has_the_symmetric_derivative() -> None:
    value = program("S[1, 2]", S="{shape: [n, n], domain: symmetric}", n="size")
    found = interpret(derivative_programs(value)["gradient"], {"S": [[1, 2], [2, 3]]})
    (slope,) = found.values()
    assert [list(row) for row in slope] == [[0, HALF], [HALF, 0]]


def test_x_log_x_at_zero() -> None:
    """The value is 0 and so is the slope in what the logarithm is taken of; the other slope is the limit."""
    value = rewrite(program("x*log(y)", x="{domain: nonnegative}", y="{domain: nonnegative}"), stable=True)
    assert interpret(value, {"x": 0, "y": 0})["out"] == 0
    found = interpret(derivative_programs(value)["gradient"], {"x": 0, "y": 0})
    assert list(found.values()) == [-mpmath.inf, 0]


def test_a_constant_power_has_slope_zero_at_zero() -> None:
    value = program("x**k", x="x", k="{domain: natural}")
    slope = derivative_programs(value)["gradient"]
    assert [interpret(slope, {"x": 0, "k": k})["x_bar"] for k in (0, 1, 2)] == [0, 1, 0]


def test_a_power_to_a_real_zero_has_slope_zero_at_zero() -> None:
    value = program("x**w", x="{domain: nonnegative}", w="{domain: binary, differentiable: false}")
    slope = derivative_programs(value)["gradient"]
    assert [interpret(slope, {"x": 0, "w": w})["x_bar"] for w in (0, 1)] == [0, 1]


def test_a_guarded_read_at_bare_indices_keeps_its_guard() -> None:
    """The loop over k may run beyond x: neither derivative may look or write there."""
    formula = "Sum(Piecewise((x[k], k <= n), (0, True)), (k, 1, r))"
    value = program(formula, x="{shape: [n]}", n="size", r="{domain: natural}")
    given = {"x": [1, 2], "r": 4}
    programs = derivative_programs(value)
    assert interpret(programs["jvp"], {**given, "x_dot": [3, 4]}) == {"out_dot": 7}
    assert list(interpret(programs["gradient"], given)["x_bar"]) == [1, 1]
