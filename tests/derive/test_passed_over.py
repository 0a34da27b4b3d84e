"""What a choice passes over adds nothing to a derivative, also where its own slope is infinite there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from core_samples import LIBRARY, VECTOR, Texts, record_text

from eqc.derive.dense import jacobian
from eqc.derive.jvp import jvp
from eqc.derive.vjp import vjp
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.spec import check
from eqc.pipeline import Compiler

X = {"x": VECTOR, "n": "size"}
FORMULAS = [
    "Max(sqrt(Sum(x[i]**2, (i, 1, n))) - 1, 0)",
    "Max(norm(x) - 1, 0)",
    "Min(1 + norm(x), norm(x) + Sum(x[i], (i, 1, n)) + 3, 1/2)",
    "Piecewise((norm(x), norm(x) > 1), (2, True))",
    "Max(norm(x)**2 - 1, Min(norm(x), 1) - 3, 0)",
    "Sum(Max(sqrt(x[i]) - 1, 0), (i, 1, n))",
]


def made(formula: str) -> Program:
    texts = Texts({"sample": record_text([formula], **X), **LIBRARY})
    return Compiler(texts).program("sample")  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_root_that_is_not_chosen_adds_nothing(formula: str) -> None:
    found = interpret(check(vjp(made(formula))), {"x": [0, 0], "out_bar": 3})
    assert not np.asarray(found["x_bar"], dtype=float).any()


@pytest.mark.parametrize("formula", [FORMULAS[0], FORMULAS[-1]])
@pytest.mark.parametrize(("derive", "more"), [(jvp, {"x_dot": [1, -2]}), (jacobian, {})], ids=["jvp", "jacobian"])
def test_roots_in_one_body_with_the_choice(
    formula: str, derive: Callable[[Program], Program], more: dict[str, object]
) -> None:
    for name, value in interpret(check(derive(made(formula))), {"x": [0, 0], **more}).items():
        assert not np.asarray(value, dtype=float).any(), name
