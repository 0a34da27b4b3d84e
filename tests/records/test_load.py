"""A record is loaded as its YAML says, and each rule that it breaks is named at its place."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import pytest

from eqc.errors import BuildError, RecordError, Span
from eqc.records.load import load_record, load_text
from eqc.records.model import Record

FULL = r"""title: Categorical cross-entropy
summary: >
  Average code length of one-hot targets
  under predicted probabilities.
latex: |-
  L = -\frac{1}{N} \sum_{i=1}^{N} \sum_{c=1}^{C} y_{c}^{(i)} \log \hat{y}_{c}^{(i)}
sympy: Eq(L, -Sum(y[i, c]*log(yhat[i, c]), (c, 1, C), (i, 1, N))/N)
symbols:
  L:    {latex: 'L_{\text{CE}}', meaning: loss}
  y:    {latex: ['y_{c}^{(i)}', y], index: [i, c], shape: [N, C], domain: simplex, differentiable: false}
  yhat: {index: [i, c], shape: [N, 2*C], domain: "(0, 1]", default: 1e-5, unit: bit}
  k:    {domain: natural, origin: 0}
  f:    {kind: function, arguments: [n], returns: []}
  L_new: {updates: L, output: true}
  N: number of samples
  C: number of classes
derivatives: [jacobian, hessian]
examples:
  - {given: {y: [[1, 0]], yhat: [[0.9, -inf]], f: tanh}, expect: {L: 0.1}, source: p. 3, erratum: no 0.2, rtol: 1e-3}
claims:
  - name: symmetry
    sympy: Eq(L, L)
sources:
  - {title: "A book", section: "2.1", url: "https://example.org"}
latex_check: the sums are written without limits
stabilise: false
accuracy: 2 ulp
tolerance: 1e-7
"""


def load(text: str, id: str = "x", area: str = "a") -> Record:
    return load_text(text, id=id, area=area, file=f"equations/{area}/{id}.yaml")


def test_a_full_record() -> None:
    record = load(FULL)
    assert (record.id, record.area, record.path) == ("x", "a", "equations/a/x.yaml")
    assert record.title == "Categorical cross-entropy"
    assert record.summary == "Average code length of one-hot targets under predicted probabilities."
    assert record.latex[0].startswith(r"L = -\frac{1}{N}")
    assert record.statements[0].text.startswith("Eq(L, -Sum(") and record.statements[0].span.line == 7
    assert list(record.symbols) == ["L", "y", "yhat", "k", "f", "L_new", "N", "C"]
    assert record.derivatives == ("jacobian", "hessian")
    assert record.claims[0].name == "symmetry" and record.claims[0].formula.text == "Eq(L, L)"
    assert (record.sources[0].title, record.sources[0].url) == ("A book", "https://example.org")
    assert (record.latex_check, record.stabilise) == ("the sums are written without limits", False)
    assert (record.accuracy, record.tolerance) == ("2 ulp", 1e-7)


def test_symbols() -> None:
    symbols = load(FULL).symbols
    assert symbols["N"].meaning == "number of samples" and symbols["N"].shape is None
    assert symbols["L"].latex == (r"L_{\text{CE}}",)
    assert symbols["y"].latex == ("y_{c}^{(i)}", "y") and symbols["y"].index == ("i", "c")
    assert not symbols["y"].differentiable and symbols["yhat"].differentiable
    shape = symbols["yhat"].shape
    assert shape is not None and [extent.text for extent in shape] == ["N", "2*C"]
    assert str(shape[1].span) == "equations/a/x.yaml:11:36"
    domain = symbols["yhat"].domain
    assert (domain.lower, domain.lower_open, domain.upper, domain.upper_open) == (Fraction(0), True, Fraction(1), False)
    assert (symbols["yhat"].default, symbols["yhat"].unit) == (1e-5, "bit")
    assert symbols["k"].domain.integer and symbols["k"].origin == 0 and not symbols["k"].differentiable
    assert symbols["f"].kind == "function" and symbols["f"].arguments[0][0].text == "n" and symbols["f"].returns == ()
    assert symbols["L_new"].updates == "L" and symbols["L_new"].output
    assert str(symbols["f"].span) == "equations/a/x.yaml:13:3"


def test_examples() -> None:
    example = load(FULL).examples[0]
    assert example.given == {"y": [[1, 0]], "yhat": [[0.9, float("-inf")]], "f": "tanh"}
    assert example.expect == {"L": 0.1}
    assert (example.source, example.erratum, example.rtol) == ("p. 3", "no 0.2", 1e-3)


def test_a_minimal_record() -> None:
    record = load("title: Softplus\nlatex: \\log(1 + e^z)\nsympy: log(1 + exp(z))\nsymbols:\n  z: input\n")
    assert record.statements[0].text == "log(1 + exp(z))"
    assert record.symbols["z"].domain.name == "real" and record.symbols["z"].differentiable


def test_several_statements_each_with_its_place() -> None:
    record = load("title: T\nsympy:\n- Eq(y, x)\n- |-\n  Eq(z,\n    y)\nsymbols: {x: a, y: b, z: c}\n")
    assert [(text.text, str(text.span)) for text in record.statements] == [
        ("Eq(y, x)", "equations/a/x.yaml:3:3"),
        ("Eq(z,\n  y)", "equations/a/x.yaml:5:3"),
    ]


def test_records_cross_process_borders() -> None:
    record = load(FULL)
    assert pickle.loads(pickle.dumps(record)) == record


def test_texts_are_data() -> None:
    hostile = 'a """ b \\" \\n {x} %s $(rm)'
    record = load(f"title: '{hostile}'\nsummary: '{hostile}'\nsympy: x\nsymbols: {{x: '{hostile}'}}\n")
    assert record.title == record.summary == record.symbols["x"].meaning == hostile


