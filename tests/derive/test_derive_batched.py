"""The program of many items gives what the program of one gives for each, and sums the cotangents of matrices."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from core_samples import SQUARE, VECTOR, case, draw, program, seed_of

from eqc.derive.assemble import derivative_programs
from eqc.derive.batched import batched
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.spec import check
from eqc.schedule.passes import schedule

ITEMS = 3

RECORDS = ("affine_transformation", "gru", "lora_forward", "multivariate_gaussian_pdf", "newton_update")


def some_items(one: Program, both: Program, arguments: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Arguments of all items: those of an item are repeated, and real ones moved a little."""

    def repeated(name: str, integer: bool) -> Any:
        array = np.stack([np.asarray(arguments[name])] * ITEMS)
        return array if integer else array * np.vectorize(lambda _: rng.uniform(0.9, 1.1))(array)

    ranks = {t.name: t.rank for t in one.inputs}
    lifted = {t.name: repeated(t.name, t.integer) for t in both.inputs if t.rank > ranks[t.name]}
    return {**arguments, **lifted}


@pytest.mark.parametrize("name", RECORDS)
def test_all_items_at_once_are_each_of_them(name: str) -> None:
    of, rng = case(f"equations/{name}"), random.Random(seed_of(name))
    one, both = of.value, batched(of.value)
    assert both is not None
    ranks = {t.name: t.rank for t in one.inputs}
    given = some_items(one, check(both), draw(of, rng), rng)
    own = [t.name for t in both.inputs if t.rank > ranks[t.name]]
    items = [{**given, **{n: given[n][item] for n in own}} for item in range(ITEMS)]
    expected = [interpret(one, item) for item in items]
    for output, found in interpret(both, given).items():
        assert_near(found, np.stack([item[output] for item in expected]))

    kinds, whole = derivative_programs(one), check(schedule(derivative_programs(both)["vjp"]))
    bars = [{f"{n}_bar": np.vectorize(lambda _: rng.uniform(-1, 1))(a) for n, a in item.items()} for item in expected]
    slopes = [interpret(kinds["vjp"], {**item, **bar}) for item, bar in zip(items, bars, strict=True)]
    found = interpret(whole, {**given, **{n: np.stack([bar[n] for bar in bars]) for n in bars[0]}})
    for tensor, ours, theirs in zip(one.differentiable, whole.outputs, kinds["vjp"].outputs, strict=True):
        parts = np.stack([slope[theirs] for slope in slopes])
        assert_near(found[ours], parts if tensor.name in own else parts.sum(axis=0))


def assert_near(a: Any, b: Any) -> None:
    np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-9, atol=1e-11)


def test_positions_and_choices_belong_to_their_item() -> None:
    symbols = {"z": "z", "W": SQUARE, "x": VECTOR, "y": "{domain: integer}", "n": "size"}
    one = program("Eq(z[i], Sum(W[i, k]*x[k], (k, 1, n)))", "Piecewise((z[y], x[1] > 0), (0, True))", **symbols)
    both = batched(one)
    assert both is not None
    assert [str(c.position) for c in both.checks][-1] == "y[item] - 1"
    given = {"W": [[1, 2], [3, 4]], "x": [[1, 1], [-1, 1]], "y": [2, 1]}
    assert [float(v) for v in interpret(check(both), given)["out"]] == [7, 0]


@pytest.mark.parametrize(
    ("formula", "symbols"),
    [
        ("Sum(x[k]*w[k], (k, 1, n))", {"x": VECTOR, "w": VECTOR}),
        ("Sum(A[i, k], (i, 1, n), (k, 1, n))*b", {"A": SQUARE, "b": "b"}),
        ("Determinant(A*b)", {"A": SQUARE, "b": "b"}),
        ("Sum((A[i, k] - x[k])**2, (i, 1, n), (k, 1, n))", {"A": SQUARE, "x": VECTOR}),
    ],
)
def test_what_gives_no_product_of_matrices_is_left_alone(formula: str, symbols: dict[str, str]) -> None:
    assert batched(program(formula, **symbols, n="size")) is None
