"""Derivatives in LaTeX as textbooks print them; every expected string was written by hand."""

from __future__ import annotations

import pytest
from core_samples import Texts, project, record_text

from eqc.explanation import explain
from eqc.pipeline import derive
from eqc.present.report import Derived

LINES = {
    ("softmax", "z"): r"\frac{\partial \hat{y}_{j}}{\partial z_{k}} = \hat{y}_{j}(\delta_{jk} - \hat{y}_{k})",
    ("mean_squared_error", "yhat"): (
        r"\frac{\partial L_{\mathrm{MSE}}}{\partial \hat{y}^{(i)}} = \frac{2}{N}(\hat{y}^{(i)} - y^{(i)})"
    ),
    ("binary_cross_entropy", "yhat"): (
        r"\frac{\partial L_{\mathrm{CE}}}{\partial \hat{y}^{(i)}} ="
        r" \frac{\hat{y}^{(i)} - y^{(i)}}{N \hat{y}^{(i)}(1 - \hat{y}^{(i)})}"
    ),
    ("huber_loss", "yhat"): (
        r"\frac{\partial L}{\partial \hat{y}} = \begin{cases} \hat{y} - y & \text{if } |y - \hat{y}| \le \delta \\"
        r" -\delta \operatorname{sign}(y - \hat{y}) & \text{otherwise} \end{cases}"
    ),
    ("layer_norm", "x"): (
        r"\frac{\partial y_{i}}{\partial x_{j}} ="
        r" \frac{\gamma_{i}(d \delta_{ij} - \hat{x}_{i} \hat{x}_{j} - 1)}{d \sqrt{\epsilon + \sigma^2}}"
    ),
    ("gaussian_pdf", "mu"): (
        r"\frac{\partial \mathcal{N}(x \mid \mu, \sigma^2)}{\partial \mu} ="
        r" \frac{\mathcal{N}(x \mid \mu, \sigma^2)}{\sigma^2}(x - \mu)"
    ),
    ("l2_norm", "x"): r"\frac{\partial \|x\|_2}{\partial x_{i}} = \frac{x_{i}}{\|x\|_2}",
    ("frobenius_norm", "A"): r"\frac{\partial \|A\|_F}{\partial A_{ij}} = \frac{A_{ij}}{\|A\|_F}",
    ("logistic_regression_probability", "w"): r"\frac{\partial \hat{y}}{\partial w} = \hat{y}(1 - \hat{y}) x",
    ("affine_transformation", "x"): r"\frac{\partial y}{\partial x} = A",
    ("matrix_multiplication", "A"): r"\frac{\partial C_{ij}}{\partial A_{kl}} = B_{lj} \delta_{ik}",
    ("lstm_forget_gate", "h_prev"): (
        r"\frac{\partial (f_t)_j}{\partial (h_{t-1})_k} = (f_t)_j(W_{hf})_{jk}(1 - (f_t)_j)"
    ),
    ("gru_candidate_state", "x"): (
        r"\frac{\partial (\tilde{h}_t)_j}{\partial (x_t)_k} = (W_{xh})_{jk}(1 - (\tilde{h}_t)_j^2)"
    ),
    ("lstm_hidden_state", "c"): (
        r"\frac{\partial (h_t)_j}{\partial (c_t)_k} = (o_t)_j(1 - \tanh^2((c_t)_j)) \delta_{jk}"
    ),
    ("scaled_dot_product_attention", "V"): (
        r"\frac{\partial (\mathrm{Attention}(Q, K, V))_{jk}}{\partial V_{il}} = \hat{y}_{ji} \delta_{kl}"
    ),
    ("knowledge_distillation_loss", "zs"): (
        r"\frac{\partial L_{\mathrm{KD}}}{\partial z_{\mathrm{student}}} ="
        r" \tau(p_{\mathrm{student}}(x;\tau) - p_{\mathrm{teacher}}(x;\tau))"
    ),
    ("rbf_kernel", "gamma"): (
        r"\frac{\partial K(x_1, x_2)}{\partial \gamma} = -K(x_1, x_2) \sum_{i=1}^{d} ((x_1)_i - (x_2)_i)^2"
    ),
    ("adam_update", "eps"): r"\frac{\partial (m_{\mathrm{new}})_j}{\partial \epsilon} = 0",
    ("dropout_inverted", "p"): r"\frac{\partial (a')_j}{\partial p} = \frac{a_j \mathrm{mask}_j}{(1 - p)^2}",
}


