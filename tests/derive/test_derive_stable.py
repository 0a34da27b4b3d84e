"""The slopes of stable heads are those of what they stand for: all rows of the table, at many digits."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import mpmath
import pytest
import sympy as sp

from eqc.derive.stable import SLOPES
from eqc.ir.interpret import evaluate
from eqc.ir.stable import DEFINITIONS, Log1mExp, Stable

LETTERS = tuple(sp.Symbol(name, real=True) for name in ("x", "y", "z", "w"))
NEGATIVE = {Log1mExp}


def value(expression: Any, at: list[Any]) -> Any:
    return evaluate(expression, dict(zip(LETTERS, at, strict=False)), {})


@pytest.mark.parametrize("head", sorted(SLOPES, key=str), ids=lambda head: head.__name__)
def test_slopes(head: type[Stable]) -> None:
    rng = random.Random(head.__name__)
    count = next(iter(head.nargs))
    letters = LETTERS[:count]
    node, slopes = head(*letters), SLOPES[head](*letters)
    assert len(slopes) == count
    with mpmath.workdps(60):
        for _ in range(5):
            sign = -1 if head in NEGATIVE else 1
            at = [sign * mpmath.mpf(rng.uniform(0.1, 0.9)) for _ in letters]
            for place, slope in enumerate(slopes):
                expected = mpmath.diff(partial(moved, node, at, place), at[place])
                assert abs(value(slope, at) - expected) <= mpmath.mpf(10) ** -20 * (1 + abs(expected))


def moved(node: Any, at: list[Any], place: int, to: Any) -> Any:
    """The value with one argument elsewhere."""
    return value(node, [*at[:place], to, *at[place + 1 :]])


def test_every_head_has_slopes() -> None:
    assert set(SLOPES) == set(DEFINITIONS)