def test_an_unquoted_closed_interval_is_one() -> None:
    domain = load("title: T\nsympy: x\nsymbols: {x: {domain: [0, 0.1]}}\n").symbols["x"].domain
    assert (domain.lower, domain.upper, domain.lower_open, domain.upper_open) == (
        Fraction(0),
        Fraction(1, 10),
        False,
        False,
    )


HEAD = "title: T\nlatex: x\nsympy: x**2\n"
BROKEN = [
    # (text, line, column, part of the rule, part of the remedy)
    ("title: T\n", 1, 1, "has no symbols", "symbols:"),
    ("sympy: x\nsymbols: {x: a}\n", 1, 1, "has no title", "title:"),
    ("title: T\nsymbols: {x: a}\n", 1, 1, "no formula", "sympy:"),
    ("title: T\nsympy: []\nsymbols: {x: a}\n", 2, 8, "empty", "fill it in"),
    ("title: T\nsympy:\nsymbols: {x: a}\n", 1, 1, "no formula", "sympy:"),
    ("title: T\nsympy: ''\nsymbols: {x: a}\n", 2, 8, "empty", "fill it in"),
    ("title: T\nsympy: [x, {}]\nsymbols: {x: a}\n", 2, 12, "should be a text", "quotes"),
    ("title: 2048\nsympy: x\nsymbols: {x: a}\n", 1, 8, "should be a text", "quotes"),
    ("title:\nsympy: x\nsymbols: {x: a}\n", 1, 1, "nothing stands here", "fill it in"),
    (HEAD + "symbols: {x: a}\nsymbls: 3\n", 5, 1, "unknown key", "did you mean symbols?"),
    (HEAD + "symbols: {x: a}\n1: 3\n", 5, 1, "unknown key", "known: "),
    (HEAD + "symbols:\n  x: {meaning: a, b, shape: [n]}\n", 5, 19, "unknown key of symbols", "needs quotes"),
    (HEAD + "symbols:\n  x: {shpe: [n]}\n", 5, 7, "unknown key of symbols", "did you mean shape?"),
    (HEAD + "symbols: {x: a}\nclaims: [{name: a, sympi: x}]\n", 5, 10, "entry 1 of claims has no sympy", "sympy:"),
    (HEAD + "symbols: {x: a}\nclaims: [{name: a, sympy: x, y: 1}]\n", 5, 30, "unknown key of claims", "name, sympy"),
    (HEAD + "symbols: [x]\n", 4, 10, "should be a mapping", "{name: value}"),
    (HEAD + "symbols: {x: [a]}\n", 4, 14, "its meaning or a mapping", "quotes"),
    (HEAD + "symbols:\n  x:\n", 5, 3, "no meaning", "input"),
    (HEAD + "symbols:\n  x_bar: a\n", 5, 3, "cotangents", "x_mean"),
    (HEAD + "symbols:\n  x_dot: a\n", 5, 3, "tangents", "ending"),
    (HEAD + "symbols:\n  lambda: a\n", 5, 3, "word of Python", "lam"),
    (HEAD + "symbols:\n  wrt: a\n", 5, 3, "argument of every kernel", "another name"),
    (HEAD + "symbols:\n  _x: a\n", 5, 3, "starts with a letter", "rename"),
    (HEAD + "symbols:\n  x-1: a\n", 5, 3, "letters, digits", "rename"),
    (HEAD + "symbols:\n  σ: a\n", 5, 3, "letters, digits", "sigma"),
    (HEAD + 'symbols:\n  \'x"""; import os\': a\n', 5, 3, "letters, digits", "rename"),
    ("title: T\nsympy: Eq(y, x)\nsymbols: {x: a, out: b, y: c}\n", 3, 17, "without Eq", "another name"),
    (HEAD + "symbols: {x: {shape: n}}\n", 4, 22, "should be a list", "square brackets"),
    (HEAD + "symbols: {x: {shape: [n, [m]]}}\n", 4, 26, "should be a text", "quotes"),
    (HEAD + "symbols: {x: {index: [i, j], shape: [n]}}\n", 4, 15, "more indices than extents", "each index"),
    (HEAD + "symbols: {x: {index: [2]}}\n", 4, 23, "should be a text", "quotes"),
    (HEAD + "symbols: {x: {index: [a b]}}\n", 4, 23, "should be a name", "letters"),
    (HEAD + "symbols: {x: {domain: propability}}\n", 4, 23, "no domain", "did you mean probability?"),
    (HEAD + "symbols: {x: {domain: '[1, 0]'}}\n", 4, 23, "empty", "lower bound first"),
    (HEAD + "symbols: {x: {domain: '[0; 1]'}}\n", 4, 23, "no interval", "[0, 1)"),
    (HEAD + "symbols: {x: {domain: integer, differentiable: true}}\n", 4, 32, "no derivative", "differentiable"),
    (HEAD + "symbols: {x: {differentiable: 'no'}}\n", 4, 31, "true or false", "without quotes"),
    (HEAD + "symbols: {x: {default: a}}\n", 4, 15, "should be a number", "1e-5"),
    (HEAD + "symbols: {x: {kind: functoin}}\n", 4, 21, "no such choice", "value or function"),
    (HEAD + "symbols: {x: {arguments: [n]}}\n", 4, 15, "stand for functions", "kind: function"),
    (HEAD + "symbols: {x: {origin: 0}}\n", 4, 15, "integer symbols", "domain: integer"),
    (HEAD + "symbols: {x: {origin: 2, domain: integer}}\n", 4, 23, "from 1 or from 0", "origin: 0"),
    (HEAD + "symbols: {x: {updates: y}, z: a}\n", 4, 15, "symbol of the old value", "known: z"),
    (HEAD + "symbols: {x: {updates: x}, z: a}\n", 4, 15, "symbol of the old value", "known: z"),
    (HEAD + "symbols: {x: a}\nderivatives: [hess]\n", 5, 15, "no such choice", "hessian"),
    (HEAD + "symbols: {x: a}\nderivatives: hessian\n", 5, 14, "should be a list", "[a, b]"),
    (HEAD + "symbols: {x: a}\nstabilise: 1\n", 5, 12, "true or false", "without quotes"),
    (HEAD + "symbols: {x: a}\ntolerance: 2\n", 5, 12, "between 0 and 1", "1e-9"),
    (HEAD + "symbols: {x: a}\nexamples: [{given: {x: 1}}]\n", 5, 12, "entry 1 of examples has no expect", "expect:"),
    (HEAD + "symbols: {x: a}\nexamples: [{given: {y: 1}, expect: {out: 1}}]\n", 5, 21, "no symbol", "known: x"),
    (HEAD + "symbols: {x: a}\nexamples: [{given: {x: 1}, expect: {ot: 1}}]\n", 5, 37, "no symbol", "did you mean out?"),
    (HEAD + "symbols: {x: a}\nexamples: [{given: {x: b}, expect: {out: 1}}]\n", 5, 24, "number or a list", ".nan"),
    (HEAD + "symbols: {x: a}\nexamples: [{given: {x: true}, expect: {out: 1}}]\n", 5, 24, "a number", "1e-5"),
    (
        HEAD + "symbols: {x: a}\nexamples: [{given: {x: [[1], [1, 2]]}, expect: {}}]\n",
        5,
        24,
        "differ in length",
        "each row",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "rule", "remedy"), BROKEN, ids=[repr(t[-40:]) for t, *_ in BROKEN])