@pytest.mark.parametrize(("id", "wrt"), LINES, ids=str)
def test_records_of_the_project(id: str, wrt: str) -> None:
    assert derive(id, wrt, 1, project()[0]).latex.splitlines()[0] == LINES[id, wrt]


def test_results_of_records_are_defined_below() -> None:
    lines = derive("scaled_dot_product_attention", "V", 1, project()[0]).latex.splitlines()
    assert lines[1] == (r"\quad \text{where } \hat{y} = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d_k}}\right)")


def test_roots_of_sums_are_recognised() -> None:
    """The slope of a root mean square norm is in terms of that root, and of its output y = x/r for x_j x_k/r²."""
    symbols = {"y": "{shape: [d]}", "x": "{shape: [d]}", "eps": "{domain: positive}", "r": "root", "d": "size"}
    formulas = ["Eq(r, sqrt(Sum(x[k]**2, (k, 1, d))/d + eps))", "Eq(y[i], x[i]/r)"]
    lines = derive("sample", "x", 1, Texts({"sample": record_text(formulas, **symbols)})).latex.splitlines()  # type: ignore[arg-type]
    assert lines[0] == r"\frac{\partial y_j}{\partial x_k} = \frac{1}{r}\left(\delta_{jk} - \frac{y_j y_k}{d}\right)"
    assert lines[1] == r"\quad \text{where } r = \sqrt{\frac{1}{d} \sum_{k=1}^{d} x_k^2 + \epsilon}"


# matrix form ----------------------------------------------------------------------------------------------------------

SIGMOID = record_text("1/(1 + exp(-z))", z="pre-activation")
SHAPES = {
    "X": "{shape: [N, d]}",
    "w": "{shape: [d]}",
    "b": "offset",
    "lam": "strength",
    "y": "{shape: [N], differentiable: false}",
    "p": "{shape: [N]}",
    "A": "{shape: [d, d]}",
    "c": "{shape: [d]}",
    "u": "{shape: [d]}",
    "N": "samples",
    "d": "features",
    "sigmoid": r"{latex: '\sigma'}",
}


def of_formula(formula: str, wrt: str) -> Derived:
    words = {word for word in SHAPES if word in formula.replace("(", " ").replace("*", " ").replace(".", " ").split()}
    words |= {name for name in SHAPES if any(f"{name}{end}" in formula for end in ("*", ".", " ", ")", "("))}
    used = {name: entry for name, entry in SHAPES.items() if name in words}
    for extent in ("N", "d"):
        if any(extent in entry for name, entry in used.items() if name != extent):
            used[extent] = SHAPES[extent]
    records = {"sample": record_text(formula, **used), "sigmoid": SIGMOID}
    return derive("sample", wrt, 1, Texts(records))  # type: ignore[arg-type]


MATRICES = [
    ("(X*w - y).T*(X*w - y)/N", "w", r"\frac{2}{N} X^\top(X w - y)"),
    ("(X*w - y).T*(X*w - y)/2 + lam*w.T*w/2", "w", r"\lambda w + X^\top(X w - y)"),
    ("u.T*A*u/2 - c.T*u", "u", r"\frac{1}{2} A^\top u + \frac{1}{2} A u - c"),
    ("c.T*u", "u", "c"),
    ("A*u + c", "u", "A"),
    ("Trace(A.T*A)/2", "A", "A"),
]


