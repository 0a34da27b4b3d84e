"""Closed forms as people read them: the ones that every course shows, and how they are spelt."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sympy as sp
from core_samples import (
    SAMPLES,
    SQUARE,
    VECTOR,
    Texts,
    case,
    case_names,
    is_opaque,
    record_text,
    sample_texts,
    text_catalog,
)
from present_samples import closed_forms

from eqc.derive.dense import jacobian
from eqc.errors import DerivationError
from eqc.ir.show import show
from eqc.ir.terms import Maximum, extent_symbol, index_symbol, read
from eqc.ir.walk import branches
from eqc.pipeline import derive
from eqc.present.bound import Total, Whole
from eqc.present.counting import count_from_one
from eqc.present.derivative import derivative
from eqc.present.formula import formula_of
from eqc.present.glossary import Glossary
from eqc.present.report import Derived, report
from eqc.present.sums import Facts, tidy_sums
from eqc.present.sympy_objects import to_sympy
from eqc.present.text import formula_text


def of_project(id: str, wrt: str, order: int = 1) -> Derived:
    return derive(id, wrt, order, text_catalog(f"equations/{id}"))


def of_sample(name: str, wrt: str, order: int = 1) -> Derived:
    return derive(name, wrt, order, Texts(sample_texts(name)))  # type: ignore[arg-type]


def of_formula(*formulas: str, wrt: str = "x", order: int = 1, **symbols: str) -> Derived:
    return derive("sample", wrt, order, Texts({"sample": record_text(formulas, **symbols)}))  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", ["Eq(y, x/(1 + exp(-x)))", "Eq(y, x**2/(1 + exp(-3*x)))"])
def test_no_form_divides_by_what_may_be_0(formula: str) -> None:
    """The slope of a gate is finite at 0, where a form in terms of the gate's value would be 0/0."""
    assert "/x" not in of_formula(formula, y="gate", x="input").text


def test_softmax() -> None:
    found = of_project("softmax", "z")
    assert found.text == "∂yhat[j]/∂z[k] = yhat[j]*(δ[j, k] - yhat[k])"
    assert found.latex.splitlines()[0] == (
        r"\frac{\partial \hat{y}_{j}}{\partial z_{k}} = \hat{y}_{j}(\delta_{jk} - \hat{y}_{k})"
    )
    yhat, j, k = sp.IndexedBase("yhat", real=True), index_symbol("j"), index_symbol("k")
    assert found.sympy == yhat[j] * (sp.KroneckerDelta(j, k) - yhat[k])


def test_cross_entropy_on_logits() -> None:
    """Targets sum to one, so they drop out."""
    found = of_sample("composed_softmax", "z").text.splitlines()[0]
    assert found == "∂L/∂z[j, k] = (soft(z)[j, k] - y[j, k])/N"


def test_cross_entropy_without_targets_that_sum_to_one() -> None:
    formulas, symbols = SAMPLES["composed_softmax"]
    texts = {**sample_texts("composed_softmax")}
    plain = {**symbols, "y": "{shape: [N, C], differentiable: false}"}
    texts["composed_softmax"] = record_text(formulas, **plain)
    found = derive("composed_softmax", "z", 1, Texts(texts)).text.splitlines()[0]  # type: ignore[arg-type]
    assert "Σ_" in found and "y[j" in found


def test_mean_squared_error() -> None:
    found = of_project("mean_squared_error", "yhat")
    assert found.text == "∂L/∂yhat[i] = 2*(yhat[i] - y[i])/N"
    assert r"\frac{2}{N}(\hat{y}^{(i)} - y^{(i)})" in found.latex


SHORT = {
    ("sigmoid", "z"): "∂a/∂z = a*(1 - a)",
    ("tanh", "z"): "∂a/∂z = 1 - a**2",
    ("l2_regularization", "w"): "∂R/∂w[j] = lam*w[j]",
    ("categorical_cross_entropy", "yhat"): "∂L/∂yhat[i, c] = -y[i, c]/(N*yhat[i, c])",
    ("affine_transformation", "x"): "∂y[j]/∂x[k] = A[j, k]",
    ("affine_transformation", "A"): "∂y[j]/∂A[k, i] = x[i]*δ[j, k]",
    ("bayes_theorem", "p_A"): "∂p_A_given_B/∂p_A = p_B_given_A/p_B",
    ("dropout_inverted", "a"): "∂a_out[j]/∂a[k] = mask[j]*δ[j, k]/(1 - p)",
}


@pytest.mark.parametrize(("id", "wrt"), SHORT, ids=" in ".join)
def test_forms_of_the_textbooks(id: str, wrt: str) -> None:
    assert of_project(id, wrt).text.splitlines()[0] == SHORT[id, wrt]


