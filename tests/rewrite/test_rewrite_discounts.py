"""Sums of discounted terms become recurrences, and their derivatives of any order are recurrences again."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import program

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret
from eqc.ir.opaque import Discounted
from eqc.ir.program import Program
from eqc.rewrite.discounts import run_discounts

ROW, ROWS = "{shape: [n]}", "{shape: [m, n]}"
ONE = {"y": ROW, "x": ROW, "g": "rate"}
ALL = {"y": ROWS, "x": ROWS, "g": "rate"}
CASES = {
    "return": ("Eq(y[t], Sum(g**k*x[t + k], (k, 0, n - t)))", ONE),
    "what follows": ("Eq(y[t], Sum(g**(k - t)*x[k], (k, t + 1, n)))", ONE),
    "average": ("Eq(y[t], (1 - g)*Sum(g**(t - s)*x[s]**2, (s, 1, t)))", ONE),
    "what came before": ("Eq(y[t], Sum(x[t]*g**(t - s - 1)*x[s], (s, 1, t - 1)))", ONE),
    "advantage": ("Eq(y[t], Sum((g*h)**k*x[t + k], (k, 0, n - t)))", ONE | {"h": "other rate"}),
    "every second step": ("Eq(y[t], Sum((1 + g)**(2*t - 2*s + 1)*x[s], (s, 1, t)))", ONE),
    "a rate for each row": ("Eq(y[i, t], Sum(g[i]**(t - s)*x[i, s], (s, 1, t)))", ALL | {"g": "{shape: [m]}"}),
    "columns": ("Eq(y[t, i], Sum(g**(t - s)*x[s, i], (s, 1, t)))", ALL),
    "number": ("Eq(y[t], Sum((9/10)**(t - s)*x[s], (s, 1, t)))", {"y": ROW, "x": ROW}),
}
OTHERS = {
    "a rate for each term": "Eq(y[t], Sum((g*x[s])**(t - s), (s, 1, t)))",
    "inverse powers": "Eq(y[t], Sum(g**(s - t)*x[s], (s, 1, t)))",
    "one power too few": "Eq(y[t], Sum(g**(t - s - 1)*x[s], (s, 1, t)))",
    "no power of the distance": "Eq(y[t], Sum(g**(t + s)*x[s], (s, 1, t)))",
    "all terms": "Eq(y[t], Sum(g**s*x[s], (s, 1, n)))",
}


def _program(formula: str, symbols: dict[str, str]) -> Program:
    sizes = {name: "size" for name in ("m", "n") if any(f"{name}]" in s or f"[{name}," in s for s in symbols.values())}
    return program(formula, **symbols, **sizes)


def _given(made: Program) -> dict[str, Any]:
    rng, sizes = np.random.default_rng(3), {"m": 2, "n": 4}
    return {t.name: rng.uniform(0.2, 1.4, [sizes[str(e)] for e in t.shape]) for t in made.inputs}


@pytest.mark.parametrize("name", CASES)
def test_they_and_their_derivatives_are_what_the_formula_says(name: str) -> None:
    plain = _program(*CASES[name])
    changed = run_discounts(plain)
    assert sum(isinstance(s.body, Discounted) for s in changed.statements) == 1
    ours, theirs = derivative_programs(changed), derivative_programs(plain)
    for kind, reference in theirs.items():
        given = _given(reference)
        with mpmath.workdps(30):
            found, expected = interpret(ours[kind], given), interpret(reference, given)
        for one, other in zip(ours[kind].outputs, reference.outputs, strict=True):
            error = np.max(np.abs(np.asarray(found[one] - expected[other], dtype=float)))
            assert error < 1e-20, (name, kind, one)


@pytest.mark.parametrize("name", OTHERS)
def test_other_sums_stay(name: str) -> None:
    plain = _program(OTHERS[name], ONE)
    assert run_discounts(plain) is plain
