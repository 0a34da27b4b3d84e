"""Small records, and the project's own, as programs with random arguments: what the compiler's tests run on."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from own_records import CATALOG

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import evaluate, interpret
from eqc.ir.opaque import Opaque
from eqc.ir.program import Program, Tensor
from eqc.ir.terms import Quotient, extent_symbol
from eqc.pipeline import Compiler
from eqc.records.bindings import Bindings, bound_id, named_bindings
from eqc.records.catalog import Catalog
from eqc.records.load import load_text
from eqc.records.model import Record
from eqc.rewrite.passes import rewrite

DIGITS = 50


class Texts:
    """A catalog of records from their YAML texts."""

    def __init__(self, records: Mapping[str, str]) -> None:
        self.records = {id: load_text(text, id=id, area="tests", file=f"{id}.yaml") for id, text in records.items()}

    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(self.records))

    def get(self, id: str) -> Record:
        return self.records[id]

    def __contains__(self, id: str) -> bool:
        return id in self.records


def text_catalog(name: str) -> Any:
    """The catalog that a case lives in."""
    return Texts(sample_texts(name)) if name in SAMPLES else project()[0]


def record_text(sympy: str | Sequence[str], *, also: str = "", **symbols: str) -> str:
    """A record's YAML; a symbol is its entry as YAML text."""
    formulas = [sympy] if isinstance(sympy, str) else sympy
    lines = ["title: Sample", "sympy:", *(f'  - "{formula}"' for formula in formulas), *also.splitlines()]
    return "\n".join([*lines, "symbols:", *(f"  {name}: {entry}" for name, entry in symbols.items())]) + "\n"


def compiler(*formulas: str, others: Mapping[str, str] | None = None, also: str = "", **symbols: str) -> Compiler:
    """A compiler for one record `sample`, and those that it uses."""
    return Compiler(Texts({"sample": record_text(formulas, also=also, **symbols), **(others or {})}))  # type: ignore[arg-type]


def program(*formulas: str, others: Mapping[str, str] | None = None, **symbols: str) -> Program:
    """The value program of a record with these statements and symbols."""
    return compiler(*formulas, others=others, **symbols).program("sample")


LIBRARY = {
    "soft": record_text(
        "Eq(yhat[j], exp(z[j])/Sum(exp(z[k]), (k, 1, C)))",
        yhat="{shape: [C], domain: simplex}",
        z="{shape: [C]}",
        C="classes",
    ),
    "lambert": record_text("Eq(w, Root(Eq(w*exp(w), z), (w, 1)))", w="w", z="{domain: positive}"),
    "squash": record_text("1/(1 + exp(-z))", z="pre-activation"),
    "norm": record_text("sqrt(Sum(x[i]**2, (i, 1, n)))", x="{shape: [n]}", n="size"),
    "pick": record_text("x[k]", x="{shape: [n]}", k="{domain: natural}", n="size"),
    "label_loss": record_text("-log(p[y])", p="{shape: [C]}", y="{domain: natural}", C="classes"),
    "strided": record_text(
        "Eq(y[i], Sum(x[s*(i - 1) + k]*w[k], (k, 1, K)))",
        y="{shape: [(n - K)//s + 1]}",
        x="{shape: [n]}",
        w="{shape: [K]}",
        s="{domain: natural}",
        K="taps",
        n="size",
    ),
    "cumulated": record_text("Eq(y[i], Sum(x[j], (j, 1, i)))", y="{shape: [n]}", x="{shape: [n]}", n="size"),
    "best_index": record_text("ArgMaxOver(x[i], (i, 1, n))", x="{shape: [n]}", n="size"),
    "inverted": record_text("Eq(Y, A**-1)", Y="{shape: [n, n]}", A="{shape: [n, n]}", n="size"),
    "moments": record_text(
        ["Eq(mean, Sum(x[i], (i, 1, n))/n)", "Eq(spread, Sum((x[i] - mean)**2, (i, 1, n))/n)"],
        mean="{output: true}",
        spread="about the mean",
        x="{shape: [n]}",
        n="size",
    ),
}
"""Records that the samples compose."""

