"""Formulas as SymPy objects: what was written, with the glossary's assumptions, and nothing evaluated wrongly."""

from __future__ import annotations

import pytest
import sympy as sp

from eqc.notation.sympy_form import parse_text
from eqc.notation.to_sympy import node_to_sympy, to_sympy
from eqc.records.load import load_text
from eqc.records.model import Record


def record(*statements: str, symbols: str = "x: a") -> Record:
    lines = "".join(f"\n- {statement}" for statement in statements)
    return load_text(f"title: T\nsympy:{lines}\nsymbols: {{{symbols}}}\n", id="r", area="a", file="r.yaml")


@pytest.mark.parametrize(
    ("statement", "symbols", "shown"),
    [
        ("log(1 + exp(z))", "z: input", "log(exp(z) + 1)"),
        ("Eq(a, b)", "a: a, b: b", "Eq(a, b)"),
        ("Eq(a, a)", "a: a", "Eq(a, a)"),
        ("Eq(y[i], x[i + 1])", "x: {shape: [n]}, y: {shape: [n]}", "Eq(y[i], x[i + 1])"),
        ("Sum(x[i]**2, (i, 1, n))/n", "x: {shape: [n]}, n: size", "Sum(x[i]**2, (i, 1, n))/n"),
        ("Sum(1, (i, 5, 2))", "x: a", "Sum(1, (i, 5, 2))"),
        (
            "Eq(y[k], Matrix([[a, -b], [b, a]])*x[k])",
            "a: a, b: b, x: {shape: [n, 2]}, y: {shape: [n, 2]}, n: size",
            "Eq(y[k], Matrix([\n[a, -b],\n[b,  a]])*x[k])",
        ),
        ("Product(2, (i, 1, 3))", "x: a", "Product(2, (i, 1, 3))"),
        (
            "Sum(Piecewise((1, Ne(i, j)), (0, True)), (i, 1, n))",
            "n: a",
            "Sum(Piecewise((1, Ne(i, j)), (0, True)), (i, 1, n))",
        ),
        ("MaxOver(x[k], (k, 1, K))", "x: {shape: [K]}", "MaxOver(x[k], (k, 1, K))"),
        (
            "softmax(Q*K.T/sqrt(d))*V",
            "Q: {shape: [n, d]}, K: {shape: [m, d]}, V: {shape: [m, d]}",
            "softmax(Q*transpose(K)/sqrt(d))*V",
        ),
        ("Trace(A*B)", "A: {shape: [n, n]}, B: {shape: [n, n]}", "Trace(A*B)"),
        ("Inverse(A)*b", "A: {shape: [n, n]}, b: {shape: [n]}", "A**(-1)*b"),
        ("HadamardProduct(A, B)", "A: {shape: [n, m]}, B: {shape: [n, m]}", "HadamardProduct(A, B)"),
        ("tanh(A)", "A: {shape: [n]}", "tanh(A)"),
        ("lstm(x).h_new", "x: a", "lstm.h_new(x)"),
        ("softmax(z)[c]", "z: {shape: [n]}", "softmax(z)[c]"),
        ("S + N + I + E + beta", "S: a, N: b, I: c, E: d, beta: e", "E + I + N + S + beta"),
        ("pi*E", "x: a", "E*pi"),
        ("f(x)", "x: a, f: {kind: function}", "f(x)"),
        ("gamma(x)", "x: a, gamma: {kind: function}", "gamma(x)"),
        ("Max(0, z)", "z: a", "Max(0, z)"),
        ("Integral(exp(-x**2), (x, 0, oo))", "y: a", "Integral(exp(-x**2), (x, 0, oo))"),
        ("a//b + a % b", "a: a, b: b", "Mod(a, b) + floor(a/b)"),
        ("Piecewise((1, (x > 0) & ~(x > 5) | Eq(x, 2)), (0, True))", "x: a", None),
    ],
)
def test_shown(statement: str, symbols: str, shown: str | None) -> None:
    read = to_sympy(record(f'"{statement}"', symbols=symbols))
    assert isinstance(read, sp.Basic)
    assert shown is None or str(read) == shown


def test_several_statements_are_a_list() -> None:
    read = to_sympy(record("Eq(y, x)", "Eq(z, y)", symbols="x: a, y: b, z: c"))
    assert isinstance(read, list) and [str(item) for item in read] == ["Eq(y, x)", "Eq(z, y)"]


def test_assumptions() -> None:
    read = to_sympy(record("p*n*x*k", symbols="p: {domain: positive}, n: {domain: natural}, x: a, k: {shape: [m]}"))
    assert isinstance(read, sp.Basic)
    by_name = {symbol.name: symbol for symbol in read.atoms(sp.Symbol)}
    assert by_name["p"].is_positive and by_name["n"].is_integer and by_name["n"].is_nonnegative
    assert by_name["x"].is_real and by_name["x"].is_positive is None
    indexed = node_to_sympy(parse_text("v[i]"), record("v[i]", symbols="v: {shape: [m]}"))
    assert indexed.is_real and indexed.diff(indexed) == 1


def test_the_glossary_wins_over_constants() -> None:
    read = to_sympy(record("E + pi", symbols="E: energy"))
    assert isinstance(read, sp.Basic) and [symbol.name for symbol in read.free_symbols] == ["E"]


def test_mixed_numbers_and_matrices_are_still_shown() -> None:
    symbols = "w: {shape: [n]}, x: {shape: [n]}, b: a"
    assert "b" in str(to_sympy(record("Max(0, 1 - (w.T*x + b))", symbols=symbols)))


def test_long_sums() -> None:
    read = node_to_sympy(
        parse_text("+".join(f"x[{i}]" for i in range(1, 1001))), record("x[1]", symbols="x: {shape: [n]}")
    )
    assert len(read.args) == 1000