def test_refused_with_four_parts(text: str, line: int, column: int, rule: str, remedy: str) -> None:
    with pytest.raises(RecordError) as caught:
        load(text)
    error = caught.value
    assert rule in error.rule
    assert remedy in error.remedy
    assert error.where == Span("equations/a/x.yaml", line, column)
    assert error.written


def test_the_first_broken_rule_of_the_file_is_named() -> None:
    with pytest.raises(RecordError, match="no domain") as caught:
        load("title: T\nsympy: x\nsymbols: {x: {domain: y}}\ntolerance: 7\nfoo: 1\n")
    assert caught.value.where is not None and caught.value.where.line == 3


@pytest.mark.parametrize("id", ["Softmax", "soft-max", "2d", "_x", "class", "__init__", "é", "", "a b", "x.y", "x\ny"])
def test_ids_are_names(id: str) -> None:
    with pytest.raises(RecordError, match="id"):
        load(HEAD + "symbols: {x: a}\n", id=id)
    with pytest.raises(RecordError, match="area"):
        load(HEAD + "symbols: {x: a}\n", area=id)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "equations" / "algebra" / "square.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(HEAD + "symbols: {x: a}\n")
    record = load_record(file, tmp_path)
    assert (record.id, record.area, record.path) == ("square", "algebra", "equations/algebra/square.yaml")


@pytest.mark.parametrize(
    "name", ["equations/square.yaml", "equations/a/b/square.yaml", "other/a/square.yaml", "equations/a/s.yml"]
)
def test_files_elsewhere_are_no_records(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordError, match=r"equations/<area>/<id>\.yaml"):
        load_record(tmp_path / name, tmp_path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "equations" / "a" / "folder.yaml").mkdir(parents=True)
    for name in ("missing", "folder"):
        with pytest.raises(BuildError) as caught:
            load_record(tmp_path / "equations" / "a" / f"{name}.yaml", tmp_path)
        assert str(caught.value.where) == f"equations/a/{name}.yaml:1:1"