VECTOR = "{shape: [n]}"
SQUARE = "{shape: [n, n]}"

SAMPLES: Mapping[str, tuple[list[str], dict[str, str]]] = {
    "polynomial": (["a*x**3 - 2*x/a + 7"], {"x": "x", "a": "{domain: positive}"}),
    "chain": (["Eq(u, sin(x)*x)", "Eq(v, sin(u)*u)", "Eq(y, v*u + x)"], {"x": "x", "u": "u", "v": "v", "y": "y"}),
    "special": (
        ["erf(x)*gamma(a) + loggamma(a*b) + atan2(x, b) + digamma(a) + asinh(x)*erfc(b)"],
        {"x": "x", "a": "{domain: positive}", "b": "{domain: positive}"},
    ),
    "powers": (
        ["x**a + a**x + x**k + x**(-3)/2 + sqrt(x)/cbrt(a)"],
        {"x": "{domain: positive}", "a": "{domain: positive}", "k": "{domain: natural}"},
    ),
    "written_matrices": (
        [
            "Eq(y[k], Matrix([[cos(a), -sin(a)], [sin(a), cos(a)]])*x[k])",
            "Eq(B, Matrix([[a, b], [0, 2]])*Matrix([[b], [1]])*Matrix([[a, 1]]) - I + Matrix([[b, 1], [1, b]]).T)",
            "Eq(s, Matrix([a, b]).T*Matrix([[3, b], [b, 4 + a]])**-1*Matrix([a, b]) + Matrix([[a, b], [1, 2]])[1, 2])",
            "Eq(d, Determinant(Matrix([[a, b, 1], [b, 2, a], [0, 1, b]])) + Trace(Matrix([[a, b], [b, 2]])**2))",
        ],
        {
            "y": "{shape: [n, 2]}",
            "x": "{shape: [n, 2]}",
            "B": "{shape: [2, 2]}",
            "s": "s",
            "d": "d",
            "a": "{domain: unit_interval}",
            "b": "{domain: unit_interval}",
            "n": "points",
        },
    ),
    "extrema": (
        ["Max(x, y, z, 0)*Min(x, 2*y) + Max(x - 1, 0) + Min(x, y, z)**2"],
        {"x": "x", "y": "y", "z": "z"},
    ),
    "steps": (["x*floor(3*x) + Mod(5*x, 2) + Abs(x - 1/3)**3 + sign(x)*x**2 + ceiling(x)"], {"x": "x"}),
    "root": (["Eq(w, Root(Eq(w*exp(w), z), (w, 1)))", "Eq(y, w**2)"], {"w": "w", "y": "y", "z": "{domain: positive}"}),
    "root_in_sum": (
        ["Sum(a[i]*Root(t - e*sin(t)/2 - a[i], (t, -oo, oo))**2, (i, 1, n))*lambert(n*e**2)"],
        {"a": VECTOR, "e": "e", "n": "size"},
    ),
    "roots": (
        ["Eq(x[i], Root(x[i] + Sum(A[i, k]*sin(x[k]), (k, 1, n))/8 - b[i], (x, b)))", "Eq(L, x.T*x)"],
        {"x": VECTOR, "A": "{shape: [n, n]}", "b": VECTOR, "L": "L", "n": "size"},
    ),
    "fixed_point": (
        ["Eq(V[s], FixedPoint(MaxOver(R[s, a] + g*Sum(P[s, a, k]*V[k], (k, 1, n)), (a, 1, m)), V))"],
        {
            "V": VECTOR,
            "R": "{shape: [n, m]}",
            "P": "{shape: [n, m, n], domain: simplex}",
            "g": "{domain: '[0, 0.9]'}",
            "n": "states",
            "m": "actions",
        },
    ),
    "minimum": (
        ["Eq(X, ArgMin(Sum(cosh(X[i, j] - A[i, j]) + c*X[i, j]**2, (i, 1, n), (j, 1, m)), X))", "Eq(L, Trace(X.T*X))"],
        {"X": "{shape: [n, m]}", "A": "{shape: [n, m]}", "c": "{domain: positive}", "L": "L", "n": "n", "m": "m"},
    ),
    "optimum": (
        [
            "Eq(x[i], ArgMax(-Sum(c[k]*(x[k] - b[k])**2, (k, 1, n)), x, And(x[i] >= 0, x <= 3), Eq(x.T*u, 1)))",
            "Eq(L, Sum(x[i]**3, (i, 1, n)))",
        ],
        {
            "x": VECTOR,
            "b": VECTOR,
            "c": "{shape: [n], domain: positive}",
            "u": "{shape: [n], domain: '[1, 2]'}",
            "L": "L",
            "n": "size",
        },
    ),
    "solves_in_sums": (
        ["Sum((X[i] - m).T*S**-1*(X[i] - m) + log(Determinant(S))*X[i, 1], (i, 1, N))"],
        {
            "X": "{shape: [N, d]}",
            "m": "{shape: [d]}",
            "S": "{shape: [d, d], domain: spd}",
            "N": "samples",
            "d": "features",
        },
    ),
    "matrix_powers": (
        ["Eq(L, Trace(A**k*B) + Trace(A**3) + Trace((A + 9*Identity(n))**-2*B))"],
        {"L": "L", "A": "{shape: [n, n]}", "B": "{shape: [n, n]}", "k": "{domain: natural}", "n": "n"},
    ),
    "spectrum": (
        ["Sum(a[i]*EigenvalueRealParts(A)[i]**2 + EigenvalueImaginaryParts(A)[i]**2/3, (i, 1, n))"],
        {"A": "{shape: [n, n]}", "a": VECTOR, "n": "n"},
    ),
    "real_spectrum": (
        ["Eq(v, RealEigenvalues(diag(d) + U*U.T*diag(c)/9))"],
        {"v": VECTOR, "d": VECTOR, "U": "{shape: [n, n]}", "c": "{shape: [n], domain: positive}", "n": "n"},
    ),
    "determinants": (["Determinant(A)*x + Determinant(A.T*A)"], {"A": "{shape: [n, n]}", "x": "x", "n": "n"}),
    "composed_softmax": (
        ["Eq(L, -Sum(y[i, c]*log(soft(z)[i, c]), (c, 1, C), (i, 1, N))/N)"],
        {
            "L": "loss",
            "y": "{shape: [N, C], domain: simplex, differentiable: false}",
            "z": "{shape: [N, C]}",
            "N": "samples",
            "C": "classes",
        },
    ),
    "composed_in_sum": (["Sum(w[i]*squash(x[i] + norm(w))**2, (i, 1, n))"], {"w": VECTOR, "x": VECTOR, "n": "size"}),
    "composed_fields": (
        ["Eq(y[i], (x[i] - moments(x).mean)/sqrt(moments(x).spread + 1))"],
        {"y": VECTOR, "x": VECTOR, "n": "size"},
    ),
    "composed_guarded": (
        ["Sum(Piecewise((norm(A)[i]/norm(B)[i], i > 1), (A[i, 1]**2, True)), (i, 1, m))"],
        {"A": "{shape: [m, n]}", "B": "{shape: [m, n]}", "m": "rows", "n": "columns"},
    ),
    "composed_labels": (
        ["Sum(label_loss(soft(Z)[i], y[i])*w[i] + label_loss(soft(Z), y)[i], (i, 1, N))/N"],
        {
            "Z": "{shape: [N, C]}",
            "y": "{shape: [N], domain: natural}",
            "w": "{shape: [N]}",
            "N": "samples",
            "C": "classes",
        },
    ),
    "composed_strides": (
        ["Sum(strided(X, w, s)[i, 1]*strided(X[i], w, 1)[1], (i, 1, m))"],
        {"X": "{shape: [m, n]}", "w": "{shape: [K]}", "s": "{domain: natural}", "m": "rows", "n": "size", "K": "taps"},
    ),
    "composed_ragged": (
        ["Eq(v[i], Sum(cumulated(X[i])[j]*cumulated(cumulated(X[j]))[i], (j, 1, n)))"],
        {"v": VECTOR, "X": SQUARE, "n": "size"},
    ),
    "composed_best": (["x[best_index(A*x)]*best_index(x)"], {"x": VECTOR, "A": SQUARE, "n": "size"}),
    "nested_gather": (
        ["Eq(v[i], x[p[p[i]]]*x[i] + E[p[i], p[n + 1 - i]]**2)"],
        {"v": VECTOR, "x": VECTOR, "E": SQUARE, "p": "{shape: [n], domain: natural}", "n": "size"},
    ),
    "whole_powers": (
        ["Sum(x[i]**i*c[i]**2/(c[i] + 1)*(-1)**c[i], (i, 1, n)) + k*x[1]**k + Product(x[i]**i, (i, 1, n))"],
        {"x": VECTOR, "c": "{shape: [n], domain: natural}", "k": "{domain: natural}", "n": "size"},
    ),
    "state": (
        [
            "Eq(m_new, m*b + (1 - b)*g)",
            "Eq(v_new, v*b + (1 - b)*HadamardPower(g, 2))",
            "Eq(t_new, t + 1)",
            "Eq(p_new, p - m_new/(1 - b**t_new))",
        ],
        {
            "m_new": "{shape: [n], updates: m}",
            "v_new": "{shape: [n], updates: v}",
            "t_new": "{domain: natural, updates: t}",
            "p_new": "{shape: [n], updates: p}",
            "p": VECTOR,
            "g": VECTOR,
            "m": VECTOR,
            "v": VECTOR,
            "t": "{domain: natural}",
            "b": "{domain: '(0, 1)'}",
            "n": "size",
        },
    ),
    "product": (["Product(x[i]**2 + y, (i, 1, n))"], {"x": VECTOR, "y": "y", "n": "size"}),
    "product_ragged": (["Eq(y[i], Product(x[j]*i, (j, 1, i)))"], {"y": VECTOR, "x": VECTOR, "n": "size"}),
    "product_of_a_triangle": (["Product(x[i]*j - x[j], (j, 1, i), (i, 1, n))"], {"x": VECTOR, "n": "size"}),
    "nested_reductions": (
        ["Product(1 + Sum(x[i]*Product(w[j, k], (k, 1, n)), (j, 1, i)), (i, 1, n))"],
        {"x": VECTOR, "w": SQUARE, "n": "size"},
    ),
    "max_over": (
        ["MaxOver(A[i, j]**2 - b*A[i, j], (j, 1, n), (i, 1, m)) - MinOver(Sum(A[i, j], (j, 1, n)), (i, 1, m))"],
        {"A": "{shape: [m, n]}", "b": "b", "m": "rows", "n": "columns"},
    ),
    "max_ragged": (["Eq(y[i], MaxOver(x[j]*w, (j, 1, i)))"], {"y": VECTOR, "x": VECTOR, "w": "w", "n": "size"}),
    "best_row": (
        ["Eq(k, ArgMaxOver(x[i], (i, 1, n)))", "Eq(y, z[k]**2*x[k])"],
        {"y": "y", "k": "{domain: natural}", "x": VECTOR, "z": VECTOR, "n": "size"},
    ),
    "label": (
        ["-log(p[y]) + p[1]**2*p[C]"],
        {"p": "{shape: [C], domain: '(0, 1)'}", "y": "{domain: natural}", "C": "n"},
    ),
    "embedding": (
        ["Eq(y[i, j], E[idx[i], j]*w[j])"],
        {
            "y": "{shape: [m, d]}",
            "E": "{shape: [V, d]}",
            "idx": "{shape: [m], domain: natural}",
            "w": "{shape: [d]}",
            "V": "words",
            "m": "length",
            "d": "width",
        },
    ),
    "strided_convolution": (
        ["Eq(y[i], Sum(x[s*(i - 1) + k]*w[k], (k, 1, K)))"],
        {
            "y": "{shape: [(n - K)//s + 1]}",
            "x": VECTOR,
            "w": "{shape: [K]}",
            "s": "{domain: natural}",
            "K": "taps",
            "n": "size",
        },
    ),
    "ragged_sum": (["Eq(y[i], Sum(x[j]*exp(x[i]), (j, 1, i)))"], {"y": VECTOR, "x": VECTOR, "n": "size"}),
    "differences": (
        ["Eq(y[i], Piecewise((x[i + 1]*x[i], i < n), (-x[i]**2, True)))"],
        {"y": VECTOR, "x": VECTOR, "n": "size"},
    ),
    "inner_differences": (["Sum((x[t + 1] - x[t])**2, (t, 1, T))"], {"x": "{shape: [T + 1]}", "T": "steps"}),
    "diagonals": (["Sum(A[i, i]*A[i, j]*A[j, i], (i, 1, n), (j, 1, n))"], {"A": SQUARE, "n": "size"}),
    "quadratic_form": (
        ["x.T*A**2*x + Trace(A*A.T) - (A + Identity(n))[1, 1]"],
        {"A": SQUARE, "x": VECTOR, "n": "size"},
    ),
    "matrices": (
        ["Eq(Y, HadamardProduct(diag(x)*A, A.T) + x*x.T/(1 + x.T*x) - HadamardPower(A, 3))"],
        {"Y": SQUARE, "A": SQUARE, "x": VECTOR, "n": "size"},
    ),
    "symmetric": (["x.T*S*x + S[1, n]**2"], {"S": "{shape: [n, n], domain: spd}", "x": VECTOR, "n": "size"}),
    "two_outputs": (
        ["Eq(s, Sum(x[i]**2, (i, 1, n)))", "Eq(y[i], x[i]/s)"],
        {"s": "{output: true}", "y": VECTOR, "x": VECTOR, "n": "size"},
    ),
    "copies": (
        ["Eq(y[i], a[i] + b[i])", "Eq(z[i], a[i])", "Eq(u, 3)"],
        {"y": VECTOR, "z": VECTOR, "u": "{}", "a": VECTOR, "b": VECTOR, "n": "size"},
    ),
    "blocks": (
        ["Eq(y[c], Sum(x[(c - 1)*r**2 + k]**3, (k, 1, r**2)))"],
        {"y": "{shape: [C]}", "x": "{shape: [C*r**2]}", "r": "{domain: natural}", "C": "channels"},
    ),
    "rotation": (["Eq(y[i], x[Mod(i, n) + 1]*i)"], {"y": VECTOR, "x": VECTOR, "n": "size"}),
    "repeated_functions": (
        ["Eq(y[i], exp(x[i])*tanh(x[i]))", "Eq(L, Sum(exp(x[i])*y[i], (i, 1, n)) + log(w)*exp(w))"],
        {"y": VECTOR, "L": "loss", "x": VECTOR, "w": "{domain: positive}", "n": "size"},
    ),
    "many_factors": (
        ["Eq(y, a*b*c*d*sin(a)*cos(b)*exp(c)*(a + d)*tanh(d)*2)"],
        {"y": "y", "a": "a", "b": "b", "c": "c", "d": "d"},
    ),
    "long_sums": (
        [
            "Eq(y[i], exp(-(" + " + ".join(f"{k}*x[i]*sin({k}*w/3)" for k in range(1, 31)) + ")/500))",
            "Eq(z, " + " - ".join(f"w**{k % 3 + 1}/{k}" for k in range(1, 40)) + " + Sum(y[i], (i, 1, n)))",
        ],
        {"y": "{shape: [n], output: true}", "z": "z", "x": VECTOR, "w": "{domain: positive}", "n": "size"},
    ),
    "padded": (
        ["Eq(y[i], Piecewise((x[i]**2*w, i <= n), (w, True)))"],
        {"y": "{shape: [m]}", "x": VECTOR, "w": "w", "m": "{domain: natural}", "n": "size"},
    ),
    "part_of_axis": (["Sum(x[i]**2*x[n], (i, 1, n - 1))"], {"x": VECTOR, "n": "size"}),
    "triangle": (["Eq(y[i], Sum(A[i, j]*x[j], (j, i, n)))"], {"y": VECTOR, "A": SQUARE, "x": VECTOR, "n": "size"}),
    "product_falling": (["Eq(y[i], Product(x[j], (j, i, n)))"], {"y": VECTOR, "x": VECTOR, "n": "size"}),
    "alternating": (
        ["Sum((-1)**k*x**k/(k + 1), (k, 1, m))"],
        {"x": "x", "m": "{domain: natural}"},
    ),
    "inverse": (
        ["Eq(Y, A**-1*B + B.T*A**-1)", "Eq(z, (A**-1)[1, n]*Determinant(A))"],
        {"Y": SQUARE, "z": "entry", "A": SQUARE, "B": SQUARE, "n": "size"},
    ),
    "solve": (["x.T*(A + 3*Identity(n))**-1*x - Determinant(A)"], {"A": SQUARE, "x": VECTOR, "n": "size"}),
    "log_determinant": (
        ["LogDeterminant(S)/2 + x.T*S**-1*x + LogDeterminant(A*A.T + Identity(m))"],
        {"S": "{shape: [n, n], domain: spd}", "x": VECTOR, "A": "{shape: [m, n]}", "n": "size", "m": "rows"},
    ),
    "cholesky": (["Eq(L, Cholesky(S))"], {"L": SQUARE, "S": "{shape: [n, n], domain: spd}", "n": "size"}),
    "eigen": (
        ["Eq(w, Eigenvalues(S))", "Eq(V, Eigenvectors(S))"],
        {"w": VECTOR, "V": SQUARE, "S": "{shape: [n, n], domain: symmetric}", "n": "size"},
    ),
    "singular_values": (
        ["Eq(s, Sum(SingularValues(A)[k]**3, (k, 1, n)))"],
        {"s": "sum", "A": SQUARE, "n": "size"},
    ),
    "one_entry": (["x*Sum(k**2, (k, 1, m)) + x**2*m"], {"x": "x", "m": "{domain: natural}"}),
}
"""Name -> statements and symbols. Together they use every kind of statement, read and rule that there is."""


