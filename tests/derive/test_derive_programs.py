"""Every derivative program of every record and sample against differences of its value program, at 50 digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import mpmath
import pytest
import sympy as sp
from core_samples import LIBRARY, SQUARE, VECTOR, Case, Texts, case, derivatives, numeric_cases, record_text
from derive_checks import check_everything

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Program
from eqc.pipeline import Compiler
from eqc.rewrite.passes import rewrite


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(50):
        yield


@pytest.mark.parametrize("name", numeric_cases())
def test_derivatives_are_the_differences(name: str) -> None:
    check_everything(case(name), derivatives(name))


@pytest.mark.parametrize("name", ["composed_softmax", "equations/softmax", "equations/entropy", "many_factors"])
def test_derivatives_of_values_that_are_not_rewritten(name: str) -> None:
    value = case(name).value
    assert rewrite(value, stable=True) != value
    check_everything(case(name), derivative_programs(value, ("jacobian", "hessian")))


# Formulas that random search found: choices where SymPy would like to work them out.
X = {"x": VECTOR, "n": "size"}
A = {"A": SQUARE, "n": "size"}
FOUND: dict[str, tuple[str, dict[str, str]]] = {
    "choice in a maximum": (
        "Sum(Max(b, Piecewise((x[t + 1]*3, t < n), (x[1]*x[t], True))), (t, 1, n))",
        {"b": "b", **X},
    ),
    "choice in a comparison": (
        "Piecewise((x[1]**2, Piecewise((x[1], b > 0), (b, True)) > x[n] - 1), (b*x[n], True))",
        {"b": "b", **X},
    ),
    "choice in an extremum over indices": (
        "MaxOver(Piecewise((x[i], x[i] > b), (2*b, True)), (i, 1, n))",
        {"b": "b", **X},
    ),
    "guarded read in a maximum": (
        "Sum(Max(Piecewise((x[t + 1], t < n), (b, True)) + x[t], 0)*w[t], (t, 1, n))",
        {"b": "b", "w": VECTOR, **X},
    ),
    "guarded read in a maximum of three": (
        "Sum(Max(Piecewise((x[t + 1], t < n), (b, True)) + x[t], 0, x[t]**2)*w[t], (t, 1, n))",
        {"b": "b", "w": VECTOR, **X},
    ),
    "guarded read in a minimum with itself": (
        "Sum(Min(Piecewise((x[t + 1], t < n), (b, True)), Piecewise((x[t]*x[t + 1], t < n), (x[1], True))), (t, 1, n))",
        {"b": "b", **X},
    ),
    "extremum of whole numbers": ("squash(MaxOver(i*b, (i, 1, n))) + x[1]", {"b": "b", **X}),
    "maximum in a maximum": ("Max(Min(Piecewise((2, b > 1), (b, True)), x[1]*x[n]), b**2, x[1]**3)", {"b": "b", **X}),
    "maximum of three in a sum": (
        "Sum(x[t]*Max(Sum(-1, (i, 1, n)), 3/(2 + x[1]**2), b), (t, 1, n))",
        {"b": "b", **X},
    ),
    "maximum of three in a matrix": (
        "Sum(Max(A[s, t]/(2 + A[t, s]**2)/3, b, A[1, 1]), (s, 1, n), (t, 1, n))",
        {"b": "b", **A},
    ),
    "record in a branch that does not hold": ("Piecewise((norm(3*x), b > 7), (b*x[1], True))", {"b": "b", **X}),
    "record in one of many branches": (
        "Sum(Piecewise((x[t + 1]*norm(x*t), t < n), (x[t]**2, True)), (t, 1, n))",
        X,
    ),
    "record with linear algebra": ("inverted(A + 4*I)[1, n]*A[1, 1]", A),
    "another record at stride 1, twice": (
        "Sum(strided(strided(x, w, 1), w, 1)[i]**2, (i, 1, 1))",
        {"x": "{shape: [2*K]}", "w": "{shape: [K]}", "K": "taps"},
    ),
    "record of a constant": ("Sum(x[t]*squash(x[t] - x[t]), (t, 1, n))", X),
}


@pytest.mark.parametrize("label", FOUND)
def test_formulas_that_random_search_found(label: str) -> None:
    of, programs = made(label, *FOUND[label])
    check_everything(of, programs)


@pytest.mark.parametrize("label", FOUND)
def test_programs_hold_nothing_that_has_no_source(label: str) -> None:
    _, programs = made(label, *FOUND[label])
    for kind, value in programs.items():
        assert not any(s.body.has(sp.zoo, sp.ITE) for s in value.statements), kind


def made(name: str, formula: str, symbols: Mapping[str, str]) -> tuple[Case, Mapping[str, Program]]:
    texts = Texts({"sample": record_text([formula], **symbols), **LIBRARY})
    value = Compiler(texts).program("sample")  # type: ignore[arg-type]
    programs = derivative_programs(rewrite(value, stable=True), ("jacobian", "hessian"))
    return Case(name, texts.get("sample"), value), programs
