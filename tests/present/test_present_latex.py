"""Formulas in LaTeX as textbooks typeset them; every expected string was written by hand."""

from __future__ import annotations

import pytest
from core_samples import project

from eqc.notation.sympy_form import parse_text
from eqc.present.glossary import Glossary
from eqc.present.latex import formula_latex
from eqc.present.record import record_latex
from eqc.present.symbols import Notation, default_latex
from eqc.records.load import load_text
from eqc.records.model import Record

NOTATION = {
    "yhat": Notation(r"\hat{y}_{c}^{(i)}", ("i", "c")),
    "p": Notation("P(x)", ("x",)),
    "A": Notation("A_{ij}", ("i", "j")),
    "h": Notation("h_t"),
    "lam": Notation(r"\lambda"),
    "sigmoid": Notation(r"\sigma"),
    "norm": Notation(r"\|x\|"),
    "kl": Notation(r"D(p \,\|\, q)"),
    "objective": Notation("a + b"),
}
RANKS = {"X": 2, "W": 2, "Q": 2, "K": 2, "V": 2, "S": 2, "w": 1, "y": 1, "u": 1, "v": 1}
GLOSSARY = Glossary(NOTATION, RANKS)

FORMULAS = {
    # products, powers and fractions
    "2*a*b": "2 a b",
    "2*3": r"2 \cdot 3",
    "2**n*3": r"2^n \cdot 3",
    "a*(b + c)": "a(b + c)",
    "(b + c)*a": "(b + c) a",
    "a/b": r"\frac{a}{b}",
    "a/(b*c)": r"\frac{a}{b c}",
    "-a/b": r"-\frac{a}{b}",
    "(-a)*b": "-a b",
    "a - (b + c)": "a - (b + c)",
    "a - (-b)": "a - (-b)",
    "a*x**-2": r"\frac{a}{x^2}",
    "x**-1": r"\frac{1}{x}",
    "x**(-1/2)": r"\frac{1}{\sqrt{x}}",
    "x**(1/3)": r"\sqrt[3]{x}",
    "x**(3/2)": "x^{3/2}",
    "x**(n + 1)": "x^{n + 1}",
    "(a*b)**2": "(a b)^2",
    "(x**2)**3": "(x^2)^3",
    "(a/b)**2": r"\left(\frac{a}{b}\right)^2",
    "x**2/2": r"\frac{1}{2} x^2",
    "lam/2*Sum(w[j]**2, (j, 1, d))": r"\frac{\lambda}{2} \sum_{j=1}^{d} w_j^2",
    "(a + b)/2": r"\frac{a + b}{2}",
    "gamma0**floor(t/k)": r"\gamma_0^{\lfloor t/k \rfloor}",
    "0.044715*x": "0.044715 x",
    # functions
    "log(x)": r"\log x",
    "log(x)*y": r"\log(x) y",
    "y*log(x)": r"y \log x",
    "log(a + b)": r"\log(a + b)",
    "log(x)**2": r"(\log x)^2",
    "log(x, 2)": r"\log_{2} x",
    "sqrt(x + 1)": r"\sqrt{x + 1}",
    "exp(-x)": "e^{-x}",
    "exp(-(x - mu)**2/(2*sigma**2))": r"\exp\left(-\frac{(x - \mu)^2}{2 \sigma^2}\right)",
    "exp(a/(1 + b))*c": "e^{a/(1 + b)} c",
    "Abs(a/b)": r"\left|\frac{a}{b}\right|",
    "Max(0, z)": r"\max(0, z)",
    "sigmoid(z)*(1 - sigmoid(z))": r"\sigma(z)(1 - \sigma(z))",
    "sigmoid(z)**2": r"\sigma(z)^2",
    "norm(y)": r"\|y\|",
    "kl(p, m)": r"D(P \,\|\, m)",
    "my_record(x)": r"\operatorname{my\_record}(x)",
    "KroneckerDelta(i, j)": r"\delta_{ij}",
    "KroneckerDelta(i + 1, j)": r"\delta_{i + 1, j}",
    "binomial(n, k)*factorial(n)": r"\binom{n}{k} n!",
    "loggamma(a + 1)": r"\log\Gamma(a + 1)",
    "Mod(i, 2)": r"i \bmod 2",
    # entries
    "yhat[n, k]": r"\hat{y}_{k}^{(n)}",
    "yhat[n, k]**2": r"(\hat{y}_{k}^{(n)})^2",
    "p[j]*log(p[j])": r"P(j) \log(P(j))",
    "A[i + 1, j]": "A_{i + 1, j}",
    "h[j]": "(h_t)_j",
    "x[j]": "x_j",
    "objective*2": r"(a + b) \cdot 2",
    # sums, integrals, extrema
    "Sum(a[i] + b[i], (i, 1, n))": r"\sum_{i=1}^{n} (a_i + b_i)",
    "Sum(a[i], (i, 1, n)) + 1": r"\sum_{i=1}^{n} a_i + 1",
    "Sum(a[i], (i, 1, n))*b": r"b \sum_{i=1}^{n} a_i",
    "Sum(a[i, j], (j, 1, i), (i, 1, n))": r"\sum_{i=1}^{n} \sum_{j=1}^{i} a_{ij}",
    "Sum(-a[i], (i, 1, n))": r"\sum_{i=1}^{n} (-a_i)",
    "Sum(a[i], (i, 1, n))**2": r"\left(\sum_{i=1}^{n} a_i\right)^2",
    "Product(1 + x[i], (i, 1, n))": r"\prod_{i=1}^{n} (1 + x_i)",
    "Integral(exp(-t)*t, (t, 0, oo))": r"\int_{0}^{\infty} e^{-t} t\, dt",
    "MaxOver(x[k], (k, 1, n))": r"\max_{1 \le k \le n} x_k",
    # cases
    "Piecewise((a, x >= 0), (b, True))": r"\begin{cases} a & \text{if } x \ge 0 \\ b & \text{otherwise} \end{cases}",
    "Piecewise((a, (x > 0) & Ne(i, j)), (b, True))": (
        r"\begin{cases} a & \text{if } x > 0 \land i \ne j \\ b & \text{otherwise} \end{cases}"
    ),
    # matrices
    "X.T*(sigmoid(X*w + b) - y)": r"X^\top(\sigma(X w + b) - y)",
    "softmax(Q*K.T/sqrt(d_k))*V": r"\operatorname{softmax}\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V",
    "(X.T*X + lam*I)**-1*X.T*y": r"(X^\top X + \lambda I)^{-1} X^\top y",
    "(u - v).T*S**-1*(u - v)/2": r"\frac{1}{2}(u - v)^\top S^{-1}(u - v)",
    "HadamardProduct(u, v + w)": r"u \odot (v + w)",
    "log(Determinant(S))": r"\log \det S",
    "Trace(X.T*X)": r"\operatorname{tr}(X^\top X)",
    "Derivative(L, w[j])": r"\frac{\partial L}{\partial w_j}",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(formula: str) -> None:
    assert formula_latex(parse_text(formula), GLOSSARY) == FORMULAS[formula]


NAMES = {
    "x": "x",
    "alpha": r"\alpha",
    "lam": r"\lambda",
    "yhat": r"\hat{y}",
    "mu_hat": r"\hat{\mu}",
    "x_bar": r"\bar{x}",
    "W_hz": "W_{hz}",
    "w1": "w_1",
    "h_prev": r"h_{\mathrm{prev}}",
    "stride": r"\mathrm{stride}",
    "sigma_x": r"\sigma_x",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_without_latex(name: str) -> None:
    assert default_latex(name) == NAMES[name]


PATTERNS = [
    (r"\hat{y}_{c}^{(i)}", ("i", "c"), ("n", "k"), r"\hat{y}_{k}^{(n)}"),
    ("y_c", ("c",), ("k",), "y_k"),
    ("y_c", ("c",), ("k + 1",), "y_{k + 1}"),
    ("W_{ci}", ("c", "i"), ("a", "b"), "W_{ab}"),
    ("W_{ci}", ("c", "i"), ("a", "2 b"), "W_{a, 2 b}"),
    ("x_{c, i}", ("c", "i"), ("k", "n"), "x_{k, n}"),
    (r"\tilde{c}_{t}", ("t",), ("j",), r"\tilde{c}_{j}"),
    (r"\mathrm{MaxPool}(x,y)", ("x", "y"), ("i", "j"), r"\mathrm{MaxPool}(i,j)"),
    (r"P(x \mid y)", ("x", "y"), ("i", "j"), r"P(i \mid j)"),
    ("G_{t}", ("i", "t"), ("n", "s"), "(G_{s})_n"),
    ("PE(pos, c)", ("pos", "c"), ("k", "j"), "PE(k, j)"),
    ("k_k", ("k",), ("j",), "k_j"),
]


@pytest.mark.parametrize(("latex", "index", "positions", "expected"), PATTERNS, ids=[row[0] for row in PATTERNS])
def test_positions_go_into_the_slots(
    latex: str, index: tuple[str, ...], positions: tuple[str, ...], expected: str
) -> None:
    assert Notation(latex, index).at(positions) == expected


BARE = {r"\hat{y}_{c}^{(i)}": r"\hat{y}", "P(x)": "P", "x_{c, i}": "x", "h_{t}": "h_{t}", "W^{(l)}_{ci}": "W^{(l)}"}


@pytest.mark.parametrize("latex", BARE)
def test_a_whole_array_has_no_slots(latex: str) -> None:
    assert Notation(latex, ("i", "c", "x")).at(()) == BARE[latex]


# records --------------------------------------------------------------------------------------------------------------

RECORDS = {
    "sigmoid": r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    "mean_squared_error": r"L_{\mathrm{MSE}} = \frac{1}{N} \sum_{i=1}^{N} (y^{(i)} - \hat{y}^{(i)})^2",
    "scaled_dot_product_attention": (
        r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V"
    ),
    "normal_equation": r"\hat{\beta} = (X^\top X)^{-1} X^\top y",
    "hinge_loss": r"L_{\mathrm{hinge}} = \max(0, 1 - y_i(w^\top x_i + b))",
    "lstm_cell_state": r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t",
    "gru_reset_gate": r"r_t = \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r)",
    "bellman_optimality": (
        r"V(s) = \max_{1 \le a \le A} \left(R(s,a) + \gamma \sum_{k=1}^{S} P(k \mid s, a) V(k)\right)"
    ),
}


@pytest.mark.parametrize("id", RECORDS)
def test_records_of_the_project(id: str) -> None:
    assert record_latex(project()[0].get(id)) == RECORDS[id]


def record(text: str) -> Record:
    return load_text(text, id="sample", area="tests", file="sample.yaml")


def test_statements_are_aligned_at_their_signs() -> None:
    found = record_latex(record("{title: S, sympy: ['Eq(a, x + 1)', 'Eq(b, a**2)'], symbols: {x: i, a: m, b: o}}"))
    assert found == "\\begin{aligned}\na &= x + 1 \\\\\nb &= a^2\n\\end{aligned}"


UPDATE = r"""
title: Update
sympy: [%s]
symbols:
  m: {latex: 'm'}
  m_new: {latex: 'm', updates: m}
  s: {output: true}
"""


def test_an_update_is_an_arrow() -> None:
    assert r"m &\leftarrow m + 1" in record_latex(record(UPDATE % "'Eq(m_new, m + 1)', 'Eq(s, m_new*2)'"))


def test_an_old_value_that_is_still_read_keeps_its_name() -> None:
    found = record_latex(record(UPDATE % "'Eq(m_new, m + 1)', 'Eq(s, m_new*m)'"))
    assert r"m_{\mathrm{new}} &= m + 1" in found and r"s &= m_{\mathrm{new}} m" in found


def test_of_two_that_look_alike_the_one_named_so_keeps_its_look() -> None:
    symbols = "{x_sample: {latex: 'x_t'}, x_t: {latex: 'x_t'}, a: drift}"
    found = record_latex(
        record(f"{{title: S, sympy: ['Eq(x_sample, a)', 'Eq(s, x_t**2)'], symbols: {symbols[:-1]}, s: o}}}}")
    )
    assert found == "\\begin{aligned}\nx_{\\mathrm{sample}} &= a \\\\\ns &= x_t^2\n\\end{aligned}"
