"""The functions of eqc's own that stand for functions that are inputs."""

from __future__ import annotations

import numpy as np
import pytest
from verify_samples import record

from eqc.errors import RecordError
from eqc.verify.bumps import bump
from eqc.verify.instances import instances

STEP = 1e-6


def test_a_derivative_of_three_arguments_is_the_difference() -> None:
    ranks, at = (0, 1, 0), (0.3, np.array([0.1, -0.2]), 0.7)
    value, slope = bump(ranks, (), (), {}), bump(ranks, (), (1,), {})
    steps = [(0.3, at[1] + STEP * unit, 0.7) for unit in np.eye(2)]
    back = [(0.3, at[1] - STEP * unit, 0.7) for unit in np.eye(2)]
    expected = [(value(*ahead) - value(*behind)) / (2 * STEP) for ahead, behind in zip(steps, back, strict=True)]
    np.testing.assert_allclose(slope(*at), expected, rtol=1e-7)


@pytest.mark.parametrize(("count", "good"), [(4, True), (5, False)])
def test_functions_of_many_arguments_are_refused_in_words(count: int, good: bool) -> None:
    arguments = ", ".join("x" for _ in range(count))
    text = f"""
title: Sample
sympy: Eq(y, f({arguments}))
symbols:
  y: result
  x: argument
  f: {{kind: function, arguments: [{", ".join("[]" for _ in range(count))}], meaning: any}}
"""
    (instance,) = instances(record(text))
    if good:
        assert "f" in instance.given({})
    else:
        with pytest.raises(RecordError, match="5 arguments"):
            instance.given({})