@dataclass(frozen=True)
class Case:
    """A record with its value program."""

    name: str
    record: Record
    value: Program


@lru_cache(maxsize=1)
def project() -> tuple[Catalog, Compiler]:
    """The project's records and their programs."""
    return CATALOG, Compiler(CATALOG)


def case_names() -> list[str]:
    """The samples and all records of the project, but for those whose functions no record fills in."""
    return [*SAMPLES, *(f"equations/{id}" for id in CATALOG.ids() if bindings(CATALOG.get(id)) is not None)]


DEAR = ("Integral(", "ArgMin(", "ArgMax(", "FixedPoint(")
"""Words for which hundreds of numbers are computed: slow where every number has many digits or is no machine code."""


def numeric_cases() -> list[Any]:
    """The cases for tests that compute; records whose points are dear are left to the slow sweep.

    Solvers have samples here and integrals tests of their own; the records' kernels are verified in machine code.
    """
    return [pytest.param(name, marks=[pytest.mark.slow] * is_dear(name)) for name in case_names()]


def is_dear(name: str) -> bool:
    statements = () if name in SAMPLES else project()[0].get(name.removeprefix("equations/")).statements
    return any(word in statement.text for statement in statements for word in DEAR)


def bindings(record: Record) -> Bindings | None:
    """The records that a record's functions are first bound to; None if one of them is bound to none."""
    functions = [name for name, entry in record.symbols.items() if entry.kind == "function"]
    first = next(iter(named_bindings(record)), ())
    return first if len(first) == len(functions) else None


