"""Numbers that would not fit are refused before anything computes them; ordinary formulas pass."""

from __future__ import annotations

import pytest

from eqc.errors import NotationError
from eqc.notation.sympy_form import parse_text
from eqc.notation.words import FUNCTION_WORDS

TOO_LARGE = [
    "9**9**9**9",
    "10**10001",
    "10**-10001",
    "(1/3)**30000",
    "9**(10**9)",
    "x + 2*9**9**9",
    "Sum(9**9**9, (i, 1, n))",
    "x[9**9**9]",
    "f(9**9**9)",
    "2**(x - x + 10**9)",
    "(9**x)**(10**9)",
    "(2*x)**(10**9)",
    "9**Abs(10**9)",
    "9**Max(10**9, x)",
    "9**floor(exp(100))",
    "9**sqrt(10**20)",
    "9**Rational(10**9, 1)",
    "9**Piecewise((10**9, True))",
    "9**factorial(20)",
    "factorial(10**9)",
    "factorial(3300)",
    "factorial(factorial(10))",
    "factorial(x - x + 10**9)",
    "gamma(10**9)",
    "loggamma(10**9)",
    "digamma(10**9)",
    "polygamma(10**9, 1)",
    "polygamma(0, 10**9)",
    "beta(10**9, 10**9)",
    "binomial(10**9, 5*10**8)",
    "binomial(1/2, 10**9)",
    "binomial(x, 10**9)",
    "1e9999*1e9999",
    "1/1e-9999/1e-9999",
    "floor(exp(10**9))",
    "((10**4000 + 1)**2)**3",
]

FINE = [
    "10**9999",
    "9**9**3",
    "factorial(3000)",
    "binomial(10**9, 2)",
    "binomial(10**9, 10**9 - 2)",
    "binomial(n, k)",
    "x**(10**9)",
    "(1 + r)**100000",
    "(1 + 1/n)**n",
    "10000**(2*i/d)",
    "2**(1/2)",
    "2**-x",
    "exp(10**9)",
    "exp(30000)*exp(-30000)",
    "0**(10**9)",
    "1**(10**9)",
    "(-1)**(10**9)",
    "x**0",
    "+".join(["0.001*x"] * 5_000),
    "+".join(["1/3"] * 10_000),
    "*".join(["1.5*x"] * 1_000),
    "factorial()",
    "binomial(10**9)",
    "Rational(1)",
]


@pytest.mark.parametrize("text", TOO_LARGE)
def test_too_large(text: str) -> None:
    with pytest.raises(NotationError, match="passes 10000 digits"):
        parse_text(text)


@pytest.mark.parametrize("text", FINE, ids=[text[:30] for text in FINE])
def test_fine(text: str) -> None:
    parse_text(text)


@pytest.mark.parametrize("text", ["1/0", "x/(1 - 1)", "0**-1", "Rational(1, 0)"])
def test_literal_division_by_zero(text: str) -> None:
    with pytest.raises(NotationError, match="divides by zero"):
        parse_text(text)


@pytest.mark.parametrize("name", sorted(FUNCTION_WORDS))
def test_any_number_of_arguments_is_measured(name: str) -> None:
    word = FUNCTION_WORDS[name]
    argument = "2 < 3" if name in ("And", "Or", "Not") else "2"
    for count in range((word.most or word.fewest) + 2):
        try:
            parse_text(f"{name}({', '.join([argument] * count)})")
        except NotationError as error:
            assert "takes" in error.rule