FORMULAS = [
    ("Sum(x[i]**2, (i, 1, n))", "∂out/∂x[j] = 2*x[j]"),
    ("Sum(x[i]*x[n + 1 - i], (i, 1, n))", None),
    ("x.T*x/2", "∂out/∂x[j] = x[j]"),
    ("Sum(x[i], (i, 1, n))/n", "∂out/∂x[j] = 1/n"),
    ("Sum(x[i]**2, (i, 1, n - 1))", "∂out/∂x[j] = {2*x[j] if j < n; 0 otherwise}"),
    ("log(Sum(exp(x[i]), (i, 1, n)))", "∂out/∂x[j] = exp(x[j])/(Σ_i exp(x[i]))"),
]


@pytest.mark.parametrize(("formula", "text"), FORMULAS, ids=[row[0] for row in FORMULAS])
def test_short_formulas(formula: str, text: str | None) -> None:
    found = of_formula(formula, x=VECTOR, n="size").text.splitlines()[0]
    if text is not None:
        assert found.replace("j - 1 < n - 1", "j < n").replace("2*{x[j] if j < n;", "{2*x[j] if j < n;") == text


def test_second_derivatives() -> None:
    found = of_formula("Sum(x[i]**2*x[1], (i, 1, n))", order=2, x=VECTOR, n="size")
    assert found.text.splitlines()[0].startswith("∂²out/(∂x[j] ∂x[k]) = ")
    assert found.latex.startswith(r"\frac{\partial^2 ")


def test_several_outputs_have_a_form_each() -> None:
    found = of_sample("two_outputs", "x")
    assert [line for line in found.text.splitlines() if line] == [
        "∂s/∂x[j] = 2*x[j]",
        "∂y[j]/∂x[k] = δ[j, k]/s - 2*y[j]*y[k]",
    ]
    assert isinstance(found.sympy, list) and len(found.sympy) == 2


def test_what_is_too_long_is_shown_as_a_program() -> None:
    formula = " + ".join(f"sin({k}*x[{k}])*exp(x[{k + 1}])" for k in range(1, 16))
    found = of_formula(formula, x=VECTOR, n="size")
    assert "is too long to write out; the program that computes it:" in found.text
    assert "program sample(" in found.text
    assert r"\text{too long to write out; by steps:}" in found.latex
    assert found.latex.endswith(r"\end{aligned}")


def test_code_is_the_kernel() -> None:
    assert "def sample_gradient(x)" in of_formula("x**2", x="x").code
    assert "def sample_hvp(x, x_dot)" in of_formula("x**2", x="x", order=2).code
    assert "def sample_vjp(x, y_bar)" in of_formula("Eq(y[i], x[i]**2)", y=VECTOR, x=VECTOR, n="size").code


ERRORS = [
    ({"wrt": "q"}, "q is no differentiable input of sample", "known: x"),
    ({"wrt": "k"}, "k is no differentiable input of sample", "known: x"),
    ({"order": 2}, "y has axes", "first order"),
]


@pytest.mark.parametrize(("wanted", "rule", "remedy"), ERRORS)
def test_errors(wanted: dict[str, Any], rule: str, remedy: str) -> None:
    with pytest.raises(DerivationError) as error:
        of_formula("Eq(y[i], x[i]**k)", y=VECTOR, x=VECTOR, k="{domain: natural}", n="size", **wanted)
    assert rule in error.value.rule and remedy in error.value.remedy


# names of indices -----------------------------------------------------------------------------------------------------


def test_indices_are_named_as_in_the_glossary() -> None:
    symbols = {"y": "{shape: [n], index: [t]}", "x": "{shape: [n], index: [s]}", "n": "size"}
    assert of_formula("Eq(y[i], x[i]**2)", **symbols).text.startswith("∂y[t]/∂x[s] = ")


def test_indices_avoid_all_names() -> None:
    symbols = {"y": VECTOR, "x": VECTOR, "j": "{domain: natural}", "k": "number", "i": "number", "n": "size"}
    found = of_formula("Eq(y[r], x[r]**j*k*i)", **symbols).text
    left = found.split(" = ")[0]
    assert set(re.findall(r"\[(\w)\]", left)).isdisjoint("ijkn"), left


# printers ------------------------------------------------------------------------------------

i, j, n = index_symbol("i"), index_symbol("j"), index_symbol("n")
X = read("x", (i,))
SUM = Total(X**2, i, n)

