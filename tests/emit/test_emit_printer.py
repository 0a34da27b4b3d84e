"""The source of expressions, evaluated by Python, against the expressions evaluated by mpmath."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from emit_samples import identity, plain_runtime
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from eqc.emit import _vector
from eqc.emit.body import Body
from eqc.emit.heads import MATH, RUNTIME, VECTOR
from eqc.emit.printer import SourcePrinter
from eqc.ir.interpret import FUNCTIONS, evaluate
from eqc.ir.program import Op, Program, Statement, Tensor
from eqc.ir.terms import (
    Converged,
    FloorDivide,
    Magnitude,
    Maximum,
    Minimum,
    NonZero,
    Quotient,
    Remainder,
    XLogY,
    extent_symbol,
    index_symbol,
    read,
)
from eqc.ir.walk import branches, negation

X, Y, Z = read("x"), read("y"), read("z")
i, n = index_symbol("i"), extent_symbol("n")
k = sp.Symbol("k", integer=True)


def source(expression: Any) -> str:
    return SourcePrinter(lambda r: r.tensor).source(expression)


def whole(expression: Any) -> str:
    return SourcePrinter(lambda r: r.tensor).index_source(expression)


def value(text: str, **names: Any) -> Any:
    """What Python makes of some source, with the names that a module has."""
    known = {f"_{name}": function for name, function in plain_runtime().items()}
    return eval(text, {**known, "math": math, "np": np, "abs": abs, "float": float, "max": max, "range": range}, names)


def truth(expression: Any, **at: Any) -> Any:
    """The value to 40 digits."""
    with mpmath.workdps(40):
        exact = {name: mpmath.mpf(number) if isinstance(number, float) else number for name, number in at.items()}
        environment = {s: exact[s.name] for s in (i, n, k) if s.name in exact}
        memory = {name: {(): number} for name, number in exact.items()}
        return evaluate(expression, environment, memory)


def assert_right(expression: Any, **at: Any) -> None:
    found, expected = value(source(expression), **at), truth(expression, **at)
    assert abs(found - expected) <= 4e-15 * (1 + abs(expected)), f"{source(expression)} at {at}"


PLAIN_VECTOR = [head for head in VECTOR if head.__module__ != "eqc.ir.stable"]
INTERVALS: dict[type, list[tuple[float, float]]] = {
    sp.log: [(0.1, 5)],
    sp.asin: [(-0.9, 0.9)],
    sp.acos: [(-0.9, 0.9)],
    sp.acosh: [(1.1, 5)],
    sp.atanh: [(-0.9, 0.9)],
    sp.gamma: [(0.2, 5)],
    sp.loggamma: [(0.2, 5)],
    sp.tan: [(-1.4, 1.4)],
    sp.atan2: [(-3, 3), (-3, 3)],
    Maximum: [(-1, 1), (-1, 1)],
    Minimum: [(-1, 1), (-1, 1)],
    XLogY: [(0.1, 3), (0.1, 3)],
}
WHOLE = {Quotient: [(6, 3), (0, 5), (-8, 2)], sp.polygamma: [(0, 1.5), (1, 0.3), (4, 2.5)]}


@pytest.mark.parametrize(
    "head", sorted({*MATH, *PLAIN_VECTOR, *RUNTIME} - {*WHOLE, Converged}, key=str), ids=lambda h: h.__name__
)
def test_functions(head: Any) -> None:
    intervals = INTERVALS.get(head, [(-2, 2)])
    rng = random.Random(head.__name__)
    for _ in range(10):
        at = {name: rng.uniform(*interval) for name, interval in zip("xy", intervals, strict=False)}
        assert_right(head(*(X, Y)[: len(intervals)]), **at)


def test_functions_of_integers() -> None:
    for a, b in WHOLE[Quotient]:
        assert value(source(Quotient(k, n)), k=a, n=b) == a // b
    for order, x in WHOLE[sp.polygamma]:
        assert_right(sp.polygamma(order, X), x=float(x))


def test_integrals_are_refused_where_two_estimates_disagree() -> None:
    expression = Converged(X, Y, Z)
    assert value(source(expression), x=1.0, y=1.0 + 1e-12, z=2.0) == 1.0
    with pytest.raises(ValueError, match="did not converge"):
        value(source(expression), x=1.0, y=2.0, z=2.0)


def test_every_head_of_the_interpreter_has_source() -> None:
    """What programs may hold, the printer can say."""
    printed = {
        *MATH,
        *PLAIN_VECTOR,
        *RUNTIME,
        Magnitude,
        NonZero,
        sp.Abs,
        sp.floor,
        sp.ceiling,
        sp.Mod,
        sp.KroneckerDelta,
        FloorDivide,
        Remainder,
    }
    operators = {sp.Add, sp.Mul, sp.Pow, sp.Not}
    relations = {head for head in FUNCTIONS if issubclass(head, sp.core.relational.Relational)}
    assert set(FUNCTIONS) == printed | operators | relations


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="zeta"):
        source(sp.zeta(X))


REALS: list[Any] = [
    X + 1,
    -X,
    -X + Y,
    X - Y - Z,
    -(X + Y) * Z,
    X * (Y - Z) / (X + 3),
    X / Y / Z,
    X / (Y * Z),
    (X / Y) ** 2,
    -(X**2),
    (-X) ** 2,
    (-X) ** 3 * 2,
    X**-1,
    X**-2 / Y,
    X ** sp.Rational(1, 3),
    X ** sp.Rational(-1, 3),
    X ** sp.Rational(5, 2) / Y,
    sp.sqrt(X),
    1 / sp.sqrt(X),
    X / sp.sqrt(Y + 1),
    sp.sqrt(X / Y),
    1 / sp.sqrt(1 + X**2),
    X**Y,
    X ** (-Y),
    X ** (Y + 1) / Z,
    (X + Y) ** Z,
    2**X,
    2 ** (-X),
    (X**Y) ** Z,
    X ** (Y**Z),
    sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi),
    sp.E**X * sp.E,
    sp.pi**X,
    sp.pi / 4 - X * sp.EulerGamma + sp.Catalan * sp.GoldenRatio,
    sp.Rational(1, 3) * X + sp.Rational(2, 7),
    sp.Rational(-5, 3) * X**2 * Y / Z,
    sp.Rational(1, 10) ** X,
    sp.Abs(X - Y) ** 3,
    sp.floor(3 * X) - sp.ceiling(Y) * 2,
    sp.Mod(X, Y) * 2 + sp.Mod(-X, Y + 1) ** 2,
    -sp.floor(-X),
    sp.log(1 + sp.exp(X)) - sp.tanh(Y) ** 2,
    Maximum(X, Y, Z, sp.Integer(0)) * Minimum(X, Y, Z),
    Maximum(X - 1, -Y) ** 2,
    sp.sign(X - Y) * X,
    branches([(X, X > Y), (Y, sp.true)]) * 2 + 1,
    branches([(X, X > Y), (Y, X > Z), (branches([(Z, Y < Z), (1 / X, sp.true)]), sp.true)]),
    branches([(X, sp.And(X > Y, negation(Y > Z))), (Y, sp.Or(X < 0, sp.Eq(Y, Z))), (Z, sp.true)]),
    branches([(X, negation(sp.And(X > Y, Y > Z))), (Y, sp.true)]),
    1 / branches([(X, X > Y), (Y, sp.true)]),
    branches([(X, X > Y), (Y, sp.true)]) ** 2,
    -branches([(X, X > Y), (Y, sp.true)]),
    sp.Float("0.1", 17) * X,
    X * sp.Integer(10) ** 25 / sp.Integer(10) ** 24,
    X * 123456789 / 1000,
]


@pytest.mark.parametrize("expression", REALS, ids=str)
def test_arithmetic(expression: Any) -> None:
    rng = random.Random(str(expression))
    for _ in range(6):
        assert_right(expression, **{name: rng.uniform(0.3, 2.5) for name in "xyz"})


INTEGERS: list[Any] = [
    (-1) ** (i + 1) * X,
    (-2) ** i + X,
    sp.Rational(-1, 2) ** i * X,
    (i + 1) ** 2 * X,
    X / (i + 1) ** 3,
    (i + 1) ** (-n) * X,
    (i + 1) ** n / X,
    n ** (i + 1) * X,
    X**i,
    X ** (-i),
    X**k,
    (i - n) ** 3 * X,
    X * (i + 1) / (n + 1),
    (n - i) * (i + 1) * X / 7,
    sp.KroneckerDelta(i, n) * X,
    branches([(X, sp.Eq(i, n)), (2 * X, sp.Lt(i, n)), (3 * X, sp.true)]),
    FloorDivide(i, n + 1) * X,
    X * Remainder(i, n + 1),
]


@pytest.mark.parametrize("expression", INTEGERS, ids=str)
def test_arithmetic_with_integers(expression: Any) -> None:
    for at in ((0, 2, -1), (3, 2, 2), (5, 5, -3), (9, 4, 0)):
        assert_right(expression, i=at[0], n=at[1], k=at[2], x=1.25)


POSITIONS: list[Any] = [
    i + 1,
    2 * i - n,
    n - 1 - i,
    i * n + k,
    i**2 + n**3,
    FloorDivide(i + k, n + 1) + 1,
    Remainder(i - 5, n + 1),
    -FloorDivide(-i, n + 1),
    Maximum(i - 2, sp.Integer(0)) + Minimum(i, n),
    Quotient(6 * i, sp.Integer(3)) - 1,
    Quotient(n * i, n),
    n ** (k**2),
    branches([(i, sp.Lt(i, n)), (n, sp.true)]),
]


@pytest.mark.parametrize("expression", POSITIONS, ids=str)
def test_positions_stay_integers(expression: Any) -> None:
    for a, b, c in ((0, 2, 1), (3, 2, 2), (5, 5, 0), (9, 4, 1)):
        found = value(whole(expression), i=a, n=b, k=c)
        assert type(found) is int
        assert found == truth(expression, i=a, n=b, k=c)


# numbers ------------------------------------------------------------------------------------------------------------


@settings(max_examples=300, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_exactly(number: float) -> None:
    """The shortest decimal of a float is that float again in the source."""
    fraction = Fraction(repr(number))
    found = value(source(sp.Rational(fraction.numerator, fraction.denominator) * X), x=1.0)
    assert found == number


@settings(max_examples=300, derandomize=True)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_decimals_are_the_nearest_float(number: Any) -> None:
    fraction = Fraction(number)
    assert value(source(sp.Rational(fraction.numerator, fraction.denominator))) == float(fraction)


@pytest.mark.parametrize("number", [2**31, 2**53 + 1, 2**63, 10**30, -(2**63) - 1])
def test_large_integers_are_floats(number: int) -> None:
    assert value(source(sp.Integer(number) * X), x=1.0) == float(number)


def test_constants() -> None:
    constants = {sp.pi: math.pi, sp.E: math.e, sp.oo: math.inf, -sp.oo: -math.inf}
    for constant, number in constants.items():
        assert value(source(constant)) == number
    assert math.isnan(value(source(sp.nan)))
    assert value(source(branches([(X, X > 0), (-sp.oo, sp.true)])), x=-1.0) == -math.inf


# how it reads -------------------------------------------------------------------------------------------------------

READABLE = {
    X - Y: "x - y",
    -X + Y: "y - x",
    X * Y / Z: "x*y/z",
    2 * X**2: "2*x**2",
    sp.sqrt(X): "math.sqrt(x)",
    1 / sp.sqrt(X): "1/math.sqrt(x)",
    Y / (X + 1) ** sp.Rational(3, 2): "y/_root_of_cube(x + 1)",
    Y / (X + 1) ** sp.Rational(5, 2): "y/((x + 1)*_root_of_cube(x + 1))",
    X ** sp.Rational(-1, 3): "1/_rational_power(x, 1, 3)",
    X ** sp.Rational(52561, 10000): "_rational_power(x, 52561, 10000)",
    X ** sp.Rational(7, 4): "_power(x, 1.75)",
    sp.exp(-X): "_exp(-x)",
    branches([(X, X > 0), (sp.Integer(0), sp.true)]): "(x if x > 0 else 0)",
    Maximum(X, sp.Integer(0)): "_maximum(x, 0)",
    sp.Abs(X): "abs(x)",
    -X / 2: "-x/2",
}


@pytest.mark.parametrize("expression", READABLE, ids=str)
def test_source_is_readable(expression: Any) -> None:
    assert source(expression) == READABLE[expression]


def test_helpers_that_are_used_are_reported() -> None:
    printer = SourcePrinter(lambda r: r.tensor)
    printer.source(Maximum(X, sp.sign(Y)) + sp.exp(Z))
    assert printer.used == {"_exp", "_maximum", "_sign"}


def test_reads_are_spelt_by_their_owner() -> None:
    printer = SourcePrinter(lambda r: f"<{r.tensor}{list(r.positions)}>")
    assert printer.source(2 * read("x", (i, n))) == "2*<x[i, n]>"


# Numba: what Python's integers hide ---------------------------------------------------------------------------------


def compiled(expression: Any) -> Any:
    """A function of x, i, n, k that Numba compiled."""
    text = f"def f(x, i, n, k):\n    return {source(expression)}\n"
    space: dict[str, Any] = {"math": math, "np": np, "_power": _vector.power}
    exec(text, space)
    return njit(error_model="numpy")(space["f"])


@pytest.mark.parametrize(
    "expression", [X / (i + 1) ** 20 + (i + 1) ** (-n) * X + (i + 1) ** n + n**k, (-1) ** (i + 1) * X + X**k], ids=str
)
def test_powers_of_integers_neither_overflow_nor_truncate(expression: Any) -> None:
    function = compiled(expression)
    for at in ((8, 3, 2), (40, 30, -3), (99, 2, 7)):
        expected = truth(expression, x=1.25, i=at[0], n=at[1], k=at[2])
        assert abs(function(1.25, *at) - expected) <= 1e-14 * (1 + abs(expected))


# names of a function ------------------------------------------------------------------------------------------------


def test_names_hide_nothing_that_the_source_calls() -> None:
    names = ["range", "abs", "math", "np", "item", "float", "max", "njit", "IndexError", "maximum"]
    inputs = tuple(Tensor(name) for name in names)
    total = Statement(Tensor("y"), (), (), Op.NONE, sp.Add(*(read(name) for name in names)))
    function = Body(Program("p", inputs, (), tuple(names), (), (total,), ("y",)), frozenset({"maximum"}))
    assert [function.names[name] for name in names] == [f"{name}_" for name in names]
    assert identity(function.body)


def test_conditions_are_joined_without_branches_where_none_keeps_a_position_in_range() -> None:
    i, j, n = sp.symbols("i j n", integer=True, nonnegative=True)
    printer, positive = SourcePrinter(lambda r: f"{r.tensor}[i]", str), sp.Gt(read("x", (i,)), 0)
    assert printer.source(sp.And(positive, sp.Ne(i + 1, j + 1))) == "(x[i] > 0) & (i + 1 != j + 1)"
    assert printer.source(sp.And(positive, sp.Ne(i, n - 1))) == "x[i] > 0 and i != n - 1"
    assert printer.source(sp.And(positive, sp.Lt(i, n))) == "x[i] > 0 and i < n"