@pytest.mark.parametrize(("formula", "wrt", "expected"), MATRICES, ids=[row[0] for row in MATRICES])
def test_records_in_matrix_form(formula: str, wrt: str, expected: str) -> None:
    found = of_formula(formula, wrt).latex.splitlines()[0]
    assert found == rf"\frac{{\partial \mathrm{{out}}}}{{\partial {wrt}}} = {expected}"


INTEGRALS = [
    ("Integral(exp(-p*t), (t, 0, 1))", "p", r"-\int_{0}^{1} t e^{-p t}\, dt"),
    ("Integral(sin(a*t)*exp(-t), (t, 0, oo))", "a", r"\int_{0}^{\infty} t \cos(a t) e^{-t}\, dt"),
    ("a*Integral(exp(-t**2), (t, -oo, oo))", "a", r"\int_{-\infty}^{\infty} e^{-t^2}\, dt"),
]


@pytest.mark.parametrize(("formula", "wrt", "expected"), INTEGRALS, ids=[row[0] for row in INTEGRALS])
def test_derivatives_of_integrals_are_integrals(formula: str, wrt: str, expected: str) -> None:
    records = {"sample": record_text(formula, **{wrt: "parameter"})}
    found = derive("sample", wrt, 1, Texts(records)).latex  # type: ignore[arg-type]
    assert found == rf"\frac{{\partial \mathrm{{out}}}}{{\partial {wrt}}} = {expected}"


# programs -------------------------------------------------------------------------------------------------------------


def test_steps_in_latex() -> None:
    text = explain("mean_squared_error", project()[0], "latex")
    assert r"\mathrm{total} &= \sum_{i=1}^{N} (y^{(i)} - \hat{y}^{(i)})^2 \\" in text
    assert r"\bar{\mathrm{total}} &= \frac{\bar{L}_{\mathrm{MSE}}}{N} \\" in text
    assert r"\bar{\hat{y}}^{(i)} &= \bar{\mathrm{total}}(2 \hat{y}^{(i)} - 2 y^{(i)})" in text


def test_scatters_in_latex() -> None:
    text = explain("cross_correlation_2d", project()[0], "latex")
    assert r"\bar{I}(u + x - 1, v + y - 1) &\mathrel{+}= \bar{(I * K)}(x + r, y + s) K" in text


# arrays as wholes -----------------------------------------------------------------------------------------------------

WHOLES = [
    ("A**-1*c", "c", r"A^{-1}"),
    ("(X.T*X)**-1*X.T*p", "p", r"(X^\top X)^{-1} X^\top"),
    ("c.T*A**-1*c/2", "c", r"\frac{1}{2} A^{-1} c + \frac{1}{2}(A^{-1})^\top c"),
]


@pytest.mark.parametrize(("formula", "wrt", "expected"), WHOLES, ids=[row[0] for row in WHOLES])
def test_inverses_stay_inverses(formula: str, wrt: str, expected: str) -> None:
    found = of_formula(formula, wrt).latex.splitlines()[0]
    assert found == rf"\frac{{\partial \mathrm{{out}}}}{{\partial {wrt}}} = {expected}"


FUNCTIONS = [
    ("L(x)", r"\frac{\partial L(x)}{\partial x_j}"),
    ("L(2*x)", r"2 \left. \frac{\partial L(v)}{\partial v_j} \right|_{v = 2 x}"),
    ("log(L(x))", r"\frac{1}{L(x)} \frac{\partial L(x)}{\partial x_j}"),
]


@pytest.mark.parametrize(("formula", "expected"), FUNCTIONS, ids=[row[0] for row in FUNCTIONS])
def test_functions_of_arrays_have_slopes(formula: str, expected: str) -> None:
    symbols = {"x": "{shape: [n]}", "L": "{kind: function, arguments: [n], returns: []}", "n": "size"}
    found = derive("sample", "x", 1, Texts({"sample": record_text(formula, **symbols)})).latex  # type: ignore[arg-type]
    assert found == rf"\frac{{\partial \mathrm{{out}}}}{{\partial x_j}} = {expected}"