@cache
def sample_texts(name: str) -> Mapping[str, str]:
    """The records that one sample needs, by their ids."""
    formulas, symbols = SAMPLES[name]
    return {name: record_text(formulas, also="derivatives: [jacobian, hessian]", **_entries(symbols)), **LIBRARY}


def _entries(symbols: Mapping[str, str]) -> dict[str, str]:
    return {name: entry if entry != "{}" else "constant" for name, entry in symbols.items()}


@cache
def case(name: str) -> Case:
    """A sample, or a record of the project as `equations/<id>`."""
    if name in SAMPLES:
        texts = Texts(sample_texts(name))
        return Case(name, texts.get(name), Compiler(texts).program(name))  # type: ignore[arg-type]
    catalog, known = project()
    id = name.removeprefix("equations/")
    record = catalog.get(id)
    bound = bindings(record) or ()
    return Case(name, replace(record, id=bound_id(id, bound)), known.program(id, bound))


def is_opaque(value: Program) -> bool:
    """Whether a program has linear algebra that is no sum over indices."""
    return any(isinstance(s.body, Opaque) for s in value.statements)


@cache
def derivatives(name: str) -> Mapping[str, Program]:
    """All programs of a case as they are compiled: of the rewritten value, dense ones too."""
    return derivative_programs(rewritten(name), ("jacobian", "hessian"))


