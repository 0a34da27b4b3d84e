"""Records whose names and texts could break the source that is made of them."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from core_samples import Texts
from emit_samples import run, sample_module, sample_source, signature_of
from hypothesis import given, settings
from hypothesis import strategies as st

from eqc.emit.docs import Documentation, docstring
from eqc.errors import EqcError
from eqc.pipeline import compile_record

NAMES = [
    "range",
    "abs",
    "math",
    "np",
    "item",
    "float",
    "max",
    "min",
    "int",
    "len",
    "print",
    "list",
    "index",
    "self",
    "maximum",
    "minimum",
    "sign",
    "exact",
    "polygamma",
    "xlogy",
    "dtype_of",
    "njit",
    "numba",
    "nan",
    "inf",
    "IndexError",
    "ValueError",
    "SIGNATURE",
    "shape",
    "dtype",
    "empty",
    "total",
    "best",
    "product",
    "part",
    "top",
    "sample",
    "sample_into",
    "sample_vjp",
    "sample_jvp_into",
    "exp",
    "exp_x",
    "y_",
    "y_value",
    "y_place",
    "y_ties",
    "out_of",
    "x_other",
    "y_others",
    "axis0",
    "i1",
    "k1",
    "S",
    "N",
    "I",
    "E",
    "O",
    "pi",
    "beta",
    "gamma",
    "Q",
    "oo",
    "match",
    "case",
    "type",
    "print_",
    "l",
    "x__1",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_may_be_an_input(name: str) -> None:
    formula = (
        f"Eq(y[j], Max({name}[j], 0)*exp({name}[j]) + Sum(Abs({name}[r]), (r, 1, m)) + Product({name}[r], (r, 1, m)))"
    )
    functions = sample_module(formula, **{name: "{shape: [m]}", "y": "{shape: [m]}", "m": "size"})
    x = np.array([0.5, -2.0, 3.0])
    np.testing.assert_allclose(functions["sample"](x), np.maximum(x, 0) * np.exp(x) + 5.5 - 3)
    slopes = functions["sample_vjp"](x, np.array([1.0, 0, 0]))
    np.testing.assert_allclose(slopes, [(1 + 0.5) * np.exp(0.5) + 1 - 6, -1 + 1.5, 1 - 1])


@pytest.mark.parametrize("name", ["range", "item", "np", "math", "total", "sample", "y_", "S", "N"])
def test_any_name_may_be_a_size_or_an_output(name: str) -> None:
    functions = sample_module(f"Sum(x[j]**2, (j, 1, {name}))", x=f"{{shape: [{name}]}}", **{name: "size"})
    assert functions["sample"](np.array([1.0, 2.0])) == 5
    functions = sample_module(f"Eq({name}[j], x[j]**2)", **{name: "{shape: [r]}", "x": "{shape: [r]}", "r": "size"})
    assert functions["sample"](np.array([1.0, 2.0])).tolist() == [1, 4]


@pytest.mark.parametrize("name", ["range", "item", "np", "x", "total", "y_", "k1", "abs"])
def test_any_name_may_be_an_index(name: str) -> None:
    functions = sample_module(
        f"Eq(y[{name}], Sum(exp(w[{name}]*w[j]), (j, 1, m)))", y="{shape: [m]}", w="{shape: [m]}", m="m"
    )
    np.testing.assert_allclose(functions["sample"](np.array([0.0, 1.0])), [2, 1 + np.e])


ACCUMULATED = [
    ("y_", "Eq(y[i], Sum(x[i, k]*y_, (k, 1, n)))"),
    ("y_", "Eq(y[i], MaxOver(x[i, k]*y_, (k, 1, n)))"),
    ("y_value", "Eq(y[i], x[i, ArgMaxOver(x[i, k]*y_value, (k, 1, n))]*y_value)"),
    ("y_place", "Eq(y[i], x[i, ArgMaxOver(x[i, k]*y_place, (k, 1, n))]*y_place)"),
    ("best_value", "Eq(y[i], x[i, ArgMaxOver(x[i, k]*best_value, (k, 1, n))]*best_value)"),
    ("best_place", "Eq(y[i], x[i, ArgMaxOver(x[i, k]*best_place, (k, 1, n))]*best_place)"),
]


@pytest.mark.parametrize(("name", "formula"), ACCUMULATED, ids=[f"{a} in {b}" for a, b in ACCUMULATED])
def test_helper_variables_collide_with_nothing(name: str, formula: str) -> None:
    functions = sample_module(formula, x="{shape: [m, n]}", y="{shape: [m]}", n="columns", m="rows", **{name: "factor"})
    expected = [6.0, 8.0] if "Sum" in formula else [4.0, 8.0]
    assert functions["sample"](np.array([[1.0, 2.0], [4.0, 0.0]]), 2.0).tolist() == expected


@pytest.mark.parametrize("id", ["maximum", "minimum", "sign", "exact", "polygamma", "xlogy", "exp", "sqrt", "x", "y"])
def test_any_id_may_be_a_record(id: str) -> None:
    functions = sample_module("Eq(y, Max(x, 0) + sign(x)*3)", id=id, x="x", y="y")
    assert functions[id](2.0) == 5
    assert functions[f"{id}_gradient"](2.0) == 1


@pytest.mark.parametrize("id", ["range", "abs", "math", "np", "njit", "float", "max", "item"])
def test_ids_that_the_source_calls_work_or_are_refused(id: str) -> None:
    """A record called `range` must not become the `range` of its own loops."""
    formula = "Eq(y[i], Max(Abs(x[i]), 0)*exp(x[i]) + Sum(x[k], (k, 1, n)))"
    try:
        functions = sample_module(formula, id=id, x="{shape: [n]}", y="{shape: [n]}", n="size")
    except EqcError as error:
        assert id in error.rule and error.remedy
        return
    assert functions[id](np.zeros(2)).tolist() == [0, 0]


# texts --------------------------------------------------------------------------------------------------------------

INJECTIONS = [
    '"""',
    '"""\nimport os\n"""',
    "'''",
    "\\",
    '\\"""',
    '\\\\"""',
    'ends with a quote"',
    'four """" quotes',
    '"',
    '""',
    "a\\",
    "\\N{DIGIT ONE} \\x41 \\u0041",
    "{braces} %s $x",
    "tab\there",
    "null\x00 bell\x07 escape\x1b[31m",
    "line\u2028separator\x85next",
    "right-to-left \u202e override",
    "# comment",
    "ŷ = σ(z) 𝔼",
]


