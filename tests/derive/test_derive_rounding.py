"""Bounds of rounding hold: no result is off by more than its bound says."""

from __future__ import annotations

import random
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from core_samples import VECTOR, program

from eqc.derive.rounding import guard
from eqc.derive.roundings import count_roundings
from eqc.ir.interpret import interpret

FORMULAS = [
    "x*y - w",
    "(x - y)*(x + y) + w",
    "sqrt(x*x*y*y) - w",
    "exp(x*y)*w",
    "log(1 + x*y*x*y) - w/3",
    "x**3 - 3*x*y + w/(1 + y*y)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_result_without_a_doubt_is_off_by_more_than_is_allowed(formula: str) -> None:
    plain = program(formula, x="x", y="y", w="w")
    guarded = guard(plain)
    assert guarded is not None
    both = replace(guarded.program, outputs=(*plain.outputs, guarded.doubt))
    rng, trusted = random.Random(formula), 0
    for _ in range(150):
        given = {name: rng.choice((-1, 1)) * 10 ** rng.uniform(-3, 1) for name in ("x", "y", "w")}
        if rng.random() < 0.5:  # close to where the formula is 0
            given["w"] += float(interpret(plain, given)[plain.outputs[0]])
        with mpmath.workprec(53):
            found = interpret(both, given)
        with mpmath.workprec(200):
            exact = interpret(plain, given)[plain.outputs[0]]
            off = abs(found[plain.outputs[0]] - exact) * mpmath.mpf(2) ** 53
        if not found[guarded.doubt]:
            trusted += 1
            assert off <= guarded.allowed * abs(exact) * 1.01
    assert trusted > 20


def test_doubt_is_raised_where_digits_cancel_and_not_elsewhere() -> None:
    guarded = guard(program("x*y - w", x="x", y="y", w="w"))
    assert guarded is not None
    doubtful = guarded.program.__class__(
        "f", guarded.program.inputs, (), guarded.program.arguments, (), guarded.program.statements, (guarded.doubt,)
    )
    with mpmath.workprec(53):
        assert interpret(doubtful, {"x": 3.0, "y": 5.0, "w": -1.0})[guarded.doubt] == 0
        assert interpret(doubtful, {"x": 0.1, "y": 0.1, "w": 0.01})[guarded.doubt] == 1


def test_long_sums_are_doubted_too() -> None:
    guarded = guard(program("Sum(x[i]*y[i], (i, 1, n))", x=VECTOR, y=VECTOR, n="n"))
    assert guarded is not None
    run = guarded.program
    doubtful = run.__class__("f", run.inputs, (), run.arguments, run.extents, run.statements, (guarded.doubt,))
    with mpmath.workprec(53):
        assert interpret(doubtful, {"x": np.tile([0.1, -0.1], 40), "y": np.ones(80)})[guarded.doubt] == 1


@pytest.mark.parametrize(
    ("formula", "safe"),
    [
        ("(x - y)**2", True),
        ("exp(x) + exp(y)", True),
        ("x*y", True),
        ("x*y*w", False),
        ("x + y + w", False),
        ("sqrt(x**2 + y**2)", False),
        ("exp(x*y)", False),
        ("1/(x*y)", False),
    ],
)
def test_what_is_known_before_any_number(formula: str, safe: bool) -> None:
    symbols = {name: name for name in "xyw" if name in formula.replace("exp", "")}
    value = program(formula, **symbols)
    assert count_roundings(value)[value.outputs[0]].is_safe is safe
