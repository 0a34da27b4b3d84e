"""Derivatives of formulas with function inputs, against differences of their values at 50 digits."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.spec import check
from eqc.schedule.passes import schedule

SIZES = {"n": 3, "m": 2, "d": 2, "N": 2}
SCALAR = "{kind: function}"


def given(kind: str, order: int) -> Callable[..., Any]:
    """A derivative of F_o(x) = sin(s_o) with s_o = Σ_k (1 + o + 2k)/5 x_k; `kind` is the extent of o, or empty."""

    def call(x: Any) -> Any:
        shape, flat = np.shape(x), np.ravel(np.asarray(x, dtype=object))
        count = SIZES[kind] if kind else 1
        slopes = np.array(
            [[mpmath.mpf(1 + o + 2 * k) / 5 for k in range(len(flat))] for o in range(count)], dtype=object
        )
        found = np.array([mpmath.sin(sum(row * flat) + order * mpmath.pi / 2) for row in slopes], dtype=object)
        for _ in range(order):
            found = found[..., None] * slopes.reshape(count, *(1,) * (found.ndim - 1), -1)
        return found.reshape(((count,) if kind else ()) + shape * order)[()]

    return call


CASES: Mapping[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "elementwise": ("Sum(f(x[i]*a), (i, 1, n))", {"f": ""}, {"f": SCALAR, "x": "{shape: [n]}", "a": "a", "n": "n"}),
    "whole arrays": (
        "Sum(f(f(x)[i]), (i, 1, n))",
        {"f": ""},
        {"f": SCALAR, "x": "{shape: [n]}", "n": "n"},
    ),
    "composed, on rows": (
        "Sum((F(G(x[i]))[a] - x[i, a])**2, (a, 1, d), (i, 1, N))",
        {"F": "d", "G": "m"},
        {
            "F": "{kind: function, arguments: [m], returns: [d]}",
            "G": "{kind: function, arguments: [d], returns: [m]}",
            "x": "{shape: [N, d]}",
            "c": "{shape: [m], differentiable: false}",
            "N": "N",
            "d": "d",
            "m": "m",
        },
    ),
    "a loss": (
        "L(x)*a + L(HadamardProduct(x, x))",
        {"L": ""},
        {"L": "{kind: function, arguments: [n]}", "x": "{shape: [n]}", "a": "a", "n": "n"},
    ),
    "in branches": (
        "Sum(Piecewise((f(x[i]), x[i] > 0), (f(-2*x[i])*a, True)), (i, 1, n))",
        {"f": ""},
        {"f": SCALAR, "x": "{shape: [n]}", "a": "a", "n": "n"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_differences(name: str) -> None:
    formula, kinds, symbols = CASES[name]
    formula = formula.replace("(F(", "c[1]*(F(") if "c" in symbols else formula
    value = check(program(formula, **symbols))
    functions = {
        f"{f}{word}": given(kind, order)
        for f, kind in kinds.items()
        for order, word in enumerate(("", "_derivative", "_second_derivative", "_third_derivative"))
    }
    rng = random.Random(zlib.crc32(name.encode()))
    with mpmath.workdps(50):
        check_all(value, functions, draw(value, rng), draw(value, rng))


def draw(value: Program, rng: random.Random) -> dict[str, Any]:
    shapes = {t.name: tuple(SIZES[str(e)] for e in t.shape) for t in value.inputs}
    return {
        name: np.array([mpmath.mpf(rng.uniform(-1, 1)) for _ in range(int(np.prod(shape)))], dtype=object).reshape(
            shape
        )
        for name, shape in shapes.items()
    }


def check_all(value: Program, functions: Mapping[str, Any], point: dict[str, Any], way: dict[str, Any]) -> None:
    """Tangent, gradient and Hessian times a direction, before and after scheduling."""
    programs = derivative_programs(value)
    inputs = [t.name for t in value.differentiable]
    step = mpmath.mpf(10) ** -14
    dots = {f"{n}_dot": way[n] for n in inputs}

    def run(kind: str, at: Mapping[str, Any]) -> list[Any]:
        made = schedule(check(programs[kind]))
        found = interpret(check(made), {**at, **dots}, functions)
        return [found[name] for name in made.outputs]

    def moved(by: Any) -> dict[str, Any]:
        return {n: x + by * way[n] if n in inputs else x for n, x in point.items()}

    slope = (run("value", moved(step))[0] - run("value", moved(-step))[0]) / (2 * step)
    assert abs(run("jvp", point)[0] - slope) < 1e-20
    gradient = run("gradient", point)
    assert abs(sum(np.sum(g * way[n]) for n, g in zip(inputs, gradient, strict=True)) - slope) < 1e-20
    ahead, behind, bent = run("gradient", moved(step)), run("gradient", moved(-step)), run("hvp", point)
    for a, b, product in zip(ahead, behind, bent, strict=True):
        assert np.max(np.abs((a - b) / (2 * step) - product)) < 1e-20


def test_partial_derivatives_are_named_by_their_arguments() -> None:
    value = program("h(a, b)*h(b, a)", h="{kind: function, arguments: [[], []]}", a="a", b="b")
    programs = derivative_programs(value)
    assert [str(f) for f in programs["gradient"].applied] == ["h", "h_derivative_1", "h_derivative_2"]
    second = [f"h_second_derivative_{pair}" for pair in ("11", "12", "22")]
    assert [str(f) for f in programs["hvp"].applied][-3:] == second
    names = {
        "h": lambda a, b: mpmath.sin(a) * b**3,
        "h_derivative_1": lambda a, b: mpmath.cos(a) * b**3,
        "h_derivative_2": lambda a, b: 3 * mpmath.sin(a) * b**2,
        "h_second_derivative_11": lambda a, b: -mpmath.sin(a) * b**3,
        "h_second_derivative_12": lambda a, b: 3 * mpmath.cos(a) * b**2,
        "h_second_derivative_22": lambda a, b: 6 * mpmath.sin(a) * b,
    }
    with mpmath.workdps(50):
        rng = random.Random(3)
        check_all(value, names, draw(value, rng), draw(value, rng))