TEXTS = {
    SUM: "Σ_i x[i]**2",
    2 * SUM * read("a"): "2*a*Σ_i x[i]**2",
    SUM + 1: "Σ_i x[i]**2 + 1",
    Total(X + 1, i, n): "Σ_i (x[i] + 1)",
    Whole(X + 1, i, n): "Π_i (x[i] + 1)",
    sp.KroneckerDelta(j, i): "δ[i, j]",
    Maximum(X, sp.Integer(0)): "max(x[i], 0)",
    sp.Abs(X): "|x[i]|",
    branches([(X, X > 0), (sp.Integer(0), sp.true)]): "{x[i] if x[i] > 0; 0 otherwise}",
    -X + 1: "1 - x[i]",
}


@pytest.mark.parametrize("expression", TEXTS, ids=str)
def test_text(expression: Any) -> None:
    assert formula_text(formula_of(expression)) == TEXTS[expression]


@pytest.mark.parametrize("expression", [SUM**2, SUM ** sp.Rational(3, 2), Whole(X, i, n) ** -2], ids=str)
def test_powers_of_sums_have_brackets(expression: Any) -> None:
    assert re.match(r"1?/?\(+[ΣΠ]_i [^()]*\)\*\*", formula_text(formula_of(expression)))


def test_positions_count_from_one() -> None:
    body = (
        read("x", (i + 1,)) * i
        + Total(read("A", (i, index_symbol("k__1"))), index_symbol("k__1"), n)
        + read("x", (n - 1,))
    )
    assert formula_text(formula_of(count_from_one(body, (i,)))) == "(i - 1)*x[i + 1] + x[n] + Σ_k A[i, k]"


def test_nested_bound_indices_get_different_names() -> None:
    inner = Total(read("A", (index_symbol("k__1"), index_symbol("k__2"))), index_symbol("k__2"), n)
    shown = formula_text(formula_of(count_from_one(Total(inner, index_symbol("k__1"), n), ())))
    assert shown == "Σ_k Σ_i A[k, i]"


def test_sympy_objects() -> None:
    x = sp.IndexedBase("x", real=True)
    k = index_symbol("k")
    assert to_sympy(count_from_one(SUM, ())) == sp.Sum(x[k] ** 2, (k, 1, n))
    assert to_sympy(Maximum(read("a"), sp.Integer(0))) == sp.Max(sp.Symbol("a", real=True), 0)


# all records ------------------------------------------------------------------------------------

MOST_STATEMENTS = 12
OPAQUE = [name for name in SAMPLES if is_opaque(case(name).value)]
SMALL = [
    name
    for name in case_names()
    if not is_opaque(case(name).value) and len(case(name).value.statements) <= MOST_STATEMENTS
]


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("name", SMALL)
def test_latex_is_balanced_and_texts_name_no_helper(name: str) -> None:
    of = case(name)
    for tensor in of.value.differentiable[:1]:
        found = report(closed_forms(name, tensor.name), of.value, Glossary.of(of.record), "")
        assert_balanced(found.latex)
        assert "__" not in found.text, found.text
        assert "Piecewise" not in found.latex and "Read" not in found.latex


def assert_balanced(latex: str) -> None:
    depth = 0
    for character in latex.replace(r"\{", "").replace(r"\}", ""):
        depth += (character == "{") - (character == "}")
        assert depth >= 0, latex
    assert depth == 0, latex
    assert len(re.findall(r"\\left(?![a-z])", latex)) == len(re.findall(r"\\right(?![a-z])", latex)), latex
    assert latex.count(r"\begin") == latex.count(r"\end")


@pytest.mark.parametrize("name", OPAQUE)
def test_linear_algebra_has_a_form_or_a_program(name: str) -> None:
    for tensor in case(name).value.differentiable:
        derivative(case(name).value, tensor.name, 1, {})


def test_shown_programs_are_those_of_the_kernels() -> None:
    """The dense program is derived apart from the closed form; both are of the same value program."""
    value = case("diagonals").value
    assert show(jacobian(value)).splitlines()[1] == show(value).splitlines()[1]


def test_matrix_inputs() -> None:
    found = of_formula("x.T*A*x", A=SQUARE, x=VECTOR, n="size").text.splitlines()[0]
    assert found == "∂out/∂x[j] = Σ_i A[i, j]*x[i] + Σ_i A[j, i]*x[i]"


def test_renaming_sums_captures_no_index() -> None:
    """An inner sum gets the name that the sum around it had: what it reads at the outer index stays there."""
    a, b, c = (index_symbol(name) for name in ("j__h2n0", "j__h1n0", "j__3"))
    size = extent_symbol("m")
    inner = Total(sp.KroneckerDelta(c, b) * sp.KroneckerDelta(c, a), c, size)
    both = Total(read("x", (a,)) * Total(read("y", (a, b)) * inner, b, size), a, size)
    found = tidy_sums(both, Facts({}, {}))
    (total,) = found.atoms(Total)
    index = total.args[1]
    assert found == total == Total(read("x", (index,)) * read("y", (index, index)), index, size)