@cache
def rewritten(name: str) -> Program:
    """The value program of a case in its stable form."""
    return rewrite(case(name).value, stable=True)


# arguments ----------------------------------------------------------------------------------------------------------


def seed_of(name: str) -> int:
    """A seed that stays the same from run to run."""
    return zlib.crc32(name.encode())


def draw(of: Case, rng: random.Random) -> dict[str, Any]:
    """Random arguments in the declared domains, at extents 1 to 3, with positions in range and no division by zero."""
    for _ in range(400):
        arguments = _attempt(of, rng)
        if arguments is not None and in_range(of.value, arguments):
            return arguments
    raise AssertionError(f"{of.name}: no arguments found")


def _attempt(of: Case, rng: random.Random) -> dict[str, Any] | None:
    value = of.value
    sizes: dict[Any, int] = {p.symbol: rng.randint(1, 3) for p in value.parameters}
    sizes.update({extent_symbol(e.name): rng.randint(1, 3) for e in value.extents})
    arguments: dict[str, Any] = {p.name: sizes[p.symbol] for p in value.parameters}
    shapes = [_shape(tensor, sizes) for tensor in value.tensors.values()]
    if any(shape is None or min(shape, default=1) < 1 for shape in shapes):
        return None
    for tensor in value.inputs:
        shape = _shape(tensor, sizes)
        assert shape is not None
        arguments[tensor.name] = _array(of.record, tensor, shape, rng)
    return arguments


