"""Laws as records: what holds, by how much it is missed, and how that moves with the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from core_samples import SQUARE, VECTOR, program, record_text

from eqc.derive.vjp import vjp
from eqc.errors import NotationError
from eqc.ir.interpret import interpret
from eqc.ir.spec import check
from eqc.notation.laws import TOLERANCE, read_statements
from eqc.notation.tree import Number, walk
from eqc.records.load import load_text

X = {"x": VECTOR, "n": "size"}
XY = {"x": "number", "y": "number"}
A = {"A": SQUARE, "v": VECTOR, "lam": "eigenvalue", "n": "size"}
DIAGONAL = [[2, 0], [0, 3]]
ROWS = {
    "row": "sums",
    "P": "{shape: [S, A, S]}",
    "gamma": "discount",
    "valid": "whether it is one",
    "S": "states",
    "A": "actions",
}
ROW = ("Eq(row[s, a], Sum(P[s, a, k], (k, 1, S)))", "Eq(valid, And(Eq(row[s, a], 1), gamma >= 0, gamma <= 1))")

Case = tuple[tuple[str, ...], Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]
CASES: list[Case] = [
    # one equation: the difference in its natural shape
    (("Eq(Sum(x[k], (k, 1, n)), 1)",), X, {"x": [0.5, 0.5]}, {"holds": 1, "residual": 0}),
    (("Eq(Sum(x[k], (k, 1, n)), 1)",), X, {"x": [0.5, 0.25]}, {"holds": 0, "residual": -0.25}),
    (("Eq(A*v, lam*v)",), A, {"A": DIAGONAL, "v": [0, 1], "lam": 3}, {"holds": 1, "residual": [0, 0]}),
    (("Eq(A*v, lam*v)",), A, {"A": DIAGONAL, "v": [1, 1], "lam": 3}, {"holds": 0, "residual": [-1, 0]}),
    (
        ("Eq(A.T, -A)",),
        {"A": SQUARE, "n": "size"},
        {"A": [[0, 1], [-1, 0]]},
        {"holds": 1, "residual": [[0, 0], [0, 0]]},
    ),
    (
        ("Eq(A.T*A, I)",),
        {"A": SQUARE, "n": "size"},
        {"A": [[0, 2], [1, 0]]},
        {"holds": 0, "residual": [[0, 0], [0, 3]]},
    ),
    (("Eq(2*x[i], x[i] + x[i])",), X, {"x": [1, 5]}, {"holds": 1, "residual": [0, 0]}),
    # inequalities: by how much they are violated
    (("x[i] >= 0",), X, {"x": [1, -2]}, {"holds": 0, "residual": [0, 2]}),
    (("x[i] >= 0",), X, {"x": [1, 0]}, {"holds": 1, "residual": [0, 0]}),
    (("x[i] > 0",), X, {"x": [1, 0]}, {"holds": 0, "residual": [0, 0]}),
    (("x < y",), XY, {"x": 1, "y": 1}, {"holds": 0, "residual": 0}),
    (("0 <= x <= 1",), {"x": "number"}, {"x": 1.5}, {"holds": 0, "residual": 0.5}),
    (("Ne(x, y)",), XY, {"x": 1, "y": 1}, {"holds": 0, "residual": 1}),
    (("Ne(x, y)",), XY, {"x": 1, "y": 2}, {"holds": 1, "residual": 0}),
    # compounds: the largest of what And joins, the least of what Or joins
    (("And(x > 0, y > 0)",), XY, {"x": -1, "y": -3}, {"holds": 0, "residual": 3}),
    (("Or(x > 0, y > 0)",), XY, {"x": -1, "y": -3}, {"holds": 0, "residual": 1}),
    (("Or(x > 0, Not(y > 0))",), XY, {"x": -1, "y": -3}, {"holds": 1, "residual": 0}),
    (("Not(Or(x > 0, Eq(y, 2)))",), XY, {"x": 4, "y": 2}, {"holds": 0, "residual": 4}),
    (ROW, ROWS, {"P": [[[1]]], "gamma": 0.5}, {"valid": 1, "residual": 0}),
    (ROW, ROWS, {"P": [[[0.5]]], "gamma": 3}, {"valid": 0, "residual": 2}),
    # several laws, and one for each index
    (
        ("Eq(a, x <= 1)", "Eq(b, x <= y)"),
        {"a": "a", "b": "b", **XY},
        {"x": 2, "y": 5},
        {"a": 0, "a_residual": 1, "b": 1, "b_residual": 0},
    ),
    (
        ("Eq(rises[i], x[i + 1] > x[i])",),
        {"rises": "{shape: [n - 1]}", **X},
        {"x": [1, 2, 2, 1.5]},
        {"rises": [1, 0, 0], "residual": [0, 0, 0.5]},
    ),
    # the tolerance is relative to the largest term
    (("Eq(x + y, 1)",), XY, {"x": 1e9 + 1, "y": -1e9 - 1}, {"holds": 1, "residual": -1}),
    (("Eq(holds, Eq(x, y))",), XY, {"x": 1 + 2 * TOLERANCE, "y": 1}, {"holds": 0}),
    (("Eq(holds, Eq(x, y))",), XY, {"x": 1e-30, "y": 2e-30}, {"holds": 0}),
    (("x <= y",), XY, {"x": 1 + TOLERANCE / 2, "y": 1}, {"holds": 1}),
    (("x < y",), XY, {"x": 1 + TOLERANCE / 2, "y": 1}, {"holds": 0}),
    (("Eq(2*x, 0)",), {"x": "number"}, {"x": 1e-40}, {"holds": 0}),
]


@pytest.mark.parametrize(("formulas", "symbols", "given", "expected"), CASES, ids=[f"{c[0][-1]} {c[2]}" for c in CASES])
def test_laws_hold_or_are_missed_by_so_much(
    formulas: tuple[str, ...], symbols: Mapping[str, str], given: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    found = interpret(check(program(*formulas, **symbols)), given)
    for name, value in expected.items():
        np.testing.assert_allclose(np.asarray(found[name], dtype=float), value, rtol=1e-12, atol=1e-15, err_msg=name)


def test_outputs_of_laws_are_whole_and_real() -> None:
    value = program("Eq(A*v, lam*v)", **A)
    assert [(t.name, t.integer, t.rank) for t in map(value.tensors.get, value.outputs) if t] == [
        ("holds", True, 0),
        ("residual", False, 1),
    ]


def test_residuals_have_derivatives() -> None:
    value = program("Eq(A*v, lam*v)", **A)
    found = interpret(check(vjp(value)), {"A": DIAGONAL, "v": [1, 2], "lam": 5, "residual_bar": [1, 10]})
    assert np.asarray(found["v_bar"], float).tolist() == [2 - 5, 30 - 50]
    assert float(np.asarray(found["lam_bar"])) == -21


def test_a_record_states_its_tolerance() -> None:
    text = record_text(["Eq(holds, Eq(x, y))"], x="a", y="b", also="tolerance: 0.1")
    _, statements = read_statements(load_text(text, id="near", area="a", file="near.yaml"))
    assert Fraction(1, 10) in {n.value for s in statements for n in walk(s.value) if isinstance(n, Number)}


@pytest.mark.parametrize(("p", "q"), list(product((0, 1), repeat=2)))
def test_connectives_are_those_of_logic(p: int, q: int) -> None:
    given = {"x": 1.0 if p else -1.0, "y": 1.0 if q else -1.0}
    for formula, truth in {
        "And(x > 0, y > 0)": p and q,
        "Or(x > 0, y > 0)": p or q,
        "Not(And(x > 0, Not(y > 0)))": not (p and not q),
        "And(Not(x > 0), Not(y <= 0))": not p and q,
    }.items():
        found = interpret(program(formula, **XY), given)
        assert int(np.asarray(found["holds"])) == int(truth), formula
        assert (float(np.asarray(found["residual"])) == 0) == bool(truth), formula


def test_helpers_take_no_name_of_the_record() -> None:
    value = program("Eq(Sum(gap[k], (k, 1, scale)), term)", gap="{shape: [scale]}", term="number", scale="size")
    found = interpret(check(value), {"gap": [1, 2], "term": 3})
    assert int(np.asarray(found["holds"])) == 1


def test_a_law_with_a_name_is_in_the_glossary() -> None:
    with pytest.raises(NotationError, match="fits is assigned but not in the glossary"):
        program("Eq(fits, x < 1)", x="number")
