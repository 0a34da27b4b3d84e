"""Records that have only LaTeX get the SymPy form that it means."""

from __future__ import annotations

from pathlib import Path

import pytest
from latex_samples import record_with

from eqc.errors import NotationError
from eqc.notation.latex.complete import completed
from eqc.notation.library import Library
from eqc.pipeline import check_record

TEXTS = "x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size"

# LaTeX -> symbols, and the statements that it makes.
READ: dict[str, tuple[str, list[str]]] = {
    r"y = \frac{a}{b}": ("y: o, a: in, b: in", ["Eq(y, a/b)"]),
    r"\text{Softplus}(z) = \log(1 + e^z)": ("z: in", ["log(1 + exp(z))"]),
    r"\log(1 + e^z)": ("z: in", ["log(1 + exp(z))"]),
    r"\sigma(z) = \frac{1}{1 + e^{-z}}": ("a: value, z: in", ["Eq(a, 1/(1 + exp(-z)))"]),
    r"f = u^2, \quad \text{where } u = a + 1": ("f: o, u: mid, a: in", ["Eq(u, a + 1)", "Eq(f, u**2)"]),
    r"m = \frac{1}{n} \sum_i x_i": (f"m: mean, {TEXTS}", ["Eq(m, 1/n*Sum(x[i], (i, 1, n)))"]),
    r"\text{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}": (
        "y: {shape: [n]}, " + TEXTS,
        ["Eq(y[i], exp(x[i])/Sum(exp(x[j]), (j, 1, n)))"],
    ),
    r"v \leftarrow \beta v + g": (
        "w: {latex: v, updates: v}, v: old, beta: decay, g: slope",
        ["Eq(w, beta*v + g)"],
    ),
    r"P V = n R T": ("P: a, V: b, n: c, R: d, T: e", ["Eq(P*V, n*R*T)"]),
}


@pytest.mark.parametrize("latex", READ)
def test_statements_are_read(latex: str) -> None:
    symbols, statements = READ[latex]
    read = completed(record_with(latex, symbols), (), {}.get)
    assert [text.text for text in read.statements] == statements


def test_definitions_in_a_circle_are_refused() -> None:
    record = record_with(r"u = w + a, \quad w = 2 u", "u: o, w: o, a: in")
    with pytest.raises(NotationError, match="need each other"):
        completed(record, (), {}.get)


def test_a_project_compiles_them(tmp_path: Path) -> None:
    area = tmp_path / "equations" / "area"
    area.mkdir(parents=True)
    half = "title: Half\nlatex: h = x/2\nsymbols: {h: half, x: whole}\n"
    quarter = "title: Quarter\nlatex: q = \\mathrm{half}(y)/2\nsymbols: {q: quarter, y: whole}\n"
    (area / "half.yaml").write_text(half)
    (area / "quarter.yaml").write_text(quarter)
    library = Library(tmp_path)
    assert library.get("quarter").statements[0].text == "Eq(q, half(y)/2)"
    check_record("quarter", library)
