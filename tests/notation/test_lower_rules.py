"""The rules by which people write records, one after another, as the programs that lowering makes of them."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import LIBRARY, SQUARE, VECTOR, compiler, program

from eqc.errors import EqcError
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check

N = {"n": "size"}
X = {"x": VECTOR, **N}


def run(*formulas: str, given: dict[str, Any], others: dict[str, str] | None = None, **symbols: str) -> Any:
    """The one result of a formula as floats, or the tuple of several."""
    found = interpret(check(program(*formulas, others=others, **symbols)), given)
    results = [np.asarray(v, dtype=float).tolist() for v in found.values()]
    return results[0] if len(results) == 1 else tuple(results)


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in value.statements]


def refused(*formulas: str, others: dict[str, str] | None = None, **symbols: str) -> EqcError:
    with pytest.raises(EqcError) as error:
        program(*formulas, others=others, **symbols)
    return error.value


# 1: positions ---------------------------------------------------------------------------------------------------------


def test_positions_count_from_one() -> None:
    assert run("x[1] + 10*x[n]", given={"x": [1, 2, 3]}, **X) == 31


def test_positions_do_not_depend_on_the_limits() -> None:
    """x[k + 1] for k = 0 … n - 1 is all of x, and x[k + 3] for k = -2 … is too."""
    assert run("Sum(x[k + 1], (k, 0, n - 1))", given={"x": [1, 2, 3]}, **X) == 6
    assert run("Sum(k*x[k + 3], (k, -2, n - 3))", given={"x": [1, 2, 3]}, **X) == -2 - 2


@pytest.mark.parametrize(("origin", "label"), [("", 2), (", origin: 1", 2), (", origin: 0", 1)])
def test_labels_count_from_one_or_from_their_origin(origin: str, label: int) -> None:
    value = program("p[y]", p="{shape: [C]}", y=f"{{domain: natural{origin}}}", C="classes")
    assert interpret(value, {"p": [5, 6, 7], "y": label})["out"] == 6


def test_origins_of_arrays_and_in_arithmetic() -> None:
    symbols = {"y": "{shape: [m]}", "idx": "{shape: [m], domain: natural, origin: 0}", "m": "length", **X}
    at = {"x": [10, 20, 30], "idx": [0, 2]}
    assert run("Eq(y[i], x[idx[i]])", given=at, **symbols) == [10, 30]
    assert run("Eq(y[i], Piecewise((x[idx[i] + 1], idx[i] < n - 1), (0, True)))", given=at, **symbols) == [20, 0]


# 2: inputs, extents, parameters -------------------------------------------------------------------------------------


def test_inputs_stand_in_the_order_of_the_glossary() -> None:
    value = program(
        "Eq(y[i], b*x[i]*a + k*c[i])", c=VECTOR, k="{domain: natural}", y=VECTOR, a="a", x=VECTOR, b="b", **N
    )
    assert value.arguments == ("c", "k", "a", "x", "b")
    assert [t.name for t in value.inputs] == ["c", "a", "x", "b"]
    assert [p.name for p in value.parameters] == ["k"]
    assert [e.name for e in value.extents] == ["n"]


ROLES = [
    ("x[k]", "tensor"),
    ("x[k + 1]", "tensor"),
    ("x[1]*k", "parameter"),
    ("x[1]**k", "parameter"),
    ("Sum(x[1]*i, (i, 1, k))", "parameter"),
    ("x[k]*Sum(1, (i, 1, k))", "parameter"),
]


@pytest.mark.parametrize(("formula", "role"), ROLES, ids=[row[0] for row in ROLES])
def test_integers_are_labels_or_parameters(formula: str, role: str) -> None:
    value = program(formula, k="{domain: natural}", **X)
    assert (role == "parameter") == (value.parameters != ())
    assert (role == "tensor") == any(t.name == "k" and t.integer and not t.rank for t in value.inputs)


def test_integer_arrays_are_inputs() -> None:
    value = program("Sum(c[i]*x[i], (i, 1, n))", c="{shape: [n], domain: natural}", **X)
    assert [(t.name, t.integer, t.differentiable) for t in value.inputs] == [("c", True, False), ("x", False, True)]


EXTENTS = [
    ("[n]", "", "_size", 5, 5),
    ("[2*n]", "", "Quotient(_size, 2)", 6, 3),
    ("[n + 1]", "", "_size - 1", 6, 5),
    ("[3*n - 2]", "", "Quotient(_size + 2, 3)", 7, 3),
    ("[n*r]", "r", "Quotient(_size, r)", 6, 3),
    ("[n*r**2]", "r", "Quotient(_size, r**2)", 12, 3),
    ("[n*r + r]", "r", "Quotient(-r + _size, r)", 8, 3),
    ("[n/r]", "r", "_size*r", 3, 6),
]


@pytest.mark.parametrize(("shape", "parameter", "solution", "size", "n"), EXTENTS, ids=[row[0] for row in EXTENTS])
def test_extents_follow_from_shapes(shape: str, parameter: str, solution: str, size: int, n: int) -> None:
    symbols = {"x": f"{{shape: {shape}}}", "n": "size", **({"r": "{domain: natural}"} if parameter else {})}
    value = program(f"Sum(x[1], (i, 1, n)){'*r/r' if parameter else ''}", **symbols)
    (extent,) = value.extents
    assert str(extent.solution).replace(" ", "") in {solution.replace(" ", ""), flipped(solution)}
    given = {"x": [1] * size, **({"r": 2} if parameter else {})}
    assert interpret(value, given)["out"] == n


def flipped(text: str) -> str:
    return text.replace("-r + _size", "_size - r").replace(" ", "")


def test_extents_of_several_arrays_and_axes() -> None:
    symbols = {"A": "{shape: [m, n + m]}", "x": "{shape: [2*k + n]}", "m": "m", "n": "n", "k": "k"}
    value = program("A[1, 1]*x[1]*k*n*m", **symbols)
    assert [(e.name, e.input, e.axis) for e in value.extents] == [("m", "A", 0), ("n", "A", 1), ("k", "x", 0)]
    assert interpret(value, {"A": np.ones((2, 5)), "x": np.ones(7)})["out"] == 2 * 3 * 2


def test_an_extent_found_only_in_outputs_must_be_an_argument() -> None:
    error = refused("Eq(y[i], x*i)", y=VECTOR, x="x", **N)
    assert "the extent n does not follow from the shapes of the inputs" in error.rule
    assert "domain: natural" in error.remedy
    assert run("Eq(y[i], x*i)", given={"x": 2, "n": 3}, y=VECTOR, x="x", n="{domain: natural}") == [2, 4, 6]


def test_indices_need_no_glossary_entry_and_may_have_one() -> None:
    assert run("Sum(x[i], (i, 1, n))", given={"x": [1, 2]}, **X) == 3
    assert run("Sum(x[i], (i, 1, n))", given={"x": [1, 2]}, i="row", **X) == 3


def test_counts_may_be_numbers_in_the_formula() -> None:
    assert run("Sum(x[i], (i, 1, n))/n", given={"x": [1, 2, 6]}, **X) == 3


def test_quotients_of_extents_are_exact() -> None:
    value = program("Eq(y[g], Sum(x[(g - 1)*n/G + k], (k, 1, n/G)))", y="{shape: [G]}", G="{domain: natural}", **X)
    assert interpret(value, {"x": [1, 2, 3, 4], "G": 2})["y"].tolist() == [3, 7]


def test_defaults_stay_with_their_inputs() -> None:
    value = program("a*x**k", a="{default: 0.5}", x="x", k="{domain: natural, default: 2}")
    assert value.inputs[0].default == 0.5
    assert value.parameters[0].default == 2
    assert value.arguments == ("a", "x", "k")


@pytest.mark.parametrize(
    ("entry", "differentiable"),
    [
        ("x", True),
        ("{domain: positive}", True),
        ("{domain: binary}", True),
        ("{differentiable: false}", False),
        ("{domain: natural, shape: [n]}", False),
        ("{domain: integer, shape: [n]}", False),
    ],
)
def test_what_is_differentiated(entry: str, differentiable: bool) -> None:
    formula = "Sum(q[i]*x[i], (i, 1, n))" if "shape" in entry else "q*x[1]"
    value = program(formula, q=entry, **X)
    assert value.inputs[0].differentiable == differentiable


# 3: outputs ---------------------------------------------------------------------------------------------------------


def test_a_bare_expression_is_called_out() -> None:
    value = program("x**2", x="x")
    assert value.outputs == ("out",)
    assert program("x**2", x="x", out="{domain: nonnegative, meaning: square}").outputs == ("out",)


def test_what_no_later_statement_reads_is_an_output() -> None:
    symbols = dict.fromkeys(["a", "b", "c", "x"], "a number")
    assert program("Eq(a, x)", "Eq(b, a**2)", "Eq(c, a**3)", **symbols).outputs == ("b", "c")


def test_marked_names_are_outputs_too() -> None:
    symbols = {"a": "{output: true}", "b": "b", "x": "x"}
    assert program("Eq(a, x)", "Eq(b, a**2)", **symbols).outputs == ("a", "b")
    symbols = {"m_new": "{updates: m}", "b": "b", "m": "m", "x": "x"}
    value = program("Eq(m_new, m + x)", "Eq(b, m_new**2)", **symbols)
    assert value.outputs == ("m_new", "b")


def test_a_state_and_its_update_have_one_shape() -> None:
    error = refused("Eq(m_new, m[1] + x)", m_new="{updates: m}", m=VECTOR, x="x", **N)
    assert "one shape" in error.rule


def test_shapes_of_outputs_follow_from_the_right_side_or_the_glossary() -> None:
    assert str(program("Eq(y, A*x)", y="y", A="{shape: [m, n]}", m="m", **X).tensors["y"].shape) == "(m,)"
    assert str(program("Eq(y[i], x[i])", y="y", **X).tensors["y"].shape) == "(n,)"
    assert str(program("Eq(y[i], x[i])", y="{shape: [n]}", **X).tensors["y"].shape) == "(n,)"
    assert str(program("Eq(y, x.T)", y=VECTOR, **X).tensors["y"].shape) == "(n,)"


# 4: matrix algebra --------------------------------------------------------------------------------------------------

A = np.array([[1.0, 2], [3, 5]])
v = np.array([2.0, -1])
MATRIX = [
    ("A*v", A @ v),
    ("v.T*A", [v @ A]),
    ("v.T*v", v @ v),
    ("v*v.T", np.outer(v, v)),
    ("v.T*A*v", v @ A @ v),
    ("(v.T*v)*A", 5 * A),
    ("A/(v.T*v)", A / 5),
    ("A**2", A @ A),
    ("A**-1*v", np.linalg.solve(A, v)),
    ("2*A - A.T/4", 2 * A - A.T / 4),
    ("-A", -A),
    ("exp(A)", np.exp(A)),
    ("Max(A, 2)", np.maximum(A, 2)),
    ("sqrt(v.T*v)*v", np.sqrt(5) * v),
    ("Identity(n)*v", v),
    ("(I + A)*v", (np.eye(2) + A) @ v),
    ("A - 2*I", A - 2 * np.eye(2)),
    ("(I - v*v.T/(v.T*v))*v", [0, 0]),
    ("Trace(A*A)", np.trace(A @ A)),
    ("Trace(v*v.T)", 5),
    ("HadamardProduct(A, A)[2, 1]", 9),
    ("(A*A)[1, 2]", (A @ A)[0, 1]),
    ("A[2]*1", A[1]),
    ("v.T*A[1]", v @ A[0]),
    ("diag(v)*A", np.diag(v) @ A),
    ("A*OneMatrix(n, 1)", A.sum(axis=1, keepdims=True)),
    ("Transpose(A)", A.T),
    ("Piecewise((A, v[1] > 0), (A.T, True))", A),
]


@pytest.mark.parametrize(("formula", "expected"), MATRIX, ids=[row[0] for row in MATRIX])
def test_matrix_algebra(formula: str, expected: Any) -> None:
    symbols = {name: entry for name, entry in {"A": SQUARE, "v": VECTOR}.items() if name in formula}
    given = {name: value for name, value in {"A": A, "v": v}.items() if name in symbols}
    found = run(formula, given=given, **symbols, **N)
    np.testing.assert_allclose(np.squeeze(found), np.squeeze(expected), rtol=1e-14, atol=1e-15)


def test_a_matrix_times_a_matrix_times_a_column_multiplies_no_matrices() -> None:
    value = program("A*B*x", A="{shape: [m, n]}", B=SQUARE, m="m", **X)
    assert [len(s.loops) for s in value.statements] == [2, 2]


def test_a_column_times_a_row_needs_no_sum() -> None:
    assert lines(program("x*x.T", **X)) == ["out[i, j] = x[i]*x[j]  for i: n, j: n"]


# 5: other records --------------------------------------------------------------------------------------------------

OTHERS = dict(LIBRARY)
Z = np.array([[0.1, 0.7, -0.2], [1.0, 2.0, 0.5]])
SOFT = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
COMPOSED = [
    ("soft(Z)", SOFT),
    ("soft(Z)[2, 3]", SOFT[1, 2]),
    ("soft(Z[1])", SOFT[0]),
    ("soft(2*Z/2)", SOFT),
    ("squash(Z)", 1 / (1 + np.exp(-Z))),
    ("squash(Z[1, 2])", 1 / (1 + np.exp(-0.7))),
    ("norm(Z)", np.linalg.norm(Z, axis=1)),
    ("norm(Z.T)", np.linalg.norm(Z, axis=0)),
    ("norm(norm(Z))", np.linalg.norm(Z)),
    ("Sum(norm(Z)[i]**2, (i, 1, m))", (Z**2).sum()),
    ("Sum(squash(Z[i, 1])*norm(Z[i]), (i, 1, m))", (np.linalg.norm(Z, axis=1) / (1 + np.exp(-Z[:, 0]))).sum()),
    ("soft(Z)*soft(Z).T", SOFT @ SOFT.T),
    ("moments(Z[1]).mean", Z[0].mean()),
    ("moments(Z).spread", Z.var(axis=1)),
    ("moments(Z).spread[2] - moments(Z[2]).spread", 0),
    ("pick(Z[1], 3)", -0.2),
    ("Sum(pick(Z[i], 2), (i, 1, m))", 0.7 + 2.0),
    ("MaxOver(norm(Z)[i], (i, 1, m))", np.linalg.norm(Z, axis=1).max()),
    ("Product(1 + Sum(soft(Z)[i, j]**2, (j, 1, n)), (i, 1, m))", np.prod(1 + (SOFT**2).sum(axis=1))),
    ("Piecewise((norm(Z[1]), Z[1, 1] > 0), (0, True))", np.linalg.norm(Z[0])),
]


@pytest.mark.parametrize(("formula", "expected"), COMPOSED, ids=[row[0] for row in COMPOSED])
def test_composition(formula: str, expected: Any) -> None:
    symbols = {"Z": "{shape: [m, n]}", "n": "columns", "m": "rows"}
    found = run(formula, given={"Z": Z}, others=OTHERS, **symbols)
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)


def test_leading_axes_broadcast_against_each_other() -> None:
    """Two arguments, one with more leading axes."""
    weighted = {
        "weighted": "title: W\nsympy: Sum(w[i]*x[i], (i, 1, n))\nsymbols: {w: {shape: [n]}, x: {shape: [n]}, n: n}\n"
    }
    symbols = {"w": VECTOR, "Z": "{shape: [m, n]}", "n": "columns", "m": "rows"}
    found = run("weighted(w, Z)", given={"w": [1, 2, 3], "Z": Z}, others=weighted, **symbols)
    np.testing.assert_allclose(found, Z @ [1, 2, 3])


def test_defaults_of_other_records_may_be_left_out() -> None:
    others = {"leaky": "title: L\nsympy: Max(x, a*x)\nsymbols: {x: x, a: {default: 0.1}}\n"}
    assert run("leaky(x)", given={"x": -2}, others=others, x="x") == -0.2
    assert run("leaky(x, 0.5)", given={"x": -2}, others=others, x="x") == -1


def test_arguments_stand_in_the_glossary_order_without_extents() -> None:
    others = {
        "power": "title: P\n"
        "sympy: Sum(b*x[i]**k, (i, 1, n))\nsymbols: {k: {domain: natural}, n: n, x: {shape: [n]}, b: b}\n"
    }
    assert run("power(2, x, 10)", given={"x": [1, 2]}, others=others, **X) == 50
    error = refused("power(x, 2)", others=others, **X)
    assert "power takes k, x, b in this order" in error.rule
    assert "whole number as k" in refused("power(x[1], x, 1)", others=others, **X).rule


def test_fields() -> None:
    error = refused("moments(x)", others=OTHERS, **X)
    assert "moments gives mean, spread" in error.rule
    assert "moments(…).mean" in error.remedy
    assert "did you mean spread?" in refused("moments(x).spred", others=OTHERS, **X).remedy


def test_shapes_of_arguments_must_fit() -> None:
    assert "soft takes z with shape (C,)" in refused("soft(a)", others=OTHERS, a="a").rule
    dots = {"dots": "title: D\nsympy: Sum(x[i]*y[i], (i, 1, n))\nsymbols: {x: {shape: [n]}, y: {shape: [n]}, n: n}\n"}
    error = refused("dots(a, b)", others=dots, a="{shape: [p]}", b="{shape: [q]}", p="p", q="q")
    assert "dots takes y with shape (n,)" in error.rule
    assert "(q,)" in error.written


def test_only_what_a_field_needs_is_computed() -> None:
    value = program("moments(x).mean", others=OTHERS, **X)
    assert len(value.statements) == 2


def test_a_record_twice_has_two_sets_of_names() -> None:
    value = program("norm(x) + norm(2*x)", others=OTHERS, **X)
    names = [s.target.name for s in value.statements]
    assert len(set(names)) == len(names)
    assert interpret(value, {"x": [3, 4]})["out"] == 15


def test_notation_of_a_record_counts_as_used() -> None:
    assert run("squash(x)", given={"x": 0}, others=OTHERS, x="x", squash=r"{latex: \sigma}") == 0.5


def test_a_name_of_its_own_is_the_function() -> None:
    """A record `tanh` may be written with tanh."""
    texts = {"tanh": "title: T\nsympy: Eq(a, tanh(z))\nsymbols: {a: a, z: z}\n"}
    value = compiler("x", x="x", others=texts).program("tanh")
    assert lines(value) == ["a = tanh(z)"]


def test_circles_are_refused() -> None:
    texts = {
        "ping": "title: P\nsympy: 1 + pong(x)\nsymbols: {x: x}\n",
        "pong": "title: Q\nsympy: 2*ping(x)\nsymbols: {x: x}\n",
    }
    with pytest.raises(EqcError) as error:
        compiler("x", x="x", others=texts).program("ping")
    assert "ping -> pong -> ping" in error.value.rule


def test_what_a_record_composes_is_known_transitively() -> None:
    texts = {"twice": "title: T\nsympy: 2*norm(x)\nsymbols: {x: {shape: [n]}, n: n}\n", **LIBRARY}
    made = compiler("squash(twice(x))", others=texts, **X)
    assert made.composes("sample") == ("norm", "squash", "twice")
    assert made.composes("norm") == ()


# 6: the glossary wins ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["S", "N", "I", "E", "O", "Q", "pi", "beta", "gamma", "zeta", "Sum", "exp", "oo"])
def test_the_glossary_wins_over_names_of_sympy(name: str) -> None:
    assert run(f"{name}**2 + 1", given={name: 3}, **{name: "a number"}) == 10


def test_constants_and_functions_where_the_glossary_says_nothing() -> None:
    with mpmath.workdps(20):
        value = interpret(program("gamma(x) + pi + E + EulerGamma", x="x"), {"x": 4})["out"]
        assert abs(value - (6 + mpmath.pi + mpmath.e + mpmath.euler)) < 1e-18


def test_a_symbol_called_like_a_function_is_no_function() -> None:
    error = refused("gamma(x)*zeta(x)", gamma="a number", x="x")
    assert error.remedy.startswith("write ") or "did you mean" in error.remedy


# 7: limits, empty sums, guards -------------------------------------------------------------------------------------


def test_limits_stand_innermost_first() -> None:
    """Σ_i Σ_{j≤i}: the inner limit may use i."""
    value = program("Sum(A[i, j], (j, 1, i), (i, 1, n))", A=SQUARE, **N)
    assert lines(value) == ["out = sum(i: n, j: i + 1) A[i, j]"]
    error = refused("Sum(A[i, j], (i, 1, n), (j, 1, i))", A=SQUARE, **N)
    assert "i has no value here" in error.rule


def test_nested_sums_are_one() -> None:
    assert lines(program("Sum(Sum(A[i, j], (j, 1, i)), (i, 1, n))", A=SQUARE, **N)) == [
        "out = sum(i: n, j: i + 1) A[i, j]"
    ]


RAGGED = [
    ("Sum(A[i, j], (j, i, n), (i, 1, n))", np.triu(np.arange(1, 10).reshape(3, 3)).sum()),
    ("Sum(A[i, j], (j, i + 1, n), (i, 1, n))", np.triu(np.arange(1, 10).reshape(3, 3), 1).sum()),
    ("Sum(A[i, j], (j, 1, i - 1), (i, 1, n))", np.tril(np.arange(1, 10).reshape(3, 3), -1).sum()),
    ("Sum(Product(A[i, j], (j, 1, i)), (i, 1, n))", 1 + 4 * 5 + 7 * 8 * 9),
    ("Sum(MaxOver(A[i, j], (j, 1, i)), (i, 1, n))", 1 + 5 + 9),
    ("Sum(A[i, j], (j, Max(1, i - 1), Min(n, i + 1)), (i, 1, n))", 45 - 3 - 7),
    ("Sum(A[i, j]*(i - j), (j, 1, n), (i, 1, n))", (4 - 2) + 2 * (7 - 3) + (8 - 6)),
]


@pytest.mark.parametrize(("formula", "expected"), RAGGED, ids=[row[0] for row in RAGGED])
def test_ragged_ranges(formula: str, expected: float) -> None:
    assert run(formula, given={"A": np.arange(1, 10).reshape(3, 3)}, A=SQUARE, **N) == expected


EMPTY = [
    ("Sum(x[i], (i, 2, n))", 0),
    ("Sum(x[i], (i, 5, n))", 0),
    ("Product(x[i], (i, 2, n))", 1),
    ("Sum(x[1]*i, (i, 3, 1))", 0),
    ("1 + Sum(x[i], (i, 2, n))*Product(x[i], (i, 2, n))", 1),
]


@pytest.mark.parametrize(("formula", "expected"), EMPTY, ids=[row[0] for row in EMPTY])
def test_empty_ranges(formula: str, expected: float) -> None:
    assert run(formula, given={"x": [7]}, **X) == expected


def test_reversed_limits_are_empty_and_not_negated() -> None:
    assert run("Sum(x*i, (i, 4, 2))", given={"x": 1}, x="x") == 0


GUARDED = [
    ("Eq(y[i], Piecewise((x[i + 1], i < n), (0, True)))", [2, 3, 0]),
    ("Eq(y[i], Piecewise((x[i - 1], i > 1), (x[i], True)))", [1, 1, 2]),
    ("Eq(y[i], Piecewise((x[i + 1], And(i < n, x[i] > 1)), (9, True)))", [9, 3, 9]),
    ("Eq(y[i], Sum(Piecewise((x[i + k], And(i + k >= 1, i + k <= n)), (0, True)), (k, -1, 1)))", [3, 6, 5]),
    ("Eq(y[i], Piecewise((Sum(x[i + k], (k, 0, 1)), i < n), (0, True)))", [3, 5, 0]),
    ("Eq(y[i], x[Mod(i, n) + 1])", [2, 3, 1]),
    ("Eq(y[i], x[n + 1 - i])", [3, 2, 1]),
    ("Eq(y[i], x[Min(i + 1, n)])", [2, 3, 3]),
    ("Eq(y[i], x[Max(i - 1, 1)])", [1, 1, 2]),
    ("Eq(y[i], x[ceiling(i/2)])", [1, 1, 2]),
    ("Eq(y[i], Piecewise((0, Or(i < 2, i >= n)), (x[i - 1]*x[i + 1], True)))", [0, 3, 0]),
    ("Eq(y[i], Piecewise((0, Eq(i, n)), (x[i + 1], True)))", [2, 3, 0]),
    ("Eq(y[i], Piecewise((x[i - 1], Ne(1, i)), (0, True)))", [0, 1, 2]),
    ("Eq(y[i], Piecewise((0, Or(Eq(i, 1), Eq(i, n))), (x[i - 1]*x[i + 1], True)))", [0, 3, 0]),
    ("Eq(y[i], Sum(x[Abs(i - j) + 1], (j, 1, n)))", [6, 5, 6]),
    ("Eq(y[i], Piecewise((x[i - 1], Eq(Mod(i, 2), 0)), (x[i], True)))", [1, 1, 3]),
]


@pytest.mark.parametrize(("formula", "expected"), GUARDED, ids=[row[0] for row in GUARDED])
def test_positions_in_range_by_proof_or_by_guard(formula: str, expected: list[float]) -> None:
    value = program(formula, y=VECTOR, **X)
    assert value.checks == ()
    assert run(formula, given={"x": [1, 2, 3]}, y=VECTOR, **X) == expected


UNPROVED = [
    "Eq(y[i], x[i + 1])",
    "Eq(y[i], x[i - 1])",
    "Eq(y[i], x[2*i])",
    "Sum(x[i], (i, 1, n + 1))",
    "Sum(x[i], (i, 0, n))",
    "Eq(y[i], Piecewise((x[i + 1], i <= n), (0, True)))",
    "Eq(y[i], Piecewise((0, i < n), (x[i + 1], True)))",
    "Eq(y[i], Piecewise((x[i + 1], Ne(i, n - 1)), (0, True)))",
    "Eq(y[i], Sum(x[Abs(i - j)], (j, 1, n)))",
    "Eq(y[i], Piecewise((x[i + 1], x[i] > 0), (0, True)))",
    "Eq(y[i], Sum(x[j + i], (j, 1, i)))",
    "x[0]",
    "x[n + 1]",
]


@pytest.mark.parametrize("formula", UNPROVED)
def test_positions_that_may_be_out_of_range_are_errors(formula: str) -> None:
    error = refused(formula, **({"y": VECTOR} if "y[" in formula else {}), **X)
    assert "the position is not always within 1 … n" in error.rule
    assert "guard the read" in error.remedy
    assert "x at position" in error.written


CHECKED = [
    ("x[k]", {"k": "{domain: natural}"}, "0 <= k - 1 < n", ()),
    ("x[1] + x[3]", {}, "0 <= 2 < n", ()),
    (
        "Eq(y[i], x[idx[i]])",
        {"y": "{shape: [m]}", "idx": "{shape: [m], domain: natural}", "m": "m"},
        "0 <= idx[i] - 1 < n",
        "i",
    ),
    ("Sum(x[r*i], (i, 1, 2))", {"r": "{domain: natural}"}, "0 <= r*(i + 1) - 1 < n", "i"),
]


@pytest.mark.parametrize(("formula", "more", "shown", "loops"), CHECKED, ids=[row[0] for row in CHECKED])
def test_positions_from_the_data_are_checked(formula: str, more: dict[str, str], shown: str, loops: Any) -> None:
    value = program(formula, **more, **X)
    check_ = value.checks[-1]
    assert f"0 <= {check_.position} < {check_.extent}" == shown
    assert "".join(loop.name for loop in check_.loops) == "".join(loops)


def test_positions_within_any_array_that_is_not_empty_are_checked_for_empty_ones() -> None:
    symbols = {"y": VECTOR, "x": "{shape: [n]}", "z": "{shape: [m]}", "n": "heads", "m": "groups"}
    (check_,) = program("Eq(y[i], x[i]*z[ceiling(i*m/n)])", **symbols).checks
    assert (str(check_.position), str(check_.extent)) == ("0", "m")
    given = {"x": [1, 1, 1, 1], "z": [2, 3]}
    assert run("Eq(y[i], x[i]*z[ceiling(i*m/n)])", given=given, **symbols) == [2, 2, 3, 3]


# matrices that are written out ----------------------------------------------------------------------------------------


def test_products_with_written_matrices_are_written_out() -> None:
    turned = program("Eq(y, Matrix([[a, 0], [b, 2]])*x)", y="{shape: [2]}", x="{shape: [2]}", a="a", b="b")
    (only,) = turned.statements
    assert show_statement(only) == "y[i] = Piecewise((a*x[0], Eq(i, 0)), (b*x[0] + 2*x[1], True))  for i: 2"


def test_long_entries_of_written_matrices_are_stored_for_further_products() -> None:
    turn = "Matrix([[sin(a + 1), exp(a)*b], [a*b + 1, b**2 - 3]])"
    value = program(f"Eq(y, {turn}*x)", y="{shape: [2]}", x="{shape: [2]}", a="a", b="b")
    assert [s.target.name for s in value.statements] == ["y"]
    value = program(f"Eq(Y, {turn}*{turn}*{turn})", Y="{shape: [2, 2]}", a="a", b="b")
    assert [s.target.name for s in value.statements] == ["factor", "Y"]


def test_entries_of_written_matrices_are_numbers() -> None:
    error = refused("Eq(y, Matrix([x, x]))", y="{shape: [2, 2]}", **X)
    assert "a number is needed here" in error.rule


def test_computed_positions() -> None:
    symbols = {"y": "y", "k": "{domain: natural}", "z": VECTOR, **X}
    assert (
        run("Eq(k, ArgMaxOver(x[i], (i, 1, n)))", "Eq(y, z[k])", given={"x": [1, 5, 2], "z": [7, 8, 9]}, **symbols) == 8
    )
    assert run("z[ArgMinOver(x[i], (i, 1, n))]", given={"x": [1, 5, 2], "z": [7, 8, 9]}, z=VECTOR, **X) == 7


def test_arg_extrema_count_as_their_limits_do() -> None:
    assert run("ArgMaxOver(x[i + 2], (i, -1, n - 2))", given={"x": [1, 5, 2]}, **X) == 0


def test_conditions() -> None:
    formula = "Piecewise((1, (x > 1) & (x < 2)), (2, Or(x < -1, Eq(x, 0))), (3, ~(x >= 5)), (4, Ne(x, 7)), (5, True))"
    value = program(formula, x="x")
    found = [float(interpret(value, {"x": x})["out"]) for x in (1.5, -2, 0, 3, 6, 7)]
    assert found == [1, 2, 2, 3, 4, 5]


def test_a_choice_without_a_last_case_is_nan() -> None:
    assert mpmath.isnan(interpret(program("Piecewise((x, x > 0))", x="x"), {"x": -1})["out"])


def test_chained_comparisons() -> None:
    value = program("Piecewise((1, 0 < x <= 1), (0, True))", x="x")
    assert [interpret(value, {"x": x})["out"] for x in (0, 0.5, 1, 2)] == [0, 1, 1, 0]


# shadowing and names ------------------------------------------------------------------------------------------------


def test_inner_indices_hide_outer_ones() -> None:
    assert run("Sum(x[i]*Sum(x[i], (i, 1, n)), (i, 1, n))", given={"x": [1, 2]}, **X) == 9


def test_indices_of_different_statements_are_different() -> None:
    symbols = {"a": VECTOR, "b": VECTOR, **X}
    assert run("Eq(a[i], x[i]*i)", "Eq(b[i], Sum(a[j]*i, (j, 1, n)))", given={"x": [1, 2]}, **symbols) == [5, 10]


def test_an_index_called_like_another_records_index() -> None:
    """The callee sums over i as well."""
    assert run("Sum(norm(A[i])*i, (i, 1, n))", given={"A": [[3, 4], [0, 1]]}, others=OTHERS, A=SQUARE, **N) == 7


def test_an_index_called_like_a_callees_symbol() -> None:
    value = run("Sum(squash(x[z])*z, (z, 1, n))", given={"x": [0, 0]}, others=OTHERS, **X)
    assert value == 1.5


def test_a_symbol_called_like_a_callees_output() -> None:
    found = run(
        "norm(x)*total + product",
        given={"x": [3, 4], "total": 2, "product": 1},
        others=OTHERS,
        total="t",
        product="p",
        **X,
    )
    assert found == 11


def test_statements_read_what_stands_before_them() -> None:
    error = refused("Eq(a, b + x)", "Eq(b, x**2)", a="a", b="b", x="x")
    assert "b is read before it is assigned" in error.rule
    assert "reorder" in error.remedy


def test_recursions_are_to_be_written_as_a_step_or_a_sum() -> None:
    error = refused("Eq(h[t], Piecewise((x[t], Eq(t, 1)), (h[t - 1]/2, True)))", h=VECTOR, **X)
    assert "h is made of itself" in error.rule
    assert "the h before as an input" in error.remedy


def test_integer_outputs() -> None:
    value = program(
        "Eq(t_new, t + 1)", "Eq(y, x*t_new)", t_new="{domain: natural, updates: t}", t="{domain: natural}", y="y", x="x"
    )
    assert [(n, value.tensors[n].integer) for n in value.outputs] == [("t_new", True), ("y", False)]
    error = refused("Eq(k, x/2)", k="{domain: natural}", x="x")
    assert "not known to be a whole number" in error.rule
    assert program("Eq(k, floor(x/2))", k="{domain: natural}", x="x").tensors["k"].integer
