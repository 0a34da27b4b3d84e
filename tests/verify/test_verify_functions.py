"""Every function of the oracle and its first two derivatives against mpmath."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from eqc.notation.words import SCALAR_FUNCTIONS
from eqc.verify.balls import Undecided, ball, precision
from eqc.verify.functions import GENERAL, KINKED, SMOOTH, Decisions, greatest, scalar_function
from eqc.verify.hyperdual import HyperDual, lift, power

# Where mpmath's name is another one, or has to be put together.
REFERENCE: dict[str, Callable[..., Any]] = {
    "loggamma": mpmath.loggamma,
    "sinc": mpmath.sinc,
    "polygamma": lambda x: mpmath.polygamma(1, x),
    "beta": lambda x: mpmath.beta(x, mpmath.mpf(2) / 3),
    "binomial": lambda x: mpmath.binomial(x, mpmath.mpf(2) / 3),
    "atan2": lambda x: mpmath.atan2(x, mpmath.mpf(-2) / 3),
    "cbrt": mpmath.cbrt,
    "Rational": lambda x: x / (mpmath.mpf(2) / 3),
}
ARGUMENTS: dict[str, Callable[[Any], list[Any]]] = {
    "polygamma": lambda x: [1, x],
    "beta": lambda x: [x, Fraction(2, 3)],
    "binomial": lambda x: [x, Fraction(2, 3)],
    "atan2": lambda x: [x, Fraction(-2, 3)],
    "Rational": lambda x: [x, Fraction(2, 3)],
}
ABOVE_ONE = ("acosh",)
POINTS = (Fraction(3, 8), Fraction(7, 8))


def cube_root(x: HyperDual) -> Any:
    function = scalar_function("cbrt")
    assert function is not None
    return function(Decisions(), x)


def along_both(x: Fraction) -> HyperDual:
    return HyperDual(ball(x), {0: ball(1)}, ball(1))


@pytest.mark.parametrize("word", [*SMOOTH, *GENERAL, "cbrt"])
@pytest.mark.parametrize("point", POINTS)
def test_value_and_derivatives(word: str, point: Fraction) -> None:
    point = point + 1 if word in ABOVE_ONE else point
    reference = REFERENCE.get(word) or getattr(mpmath, word)
    function = scalar_function(word)
    assert function is not None
    with precision(192), mpmath.workdps(50):
        found = function(Decisions(), *ARGUMENTS.get(word, lambda x: [x])(along_both(point)))
        at = mpmath.mpf(point.numerator) / point.denominator
        for order, part in enumerate((found.value, found.first[0], found.mixed.get(0, ball(0)))):
            wanted = mpmath.diff(reference, at, order)
            assert abs(mpmath.mpf(part.mid().str(40, radius=False)) - wanted) < 1e-25


def test_every_word_of_formulas_is_known() -> None:
    apart = {"Piecewise"}
    assert [w for w in SCALAR_FUNCTIONS if scalar_function(w) is None and w not in apart] == []
    assert scalar_function("no_such_word") is None


@pytest.mark.parametrize(("base", "exponent"), list(itertools.product((0.5, 2.0), (-2, 3, Fraction(1, 2), 1.75))))
def test_powers(base: float, exponent: Any) -> None:
    with precision(192), mpmath.workdps(50):
        given = HyperDual(ball(exponent)) if isinstance(exponent, float) else exponent
        found = lift(power(along_both(Fraction(base)), given))
        for order, part in enumerate((found.value, found.first[0], found.mixed[0])):
            wanted = mpmath.diff(lambda x: x ** mpmath.mpf(float(exponent)), mpmath.mpf(base), order)
            assert abs(mpmath.mpf(part.mid().str(40, radius=False)) - wanted) < 1e-25


def test_derivatives_in_the_exponent() -> None:
    with precision(192), mpmath.workdps(50):
        found = lift(power(HyperDual(ball(0.5), {0: ball(1)}), HyperDual(ball(1.75), {1: ball(1)}, ball(1))))
        for at, part in (((1, 1), found.mixed[0]), ((0, 2), found.mixed[1])):
            wanted = mpmath.diff(lambda x, y: x**y, (0.5, 1.75), at)
            assert abs(mpmath.mpf(part.mid().str(40, radius=False)) - wanted) < 1e-25


def test_whole_powers_of_zero_and_of_negative_numbers() -> None:
    zero, minus = along_both(Fraction(0)), along_both(Fraction(-3))
    assert power(zero, 0) == 1
    assert float(lift(power(zero, 1)).first[0]) == 1
    assert float(lift(power(zero, 2)).mixed[0]) == 2
    assert float(lift(power(minus, 3)).first[0]) == 27
    assert float(lift(power(minus, HyperDual(ball(2.0)))).value) == 9
    assert lift(power(minus, Fraction(1, 2))).value.is_nan()
    assert lift(power(zero, -1)).value.is_nan()
    assert power(Fraction(2, 3), -2) == Fraction(9, 4)


def test_kinks_have_the_derivative_that_the_rules_say() -> None:
    decide, x, y = Decisions(), along_both(Fraction(0)), HyperDual(ball(0), {1: ball(1)})
    assert KINKED["Abs"](decide, x) == 0
    assert KINKED["Max"](decide, 0, x) == 0
    assert KINKED["sign"](decide, x) == 0
    assert KINKED["Heaviside"](decide, x) == Fraction(1, 2)
    assert KINKED["floor"](decide, HyperDual(ball(2.5), {0: ball(1)})) == 2
    assert KINKED["ceiling"](decide, HyperDual(ball(2.5))) == 3
    tie = KINKED["Max"](decide, x, y)
    assert {k: float(v) for k, v in tie.first.items()} == {0: 0.5, 1: 0.5}
    assert float(KINKED["Min"](decide, HyperDual(ball(3)), HyperDual(ball(2), {0: ball(1)})).first[0]) == 1


def test_the_cube_root_is_real_and_infinitely_steep_at_zero() -> None:
    assert float(lift(cube_root(HyperDual(ball(-8.0)))).value) == pytest.approx(-2)
    assert lift(cube_root(along_both(Fraction(0)))).value.is_zero()
    assert lift(cube_root(along_both(Fraction(0)))).first[0].is_nan()


def test_remainders_have_the_sign_of_the_divisor() -> None:
    modulo = KINKED["Mod"]
    assert [modulo(Decisions(), a, 3) for a in (-4, 5, Fraction(7, 2))] == [2, 2, Fraction(1, 2)]
    assert float(modulo(Decisions(), HyperDual(ball(-4.25)), 3).value) == 1.75


def test_a_comparison_that_the_precision_cannot_decide_is_not_guessed() -> None:
    with precision(53):
        third = lift(Fraction(1, 3))
        nearly = third + Fraction(1, 10**30)
        with pytest.raises(Undecided):
            Decisions().order(third, nearly)
        assert Decisions(lenient=True).order(third, nearly) == 0
    with precision(192):
        assert Decisions().order(lift(Fraction(1, 3)), lift(Fraction(1, 3)) + Fraction(1, 10**30)) == -1


def test_what_is_not_a_number_stays_so() -> None:
    nan = HyperDual(ball(float("nan")))
    assert lift(greatest(Decisions(), [1, nan])).value.is_nan()
    assert not Decisions().holds("<=", nan, 1)
    assert Decisions().holds("!=", nan, 1)