def _shape(tensor: Tensor, sizes: Mapping[Any, int]) -> tuple[int, ...] | None:
    shape = []
    for extent in tensor.shape:
        for quotient in extent.atoms(Quotient):
            top, bottom = (int(evaluate(a, dict(sizes), {})) for a in quotient.args)
            if bottom == 0 or top % bottom:
                return None
        shape.append(int(evaluate(extent, dict(sizes), {})))
    return tuple(shape)


def _array(record: Record, tensor: Tensor, shape: tuple[int, ...], rng: random.Random) -> Any:
    domain = record.symbols[tensor.name].domain
    if tensor.integer:
        draws = [rng.randint(0, 3) for _ in range(int(np.prod(shape)))]
        return np.array(draws, dtype=object).reshape(shape)
    array = np.array([_number(domain, rng) for _ in range(int(np.prod(shape)))], dtype=float).reshape(shape)
    if domain.name in ("simplex", "one_hot"):
        return _on_simplex(array)
    if domain.name in ("spd", "symmetric"):
        array = array @ array.T + np.eye(shape[-1])
    return array.astype(object)


def _on_simplex(array: Any) -> Any:
    """Rows that sum to one to all digits."""
    with mpmath.workdps(2 * DIGITS):
        exact = np.vectorize(mpmath.mpf, otypes=[object])(array)
        return exact / exact.sum(axis=-1, keepdims=True)


