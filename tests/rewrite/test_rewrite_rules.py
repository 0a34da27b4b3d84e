"""The rules of stability, row by row: both sides agree at many digits, the new one is no less accurate in floats."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from eqc.emit import _vector
from eqc.emit.printer import SourcePrinter
from eqc.ir import stable
from eqc.ir.interpret import evaluate
from eqc.ir.show import show_statement
from eqc.ir.terms import read
from eqc.rewrite.rule import A, B, C, Rule
from eqc.rewrite.rules import RULES
from eqc.rewrite.stability import fired_rules, stabilise
from eqc.verify.bits import bits_of_error

X, Y, W = read("x"), read("y"), read("w")
EMIT = Path(__file__).resolve().parents[2] / "eqc" / "emit"
DIGITS = 420
POINTS = 300

# Where the letters of a pattern are drawn, if not from all magnitudes with both signs.
POSITIVE, NEGATIVE, UNIT = (1e-12, 1e4), (-1e4, -1e-12), (1e-12, 1.0)
RANGES: dict[str, dict[Any, tuple[float, float]]] = {
    "log(1 - exp(a))": {A: NEGATIVE},
    "log(-Expm1(a))": {A: NEGATIVE},
    "log(a + 1)": {A: (-0.999, 1e4)},
    "a*log(b)": {B: POSITIVE},
    "a*Log1p(b)": {B: (-0.999, 1e4)},
    "1 - a**b": {A: UNIT, B: POSITIVE},
    "a**b - 1": {A: UNIT, B: POSITIVE},
}
# The same by what a rule says of where it holds.
INSIDE = (1e-12, 0.999)
CONDITIONS: dict[str, dict[Any, tuple[float, float]]] = {
    "all numbers positive": dict.fromkeys((A, B, C), POSITIVE),
    "x and y of one sign": dict.fromkeys((A, B, C), POSITIVE),
    "0 < a < 1": {A: INSIDE},
    "a, b in (0, 1)": dict.fromkeys((A, B), INSIDE),
    "a > 0": {A: POSITIVE},
    "a > -1": {A: (-0.999, 1e4)},
}
# What a letter must be for the rule's condition.
CONSTANTS: dict[str, dict[Any, list[Any]]] = {"(exp(a) + 1)**b": {B: [sp.Integer(-1), sp.Integer(-2), sp.Integer(-3)]}}
CONSTANTS["-loggamma(a) + loggamma(a + b)"] = {B: [sp.Rational(1, 2), sp.Rational(1, 3), sp.Integer(1)]}


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


@cache
def functions() -> dict[str, Any]:
    """The helpers of generated code on NumPy's floats, which overflow without an exception."""
    names = ("exp", "log", "log1p", "expm1", "sinh", "cosh", "tanh", "sqrt", "sin", "cos", "copysign")
    space: dict[str, Any] = {name: getattr(np, name) for name in names}
    space |= {"erf": lambda x: np.float64(math.erf(x)), "erfc": lambda x: np.float64(math.erfc(x)), "inf": math.inf}
    space |= {
        "floor": math.floor,
        "nan": math.nan,
        "pi": math.pi,
        "tan": np.tan,
        "pow": np.power,
        "lgamma": math.lgamma,
    }
    space["math"] = type("math", (), {k: staticmethod(v) if callable(v) else v for k, v in space.items()})
    space |= {"np": np, "njit": lambda *a, **k: a[0] if a and callable(a[0]) else (lambda f: f)}
    space |= {"overload": lambda *a, **k: lambda f: f, "types": None}
    for name in _vector.__all__:
        space.setdefault(name, getattr(_vector, name))
    for name in ("runtime", "stable"):
        tree = ast.parse((EMIT / f"{name}.py").read_text(encoding="utf-8"))
        tree.body = [n for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom)]
        exec(compile(tree, name, "exec"), space)
    return space


def compiled(expression: Any) -> Any:
    """An expression over x and y as generated code would compute it."""
    source = SourcePrinter(lambda r: r.tensor).source(expression)
    space = {f"_{k}": v for k, v in functions().items() if not k.startswith("_")} | functions()
    return eval(f"lambda x, y, w: {source}", space)


def drawn(rule: Rule, rng: random.Random) -> tuple[dict[Any, Any], dict[str, np.float64]]:
    """What the letters stand for, and the numbers of the data."""
    text = str(rule.pattern)
    letters = {A: X, B: Y, C: W}
    letters |= {letter: rng.choice(values) for letter, values in CONSTANTS.get(text, {}).items()}
    numbers = {}
    ranges = RANGES.get(text, CONDITIONS.get(rule.holds, {}))
    for letter, name in ((A, "x"), (B, "y"), (C, "w")):
        low, high = ranges.get(letter, (-1e4, 1e4))
        size = 10 ** rng.uniform(-12, math.log10(max(abs(low), abs(high))))
        numbers[name] = np.float64(
            np.clip(size * (rng.choice((-1, 1)) if low < 0 < high else np.sign(low + high)), low, high)
        )
    return letters, numbers


