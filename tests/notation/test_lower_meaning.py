"""What lowering makes of a formula means what the formula says: programs against the oracle, which evaluates the tree.

The oracle shares nothing with the compiler but the parser.
"""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import LIBRARY, SAMPLES, Case, Texts, case, draw, program, sample_texts, seed_of

from eqc.ir.interpret import interpret
from eqc.verify.balls import as_float
from eqc.verify.oracle import Oracle


def as_given(of: Case, name: str, value: Any) -> Any:
    """Arrays of floats, and whole numbers for integers."""
    integer = of.record.symbols[name].domain.integer
    if np.shape(value):
        return np.array(value, dtype=np.int64 if integer else np.float64)
    return int(value) if integer else float(value)


@pytest.mark.parametrize("name", SAMPLES)
def test_programs_mean_what_the_formula_says(name: str) -> None:
    of = case(name)
    oracle = Oracle(of.record, {id: Texts(sample_texts(name)).get(id) for id in LIBRARY})
    rng = random.Random(seed_of(name))
    for _ in range(2):
        drawn = draw(of, rng)
        given = {n: as_given(of, n, v) for n, v in drawn.items()}
        expected = oracle.value(given)
        with mpmath.workdps(30):
            found = interpret(of.value, given)
        for output in of.value.outputs:
            np.testing.assert_allclose(
                np.asarray(found[output], dtype=float),
                as_float(expected[output]),
                rtol=1e-13,
                atol=1e-14,
                err_msg=f"{name}: {output}, seed {seed_of(name)}",
            )


def test_binomial_coefficients_beyond_their_row_are_zero() -> None:
    """There the factorials have poles."""
    value = program("binomial(n, k)*x", n="{domain: natural}", k="{domain: integer}", x="x")
    for n in range(5):
        found = [interpret(value, {"n": n, "k": k, "x": 1})["out"] for k in range(-2, 7)]
        np.testing.assert_allclose(
            np.array(found, dtype=float), [math.comb(n, k) if k >= 0 else 0 for k in range(-2, 7)]
        )