def _number(domain: Any, rng: random.Random) -> float:
    if domain.name == "binary":
        return float(rng.randint(0, 1))
    if domain.name == "sign":
        return rng.choice([-1.0, 1.0])
    low, high = domain.lower, domain.upper
    if low is not None and high is not None:
        return float(low) + float(high - low) * rng.uniform(0.1, 0.9)
    if low is not None:
        return float(low) + rng.uniform(0.3, 1.7)
    return rng.uniform(-1.5, 1.5)


def in_range(value: Program, arguments: Mapping[str, Any]) -> bool:
    """Whether all checks of a program hold and nothing is divided by zero, as the spread of one sample would be.

    Python's negative positions do not count as in range.
    """
    try:
        memory = memory_of(value, arguments)
    except (IndexError, ZeroDivisionError):
        return False
    sizes = sizes_of(value, arguments)
    for check in value.checks:
        for inner in rounds(check.loops, sizes, memory):
            if evaluate(check.guard, inner, memory):
                at = evaluate(check.position, inner, memory)
                if not 0 <= at < evaluate(check.extent, inner, memory):
                    return False
    return True


def rounds(loops: Sequence[Any], environment: dict[Any, Any], memory: Mapping[str, Any]) -> Iterator[dict[Any, Any]]:
    """The environments of all rounds of some loops."""
    if not loops:
        yield environment
        return
    for number in range(int(evaluate(loops[0].extent, environment, memory))):
        yield from rounds(loops[1:], {**environment, loops[0].symbol: number}, memory)


