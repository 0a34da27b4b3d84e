"""The reference interpreter against NumPy, statement by statement."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from core_samples import SQUARE, VECTOR, program

from eqc.errors import ShapeError
from eqc.ir.interpret import FUNCTIONS, evaluate, interpret
from eqc.ir.program import Extent, Op, Program, Statement, Tensor, base_name, box, fresh, reads_of
from eqc.ir.terms import (
    FloorDivide,
    Index,
    Maximum,
    Minimum,
    Quotient,
    Remainder,
    extent_symbol,
    floor_divide,
    index_symbol,
    read,
)
from eqc.ir.walk import branches, is_short, map_reads, substitute, transform

RANDOM = np.random.default_rng(7)
A = RANDOM.normal(size=(3, 4))
B = RANDOM.normal(size=(4, 2))
x4 = RANDOM.normal(size=4)


def run(*formulas: str, given: dict[str, Any], **symbols: str) -> Any:
    found = interpret(program(*formulas, **symbols), given)
    (value,) = found.values()
    return np.asarray(value, dtype=float)


M = {"A": "{shape: [m, n]}", "m": "rows", "n": "columns"}

AGAINST_NUMPY: list[tuple[str, dict[str, Any], dict[str, str], Any]] = [
    ("A*B", {"A": A, "B": B}, {**M, "B": "{shape: [n, p]}", "p": "columns"}, A @ B),
    ("A*x", {"A": A, "x": x4}, {**M, "x": VECTOR}, A @ x4),
    ("x.T*x", {"x": x4}, {"x": VECTOR, "n": "size"}, x4 @ x4),
    ("x*x.T", {"x": x4}, {"x": VECTOR, "n": "size"}, np.outer(x4, x4)),
    ("A.T", {"A": A}, M, A.T),
    ("A*A.T", {"A": A}, M, A @ A.T),
    ("A**3", {"A": A[:, :3]}, {"A": SQUARE, "n": "size"}, np.linalg.matrix_power(A[:, :3], 3)),
    ("A**0", {"A": A[:, :3]}, {"A": SQUARE, "n": "size"}, np.eye(3)),
    ("Trace(A)", {"A": A[:, :3]}, {"A": SQUARE, "n": "size"}, np.trace(A[:, :3])),
    ("HadamardProduct(A, A) - 2*A", {"A": A}, M, A * A - 2 * A),
    ("HadamardPower(A, 3)", {"A": A}, M, A**3),
    ("exp(A)/2", {"A": A}, M, np.exp(A) / 2),
    ("diag(x)", {"x": x4}, {"x": VECTOR, "n": "size"}, np.diag(x4)),
    ("A + OneMatrix(m, n) - ZeroMatrix(m, n)", {"A": A}, M, A + 1),
    ("A*Identity(n)", {"A": A}, M, A),
    ("Sum(A[i, j], (j, 1, n), (i, 1, m))", {"A": A}, M, A.sum()),
    ("Product(x[i], (i, 1, n))", {"x": x4}, {"x": VECTOR, "n": "size"}, x4.prod()),
    ("MaxOver(A[i, j], (j, 1, n), (i, 1, m))", {"A": A}, M, A.max()),
    ("MinOver(A[i, j], (j, 1, n), (i, 1, m))", {"A": A}, M, A.min()),
    ("ArgMaxOver(x[i], (i, 1, n))", {"x": x4}, {"x": VECTOR, "n": "size"}, x4.argmax() + 1),
    ("ArgMinOver(x[i], (i, 1, n))", {"x": x4}, {"x": VECTOR, "n": "size"}, x4.argmin() + 1),
    ("Eq(y[i], Sum(x[j], (j, 1, i)))", {"x": x4}, {"y": VECTOR, "x": VECTOR, "n": "size"}, np.cumsum(x4)),
    ("Eq(y[i], x[n + 1 - i])", {"x": x4}, {"y": VECTOR, "x": VECTOR, "n": "size"}, x4[::-1]),
    ("Eq(y[j, i], A[i, j])", {"A": A}, {"y": "{shape: [n, m]}", **M}, A.T),
    ("Eq(y[i], x[Mod(i - 2, n) + 1])", {"x": x4}, {"y": VECTOR, "x": VECTOR, "n": "size"}, np.roll(x4, 1)),
    ("Max(x[1], x[2], x[3])", {"x": x4}, {"x": VECTOR, "n": "size"}, x4[:3].max()),
    ("x[ceiling(5/3)] - x[floor(5/3)]", {"x": x4}, {"x": VECTOR, "n": "size"}, x4[1] - x4[0]),
]


@pytest.mark.parametrize("row", AGAINST_NUMPY, ids=[row[0] for row in AGAINST_NUMPY])
def test_against_numpy(row: tuple[str, dict[str, Any], dict[str, str], Any]) -> None:
    formula, given, symbols, expected = row
    np.testing.assert_allclose(run(formula, given=given, **symbols), expected, rtol=1e-14, atol=1e-15)


def test_digits_are_those_of_mpmath() -> None:
    with mpmath.workdps(60):
        found = interpret(program("exp(x)/3 + pi", x="x"), {"x": 1})["out"]
        assert abs(found - (mpmath.e / 3 + mpmath.pi)) < mpmath.mpf(10) ** -58


def test_empty_ranges() -> None:
    at = {"x": [5]}
    symbols = {"x": VECTOR, "n": "size"}
    assert interpret(program("Sum(x[i], (i, 2, n))", **symbols), at)["out"] == 0
    assert interpret(program("Product(x[i], (i, 2, n))", **symbols), at)["out"] == 1
    assert interpret(program("Sum(x[i], (i, 3, n))", **symbols), at)["out"] == 0
    for word in ("MaxOver", "MinOver", "ArgMaxOver", "ArgMinOver"):
        with pytest.raises(ValueError, match="an extremum over an empty range"):
            interpret(program(f"{word}(x[i], (i, 2, n))", **symbols), at)


def test_arrays_without_entries() -> None:
    assert interpret(program("Sum(x[i]**2, (i, 1, n))", x=VECTOR, n="size"), {"x": []})["out"] == 0


def test_branches_that_do_not_hold_are_not_evaluated() -> None:
    formula = "Piecewise((log(x), x > 0), (1/x, x < 0), (7, True))"
    value = program(formula, x="x")
    assert [interpret(value, {"x": v})["out"] for v in (1, -2, 0)] == [0, -0.5, 7]


@pytest.mark.parametrize("values", [(1, math.nan), (math.nan, 1), (math.nan, math.nan)])
def test_extrema_keep_nan(values: tuple[float, float]) -> None:
    at = dict(zip("xy", map(mpmath.mpf, values), strict=True))
    for word in ("Max", "Min"):
        assert mpmath.isnan(interpret(program(f"{word}(x, y)", x="x", y="y"), at)["out"])


def test_a_scatter_adds_up() -> None:
    """y[x[i]] += 1 counts."""
    n, i = extent_symbol("n"), Index("i", extent_symbol("n"))
    target = Tensor("y", (sp.Integer(3),))
    at = read("k", (i.symbol,), integer=True)
    count = Statement(target, (i,), (at,), Op.SUM, sp.Integer(1), scatter=True, guard=sp.Ge(at, 0))
    sizes = (Extent("n", "k", 0, extent_symbol("_size")),)
    value = Program("p", (Tensor("k", (n,), integer=True),), (), ("k",), sizes, (count,), ("y",))
    assert list(interpret(value, {"k": [0, 2, 2, -1]})["y"]) == [1, 0, 2]


def test_extents_follow_from_shapes() -> None:
    value = program(
        "Eq(y[c], (w[1] + Sum(x[(c - 1)*r**2 + k], (k, 1, r**2)))/(H*C))",
        y="{shape: [C]}",
        x="{shape: [C*r**2]}",
        w="{shape: [2*H + 1]}",
        r="{domain: natural}",
        C="channels",
        H="half",
    )
    found = interpret(value, {"x": range(8), "w": [1, 0, 0, 0, 0, 0, 0], "r": 2})["y"]
    np.testing.assert_allclose(np.asarray(found, dtype=float), [(1 + 6) / 6, (1 + 22) / 6], rtol=1e-15)


def test_every_function_has_a_value() -> None:
    """The table has no head that cannot be called with numbers."""
    for head, function in FUNCTIONS.items():
        nargs = getattr(head, "nargs", None)
        count = min(nargs) if isinstance(nargs, sp.FiniteSet) else 2
        count = 2 if issubclass(head, sp.core.relational.Relational) or head in (sp.Pow, sp.Mod) else count
        function(*(2,) * count)


# the terms ----------------------------------------------------------------------------------------------------------

n, i, j = extent_symbol("n"), index_symbol("i"), index_symbol("j")


def test_reads_are_equal_by_tensor_and_positions() -> None:
    assert read("x", (i,)) == read("x", (i,))
    assert read("x", (i,)) != read("x", (j,))
    assert read("x") != read("y")
    assert read("x", (i,)).is_real and read("k", (i,), integer=True).is_integer


def test_reads_in_positions_are_found() -> None:
    inner = read("k", (i,), integer=True)
    assert [r.tensor for r in reads_of(read("x", (inner + 1,)) * 2)] == ["k", "x"]


def test_substitution_goes_into_positions_of_reads_of_positions() -> None:
    gathered = read("x", (read("k", (i,), integer=True) + i,))
    assert str(substitute(gathered, {i: j + 1})) == "x[k[j + 1] + j + 1]"
    assert substitute(gathered, {i: j + 1}).positions[0].has(read("k", (j + 1,), integer=True))


def test_reads_are_changed_from_the_inside() -> None:
    gathered = read("x", (read("k", (i,), integer=True),))

    def renamed(r: Any) -> Any:
        return read(f"{r.tensor}2", r.positions, integer=bool(r.is_integer))

    assert str(map_reads(gathered + 1, renamed)) == "x2[k2[i]] + 1"


def test_transform_shares_equal_parts() -> None:
    """100 levels that use the one below twice are 2**100 parts written out."""
    body: Any = read("x")
    for _ in range(100):
        body = sp.sin(body) + sp.cos(body)
    count = 0

    def leaf(atom: Any) -> Any:
        nonlocal count
        count += 1
        return atom

    transform(body, leaf)
    assert count == 1


def test_piecewise_keeps_its_order_and_drops_what_never_holds() -> None:
    x = read("x")
    one, two = sp.Integer(1), sp.Integer(2)
    assert branches([(one, sp.true), (two, x > 0)]) == 1
    assert branches([(one, sp.false), (two, sp.true)]) == 2
    assert branches([]) is sp.nan
    kept = branches([(one, x > 0), (one, x < 0), (two, sp.true)])
    assert [pair.args[0] for pair in kept.args] == [1, 1, 2]
    assert branches([(one, x > 0), (one, sp.true)]) == 1


def test_short_expressions() -> None:
    x = read("x")
    assert is_short(x + 1, 3) and not is_short(x + 1, 2)


@pytest.mark.parametrize(("a", "b"), [(7, 2), (-7, 2), (7, -2), (6, 3), (0, 5)])
def test_division_of_integers_rounds_down(a: int, b: int) -> None:
    p, q = sp.Symbol("p", integer=True), sp.Symbol("q", integer=True)
    at = {p: a, q: b}
    assert evaluate(FloorDivide(p, q), at, {}) == a // b
    assert evaluate(floor_divide(p, q), at, {}) == a // b
    assert evaluate(Remainder(p, q), at, {}) == a % b
    assert evaluate(sp.Mod(p, q), at, {}) == a % b


def test_quotients_that_are_whole_are_worked_out() -> None:
    assert floor_divide(6 * n, sp.Integer(3)) == 2 * n
    assert floor_divide(6 * n + 1, sp.Integer(3)) != 2 * n
    assert Quotient(n, sp.Integer(2)).is_integer


def test_extrema_are_in_the_order_written() -> None:
    x, y = read("x"), read("y")
    assert Maximum(y, x).args == (y, x)
    assert Minimum(y, x).args == (y, x)


@pytest.mark.parametrize(
    ("extents", "expected"),
    [
        ([n], "(n,)"),
        ([n, i + 1], "(n, n)"),
        ([n, n - i], "(n, n)"),
        ([n, n - i - 1], "(n, n - 1)"),
        ([n, 2 * i + 3], "(n, 2*n + 1)"),
        ([n, i + 1, i + j + 1], "(n, n, 2*n - 1)"),
        ([n, n - i, j + 1], "(n, n, n)"),
    ],
)
def test_boxes_hold_all_rounds(extents: list[Any], expected: str) -> None:
    loops = [Index(name, extent) for name, extent in zip("ijk", extents, strict=False)]
    assert str(box(loops)) == expected


def test_an_extent_that_rises_and_falls_is_refused() -> None:
    loops = [Index("i", n), Index("j", i * (n - 1 - i) + 1)]
    with pytest.raises(ShapeError, match="rises and falls"):
        box(loops)


def test_names_that_are_not_taken() -> None:
    taken = {"i", "i1"}
    assert [fresh("i", taken), fresh("i", taken), fresh("j", taken)] == ["i2", "i3", "j"]
    assert base_name("total3") == "total"
    assert base_name("x3") == "x3"
