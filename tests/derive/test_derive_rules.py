"""The tables of local derivatives, row by row, against differences at 50 digits, and partial derivatives of bodies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import mpmath
import pytest
import sympy as sp
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.derive.partials import partials
from eqc.derive.rules import LOCAL, SMOOTH, local_derivatives
from eqc.errors import DerivationError
from eqc.ir.interpret import FUNCTIONS, evaluate, interpret
from eqc.ir.terms import Applied, Converged, FloorDivide, Maximum, Minimum, Quotient, Remainder, XLogY, read
from eqc.ir.walk import branches
from eqc.notation.scalar import SCALAR

X = sp.Symbol("x", real=True)
Y = sp.Symbol("y", real=True)

# Where arguments are drawn for each head: intervals on which the function is real and smooth.
INTERVALS: dict[type, list[tuple[float, float]]] = {
    sp.log: [(0.1, 5)],
    sp.asin: [(-0.9, 0.9)],
    sp.acos: [(-0.9, 0.9)],
    sp.acosh: [(1.1, 5)],
    sp.atanh: [(-0.9, 0.9)],
    sp.gamma: [(0.2, 5)],
    sp.loggamma: [(0.2, 5)],
    sp.tan: [(-1.4, 1.4)],
    sp.atan2: [(-3, 3), (0.2, 3)],
    sp.Pow: [(0.2, 3), (-2, 2)],
    sp.Add: [(-3, 3), (-3, 3)],
    sp.Mul: [(-3, 3), (-3, 3)],
    sp.Mod: [(3.1, 3.9), (0.7, 0.9)],
    sp.KroneckerDelta: [(0.1, 0.4), (1.1, 1.4)],
    XLogY: [(0.2, 3), (0.2, 3)],
}
STEPS = {FloorDivide, Quotient, Remainder}
"""Division of integers, which differences cannot test."""
OTHERS = {
    sp.polygamma: "its order is whole: tested for some orders",
    Applied: "it names another given function: tested with formulas that have some",
    Converged: "it passes its first argument on, if the others say that it is good enough",
}


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(50):
        yield


def by_name(heads: Any) -> list[Any]:
    return sorted(heads, key=lambda head: head.__name__)


def check_slopes(node: Any, symbols: list[Any], intervals: list[tuple[float, float]]) -> None:
    seed = sum(map(ord, str(node)))
    rng = random.Random(seed)
    for _ in range(5):
        point = [mpmath.mpf(rng.uniform(*interval)) for interval in intervals]
        for place, slope in enumerate(local_derivatives(node)):
            expected = difference(node, symbols, point, place)
            found = evaluate(slope, dict(zip(symbols, point, strict=True)), {})
            assert abs(found - expected) < 1e-20 * (1 + abs(expected)), f"{node} at {point}, seed {seed}"


def difference(node: Any, symbols: list[Any], point: list[Any], place: int) -> Any:
    def shifted(by: Any) -> Any:
        moved = [p + by if n == place else p for n, p in enumerate(point)]
        return evaluate(node, dict(zip(symbols, moved, strict=True)), {})

    step = mpmath.mpf(10) ** -14
    return (shifted(step) - shifted(-step)) / (2 * step)


@pytest.mark.parametrize("head", by_name(SMOOTH), ids=lambda h: h.__name__)
def test_smooth_functions(head: Any) -> None:
    intervals = INTERVALS.get(head, [(-2, 2)])
    symbols = [X, Y][: len(intervals)]
    check_slopes(head(*symbols), symbols, intervals)


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_polygamma_of_every_order(order: int) -> None:
    node = sp.polygamma(order, X)
    assert local_derivatives(node) == (0, sp.polygamma(order + 1, X))


@pytest.mark.parametrize("head", by_name(set(LOCAL) - STEPS - set(OTHERS)), ids=lambda h: h.__name__)
def test_rules_of_our_own(head: Any) -> None:
    intervals = INTERVALS.get(head, [(0.2, 0.9)])
    symbols = [X, Y][: len(intervals)]
    check_slopes(head(*symbols), symbols, intervals)


def test_exceptions_are_steps() -> None:
    for head in by_name(STEPS):
        assert local_derivatives(head(sp.Symbol("i", integer=True), sp.Symbol("n", integer=True))) == (0, 0)


def test_every_rule_is_covered_by_the_interpreter() -> None:
    assert (SMOOTH | set(LOCAL)) - set(FUNCTIONS) == {Applied}


def test_constants_as_exponents_and_bases() -> None:
    assert local_derivatives(X**3) == (3 * X**2, 0)


def test_a_function_without_a_rule_is_refused() -> None:
    with pytest.raises(DerivationError) as error:
        local_derivatives(sp.zeta(X))
    assert "zeta" in error.value.rule
    assert error.value.written == "zeta(x)"
    assert "differentiable: false" in error.value.remedy


def test_the_order_of_polygamma_may_be_an_argument() -> None:
    value = program("polygamma(k, x)", x="{domain: positive}", k="{domain: natural}")
    assert derivative_programs(value)["gradient"].outputs == ("x_bar",)


# Words that a formula may use, with an interval for each argument: their values against mpmath and, where there is a
# slope, their derivatives against differences.
WORDS: dict[str, tuple[str, list[tuple[float, float]], Any]] = {
    "exp": ("exp(x)", [(-2, 2)], mpmath.exp),
    "log": ("log(x)", [(0.1, 4)], mpmath.log),
    "log to a base": ("log(x, y)", [(0.1, 4), (1.5, 3)], mpmath.log),
    "sqrt": ("sqrt(x)", [(0.1, 4)], mpmath.sqrt),
    "cbrt": ("cbrt(x)", [(0.1, 4)], mpmath.cbrt),
    "cbrt of negatives": ("cbrt(x)", [(-4, -0.1)], lambda x: -mpmath.cbrt(-x)),
    "sin": ("sin(x)", [(-2, 2)], mpmath.sin),
    "cos": ("cos(x)", [(-2, 2)], mpmath.cos),
    "tan": ("tan(x)", [(-1.4, 1.4)], mpmath.tan),
    "sec": ("sec(x)", [(-1.4, 1.4)], mpmath.sec),
    "csc": ("csc(x)", [(0.1, 3)], mpmath.csc),
    "cot": ("cot(x)", [(0.1, 3)], mpmath.cot),
    "asin": ("asin(x)", [(-0.9, 0.9)], mpmath.asin),
    "acos": ("acos(x)", [(-0.9, 0.9)], mpmath.acos),
    "atan": ("atan(x)", [(-3, 3)], mpmath.atan),
    "atan2": ("atan2(x, y)", [(-3, 3), (-3, -0.1)], mpmath.atan2),
    "sinc": ("sinc(x)", [(0.1, 3)], mpmath.sinc),
    "sinh": ("sinh(x)", [(-2, 2)], mpmath.sinh),
    "cosh": ("cosh(x)", [(-2, 2)], mpmath.cosh),
    "sech": ("sech(x)", [(-2, 2)], mpmath.sech),
    "csch": ("csch(x)", [(0.1, 3)], mpmath.csch),
    "coth": ("coth(x)", [(0.1, 3)], mpmath.coth),
    "tanh": ("tanh(x)", [(-2, 2)], mpmath.tanh),
    "asinh": ("asinh(x)", [(-2, 2)], mpmath.asinh),
    "acosh": ("acosh(x)", [(1.1, 3)], mpmath.acosh),
    "atanh": ("atanh(x)", [(-0.9, 0.9)], mpmath.atanh),
    "erf": ("erf(x)", [(-2, 2)], mpmath.erf),
    "erfc": ("erfc(x)", [(-2, 2)], mpmath.erfc),
    "gamma": ("gamma(x)", [(-0.9, -0.1)], mpmath.gamma),
    "loggamma": ("loggamma(x)", [(0.1, 4)], mpmath.loggamma),
    "digamma": ("digamma(x)", [(0.1, 4)], mpmath.digamma),
    "polygamma": ("polygamma(2, x)", [(0.1, 4)], lambda x: mpmath.polygamma(2, x)),
    "beta": ("beta(x, y)", [(0.1, 4), (0.1, 4)], mpmath.beta),
    "factorial": ("factorial(x)", [(0.1, 4)], mpmath.factorial),
    "binomial": ("binomial(x, y)", [(3, 4), (0.1, 2)], mpmath.binomial),
    "Abs": ("Abs(x)", [(-2, -0.1)], abs),
    "sign": ("sign(x)", [(-2, -0.1)], mpmath.sign),
    "floor": ("floor(x)", [(-1.9, -1.1)], mpmath.floor),
    "ceiling": ("ceiling(x)", [(-1.9, -1.1)], mpmath.ceil),
    "Mod": ("Mod(x, y)", [(-1.9, -1.1), (2, 3)], lambda x, y: x - y * mpmath.floor(x / y)),
    "Max": ("Max(x, y)", [(0, 1), (2, 3)], max),
    "Min": ("Min(x, y)", [(0, 1), (2, 3)], min),
    "Heaviside": ("Heaviside(x)", [(0.1, 1)], lambda x: mpmath.mpf(1)),
    "Rational": ("Rational(1, 3)*x", [(0.1, 1)], lambda x: x / 3),
    "power": ("x**y", [(0.1, 2), (-2, 2)], mpmath.power),
    "quotient": ("x/y", [(0.1, 2), (-2, -1)], lambda x, y: x / y),
}
WITHOUT_SLOPE = {"KroneckerDelta": "compares indices"}


@pytest.mark.parametrize("label", WORDS)
def test_words(label: str) -> None:
    formula, intervals, function = WORDS[label]
    names = ["x", "y"][: len(intervals)]
    value = program(formula, **dict.fromkeys(names, "a number"))
    gradient = derivative_programs(value)["gradient"]
    rng = random.Random(sum(map(ord, label)))
    step = mpmath.mpf(10) ** -14
    for _ in range(3):
        point = [mpmath.mpf(rng.uniform(*interval)) for interval in intervals]
        arguments = dict(zip(names, point, strict=True))
        assert abs(interpret(value, arguments)["out"] - function(*point)) < 1e-45, f"{formula} at {point}"
        slopes = interpret(gradient, arguments)
        for n, name in enumerate(names):
            ahead, behind = list(point), list(point)
            ahead[n], behind[n] = point[n] + step, point[n] - step
            expected = (function(*ahead) - function(*behind)) / (2 * step)
            found = slopes[gradient.outputs[n]]
            assert abs(found - expected) < 1e-18 * (1 + abs(expected)), f"{formula} in {name} at {point}"


def test_every_scalar_word_is_in_the_table() -> None:
    assert set(SCALAR) - set(WITHOUT_SLOPE) == {formula.split("(")[0] for formula, _, _ in WORDS.values()} & set(SCALAR)


# partial derivatives of bodies ---------------------------------------------------------------------------------------

A, B, C = read("a"), read("b"), read("c")


def slopes(body: Any, *active: str) -> dict[str, Any]:
    return {p.read.tensor: p.slope for p in partials(body, active)}


def test_partials_see_only_active_reads() -> None:
    assert slopes(A * B + sp.sin(C), "a") == {"a": B}
    assert slopes(A * B + sp.sin(C), "b", "c") == {"b": A, "c": sp.cos(C)}
    assert slopes(A * B) == {}


def test_partials_of_one_tensor_at_several_positions_are_apart() -> None:
    i = sp.Symbol("i", integer=True, nonnegative=True)
    here, there = read("x", (i,)), read("x", (i + 1,))
    found = partials(here * there, ["x"])
    assert [(p.read, p.slope) for p in found] == [(there, here), (here, there)]


def test_slopes_that_are_zero_are_left_out() -> None:
    assert partials(sp.sign(A) + sp.floor(B), ["a", "b"]) == ()


def distinct_nodes(expression: Any) -> set[Any]:
    seen: set[Any] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return seen


def test_shared_parts_are_swept_once() -> None:
    """60 levels that use the one below twice are 2**60 parts written out."""
    body: Any = A
    for _ in range(60):
        body = sp.sin(body) * body
    (found,) = partials(body, ["a"])
    count = len(distinct_nodes(found.slope))  # apart, since a failure would print the expression written out
    assert count < 60**2


def test_conditions_guard_the_reads_of_their_branches() -> None:
    body = branches([(A, B > 0), (C, sp.true)])
    found = {p.read.tensor: p for p in partials(body, ["a", "c"])}
    assert found["a"].guard == (B > 0)
    assert found["c"].guard == sp.Not(B > 0, evaluate=False)  # holds for NaN, as the branch does
    assert found["a"].slope == branches([(sp.Integer(1), B > 0), (sp.Integer(0), sp.true)])


def test_extrema_look_at_all_their_arguments() -> None:
    for head in (Maximum, Minimum):
        assert all(p.guard == sp.true for p in partials(head(A, B, C), ["a", "b", "c"]))