def sizes_of(value: Program, arguments: Mapping[str, Any]) -> dict[Any, Any]:
    """The values of extents and parameters for some arguments."""
    sizes: dict[Any, Any] = {p.symbol: int(arguments[p.name]) for p in value.parameters}
    for extent in value.extents:
        length = np.shape(arguments[extent.input])[extent.axis]
        sizes[extent_symbol(extent.name)] = int(
            evaluate(extent.solution, {**sizes, extent_symbol("_size"): length}, {})
        )
    return sizes


def memory_of(value: Program, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All tensors of a program after a run, by name."""
    everything = replace(value, outputs=tuple(s.target.name for s in value.statements))
    found = interpret(everything, arguments)
    inputs = {t.name: np.asarray(arguments[t.name], dtype=object) for t in value.inputs}
    return {**inputs, **{name: np.asarray(array, dtype=object) for name, array in found.items()}}


def arguments_of(of: Case, value: Program, rng: random.Random) -> dict[str, Any]:
    """Arguments of a derivative program: those of the case, and random tangents and cotangents."""
    given = draw(of, rng)
    memory = memory_of(of.value, given)
    for tensor in value.inputs:
        if tensor.name not in given:
            like = memory[tensor.name.removesuffix("_dot").removesuffix("_bar")]
            draws = [rng.uniform(-1, 1) for _ in range(like.size)]
            given[tensor.name] = np.array(draws).reshape(like.shape).astype(object)
    return given


def direction(of: Case, arguments: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """A random direction of every differentiable input."""
    result = {}
    for tensor in of.value.differentiable:
        shape = np.shape(arguments[tensor.name])
        draws = [rng.uniform(-1, 1) for _ in range(int(np.prod(shape)))]
        result[tensor.name] = np.array(draws, dtype=float).reshape(shape).astype(object)
    return result


def moved(of: Case, arguments: Mapping[str, Any], along: Mapping[str, Any], step: Any) -> dict[str, Any]:
    """The arguments after a step; symmetric inputs stay symmetric."""
    result = dict(arguments)
    for tensor in of.value.differentiable:
        way = np.asarray(along[tensor.name], dtype=object)
        if tensor.symmetric:
            way = (way + way.T) / 2
        start = np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(arguments[tensor.name], dtype=object))
        result[tensor.name] = start + way * step
    return result


def dot(a: Any, b: Any) -> Any:
    """The scalar product over all entries."""
    left, right = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    assert left.shape == right.shape, f"shapes {left.shape} and {right.shape}"
    return mpmath.fsum((x * y for x, y in zip(left.ravel(), right.ravel(), strict=True)))


def assert_close(a: Any, b: Any, tolerance: float, label: str) -> None:
    """Equal shapes, and entries equal to a relative tolerance."""
    left, right = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    assert left.shape == right.shape, f"{label}: shapes {left.shape} and {right.shape}"
    for place in np.ndindex(left.shape):
        x, y = left[place], right[place]
        close = abs(x - y) <= tolerance * (1 + abs(x) + abs(y))
        assert close, f"{label} at {place}: {mpmath.nstr(x, 20)} and {mpmath.nstr(y, 20)}"


def node_count(value: Program) -> int:
    """Nodes of all bodies of a program, equal parts of one body counted once."""
    total = 0
    for statement in value.statements:
        seen: set[Any] = set()
        stack = [statement.body]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(node.args)
        total += len(seen)
    return total


def reals(expression: Any) -> Any:
    """A SymPy number as an mpmath number."""
    return mpmath.mpmathify(sp.N(expression, DIGITS))
