"""Rewriting keeps the meaning: every pass on every case."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import mpmath
import pytest
import sympy as sp
from core_samples import (
    VECTOR,
    Texts,
    assert_close,
    case,
    case_names,
    draw,
    node_count,
    numeric_cases,
    program,
    record_text,
    seed_of,
)

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.show import show, show_statement
from eqc.ir.spec import check
from eqc.ir.terms import read
from eqc.pipeline import compile_record
from eqc.rewrite.passes import SIZE, STABILITY, rewrite
from eqc.rewrite.split import MOST_FACTORS, split

NAMES = case_names()
PASSES = (*STABILITY, *SIZE)

RUNS_ONCE = {"shift sums of exponentials": "it shifts again what is shifted already, by 0"}


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(40):
        yield


@pytest.mark.parametrize("name", numeric_cases())
def test_every_pass_keeps_the_meaning(name: str) -> None:
    of = case(name)
    given = draw(of, random.Random(seed_of(name)))
    expected = interpret(of.value, given)
    value = of.value
    for title, run in PASSES:
        value = check(run(value))
        assert (value.inputs, value.outputs, value.checks) == (of.value.inputs, of.value.outputs, of.value.checks)
        found = interpret(value, given)
        for output in of.value.outputs:
            label = f"{name} at the point of seed {seed_of(name)} after {title}: {output}"
            assert_close(found[output], expected[output], 1e-35, label)


@pytest.mark.parametrize("name", NAMES)
def test_every_pass_is_idempotent_and_deterministic(name: str) -> None:
    value = case(name).value
    for title, run in PASSES:
        once = run(value)
        assert show(run(value)) == show(once), title
        assert title in RUNS_ONCE or show(run(once)) == show(once), title
        value = once


def test_without_stability_only_the_size_is_looked_at() -> None:
    value = case("equations/softmax").value
    assert rewrite(value, stable=False) == value
    assert rewrite(value, stable=True) != value


def test_a_record_may_refuse_stability() -> None:
    texts = {
        stabilise: record_text(
            "Eq(y[j], exp(z[j])/Sum(exp(z[k]), (k, 1, n)))", also=f"stabilise: {stabilise}", y=VECTOR, z=VECTOR, n="n"
        )
        for stabilise in ("true", "false")
    }
    shifted, plain = (compile_record("sample", Texts({"sample": t})).text for t in texts.values())  # type: ignore[arg-type]
    assert "_exp_difference" in shifted
    assert "_exp_difference" not in plain


# shifted sums of exponentials ---------------------------------------------------------------------------------------


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in value.statements]


def stable(*formulas: str, **symbols: str) -> Program:
    return check(rewrite(program(*formulas, **symbols), stable=True))


def test_the_greatest_term_of_a_weighted_sum_is_parted_from_the_others() -> None:
    value = stable("Eq(y[j], w[j]*exp(z[j])/Sum(w[k]*exp(z[k]), (k, 1, n)))", y=VECTOR, z=VECTOR, w=VECTOR, n="size")
    other = "w[j]*(1 - KroneckerDelta(place, j))*ExpDifference(z[j], top)/whole"
    assert lines(value) == [
        "counted[k] = Piecewise((z[k], Ne(w[k], 0)), (-oo, True))  for k: n",
        "most = max(k: n) counted[k]",
        "size[k] = exp(-most + z[k])*Magnitude(w[k])  for k: n",
        "place = argmax(k: n) size[k]",
        "top = z[place]",
        "others = sum(k: n) w[k]*(1 - KroneckerDelta(place, k))*ExpDifference(z[k], top)",
        "largest = 1/(others/w[place] + 1)",
        "whole = others + w[place]",
        f"y[j] = largest*KroneckerDelta(place, j) + {other}  for j: n",
    ]


def test_the_slope_of_a_weighted_probability_near_1_keeps_its_digits() -> None:
    formula = "Eq(y[j], w[j]*exp(z[j])/Sum(w[k]*exp(z[k]), (k, 1, n)))"
    slopes = derivative_programs(stable(formula, y=VECTOR, z=VECTOR, w=VECTOR, n="size"))["vjp"]
    given = {"z": [1, 50, 2], "w": [mpmath.mpf(2) ** -90, 1, mpmath.mpf(2) ** -3], "y_bar": [0, 1, 0]}
    exact = interpret(slopes, given)
    with mpmath.workdps(15):  # far fewer digits than 1 - y would need
        found = interpret(slopes, given)
        for name in ("z_bar", "w_bar"):
            assert abs(found[name][1] - exact[name][1]) < 1e-13 * abs(exact[name][1])


def test_weighted_sums_over_ragged_ranges_are_shifted() -> None:
    value = stable("Eq(s[i], log(Sum(w[k]*exp(x[k]), (k, 1, i))))", s=VECTOR, x=VECTOR, w=VECTOR, n="size")
    assert lines(value) == [
        "counted[i, k] = Piecewise((x[k], Ne(w[k], 0)), (-oo, True))  for i: n, k: i + 1",
        "top[i] = max(k: i + 1) counted[i, k]  for i: n",
        "total1[i] = sum(k: i + 1) w[k]*exp(-top[i] + x[k])  for i: n",
        "s[i] = top[i] + log(total1[i])  for i: n",
    ]


def test_softmax_parts_the_greatest_from_the_others() -> None:
    value = stable("Eq(y[j], exp(z[j])/Sum(exp(z[k]), (k, 1, n)))", y=VECTOR, z=VECTOR, n="size")
    assert lines(value)[:3] == [
        "place = argmax(k: n) z[k]",
        "top = z[place]",
        "others = sum(k: n) (1 - KroneckerDelta(place, k))*ExpDifference(z[k], top)",
    ]


@pytest.mark.parametrize("term", ["exp(x[k] + w[k])", "exp(x[k])*exp(w[k])"])
def test_exponents_that_are_sums_leave_no_weight(term: str) -> None:
    value = stable(f"log(Sum({term}, (k, 1, n)))", x=VECTOR, w=VECTOR, n="size")
    assert lines(value)[0] == "exponent[k] = w[k] + x[k]  for k: n"
    assert lines(value)[3] == "others = sum(k: n) (1 - KroneckerDelta(place, k))*ExpDifference(exponent[k], top)"
    assert abs(interpret(value, {"x": [-900, -901], "w": [1, 1]})["out"] + 899 - mpmath.log1p(mpmath.exp(-1))) < 1e-30


@pytest.mark.parametrize(
    "formula", ["log(exp(z[j])/Sum(exp(z[k]), (k, 1, n)))", "z[j] - log(Sum(exp(z[k]), (k, 1, n)))"]
)
def test_the_slope_of_a_log_probability_near_0_keeps_its_digits(formula: str) -> None:
    slopes = derivative_programs(stable(f"Eq(y[j], {formula})", y=VECTOR, z=VECTOR, n="size"))["vjp"]
    with mpmath.workdps(15):  # far fewer digits than 1 - s would need
        slope = interpret(slopes, {"z": [100, -3, -5], "y_bar": [1, 0, 0]})["z_bar"][0]
    others = mpmath.exp(-103) + mpmath.exp(-105)
    assert abs(slope - others / (1 + others)) < 1e-14 * others


def test_sums_over_ragged_ranges_are_shifted_as_before() -> None:
    value = stable("Eq(s[i], log(Sum(exp(x[k]), (k, 1, i))))", s=VECTOR, x=VECTOR, n="size")
    assert "top[i] = max(k: i + 1) x[k]  for i: n" in lines(value)


def test_the_logarithm_of_a_sum_is_shifted() -> None:
    value = stable("log(Sum(exp(a*x[i]), (i, 1, n)))", x=VECTOR, a="a", n="size")
    with mpmath.workdps(15):
        assert abs(interpret(value, {"x": [1000, 1001], "a": 1})["out"] - (1001 + mpmath.log1p(mpmath.exp(-1)))) < 1e-12
    assert any("argmax(" in line for line in lines(value))


def test_the_shift_has_no_derivative() -> None:
    formula = "Eq(s[i], log(Sum(w[k]*exp(x[k]), (k, 1, i))))"
    weights = "{shape: [n], differentiable: false}"
    value = stable(formula, s=VECTOR, x=VECTOR, w=weights, n="size")
    assert [t.name for t in value.tensors.values() if t.constant] == ["counted", "top"]
    slopes = derivative_programs(value)["vjp"]
    assert not any(s.target.name.startswith("top_") for s in slopes.statements)
    found = interpret(slopes, {"x": [3, 3, 3], "w": [1, 1, 1], "s_bar": [0, 0, 1]})["x_bar"]
    assert all(abs(entry - mpmath.fraction(1, 3)) < 1e-38 for entry in found)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("Sum(exp(x[i]), (i, 1, n))", "the sum itself is wanted"),
        ("Sum(exp(x[i]), (i, 1, n))**2", "its square keeps the shift"),
        ("1 + Sum(exp(x[i]), (i, 1, n))/w", "so does a sum with other terms"),
    ],
)
def test_sums_whose_readers_keep_the_shift_are_left_alone(formula: str, why: str) -> None:
    symbols = {"x": VECTOR, "n": "size"} | ({"w": "w"} if "w" in formula else {})
    assert not any("max(" in line for line in lines(stable(formula, **symbols))), why


# relative entropies --------------------------------------------------------------------------------------------------


def test_differences_are_parted_from_relative_entropies() -> None:
    value = stable("Sum(p[i]*log(p[i]/q[i]), (i, 1, n))", p=VECTOR, q=VECTOR, n="size")
    assert lines(value) == [
        "apart[i] = Piecewise((p[i] - q[i], (5*p[i] >= 4*q[i]) & (5*q[i] >= 4*p[i])), (0, True))  for i: n",
        "rest = sum(i: n) apart[i]",
        "excess = sum(i: n) LogExcess(p[i], q[i], apart[i])",
        "out = excess + rest",
    ]
    assert {t.name for t in value.tensors.values() if t.constant} == {"apart", "rest"}


@pytest.mark.parametrize(
    "formula",
    [
        "Sum(p[i]*(log(p[i]) - log(q[i])), (i, 1, n))",
        "Sum(p[i]*log(p[i]), (i, 1, n)) - Sum(p[j]*log(q[j]), (j, 1, n))",
        "-Sum(p[i]*log(q[i]), (i, 1, n)) + Sum(p[k]*log(p[k]), (k, 1, n))",
        "Sum(Piecewise((p[i]*log(p[i]/q[i]), p[i] > 0), (0, True)), (i, 1, n))/log(2)",
    ],
)
def test_divergences_are_recognised_in_other_words(formula: str) -> None:
    value = stable(formula, p=VECTOR, q=VECTOR, n="size")
    assert any("LogExcess(p[" in line for line in lines(value))
    given = {"p": [0.25, 0.5, 0.25], "q": [0.25, 0.4, 0.35]}
    plain = program(formula, p=VECTOR, q=VECTOR, n="size")
    assert_close(interpret(value, given)["out"], interpret(plain, given)["out"], 1e-35, formula)


def test_divergences_from_the_mean_are_joined() -> None:
    formulas = (
        "Eq(m[i], (p[i] + q[i])/2)",
        "Eq(d, Sum(p[i]*log(p[i]/m[i]), (i, 1, n))/2 + Sum(q[i]*log(q[i]/m[i]), (i, 1, n))/2)",
    )
    value = stable(*formulas, p=VECTOR, q=VECTOR, m=VECTOR, d="sum", n="size")
    assert "d = sum(i: n) MeanDivergence(p[i], q[i])/2" in lines(value)
    guarded = [
        f.replace("p[i]*log(p[i]/m[i])", "Piecewise((p[i]*log(p[i]/m[i]), p[i] > 0), (0, True))") for f in formulas
    ]
    guarded = [
        f.replace("q[i]*log(q[i]/m[i])", "Piecewise((q[i]*log(q[i]/m[i]), q[i] > 0), (0, True))") for f in guarded
    ]
    value = stable(*guarded, p=VECTOR, q=VECTOR, m=VECTOR, d="sum", n="size")
    slopes = interpret(derivative_programs(value)["gradient"], {"p": [0, 1], "q": [1, 0]})
    assert slopes["p_bar"][0] == -0.5  # by way of the mean alone


def test_sums_that_gain_nothing_are_not_joined() -> None:
    value = program("Sum(log(p[i]), (i, 1, n)) + Sum(log(q[i]), (i, 1, n))", p=VECTOR, q=VECTOR, n="size")
    assert rewrite(value, stable=True) == value


# exponentials of sums of logarithms ---------------------------------------------------------------------------------


def test_whole_powers_are_parted_from_sums_of_logarithms() -> None:
    value = stable("exp(-Sum(log(p[i]), (i, 1, n))/(2*n))", p=VECTOR, n="size")
    assert lines(value) == [
        "whole[i] = BinaryExponent(p[i])  for i: n",
        "powers = sum(i: n) whole[i]",
        "rest = sum(i: n) LogApart(p[i], whole[i])",
        "out = ExpOfParts(rest, powers, -1, 2*n)",
    ]


def test_sums_of_logarithms_that_are_wanted_themselves_stay() -> None:
    formulas = ("Eq(s, Sum(log(p[i]), (i, 1, n)))", "Eq(g, exp(s/n))", "Eq(h, 2*s)")
    value = program(*formulas, p=VECTOR, s="sum", g="mean", h="double", n="size")
    assert not any("BinaryExponent" in line for line in lines(rewrite(value, stable=True)))


# splitting --------------------------------------------------------------------------------------------------------


def test_long_products_are_split() -> None:
    value = split(program("*".join(f"sin({k}*x)" for k in range(1, 21)), x="x"))
    sizes = [len(sp.Mul.make_args(s.body)) for s in value.statements]
    assert max(sizes) <= MOST_FACTORS
    assert len(value.statements) < 10


def test_short_bodies_stay_as_they_were_written() -> None:
    value = program("a*b*sin(a)*cos(b)*2", a="a", b="b")
    assert split(value) == value


def test_choices_are_not_opened() -> None:
    """What a condition guards must not be computed where it does not hold."""
    deep = "x"
    for _ in range(40):
        deep = f"log({deep} + a)"
    value = program(f"Piecewise(({deep}, x > 0), (0, True))", x="x", a="a")
    assert split(value) == value


def test_split_parts_keep_the_indices_of_their_statement() -> None:
    formula = "Eq(y[i, j], " + "*".join(f"(x[i] + {k}*w[j])" for k in range(1, 12)) + ")"
    value = program(formula, y="{shape: [m, n]}", x="{shape: [m]}", w=VECTOR, m="rows", n="columns")
    given = {"x": [1, 2], "w": [3, 4, 5]}
    assert_close(interpret(split(value), given)["y"], interpret(value, given)["y"], 1e-35, "split")
    assert node_count(split(value)) < 2 * node_count(value)


def test_long_sums_in_summands_are_stored() -> None:
    """Else the slope in each of the arrays would write the sum out again."""
    names = [f"x{k}" for k in range(9)]
    body = " + ".join(f"{one}[i]*{other}[i]" for one, other in pairwise(names))
    symbols = dict.fromkeys(names, "{shape: [n]}")
    made = split(program(f"Eq(L, Sum(({body})**2, (i, 1, n)))", L="loss", **symbols, n="size"))
    part, total, *_ = made.statements
    assert len(part.body.args) == 8 and total.body == read(part.target.name, part.positions) ** 2
    slopes = derivative_programs(made)["gradient"].statements
    assert sum(len(sp.Add.make_args(s.body)) for s in slopes) < 4 * len(names)
    pairs = program(
        "Eq(L, Sum((x[i] + x[j] + x[i]*x[j] + y[i] + y[j] + y[i]*y[j] + x[i]*y[j])**2, (j, 1, n), (i, 1, n)))",
        L="loss",
        x="{shape: [n]}",
        y="{shape: [n]}",
        n="size",
    )
    assert split(pairs) == pairs  # no array of all pairs