@pytest.mark.parametrize("text", INJECTIONS, ids=repr)
def test_docstrings_hold_any_text(text: str) -> None:
    for doc in (Documentation(text), Documentation(text, ("", text, f"  {text}")), Documentation("", (text,))):
        assert_only_a_docstring(doc)


@settings(max_examples=150, derandomize=True)
@given(st.text(alphabet=st.sampled_from("\"\\'\n\r\tax{}\x00\x85\u2028"), max_size=12), st.text(max_size=8))
def test_docstrings_hold_random_text(first: str, second: str) -> None:
    assert_only_a_docstring(Documentation(first, (second, first)))


def assert_only_a_docstring(doc: Documentation) -> None:
    text = "def f():\n" + docstring(doc, "    ") + "\n    return 1\n"
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    statement, result = function.body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    assert isinstance(result, ast.Return)
    said = statement.value.value
    assert all(c.isprintable() or c == "\n" for c in said)
    for line in (doc.summary, *doc.lines):
        assert "".join(c for c in line if c.isprintable()).strip() in said


@pytest.mark.parametrize("text", INJECTIONS, ids=repr)
def test_records_with_any_text_become_one_module(text: str) -> None:
    quoted = '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"' if "\\" not in text else f"'{text}'"
    if "'" in text and quoted.startswith("'"):
        return
    yaml = (
        f"title: {quoted}\nsummary: {quoted}\nlatex: {quoted}\nsympy: x**2 + a\n"
        f"symbols:\n  x: {{meaning: {quoted}}}\n  a: {quoted}\n"
        f"sources:\n  - {{title: {quoted}, section: {quoted}}}\n"
    )
    try:
        module = compile_record("sample", Texts({"sample": yaml})).text  # type: ignore[arg-type]
    except EqcError:
        return  # refused with four parts, which is as good
    kinds = {type(node) for node in ast.parse(module).body}
    assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef}
    assert sum(isinstance(node, ast.Expr) for node in ast.parse(module).body) == 1
    assert run(module, "sample")["sample"](3.0, 1.0) == 10


# the literal ---------------------------------------------------------------------------------------------------------


def test_signature_of_everything() -> None:
    text = sample_source(
        "Eq(m_new[c], m[c]*a + Sum(x[(c - 1)*r + k], (k, 1, r)) + E[y])",
        "Eq(best, ArgMaxOver(m[c], (c, 1, C)))",
        also="derivatives: [jacobian]",
        m_new="{shape: [C], updates: m}",
        a="{default: 0.25}",
        x="{shape: [C*r]}",
        m="{shape: [C]}",
        r="{domain: natural, default: 2}",
        y="{domain: natural}",
        E="{shape: [2*V], differentiable: false}",
        best="{domain: natural}",
        C="channels",
        V="half",
    )
    assert signature_of(text) == {
        "id": "sample",
        "inputs": (
            entry("a", default=0.25),
            entry("x", shape=("C*r",)),
            entry("m", shape=("C",)),
            entry("r", kind="integer", per_call=True, default=2, differentiable=False),
            entry("y", kind="integer", differentiable=False),
            entry("E", shape=("2*V",), differentiable=False),
        ),
        "extents": (("C", "m", 0, "_size"), ("V", "E", 0, "exact(_size, 2)")),
        "outputs": (
            {"name": "m_new", "kind": "real", "shape": ("C",), "updates": "m"},
            {"name": "best", "kind": "integer", "shape": ()},
        ),
        "kernels": ("value", "jvp", "vjp", "value_and_vjp", "jacobian"),
        "shares_items": True,
        "optional": {"vjp": (1, 2), "value_and_vjp": (3, 4)},
        "teams": ("value", "jvp", "vjp", "value_and_vjp", "jacobian"),
    }


def entry(name: str, **more: Any) -> dict[str, Any]:
    plain = {"kind": "real", "shape": (), "per_call": False, "default": None, "differentiable": True}
    return {"name": name, **plain, **more}


@pytest.mark.parametrize("default", ["0", "-1.5", "1e-300", "1e300", "123456789012345678", ".inf", "-.inf", ".nan"])
def test_defaults_are_literals_or_refused(default: str) -> None:
    try:
        text = sample_source("x*a", x="x", a=f"{{default: {default}}}")
    except EqcError as error:
        assert "inf" in default or "nan" in default
        assert error.remedy
        return
    assert signature_of(text)["inputs"][1]["default"] == pytest.approx(float(default.replace(".inf", "inf")), rel=1e-15)
