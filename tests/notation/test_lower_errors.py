"""Each error of lowering in its four parts: where, what was written, which rule it breaks, what would mend it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from core_samples import LIBRARY, SQUARE, VECTOR, Texts, record_text

from eqc.errors import EqcError
from eqc.pipeline import Compiler


class Wrong(NamedTuple):
    """A record that is wrong; `place` is the text at which the error points."""

    formulas: Sequence[str]
    symbols: dict[str, str]
    place: str
    written: str
    rule: str
    remedy: str


N = {"n": "size"}
X = {"x": VECTOR, **N}
A = {"A": "{shape: [m, n]}", "m": "rows", **N}

TABLE: dict[str, Wrong] = {
    "undeclared": Wrong(["x + q"], {"x": "x"}, "q", "q", "q is not declared", "add it under symbols"),
    "undeclared, with a near name": Wrong(
        ["alpha*yhta"], {"alpha": "a", "yhat": "y"}, "yhta", "yhta", "yhta is not declared", "did you mean yhat?"
    ),
    "assigned, undeclared": Wrong(
        ["Eq(loss, x)"], {"x": "x", "los": "l"}, "loss, x", "loss", "loss is assigned but not", "did you mean los?"
    ),
    "unused": Wrong(["x"], {"x": "x", "b": "bias"}, "b: bias", "b", "b is declared but not used", "remove it"),
    "extent undeclared": Wrong(
        ["x[1]"], {"x": "{shape: [m]}"}, "x: {", "m", "the extent m is not declared", "add it under symbols"
    ),
    "assigned twice": Wrong(
        ["Eq(y, x)", "Eq(y, 2*x)"], {"y": "y", "x": "x"}, "y, 2*x", "y", "y is assigned twice", "its own name"
    ),
    "read too early": Wrong(
        ["Eq(a, b)", "Eq(b, x)"], {"a": "a", "b": "b", "x": "x"}, "b)", "b", "b is read before", "reorder"
    ),
    "index outside its sum": Wrong(["Sum(x[i], (i, 1, n)) + i"], X, 'i"', "i", "i has no value here", "known: "),
    "arithmetic on the left": Wrong(
        ["Eq(y[2], x[1])"], {"y": VECTOR, **X}, "y[2]", "y", "positions on the left", "arithmetic on the right"
    ),
    "one index twice on the left": Wrong(
        ["Eq(Y[i, i], x[i])"], {"Y": SQUARE, **X}, "Y[i, i]", "Y", "different index names", "plain indices"
    ),
    "axes on the left": Wrong(
        ["Eq(Y[i, j, k], x[i])"],
        {"Y": SQUARE, **X},
        "Y[i",
        "Y[i, j, k]",
        "Y has 2 axes in the glossary and 3",
        "one index per axis",
    ),
    "range of an index": Wrong(
        ["Eq(y[i], 2*a)"],
        {"y": "y", "a": "a"},
        "y[i]",
        "i",
        "the range of the index i is not known",
        "declare the shape",
    ),
    "shape of the left": Wrong(
        ["Eq(y, A)"], {"y": VECTOR, **A}, "y, A", "y with shape (n,)", "the right side is (m, n)", "agree"
    ),
    "too many positions": Wrong(
        ["x[1, 2]"], X, "x[1, 2]", "x with 2 position(s)", "x has 1 axes: (n,)", "one position per axis"
    ),
    "position of a number": Wrong(
        ["a[1]"], {"a": "a"}, "a[1]", "a with 1 position(s)", "a has 0 axes: a number", "one position"
    ),
    "position with a fraction": Wrong(["x[3/2]"], X, "3/2", "3/2", "a position must be a whole number", "floor or //"),
    "position that is real": Wrong(
        ["x[a]"], {"a": "a", **X}, "a]", "a", "a position must be a whole number", "domain: integer"
    ),
    "position out of range": Wrong(
        ["Eq(y[i], x[i + 1])"],
        {"y": VECTOR, **X},
        "i + 1",
        "x at position i + 1",
        "not always within 1 … n",
        "Piecewise(",
    ),
    "limit that is real": Wrong(
        ["Sum(x[1], (i, 1, a))"], {"a": "{domain: real, shape: []}", **X}, "a))", "a", "limits must be whole", "//"
    ),
    "limit without end": Wrong(["Sum(x[1]*i, (i, 1, oo))"], X, "oo))", "oo", "whole numbers and finite", "floor"),
    "limit of two parts": Wrong(
        ["Sum(x[i], (i, n))"], X, "(i, n)", "Sum", "a limit of Sum is (index, first, last)", "(i, 1, n)"
    ),
    "no limit": Wrong(["MaxOver(x)"], X, "MaxOver", "MaxOver", "", "limits"),
    "array in a sum over indices on the left": Wrong(
        ["Eq(y[i], A[i])"],
        {"y": "{shape: [m]}", **A},
        "A[i]",
        "array of shape (n,)",
        "a number is needed here",
        "sum over",
    ),
    "arrays of different shapes": Wrong(
        ["A + A.T"], A, "A + A.T", "(m, n) and (n, m)", "arrays of different shapes", "with indices"
    ),
    "inner extents": Wrong(["A*A"], A, "A*A", "(m, n) * (m, n)", "inner extents of a matrix product differ", ".T"),
    "two columns": Wrong(["x*x"], X, "x*x", "(n,) * (n,)", "inner extents", "HadamardProduct(x, y)"),
    "array as divisor": Wrong(["1/A"], A, "1/A", "… / (m, n)", "an array cannot divide", "X**-1"),
    "array as exponent": Wrong(["2**A"], A, "2**A", "** array", "an exponent must be a number", "with indices"),
    "power of no square": Wrong(["A**2"], A, "A**2", "(m, n) ** 2", "matrix power", "HadamardPower"),
    "power with a fraction": Wrong(
        ["B**(1/2)"], {"B": SQUARE, **N}, "B**(1/2)", "(n, n) ** 1/2", "matrix power", "HadamardPower"
    ),
    "trace of no square": Wrong(["Trace(A)"], A, "Trace(A)", "Trace of (m, n)", "takes a square matrix", "shape"),
    "inverse of no square": Wrong(["A**-1"], A, "A**-1", "(m, n)", "square", ""),
    "identity of unknown order": Wrong(
        ["I*a"], {"a": "a"}, "I*a", "I", "no other term says of which order", "Identity(n)"
    ),
    "identity of a fraction": Wrong(
        ["Identity(a)[1, 1]"], {"a": "a"}, "Identity", "Identity", "takes whole numbers", "extents"
    ),
    "product of three axes": Wrong(
        ["T*x"], {"T": "{shape: [n, n, n]}", **X}, "T*x", "(n, n, n)", "for vectors and matrices", "Sum("
    ),
    "transpose of three axes": Wrong(
        ["T.T"], {"T": "{shape: [n, n, n]}", **N}, "T.T", "(n, n, n)", "only vectors and matrices", "with indices"
    ),
    "diagonal of a matrix": Wrong(
        ["diag(B)"], {"B": SQUARE, **N}, "diag(B)", "diag", "diag takes a vector", "Identity(n)"
    ),
    "unknown function": Wrong(
        ["sofft(x)"], X, "sofft(x)", "sofft(…)", "sofft is no function or record", "did you mean soft?"
    ),
    "a symbol called": Wrong(["f(x) + f"], {"f": "f", **X}, "f(x)", "f(…)", "f is no function or record", "f*(…)"),
    "too many arguments": Wrong(
        ["exp(a, a)"], {"a": "a"}, "exp(a, a)", "exp with 2 argument(s)", "exp takes 1 argument", ""
    ),
    "arguments of a record": Wrong(
        ["soft(x, n)"], X, "soft(x, n)", "soft with 2 argument(s)", "soft takes z in this order", "without extents"
    ),
    "shape of an argument": Wrong(
        ["soft(a)"], {"a": "a"}, "soft(a)", "z = an array of shape a number", "soft takes z with shape (C,)", "order"
    ),
    "outputs of a record": Wrong(
        ["moments(x)"], X, "moments(x)", "moments", "moments gives mean, spread", "moments(…).mean"
    ),
    "field of a record": Wrong(
        ["moments(x).men"], X, "moments(x).men", "moments(…).men", "moments gives mean, spread", "did you mean mean?"
    ),
    "field of anything": Wrong(["x.shape"], X, "x.shape", ".shape", "only .T and the outputs of a record", "record(…)"),
    "whole number of a record": Wrong(
        ["pick(x, a/2)"], {"a": "a", **X}, "pick(x, a/2)", "k", "k must be whole numbers", "domain: natural"
    ),
    "a formula without value": Wrong(["x/(2 - 2)"], {"x": "x"}, "x/(2", "x/(2 - 2)", "divides by zero", ""),
    "a complex constant": Wrong(
        ["x*sqrt(-2)"], {"x": "x"}, "x*sqrt", "out", "undefined or complex", "root of a negative"
    ),
    "a number beyond floats": Wrong(["x*10**400"], {"x": "x"}, "x*10", "out", "beyond float64", "logarithms"),
    "a law of what is no comparison": Wrong(
        ["Eq(y, True)"], {"y": "y"}, "True", "…", "a law is made of comparisons", "compare two numbers"
    ),
    "a law whose output is an input": Wrong(
        ["holds > 0"], {"holds": "x"}, "holds > 0", "holds", "a law without a name", "Eq(valid, …)"
    ),
    "a branch without condition": Wrong(
        ["Piecewise(x, x)"], {"x": "x"}, "x, x)", "Piecewise", "pairs (value, condition)", "True"
    ),
    "an extent of outputs only": Wrong(
        ["Eq(y[i], a)"],
        {"y": VECTOR, "a": "a", **N},
        "n: size",
        "n",
        "does not follow from the shapes",
        "domain: natural",
    ),
    "an extent that cannot be solved for": Wrong(
        ["x[1]"], {"x": "{shape: [n**2]}", **N}, "n: size", "n", "does not follow from the shapes", "domain: natural"
    ),
    "a shape with a number that is no size": Wrong(
        ["x[1]*a[1]"], {"x": "{shape: [n*a]}", "a": VECTOR, **N}, "a]", "a", "a has no value here", ""
    ),
    "a shape with a fraction": Wrong(
        ["x[1]"], {"x": "{shape: [sqrt(n)]}", **N}, "sqrt(n)", "sqrt(n)", "must be a whole number", "floor"
    ),
    "a symmetric matrix that is none": Wrong(
        ["S[1, 1]"],
        {"S": "{shape: [m, n], domain: spd}", "m": "m", **N},
        "S: {",
        "S with shape (m, n)",
        "a matrix of domain spd has two equal axes",
        "[n, n]",
    ),
    "a default of an array": Wrong(
        ["x[1]"], {"x": "{shape: [n], default: 1}", **N}, "x: {", "default: 1", "an array, and a default", "scalar"
    ),
    "a real formula of an integer": Wrong(
        ["Eq(k, a/2)"],
        {"k": "{domain: natural}", "a": "a"},
        "k: {",
        "domain natural",
        "not known to be a whole",
        "floor",
    ),
    "an update of another shape": Wrong(
        ["Eq(y, m[1])"], {"y": "{updates: m}", "m": VECTOR, **N}, "y: {", "updates: m", "of one shape", "drop updates"
    ),
    "a derivative in a formula": Wrong(
        ["Derivative(a**2, 2*a)"], {"a": "a"}, "2*a", "Derivative", "a symbol or an entry of one", "Derivative(L, x)"
    ),
}


@pytest.mark.parametrize("label", TABLE)
def test_errors_have_four_parts(label: str) -> None:
    wrong = TABLE[label]
    text = record_text(wrong.formulas, **wrong.symbols)
    with pytest.raises(EqcError) as caught:
        Compiler(Texts({"sample": text, **LIBRARY})).program("sample")  # type: ignore[arg-type]
    error = caught.value
    assert wrong.rule in error.rule
    assert wrong.written in error.written
    assert wrong.remedy in error.remedy
    assert error.where is not None and error.where.file == "sample.yaml"
    line = text.splitlines()[error.where.line - 1]
    assert line[error.where.column - 1 :].startswith(wrong.place), f"points at {line[error.where.column - 1 :]!r}"
    assert str(error).startswith(f"sample.yaml:{error.where.line}:{error.where.column}: ")
    assert json.loads(json.dumps(error.as_json()))["where"]["column"] == error.where.column


def test_a_real_input_is_no_position_of_another_record() -> None:
    with pytest.raises(EqcError):
        Compiler(Texts({"sample": record_text(["pick(x, a)"], a="a", **X), **LIBRARY})).program("sample")  # type: ignore[arg-type]


def test_arithmetic_on_the_left_side_is_called_that() -> None:
    text = record_text(["Eq(y[i + 1], x[i])"], y=VECTOR, **X)
    with pytest.raises(EqcError, match="left side must be different index names"):
        Compiler(Texts({"sample": text})).program("sample")  # type: ignore[arg-type]