def exact(expression: Any, numbers: dict[str, np.float64]) -> Any:
    memory = {name: AnyPosition(mpmath.mpf(float(number))) for name, number in numbers.items()}
    return evaluate(expression, {}, memory)


class AnyPosition:
    """A number as the memory of a tensor without axes."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def __getitem__(self, at: tuple[()]) -> Any:
        return self.number


def identified(rule: Rule) -> str:
    return str(rule.pattern)


@pytest.mark.parametrize("rule", RULES, ids=identified)
def test_both_sides_are_equal(rule: Rule) -> None:
    rng = random.Random(identified(rule))
    for _ in range(30):
        letters, numbers = drawn(rule, rng)
        assert rule.where(letters)
        before, after = (exact(side.xreplace(letters), numbers) for side in (rule.pattern, rule.replacement))
        scale = max(abs(before), mpmath.mpf(10) ** -350)
        assert abs(before - after) <= scale * mpmath.mpf(10) ** -40 or before == after, f"{numbers}"


@pytest.mark.parametrize("rule", RULES, ids=identified)
def test_the_replacement_is_no_less_accurate(rule: Rule) -> None:
    rng = random.Random(f"{identified(rule)} in floats")
    errors: list[list[float]] = [[], []]
    wrong = [0, 0]
    with np.errstate(all="ignore"):
        for _ in range(POINTS):
            letters, numbers = drawn(rule, rng)
            truth = np.array([float(exact(rule.pattern.xreplace(letters), numbers))])
            for side, expression in enumerate((rule.pattern, rule.replacement)):
                found = np.array([compiled(expression.xreplace(letters))(**numbers)], dtype=np.float64)
                errors[side].append(float(bits_of_error(found, truth)[0]))
                wrong[side] += int(not np.isfinite(found[0]) and np.isfinite(truth[0]))
    before, after = (float(np.quantile(e, 0.99, method="inverted_cdf")) for e in errors)
    assert after <= before + 1
    assert wrong[1] <= wrong[0]


@pytest.mark.parametrize("rule", RULES, ids=identified)
def test_a_rule_fires_on_its_own_pattern_among_other_parts(rule: Rule) -> None:
    letters, _ = drawn(rule, random.Random(1))
    node = rule.pattern.xreplace(letters)
    assert rule.apply(node) is not None
    if isinstance(node, sp.Add) and A not in rule.pattern.args:
        assert rule.apply(node + read("v")) == rule.replacement.xreplace(letters) + read("v")


@pytest.mark.parametrize("rule", RULES, ids=identified)
def test_rules_say_why_and_where(rule: Rule) -> None:
    assert rule.because and rule.holds and "=" in rule.identity


def test_no_two_rules_have_one_pattern() -> None:
    assert len({rule.pattern for rule in RULES}) == len(RULES)


# textbook shapes ------------------------------------------------------------------------------------------------------

Z = read("z")
SHAPES = [
    (1 / (1 + sp.exp(-Z)), stable.Logistic(Z)),
    (sp.exp(Z) / (1 + sp.exp(Z)), stable.Logistic(Z)),
    (1 - 1 / (1 + sp.exp(-Z)), stable.Logistic(-Z)),
    (sp.exp(-Z) / (1 + sp.exp(-Z)) ** 2, stable.LogisticSlope(-Z)),
    ((1 - 1 / (1 + sp.exp(-Z))) / (1 + sp.exp(-Z)), stable.LogisticSlope(-Z)),
    (sp.log(1 + sp.exp(Z)), stable.Log1pExp(Z)),
    (sp.log(1 / (1 + sp.exp(-Z))), -stable.Log1pExp(-Z)),
    (sp.exp(Z) - 1, stable.Expm1(Z)),
    (sp.log(1 - sp.exp(Z)), stable.Log1mExp(Z)),
    ((sp.exp(Z) - sp.exp(-Z)) / (sp.exp(Z) + sp.exp(-Z)), stable.HyperbolicTangent(Z)),
    ((1 - sp.exp(-2 * Z)) / (1 + sp.exp(-2 * Z)), -stable.HyperbolicTangent(-Z)),
    (2 / (1 + sp.exp(-2 * Z)) - 1, stable.HyperbolicTangent(Z)),
    (1 - sp.tanh(Z) ** 2, 4 * stable.LogisticSlope(2 * Z)),
    (sp.log(1 - Z), stable.Log1p(-Z)),
    (Z / (1 + sp.exp(-Z)), stable.LogisticGate(Z)),
    (Z * sp.tanh(sp.log(1 + sp.exp(Z))), stable.SoftTangentGate(Z)),
    (Z * (1 + sp.erf(Z / sp.sqrt(2))) / 2, stable.NormalGate(Z)),
    (sp.log(sp.cosh(X - Y)), stable.LogCosh(X - Y)),
    (sp.log((sp.exp(Z) + sp.exp(-Z)) / 2), stable.LogCosh(Z)),
    (X**2 - Y**2, (X - Y) * (X + Y)),
    (1 - X**Y, stable.PowerComplement(X, Y)),
    (1 - sp.cos(2 * Z), 2 * sp.sin(Z) ** 2),
    (sp.sin(2 * sp.pi * X * Y + Z), stable.SinTurnsFrom(X * Y, Z)),
    ((1 - X**Y) / (1 - X), stable.GeometricSum(X, Y)),
    ((X**Y - 1) / (X - 1), stable.GeometricSum(X, Y)),
    (W * (1 + X / Z) ** (Y * Z), W * stable.OnePlusPower(X / Z, Y * Z)),
    (
        sp.loggamma((X + 1) / 2) - sp.loggamma(X / 2) - sp.log(sp.pi * X) / 2,
        stable.LogGammaExcess(X / 2, sp.Rational(1, 2)) + sp.log(1 / (2 * sp.pi)) / 2,
    ),
    (
        (X + 1) / 2 * sp.log(1 + Y**2 / X),
        stable.ScaledLog1p(Y**2, X) / 2 + stable.Log1p(Y**2 / X) / 2,
    ),
    ((X + 1) * sp.log(1 + Y / X), stable.ScaledLog1p(Y, X) + stable.Log1p(Y / X)),
    ((sp.exp(Z) - 1) / Z, stable.ExpQuotient(Z)),
    (Z / (sp.exp(Z) - 1), 1 / stable.ExpQuotient(Z)),
    (1 / Z - 1 / (sp.exp(Z) - 1), stable.ExpMean(-Z)),
    (1 / (1 - sp.exp(-Z)) - 1 / Z, stable.ExpMean(Z)),
    (1 / sp.tanh(Z) - 1 / Z, stable.Langevin(Z)),
    (3 - 3 * sp.cos(2 * Z), 6 * sp.sin(Z) ** 2),
    (sp.log(X) - sp.log(Y), stable.LogRatio(X, Y)),
    (sp.log(X / (2 * Y * Z)), stable.LogRatio(X / 2, Y * Z)),
    (sp.log(Z / (1 - Z)), stable.Logit(Z)),
    (sp.log(1 - Z) - sp.log(Z), -stable.Logit(Z)),
    (X * sp.log(X / Y), stable.XLogRatio(X, Y)),
    (X * (sp.log(X) - sp.log(Y)), stable.XLogRatio(X, Y)),
    (X * sp.log(X) - X * sp.log(Y), stable.XLogRatio(X, Y)),
    (Z * sp.log(X / Y), stable.WeightedLogRatio(Z, X, Y)),
    (-Z * sp.log(Z), -stable.XLogX(Z)),
    (2 * (X * sp.log(X / Y) - X + Y), 2 * stable.RelativeEntropy(X, Y)),
    (Z * sp.log(Z) - Z + 1, stable.RelativeEntropy(Z, sp.Integer(1))),
    ((X / Y - 1 - sp.log(X / Y)) / 2, stable.LogShortfall(X, Y) / 2),
    (sp.log(X / Y) / 2 + Y / (2 * X) - sp.Rational(1, 2), stable.LogShortfall(Y, X) / 2),
    (Z - 1 - sp.log(Z), stable.LogShortfall(Z, sp.Integer(1))),
    (-Z * sp.log(Z) - (1 - Z) * sp.log(1 - Z), stable.BinaryEntropy(Z)),
    (X * sp.log(X / Y) + (1 - X) * sp.log((1 - X) / (1 - Y)), stable.BinaryDivergence(X, Y)),
    (X * sp.log(2 * X / (X + Y)) + Y * sp.log(2 * Y / (X + Y)), stable.MeanDivergence(X, Y)),
]


@pytest.mark.parametrize(("textbook", "form"), SHAPES, ids=str)
def test_textbook_shapes_are_recognised(textbook: Any, form: Any) -> None:
    from eqc.ir.program import Op, Program, Statement, Tensor

    inputs = tuple(Tensor(name) for name in sorted({r.tensor for r in textbook.free_symbols}))
    names = tuple(t.name for t in inputs)
    program = Program("f", inputs, (), names, (), (Statement(Tensor("f_"), (), (), Op.NONE, textbook),), ("f_",))
    after = stabilise(program)
    assert after.statements[0].body == form, show_statement(after.statements[0])
    assert fired_rules(program)
    assert stabilise(after) == after
